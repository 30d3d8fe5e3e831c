"""Compiled inner loops over moments and habits. Every loop runs in a fixed order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Slots of an hour, and of a day.
HOUR, DAY = 6, 144
_HOURS = DAY // HOUR


@njit(cache=True)
def unusual(start: NDArray[np.int64], slot: NDArray[np.int64], least: float, nats: float) -> NDArray[np.bool_]:
    """Moments (E) that are no habit: at a time of day at which the account does not begin again and again.

    A habit is a slot of the day with ``least`` moments, and ``nats`` more surprising than its slots of an hour before
    and after lead one to expect.
    """
    out = np.ones(len(slot), np.bool_)
    of_day = np.zeros(DAY)
    for a in range(len(start) - 1):
        of_day[:] = 0.0
        for e in range(start[a], start[a + 1]):
            of_day[slot[e] % DAY] += 1.0
        for e in range(start[a], start[a + 1]):
            s = slot[e] % DAY
            here = of_day[s]
            if here < least:
                continue
            near = 0.0
            for away in range(1, HOUR + 1):
                near += of_day[(s + away) % DAY] + of_day[(s - away) % DAY]
            # Half a moment more, so that quiet hours around it do not make a habit of a few.
            usual = (near + 0.5) / (2 * HOUR)
            out[e] = here <= usual or here * np.log(here / usual) - (here - usual) < nats
    return out


@njit(cache=True)
def _hours_of(
    a: int, start: NDArray[np.int64], slot: NDArray[np.int64], share: NDArray[np.float64], which: NDArray[np.int64]
) -> int:
    """Fill ``share`` with an account's mean share of a day in each hour, and ``which`` with the hours that have any.

    Every day counts the same: one long night does not make a habit of working at night.
    """
    share[:] = 0.0
    days = 0
    e = start[a]
    while e < start[a + 1]:
        day = slot[e] // DAY
        first = e
        while e < start[a + 1] and slot[e] // DAY == day:
            e += 1
        days += 1
        for x in range(first, e):
            share[slot[x] % DAY // HOUR] += 1.0 / (e - first)
    used = 0
    for h in range(_HOURS):
        if share[h] > 0.0:
            share[h] /= days
            which[used] = h
            used += 1
    return used


@njit(cache=True)
def habits(
    start: NDArray[np.int64], slot: NDArray[np.int64], weight: NDArray[np.float64], hours: int
) -> NDArray[np.float64]:
    """Moments that accounts, times their ``weight`` (A), are expected to have in each hour (``hours``).

    Expected of an account in an hour of a day are its moments of the day times the hour's mean share of its days.
    """
    out = np.zeros(hours)
    share = np.zeros(_HOURS)
    which = np.zeros(_HOURS, np.int64)
    for a in range(len(start) - 1):
        if weight[a] == 0.0:
            continue
        used = _hours_of(a, start, slot, share, which)
        e = start[a]
        while e < start[a + 1]:
            day = slot[e] // DAY
            first = e
            while e < start[a + 1] and slot[e] // DAY == day:
                e += 1
            of_day = weight[a] * (e - first)
            for i in range(used):
                out[day * _HOURS + which[i]] += of_day * share[which[i]]
    return out


@njit(cache=True)
def by_habit(start: NDArray[np.int64], slot: NDArray[np.int64], worth: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum of ``worth`` (hours) over the moments that each account is expected to have, as :func:`habits` (A)."""
    out = np.zeros(len(start) - 1)
    share = np.zeros(_HOURS)
    which = np.zeros(_HOURS, np.int64)
    for a in range(len(start) - 1):
        used = _hours_of(a, start, slot, share, which)
        e = start[a]
        while e < start[a + 1]:
            day = slot[e] // DAY
            first = e
            while e < start[a + 1] and slot[e] // DAY == day:
                e += 1
            for i in range(used):
                out[a] += (e - first) * share[which[i]] * worth[day * _HOURS + which[i]]
    return out


@njit(cache=True)
def keeping(
    start: NDArray[np.int64],
    slot: NDArray[np.int64],
    member: NDArray[np.bool_],
    worth: NDArray[np.float64],
    without_own: NDArray[np.float64],
    by_hour: NDArray[np.float64],
    best_days: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What the moments of each account are worth beyond its habits (A), but for its ``best_days``, and the variance.

    ``worth`` (T) of a moment in each slot; for members, whose own moments went into it, it is ``without_own``.
    ``by_hour`` (hours, 2): mean of the worth, and of its square: moments by habit are counts.
    """
    out = np.zeros(len(start) - 1)
    variance = np.zeros(len(start) - 1)
    best = np.zeros(best_days)
    share = np.zeros(_HOURS)
    which = np.zeros(_HOURS, np.int64)
    for a in range(len(start) - 1):
        used = _hours_of(a, start, slot, share, which)
        best[:] = 0.0
        e = start[a]
        while e < start[a + 1]:
            day = slot[e] // DAY
            first = e
            more = 0.0
            while e < start[a + 1] and slot[e] // DAY == day:
                more += without_own[slot[e]] if member[a] else worth[slot[e]]
                e += 1
            for i in range(used):
                expected = (e - first) * share[which[i]]
                more -= expected * by_hour[day * _HOURS + which[i], 0]
                variance[a] += expected * by_hour[day * _HOURS + which[i], 1]
            out[a] += more
            for i in range(best_days):
                if more > best[i]:
                    more, best[i] = best[i], more
        for i in range(best_days):
            out[a] -= best[i]
    return out, variance
