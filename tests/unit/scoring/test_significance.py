"""The null keeps who uses how much, and rewires who shares with whom."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray

from linkage import detection
from linkage.config import Settings
from linkage.detection import Found
from linkage.evidence.incidence import Alone, Incidence
from linkage.model.kinds import SCHEDULE
from linkage.scoring import significance
from tests.lib.graphs import CARD, IP, TEMPLATE, Drawing


def population(accounts: int = 200, seed: int = 3) -> Incidence:
    """Random use: nobody belongs to anybody."""
    random = np.random.default_rng(seed)
    drawing = Drawing()
    for kind, identifiers, uses in ((IP, 150, 500), (CARD, 120, 240), (TEMPLATE, 60, 400)):
        account = random.integers(0, accounts, uses)
        identifier = random.integers(0, identifiers, uses)
        for at, name in zip(account.tolist(), identifier.tolist(), strict=True):
            drawing.use([at], kind, f"{name:03}")
    drawing.accounts = accounts
    return drawing.incidence()


def unknown(graph: Incidence) -> NDArray[np.float64]:
    """Private work of accounts that the input does not tell."""
    return np.full(graph.accounts, np.nan)


def q_of(found: Found, null: significance.Null, graph: Incidence) -> NDArray[np.float64]:
    tied = detection.tied_bits(found, graph)
    return significance.q_values(null, significance.statistic(tied, graph.kinds), found.size)


def one(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """``values`` as the only statistic."""
    return values[..., None]


def alone(*uses: tuple[int, int]) -> Alone:
    """Uses, (kind, account), of what one account alone used."""
    kind, account = (np.array(column, dtype=np.int64) for column in zip(*uses, strict=True)) if uses else ([], [])
    nothing = np.zeros(len(account), np.int64)
    return Alone(np.asarray(kind, np.int8), np.asarray(account, np.int64), nothing, nothing, nothing + 1)


def test_rewiring_keeps_how_much_each_identifier_is_used() -> None:
    graph = population()
    account, identifier, *_ = significance.rewired(graph, alone(), 1, 0)
    assert len(np.unique(account * graph.identifiers + identifier)) == len(account)
    drawn, before = Counter(identifier.tolist()), Counter(graph.edge_identifier.tolist())
    # Where an account drew the same identifier twice, one of both is gone.
    assert drawn <= before
    assert sum(drawn.values()) > 0.9 * sum(before.values())
    assert Counter(account.tolist()) <= Counter(graph.edge_account.tolist())


def test_rewiring_changes_who_shares_with_whom() -> None:
    graph = population()
    before = set(zip(graph.edge_account.tolist(), graph.edge_identifier.tolist(), strict=True))
    account, identifier, *_ = significance.rewired(graph, alone(), 1, 0)
    after = set(zip(account.tolist(), identifier.tolist(), strict=True))
    assert len(before & after) < 0.2 * len(before)


def test_replicates_differ_and_repeat() -> None:
    graph = population()
    first, again, other, seeded = (
        [column.tolist() for column in significance.rewired(graph, alone(), seed, replicate)]
        for seed, replicate in ((1, 0), (1, 0), (1, 1), (2, 0))
    )
    assert first == again
    assert first != other
    assert first != seeded


def test_what_one_account_used_alone_changes_places_with_what_is_shared() -> None:
    """Cards go to accounts that shared none; addresses, of which nothing is told, stay among those that shared some."""
    drawing = Drawing()
    for at in range(0, 40, 2):
        drawing.use([at, at + 1], CARD, f"{at:03}")
        drawing.use([at, at + 1], IP, f"{at:03}")
    drawing.accounts = 400
    graph = drawing.incidence()
    card = graph.kinds.index(CARD)
    account, identifier, *_ = significance.rewired(graph, alone(*((card, other) for other in range(40, 400))), 1, 0)
    cards = graph.kind[identifier] == card
    assert cards.sum() == 40
    assert (account[cards] >= 40).mean() > 0.75
    assert (account[~cards] < 40).all()


def test_a_mesh_of_cards_is_beyond_chance_among_accounts_with_cards_of_their_own() -> None:
    """Cards of three accounts, two an account; rewired among themselves these hang together just as well."""
    random = np.random.default_rng(8)
    drawing = Drawing()
    for turn in range(2):
        for number, card in enumerate(random.permutation(60).reshape(-1, 3).tolist()):
            drawing.use(card, CARD, f"{turn}-{number:02}")
    drawing.accounts = 2_000
    graph = drawing.incidence()
    settings = Settings()
    found = detection.search(graph, unknown(graph), settings, 1)
    assert found.size.max() >= 20
    others = alone(*((graph.kinds.index(CARD), other) for other in range(60, 2_000)))
    among_all, among_sharers = (
        q_of(found, detection.null(graph, uses, unknown(graph), settings, lambda _: None), graph).min()
        for uses in (others, alone())
    )
    assert among_all < 0.05 < among_sharers


def test_maxima_are_the_largest_of_each_size_class() -> None:
    found, size = np.array([5.0, 9.0, 3.0, 7.0]), np.array([3, 2, 5, 40])
    both = np.column_stack([found, found[::-1]])
    assert significance.maxima(both, size, 8).T.tolist() == [[0, 9, 3, 0, 0, 7, 0, 0], [0, 7, 9, 0, 0, 5, 0, 0]]


def test_a_cluster_beyond_the_last_class_counts_in_it() -> None:
    assert significance.maxima(np.array([[4.0]]), np.array([1_000]), 3)[2].tolist() == [4]


def test_no_clusters_no_maxima() -> None:
    assert significance.maxima(np.zeros((0, 1)), np.zeros(0, np.int64), 3).tolist() == [[0], [0], [0]]


def test_the_statistic_grows_with_what_there_is_to_explain() -> None:
    bits = np.array([0.0, 1.0, 30.0, 3_000.0])
    found = significance.statistic(np.column_stack([2.0 * bits, bits, bits]), (CARD, SCHEDULE))
    assert found[0].tolist() == [0.0, 0.0, 0.0]
    assert (np.diff(found[:, :2], axis=0) > 0).all()
    # Schedules are validated by a test of their own.
    assert (found[:, 0] == found[:, 1]).all()
    assert (found[:, 2] == 0.0).all()


def fitted(seed: int = 5, replicates: int = 5) -> significance.Null:
    random = np.random.default_rng(seed)
    return significance.fit(list(one(random.gumbel(7, 0.8, (replicates, 4)).clip(0))), 1_000)


@pytest.mark.parametrize("size", [1, 3, 12, 5_000])
def test_q_falls_as_the_statistic_rises(size: int) -> None:
    q = significance.q_values(fitted(), one(np.linspace(-5, 40, 200)), np.full(200, size))
    assert (np.diff(q) <= 0).all()
    assert ((q >= 0) & (q <= 1)).all()
    assert q[0] == 1.0
    assert q[-1] < 1e-6


@pytest.mark.parametrize("seed", range(5))
def test_a_statistic_at_the_nulls_largest_validates_nothing(seed: int) -> None:
    null = fitted(seed)
    for replicate in null.maxima:
        assert (significance.q_values(null, replicate, 2 ** np.arange(len(replicate))) > 0.05).all()


def test_the_same_statistic_means_more_among_fewer_accounts() -> None:
    maxima = [one(np.array([0.0, 4.0, 6.0, 13.0])), one(np.array([0.0, 4.5, 6.2, 13.1]))]
    q = significance.q_values(significance.fit(maxima * 3, 1_000), np.full((4, 1), 12.0), np.array([3, 5, 8, 500]))
    assert (np.diff(q) >= 0).all()
    assert q[0] < 0.05 < q[3]


def test_a_null_that_found_nothing_still_asks_for_evidence() -> None:
    """Five empty replicates are no proof: the weakest clusters that a search returns are not validated."""
    for accounts in (100, 10_000):
        null = significance.fit([np.zeros((5, 2))] * 5, accounts)
        assert (null.scale >= significance.LEAST_SCALE).all()
        bits = 3 * np.log2(accounts / 3) * np.array([0.5, 1.0, 1.3, 50.0])
        found = significance.statistic(np.column_stack([bits, bits]), (CARD,))
        q = significance.q_values(null, found, np.full(4, 3))
        assert (q[:3] > 0.05).all()
        assert q[3] < 1e-3


def test_a_kind_meets_what_its_own_kind_does_in_rewired_data() -> None:
    """The busiest accounts hang together by prompts, rewired or not; of cards next to nothing is found there."""
    random = np.random.default_rng(6)
    rewired = np.zeros((5, 7, 3))
    rewired[:, 3], rewired[:, 6] = [120.0, 100.0, 20.0], [2_500.0, 90.0, 2_400.0]
    rewired *= random.uniform(0.95, 1.05, rewired.shape)
    null = significance.fit(list(np.log2(1.0 + rewired)), 20_000)
    of_cards, of_prompts, of_both, of_neither = (
        np.array([cards + prompts, cards, prompts])
        for cards, prompts in ((900, 0), (0, 900), (2_000, 9_000), (150, 2_000))
    )
    found = significance.statistic(np.stack([of_cards, of_prompts, of_both, of_neither]), (CARD, TEMPLATE))
    q = significance.q_values(null, found, np.full(4, 80))
    assert (q <= 0.05).tolist() == [True, False, True, False]
    # What chance ties of a few accounts, by cards say, it may tie by prompts as well.
    few = significance.statistic(np.array([[250.0, 0.0, 250.0], [500.0, 0.0, 500.0]]), (CARD, TEMPLATE))
    assert (significance.q_values(null, few, np.full(2, 12)) <= 0.05).tolist() == [False, True]


def test_what_replicates_differ_by_is_corrected_for_how_many_statistics_there_are() -> None:
    maxima = list(np.random.default_rng(7).gumbel(8, 1.5, (5, 1)))
    found = np.array([13.0])
    single = significance.q_values(significance.fit([one(row) for row in maxima], 100), one(found), np.array([3]))
    several = significance.q_values(
        significance.fit([np.repeat(one(row), 4, axis=1) for row in maxima], 100),
        np.array([[13.0, 0.0, 0.0, 0.0]]),
        np.array([3]),
    )
    assert several == pytest.approx(4 * single)


def test_a_null_whose_largest_is_now_in_one_class_and_now_in_the_next_is_not_wide() -> None:
    """In three of five replicates the null's largest has some 900 accounts, and in two of them 1,050."""
    maxima = np.zeros((5, 12, 1))
    for replicate, size_class in enumerate((9, 10, 9, 9, 10)):
        maxima[replicate, size_class] = 13.2 + 0.02 * replicate
    null = significance.fit(list(maxima), 20_000)
    assert null.scale[9, 0] > 2.0 > null.scale[10, 0]
    q = significance.q_values(null, np.full((3, 1), 15.0), np.array([700, 1_500, 40]))
    assert q[0] == q[1] <= 0.05
    assert q[2] < q[0]


