"""Graph Data Science as an engine of community detection: the promises of linkage.leiden, kept by a server."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from linkage import leiden
from linkage.communities.detect import communities
from linkage.config import CommunitySettings
from linkage.stores.neo4j.connection import Access, connect
from linkage.stores.neo4j.science import Science
from tests.lib.graphs import complete, links

CLIQUES = complete(range(8)) + complete(range(8, 15)) + complete(range(20, 26)) + [(7, 8), (14, 20)]


@pytest.fixture(scope="module")
def engine(neo4j_access: Access) -> Iterator[leiden.Engine]:
    with connect(neo4j_access) as store:
        yield Science(store)


def ends(pairs: list[tuple[int, int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    first, second = np.array(pairs, dtype=np.int64).reshape(len(pairs), 2).T
    return first, second


def test_parts_are_those_of_the_engine_in_process(engine: leiden.Engine) -> None:
    part = engine(*ends(CLIQUES), np.ones(len(CLIQUES)), 28, 1)
    assert part.tolist() == leiden.partition(*ends(CLIQUES), np.ones(len(CLIQUES)), 28, 1).tolist()
    assert engine(*ends([]), np.zeros(0), 4, 1).tolist() == [0, 1, 2, 3]


def test_the_seed_decides_and_the_order_of_links_does_not(engine: leiden.Engine) -> None:
    random = np.random.default_rng(2)
    pairs = sorted({(int(min(p)), int(max(p))) for p in random.integers(0, 200, (600, 2)) if p[0] != p[1]})
    weight = random.random(len(pairs))
    first, second = ends(pairs)
    order = random.permutation(len(pairs))
    once = engine(first, second, weight, 200, 9)
    assert once.tolist() == engine(first, second, weight, 200, 9).tolist()
    assert once.tolist() == engine(second[order], first[order], weight[order], 200, 9).tolist()


def test_weights_decide_where_a_node_belongs(engine: leiden.Engine) -> None:
    pairs = [*complete([0, 1, 2, 3]), *complete([4, 5, 6, 7]), (3, 8), (4, 8)]
    for strong in (3, 4):
        weight = np.ones(len(pairs))
        weight[pairs.index((strong, 8))] = 5.0
        part = engine(*ends(pairs), weight, 9, 1)
        assert part[8] == part[strong]


def test_it_is_asked_for_the_whole_graph_alone_and_leaves_nothing_behind(
    engine: leiden.Engine, neo4j_access: Access
) -> None:
    asked = []

    def heard(*arguments: object) -> NDArray[np.int64]:
        asked.append(arguments[3])
        return engine(*arguments)  # type: ignore[arg-type]

    expected = communities(links(CLIQUES), 28, CommunitySettings(), 1)
    found = communities(links(CLIQUES), 28, CommunitySettings(), 1, heard)
    assert found.tolist() == expected.tolist()
    assert asked == [21]
    from tests.lib import neo4j

    assert neo4j.run(neo4j_access, "CALL gds.graph.list() YIELD graphName RETURN graphName") == []
