"""Figures against truth, worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from linkage.evaluation import metrics


def ints(*values: int) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


def mask(text: str) -> NDArray[np.bool_]:
    """x is true."""
    return np.array([letter == "x" for letter in text], dtype=np.bool_)


def test_flags_are_counted() -> None:
    found = metrics.flags(mask("xxx....."), mask("xx.xx..."))
    assert (found.precision, found.recall, found.f1) == pytest.approx((2 / 3, 1 / 2, 4 / 7))


@pytest.mark.parametrize(
    ("flagged", "malicious", "expected"),
    [
        ("....", "....", metrics.Flags(1.0, 1.0, 1.0)),
        ("....", "x...", metrics.Flags(1.0, 0.0, 0.0)),
        ("x...", "....", metrics.Flags(0.0, 1.0, 0.0)),
        (".x..", "x...", metrics.Flags(0.0, 0.0, 0.0)),
    ],
)
def test_flags_where_there_is_nothing(flagged: str, malicious: str, expected: metrics.Flags) -> None:
    assert metrics.flags(mask(flagged), mask(malicious)) == expected


def test_average_precision_of_a_ranking() -> None:
    score = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    assert metrics.average_precision(score, mask("x.x.x")) == pytest.approx((1 + 2 / 3 + 3 / 5) / 3)


def test_ties_count_as_one_step() -> None:
    score = np.array([0.9, 0.5, 0.5, 0.5, 0.1])
    assert metrics.average_precision(score, mask("xx...")) == pytest.approx((1 + 2 / 4) / 2)
    assert metrics.average_precision(score, mask("x..x.")) == pytest.approx((1 + 2 / 4) / 2)


def test_scores_that_tell_nothing_give_the_share_of_malicious_accounts() -> None:
    assert metrics.average_precision(np.zeros(8), mask("x.....x.")) == pytest.approx(2 / 8)


def test_average_precision_needs_something_to_find() -> None:
    assert math.isnan(metrics.average_precision(np.ones(3), mask("...")))


def test_b_cubed_of_a_hand_worked_example() -> None:
    """Amigó's: two groups of three and two; found as {a a b} {a b}."""
    found, truth = ints(0, 0, 0, 1, 1), ints(0, 0, 1, 0, 1)
    flags = metrics.b_cubed(found, truth, mask("xxxxx"))
    assert flags.precision == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1 / 2 + 1 / 2) / 5)
    assert flags.recall == pytest.approx((2 / 3 + 2 / 3 + 1 / 2 + 1 / 3 + 1 / 2) / 5)


def test_accounts_without_a_cluster_stand_alone() -> None:
    flags = metrics.b_cubed(ints(-1, -1, 3, 3), ints(0, 0, 0, 0), mask("xxxx"))
    assert flags.precision == pytest.approx(1.0)
    assert flags.recall == pytest.approx((1 / 4 + 1 / 4 + 2 / 4 + 2 / 4) / 4)


def test_b_cubed_judges_malicious_accounts_on_all_clusters() -> None:
    flags = metrics.b_cubed(ints(0, 0, 0, 0), ints(5, 5, -1, -1), mask("xx.."))
    assert flags.precision == pytest.approx(2 / 4)
    assert flags.recall == pytest.approx(1.0)


def test_b_cubed_of_the_truth_is_perfect() -> None:
    truth = ints(4, 4, -1, 9, 9, 9)
    assert metrics.b_cubed(truth, truth, mask("xxxxxx")) == metrics.Flags(1.0, 1.0, 1.0)
    assert metrics.b_cubed(truth, truth, mask("......")) == metrics.Flags(1.0, 1.0, 1.0)


def test_campaigns_recovered_by_one_cluster_each() -> None:
    truth = ints(0, 0, 0, 0, 1, 1, 1, -1, 2)
    found = ints(5, 5, 5, 5, 6, 6, -1, 5, 7)
    flagged = mask("xxxxxx.x.")
    malicious = mask("xxxxxxx.x")
    overlap = metrics.recovered(found, flagged, truth, malicious)
    assert overlap == pytest.approx({0: 4 / 5, 1: 2 / 3, 2: 0.0})


def test_a_campaign_in_pieces_is_judged_by_its_best_piece() -> None:
    overlap = metrics.recovered(ints(0, 0, 0, 1, 1), mask("xxxxx"), ints(3, 3, 3, 3, 3), mask("xxxxx"))
    assert overlap == pytest.approx({3: 3 / 5})
