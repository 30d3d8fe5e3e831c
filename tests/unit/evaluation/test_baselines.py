"""Published methods on cases small enough to work out by hand."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable

import numpy as np
import pytest
from numpy.typing import NDArray

from linkage.evaluation import METHODS, Actions, Edges
from linkage.evaluation.baselines import (
    evilcohort,
    fellegi_sunter,
    fraudar,
    modularity,
    oracle,
    pacheco,
    pairs,
    synchrotrap,
    told,
)

Ints = NDArray[np.int64]


def edges(
    used: Iterable[tuple[int, int, str]], accounts: int, uses: list[float] | None = None, **more: object
) -> Edges:
    """``used``: (account, identifier, kind)."""
    account, identifier, kind = zip(*used, strict=True)
    return Edges(
        tuple(f"a{at}" for at in range(accounts)),
        np.array(account, np.int64),
        np.array(identifier, np.int64),
        np.array(kind, dtype=object),
        np.ones(accounts),
        None if uses is None else np.array(uses),
        **more,  # type: ignore[arg-type]
    )


def found(label: Ints) -> list[list[int]]:
    """Members of each cluster."""
    return sorted(np.flatnonzero(label == number).tolist() for number in np.unique(label[label >= 0]))


def of(accounts: Iterable[int], total: int) -> NDArray[np.bool_]:
    mask = np.zeros(total, dtype=np.bool_)
    mask[list(accounts)] = True
    return mask


# --- pairs --------------------------------------------------------------------------------------------------------


def test_pairs_are_those_of_the_blocks_that_the_bound_has_room_for() -> None:
    # Blocks of 2, 3 and 4 accounts hold 1, 3 and 6 pairs; accounts 0 and 1 meet in two of them.
    account = np.array([0, 1, 0, 1, 2, 3, 4, 5, 6])
    block = np.array([0, 0, 1, 1, 1, 2, 2, 2, 2])
    everything = pairs.within_blocks(account, block, 7, most=10)
    assert everything.cap == 4
    assert len(everything.first) == 9
    some = pairs.within_blocks(account, block, 7, most=9)
    assert some.cap == 3
    assert list(zip(some.first.tolist(), some.second.tolist(), strict=True)) == [(0, 1), (0, 2), (1, 2)]
    assert pairs.within_blocks(account, block, 7, most=0).cap == 1


def test_single_linkage_is_the_components_at_every_threshold() -> None:
    random = np.random.default_rng(5)
    first, second = np.triu_indices(12, 1)
    weight = random.integers(0, 6, len(first)).astype(float)
    kept = random.random(len(first)) < 0.25
    some = pairs.Pairs(first[kept], second[kept], 12)
    thresholds = [0.0, 1.0, 2.5, 5.0, 6.0]
    labels = list(pairs.single_linkage(some, weight[kept], 12, thresholds))
    for threshold, label in zip(thresholds, labels, strict=True):
        parts = [{at} for at in range(12)]
        for a, b, heavy in zip(some.first, some.second, weight[kept], strict=True):
            if heavy >= threshold:
                left, right = (next(part for part in parts if end in part) for end in (a, b))
                if left is not right:
                    parts.remove(right)
                    left |= right
        assert found(label) == sorted(sorted(part) for part in parts if len(part) > 1)


def test_the_oracle_takes_the_threshold_and_the_sizes_that_are_best() -> None:
    malicious = of(range(3), 8)
    joined = np.array([0, 0, 0, 0, 0, 0, 0, 0])
    apart = np.array([0, 0, 0, 1, 1, -1, -1, -1])
    best = oracle.best("method", [joined, apart, joined], malicious)
    assert found(best.label) == [[0, 1, 2], [3, 4]]
    assert best.flagged.tolist() == malicious.tolist()
    assert oracle.best("method", [], malicious).flagged.sum() == 0


# --- EvilCohort ---------------------------------------------------------------------------------------------------


def botnet() -> Edges:
    """Accounts 0–3 on the addresses 0–2 of a botnet, 4–6 behind address 3, and 3 and 4 met once on address 4.

    Cards are no addresses: all share one.
    """
    used = [(account, address, "ip_address") for account in range(4) for address in range(3)]
    used += [(account, 3, "ip_address") for account in (4, 5, 6)] + [(3, 4, "ip_address"), (4, 4, "ip_address")]
    return edges([*used, *((account, 5, "payment_instrument") for account in range(7))], 7)


def test_evilcohort_drops_light_edges_and_keeps_communities() -> None:
    graph = botnet()
    addresses = graph.where(graph.kind == "ip_address")
    met = pairs.within_blocks(addresses.account, addresses.identifier, 7)
    weight = pairs.shared(met, addresses, np.ones(len(addresses.account)))
    by_pair = dict(zip(zip(met.first.tolist(), met.second.tolist(), strict=True), weight.tolist(), strict=True))
    assert by_pair == {
        **dict.fromkeys(itertools.combinations(range(4), 2), 3.0),
        **dict.fromkeys(itertools.combinations((4, 5, 6), 2), 1.0),
        (3, 4): 1.0,
    }
    # Modularity cuts the weak bridge; from two shared addresses on, the office behind one is no edge at all.
    assert found(evilcohort.cohorts(met, weight, 1, 7)) == [[0, 1, 2, 3], [4, 5, 6]]
    assert found(evilcohort.cohorts(met, weight, 2, 7)) == [[0, 1, 2, 3]]
    assert found(evilcohort.cohorts(met, weight, 4, 7)) == []


def test_evilcohort_looks_at_addresses_only() -> None:
    (measured,) = evilcohort.run(botnet(), of(range(4), 7))
    assert measured.method == "EvilCohort, identifiers to 4 accounts"
    assert np.flatnonzero(measured.flagged).tolist() == [0, 1, 2, 3]
    cards = edges([(0, 0, "payment_instrument"), (1, 0, "payment_instrument")], 2)
    assert not next(evilcohort.run(cards, of((0, 1), 2))).flagged.any()


# --- Pacheco et al. -----------------------------------------------------------------------------------------------


def test_likeness_is_the_cosine_of_tf_idf_vectors() -> None:
    """Accounts 0 and 1 share the rare identifier 0, and with 2 and 3 the popular identifier 1."""
    used = [(0, 0), (0, 1), (1, 0), (1, 1), (2, 1), (3, 1), (3, 2)]
    graph = edges([(account, word, "prompt_template") for account, word in used], 4, [3, 1, 1, 2, 5, 1, 1])
    met = pairs.within_blocks(graph.account, graph.identifier, 4)
    rare, popular, own = (math.log(5 / (1 + d)) + 1 for d in (2, 4, 1))
    vectors = np.array([[3 * rare, popular, 0], [rare, 2 * popular, 0], [0, 5 * popular, 0], [0, popular, own]])
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    assert pacheco.likeness(graph, met) == pytest.approx((unit @ unit.T)[met.first, met.second])
    assert len(met.first) == 6


def test_a_percentile_leaves_the_network_of_those_who_are_most_alike() -> None:
    """Accounts 0–2 share two rare templates, all ten a popular one: only the cut at a percentile parts them."""
    used = [(account, 9, "prompt_template") for account in range(10)]
    used += [(account, word, "prompt_template") for account in range(3) for word in (0, 1)]
    used += [(account, 10 + account, "prompt_template") for account in range(3, 10)]
    methods = list(pacheco.run(edges(used, 10), of(range(3), 10)))
    assert [measured.method for measured in methods] == [
        "Pacheco et al., identifiers to 10 accounts",
        "Pacheco et al., prompt_template, identifiers to 10 accounts",
    ]
    for measured in methods:
        # The others, on the popular one and one of their own, are as like each other as can be, and a network too.
        assert found(measured.label) == [[0, 1, 2], list(range(3, 10))]
        assert np.flatnonzero(measured.flagged).tolist() == [0, 1, 2]


# --- FRAUDAR ------------------------------------------------------------------------------------------------------


def suspiciousness(account: Ints, identifier: Ints, accounts: set[int], identifiers: set[int]) -> float:
    """The paper's g by its definition."""
    degree = np.bincount(identifier)
    inside = [
        1 / math.log(degree[j] + 5)
        for i, j in zip(account, identifier, strict=True)
        if i in accounts and j in identifiers
    ]
    return sum(inside) / (len(accounts) + len(identifiers))


