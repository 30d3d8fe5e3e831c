"""What a person is told of a pair is what linked it."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from linkage import Workspace, detection, engine
from linkage import window as windows
from linkage.config import Settings
from linkage.evidence import kernels
from linkage.evidence import load as evidence
from linkage.evidence.load import Population
from linkage.model.tables import DEFAULT_KINDS
from linkage.stores.lake import Lake
from tests.lib.refreshed import refreshed

NAME = "proxy_pool"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return refreshed(tmp_path_factory, NAME)


@pytest.fixture(scope="module")
def population(workspace: Workspace) -> Population:
    view = Lake(workspace.path / "lake").view()
    with engine.connect() as connection:
        windows.relations(connection, view, windows.window(view, "all", None), DEFAULT_KINDS)
        return evidence.load(connection, DEFAULT_KINDS, held=())


def test_the_waterfall_of_a_pair_sums_to_the_bits_of_the_kernel(workspace: Workspace, population: Population) -> None:
    """For linked pairs, and for pairs that meet on a hub or at different times only."""
    graph = population.incidence
    found = detection.search(graph, np.full(graph.accounts, np.nan), Settings(), 1)
    linked = list(zip(found.links.first.tolist(), found.links.second.tolist(), strict=True))
    meeting: set[tuple[int, int]] = set()
    for identifier in range(graph.identifiers):
        edges = graph.identifier_edge[graph.identifier_start[identifier] : graph.identifier_start[identifier + 1]]
        accounts = graph.edge_account[edges][:6].tolist()
        meeting.update(itertools.combinations(accounts, 2))
    pairs = sorted({*linked[:: max(1, len(linked) // 8)], *sorted(meeting)[:: max(1, len(meeting) // 16)]})
    assert len(pairs) >= 20
    first, second = np.array(pairs, dtype=np.int32).T.copy()
    bits, _kinds = kernels.pair_evidence(
        first,
        second,
        graph.account_start,
        graph.edge_identifier,
        graph.edge_first,
        graph.edge_last,
        graph.kind,
        found.trust.bits,
        found.trust.further,
        found.trust.discount,
        found.trust.network,
    )
    names = workspace.names(population.account.tolist())
    for (a, b), expected in zip(pairs, bits, strict=True):
        pair = (names[int(population.account[a])], names[int(population.account[b])])
        told = workspace.explain(pair=pair).to_dict()
        assert told["total_bits"] == pytest.approx(expected, abs=1e-6)
        assert math.fsum(row["bits"] for row in told["sections"]["waterfall"]["rows"]) == pytest.approx(
            expected, abs=1e-6
        )
