"""Volume: whether the members of a group do equal shares of one workload, or as much and as little as people do.

What people do is heavy-tailed, among strangers and among colleagues: a few do most of it. An operator who has to stay
below what is noticed gives each account its share, and no account is one that was opened once and forgotten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from linkage.scoring.term import Term, not_applicable

if TYPE_CHECKING:
    from linkage.config import ScoringSettings
    from linkage.scoring.baseline import Baseline
    from linkage.scoring.features import Features
    from linkage.scoring.term import FloatArray, IntArray

#: Fewest members that tell how evenly they work, and fewest accounts that tell how evenly everybody does.
_JUDGED, _EVERYBODY = 8, 100
#: Halvings of everybody's spread from which members share one workload, and below which they work as people do, in
#: full at half of that: those who are in a group at all are a little more alike than everybody.
_ONE_WORKLOAD, _PEOPLE = 1.0, 0.5
#: Most that even volumes count for abuse, and uneven ones against, points; and points for each halving.
CAP, _AGAINST, _SLOPE = 1.5, 1.5, 2.0
#: Standard error of log2 of an interquartile range of n normal values, times the root of n.
_ERROR = 1.68


def spread_of_everybody(features: Features) -> float | None:
    """Interquartile range of log2 of an account's events; None where too few accounts tell, or all do the same."""
    active = features.events > 0
    if active.sum() < _EVERYBODY:
        return None
    low, high = np.quantile(np.log2(features.events[active]), [0.25, 0.75])
    return float(high - low) or None


def even_volume(
    features: Features,
    label: IntArray,
    groups: int,
    baseline: Baseline,
    unexplained: FloatArray,
    settings: ScoringSettings,
) -> Term:
    """How evenly members share what the group does, against how evenly everybody does what they do.

    In halvings of the spread (interquartile range of log2 events in the window): half a standard error is taken off
    either way. Against a group counts how uneven the half of it is that is most even: accounts that an operator leaves
    idle, or that were closed early, make no crowd of the others. ``unexplained`` (K, 0–1): how far nothing of a firm or
    a class explains the group; those share work too.
    """
    spread, narrow, known = _spread(features, label, groups)
    judged = known >= _JUDGED if baseline.volume is not None else np.zeros(groups, dtype=np.bool_)
    error = _ERROR / np.sqrt(np.maximum(known, 1))
    nan, everybody = not_applicable(groups), baseline.volume or 1.0
    # Members who all do the same amount are as even as can be told, not infinitely so.
    least = error * everybody / 4.0
    halvings = np.log2(everybody / np.maximum(spread, least))
    at_best = np.log2(everybody / np.maximum(narrow, least))
    points = unexplained * np.clip(_SLOPE * (halvings - error / 2.0 - _ONE_WORKLOAD), 0.0, CAP)
    points -= _AGAINST * np.clip(2.0 - 2.0 * (at_best + error / 2.0) / _PEOPLE, 0.0, 1.0)

    def sentence(group: int) -> str:
        if not judged[group]:
            return "of too few members or accounts it is known how much they do"
        return (
            f"between the highest and the lowest quarter, how much members do differs by a factor of "
            f"{np.exp2(spread[group]):.1f} (all accounts: {np.exp2(everybody):.1f})"
        )

    observed, expected = np.where(judged, spread, nan), np.where(judged, everybody, nan)
    points = np.where(judged, points, 0.0) * settings.cap_scale
    return Term("even_volume", "likeness", observed, expected, np.where(judged, halvings, nan), points, sentence)


def _spread(features: Features, label: IntArray, groups: int) -> tuple[FloatArray, FloatArray, IntArray]:
    """Of log2 events of each group's active members (K): interquartile range, shortest half, and how many there are.

    Of normal values both are the same: half of them lie between the quartiles.
    """
    used = np.flatnonzero((label >= 0) & (features.events > 0))
    of, value = label[used], np.log2(features.events[used])
    order = np.lexsort((value, of))
    of, value = of[order], value[order]
    bounds = np.searchsorted(of, np.arange(groups + 1))
    spread, narrow = np.zeros(groups), np.zeros(groups)
    for group in np.flatnonzero(np.diff(bounds) >= _JUDGED).tolist():
        members = value[bounds[group] : bounds[group + 1]]
        low, high = np.quantile(members, [0.25, 0.75])
        half = len(members) // 2
        spread[group], narrow[group] = high - low, (members[half:] - members[: len(members) - half]).min()
    return spread, narrow, np.diff(bounds)
