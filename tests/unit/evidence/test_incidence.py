"""The account–identifier graph as index arrays."""

from __future__ import annotations

import numpy as np

from linkage.evidence.incidence import build
from tests.lib.graphs import CARD, IP, Drawing


def test_a_small_graph_is_indexed_from_both_sides() -> None:
    drawing = Drawing()
    drawing.use([2, 0], CARD, "card", first=3, last=9, events=7)
    drawing.use([0, 1, 2], IP, "home", first=1, last=2, events=4)
    graph = drawing.incidence()
    assert (graph.accounts, graph.identifiers) == (3, 2)
    assert graph.edge_account.tolist() == [0, 0, 1, 2, 2]
    assert graph.edge_identifier.tolist() == [0, 1, 0, 0, 1]
    assert graph.account_start.tolist() == [0, 2, 3, 5]
    assert graph.identifier_start.tolist() == [0, 3, 5]
    assert graph.edge_account[graph.identifier_edge].tolist() == [0, 1, 2, 0, 2]
    assert graph.degree.tolist() == [3, 2]
    assert graph.edge_first.tolist() == [1, 3, 1, 1, 3]
    assert graph.edge_last.tolist() == [2, 9, 2, 2, 9]
    assert graph.edge_events.tolist() == [4, 7, 4, 4, 7]


def test_accounts_without_an_edge_have_empty_ranges() -> None:
    drawing = Drawing()
    drawing.use([1, 4], CARD, "card")
    drawing.accounts = 7
    graph = drawing.incidence()
    assert graph.accounts == 7
    assert np.diff(graph.account_start).tolist() == [0, 1, 0, 0, 1, 0, 0]


def test_a_graph_without_edges() -> None:
    nothing = np.zeros(0, np.int64)
    graph = build(4, (CARD,), np.zeros(0, np.int8), *(nothing for _ in range(5)), np.zeros(4))
    assert (graph.accounts, graph.identifiers) == (4, 0)
    assert graph.account_start.tolist() == [0, 0, 0, 0, 0]
    assert graph.degree.tolist() == []
