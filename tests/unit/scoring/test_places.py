"""Many addresses of one network are one place: a campus is no proxy pool."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from linkage.config import Settings
from linkage.scoring.features import Places
from linkage.scoring.structure import sharing
from linkage.scoring.terms import terms
from tests.lib.graphs import IP, Drawing, features, label_of

SETTINGS = Settings().scoring
N, MEMBERS, ADDRESSES = 300, 60, 40


def drawn() -> Drawing:
    """Sixty accounts over forty addresses of their own, five each."""
    random = np.random.default_rng(2)
    drawing = Drawing()
    for address in range(ADDRESSES):
        drawing.use(random.choice(MEMBERS, 8, replace=False), IP, f"a-{address:02}")
    drawing.accounts = N
    return drawing


def places(networks: int) -> Places:
    """Every address in one of so many networks."""
    graph = drawn().incidence()
    return Places(
        graph.edge_account.astype(np.int64),
        graph.edge_identifier.astype(np.int64),
        graph.edge_identifier.astype(np.int64) % networks,
    )


@pytest.mark.parametrize(("networks", "varied"), [(1, 1.0), (4, 4.0), (ADDRESSES, float(ADDRESSES))])
def test_addresses_are_as_varied_as_their_networks(networks: int, varied: float) -> None:
    graph = drawn().incidence()
    label = label_of(N, range(MEMBERS))
    along = places(networks).along(graph)
    found = sharing(graph, label, 1, np.full(N, 64.0), (IP,), SETTINGS.exclusive_share, place=along)
    assert found.exclusive[0] == ADDRESSES
    assert found.effective[0] == pytest.approx(varied, rel=0.02)


def test_a_campus_has_no_exits_and_a_pool_has() -> None:
    graph, label = drawn().incidence(), label_of(N, range(MEMBERS))

    def points(networks: int) -> dict[str, float]:
        made = replace(features(N), places=places(networks))
        return {term.name: float(term.points[0]) for term in terms(graph, made, label, 1, SETTINGS)}

    assert points(2)["shared_exits"] == 0.0
    assert points(ADDRESSES)["shared_exits"] > 1.0


def test_an_address_without_a_known_place_is_one_by_itself() -> None:
    graph, nothing = drawn().incidence(), np.zeros(0, np.int64)
    along = Places(nothing, nothing, nothing).along(graph)
    assert len(np.unique(along)) == ADDRESSES
    assert (along > 1 << 40).all()


def test_an_address_is_one_place_also_where_one_source_knows_its_operator_and_another_does_not() -> None:
    graph, label = drawn().incidence(), label_of(N, range(MEMBERS))
    known = np.arange(len(graph.edge_account)) % 2 == 0
    half = np.where(known, 64_500, (1 << 40) + graph.edge_identifier.astype(np.int64))
    one = sharing(graph, label, 1, np.full(N, 64.0), (IP,), SETTINGS.exclusive_share, place=half)
    assert one.effective[0] == pytest.approx(1.0)
