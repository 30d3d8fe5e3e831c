"""Compiled inner loops of the search for pairs in step, and for who joins them. Every loop runs in a fixed order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from linkage.evidence.kernels import mix
from linkage.evidence.rhythm_kernels import DAY, HOUR

if TYPE_CHECKING:
    from numpy.typing import NDArray


@njit(cache=True)
def smallest(
    start: NDArray[np.int64], slot: NDArray[np.int64], accounts: NDArray[np.int64], seed: np.uint64
) -> NDArray[np.int64]:
    """The moment of each of ``accounts`` that a random order of all slots puts first (MinHash, Broder 1997)."""
    out = np.empty(len(accounts), np.int64)
    for i in range(len(accounts)):
        a = accounts[i]
        least = np.uint64(0xFFFFFFFFFFFFFFFF)
        pick = np.int64(-1)
        for e in range(start[a], start[a + 1]):
            value = mix(np.uint64(slot[e]) * np.uint64(0x9E3779B97F4A7C15) + seed)
            if value < least:
                least = value
                pick = slot[e]
        out[i] = pick
    return out


@njit(cache=True)
def neighbours(order: NDArray[np.int64], block: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Pairs of positions in ``order``, flattened, of one block and at most ``most`` apart."""
    count = len(order)
    total = 0
    for x in range(count):
        for y in range(x + 1, min(count, x + most + 1)):
            if block[y] != block[x]:
                break
            total += 1
    out = np.empty(2 * total, np.int64)
    at = 0
    for x in range(count):
        for y in range(x + 1, min(count, x + most + 1)):
            if block[y] != block[x]:
                break
            out[at] = min(order[x], order[y])
            out[at + 1] = max(order[x], order[y])
            at += 2
    return out


@njit(cache=True)
def surprise(observed: float, expected: float) -> float:
    """Log-likelihood ratio, nats, of a Poisson count above what is expected; 0 where it is not above."""
    if observed <= expected:
        return 0.0
    return float(observed * np.log(observed / expected) - (observed - expected))


