"""The threshold, of those tried, that suits a method best on the truth at hand, which nobody has in practice."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from linkage.evaluation.baselines.edges import Baseline

if TYPE_CHECKING:
    from linkage.evaluation.baselines.edges import IntArray, Mask


def none(method: str, accounts: int) -> Baseline:
    """What a method gives that finds nobody."""
    return Baseline(method, np.full(accounts, -1, np.int64), np.zeros(accounts, dtype=np.bool_))


def sized(method: str, label: IntArray, malicious: Mask) -> Baseline:
    """Flag the clusters (``label``, −1 for none) whose size lies in the range that is best on the truth."""
    inside = label >= 0
    if not inside.any():
        return none(method, len(label))
    size = np.where(inside, np.bincount(label[inside], minlength=int(label.max()) + 1)[np.maximum(label, 0)], 0)
    sizes = np.unique(size[inside])
    at = np.searchsorted(sizes, size[inside])
    hits = np.r_[0, np.cumsum(np.bincount(at, weights=malicious[inside], minlength=len(sizes)))]
    flagged = np.r_[0, np.cumsum(np.bincount(at, minlength=len(sizes)))]
    total = int(malicious.sum())
    # Nobody, unless a range of sizes holds anybody who is looked for.
    best, low, high = 0.0, 1, 0
    for start in range(len(sizes)):
        hit = hits[start + 1 :] - hits[start]
        reached = 2 * hit / (flagged[start + 1 :] - flagged[start] + total)
        stop = int(np.argmax(reached))
        if reached[stop] > best:
            best, low, high = float(reached[stop]), int(sizes[start]), int(sizes[start + stop])
    chosen = (size >= low) & (size <= high) if total else np.zeros(len(label), dtype=np.bool_)
    return Baseline(method, label, chosen)


def best(method: str, labels: Iterable[IntArray], malicious: Mask) -> Baseline:
    """The one of ``labels``, each from another threshold, whose clusters of one range of sizes are best on the truth.

    The first of equals; ``none`` where there are no labels.
    """
    found = none(method, len(malicious))
    reached = -1.0
    for label in labels:
        candidate = sized(method, label, malicious)
        score = f1(candidate.flagged, malicious)
        if score > reached:
            found, reached = candidate, score
    return found


def f1(flagged: Mask, malicious: Mask) -> float:
    """F1 of flags over accounts; 0 where nothing is flagged and nothing is there."""
    return 2.0 * float((flagged & malicious).sum()) / max(1.0, float(flagged.sum() + malicious.sum()))
