"""Groups of accounts in step of which many pairs are: few that meet again and again, among however many others.

1. *Candidates*: MinHash (Broder 1997, doi 10.1109/SEQUEN.1997.666900) puts accounts that share moments side by side;
   each looks at a bounded number of neighbours in each random order.
2. *Seeds*: pairs whose shared moments are surprising given what each did on the day and at which time of day it works
   at all. A daily job, a weekly lesson and office hours expect to be met. A seed group is a dense core of such pairs.
3. *Expansion*: slots in which the group is a crowd beyond its members' own expectation, each left out in turn; every
   account is tested for beginning in those slots. That finds members that no pair shows, and drops who does not. Of
   those who are taken one in twenty may be there by chance: as many as keep the same schedule of a day or a week off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from linkage import leiden
from linkage.evidence import pairs_kernels as kernels
from linkage.evidence.moments import Moments
from linkage.evidence.rhythm import ELSEWHERE, Group, bar, surprise
from linkage.evidence.rhythm_kernels import DAY

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Moments from which an account can be in step with another, and those that a pair must share on as many days.
_LEAST_MOMENTS, _LEAST_SHARED, _LEAST_DAYS = 8, 5, 4
#: Random orders, and neighbours on either side that an account is compared with in each.
_ORDERS, _MOST = 48, 6
#: Nats from which a pair is a seed; chance gives fewer than one to an account, and no dense core.
_SEED = 6.0
#: Pairs that each account of a core has with the rest of it, and its least size.
_CORE, _SMALLEST = 3, 6
#: Nats from which a slot is a crowd.
_CROWD = 4.0
#: Share of an account's moments, beyond what is expected, that a member spends in crowds.
_KEEPS = 0.15
#: Days on which a member keeps the schedule at least, and probability by its own habits at most.
_JOINS_DAYS, _UNUSUAL = 3, 0.01
#: Share of a group that may be in it by chance.
_BY_CHANCE = 0.05
_ROUNDS = 6


def groups(moments: Moments, seed: int) -> list[Group]:
    """Groups of accounts in step, by their first account; an account is in one at most."""
    count = np.diff(moments.start)
    able = np.flatnonzero(count >= _LEAST_MOMENTS)
    if len(able) < _SMALLEST:
        return []
    first, second = _candidates(moments, able, seed)
    nats = kernels.pairs_in_step(first, second, moments.start, moments.slot, _LEAST_SHARED, _LEAST_DAYS)
    kept = nats >= _SEED
    cores = _cores(first[kept], second[kept], nats[kept], len(count), seed)
    taken = np.zeros(len(count), dtype=np.bool_)
    found = []
    for core in sorted(cores, key=len, reverse=True):
        group = _expanded(moments, core[~taken[core]], able[~taken[able]])
        if group is not None:
            taken[group.accounts] = True
            found.append(group)
    return sorted(found, key=lambda group: int(group.accounts[0]))


def _candidates(moments: Moments, able: NDArray[np.int64], seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs that were neighbours in two random orders at least."""
    random = np.random.default_rng([seed, 11])
    total = int(able[-1]) + 1
    keys = []
    for salt in random.integers(1, 2**63, _ORDERS, dtype=np.uint64):
        block = kernels.smallest(moments.start, moments.slot, able, salt)
        order = np.argsort(block * len(able) + random.permutation(len(able)))
        pairs = kernels.neighbours(able[order], block[order], _MOST).reshape(-1, 2)
        keys.append(pairs[:, 0] * total + pairs[:, 1])
    # Neighbours in several orders stand side by side then; numpy.unique, which could count them, takes twice as long.
    key = np.sort(np.concatenate(keys))
    key = key[:-1][key[1:] == key[:-1]]
    key = key[np.r_[True, key[1:] != key[:-1]]] if len(key) else key
    return key // total, key % total


def _cores(
    first: NDArray[np.int64], second: NDArray[np.int64], nats: NDArray[np.float64], accounts: int, seed: int
) -> list[NDArray[np.int64]]:
    """Dense cores of the seeds: communities in which everyone has several partners."""
    while len(first):
        partners = np.bincount(first, minlength=accounts) + np.bincount(second, minlength=accounts)
        kept = (partners[first] >= _CORE) & (partners[second] >= _CORE)
        if kept.all():
            break
        first, second, nats = first[kept], second[kept], nats[kept]
    if len(first) == 0:
        return []
    nodes, ends = np.unique(np.concatenate([first, second]), return_inverse=True)
    part = leiden.partition(ends[: len(first)], ends[len(first) :], nats, len(nodes), seed)
    found = [nodes[part == number] for number in range(int(part.max()) + 1)]
    return [core for core in found if len(core) >= _SMALLEST]


def _expanded(moments: Moments, core: NDArray[np.int64], able: NDArray[np.int64]) -> Group | None:
    """The group that keeps the schedule of ``core``; none where the core does not hold."""
    low = int(moments.slot.min()) // DAY * DAY
    length = int(moments.slot.max()) // DAY * DAY + DAY - low
    members = core
    for _ in range(_ROUNDS):
        if len(members) < _SMALLEST:
            return None
        member = np.zeros(len(moments.start) - 1, dtype=np.bool_)
        seen, expected = kernels.crowd(members, moments.start, moments.slot, low, length)
        chance = []
        for days in ELSEWHERE:
            away = np.roll(seen, days * DAY), np.roll(expected, days * DAY)
            chance.append(_joins(moments, able, member, low, *away))
        member[members] = True
        joins = _joins(moments, able, member, low, seen, expected)
        keeps = -joins >= bar(-joins, -np.concatenate(chance), -_UNUSUAL, _BY_CHANCE)
        if np.array_equal(able[keeps], members):
            break
        members = able[keeps]
    if len(members) < _SMALLEST:
        return None
    crowded = (seen >= 3.0) & (surprise(seen, expected) >= _CROWD)
    at = np.flatnonzero(crowded)
    return Group(members, low + at, expected[at])


def _joins(
    moments: Moments,
    able: NDArray[np.int64],
    member: NDArray[np.bool_],
    low: int,
    seen: NDArray[np.float64],
    expected: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Probability (A) that an account begins by its own habits as often as it did when the group began; 1 if rarely."""
    from scipy.special import gammainc

    hits, days, mean = kernels.joins(able, member, moments.start, moments.slot, low, seen, expected, _CROWD)
    count = moments.start[able + 1] - moments.start[able]
    enough = (days >= _JOINS_DAYS) & (hits - mean >= _KEEPS * count)
    # That a Poisson count of this mean is ``hits`` or more.
    return np.where(enough, gammainc(np.maximum(hits, 1e-9), np.maximum(mean, 1e-3)), 1.0)
