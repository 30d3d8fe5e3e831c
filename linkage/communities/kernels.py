"""Compiled inner loops of the communities stage. Every loop runs in a fixed order: results never depend on threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray


@njit(cache=True)
def considered(
    order: NDArray[np.int64],
    community: NDArray[np.int64],
    identifier: NDArray[np.int64],
    of_member: NDArray[np.float64],
    of_other: NDArray[np.float64],
    label: NDArray[np.int64],
    identifier_start: NDArray[np.int64],
    identifier_account: NDArray[np.int32],
    kind: NDArray[np.int64],
    low: int,
    high: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Every account from ``low`` to below ``high`` on what a community stands on: account, row of the stand, bits (E).

    A stand (S, sorted by ``community``) is an ``identifier`` of a community. It gives an account ``of_member`` bits
    where that is of the community by its ``label`` (N, −1 for none), else ``of_other``; without bits it gives no row.
    ``identifier_account`` (E): accounts by identifier, those of each rising. Rows are sorted by account, community,
    kind (``kind`` (M), of identifiers), falling bits and stand. ``order``: of stands, such that few rows have to move
    for that; any that goes by community will do.
    """
    start = np.zeros(high - low + 1, np.int64)
    first = np.empty(len(community), np.int64)
    last = np.empty(len(community), np.int64)
    for s in range(len(community)):
        begins = identifier_start[identifier[s]]
        of_stand = identifier_account[begins : identifier_start[identifier[s] + 1]]
        first[s] = begins + np.searchsorted(of_stand, low)
        last[s] = begins + np.searchsorted(of_stand, high)
        for e in range(first[s], last[s]):
            a = identifier_account[e]
            if (of_member[s] if label[a] == community[s] else of_other[s]) > 0.0:
                start[a - low + 1] += 1
    for a in range(high - low):
        start[a + 1] += start[a]
    end = start[:-1].copy()
    total = start[high - low]
    account = np.empty(total, np.int64)
    stand = np.empty(total, np.int64)
    bits = np.empty(total, np.float64)
    for s in order:
        j = identifier[s]
        for e in range(first[s], last[s]):
            a = identifier_account[e]
            b = of_member[s] if label[a] == community[s] else of_other[s]
            if b <= 0.0:
                continue
            # Stands come by community: a row sinks among those of its own, past kinds that come later and fewer bits.
            x = end[a - low]
            while x > start[a - low]:
                before = stand[x - 1]
                if community[before] != community[s]:
                    break
                k = kind[identifier[before]]
                if k < kind[j] or (k == kind[j] and (bits[x - 1] > b or (bits[x - 1] == b and before < s))):
                    break
                stand[x] = before
                bits[x] = bits[x - 1]
                x -= 1
            stand[x] = s
            bits[x] = b
            account[end[a - low]] = a
            end[a - low] += 1
    return account, stand, bits


@njit(cache=True)
def weighed(
    account: NDArray[np.int64],
    stand: NDArray[np.int64],
    bits: NDArray[np.float64],
    community: NDArray[np.int64],
    identifier: NDArray[np.int64],
    kind: NDArray[np.int64],
    discount: NDArray[np.float64],
    network: NDArray[np.bool_],
    worth: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """What :func:`considered` found, summed by account and community: both (P), bits by kind (P × K).

    The last two are of entries (E): their row of those, and their bits as counted. The strongest identifier of a kind
    counts whole, further ones at the kind's ``discount`` (K). However many addresses of one network an account met the
    members on, they are one fact, as sure as the surest: those of a ``network`` kind (K) have at most the most that one
    of them is ``worth`` (M) to a pair. Where a second one says little by itself they have twice that, and half of the
    most at least: whoever lives behind one exit has met its customers, and may be none of them.
    """
    entries = len(account)
    pairs = 0
    for e in range(entries):
        if e == 0 or account[e] != account[e - 1] or community[stand[e]] != community[stand[e - 1]]:
            pairs += 1
    of_account = np.empty(pairs, np.int64)
    of_community = np.empty(pairs, np.int64)
    total = np.zeros((pairs, len(discount)))
    row = np.empty(entries, np.int64)
    counted = np.empty(entries)
    p = -1
    t = np.int64(-1)
    surest = 0.0
    second = 0.0
    for e in range(entries):
        j = identifier[stand[e]]
        fresh = e == 0 or account[e] != account[e - 1] or community[stand[e]] != community[stand[e - 1]]
        if fresh or kind[j] != t:
            if t >= 0 and network[t]:
                total[p, t] = min(total[p, t], max(0.5 * surest, min(surest, 2.0 * second)))
            if fresh:
                p += 1
                of_account[p] = account[e]
                of_community[p] = community[stand[e]]
            t = kind[j]
            surest = worth[j]
            second = 0.0
            counted[e] = bits[e]
        else:
            surest = max(surest, worth[j])
            second = max(second, bits[e])
            counted[e] = bits[e] * discount[t]
        row[e] = p
        total[p, t] += counted[e]
    if t >= 0 and network[t]:
        total[p, t] = min(total[p, t], max(0.5 * surest, min(surest, 2.0 * second)))
    return of_account, of_community, total, row, counted


@njit(cache=True)
def having(
    has: NDArray[np.bool_],
    account: NDArray[np.int64],
    community: NDArray[np.int64],
    label: NDArray[np.int64],
    communities: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Accounts that have each kind in common with each community (``communities`` × K): members, and all of them.

    ``has`` (P × K): of the ``account`` and ``community`` of each row. ``label`` (N): community of each account.
    """
    members = np.zeros((communities, has.shape[1]), np.int64)
    everyone = np.zeros((communities, has.shape[1]), np.int64)
    for p in range(len(account)):
        c = community[p]
        inside = label[account[p]] == c
        for t in range(has.shape[1]):
            if has[p, t]:
                everyone[c, t] += 1
                if inside:
                    members[c, t] += 1
    return members, everyone


@njit(cache=True)
def lacking(has: NDArray[np.bool_], community: NDArray[np.int64], against: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum over the kinds that a row lacks (P) of what that is worth in its community, ``against`` (communities × K)."""
    out = np.zeros(len(community))
    for p in range(len(community)):
        for t in range(has.shape[1]):
            if not has[p, t]:
                out[p] += against[community[p], t]
    return out
