"""Where members' scores go on below the bar they are followed; where passengers begin it stays."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from linkage.communities.tails import followed

BAR = np.array([5.0])


def lowered(score: NDArray[np.float64]) -> float:
    return float(followed(score, np.zeros(len(score), np.int64), BAR)[0])


def members(count: int, seed: int = 3) -> NDArray[np.float64]:
    """Scores of members on one to thirty things: as many at four bits as at twelve."""
    return np.random.default_rng(seed).uniform(0.0, 6.0, count) ** 2


def test_members_are_followed_to_one_bit_where_nobody_else_is() -> None:
    assert lowered(members(2_000)) == 1.0


@pytest.mark.parametrize(("passengers", "lowest", "highest"), [(300, 1.0, 3.0), (3_000, 2.5, 4.0), (30_000, 5.0, 5.0)])
def test_passengers_end_it(passengers: int, lowest: float, highest: float) -> None:
    low = np.random.default_rng(4).exponential(0.8, passengers)
    assert lowest <= lowered(np.concatenate([members(2_000), low])) <= highest


def test_a_community_whose_members_are_all_far_above_the_bar_keeps_it() -> None:
    far = np.random.default_rng(5).normal(40.0, 6.0, 2_000)
    assert lowered(np.concatenate([far, np.linspace(0.5, 4.9, 40)])) == BAR[0]


def test_nobody_is_followed_into_a_gap() -> None:
    above = np.random.default_rng(8).uniform(5.0**0.5, 6.0, 2_000) ** 2
    assert lowered(np.concatenate([above, np.full(29, 4.6)])) > 3.0
    assert lowered(np.concatenate([above, np.full(9, 4.6)])) == BAR[0]


@pytest.mark.parametrize("seed", range(20))
def test_what_a_large_community_is_followed_to_hangs_on_no_chance(seed: int) -> None:
    assert lowered(members(2_000, seed)) == 1.0


@pytest.mark.parametrize("count", [0, 1, 30, 100])
def test_few_accounts_do_not_tell(count: int) -> None:
    assert lowered(members(count)) == BAR[0]


def test_communities_are_followed_apart_and_in_any_order() -> None:
    score = np.concatenate([members(2_000), np.random.default_rng(5).normal(40.0, 6.0, 2_000)])
    community = np.repeat([1, 2], 2_000)
    mixed = np.random.default_rng(6).permutation(len(score))
    bars = followed(score[mixed], community[mixed], np.array([7.0, 5.0, 5.0]))
    assert bars.tolist() == [7.0, 1.0, 5.0]
    assert followed(score, community, np.array([7.0, 5.0, 5.0])).tolist() == bars.tolist()


@pytest.mark.parametrize("bar", [0.5, 0.0, -1.0])
def test_a_bar_below_one_bit_is_not_raised(bar: float) -> None:
    assert followed(members(2_000), np.zeros(2_000, np.int64), np.array([bar])).tolist() == [bar]


def test_what_is_computed_again_differs_in_the_last_digits_only() -> None:
    score = members(2_000)
    again = score * (1.0 + np.random.default_rng(9).uniform(-1e-14, 1e-14, len(score)))
    assert lowered(again) == lowered(score)