def test_the_densest_block_is_found_whatever_the_camouflage() -> None:
    """Accounts 0–3 each on identifiers 0–3; the camouflage of each is a popular identifier with 30 honest accounts."""
    block = [(account, identifier) for account in range(4) for identifier in range(4)]
    honest = [(4 + at, 4) for at in range(30)]
    camouflage = [(account, 4) for account in range(4)]
    account, identifier = (np.array(ends) for ends in zip(*block, *honest, *camouflage, strict=True))
    dense = fraudar.densest(account, identifier)
    assert dense.accounts.tolist() == [0, 1, 2, 3]
    # The popular identifier adds 4 / log 39 and one node: 1.09 against the 0.91 of the block alone, so it is inside.
    assert dense.identifiers.tolist() == [0, 1, 2, 3, 4]
    assert dense.suspiciousness == pytest.approx((16 / math.log(9) + 4 / math.log(39)) / 9)
    bare = fraudar.densest(*(np.array(ends) for ends in zip(*block, *honest, strict=True)))
    assert bare.identifiers.tolist() == [0, 1, 2, 3]
    assert bare.suspiciousness == pytest.approx(16 / math.log(9) / 8)


@pytest.mark.parametrize("seed", range(6))
def test_the_block_found_is_at_least_half_as_dense_as_any(seed: int) -> None:
    """Theorem 1 of the paper, against every subset of a small graph; and g is that of the definition."""
    random = np.random.default_rng(seed)
    account, identifier = np.nonzero(random.random((6, 6)) < 0.4)
    dense = fraudar.densest(account, identifier)
    best = 0.0
    for rows in range(1, 1 << 6):
        for columns in range(1, 1 << 6):
            chosen = [{at for at in range(6) if mask >> at & 1} for mask in (rows, columns)]
            best = max(best, suspiciousness(account, identifier, *chosen))
    mine = suspiciousness(account, identifier, set(dense.accounts.tolist()), set(dense.identifiers.tolist()))
    assert dense.suspiciousness == pytest.approx(mine)
    assert best / 2 <= dense.suspiciousness <= best * (1 + 1e-12)


