"""What chance lets accounts share: how much of an identifier's prior trust is left where busy accounts meet everybody.

Where who uses what is drawn at random, with as many uses of each account and as many accounts of each identifier as
there are, two accounts share λ = k_a k_b Σ d(d − 1) / E² identifiers of those that have no more accounts than the one
they are asked about. k: how many shared ones of the kind an account uses; E: uses of the kind, one of each account
that shares none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from linkage.evidence.kernels import mix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from linkage.evidence.incidence import Incidence

#: Pairs of each identifier that are looked at.
_PAIRS = 16
#: Times the odds of one operator that chance has to be to be asked by half.
_TIMES = 30.0
#: Probability by chance of as many shared ones as a pair has, below which they are no chance.
_SURPRISE = 0.01


def left(incidence: Incidence, prior: NDArray[np.float64], pi: float, seed: int) -> NDArray[np.float64]:
    """The ``prior`` trust of each identifier (M) that chance leaves.

    Of two accounts on an identifier that share no more than chance lets them, one operator has both with odds of π,
    ``pi``, to λ at most. That is asked as far as λ outweighs π, which goes down with λ where accounts are many. Pairs
    that share further ones, against all chance, keep the prior: a campaign's own things are not what makes its accounts
    busy. Of each identifier a few pairs tell.
    """
    if incidence.identifiers == 0:
        return prior
    kinds = len(incidence.kinds)
    kind = incidence.kind.astype(np.int64)
    degree = incidence.degree.astype(np.float64)
    cell = incidence.edge_account.astype(np.int64) * kinds + kind[incidence.edge_identifier]
    count = np.bincount(cell, minlength=incidence.accounts * kinds)
    meeting = degree * (degree - 1.0)
    order = np.lexsort((degree, kind))
    # Those of one degree come together, and count for each other.
    group = np.cumsum(np.r_[0, (np.diff(kind[order]) != 0) | (np.diff(degree[order]) != 0)])
    upto = np.cumsum(meeting[order])
    total = upto[np.flatnonzero(np.r_[np.diff(group) != 0, True])][group]
    start = np.r_[True, np.diff(kind[order]) != 0]
    before = np.r_[0.0, upto[:-1]][start][np.cumsum(start) - 1]
    others = np.empty(incidence.identifiers)
    others[order] = total - before - meeting[order]
    uses = np.maximum(count.reshape(-1, kinds), 1).sum(axis=0).astype(np.float64)[kind]
    chance, beyond = _met(
        incidence.account_start,
        incidence.edge_identifier,
        incidence.identifier_start,
        incidence.identifier_edge,
        incidence.edge_account,
        kind,
        count.reshape(-1, kinds),
        others / uses**2,
        _PAIRS,
        _SURPRISE,
        seed,
    )
    asked = (1.0 - beyond) * chance / (chance + _TIMES * pi)
    return np.asarray((1.0 - asked) * prior + asked * np.minimum(prior, pi / (pi + chance)))


@njit(cache=True)
def _met(
    account_start: NDArray[np.int64],
    edge_identifier: NDArray[np.int32],
    identifier_start: NDArray[np.int64],
    identifier_edge: NDArray[np.int64],
    edge_account: NDArray[np.int32],
    kind: NDArray[np.int64],
    held: NDArray[np.int64],
    rate: NDArray[np.float64],
    pairs: int,
    surprise: float,
    seed: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean λ of as many ``pairs`` on each identifier (M), and the share of them that share more than chance lets them.

    ``held`` (N × kinds): identifiers of an account. ``rate`` (M): λ of a pair that holds one each. An account's
    identifiers come in rising order.
    """
    count = len(identifier_start) - 1
    chance = np.zeros(count)
    beyond = np.zeros(count)
    for j in range(count):
        low = identifier_start[j]
        d = identifier_start[j + 1] - low
        if d < 2:
            continue
        state = mix(np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(j + 1))
        for _ in range(pairs):
            state = mix(state + np.uint64(0x9E3779B97F4A7C15))
            at = np.int64(state % np.uint64(d))
            state = mix(state + np.uint64(0x9E3779B97F4A7C15))
            to = np.int64(state % np.uint64(d - 1))
            if to >= at:
                to += 1
            a = edge_account[identifier_edge[low + at]]
            b = edge_account[identifier_edge[low + to]]
            expected = rate[j] * held[a, kind[j]] * held[b, kind[j]]
            chance[j] += expected / pairs
            shared = 0
            y = account_start[b]
            for e in range(account_start[a], account_start[a + 1]):
                i = edge_identifier[e]
                if i == j or kind[i] != kind[j] or identifier_start[i + 1] - identifier_start[i] > d:
                    continue
                while y < account_start[b + 1] and edge_identifier[y] < i:
                    y += 1
                if y < account_start[b + 1] and edge_identifier[y] == i:
                    shared += 1
            # Poisson: at least as many.
            term = np.exp(-expected)
            fewer = 0.0
            for x in range(shared):
                fewer += term
                term *= expected / (x + 1)
            if shared > 0 and 1.0 - fewer < surprise:
                beyond[j] += 1.0 / pairs
    return chance, beyond
