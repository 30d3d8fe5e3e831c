"""Simpler methods on the same sightings, each at the threshold that suits it best on the truth at hand.

They ship with the evaluation so that a figure never stands alone: connected components (with and without a cut of hubs,
and on each kind), modularity on raw shared counts, record linkage after Fellegi and Sunter 1969
(doi 10.1080/01621459.1969.10501049), and a volume rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from linkage import leiden

if TYPE_CHECKING:
    from numpy.typing import NDArray

    IntArray = NDArray[np.int64]

#: Pairs that a projection may form. The cap on identifiers that keeps it is part of the method's name.
_MOST_PAIRS = 20_000_000
#: Degree above which the usual hub list of connected components cuts an identifier.
_HUB = 50
#: Chance that two accounts of one operator share a given kind (m), as a hand-set record linkage would have it.
_MATCH = 0.5


@dataclass(frozen=True, slots=True)
class Edges:
    """Who used what: ``accounts`` are account ids; an edge joins ``account`` (position) and ``identifier`` (0 … M−1).

    ``kind`` (per edge) names the identifier's kind, ``events`` (per account) its events.
    """

    accounts: tuple[str, ...]
    account: IntArray
    identifier: IntArray
    kind: NDArray[np.object_]
    events: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Baseline:
    """A method's clusters (``label`` by account position, −1 for none) and the accounts that it flags at its best."""

    method: str
    label: IntArray
    flagged: NDArray[np.bool_]


def run(edges: Edges, malicious: NDArray[np.bool_]) -> Iterator[Baseline]:
    """Every baseline in turn; ``malicious`` by account position serves to find each method's best threshold only."""
    count = len(edges.accounts)
    degree = np.bincount(edges.identifier)[edges.identifier] if len(edges.identifier) else edges.identifier
    everything = np.ones(len(edges.account), dtype=np.bool_)
    yield _sized("connected components", _components(edges, everything, count), malicious)
    yield _sized(f"connected components, hubs over {_HUB} cut", _components(edges, degree <= _HUB, count), malicious)
    for kind in sorted({str(name) for name in edges.kind}):
        yield _sized(f"connected components, {kind}", _components(edges, edges.kind == kind, count), malicious)
    first, second, via, cap = _projection(edges, degree)
    yield _sized(
        f"modularity on raw shared counts, identifiers to {cap} accounts", _raw(first, second, count), malicious
    )
    yield _fellegi_sunter(edges, first, second, via, cap, malicious)
    yield _volume(edges.events, malicious)


def _components(edges: Edges, used: NDArray[np.bool_], count: int) -> IntArray:
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    account, identifier = edges.account[used], edges.identifier[used]
    nodes = count + (int(identifier.max()) + 1 if len(identifier) else 0)
    graph = coo_matrix((np.ones(len(account), np.int8), (account, identifier + count)), shape=(nodes, nodes))
    return _without_single(connected_components(graph, directed=False)[1][:count].astype(np.int64))


def _without_single(label: IntArray) -> IntArray:
    return np.where(np.bincount(label)[label] >= 2, label, -1)


