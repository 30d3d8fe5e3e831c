"""Many addresses of one network are one place: a campus is no proxy pool."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from linkage.config import Settings
from linkage.scoring.features import Places
from linkage.scoring.structure import Sharing, sharing
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


def served(strangers: int) -> tuple[Drawing, Places]:
    """Sixty accounts, each on most of nine addresses with nine hosts, and so many strangers on each address."""
    random = np.random.default_rng(4)
    drawing = Drawing()
    for server in range(9):
        people = [*random.choice(MEMBERS, 48, replace=False), *random.choice(range(100, N), strangers, replace=False)]
        drawing.use(people, IP, f"server-{server}", first=1, last=28, events=7)
    drawing.accounts = N
    graph = drawing.incidence()
    edge, number = graph.edge_account.astype(np.int64), graph.edge_identifier.astype(np.int64)
    return drawing, Places(edge, number, number)


@pytest.mark.parametrize(("strangers", "site"), [(0, True), (2, True), (12, False)])
def test_servers_that_all_of_a_platform_comes_from_are_a_site_and_exits_with_other_customers_are_not(
    strangers: int, site: bool
) -> None:
    drawing, where = served(strangers)
    graph, label = drawing.incidence(), label_of(N, range(MEMBERS))
    found = sharing(graph, label, 1, np.full(N, 64.0), (IP,), SETTINGS.exclusive_share, place=where.along(graph))
    assert found.together[0] == (9 if site else 1)
    assert (found.effective[0] < 1.01) == site
    made = features(N)
    made.values["asns"][:MEMBERS] += 3.0
    points = {
        term.name: float(term.points[0]) for term in terms(graph, replace(made, places=where), label, 1, SETTINGS)
    }
    assert (points["one_site"] == -2.0) == site
    assert (points["shared_exits"] > 0.5) != site
    assert (points["many_networks"] > 0.5) != site


def beside(drawing: Drawing) -> Sharing:
    graph = drawing.incidence()
    return sharing(
        graph, label_of(N, range(MEMBERS)), 1, np.full(N, 64.0), (IP,), SETTINGS.exclusive_share,
        place=graph.edge_identifier.astype(np.int64),
    )  # fmt: skip


@pytest.mark.parametrize("of_their_own", [True, False])
def test_two_servers_beside_more_work_at_exits_are_no_site_of_several_addresses(of_their_own: bool) -> None:
    """Exits that strangers get as well count as elsewhere too: they are where the work is."""
    random, drawing = np.random.default_rng(4), Drawing()
    for server in range(2):
        drawing.use(range(MEMBERS - 10), IP, f"server-{server}", first=1, last=28, events=5)
    for address in range(ADDRESSES):
        people = random.choice(MEMBERS, 8, replace=False).tolist()
        strangers = [] if of_their_own else range(100, 120)
        drawing.use([*people, *strangers], IP, f"exit-{address:02}", events=4)
    drawing.accounts = N
    assert beside(drawing).together[0] == 1


def test_exits_that_are_replaced_after_days_are_no_site_however_long_they_follow_each_other() -> None:
    random, drawing = np.random.default_rng(4), Drawing()
    for number in range(10):
        people = random.choice(MEMBERS, 48, replace=False)
        drawing.use(people, IP, f"exit-{number}", first=1 + 3 * number, last=3 + 3 * number, events=5)
    drawing.accounts = N
    found = beside(drawing)
    assert found.together[0] == 1
    assert found.effective[0] == pytest.approx(10.0, rel=0.02)


def test_a_top_address_that_others_use_as_well_is_not_among_the_servers() -> None:
    drawing = Drawing()
    drawing.use([*range(MEMBERS), *range(100, 130)], IP, "venue", first=1, last=28, events=2)
    for server in range(4):
        drawing.use(range(MEMBERS - 10), IP, f"server-{server}", first=1, last=28, events=5)
    drawing.accounts = N
    assert beside(drawing).together[0] == 4


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
