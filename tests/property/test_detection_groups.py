"""Search, membership, significance, lineage and metrics: what holds whatever the data are."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from linkage import detection, leiden
from linkage.communities import membership
from linkage.config import LineageSettings, Settings
from linkage.detection import Found
from linkage.evaluation import metrics
from linkage.evidence.incidence import Incidence
from linkage.lineage.match import Ancestor, name
from linkage.scoring import significance
from tests.lib.graphs import CARD, IP, TEMPLATE, Drawing

SETTINGS = Settings()


@st.composite
def populations(draw: st.DrawFn) -> tuple[Incidence, NDArray[np.float64]]:
    """Rings of random sizes that overlap a little, a hub, couples, and private work that may be unknown."""
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    drawing = Drawing()
    start = 0
    for ring in range(draw(st.integers(0, 3))):
        size = draw(st.integers(4, 14))
        drawing.clique(range(start, start + size), f"ring-{ring}", cards=max(2, size // 3))
        start += size - draw(st.integers(0, 2))
    for couple in range(draw(st.integers(0, 20))):
        drawing.use([start + 2 * couple, start + 2 * couple + 1], CARD, f"couple-{couple}")
        drawing.use([start + 2 * couple, start + 2 * couple + 1], IP, f"home-{couple}", int(random.integers(0, 20)))
    drawing.use(random.integers(0, 120, 30), IP, "hub")
    for template in range(draw(st.integers(0, 6))):
        drawing.use(random.integers(0, 120, int(random.integers(2, 25))), TEMPLATE, f"public-{template}")
    drawing.accounts = 120
    private = random.uniform(0, 1, 120)
    private[random.random(120) < draw(st.sampled_from([0.0, 0.4, 1.0]))] = np.nan
    return drawing.incidence(), private


@given(populations())
@settings(max_examples=40)
def test_members_stand_on_their_waterfall_and_in_one_cluster(population: tuple[Incidence, NDArray[np.float64]]) -> None:
    graph, private = population
    found = detection.search(graph, private, SETTINGS, 1)
    considered = found.membership
    total = considered.prior + considered.kinds.sum(axis=1) + considered.absence + considered.private
    assert considered.score == pytest.approx(total)
    summed = np.zeros_like(considered.kinds)
    np.add.at(summed, (considered.entry_row, graph.kind[considered.entry_identifier]), considered.entry_bits)
    network = found.trust.network
    assert considered.kinds[:, ~network] == pytest.approx(summed[:, ~network])
    assert (considered.kinds[:, network] <= summed[:, network] + 1e-9).all()
    assert (considered.entry_bits > 0).all()

    rows = found.rows()
    members = considered.account[rows]
    assert len(np.unique(members)) == len(members)
    assert sorted(members.tolist()) == np.flatnonzero(found.label >= 0).tolist()
    assert (considered.share(rows) >= 0.5).all()
    share = considered.share(np.arange(len(considered.account)))
    assert ((share >= 0) & (share <= 1)).all()
    assert (found.size >= SETTINGS.membership.smallest).all()
    pairs = list(zip(considered.account.tolist(), considered.community.tolist(), strict=True))
    assert len(set(pairs)) == len(pairs)
    assert (detection.linkage_score(found) >= 0).all()


@given(populations())
@settings(max_examples=25)
def test_clusters_are_numbered_by_their_first_account(population: tuple[Incidence, NDArray[np.float64]]) -> None:
    graph, private = population
    found = detection.search(graph, private, SETTINGS, 1)
    firsts = [int(np.flatnonzero(found.label == number)[0]) for number in range(found.clusters)]
    assert firsts == sorted(firsts)
    assert set(found.label.tolist()) - {-1} == set(range(found.clusters))
    assert np.array_equal(found.label[found.label >= 0], found.label[found.label >= 0])
    for number in range(found.clusters):
        assert set(considered_of(found, number)) == {int(found.origin[number])}


def considered_of(found: Found, number: int) -> list[int]:
    """Communities of the rows that are members of cluster ``number``."""
    rows = found.rows()
    inside = found.label[found.membership.account[rows]] == number
    communities: list[int] = found.membership.community[rows][inside].tolist()
    return communities


@given(populations(), st.integers(0, 3))
@settings(max_examples=15)
def test_the_same_seed_finds_the_same(population: tuple[Incidence, NDArray[np.float64]], seed: int) -> None:
    graph, private = population
    one, two = (detection.search(graph, private, SETTINGS, seed) for _ in range(2))
    assert one.label.tolist() == two.label.tolist()
    assert one.membership.score.tolist() == two.membership.score.tolist()
    assert one.trust.theta.tolist() == two.trust.theta.tolist()


@given(populations())
@settings(max_examples=25)
def test_links_are_symmetric_facts_about_two_accounts(population: tuple[Incidence, NDArray[np.float64]]) -> None:
    graph, private = population
    links = detection.search(graph, private, SETTINGS, 1).links
    assert (links.first < links.second).all()
    on = [set(graph.edge_identifier[graph.account_start[a] : graph.account_start[a + 1]].tolist()) for a in range(120)]
    for a, b in zip(links.first.tolist(), links.second.tolist(), strict=True):
        assert on[a] & on[b]


@given(st.lists(st.integers(-1, 6), max_size=40), st.integers(2, 4))
def test_numbering_keeps_groups_and_drops_small_ones(label: list[int], smallest: int) -> None:
    numbered = membership.number(np.array(label, dtype=np.int64), smallest).tolist()
    for a, of_a in enumerate(label):
        kept = of_a >= 0 and label.count(of_a) >= smallest
        assert (numbered[a] >= 0) == kept
        for b in range(a):
            if kept and numbered[b] >= 0:
                assert (numbered[a] == numbered[b]) == (of_a == label[b])


@given(st.lists(st.integers(0, 9), min_size=1, max_size=40))
def test_renumbered_parts_are_the_same_parts(part: list[int]) -> None:
    numbered = leiden.renumbered(np.array(part, dtype=np.int64)).tolist()
    seen: dict[int, int] = {}
    assert numbered == [seen.setdefault(value, len(seen)) for value in part]


@given(
    st.lists(st.lists(st.floats(0, 20), min_size=6, max_size=6), min_size=3, max_size=6),
    st.integers(1, 1_000_000),
    st.integers(1, 200),
    st.lists(st.floats(0, 40), min_size=2, max_size=20),
)
def test_q_is_a_probability_that_falls_with_the_statistic(
    maxima: list[list[float]], accounts: int, size: int, statistics: list[float]
) -> None:
    null = significance.fit([np.column_stack([row, row[::-1]]) for row in maxima], accounts)
    found = np.column_stack([sorted(statistics)] * 2)
    q = significance.q_values(null, found, np.full(len(statistics), size))
    assert ((q >= 0) & (q <= 1)).all()
    assert (np.diff(q) <= 1e-15).all()
    assert (null.scale >= significance.LEAST_SCALE).all()


partitions = st.lists(st.integers(-1, 4), min_size=24, max_size=24)


def clusters_of(label: list[int], prefix: str) -> dict[str, frozenset[int]]:
    return {
        f"c-{prefix}{number}": frozenset(at for at, of in enumerate(label) if of == number)
        for number in sorted(set(label) - {-1})
    }


@given(partitions, partitions, partitions)
@settings(max_examples=150)
def test_lineage_is_one_to_one_and_complete(oldest: list[int], before: list[int], now: list[int]) -> None:
    parent = Ancestor("r2", clusters_of(before, "p"))
    grandparent = Ancestor("r1", clusters_of(oldest, "g"))
    found = list(clusters_of(now, "n").values())
    founding = [f"c-n{at}" for at in range(len(found))]
    result = name(found, founding, (parent, grandparent), LineageSettings())

    assert len(set(result.ids)) == len(result.ids) == len(found)
    for cluster_id, event, members in zip(result.ids, result.events, found, strict=True):
        assert event in ("new", "continued", "grew", "shrank", "merged", "split", "revived")
        rows = [row for row in result.rows if row.cluster_id == cluster_id and row.event == event]
        assert rows
        if event == "new":
            assert cluster_id in founding
        elif event != "revived" and cluster_id not in founding:
            old = parent.clusters[cluster_id]
            assert rows[0].parent_refresh_id == "r2"
            own = next(row for row in rows if row.parent_cluster_id == cluster_id)
            assert own.overlap == pytest.approx(len(old & members) / len(old | members))
    told = {row.parent_cluster_id for row in result.rows if row.parent_refresh_id == "r2"}
    assert told == set(parent.clusters), "what became of every cluster of the parent is said"
    for row in result.rows:
        assert row.overlap is None or 0.0 <= row.overlap <= 1.0
    if found and {*found} == set(parent.clusters.values()):
        assert set(result.events) == {"continued"}

    overlaps = [
        len(old & new) / len(old | new)
        for old in {*parent.clusters.values(), *grandparent.clusters.values()}
        for new in found
        if old & new
    ]
    if len(set(overlaps)) == len(overlaps):  # equal overlaps are decided by the order, which a refresh keeps canonical
        backward = name(found[::-1], founding[::-1], (parent, grandparent), LineageSettings())
        assert backward.ids[::-1] == result.ids
        assert backward.rows == result.rows


labels = st.lists(st.integers(-1, 4), min_size=1, max_size=16)


@given(labels.flatmap(lambda found: st.tuples(st.just(found), columns(len(found), st.integers(-1, 3)))), st.data())
def test_b_cubed_is_what_brute_force_says(pair: tuple[list[int], list[int]], data: st.DataObject) -> None:
    found, truth = pair
    judged = data.draw(columns(len(found), st.booleans()))

    def together(label: list[int], a: int, b: int) -> bool:
        return a == b or (label[a] == label[b] >= 0)

    everyone = range(len(found))
    precision, recall = [], []
    for a in everyone:
        if judged[a]:
            cluster = [b for b in everyone if together(found, a, b)]
            group = [b for b in everyone if together(truth, a, b)]
            both = len(set(cluster) & set(group))
            precision.append(both / len(cluster))
            recall.append(both / len(group))
    flags = metrics.b_cubed(np.array(found), np.array(truth), np.array(judged))
    if not precision:
        assert flags == metrics.Flags(1.0, 1.0, 1.0)
        return
    assert flags.precision == pytest.approx(np.mean(precision))
    assert flags.recall == pytest.approx(np.mean(recall))
    assert flags.f1 == pytest.approx(2 / (1 / flags.precision + 1 / flags.recall))


def columns(length: int, values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(values, min_size=length, max_size=length)


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=30), st.randoms())
def test_average_precision_is_what_brute_force_says(rows: list[tuple[int, bool]], random) -> None:  # type: ignore[no-untyped-def]
    positives = sum(hit for _score, hit in rows)
    expected = math.nan
    if positives:
        expected = 0.0
        for threshold in {score for score, _hit in rows}:
            above = [hit for score, hit in rows if score >= threshold]
            gained = sum(hit for score, hit in rows if score == threshold)
            expected += sum(above) / len(above) * gained / positives
    measure: Callable[[list[tuple[int, bool]]], float] = lambda listed: metrics.average_precision(  # noqa: E731
        np.array([float(score) for score, _hit in listed]), np.array([hit for _score, hit in listed])
    )
    assert measure(rows) == pytest.approx(expected, nan_ok=True)
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert measure(shuffled) == pytest.approx(expected, nan_ok=True)
