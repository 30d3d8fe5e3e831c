"""How far a group stands from ordinary accounts that were about as active."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from linkage.scoring import effects
from linkage.scoring.effects import Effect, expectation, matched_cells, spread_between
from tests.lib.graphs import features, label_of

N = 1_000
ORDINARY = np.ones(N, dtype=np.bool_)


def effect(
    value: NDArray[np.float64],
    cell: NDArray[np.int64],
    label: NDArray[np.int64],
    groups: int,
    ordinary: NDArray[np.bool_],
    floor: float,
) -> Effect:
    """The effect of groups against the ordinary accounts beside them."""
    return effects.effect(value, cell, label, groups, effects.expected(value, cell, label, groups, ordinary), floor)


def measured(shift: float, size: int = 20, floor: float = 0.35, seed: int = 1) -> float:
    """z of a group whose values lie ``shift`` standard deviations above everybody else's."""
    random = np.random.default_rng(seed)
    value = random.normal(10, 2, N)
    label = label_of(N, range(size))
    value[:size] += 2 * shift
    found = effect(value, np.zeros(N, np.int64), label, 1, label < 0, floor)
    return float(found.z[0])


@pytest.mark.parametrize("shift", [-3.0, -1.0, 1.0, 3.0])
def test_z_has_the_sign_of_the_deviation(shift: float) -> None:
    assert np.sign(measured(shift)) == np.sign(shift)
    assert abs(measured(shift)) > 1.0


def test_a_group_of_ordinary_accounts_stands_near_nothing() -> None:
    assert max(abs(measured(0.0, seed=seed)) for seed in range(20)) < 2.0


def test_a_higher_floor_makes_the_same_deviation_smaller() -> None:
    assert measured(2.0, floor=0.2) > measured(2.0, floor=0.5) > measured(2.0, floor=1.0) > 0


def test_the_floor_bounds_z_however_large_the_group_is() -> None:
    assert measured(1.0, size=500, floor=0.5) < 1.0 / 0.5 + 0.3


def test_observed_and_expected_are_means() -> None:
    value = np.arange(N, dtype=np.float64)
    label = label_of(N, [0, 1, 2, 3])
    found = effect(value, np.zeros(N, np.int64), label, 1, label < 0, 0.35)
    assert found.observed[0] == pytest.approx(1.5)
    assert found.expected[0] == pytest.approx(value[4:].mean())
    assert found.known[0] == 4


def test_unknown_values_count_for_nobody() -> None:
    value = np.random.default_rng(1).normal(0, 1, N)
    value[:10] = np.nan
    value[10:12] = 9.0
    label = label_of(N, range(10), range(8, 14))
    found = effect(value, np.zeros(N, np.int64), label, 2, label < 0, 0.35)
    assert np.isnan(found.observed[0])
    assert found.z[0] == 0.0
    assert found.known.tolist() == [0, 4]


def test_fewer_than_three_known_members_say_nothing() -> None:
    value = np.random.default_rng(1).normal(0, 1, N)
    value[:2] = 50.0
    label = label_of(N, [0, 1])
    assert effect(value, np.zeros(N, np.int64), label, 1, label < 0, 0.35).z[0] == 0.0


def test_no_value_at_all_is_no_effect() -> None:
    label = label_of(N, range(5))
    found = effect(np.full(N, np.nan), np.zeros(N, np.int64), label, 1, ORDINARY, 0.35)
    assert found.z[0] == 0.0
    assert np.isnan(found.expected[0])


def test_a_constant_feature_has_no_effect() -> None:
    label = label_of(N, range(30))
    assert effect(np.full(N, 3.0), np.zeros(N, np.int64), label, 1, label < 0, 0.35).z[0] == pytest.approx(0.0)


def test_accounts_are_matched_by_activity() -> None:
    """Heavy accounts ask more of everything: a heavy group is compared with heavy accounts."""
    random = np.random.default_rng(2)
    events = np.where(np.arange(N) < 500, 8.0, 4_096.0)
    made = features(N, events=events)
    value = np.log2(events) + random.normal(0, 0.5, N)
    label = label_of(N, range(500, 530))
    matched = effect(value, matched_cells(made), label, 1, label < 0, 0.35)
    plain = effect(value, np.zeros(N, np.int64), label, 1, label < 0, 0.35)
    assert abs(matched.z[0]) < 1.0
    assert matched.expected[0] > plain.expected[0] + 2.0


def test_cells_are_doublings_and_bounded() -> None:
    events = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 1e12])
    days = np.array([0.0, 1.0, 1.0, 2.0, 5.0, 90.0])
    made = features(6, events=events, active_days=days)
    cells = matched_cells(made)
    assert cells.tolist() == [0, 0, 16, 17, 34, 24 * 16 + 6]
    assert cells.max() < 25 * 16


def test_an_empty_cell_leans_on_the_whole() -> None:
    value = np.random.default_rng(3).normal(5, 1, N)
    cell = np.zeros(N, np.int64)
    cell[0] = 24 * 16 + 12
    used = np.ones(N, dtype=np.bool_)
    used[0] = False
    mean, variance = expectation(value, cell, used)
    assert mean[cell[0]] == pytest.approx(value[1:].mean(), abs=0.01)
    assert variance[cell[0]] == pytest.approx(1.0, abs=0.2)


def test_the_spread_between_groups_is_learned_from_them() -> None:
    """Where linked groups differ a lot anyway, one that differs is nothing special."""
    random = np.random.default_rng(4)
    groups = 40
    known = np.full(groups, 20)
    sampling = np.full(groups, 0.05)
    alike, apart = random.normal(0, 0.2, groups), random.normal(0, 2.0, groups)
    assert spread_between(alike, sampling, known) < 0.1
    assert spread_between(apart, sampling, known) == pytest.approx(4.0, rel=0.7)


def test_a_tenth_of_groups_that_differ_much_widens_the_spread() -> None:
    """Families are alike, and firms choose their models: one more firm that did is nothing special either."""
    random = np.random.default_rng(4)
    known, sampling = np.full(200, 20), np.full(200, 0.01)
    families = random.normal(0, 0.2, 200)
    with_firms = np.where(np.arange(200) % 8 == 0, 2.0, families)
    assert spread_between(families, sampling, known) < 0.1
    assert spread_between(with_firms, sampling, known) > 1.0


def test_a_few_groups_teach_no_spread() -> None:
    assert spread_between(np.full(5, 9.0), np.full(5, 0.1), np.full(5, 20)) == 0.0
