"""One suite that every store of the graph passes: small random graphs, and each answer as a loop by hand gives it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import networkx as nx
import pyarrow.compute as compute
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.errors import UsageError
from linkage.model.cluster_graph import Limits
from linkage.model.progress import Progress
from linkage.reading.cluster_graph import cluster_graph
from linkage.reading.neighbourhood import accounts_on, common, neighbourhood
from linkage.reading.paths import LONGEST, paths
from linkage.stores.embedded import EmbeddedGraph
from linkage.stores.graph import GraphReader
from linkage.stores.neo4j.connection import Access, connect
from linkage.stores.neo4j.graph import WIDE
from linkage.stores.snapshots import Snapshot
from tests.lib import neo4j
from tests.lib.graph_world import CLUSTERS, GraphWorld, graph_worlds
from tests.lib.neo4j import FIRST, SECOND

pytestmark = pytest.mark.long

Open = Callable[[GraphWorld], GraphReader]


@pytest.fixture(scope="module", params=["embedded", "neo4j"])
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """Puts a graph into a store, in the place of the one before, and opens the store."""
    if request.param == "embedded":
        yield lambda world: EmbeddedGraph(world.snapshot(tmp_path_factory.mktemp("embedded")))
        return
    access = request.getfixturevalue("neo4j_access")
    neo4j.empty(access)
    kept: dict[str, Snapshot] = {}
    with connect(access) as store:
        publisher = neo4j.publisher(store)

        def publish(world: GraphWorld) -> GraphReader:
            refresh_id = f"r-{len(kept):012}"
            kept[refresh_id] = world.snapshot(tmp_path_factory.mktemp("neo4j"), refresh_id)
            publisher.publish(kept[refresh_id], (), kept.__getitem__)
            return neo4j.Asked(store, refresh_id)

        yield publish


def everything(store: GraphReader) -> list[object]:
    """What a store answers to every question about everything."""
    people, things = range(100), range(100, 200)
    return [
        store.accounts(people),
        store.identifiers(things),
        *(store.members(cluster) for cluster in CLUSTERS),
        store.reach(people),
        *(list(store.used_by(people, each)) for each in (2, None)),
        *(list(store.users_of(things, each)) for each in (2, None)),
        list(store.between(people, things)),
        *(held_within(store, cluster, things) for cluster in CLUSTERS),
        *(held_within(store, cluster, shared(store, cluster)) for cluster in CLUSTERS),
        list(store.joined(people)),
        store.shared(people, 5),
    ]


def held_within(store: GraphReader, cluster: str, things: Iterable[int]) -> tuple[list[int], list[tuple[int, int]]]:
    """What a store says of the members of a cluster and what they used."""
    found = store.within(cluster, list(things))
    return found.members.tolist(), list(found.uses)


def shared(store: GraphReader, cluster: str) -> set[int]:
    """What at least two members of a cluster used: what a drawing of it may show."""
    members = [member.account for member in store.members(cluster)]
    return set(store.joined(members).identifier.tolist())


WORLDS = graph_worlds()
#: How many of them are tried: putting one into a server takes most of a second.
SOME, FEW = 40, 10
#: Ids that are asked for: some are there, some are not.
PEOPLE, THINGS = st.sets(st.integers(0, 99), max_size=8), st.sets(st.integers(100, 200), max_size=8)


@settings(max_examples=SOME)
@given(world=WORLDS, data=st.data())
def test_every_question_is_answered_as_by_hand(opened: Open, world: GraphWorld, data: st.DataObject) -> None:
    store = opened(world)
    on, people = world.on, world.people
    some = data.draw(st.sets(st.sampled_from(people)) | PEOPLE)
    things = data.draw(st.sets(st.sampled_from(sorted(on))) | THINGS) if on else data.draw(THINGS)
    each = data.draw(st.none() | st.integers(1, 4))
    uses = [pair for pair in sorted(world.uses) if pair[1] in on]

    assert store.accounts(some) == [world.account(number) for number in people if number in some]
    assert store.identifiers(things) == [world.identifier(number) for number in on if number in things]
    for cluster in (*CLUSTERS, "c-none"):
        inside = [world.account(number) for number, (of, _) in world.members.items() if of == cluster]
        assert store.members(cluster) == sorted(inside, key=lambda one: (-one.membership, one.account))

    def worth(pair: tuple[int, int]) -> tuple[int, float, int]:
        return pair[0], -world.identifier(pair[1]).bits, pair[1]

    expected = []
    for account in sorted(some):
        expected += sorted((pair for pair in uses if pair[0] == account), key=worth)[:each]
    assert list(store.used_by(some, each)) == expected

    after = data.draw(st.integers(-1, 100))
    expected = []
    for number in sorted(things & on.keys()):
        expected += [(account, number) for account in on[number] if account > after][:each]
    assert list(store.users_of(things, each, after)) == expected

    assert list(store.between(some, things)) == [
        world.use(*pair) for pair in uses if pair[0] in some and pair[1] in things
    ]

    for cluster in (*CLUSTERS, "c-none"):
        members = [number for number in people if world.account(number).cluster_id == cluster]
        touching = [(account, number) for account, number in uses if account in members and number in things]
        assert held_within(store, cluster, things) == (members, touching)
    assert store.reach(some) == {
        account: sum(account == one for one, _ in uses) for account in people if account in some
    }

    counts = {number: len(some.intersection(accounts)) for number, accounts in on.items()}
    ranked = sorted(
        (number for number in on if counts[number] > 1),
        key=lambda number: (-world.identifier(number).bits * counts[number], -counts[number], number),
    )
    limit = data.draw(st.integers(0, 5))
    found = store.shared(some, limit)
    assert found.total == len(ranked)
    assert found.identifiers == tuple((world.identifier(number), counts[number]) for number in ranked[:limit])

    assert list(store.joined(some)) == [
        (account, number) for number in on if counts[number] > 1 for account in on[number] if account in some
    ]


@settings(max_examples=SOME)
@given(world=WORLDS, data=st.data())
def test_a_neighbourhood_says_every_cut(opened: Open, world: GraphWorld, data: st.DataObject) -> None:
    whole = world.networkx()
    start = data.draw(st.sampled_from(sorted(whole)))
    depth, limit, each = data.draw(st.tuples(st.integers(1, 2), st.integers(2, 12), st.integers(1, 5)))
    store = opened(world)
    found = _around(store, start, depth, limit, each)
    shown = found.to_networkx()
    assert start in shown
    assert len(shown) <= limit
    assert nx.utils.graphs_equal(nx.Graph(shown.edges), nx.Graph(whole.subgraph(shown).edges))
    distance = nx.single_source_shortest_path_length(whole, start)
    assert all(distance[node] <= depth for node in shown)
    expected = {
        node: (shown.degree(node), whole.degree(node))
        for node in shown
        if distance[node] < depth and shown.degree(node) < whole.degree(node)
    }
    assert {cut.node: (cut.shown, cut.total) for cut in found.cuts} == expected
    assert set(found.uses) == {world.use(*_numbers(edge)) for edge in shown.edges}

    everything = _around(store, start, depth, 1_000, 1_000)
    assert not everything.cuts
    assert set(everything.to_networkx()) == set(nx.ego_graph(whole, start, radius=depth))


@settings(max_examples=SOME)
@given(world=WORLDS, data=st.data())
def test_paths_are_the_shortest_in_their_order(opened: Open, world: GraphWorld, data: st.DataObject) -> None:
    a, b = data.draw(st.lists(st.sampled_from(world.people), min_size=2, max_size=2, unique=True))
    degree_limit, limit = data.draw(st.integers(2, 8)), data.draw(st.integers(1, 6))
    store = opened(world)
    found = paths(store, a, b, limit=limit, degree_limit=degree_limit)

    large = {f"i:{number}" for number, accounts in world.on.items() if len(accounts) > degree_limit}
    graph = world.networkx()
    narrow = graph.subgraph(set(graph) - large)
    chains: list[list[str]] = []
    if nx.has_path(narrow, f"a:{a}", f"a:{b}"):
        low, high = (f"a:{number}" for number in sorted((a, b)))
        chains = [chain for chain in nx.all_shortest_paths(narrow, low, high) if len(chain) <= 2 * LONGEST + 1]
    chains.sort(key=lambda chain: (-_trust(world, chain), [int(node[2:]) for node in chain]))
    assert found.total == len(chains)
    expected = [chain if a < b else chain[::-1] for chain in chains[:limit]]
    assert [_nodes(path) for path in found.paths] == expected
    for path in found.paths:
        assert path.trust == _trust(world, _nodes(path))
        assert [world.account(one.account) for one in path.accounts] == list(path.accounts)
        assert [world.identifier(one.identifier) for one in path.identifiers] == list(path.identifiers)

    ends = [f"a:{a}", f"a:{b}"]
    hubs = {node for end in ends for node in graph[end]} & large
    if not chains or len(chains[0]) == 2 * LONGEST + 1:
        reached = [{node for node in nx.ego_graph(narrow, end, radius=2) if node[0] == "a"} - {end} for end in ends]
        sides = [{node for account in side for node in graph[account]} for side in reached]
        hubs |= sides[0] & sides[1] & large
    assert found.hubs == len(hubs)
    assert found.unfollowed == 0
    backwards = paths(store, b, a, limit=limit, degree_limit=degree_limit)
    assert [_nodes(path) for path in backwards.paths] == [_nodes(path)[::-1] for path in found.paths]


@settings(max_examples=FEW)
@given(world=WORLDS, data=st.data())
def test_pages_follow_each_other_without_a_gap(opened: Open, world: GraphWorld, data: st.DataObject) -> None:
    store, limit = opened(world), data.draw(st.integers(1, 5))
    for number, accounts in world.on.items():
        listed, after = [], None
        for _ in range(len(accounts)):
            page = accounts_on(store, number, after=after, limit=limit)
            assert page.total == len(accounts)
            assert [one.account for one in page.accounts] == [use.account for use in page.uses]
            listed += page.uses
            after = page.next_after
            if after is None:
                break
        assert listed == [world.use(account, number) for account in accounts]


@settings(max_examples=FEW)
@given(world=WORLDS, limit=st.integers(1, 4))
def test_common_identifiers_are_what_both_used(opened: Open, world: GraphWorld, limit: int) -> None:
    store = opened(world)
    for a, b in itertools.islice(itertools.permutations(world.people, 2), 12):
        both = [number for number, accounts in world.on.items() if a in accounts and b in accounts]
        both.sort(key=lambda number: (-world.identifier(number).bits, number))
        found = common(store, a, b, limit=limit)
        assert found.total == len(both)
        assert found.accounts == (world.account(a), world.account(b))
        assert found.shared == tuple(
            (world.identifier(number), world.use(a, number), world.use(b, number)) for number in both[:limit]
        )


@settings(max_examples=FEW)
@given(world=WORLDS, alone=st.integers(0, 20))
def test_a_cluster_is_drawn_as_a_count_by_hand_gives(opened: Open, world: GraphWorld, alone: int) -> None:
    store = opened(world)
    evidence = world.tables()["cluster_identifiers"]
    for cluster in {cluster for cluster, _ in world.members.values()}:
        rows = evidence.filter(compute.equal(evidence.column("cluster_id"), cluster))
        drawn = cluster_graph(store, cluster, rows, Limits(identifiers=6, groups=3, edges=9, alone=alone))
        inside = [account for account, (of, _) in world.members.items() if of == cluster]
        assert drawn.size == len(inside)
        assert set(drawn.mark_of) <= set(inside)
        groups = {mark.id: mark.accounts for mark in drawn.marks if mark.sort != "identifier"}
        assert groups == {name: sum(mark == name for mark in drawn.mark_of.values()) for name in groups}
        numbers = {mark.id: mark.number for mark in drawn.marks if mark.sort == "identifier"}
        for tie in drawn.ties:
            touching = set(world.on[numbers[tie.target]])
            assert tie.accounts == sum(
                account in touching and mark == tie.source for account, mark in drawn.mark_of.items()
            )


@settings(max_examples=FEW)
@given(world=WORLDS)
def test_the_order_of_rows_changes_nothing(opened: Open, world: GraphWorld) -> None:
    other = replace(world, uses=dict(reversed(world.uses.items())), members=dict(reversed(world.members.items())))

    def answers(of: GraphWorld) -> list[object]:
        store, evidence = opened(of), of.tables()["cluster_identifiers"]
        clusters = sorted({cluster for cluster, _ in world.members.values()})
        return [
            [replace(cluster_graph(store, cluster, evidence), refresh_id="") for cluster in clusters],
            [store.members(cluster) for cluster in clusters],
            list(store.used_by(world.people)),
            list(store.users_of(world.on)),
        ]

    assert answers(world) == answers(other)


@settings(max_examples=FEW)
@given(before=WORLDS, after=WORLDS, batch_rows=st.sampled_from([3, 7, 20]))
def test_readers_see_one_refresh_while_another_is_written(
    neo4j_access: Access,
    tmp_path_factory: pytest.TempPathFactory,
    before: GraphWorld,
    after: GraphWorld,
    batch_rows: int,
) -> None:
    root = tmp_path_factory.mktemp("worlds")
    kept = {name: world.snapshot(root, name) for name, world in ((FIRST, before), (SECOND, after))}
    answers = {name: everything(EmbeddedGraph(snapshot)) for name, snapshot in kept.items()}
    neo4j.empty(neo4j_access)
    with connect(neo4j_access) as store:
        looked = 0

        def look(progress: Progress) -> None:
            nonlocal looked
            if progress.stage == "publishing":
                looked += 1
                assert everything(neo4j.Asked(store, FIRST)) == answers[FIRST]

        neo4j.publisher(store).publish(kept[FIRST], (), kept.__getitem__)
        report = neo4j.publisher(store, look, batch_rows).publish(kept[SECOND], (), kept.__getitem__)
        assert bool(looked) == bool(report.rows)
        assert everything(neo4j.Asked(store, SECOND)) == answers[SECOND]
    # Other tests name their refreshes the same.
    neo4j.empty(neo4j_access)


# --- by hand --------------------------------------------------------------------------------------------------------


def test_of_a_wide_identifier_every_page_is_there(opened: Open) -> None:
    crowd = tuple(range(1, 2 * WIDE, 3))
    wide, just = tuple(range(1, WIDE + 2)), tuple(range(2, WIDE + 2))
    store = opened(star(crowd, wide, just))
    for after in (-1, 0, 1, WIDE // 2, WIDE, 2 * WIDE):
        for each in (1, 7, None):
            expected = [
                (account, 100 + at)
                for at, group in enumerate((crowd, wide, just))
                for account in [one for one in group if one > after][:each]
            ]
            assert list(store.users_of([100, 101, 102], each, after)) == expected


def star(*groups: tuple[int, ...], **options: Any) -> GraphWorld:
    """Identifiers 100, 101, …, each used by a group of accounts."""
    return GraphWorld({(account, 100 + at): 1 for at, group in enumerate(groups) for account in group}, **options)


def test_a_hub_is_named_and_not_walked_over(opened: Open) -> None:
    store = opened(star(tuple(range(1, 8)), (1, 9), (9, 2)))
    over = paths(store, 1, 2, limit=5, degree_limit=7)
    assert [_nodes(path) for path in over.paths] == [["a:1", "i:100", "a:2"]]
    assert str(over) == "1 of the 1 shortest chains over 1 identifier."
    around = paths(store, 1, 2, limit=5, degree_limit=6)
    assert [_nodes(path) for path in around.paths] == [["a:1", "i:101", "a:9", "i:102", "a:2"]]
    assert str(around) == (
        "1 of the 1 shortest chains over 2 identifiers; identifiers not followed: 1 with more than 6 accounts."
    )
    assert str(paths(store, 1, 3, limit=5, degree_limit=6)) == (
        "No chain over at most 3 identifiers; identifiers not followed: 1 with more than 6 accounts."
    )


def test_what_is_out_of_reach_is_counted(opened: Open) -> None:
    world = star((1, 2), (1, 3, 4), (1, 5, 6, 7), (7, 8), (4, 8))
    assert len(paths(opened(world), 1, 8, limit=5, degree_limit=9, reach=9).paths) == 2
    short = paths(opened(world), 1, 8, limit=5, degree_limit=9, reach=5)
    assert [_nodes(path) for path in short.paths] == [["a:1", "i:101", "a:4", "i:104", "a:8"]]
    assert short.unfollowed == 1
    assert str(short).endswith("; identifiers not followed: 1 out of reach.")


def test_a_chain_longer_than_three_identifiers_is_none(opened: Open) -> None:
    store = opened(star((1, 2), (2, 3), (3, 4), (4, 5)))
    assert len(paths(store, 1, 4, limit=1, degree_limit=9).paths[0].identifiers) == 3
    assert not paths(store, 1, 5, limit=1, degree_limit=9).paths


@pytest.mark.parametrize(
    "ask",
    [
        lambda store: paths(store, 1, 1, limit=1, degree_limit=9),
        lambda store: paths(store, 1, 77, limit=1, degree_limit=9),
        lambda store: paths(store, 1, 2, limit=0, degree_limit=9),
        lambda store: common(store, 1, 1, limit=1),
        lambda store: common(store, 77, 1, limit=1),
        lambda store: accounts_on(store, 177, after=None, limit=1),
        lambda store: accounts_on(store, 100, after=None, limit=0),
        lambda store: neighbourhood(store, account=None, identifier=None, depth=1, limit=9, each=9),
        lambda store: neighbourhood(store, account=1, identifier=100, depth=1, limit=9, each=9),
        lambda store: neighbourhood(store, account=77, identifier=None, depth=1, limit=9, each=9),
        lambda store: neighbourhood(store, account=None, identifier=177, depth=1, limit=9, each=9),
        lambda store: neighbourhood(store, account=1, identifier=None, depth=3, limit=9, each=9),
        lambda store: neighbourhood(store, account=1, identifier=None, depth=1, limit=1, each=9),
    ],
)
def test_what_makes_no_question_is_refused(opened: Open, ask: Callable[[GraphReader], object]) -> None:
    with pytest.raises(UsageError):
        ask(opened(star((1, 2), (2, 3))))


def _around(store: GraphReader, start: str, depth: int, limit: int, each: int) -> Any:
    number = int(start[2:])
    one = {"account": number, "identifier": None} if start[0] == "a" else {"account": None, "identifier": number}
    return neighbourhood(store, **one, depth=depth, limit=limit, each=each)


def _numbers(edge: tuple[str, str]) -> tuple[int, int]:
    account, identifier = sorted(edge)
    return int(account[2:]), int(identifier[2:])


def _nodes(path: Any) -> list[str]:
    nodes = [path.accounts[0].node]
    for identifier, account in zip(path.identifiers, path.accounts[1:], strict=True):
        nodes += [identifier.node, account.node]
    return nodes


def _trust(world: GraphWorld, chain: list[str]) -> float:
    return math.prod(world.identifier(int(node[2:])).trust for node in chain[1::2])
