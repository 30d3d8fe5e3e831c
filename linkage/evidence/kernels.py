"""Compiled inner loops of the evidence stage. Every loop runs in a fixed order: results never depend on threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray


@njit(cache=True)
def mix(state: np.uint64) -> np.uint64:
    """SplitMix64 finalizer (Steele, Lea and Flood 2014, doi 10.1145/2660193.2660195)."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


@njit(cache=True)
def form_pairs(
    identifier_start: NDArray[np.int64],
    identifier_edge: NDArray[np.int64],
    edge_account: NDArray[np.int32],
    forming: NDArray[np.bool_],
    partners: int,
    seed: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Pairs of accounts (a, b), a < b, on each identifier that is ``forming`` (M); a pair may come more than once.

    An identifier with few accounts gives all its pairs. A larger one gives a random regular graph: its accounts in a
    shuffled ring, each joined to the next ``partners / 2``. So a hub costs d × partners / 2, never d².
    """
    half = partners // 2
    total = np.int64(0)
    for j in range(len(identifier_start) - 1):
        if forming[j]:
            d = identifier_start[j + 1] - identifier_start[j]
            total = np.int64(total + min(d * (d - 1) // 2, d * half))
    first = np.empty(total, np.int32)
    second = np.empty(total, np.int32)
    at = 0
    for j in range(len(identifier_start) - 1):
        if not forming[j]:
            continue
        low = identifier_start[j]
        d = identifier_start[j + 1] - low
        if d * (d - 1) // 2 <= d * half:
            for x in range(d):
                for y in range(x + 1, d):
                    first[at] = edge_account[identifier_edge[low + x]]
                    second[at] = edge_account[identifier_edge[low + y]]
                    at += 1
            continue
        ring = np.empty(d, np.int32)
        for x in range(d):
            ring[x] = edge_account[identifier_edge[low + x]]
        state = mix(np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(j + 1))
        for x in range(d - 1, 0, -1):
            state = mix(state + np.uint64(0x9E3779B97F4A7C15))
            other = np.int64(state % np.uint64(x + 1))
            ring[x], ring[other] = ring[other], ring[x]
        for x in range(d):
            for step in range(1, half + 1):
                a = ring[x]
                b = ring[(x + step) % d]
                first[at] = min(a, b)
                second[at] = max(a, b)
                at += 1
    return first, second


@njit(cache=True)
def pair_evidence(
    first: NDArray[np.int32],
    second: NDArray[np.int32],
    account_start: NDArray[np.int64],
    edge_identifier: NDArray[np.int32],
    edge_first: NDArray[np.int32],
    edge_last: NDArray[np.int32],
    kind: NDArray[np.int8],
    bits: NDArray[np.float64],
    further: NDArray[np.float64],
    discount: NDArray[np.float64],
    network: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Bits of evidence that each pair belongs together, and the kinds that give it (bit mask).

    The strongest shared identifier counts its ``bits`` (M); every other one what it is worth as ``further`` evidence
    (M), and within a kind all but the strongest only the kind's ``discount`` of that. A network identifier counts only
    when both accounts used it at overlapping times: addresses are reassigned.
    """
    pairs = len(first)
    kinds = len(discount)
    total = np.zeros(pairs)
    mask = np.zeros(pairs, np.int32)
    best = np.zeros(kinds)
    rest = np.zeros(kinds)
    for p in range(pairs):
        a = first[p]
        b = second[p]
        for t in range(kinds):
            best[t] = 0.0
            rest[t] = 0.0
        top = 0.0
        extra = 0.0
        x = account_start[a]
        y = account_start[b]
        x_end = account_start[a + 1]
        y_end = account_start[b + 1]
        while x < x_end and y < y_end:
            left = edge_identifier[x]
            right = edge_identifier[y]
            if left < right:
                x += 1
            elif right < left:
                y += 1
            else:
                value = further[left]
                t = kind[left]
                apart = network[t] and (edge_first[x] > edge_last[y] + 1 or edge_first[y] > edge_last[x] + 1)
                if value > 0.0 and not apart:
                    if value > best[t]:
                        rest[t] += best[t]
                        best[t] = value
                    else:
                        rest[t] += value
                    if bits[left] > top:
                        top = bits[left]
                        extra = top - value
                x += 1
                y += 1
        for t in range(kinds):
            if best[t] > 0.0:
                total[p] += best[t] + discount[t] * rest[t]
                mask[p] |= 1 << t
        total[p] += extra
    return total, mask


@njit(cache=True)
def meet_twice(
    first: NDArray[np.int32],
    second: NDArray[np.int32],
    account_start: NDArray[np.int64],
    edge_identifier: NDArray[np.int32],
    edge_first: NDArray[np.int32],
    edge_last: NDArray[np.int32],
    operator: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Which pairs used addresses of two operators at overlapping times; ``operator`` (M): −1 where none counts."""
    out = np.zeros(len(first), np.bool_)
    for p in range(len(first)):
        x = account_start[first[p]]
        y = account_start[second[p]]
        met = np.int64(-1)
        while x < account_start[first[p] + 1] and y < account_start[second[p] + 1]:
            left = edge_identifier[x]
            right = edge_identifier[y]
            if left < right:
                x += 1
            elif right < left:
                y += 1
            else:
                apart = edge_first[x] > edge_last[y] + 1 or edge_first[y] > edge_last[x] + 1
                if operator[left] >= 0 and not apart:
                    if met >= 0 and met != operator[left]:
                        out[p] = True
                        break
                    met = operator[left]
                x += 1
                y += 1
    return out


@njit(cache=True)
def closure(
    account_start: NDArray[np.int64],
    edge_identifier: NDArray[np.int32],
    identifier_start: NDArray[np.int64],
    identifier_edge: NDArray[np.int64],
    edge_account: NDArray[np.int32],
    network: NDArray[np.bool_],
    few: int,
    sample: int,
    seed: int,
) -> NDArray[np.float64]:
    """How far the accounts on each identifier (M) are together on some other identifier as well: 0 not, 1 all of them.

    For an account on j, each of its other identifiers i has a share of *i's* accounts that are on j too; the largest
    such share counts, less what chance gives: the share of all edges that accounts on j hold, so that busy accounts
    explain themselves; and as far as one of as many identifiers has no such share by chance (Chernoff's
    bound). The closure of j is the mean over its accounts, or over ``sample`` of them. Identifiers with
    fewer than ``few`` accounts have none (0), and neither have places in the ``network`` (M): a campus is closed behind
    its address, whole classes and families at a time, and is not one operator.
    """
    count = len(identifier_start) - 1
    accounts = len(account_start) - 1
    share = np.zeros(count)
    met = np.zeros(count, np.int64)
    on = np.full(accounts, -1, np.int64)
    for j in range(count):
        low = identifier_start[j]
        d = identifier_start[j + 1] - low
        if d < few or network[j]:
            continue
        reach = np.int64(0)
        for x in range(d):
            a = edge_account[identifier_edge[low + x]]
            on[a] = j
            reach = np.int64(reach + account_start[a + 1] - account_start[a])
        usual = reach / len(edge_identifier)
        taken = min(d, sample)
        chosen = np.empty(taken, np.int64)
        state = mix(np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(j + 1))
        for x in range(taken):
            # One account from each of as many parts of equal size.
            state = mix(state + np.uint64(0x9E3779B97F4A7C15))
            begin, end = x * d // taken, (x + 1) * d // taken
            chosen[x] = edge_account[identifier_edge[low + begin + np.int64(state % np.uint64(end - begin))]]
        for x in range(taken):
            a = chosen[x]
            for e in range(account_start[a], account_start[a + 1]):
                met[edge_identifier[e]] += 1
        total = 0.0
        for x in range(taken):
            a = chosen[x]
            best = 0.0
            for e in range(account_start[a], account_start[a + 1]):
                i = edge_identifier[e]
                if i == j:
                    continue
                di = identifier_start[i + 1] - identifier_start[i]
                if di < 2:
                    continue
                part = 0.0
                if di < few:
                    for y in range(identifier_start[i], identifier_start[i + 1]):
                        b = edge_account[identifier_edge[y]]
                        if b != a and on[b] == j:
                            part += 1.0
                    part /= di - 1
                elif met[i] >= 3:
                    part = min(1.0, met[i] * d / taken / di)
                if part <= usual:
                    continue
                # As many as the account has could have as large a share by chance.
                nats = part * np.log(part / usual) + (1.0 - part) * np.log(max(1.0 - part, 1e-300) / (1.0 - usual))
                lucky = (account_start[a + 1] - account_start[a] - 1) * np.exp(-(di - 1) * nats)
                best = max(best, (part - usual) / (1.0 - usual) * np.exp(-lucky))
            total += best
        for x in range(taken):
            a = chosen[x]
            for e in range(account_start[a], account_start[a + 1]):
                met[edge_identifier[e]] = 0
        share[j] = total / taken
    return share


@njit(cache=True)
def pooled(
    account_start: NDArray[np.int64],
    edge_identifier: NDArray[np.int32],
    identifier_start: NDArray[np.int64],
    identifier_edge: NDArray[np.int64],
    edge_account: NDArray[np.int32],
    operator: NDArray[np.int64],
    few: int,
    sample: int,
    most: int,
    seed: int,
) -> NDArray[np.float64]:
    """How far the accounts on each address (M) meet on addresses of further operators, beyond chance: 1 all pairs do.

    ``operator`` (M): numbers from 0, −1 of identifiers that are not asked about. Of the pairs of accounts on j as many
    as ``sample`` are looked at, none with an account of more than ``most`` addresses; of fewer than ``few`` nothing is
    said (0). The operator on which most of them meet does not count: people of one town have one line at home and one
    in the hand. By chance two accounts meet as often as accounts with as many addresses do that are as busy as theirs.
    """
    count = len(identifier_start) - 1
    accounts = len(account_start) - 1
    out = np.zeros(count)
    held = np.zeros(accounts, np.int64)
    operators = np.int64(0)
    for e in range(len(edge_identifier)):
        if operator[edge_identifier[e]] >= 0:
            held[edge_account[e]] += 1
            operators = max(operators, operator[edge_identifier[e]] + 1)
    usual = held.sum() / max(1, accounts)
    met_on = np.zeros(operators, np.int64)
    first = np.empty(sample, np.int64)
    second = np.empty(sample, np.int64)
    for j in range(count):
        low = identifier_start[j]
        d = identifier_start[j + 1] - low
        if d < few or operator[j] < 0:
            continue
        taken = min(sample, d)
        state = mix(np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(j + 1))
        pairs = 0
        for x in range(taken):
            state = mix(state + np.uint64(0x9E3779B97F4A7C15))
            begin, end = x * d // taken, (x + 1) * d // taken
            at = begin + np.int64(state % np.uint64(end - begin))
            state = mix(state + np.uint64(0x9E3779B97F4A7C15))
            to = np.int64(state % np.uint64(d - 1))
            if to >= at:
                to += 1
            a = edge_account[identifier_edge[low + at]]
            b = edge_account[identifier_edge[low + to]]
            if held[a] <= most and held[b] <= most:
                first[pairs] = a
                second[pairs] = b
                pairs += 1
        if pairs < few:
            continue
        # Twice over the same pairs: where do they meet, and how many meet elsewhere.
        best = np.int64(-1)
        met = 0.0
        chance = 0.0
        for turn in range(2):
            for x in range(pairs):
                meets = False
                expected = 0.0
                y = account_start[second[x]]
                y_end = account_start[second[x] + 1]
                for e in range(account_start[first[x]], account_start[first[x] + 1]):
                    i = edge_identifier[e]
                    if operator[i] < 0 or operator[i] == operator[j] or operator[i] == best:
                        continue
                    expected += identifier_start[i + 1] - identifier_start[i] - 1
                    while y < y_end and edge_identifier[y] < i:
                        y += 1
                    if y < y_end and edge_identifier[y] == i:
                        meets = True
                        met_on[operator[i]] += 1
                if turn == 1:
                    met += 1.0 if meets else 0.0
                    chance += 1.0 - np.exp(-expected / max(1, accounts - 1) * held[second[x]] / usual)
            if turn == 0:
                best = np.argmax(met_on)
            met_on[:] = 0
        if met > chance:
            out[j] = (met - chance) / (pairs - chance)
    return out


@njit(cache=True)
def other_ties(
    account_start: NDArray[np.int64],
    edge_identifier: NDArray[np.int32],
    kind: NDArray[np.int8],
    discount: NDArray[np.float64],
    network: NDArray[np.bool_],
    tie: NDArray[np.float64],
) -> NDArray[np.float64]:
    """For each edge (E), how strongly the other edges of its account tie it, when each edge alone ties by ``tie`` (E).

    As in :func:`pair_evidence`, the strongest of a kind counts whole and the others at the kind's discount: thirty
    public templates are no thirty facts. Beside an edge to a network address, no other address counts.
    """
    kinds = len(discount)
    out = np.zeros(len(tie))
    first = np.zeros(kinds)
    second = np.zeros(kinds)
    total = np.zeros(kinds)
    for a in range(len(account_start) - 1):
        low = account_start[a]
        high = account_start[a + 1]
        first[:] = 0.0
        second[:] = 0.0
        total[:] = 0.0
        for e in range(low, high):
            t = kind[edge_identifier[e]]
            value = tie[e]
            total[t] += value
            if value > first[t]:
                second[t] = first[t]
                first[t] = value
            elif value > second[t]:
                second[t] = value
        for e in range(low, high):
            own = kind[edge_identifier[e]]
            other = 0.0
            for t in range(kinds):
                if t == own:
                    if not network[t]:
                        top = second[t] if tie[e] >= first[t] else first[t]
                        other += top + discount[t] * max(0.0, total[t] - tie[e] - top)
                elif not (network[own] and network[t]):
                    other += first[t] + discount[t] * (total[t] - first[t])
            out[e] = other
    return out