def test_a_node_is_taken_off_when_it_is_the_lightest() -> None:
    """Taking off in the order of weight by brute force gives the same block."""
    random = np.random.default_rng(11)
    account, identifier = np.nonzero(random.random((15, 12)) < 0.3)
    weight = fraudar.weights(identifier)
    alive = {*(("a", int(i)) for i in account), *(("i", int(j)) for j in identifier)}
    best, held = -1.0, set(alive)
    while alive:
        inside = [
            (("a", int(i)), ("i", int(j)), w)
            for i, j, w in zip(account, identifier, weight, strict=True)
            if ("a", int(i)) in alive and ("i", int(j)) in alive
        ]
        ratio = sum(w for *_, w in inside) / len(alive)
        if ratio > best + 1e-12:
            best, held = ratio, set(alive)
        load = dict.fromkeys(alive, 0.0)
        for left, right, w in inside:
            load[left] += w
            load[right] += w
        # Rounded, as sums in another order differ in the last digit; accounts come before identifiers.
        alive.remove(min(alive, key=lambda node: (round(load[node], 9), node)))
    dense = fraudar.densest(account, identifier)
    assert dense.suspiciousness == pytest.approx(best)
    assert {("a", int(i)) for i in dense.accounts} | {("i", int(j)) for j in dense.identifiers} == held


def test_blocks_come_one_after_another() -> None:
    """A block of 4 × 4, one of 3 × 3, and a lone edge: denser first, each without the edges of those before."""
    used = [(account, identifier, "card") for account in range(4) for identifier in range(4)]
    used += [(account, identifier, "card") for account in range(4, 7) for identifier in range(4, 7)]
    used += [(7, 7, "card")]
    graph = edges(used, 8)
    some = list(fraudar.blocks(graph, 9))
    assert [block.accounts.tolist() for block in some] == [[0, 1, 2, 3], [4, 5, 6], [7]]
    assert [block.suspiciousness for block in some] == pytest.approx(
        [16 / math.log(9) / 8, 9 / math.log(8) / 6, 1 / math.log(6) / 2]
    )
    (measured,) = fraudar.run(graph, of(range(7), 8))
    assert found(measured.label) == [[0, 1, 2, 3], [4, 5, 6], [7]]
    assert np.flatnonzero(measured.flagged).tolist() == list(range(7))


# --- SynchroTrap --------------------------------------------------------------------------------------------------


def actions(rows: Iterable[tuple[int, int, int]], days_left_out: int = 0) -> Actions:
    """``rows``: (account, slot, identifier)."""
    account, slot, identifier = zip(*rows, strict=True)
    return Actions(np.array(account), np.array(slot), np.array(identifier), days_left_out)


def test_likeness_is_the_jaccard_index_of_actions_that_match_within_the_window() -> None:
    """Accounts 0 and 1: of object 7, slots 10, 20, 30 and 11, 22, 30 match twice; object 8 is 1's alone.

    Matches 2, actions 3 and 4: 2 / (3 + 4 − 2). Account 2 is on object 8 two slots after 1: no match.
    """
    acted = actions([(0, 10, 7), (0, 20, 7), (0, 30, 7), (1, 11, 7), (1, 22, 7), (1, 30, 7), (1, 40, 8), (2, 42, 8)])
    met = synchrotrap.candidates(acted, 3)
    assert list(zip(met.first.tolist(), met.second.tolist(), strict=True)) == [(0, 1)]
    matched, like = synchrotrap.likeness(acted, met, 3)
    assert matched.tolist() == [2]
    assert like == pytest.approx([2 / 5])


