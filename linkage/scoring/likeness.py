"""Likeness: how much more alike the members of a group work than the members of other groups do.

Colleagues, classmates and customers share what they share and still work each in their own way. The accounts of one
operator run one pipeline, and their requests are of one size.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from linkage.scoring.structure import beyond
from linkage.scoring.term import Term

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from linkage.config import ScoringSettings
    from linkage.evidence.incidence import Incidence
    from linkage.scoring.baseline import Baseline
    from linkage.scoring.features import Features
    from linkage.scoring.structure import Sharing, Usual
    from linkage.scoring.term import FloatArray, IntArray

#: Fewest events of an account that tell its usual size of request.
_TELLING = 5.0
#: Fewest members that tell how alike they are.
_JUDGED = 8
#: Fewest accounts that tell how much everybody's requests differ.
_EVERYBODY = 100
#: Below it everybody's requests are of one size, but for rounding.
_NO_SPREAD = 1e-6
#: Most that likeness counts for abuse, points: a firm with one pipeline is alike as well.
CAP = 3.0
#: Most that the lack of it counts against, points.
AGAINST = 2.0
#: Halvings of everybody's spread from which members are no strangers and may be alike, whatever other groups are, and
#: within which they cease to be the one and become the other.
_NARROWER, _RANGE = 1.0, 0.5
#: Standard deviations beyond other groups from which members are alike, and below which they are strangers.
_ALIKE, _STRANGERS = 1.0, 0.5


@dataclass(frozen=True, slots=True)
class Requests:
    """How alike the requests of members are in size (K): −log2 of the standard deviation of log2 tokens a request.

    ``judged`` (K): of which groups that can be said; ``error`` (K): its standard error.
    """

    alike: FloatArray
    judged: NDArray[np.bool_]
    error: FloatArray


def likeness(
    incidence: Incidence,
    features: Features,
    templates: Sharing,
    label: IntArray,
    groups: int,
    baseline: Baseline,
    settings: ScoringSettings,
) -> Term:
    """How alike members are in the size of their requests, against the members of the other groups here.

    Of a group with prompts of its own (``templates``) those are compared that are made from them: what accounts do
    beside their task, to look like people, is as varied as people are.

    Members who are no more alike than those of other groups are strangers to each other, whatever they share: that
    speaks against one operator, and is what tells a reseller's customers, on cards that rotate, from a campaign.
    """
    every, handed = requests(features, label, groups), handed_out(incidence, features, templates, label, groups)
    on_prompts = handed.judged & (baseline.handed is not None)
    z = np.where(
        on_prompts,
        beyond(handed.alike, handed.judged, baseline.handed, handed.error),
        beyond(every.alike, every.judged, baseline.alike, every.error),
    )
    alike, judged = np.where(on_prompts, handed.alike, every.alike), on_prompts | every.judged
    others = np.where(on_prompts, _middle(baseline.handed), _middle(baseline.alike))

    def sentence(group: int) -> str:
        if not judged[group]:
            return "of too few members it is known how large their requests are"
        what = "a request from the prompts that they share" if on_prompts[group] else "a request"
        own = f"the tokens of {what} differ by a factor of {_factor(alike[group]):.2f} between the members"
        usual = (
            f"within other groups: {_factor(others[group]):.2f}"
            if np.isfinite(others[group])
            else "too few groups to compare with"
        )
        return f"{own} ({usual})"

    known = judged & np.isfinite(others)
    strangers = np.where(known, np.clip(_STRANGERS - z, 0.0, 1.0), 0.0) * np.where(
        on_prompts, 1.0, _as_everybody(every.alike, baseline.sizes, unknown=1.0)
    )
    narrow = 1.0 - _as_everybody(alike, baseline.sizes, unknown=0.0)
    points = np.clip(1.5 * (z - _ALIKE), 0.0, CAP) * narrow - AGAINST * strangers
    observed = np.where(judged, np.exp2(-alike), np.nan)
    expected = np.where(judged, np.exp2(-others), np.nan)
    return Term("same_sizes", "likeness", observed, expected, z, points * settings.cap_scale, sentence)


def _as_everybody(alike: FloatArray, everybody: float | None, *, unknown: float) -> FloatArray:
    """How far requests of members differ as those of everybody do (K, 0–1), in halvings of that spread."""
    if everybody is None:
        return np.full(len(alike), unknown)
    return np.asarray(np.clip(_NARROWER - (alike + np.log2(everybody)), 0.0, _RANGE) / _RANGE)


def _middle(among: Usual | None) -> float:
    return among.middle if among is not None else float("nan")


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


def spread_of_everybody(features: Features) -> float | None:
    """Standard deviation of log2 tokens a request over all accounts; None where too few accounts tell."""
    telling = _telling(features.tokens, features.events)
    if telling.sum() < _EVERYBODY:
        return None
    spread = float(np.std(np.log2(features.tokens[telling] / features.events[telling])))
    return spread if spread > _NO_SPREAD else None


def requests(features: Features, label: IntArray, groups: int) -> Requests:
    """Over all that members ask."""
    return _requests(features.tokens, features.events, label, groups)


def handed_out(incidence: Incidence, features: Features, templates: Sharing, label: IntArray, groups: int) -> Requests:
    """Over what members ask from prompts of the group's own, where half of them do."""
    accounts, own = len(label), templates.edges
    spent = features.asked.along(incidence)[own]
    # Where a source does not tell tokens, nothing is known of what was asked there.
    own, spent = own[spent > 0], spent[spent > 0]
    account = incidence.edge_account[own]
    events: FloatArray = np.bincount(account, incidence.edge_events[own], accounts).astype(np.float64)
    tokens: FloatArray = np.bincount(account, spent, accounts).astype(np.float64)
    found = _requests(tokens, events, label, groups)
    size = np.bincount(label[label >= 0], minlength=groups)
    telling = np.bincount(label[_telling(tokens, events) & (label >= 0)], minlength=groups)
    return replace(found, judged=found.judged & (2 * telling >= size))


def _requests(tokens: FloatArray | IntArray, events: FloatArray, label: IntArray, groups: int) -> Requests:
    usual_size = np.log2(np.maximum(tokens / np.maximum(events, 1.0), 1.0))
    spread, known = _spread(np.where(_telling(tokens, events), usual_size, np.nan), label, groups)
    judged = (known >= _JUDGED) & (spread > 0)
    # The logarithm of a standard deviation of n values has itself one of about 1 / (ln 2 √(2(n − 1))).
    error = 1.0 / (np.log(2.0) * np.sqrt(2.0 * np.maximum(known - 1.0, 1.0)))
    return Requests(-np.log2(np.where(judged, spread, 1.0)), judged, error)


def _telling(tokens: FloatArray | IntArray, events: FloatArray) -> NDArray[np.bool_]:
    return np.asarray((tokens > 0) & (events >= _TELLING))


def _spread(value: FloatArray, label: IntArray, groups: int) -> tuple[FloatArray, IntArray]:
    """Standard deviation of ``value`` (N, NaN unknown) among the members of each group, and how many are known."""
    used = (label >= 0) & np.isfinite(value)
    known = np.bincount(label[used], minlength=groups)
    mean = np.bincount(label[used], value[used], groups) / np.maximum(known, 1)
    square = np.bincount(label[used], (value[used] - mean[label[used]]) ** 2, groups)
    return np.sqrt(square / np.maximum(known - 1, 1)), known