def test_the_fit_follows_the_law_it_is_fitted_to() -> None:
    random = np.random.default_rng(1)
    null = significance.fit(list(random.gumbel(40, 5, (400, 1, 1))), 100)
    assert null.location[0] == pytest.approx(40, abs=1.0)
    assert null.scale[0] == pytest.approx(5, abs=0.7)
    assert null.error == pytest.approx(5 * np.pi / np.sqrt(6 * 400), rel=0.2)


def test_random_use_validates_nothing_beyond_its_share() -> None:
    """Family-wise: of twenty populations in which nobody belongs to anybody, one may hold a validated cluster."""
    settings = Settings()
    fooled = 0
    for seed in range(20):
        graph = population(seed=seed)
        null = detection.null(graph, alone(), unknown(graph), settings, lambda _done: None)
        found = detection.search(graph, unknown(graph), settings, settings.seed)
        fooled += bool((q_of(found, null, graph) <= settings.scoring.q_bar).any())
    assert fooled <= 2


def test_the_null_tells_of_every_replicate() -> None:
    graph = population()
    heard: list[int] = []
    null = detection.null(graph, alone(), unknown(graph), Settings(), heard.append)
    assert heard == list(range(1, Settings().scoring.replicates + 1))
    assert len(null.maxima) == Settings().scoring.replicates


