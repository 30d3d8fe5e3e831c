"""Pairs of accounts that share something, in bounded number, what they share, and what they are linked to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from linkage.evaluation.baselines import kernels

if TYPE_CHECKING:
    from linkage.evaluation.baselines.edges import Edges, FloatArray, IntArray, Mask

#: Pairs that a projection may form. The cap on identifiers that keeps it is part of the method's name.
MOST_PAIRS = 20_000_000


@dataclass(frozen=True, slots=True)
class Pairs:
    """Distinct pairs of N accounts, ``first`` < ``second`` (P), sorted, that meet in a block of ``cap`` accounts or
    fewer.
    """

    first: IntArray
    second: IntArray
    cap: int

    def where(self, chosen: Mask) -> Pairs:
        """The ``chosen`` ones (P)."""
        return Pairs(self.first[chosen], self.second[chosen], self.cap)


@dataclass(frozen=True, slots=True)
class Rows:
    """Entries of each account in turn, delimited by ``start`` (N+1), and the ``order`` that brings them there."""

    start: IntArray
    order: IntArray


def within_blocks(account: IntArray, block: IntArray, accounts: int, most: int = MOST_PAIRS) -> Pairs:
    """Pairs of ``accounts`` in the same block, of blocks up to the largest size that keeps ``most`` pairs.

    Rows (``account``, ``block``) are distinct; a block is any number from 0. Pairs that meet in several blocks count
    towards ``most`` several times.
    """
    sizes = np.bincount(block) if len(block) else np.zeros(0, np.int64)
    cap = largest_block(sizes, most)
    size = sizes[block]
    kept = np.flatnonzero((size >= 2) & (size <= cap))
    order = kept[np.lexsort((account[kept], block[kept]))]
    account, block = account[order], block[order]
    end = np.searchsorted(block, block, side="right")
    repeat = end - np.arange(len(order)) - 1
    left = np.repeat(np.arange(len(order)), repeat)
    right = left + 1 + np.arange(len(left)) - np.repeat(np.cumsum(repeat) - repeat, repeat)
    key = distinct(account[left] * accounts + account[right])
    return Pairs(key // accounts, key % accounts, cap)


def largest_block(sizes: IntArray, most: int) -> int:
    """The largest of ``sizes`` such that blocks up to it hold ``most`` pairs together; 1 where none does."""
    by_size, count = np.unique(sizes, return_counts=True)
    total = np.cumsum(by_size * (by_size - 1) // 2 * count)
    return int(by_size[total <= most].max(initial=1))


def distinct(key: IntArray) -> IntArray:
    """The keys, each once, rising; ``key`` is left sorted. (For so many, numpy's own hashes, and takes four times as
    long.)
    """
    key.sort()
    return key[np.r_[True, key[1:] != key[:-1]]] if len(key) else key


def rows(account: IntArray, accounts: int, *further: IntArray) -> Rows:
    """Entries by account and then by ``further``, the first of which counts most."""
    start = np.zeros(accounts + 1, np.int64)
    np.cumsum(np.bincount(account, minlength=accounts), out=start[1:])
    return Rows(start, np.lexsort((*further[::-1], account)))


def shared(pairs: Pairs, edges: Edges, value: FloatArray) -> FloatArray:
    """Sum of the ``value`` (per edge, the same for all on an identifier) of what the accounts of each pair share."""
    return _products(pairs, edges, value, square=False)


def cosine(pairs: Pairs, edges: Edges, value: FloatArray) -> FloatArray:
    """Cosine of the angle between the accounts of each pair, whose coordinates are ``value`` (per edge)."""
    length = np.sqrt(np.bincount(edges.account, weights=value * value, minlength=len(edges.accounts)))
    return _products(pairs, edges, value / length[edges.account], square=True)


def _products(pairs: Pairs, edges: Edges, value: FloatArray, *, square: bool) -> FloatArray:
    sorted_by = rows(edges.account, len(edges.accounts), edges.identifier)
    found: FloatArray = kernels.products(
        pairs.first,
        pairs.second,
        sorted_by.start,
        edges.identifier[sorted_by.order],
        value[sorted_by.order].astype(np.float64),
        square,
    )
    return found


def single_linkage(pairs: Pairs, weight: FloatArray, accounts: int, thresholds: Iterable[float]) -> Iterator[IntArray]:
    """For each threshold: whom pairs of at least that ``weight`` (P) join, directly or by way of others.

    Label by account, −1 for those whom no pair joins to anybody.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    joining = kernels.forest(np.argsort(-weight, kind="stable"), pairs.first, pairs.second, accounts)
    first, second, weight = pairs.first[joining], pairs.second[joining], weight[joining]
    for threshold in thresholds:
        kept = weight >= threshold
        ones = np.ones(int(kept.sum()), np.int8)
        graph = coo_matrix((ones, (first[kept], second[kept])), shape=(accounts, accounts))
        yield without_single(connected_components(graph, directed=False)[1].astype(np.int64))


def without_single(label: IntArray) -> IntArray:
    """``label`` with −1 for whoever is alone in a cluster."""
    return np.where(np.bincount(label)[label] >= 2, label, -1) if len(label) else label


def identifiers_to(cap: int) -> str:
    """How the name of a method says that identifiers with more than ``cap`` accounts form no pairs in it."""
    return f", identifiers to {cap} accounts"
