"""The shortest explained chains between two accounts, searched from both ends in the store.

A chain of n identifiers is 2n uses long. It is found in three steps that every store answers: what both accounts used;
whom both reach over what they used; what joins those whom either reaches. Identifiers with many accounts are not
followed: everybody is three steps from everybody over a large proxy, and that explains nothing.

Chains of one length are ordered by what their steps claim, Σ −log₂ θ over the identifiers (the least first: the product
of trust is the largest), then by the ids along the chain from the smaller account. The sum is one of whole millionths
of a bit, so that the order is exact whichever end it is added from.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from linkage.errors import UsageError
from linkage.model.graph import Pairs, Path, Paths
from linkage.reading.neighbourhood import require_accounts
from linkage.stores.graph import GraphReader

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Whole = NDArray[np.int64]

#: Identifiers that a chain may have at most; six uses.
LONGEST = 3
#: Accounts that are reached from either end before no further identifier is followed.
REACH = 1_000
#: Least trust that the order tells apart.
_LEAST_TRUST = 1e-9

#: Per layer of a chain, successors of each node.
Layers: TypeAlias = list[dict[int, list[int]]]


@dataclass(frozen=True, slots=True)
class _Side:
    """What one end reaches: ``identifier`` and ``account`` of each use that leads on."""

    identifier: Whole
    account: Whole

    @property
    def reached(self) -> Whole:
        return np.unique(self.account)


def paths(graph: GraphReader, a: int, b: int, *, limit: int, degree_limit: int, reach: int = REACH) -> Paths:
    """The first ``limit`` of the shortest chains between accounts ``a`` and ``b``, of at most LONGEST identifiers.

    Identifiers with more than ``degree_limit`` accounts are not followed, and from either end identifiers are followed
    rarest first until they hold ``reach`` accounts; both are said.

    Raises:
        UsageError: an account is not in the graph, both are the same, or a limit is below 1.
    """
    if a == b:
        raise UsageError("a path is between two different accounts")
    if min(limit, degree_limit, reach) < 1:
        raise UsageError("the limits of a path are at least 1")
    require_accounts(graph, a, b)
    low, high = sorted((a, b))
    own = graph.used_by([low, high])
    met = {one.identifier: one for one in graph.identifiers(np.unique(own.identifier).tolist())}
    hubs = {number for number, one in met.items() if one.degree > degree_limit}
    narrow = {end: frozenset(own.identifier[own.account == end].tolist()) - hubs for end in (low, high)}
    unfollowed = 0
    layers: Layers | None = _direct(narrow[low] & narrow[high], low, high)
    if layers is None:
        degree = {number: one.degree for number, one in met.items()}
        followed = {end: _followed(narrow[end], degree, reach) for end in (low, high)}
        unfollowed = sum(len(narrow[end]) - len(followed[end]) for end in (low, high))
        uses = graph.users_of(followed[low] | followed[high])
        left, right = (_reached(uses, followed[end], end) for end in (low, high))
        layers = _over_an_account(left, right, low, high)
        if layers is None:
            pairs = graph.joined(np.union1d(left.reached, right.reached).tolist())
            # What an end used itself and did not follow, for want of reach, would be a detour here.
            on = [pairs.identifier[np.isin(pairs.account, side.reached)] for side in (left, right)]
            joining = np.setdiff1d(np.intersect1d(on[0], on[1]), [*met]).tolist()
            met |= {one.identifier: one for one in graph.identifiers(joining)}
            large = {number for number in joining if met[number].degree > degree_limit}
            hubs |= large
            layers = _over_a_bridge(left, right, pairs, set(joining) - large, low, high)
    numbers = {number for layer in (layers or [])[1::2] for number in layer}
    cost = {number: _cost(met[number].trust) for number in numbers}
    total, chains = _first_chains(layers, cost, limit) if layers else (0, [])
    people = {one.account: one for one in graph.accounts({number for chain in chains for number in chain[::2]})}
    found = []
    for chain in chains:
        along = chain if a == low else chain[::-1]
        identifiers = tuple(met[number] for number in along[1::2])
        trust = float(np.prod([one.trust for one in identifiers]))
        found.append(Path(tuple(people[number] for number in along[::2]), identifiers, trust))
    return Paths(graph.refresh_id, tuple(found), total, LONGEST, degree_limit, len(hubs), unfollowed)


def _followed(narrow: frozenset[int], degree: Mapping[int, int], reach: int) -> frozenset[int]:
    """The rarest identifiers of ``narrow`` that hold ``reach`` accounts together."""
    order = sorted(narrow, key=lambda number: (degree[number], number))
    held = np.cumsum([degree[number] for number in order], dtype=np.int64)
    return frozenset(order[: int(np.searchsorted(held, reach, side="right"))])


def _reached(uses: Pairs, followed: frozenset[int], end: int) -> _Side:
    """Whom ``end`` shares a followed identifier with."""
    leading = np.isin(uses.identifier, list(followed)) & (uses.account != end)
    return _Side(uses.identifier[leading], uses.account[leading])


def _direct(both: frozenset[int], low: int, high: int) -> Layers | None:
    if not both:
        return None
    return [{low: sorted(both)}, {number: [high] for number in both}]


def _over_an_account(left: _Side, right: _Side, low: int, high: int) -> Layers | None:
    """Chains of two identifiers: over an account that both ends reach."""
    between = np.intersect1d(left.reached, right.reached)
    if not len(between):
        return None
    return _trimmed(
        [
            _successors(np.full(len(left.identifier), low), left.identifier),
            _successors(left.identifier, left.account, only=between),
            _successors(right.account, right.identifier, only_from=between),
            {number: [high] for number in right.identifier.tolist()},
        ]
    )


def _over_a_bridge(
    left: _Side, right: _Side, pairs: Pairs, bridges: Collection[int], low: int, high: int
) -> Layers | None:
    """Chains of three identifiers: over one that someone reached from either end used."""
    over = np.isin(pairs.identifier, list(bridges))
    account, identifier = pairs.account[over], pairs.identifier[over]
    from_left, from_right = np.isin(account, left.reached), np.isin(account, right.reached)
    if not len(account):
        return None
    return _trimmed(
        [
            _successors(np.full(len(left.identifier), low), left.identifier),
            _successors(left.identifier, left.account),
            _successors(account[from_left], identifier[from_left]),
            _successors(identifier[from_right], account[from_right]),
            _successors(right.account, right.identifier),
            {number: [high] for number in right.identifier.tolist()},
        ]
    )


def _successors(
    source: Whole, target: Whole, *, only: Whole | None = None, only_from: Whole | None = None
) -> dict[int, list[int]]:
    kept = np.ones(len(source), np.bool_)
    if only is not None:
        kept &= np.isin(target, only)
    if only_from is not None:
        kept &= np.isin(source, only_from)
    found: dict[int, list[int]] = {}
    for node, following in sorted(set(zip(source[kept].tolist(), target[kept].tolist(), strict=True))):
        found.setdefault(node, []).append(following)
    return found


def _trimmed(layers: Layers) -> Layers:
    """The layers without what leads nowhere."""
    for before, after in zip(layers[-2::-1], layers[:0:-1], strict=True):
        for node in list(before):
            before[node] = [following for following in before[node] if following in after]
            if not before[node]:
                del before[node]
    return layers


def _first_chains(layers: Layers, cost: Mapping[int, int], limit: int) -> tuple[int, list[tuple[int, ...]]]:
    """How many chains go through the layers, and the first ``limit``: by cost, then by the ids along the chain.

    Best first, with the exact cost of the rest: whatever leaves the queue is the beginning of a chain that is listed.
    """
    last = {node for following in layers[-1].values() for node in following}
    rest: list[dict[int, int]] = [dict.fromkeys(last, 0)]
    ways: list[dict[int, int]] = [dict.fromkeys(last, 1)]
    for depth in range(len(layers) - 1, -1, -1):
        own = cost if depth % 2 else {}
        rest.insert(
            0,
            {node: own.get(node, 0) + min(rest[0][n] for n in following) for node, following in layers[depth].items()},
        )
        ways.insert(0, {node: sum(ways[0][n] for n in following) for node, following in layers[depth].items()})
    (start,) = layers[0]
    queue: list[tuple[int, tuple[int, ...], int]] = [(rest[0][start], (start,), 0)]
    chains: list[tuple[int, ...]] = []
    while queue and len(chains) < limit:
        _whole, chain, so_far = heapq.heappop(queue)
        depth = len(chain) - 1
        if depth == len(layers):
            chains.append(chain)
            continue
        spent = so_far + (cost[chain[-1]] if depth % 2 else 0)
        for node in layers[depth][chain[-1]]:
            heapq.heappush(queue, (spent + rest[depth + 1][node], (*chain, node), spent))
    return ways[0][start], chains


def _cost(trust: float) -> int:
    """−log₂ θ in millionths of a bit."""
    return round(-1e6 * float(np.log2(max(trust, _LEAST_TRUST))))
