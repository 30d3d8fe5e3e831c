"""Compiled inner loops of the baselines. Every loop runs in a fixed order: results never depend on threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray


@njit(cache=True)
def products(
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    start: NDArray[np.int64],
    identifier: NDArray[np.int64],
    value: NDArray[np.float64],
    square: bool,
) -> NDArray[np.float64]:
    """For each pair (P), the sum over shared identifiers of ``value`` (E), times the other's where ``square``.

    ``start`` (N+1) delimits the edges of each account, which rise by ``identifier`` (E). Without ``square`` both
    accounts are taken to have the same value on an identifier, and it counts once.
    """
    out = np.zeros(len(first))
    for p in range(len(first)):
        x = start[first[p]]
        y = start[second[p]]
        x_end = start[first[p] + 1]
        y_end = start[second[p] + 1]
        total = 0.0
        while x < x_end and y < y_end:
            if identifier[x] < identifier[y]:
                x += 1
            elif identifier[y] < identifier[x]:
                y += 1
            else:
                total += value[x] * value[y] if square else value[x]
                x += 1
                y += 1
        out[p] = total
    return out


@njit(cache=True)
def forest(
    order: NDArray[np.int64], first: NDArray[np.int64], second: NDArray[np.int64], accounts: int
) -> NDArray[np.int64]:
    """The pairs (of P), taken in ``order``, that join accounts which those before do not (Kruskal 1956,
    doi 10.1090/S0002-9939-1956-0078686-7).

    Heaviest first these are a maximum spanning forest: of pairs of any weight or more it has the components.
    """
    above = np.arange(accounts)
    kept = np.empty(min(len(order), max(0, accounts - 1)), np.int64)
    count = 0
    for at in order:
        a = first[at]
        b = second[at]
        while above[a] != a:
            above[a] = above[above[a]]
            a = above[a]
        while above[b] != b:
            above[b] = above[above[b]]
            b = above[b]
        if a != b:
            above[max(a, b)] = min(a, b)
            kept[count] = at
            count += 1
    return kept[:count]


@njit(cache=True)
def matches(
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    start: NDArray[np.int64],
    identifier: NDArray[np.int64],
    slot: NDArray[np.int64],
    apart: int,
) -> NDArray[np.int64]:
    """For each pair (P), how many actions of one match one of the other: same identifier, ``apart`` slots at most.

    ``start`` (N+1) delimits the actions of each account, which rise by (``identifier``, ``slot``). An action matches
    one other at most; taking the earliest that fits matches as many as can be.
    """
    out = np.zeros(len(first), np.int64)
    for p in range(len(first)):
        x = start[first[p]]
        y = start[second[p]]
        x_end = start[first[p] + 1]
        y_end = start[second[p] + 1]
        count = 0
        while x < x_end and y < y_end:
            if identifier[x] != identifier[y]:
                if identifier[x] < identifier[y]:
                    x += 1
                else:
                    y += 1
            elif abs(slot[x] - slot[y]) <= apart:
                count += 1
                x += 1
                y += 1
            elif slot[x] < slot[y]:
                x += 1
            else:
                y += 1
        out[p] = count
    return out


@njit(cache=True)
def peel(
    start: NDArray[np.int64], neighbour: NDArray[np.int64], weight: NDArray[np.float64]
) -> tuple[NDArray[np.int64], int]:
    """Nodes in the order in which they are taken off, the lightest at each step, and how many to take off for the best.

    Charikar 2000 (doi 10.1007/3-540-44436-X_10) with weighted edges: what is left when the ratio of its edges' weight
    to its nodes is highest has at least half of the highest ratio there is. ``start`` (V+1) delimits the ``neighbour``
    entries (2E) of each node, ``weight`` (2E) is each edge's. Nodes without an edge are taken off first; of equals the
    one with the smaller number goes first.
    """
    nodes = len(start) - 1
    leaves = 1
    while leaves < nodes:
        leaves *= 2
    # A tree of minima: the lightest node is found, and a node becomes lighter, in logarithmic time.
    tree = np.full(2 * leaves, np.inf)
    total = 0.0
    for node in range(nodes):
        load = 0.0
        for entry in range(start[node], start[node + 1]):
            load += weight[entry]
        tree[leaves + node] = load
        total += load
    total /= 2.0
    for at in range(leaves - 1, 0, -1):
        tree[at] = min(tree[2 * at], tree[2 * at + 1])
    gone = np.zeros(nodes, np.bool_)
    order = np.empty(nodes, np.int64)
    best = total / nodes if nodes else 0.0
    best_at = 0
    for step in range(nodes):
        at = 1
        while at < leaves:
            at = 2 * at if tree[2 * at] <= tree[2 * at + 1] else 2 * at + 1
        node = at - leaves
        order[step] = node
        gone[node] = True
        total -= tree[at]
        tree[at] = np.inf
        while at > 1:
            at //= 2
            tree[at] = min(tree[2 * at], tree[2 * at + 1])
        for entry in range(start[node], start[node + 1]):
            other = neighbour[entry]
            if gone[other]:
                continue
            at = leaves + other
            # Rounding must not leave a node lighter than nothing.
            tree[at] = max(0.0, tree[at] - weight[entry])
            while at > 1:
                at //= 2
                lightest = min(tree[2 * at], tree[2 * at + 1])
                if tree[at] == lightest:
                    break
                tree[at] = lightest
        left = nodes - step - 1
        if left and total / left > best:
            best = total / left
            best_at = step + 1
    return order, best_at