def test_a_planted_ring_is_validated() -> None:
    drawing = Drawing()
    drawing.clique(range(12), "ring", cards=5, templates=8)
    random = np.random.default_rng(3)
    for kind, identifiers, uses in ((IP, 150, 500), (CARD, 120, 240), (TEMPLATE, 60, 400)):
        for at, name in zip(
            random.integers(12, 300, uses).tolist(), random.integers(0, identifiers, uses).tolist(), strict=True
        ):
            drawing.use([at], kind, f"{name:03}")
    graph = drawing.incidence()
    settings = Settings()
    null = detection.null(graph, alone(), unknown(graph), settings, lambda _done: None)
    found = detection.search(graph, unknown(graph), settings, settings.seed)
    ring = found.label[0]
    assert ring >= 0
    assert q_of(found, null, graph)[ring] <= settings.scoring.q_bar


def test_a_schedule_validates_those_of_whom_most_keep_it() -> None:
    drawing = Drawing(accounts=30, kinds=(TEMPLATE, SCHEDULE))
    drawing.use(range(10), TEMPLATE, "script")
    drawing.use([0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14], SCHEDULE, "nightly")
    graph = drawing.incidence()
    by_chance = np.where(graph.kind == graph.kinds.index(SCHEDULE), 1e-6, 1.0)
    # Six of ten, five of ten, and none.
    label = np.repeat(np.arange(3), 10)
    assert significance.of_schedules(graph, label, 3, by_chance, 0.5).tolist() == [1e-6, 1.0, 1.0]
    # Six of its eleven are too few for it to be the group's own.
    assert significance.of_schedules(graph, label, 3, by_chance, 0.6).tolist() == [1.0, 1.0, 1.0]
    without = significance.of_schedules(population(30), label, 3, np.ones(330), 0.5)
    assert without.tolist() == [1.0, 1.0, 1.0]


def test_tied_bits_are_those_of_the_members() -> None:
    drawing = Drawing()
    drawing.clique(range(12), "one", cards=5, templates=8)
    drawing.clique(range(12, 20), "two")
    drawing.accounts = 300
    graph = drawing.incidence()
    found = detection.search(graph, unknown(graph), Settings(), 1)
    assert found.clusters == 2
    expected = np.zeros((2, 1 + len(graph.kinds)))
    considered = found.membership
    for row, identifier, bits in zip(
        considered.entry_row, considered.entry_identifier, considered.entry_bits, strict=True
    ):
        account = considered.account[row]
        if considered.label[account] == considered.community[row]:
            expected[found.label[account], [0, 1 + graph.kind[identifier]]] += bits
    tied = detection.tied_bits(found, graph)
    assert tied == pytest.approx(expected)
    assert (tied[:, 0] >= detection.linkage_score(found) * found.size - 1e-9).all()
