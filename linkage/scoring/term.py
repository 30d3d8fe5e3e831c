"""A signed abuse term: one figure of every group, in points, with its words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]


#: Evidence of what is not there. It adds to the sum, and never counts as one of the kinds that a flag needs.
ABSENCE = "absence"
#: Evidence of a schedule, which suffices alone where most members keep it.
SCHEDULED = "schedule"
#: Evidence of how members share things, and of what else they have: it is how they are linked, seen from another side.
SHARING = frozenset({ABSENCE, "canary", "identity", "network", "payment", "size", "structure", "templates"})


#: Kind of identifier that says what members ask for.
PROMPTS = "prompt_template"


@dataclass(frozen=True, slots=True)
class Beside:
    """Part of what ties each group that is on other things than addresses, and on others than prompts (K, 0–1 each)."""

    addresses: FloatArray
    prompts: FloatArray


@dataclass(frozen=True, slots=True)
class Term:
    """One term over all groups (K). ``evidence``: the kind of evidence; terms of one kind count once, the strongest.

    ``sentence`` gives the words for one group. NaN observed or expected: does not apply. ``house``: points, where any,
    of one place of their own, or one name that was registered: what a firm or a school leaves.
    """

    name: str
    evidence: str
    observed: FloatArray
    expected: FloatArray
    effect: FloatArray
    points: FloatArray
    sentence: Callable[[int], str]
    house: FloatArray | None = None


def graded(z: FloatArray, cap: float) -> FloatArray:
    """Nothing up to one standard deviation, then one point each, up to ``cap``."""
    return np.clip(z - 1.0, 0.0, cap)


def not_applicable(groups: int) -> FloatArray:
    """NaN for every group: the term has no expectation or no effect size."""
    return np.full(groups, np.nan)
