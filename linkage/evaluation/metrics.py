"""Figures that compare found clusters with labelled truth.

Flags are judged per account (precision, recall, F1), the ranking by average precision, the grouping by B-cubed (Amigó
et al. 2009, doi 10.1007/s10791-008-9066-8) and by campaigns recovered at a Jaccard overlap of at least .8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Flags:
    """Precision, recall and F1 of flagged accounts; all 1.0 where there is nothing to find and nothing is flagged."""

    precision: float
    recall: float
    f1: float


def flags(flagged: NDArray[np.bool_], malicious: NDArray[np.bool_]) -> Flags:
    """Compare two masks over the same accounts."""
    hit = int((flagged & malicious).sum())
    precision = hit / int(flagged.sum()) if flagged.any() else 1.0
    recall = hit / int(malicious.sum()) if malicious.any() else 1.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return Flags(precision, recall, f1)


def average_precision(score: NDArray[np.float64], malicious: NDArray[np.bool_]) -> float:
    """Area under precision over recall; equal scores count as one step. NaN without a malicious account."""
    positives = int(malicious.sum())
    if positives == 0:
        return float("nan")
    order = np.argsort(-score, kind="stable")
    sorted_score, hit = score[order], malicious[order].astype(np.int64)
    step = np.flatnonzero(np.r_[sorted_score[1:] != sorted_score[:-1], True])
    found = np.cumsum(hit)[step]
    precision = found / (step + 1)
    gained = np.diff(np.r_[0, found])
    return float((precision * gained).sum() / positives)


def b_cubed(found: NDArray[np.int64], truth: NDArray[np.int64], judged: NDArray[np.bool_]) -> Flags:
    """B-cubed over the ``judged`` accounts: mean share of their cluster that is of their group, and the reverse.

    ``found`` and ``truth`` number clusters and groups; −1 is an account on its own. Clusters are counted over all
    accounts, so that a cluster filled with strangers costs precision.
    """
    found, truth = _own(found), _own(truth)
    _both, at, both_size = np.unique(np.stack([found, truth], axis=1), axis=0, return_inverse=True, return_counts=True)
    together = both_size[at.ravel()]
    found_size = np.bincount(found)[found]
    truth_size = np.bincount(truth)[truth]
    if not judged.any():
        return Flags(1.0, 1.0, 1.0)
    precision = float((together / found_size)[judged].mean())
    recall = float((together / truth_size)[judged].mean())
    return Flags(precision, recall, 2 * precision * recall / (precision + recall))


def _own(label: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give every account without a cluster one of its own, and number densely."""
    alone = label < 0
    widened = np.where(alone, label.max(initial=0) + 1 + np.arange(len(label)), label)
    return np.unique(widened, return_inverse=True)[1].astype(np.int64)


def recovered(
    found: NDArray[np.int64], flagged: NDArray[np.bool_], truth: NDArray[np.int64], malicious: NDArray[np.bool_]
) -> dict[int, float]:
    """Best Jaccard overlap of any one found cluster's flagged members with each malicious group, by group number."""
    out: dict[int, float] = {}
    for group in np.unique(truth[malicious & (truth >= 0)]):
        inside = truth == group
        best = 0.0
        for cluster in np.unique(found[inside & flagged & (found >= 0)]):
            members = (found == cluster) & flagged
            best = max(best, float((members & inside).sum() / (members | inside).sum()))
        out[int(group)] = best
    return out
