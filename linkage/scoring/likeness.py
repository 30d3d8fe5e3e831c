"""Likeness: how much more alike the members of a group work than the members of other groups do.

Colleagues, classmates and customers share what they share and still work each in their own way. The accounts of one
operator run one pipeline, and their requests are of one size.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from linkage.scoring.structure import beyond
from linkage.scoring.term import Term

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from linkage.config import ScoringSettings
    from linkage.scoring.baseline import Baseline
    from linkage.scoring.features import Features
    from linkage.scoring.term import FloatArray, IntArray

#: Fewest events of an account that tell its usual size of request.
_TELLING = 5.0
#: Fewest members that tell how alike they are.
_JUDGED = 8
#: Most that likeness counts for abuse, points: a firm with one pipeline is alike as well.
CAP = 3.0
#: Most that the lack of it counts against, points.
AGAINST = 2.0
#: Standard deviations beyond other groups from which members are alike, and below which they are strangers.
_ALIKE, _STRANGERS = 1.0, 0.5


def likeness(features: Features, label: IntArray, groups: int, baseline: Baseline, settings: ScoringSettings) -> Term:
    """How alike members are in the size of their requests, against the members of the other groups here.

    Members who are no more alike than those of other groups are strangers to each other, whatever they share: that
    speaks against one operator, and is what tells a reseller's customers, on cards that rotate, from a campaign.
    """
    alike, judged, error = requests(features, label, groups)
    z = beyond(alike, judged, baseline.alike, error)
    others = baseline.alike.middle if baseline.alike is not None else None

    def sentence(group: int) -> str:
        if not judged[group]:
            return "of too few members it is known how large their requests are"
        own = f"the tokens of a request differ by a factor of {_factor(alike[group]):.2f} between the members"
        usual = (
            f"within other groups: {_factor(others):.2f}" if others is not None else "too few groups to compare with"
        )
        return f"{own} ({usual})"

    known = judged & (others is not None)
    points = np.clip(1.5 * (z - _ALIKE), 0.0, CAP) - np.where(known, AGAINST * np.clip(_STRANGERS - z, 0.0, 1.0), 0.0)
    observed = np.where(judged, np.exp2(-alike), np.nan)
    expected = np.where(judged, np.exp2(-others) if others is not None else np.nan, np.nan)
    return Term("same_sizes", "likeness", observed, expected, z, points * settings.cap_scale, sentence)


def unless_acquainted(found: Term, acquainted: FloatArray) -> Term:
    """The lack of likeness as far as members share nothing that strangers do not: ``acquainted`` (K, 0–1)."""

    def sentence(group: int) -> str:
        told = found.sentence(group)
        if found.points[group] >= 0.0 or acquainted[group] <= 0.0:
            return told
        return f"{told}; they share what strangers do not, so it counts {1.0 - acquainted[group]:.0%}"

    kept = np.where(found.points < 0.0, 1.0 - acquainted, 1.0)
    return replace(found, points=found.points * kept, sentence=sentence)


def _factor(alike: float) -> float:
    """By what factor requests differ whose log2 has a standard deviation of 2^−alike."""
    return float(np.exp2(np.exp2(-alike)))


def requests(features: Features, label: IntArray, groups: int) -> tuple[FloatArray, NDArray[np.bool_], FloatArray]:
    """How alike the requests of members are in size: −log2 of the standard deviation of log2 tokens a request (K).

    Also which groups that can be said of (K), and its standard error (K).
    """
    usual_size = np.log2(np.maximum(features.tokens / np.maximum(features.events, 1.0), 1.0))
    telling = (features.tokens > 0) & (features.events >= _TELLING)
    spread, known = _spread(np.where(telling, usual_size, np.nan), label, groups)
    judged = (known >= _JUDGED) & (spread > 0)
    # The logarithm of a standard deviation of n values has itself one of about 1 / (ln 2 √(2(n − 1))).
    error = 1.0 / (np.log(2.0) * np.sqrt(2.0 * np.maximum(known - 1.0, 1.0)))
    return -np.log2(np.where(judged, spread, 1.0)), judged, error


def _spread(value: FloatArray, label: IntArray, groups: int) -> tuple[FloatArray, IntArray]:
    """Standard deviation of ``value`` (N, NaN unknown) among the members of each group, and how many are known."""
    used = (label >= 0) & np.isfinite(value)
    known = np.bincount(label[used], minlength=groups)
    mean = np.bincount(label[used], value[used], groups) / np.maximum(known, 1)
    square = np.bincount(label[used], (value[used] - mean[label[used]]) ** 2, groups)
    return np.sqrt(square / np.maximum(known - 1, 1)), known
