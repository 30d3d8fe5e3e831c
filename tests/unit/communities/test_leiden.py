"""The one interface to community detection."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from linkage import leiden
from tests.lib.graphs import complete


def partition(pairs: list[tuple[int, int]], nodes: int, seed: int = 1, weight: float = 1.0) -> NDArray[np.int64]:
    first, second = np.array(pairs, dtype=np.int64).reshape(len(pairs), 2).T
    return leiden.partition(first, second, np.full(len(pairs), weight), nodes, seed)


CLIQUES = complete(range(8)) + complete(range(8, 15)) + complete(range(20, 26)) + [(7, 8), (14, 20)]


def test_cliques_are_parts_and_lone_nodes_stand_alone() -> None:
    part = partition(CLIQUES, 28)
    assert part.tolist() == [0] * 8 + [1] * 7 + [2, 3, 4, 5, 6] + [7] * 6 + [8, 9]


def test_the_same_seed_gives_the_same_parts() -> None:
    random = np.random.default_rng(2)
    pairs = sorted({(int(min(p)), int(max(p))) for p in random.integers(0, 200, (600, 2)) if p[0] != p[1]})
    assert partition(pairs, 200, seed=9).tolist() == partition(pairs, 200, seed=9).tolist()


def test_the_order_of_edges_does_not_matter() -> None:
    random = np.random.default_rng(2)
    pairs = sorted({(int(min(p)), int(max(p))) for p in random.integers(0, 100, (300, 2)) if p[0] != p[1]})
    shuffled = [pairs[at] if at % 2 else pairs[at][::-1] for at in random.permutation(len(pairs))]
    assert partition(pairs, 100).tolist() == partition(shuffled, 100).tolist()


def test_a_graph_without_edges_has_a_part_a_node() -> None:
    assert partition([], 4).tolist() == [0, 1, 2, 3]


def test_weights_decide_where_a_node_belongs() -> None:
    pairs = [*complete([0, 1, 2, 3]), *complete([4, 5, 6, 7]), (3, 8), (4, 8)]
    first, second = np.array(pairs, dtype=np.int64).T
    for strong in (3, 4):
        weight = np.ones(len(pairs))
        weight[pairs.index((strong, 8))] = 5.0
        part = leiden.partition(first, second, weight, 9, 1)
        assert part[8] == part[strong]


@pytest.mark.parametrize(
    ("part", "numbered"),
    [([7, 7, 3, 7, 3, 0], [0, 0, 1, 0, 1, 2]), ([0, 1, 2], [0, 1, 2]), ([5], [0]), ([], [])],
)
def test_parts_are_numbered_by_their_first_node(part: list[int], numbered: list[int]) -> None:
    assert leiden.renumbered(np.array(part, dtype=np.int64)).tolist() == numbered