def test_an_action_matches_one_other_at_most() -> None:
    acted = actions([(0, 11, 1), (1, 10, 1), (1, 11, 1), (1, 12, 1)])
    matched, like = synchrotrap.likeness(acted, synchrotrap.candidates(acted, 2), 2)
    assert (matched.tolist(), like.tolist()) == ([1], [1 / 3])


def likers(kind: str | None) -> Actions:
    """Accounts 0–3 like the same page at around the same time on five days; 4–9 do so at times of their own."""
    pages = 0 if kind is None else 5
    loose = [(account, 144 * day + 60 + (account + day) % 2, pages) for account in range(4) for day in range(5)]
    own = [(account, 144 * day + 20 * (account - 3) + 10 + day, pages) for account in range(4, 10) for day in range(5)]
    return actions([*loose, *own], days_left_out=0 if kind is None else 3)


def test_who_acts_together_for_days_is_found_with_an_object_and_without() -> None:
    graph = edges([(account, 5, "page") for account in range(10)], 10, actions=likers)
    by_object, by_time = synchrotrap.run(graph, of(range(4), 10))
    assert by_object.method == "SynchroTrap, page, moments to 4 accounts, 3 days of aggregates left out"
    assert by_time.method == "SynchroTrap, time alone, by MinHash"
    for measured in (by_object, by_time):
        assert np.flatnonzero(measured.flagged).tolist() == [0, 1, 2, 3]


def test_without_times_synchrotrap_says_nothing() -> None:
    assert list(synchrotrap.run(edges([(0, 0, "page"), (1, 0, "page")], 2), of((0, 1), 2))) == []


# --- all of them --------------------------------------------------------------------------------------------------


def test_modularity_counts_identifiers() -> None:
    (measured,) = modularity.run(botnet(), of(range(4), 7))
    assert found(measured.label) == [[0, 1, 2, 3], [4, 5, 6]]


@pytest.mark.parametrize("method", METHODS)
def test_no_method_needs_anybody_to_share_anything(method: str) -> None:
    nothing = np.zeros(0, np.int64)

    def no_action(_kind: str | None) -> Actions:
        return Actions(nothing, nothing, nothing)

    bare = Edges(("a", "b"), nothing, nothing, np.zeros(0, dtype=object), np.array([3.0, 1.0]), None, no_action)
    alone = edges(
        [(0, 0, "ip_address"), (1, 1, "ip_address")], 2, actions=lambda _kind: actions([(0, 5, 0), (1, 9, 0)])
    )
    for graph in (bare, alone):
        for measured in METHODS[method](graph, of((), 2)):
            assert not measured.flagged.any()
            assert len(measured.label) == 2


def test_where_no_cluster_holds_anybody_nobody_is_flagged() -> None:
    label = np.array([0, 0, 1, 1, -1], np.int64)
    assert not oracle.sized("m", label, of([4], 5)).flagged.any()
    assert found(oracle.best("m", [label], of([4], 5)).label) == [[0, 1], [2, 3]]


def test_fellegi_sunter_is_tried_at_the_few_highest_of_many_weights() -> None:
    """Thirty accounts on five identifiers of their own, among three thousand on four hundred with sixty each."""
    random = np.random.default_rng(2)
    used = [
        (int(account), identifier, "ip_address")
        for identifier in range(400)
        for account in random.choice(3_000, 60, replace=False)
    ]
    used += [(account, 400 + identifier, "payment_instrument") for account in range(30) for identifier in range(5)]
    malicious = of(range(30), 3_000)
    (result,) = fellegi_sunter.run(edges(used, 3_000), malicious)
    assert oracle.f1(result.flagged, malicious) > 0.95


# --- what sharing could show ----------------------------------------------------------------------------------------


def test_the_limit_is_whom_the_campaigns_own_identifiers_join_in_threes() -> None:
    # Malicious are 0 to 6. Identifier 0 is theirs, 1 is a public one, 2 joins two of them only, 3 is half a stranger's.
    used = [(0, 0), (1, 0), (2, 0), (7, 0), (3, 1), (7, 1), (8, 1), (0, 1), (4, 2), (5, 2), (6, 3), (8, 3)]
    graph = edges([(account, identifier, "card") for account, identifier in used], 9)
    [limit] = told.run(graph, of(range(7), 9))
    assert found(limit.label) == [[0, 1, 2]]
    assert np.flatnonzero(limit.flagged).tolist() == [0, 1, 2]
    [nobody] = told.run(graph, of((), 9))
    assert not nobody.flagged.any()
    assert (nobody.label == -1).all()
