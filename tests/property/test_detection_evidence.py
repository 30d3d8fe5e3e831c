"""The account–identifier graph, its pairs and its null, against brute force."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from linkage.evidence import kernels
from linkage.evidence.incidence import Alone, Incidence, build
from linkage.scoring import significance
from tests.lib.graphs import KINDS

ACCOUNTS, IDENTIFIERS = 9, 12
DISCOUNT = np.array([0.1, 0.5, 0.2])
NETWORK = np.array([True, False, False])

#: (account, identifier) → first day, days, events
uses = st.dictionaries(
    st.tuples(st.integers(0, ACCOUNTS - 1), st.integers(0, IDENTIFIERS - 1)),
    st.tuples(st.integers(0, 12), st.integers(0, 6), st.integers(1, 50)),
    max_size=60,
)
kinds_of = st.lists(st.integers(0, len(KINDS) - 1), min_size=IDENTIFIERS, max_size=IDENTIFIERS)
Uses = dict[tuple[int, int], tuple[int, int, int]]


def graph_of(used: Uses, kind: list[int], order: list[tuple[int, int]] | None = None) -> Incidence:
    rows = [
        (account, identifier, first, first + days, events)
        for account, identifier in (order if order is not None else list(used))
        for first, days, events in [used[account, identifier]]
    ]
    columns = np.array(rows, dtype=np.int64).reshape(len(rows), 5).T
    events = np.bincount(columns[0], columns[4], ACCOUNTS)
    return build(ACCOUNTS, KINDS, np.array(kind, dtype=np.int8), *columns, events)


@given(uses, kinds_of, st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_the_index_holds_exactly_the_uses_in_whatever_order_they_come(used: Uses, kind: list[int], random) -> None:  # type: ignore[no-untyped-def]
    order = list(used)
    random.shuffle(order)
    graph = graph_of(used, kind, order)
    found: Uses = {}
    for account in range(graph.accounts):
        for edge in range(graph.account_start[account], graph.account_start[account + 1]):
            assert graph.edge_account[edge] == account
            first, last = int(graph.edge_first[edge]), int(graph.edge_last[edge])
            found[account, int(graph.edge_identifier[edge])] = (first, last - first, int(graph.edge_events[edge]))
    assert found == used
    for identifier in range(graph.identifiers):
        edges = graph.identifier_edge[graph.identifier_start[identifier] : graph.identifier_start[identifier + 1]]
        expected = sorted(account for account, of in used if of == identifier)
        assert graph.edge_account[edges].tolist() == expected
        assert (graph.edge_identifier[edges] == identifier).all()
        assert graph.degree[identifier] == len(expected)
    straight = graph_of(used, kind, sorted(used))
    for name in (
        "account_start",
        "edge_account",
        "edge_identifier",
        "edge_first",
        "identifier_start",
        "identifier_edge",
    ):
        assert np.array_equal(getattr(graph, name), getattr(straight, name)), name


@given(uses, kinds_of, st.sets(st.integers(0, IDENTIFIERS - 1)), st.sampled_from([4, 6, 16]), st.integers(0, 5))
@settings(max_examples=60)
def test_formed_pairs_share_what_formed_them(
    used: Uses, kind: list[int], off: set[int], partners: int, seed: int
) -> None:
    graph = graph_of(used, kind)
    forming = np.array([identifier not in off for identifier in range(IDENTIFIERS)], dtype=np.bool_)
    first, second = kernels.form_pairs(
        graph.identifier_start, graph.identifier_edge, graph.edge_account, forming, partners, seed
    )
    found = Counter(zip(first.tolist(), second.tolist(), strict=True))
    whole: Counter[tuple[int, int]] = Counter()
    least = 0
    for identifier in range(IDENTIFIERS):
        accounts = sorted(account for account, of in used if of == identifier)
        if identifier in off:
            continue
        pairs = list(itertools.combinations(accounts, 2))
        whole.update(pairs)
        least += min(len(pairs), len(accounts) * partners // 2)
    assert all(a < b for a, b in found)
    assert found <= whole
    assert sum(found.values()) == least
    if partners >= ACCOUNTS:
        assert found == whole


def in_python(used: Uses, kind: list[int], bits: NDArray[np.float64], further: NDArray[np.float64], a: int, b: int):  # type: ignore[no-untyped-def]
    """Bits and kinds of a pair: the strongest whole, others as further evidence, further ones of a kind discounted."""
    shared = []
    for identifier in range(IDENTIFIERS):
        if (a, identifier) not in used or (b, identifier) not in used or further[identifier] <= 0:
            continue
        (first_a, days_a, _), (first_b, days_b, _) = used[a, identifier], used[b, identifier]
        apart = first_a > first_b + days_b + 1 or first_b > first_a + days_a + 1
        if NETWORK[kind[identifier]] and apart:
            continue
        shared.append(identifier)
    if not shared:
        return 0.0, 0
    strongest = max(shared, key=lambda identifier: bits[identifier])
    total, mask = bits[strongest] - further[strongest], 0
    for number in {kind[identifier] for identifier in shared}:
        worth = sorted((further[identifier] for identifier in shared if kind[identifier] == number), reverse=True)
        total += worth[0] + DISCOUNT[number] * sum(worth[1:])
        mask |= 1 << number
    return total, mask


@given(uses, kinds_of, st.lists(st.integers(0, 40), min_size=IDENTIFIERS, max_size=IDENTIFIERS, unique=True))
@settings(max_examples=100)
def test_the_bits_of_every_pair_are_those_of_the_formula(used: Uses, kind: list[int], worth: list[int]) -> None:
    graph = graph_of(used, kind)
    # As learned: more bits, more trust, and further evidence is bits × √trust.
    bits = np.array(worth, dtype=np.float64) / 3
    further = bits * np.sqrt(bits / 15)
    pairs = list(itertools.combinations(range(ACCOUNTS), 2))
    first, second = np.array(pairs, dtype=np.int32).T.copy()
    total, mask = kernels.pair_evidence(
        first,
        second,
        graph.account_start,
        graph.edge_identifier,
        graph.edge_first,
        graph.edge_last,
        graph.kind,
        bits,
        further,
        DISCOUNT,
        NETWORK,
    )
    for at, (a, b) in enumerate(pairs):
        expected, kinds = in_python(used, kind, bits, further, a, b)
        assert total[at] == pytest.approx(expected)
        assert mask[at] == kinds


@given(
    uses,
    kinds_of,
    st.lists(st.tuples(st.integers(0, len(KINDS) - 1), st.integers(0, ACCOUNTS - 1)), max_size=20),
    st.integers(0, 3),
    st.integers(0, 3),
)
@settings(max_examples=40)
def test_rewiring_gives_nobody_more_and_loses_no_identifier(
    used: Uses, kind: list[int], own: list[tuple[int, int]], seed: int, replicate: int
) -> None:
    graph = graph_of(used, kind)
    nothing = np.zeros(len(own), np.int64)
    alone = Alone(
        np.array([kind for kind, _ in own], dtype=np.int8),
        np.array([account for _, account in own], dtype=np.int64),
        nothing,
        nothing,
        nothing + 1,
    )
    account, identifier, *_ = significance.rewired(graph, alone, seed, replicate)
    drawn, before = Counter(identifier.tolist()), Counter(graph.edge_identifier.tolist())
    assert drawn <= before
    assert set(drawn) == set(before)
    chances = Counter(zip(graph.edge_account.tolist(), graph.kind[graph.edge_identifier].tolist(), strict=True))
    chances += Counter((account, kind) for kind, account in own)
    assert Counter(zip(account.tolist(), graph.kind[identifier].tolist(), strict=True)) <= chances
    assert len(set(zip(account.tolist(), identifier.tolist(), strict=True))) == len(account)