def _projection(edges: Edges, degree: IntArray) -> tuple[IntArray, IntArray, IntArray, int]:
    """Pairs of accounts on each identifier up to the largest degree that keeps the number of pairs in bounds."""
    sizes = np.bincount(edges.identifier) if len(edges.identifier) else np.zeros(0, np.int64)
    by_size = np.sort(sizes)
    total = np.cumsum(by_size * (by_size - 1) // 2)
    fits = by_size[total <= _MOST_PAIRS]
    cap = int(fits.max(initial=1))
    while cap > 1 and int((sizes[sizes <= cap] * (sizes[sizes <= cap] - 1) // 2).sum()) > _MOST_PAIRS:
        cap -= 1
    kept = np.flatnonzero((degree >= 2) & (degree <= cap))
    order = kept[np.lexsort((edges.account[kept], edges.identifier[kept]))]
    account, identifier = edges.account[order], edges.identifier[order]
    end = np.searchsorted(identifier, identifier, side="right")
    repeat = end - np.arange(len(order)) - 1
    left = np.repeat(np.arange(len(order)), repeat)
    right = left + 1 + np.arange(len(left)) - np.repeat(np.cumsum(repeat) - repeat, repeat)
    return account[left], account[right], identifier[left], cap


def _raw(first: IntArray, second: IntArray, count: int) -> IntArray:
    if len(first) == 0:
        return np.full(count, -1, np.int64)
    key, weight = np.unique(first * count + second, return_counts=True)
    return _without_single(leiden.partition(key // count, key % count, weight.astype(np.float64), count, seed=1))


def _fellegi_sunter(
    edges: Edges, first: IntArray, second: IntArray, via: IntArray, cap: int, malicious: NDArray[np.bool_]
) -> Baseline:
    """Sum of log₂ m/u over shared identifiers, u = (d/N)², linked above a threshold, components; best threshold."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    count = len(edges.accounts)
    name = f"Fellegi–Sunter and components, identifiers to {cap} accounts"
    if len(first) == 0:
        return Baseline(name, np.full(count, -1, np.int64), np.zeros(count, dtype=np.bool_))
    share = np.bincount(edges.identifier) / count
    bits = np.log2(_MATCH / np.maximum(share[via] ** 2, 1e-12))
    key, inverse = np.unique(first * count + second, return_inverse=True)
    weight = np.bincount(inverse, weights=bits)
    best: Baseline | None = None
    best_f1 = -1.0
    for threshold in np.unique(np.quantile(weight, [0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99])):
        kept = weight >= threshold
        graph = coo_matrix(
            (np.ones(int(kept.sum()), np.int8), (key[kept] // count, key[kept] % count)), shape=(count, count)
        )
        label = _without_single(connected_components(graph, directed=False)[1].astype(np.int64))
        found = _sized(name, label, malicious)
        score = _f1(found.flagged, malicious)
        if score > best_f1:
            best, best_f1 = found, score
    assert best is not None  # noqa: S101 - at least one threshold was tried
    return best


def _sized(method: str, label: IntArray, malicious: NDArray[np.bool_]) -> Baseline:
    """Flag the clusters whose size lies in the range that is best on the truth."""
    inside = label >= 0
    if not inside.any():
        return Baseline(method, label, np.zeros(len(label), dtype=np.bool_))
    size = np.where(inside, np.bincount(label[inside], minlength=int(label.max()) + 1)[np.maximum(label, 0)], 0)
    sizes = np.unique(size[inside])
    at = np.searchsorted(sizes, size[inside])
    hits = np.r_[0, np.cumsum(np.bincount(at, weights=malicious[inside], minlength=len(sizes)))]
    flagged = np.r_[0, np.cumsum(np.bincount(at, minlength=len(sizes)))]
    total = int(malicious.sum())
    best, low, high = -1.0, 0, 0
    for start in range(len(sizes)):
        hit = hits[start + 1 :] - hits[start]
        f1 = 2 * hit / (flagged[start + 1 :] - flagged[start] + total)
        stop = int(np.argmax(f1))
        if f1[stop] > best:
            best, low, high = float(f1[stop]), int(sizes[start]), int(sizes[start + stop])
    chosen = (size >= low) & (size <= high) if total else np.zeros(len(label), dtype=np.bool_)
    return Baseline(method, label, chosen)


def _volume(events: NDArray[np.float64], malicious: NDArray[np.bool_]) -> Baseline:
    """Flag accounts above the number of events that is best on the truth."""
    order = np.argsort(-events, kind="stable")
    hit = np.cumsum(malicious[order])
    f1 = 2 * hit / (np.arange(1, len(order) + 1) + max(1, int(malicious.sum())))
    flagged = np.zeros(len(events), dtype=np.bool_)
    if malicious.any():
        flagged[order[: int(np.argmax(f1)) + 1]] = True
    return Baseline("volume rule", np.full(len(events), -1, np.int64), flagged)


def _f1(flagged: NDArray[np.bool_], malicious: NDArray[np.bool_]) -> float:
    return 2.0 * float((flagged & malicious).sum()) / max(1.0, float(flagged.sum() + malicious.sum()))
