"""Terms and significance → score, tier and flag."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from linkage.model.explanation import NO_FLAG
from linkage.scoring.shares import WHOLE
from linkage.scoring.term import ABSENCE, SCHEDULED, SHARING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from linkage.config import ScoringSettings
    from linkage.scoring.term import Term

#: Part of the points of a second kind that what members do has to have.
_CONDUCT = 0.5
#: Points of a house of their own, in those of a second kind, from which people decide: half of all work at one site of
#: the members for weeks, or two thirds of them of one organization.
_HOUSE = 2.0
#: What is asked of a flag besides its points → how it is told that it is not met.
_ASKED = {
    "linkage": "linkage is not validated, since chance may tie as much (q {:.4f}; {:g} at most is asked)",
    "kinds": "kinds of evidence beside the strongest, the absence of reasons apart, add {:.2f} points; {:g} are asked",
    "conduct": "what the members do adds {:.2f} points; {:g} are asked, for the rest is how they are linked",
    "house": "a site or a registered organization of their own counts {:.2f} points; from {:g} on people decide",
}
#: What sums of points may differ by, and be the same.
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Assessment:
    """Per group (K): ``abuse`` points, ``score`` 0–1, ``tier`` 1–3.

    ``held``: of a group whose points reach the bar and that is no flag, why, in words; "" of all others.
    """

    abuse: NDArray[np.float64]
    score: NDArray[np.float64]
    tier: NDArray[np.int64]
    held: tuple[str, ...]


def assess(terms: Sequence[Term], q_value: NDArray[np.float64], settings: ScoringSettings) -> Assessment:
    """Sum the terms, and judge.

    Tier 1: linkage validated, and the bar met by two kinds of evidence or one overwhelming one: the strongest, and
    what all others add together. A schedule that most members keep is overwhelming: shuffled days keep none. Either way
    what members *do* has to add half as much as a second kind, since all else is how they are linked; and a site or a
    registered organization of their own, as clear as two kinds, leaves the verdict to people. Tier 2: validated, and
    near the bar, or no flag for one of these. Tier 3: linked only. An unvalidated cluster ranks at half its score, and
    so does what is no flag for its kinds, its conduct or its house: below every flag, in the order of its points.
    """
    groups = len(q_value)
    abuse, conduct, house = np.zeros(groups), np.zeros(groups), np.zeros(groups)
    by_kind: dict[str, NDArray[np.float64]] = {}
    for term in terms:
        abuse += term.points
        if term.evidence not in SHARING:
            conduct += np.maximum(term.points, 0.0)
        if term.house is not None:
            house += term.house
        by_kind[term.evidence] = by_kind.get(term.evidence, np.zeros(groups)) + np.maximum(term.points, 0.0)
    strongest, every = np.zeros(groups), np.zeros(groups)
    for evidence, points in by_kind.items():
        if evidence == ABSENCE:
            continue
        strongest = np.maximum(strongest, points)
        every += points
    validated = q_value <= settings.q_bar
    kinds = (every - strongest >= settings.kind_points) | (strongest >= settings.overwhelming_points)
    if SCHEDULED in by_kind:
        most = min(WHOLE, settings.kind_cap_points) * settings.cap_scale
        kinds |= by_kind[SCHEDULED] >= most - _ROUNDING
    asked = {
        "linkage": (validated, q_value, settings.q_bar),
        "kinds": (kinds, every - strongest, settings.kind_points),
        "conduct": (
            conduct >= _CONDUCT * settings.kind_points - _ROUNDING,
            conduct,
            _CONDUCT * settings.kind_points,
        ),
        "house": (house < _HOUSE * settings.kind_points - _ROUNDING, house, _HOUSE * settings.kind_points),
    }
    enough = asked["kinds"][0] & asked["conduct"][0] & asked["house"][0]
    flagged = validated & (abuse >= settings.flag_points) & enough
    near = validated & (abuse >= settings.near_points) & ~flagged
    score = 1.0 / (1.0 + np.exp(-(abuse - settings.flag_points) / 2.0))
    score = np.where(enough, score, 0.5 * score)
    score = np.where(validated, score, 0.5 * score)
    return Assessment(
        abuse=abuse,
        score=np.round(score, 9),
        tier=np.where(flagged, 1, np.where(near, 2, 3)).astype(np.int64),
        held=tuple(_held(asked, group) if abuse[group] >= settings.flag_points else "" for group in range(groups)),
    )


def _held(asked: Mapping[str, tuple[NDArray[np.bool_], NDArray[np.float64], float]], group: int) -> str:
    """Why points that reach the bar are no flag: whatever is ``asked`` (whether it is met, what there is, the bar)."""
    lacking = []
    for name, (met, there, bar) in asked.items():
        if not met[group]:
            # Rounded away from the bar: what misses it by little does not read as if it met it.
            value, digits = float(there[group]), 4 if name == "linkage" else 2
            if name in ("kinds", "conduct"):
                value = np.floor(value * 10**digits + _ROUNDING) / 10**digits
            else:
                value = np.ceil(value * 10**digits - _ROUNDING) / 10**digits
            lacking.append(_ASKED[name].format(value, bar))
    return NO_FLAG + "; ".join(lacking) if lacking else ""
