"""Compiled inner loops of the communities stage. Every loop runs in a fixed order: results never depend on threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray


@njit(cache=True)
def considered(
    community: NDArray[np.int64],
    identifier: NDArray[np.int64],
    of_member: NDArray[np.float64],
    of_other: NDArray[np.float64],
    label: NDArray[np.int64],
    identifier_start: NDArray[np.int64],
    identifier_edge: NDArray[np.int64],
    edge_account: NDArray[np.int32],
    kind: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Every account on what a community stands on: account, row of the stand, bits (E).

    A stand (S, sorted by ``community``) is an ``identifier`` of a community. It gives an account ``of_member`` bits
    where that is of the community by its ``label`` (N, −1 for none), else ``of_other``; without bits it gives no row.
    Rows are sorted by account, community, kind (``kind`` (M), of identifiers) and falling bits.
    """
    accounts = len(label)
    start = np.zeros(accounts + 1, np.int64)
    for s in range(len(community)):
        j = identifier[s]
        for e in range(identifier_start[j], identifier_start[j + 1]):
            a = edge_account[identifier_edge[e]]
            if (of_member[s] if label[a] == community[s] else of_other[s]) > 0.0:
                start[a + 1] += 1
    for a in range(accounts):
        start[a + 1] += start[a]
    end = start[:-1].copy()
    total = start[accounts]
    account = np.empty(total, np.int64)
    stand = np.empty(total, np.int64)
    bits = np.empty(total, np.float64)
    for s in range(len(community)):
        j = identifier[s]
        for e in range(identifier_start[j], identifier_start[j + 1]):
            a = edge_account[identifier_edge[e]]
            b = of_member[s] if label[a] == community[s] else of_other[s]
            if b <= 0.0:
                continue
            # Stands come by community: a row sinks among those of its own, past kinds that come later and fewer bits.
            x = end[a]
            while x > start[a]:
                before = stand[x - 1]
                if community[before] != community[s]:
                    break
                k = kind[identifier[before]]
                if k < kind[j] or (k == kind[j] and bits[x - 1] >= b):
                    break
                stand[x] = before
                bits[x] = bits[x - 1]
                x -= 1
            stand[x] = s
            bits[x] = b
            account[end[a]] = a
            end[a] += 1
    return account, stand, bits
