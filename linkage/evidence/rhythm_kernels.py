"""Compiled inner loops over moments and habits. Every loop runs in a fixed order."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Slots of an hour, and of a day.
HOUR, DAY = 6, 144
_HOURS = DAY // HOUR


class Habits(NamedTuple):
    """What accounts do on which day and, of a day, in which hours: what one expects of them is the product.

    Days of each account in turn: ``of_account`` (A+1) says which, ``first`` (D+1) where their moments begin, ``day``
    (D) which of the window they are. ``hours_of`` (A+1) delimits accounts in ``hour``, of those of the day in which an
    account works at all, and ``share``, its mean share of a day in that hour.
    """

    of_account: NDArray[np.int64]
    first: NDArray[np.int64]
    day: NDArray[np.int64]
    hours_of: NDArray[np.int64]
    hour: NDArray[np.int64]
    share: NDArray[np.float64]


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
def days(start: NDArray[np.int64], slot: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the days of each account begin: of accounts (A+1) in the second, and of days (D+1) in the moments."""
    of_account = np.zeros(len(start), np.int64)
    first = np.empty(len(slot) + 1, np.int64)
    total = 0
    for a in range(len(start) - 1):
        day = np.int64(-1)
        for e in range(start[a], start[a + 1]):
            if slot[e] // DAY != day:
                day = slot[e] // DAY
                first[total] = e
                total += 1
        of_account[a + 1] = total
    first[total] = len(slot)
    return of_account, first[: total + 1].copy()


@njit(cache=True)
def shares(
    of_account: NDArray[np.int64], first: NDArray[np.int64], slot: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Hours of the day in which each account works at all, and its mean share of a day in each.

    ``of_account``, ``first``: see :func:`days`. Every day counts the same: one long night does not make a habit of
    working at night. Hours of one account stand together, rising; the first array (A+1) says where.
    """
    count = len(of_account) - 1
    start = np.zeros(count + 1, np.int64)
    hour = np.empty(count * _HOURS, np.int64)
    share = np.empty(count * _HOURS)
    of_hour = np.zeros(_HOURS)
    total = 0
    for a in range(count):
        of_hour[:] = 0.0
        for d in range(of_account[a], of_account[a + 1]):
            for e in range(first[d], first[d + 1]):
                of_hour[slot[e] % DAY // HOUR] += 1.0 / (first[d + 1] - first[d])
        for h in range(_HOURS):
            if of_hour[h] > 0.0:
                hour[total] = h
                share[total] = of_hour[h] / (of_account[a + 1] - of_account[a])
                total += 1
        start[a + 1] = total
    return start, hour[:total].copy(), share[:total].copy()


@njit(cache=True)
def seen(
    start: NDArray[np.int64], slot: NDArray[np.int64], weight: NDArray[np.float64], slots: int
) -> NDArray[np.float64]:
    """Moments in each slot (``slots``) of accounts times their ``weight`` (A)."""
    out = np.zeros(slots)
    for a in range(len(start) - 1):
        if weight[a] != 0.0:
            for e in range(start[a], start[a + 1]):
                out[slot[e]] += weight[a]
    return out


@njit(cache=True)
def expected(habits: Habits, weight: NDArray[np.float64], hours: int) -> NDArray[np.float64]:
    """Moments that accounts, times their ``weight`` (A), are expected to have in each hour (``hours``).

    Expected of an account in an hour of a day are its moments of the day times the hour's mean share of its days.
    """
    out = np.zeros(hours)
    for a in range(len(habits.of_account) - 1):
        if weight[a] == 0.0:
            continue
        for d in range(habits.of_account[a], habits.of_account[a + 1]):
            of_day = weight[a] * (habits.first[d + 1] - habits.first[d])
            low = habits.day[d] * _HOURS
            for i in range(habits.hours_of[a], habits.hours_of[a + 1]):
                out[low + habits.hour[i]] += of_day * habits.share[i]
    return out


@njit(cache=True)
def by_habit(habits: Habits, worth: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum of ``worth`` (hours) over the moments that each account is expected to have, as :func:`expected` (A)."""
    out = np.zeros(len(habits.of_account) - 1)
    for a in range(len(habits.of_account) - 1):
        more = 0.0
        for d in range(habits.of_account[a], habits.of_account[a + 1]):
            of_day = habits.first[d + 1] - habits.first[d]
            low = habits.day[d] * _HOURS
            for i in range(habits.hours_of[a], habits.hours_of[a + 1]):
                more += of_day * habits.share[i] * worth[low + habits.hour[i]]
        out[a] = more
    return out


@njit(cache=True)
def keeping(
    habits: Habits,
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
    out = np.zeros(len(habits.of_account) - 1)
    variance = np.zeros(len(habits.of_account) - 1)
    best = np.zeros(best_days)
    for a in range(len(habits.of_account) - 1):
        best[:] = 0.0
        total = 0.0
        spread = 0.0
        for d in range(habits.of_account[a], habits.of_account[a + 1]):
            more = 0.0
            for e in range(habits.first[d], habits.first[d + 1]):
                more += without_own[slot[e]] if member[a] else worth[slot[e]]
            of_day = habits.first[d + 1] - habits.first[d]
            low = habits.day[d] * _HOURS
            for i in range(habits.hours_of[a], habits.hours_of[a + 1]):
                by_habit = of_day * habits.share[i]
                more -= by_habit * by_hour[low + habits.hour[i], 0]
                spread += by_habit * by_hour[low + habits.hour[i], 1]
            total += more
            for i in range(best_days):
                if more > best[i]:
                    more, best[i] = best[i], more
        for i in range(best_days):
            total -= best[i]
        out[a] = total
        variance[a] = spread
    return out, variance