@njit(cache=True)
def pairs_in_step(
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    start: NDArray[np.int64],
    slot: NDArray[np.int64],
    least_shared: int,
    least_days: int,
) -> NDArray[np.float64]:
    """How surprising the moments are that each pair shares (P): nats, 0 for too few of them or on too few days.

    Expected are Σ_d n_a(d) n_b(d) · Σ_s q_a(s) q_b(s): what each did on the day times each one's own profile over the
    time of day, by slot or by hour, whichever expects more. Whoever works at a fixed time expects to meet whoever does.
    """
    out = np.zeros(len(first))
    slots_a = np.zeros(DAY)
    hours_a = np.zeros(DAY // HOUR)
    for p in range(len(first)):
        a = first[p]
        b = second[p]
        shared = 0
        days = 0
        last = np.int64(-1)
        x = start[a]
        y = start[b]
        while x < start[a + 1] and y < start[b + 1]:
            if slot[x] < slot[y]:
                x += 1
            elif slot[y] < slot[x]:
                y += 1
            else:
                shared += 1
                if slot[x] // DAY != last:
                    last = slot[x] // DAY
                    days += 1
                x += 1
                y += 1
        if shared < least_shared or days < least_days:
            continue
        together = 0.0
        x = start[a]
        y = start[b]
        while x < start[a + 1] and y < start[b + 1]:
            dx = slot[x] // DAY
            dy = slot[y] // DAY
            if dx < dy:
                x += 1
            elif dy < dx:
                y += 1
            else:
                of_a = 0
                while x < start[a + 1] and slot[x] // DAY == dx:
                    of_a += 1
                    x += 1
                of_b = 0
                while y < start[b + 1] and slot[y] // DAY == dx:
                    of_b += 1
                    y += 1
                together += of_a * of_b
        slots_a[:] = 0.0
        hours_a[:] = 0.0
        for e in range(start[a], start[a + 1]):
            slots_a[slot[e] % DAY] += 1.0
            hours_a[slot[e] % DAY // HOUR] += 1.0
        by_slot = 0.0
        by_hour = 0.0
        for e in range(start[b], start[b + 1]):
            by_slot += slots_a[slot[e] % DAY]
            by_hour += hours_a[slot[e] % DAY // HOUR]
        size = float(start[a + 1] - start[a]) * float(start[b + 1] - start[b])
        expected = together * max(by_slot, by_hour / HOUR) / size
        out[p] = surprise(float(shared), max(expected, 1e-3))
    return out


@njit(cache=True)
def profile(
    account: int,
    start: NDArray[np.int64],
    slot: NDArray[np.int64],
    slots: NDArray[np.float64],
    hours: NDArray[np.float64],
) -> None:
    """Fill the profile of one account: its moments by slot and by hour of the day."""
    slots[:] = 0.0
    hours[:] = 0.0
    for e in range(start[account], start[account + 1]):
        slots[slot[e] % DAY] += 1.0
        hours[slot[e] % DAY // HOUR] += 1.0


@njit(cache=True)
def crowd(
    members: NDArray[np.int64], start: NDArray[np.int64], slot: NDArray[np.int64], low: int, length: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Members that began in each slot from ``low``, and how many were expected to (length, length)."""
    seen = np.zeros(length)
    expected = np.zeros(length)
    slots = np.zeros(DAY)
    hours = np.zeros(DAY // HOUR)
    for i in range(len(members)):
        a = members[i]
        profile(a, start, slot, slots, hours)
        size = float(start[a + 1] - start[a])
        e = start[a]
        while e < start[a + 1]:
            day = slot[e] // DAY
            of_day = 0.0
            while e < start[a + 1] and slot[e] // DAY == day:
                seen[slot[e] - low] += 1.0
                of_day += 1.0
                e += 1
            base = day * DAY - low
            for s in range(DAY):
                if 0 <= base + s < length:
                    expected[base + s] += of_day * max(slots[s], hours[s // HOUR] / HOUR) / size
    return seen, expected


@njit(cache=True)
def joins(
    accounts: NDArray[np.int64],
    member: NDArray[np.bool_],
    start: NDArray[np.int64],
    slot: NDArray[np.int64],
    low: int,
    seen: NDArray[np.float64],
    expected: NDArray[np.float64],
    crowded: float,
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """How often each of ``accounts`` began when the group did (A): hits, days on which it did, and expected hits.

    The group did in a slot where the *others* of it are a crowd: three, and a surprise of at least ``crowded`` nats.
    """
    # Where a crowd may be, day by day: few slots of the many.
    busy = np.flatnonzero(seen >= 3.0)
    of_day_from = np.searchsorted(busy, np.arange(len(seen) // DAY + 1) * DAY)
    count = len(accounts)
    hits = np.zeros(count)
    days = np.zeros(count, np.int64)
    mean = np.zeros(count)
    slots = np.zeros(DAY)
    hours = np.zeros(DAY // HOUR)
    for i in range(count):
        a = accounts[i]
        profile(a, start, slot, slots, hours)
        size = float(start[a + 1] - start[a])
        e = start[a]
        while e < start[a + 1]:
            day = slot[e] // DAY
            x = e
            while e < start[a + 1] and slot[e] // DAY == day:
                e += 1
            of_day = float(e - x)
            any_hit = False
            number = day - low // DAY
            for b in range(of_day_from[number], of_day_from[number + 1]):
                at = busy[b]
                while x < e and slot[x] - low < at:
                    x += 1
                here = x < e and slot[x] - low == at
                s = at % DAY
                rate = of_day * max(slots[s], hours[s // HOUR] / HOUR) / size
                others = seen[at]
                usual = expected[at]
                if member[a]:
                    others -= 1.0 if here else 0.0
                    usual -= rate
                if others >= 3.0 and surprise(others, max(usual, 1e-3)) >= crowded:
                    mean[i] += rate
                    if here:
                        hits[i] += 1.0
                        any_hit = True
            if any_hit:
                days[i] += 1
    return hits, days, mean
