"""Links → communities: cut where next to nothing holds, never where as much crosses the cut as it is worth inside.

Modularity at one resolution fits no population: it merges small groups and cuts long chains (Fortunato and Barthélemy
2007, doi 10.1073/pnas.0605965104). So every community is offered to Leiden anew, on its own links,
again and again, and a proposed cut is taken only where little of what holds the pieces crosses it: their conductance
(Kannan, Vempala and Vetta 2004, doi 10.1145/990308.990313). Links of a chain are as few across a cut as inside, so a
cut also has to be weaker than the next one inside would be: a chain stays whole, and what one stray link ties to a
dense group comes off. The first partition, of the whole graph, is taken as it is: joining its parts by the same rule
lets one giant community run away.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from linkage import leiden

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from linkage.config import CommunitySettings
    from linkage.evidence.links import Links
    from linkage.leiden import Engine

#: Loose pieces beyond which their cuts are not looked at again.
_MOST_PIECES = 1_000


def communities(
    links: Links, accounts: int, settings: CommunitySettings, seed: int, partition: Engine = leiden.partition
) -> NDArray[np.int64]:
    """Community of every account (N), −1 for an account without a link. Numbers follow the smallest account.

    ``partition`` makes the first partition, of the whole graph; it alone is worth a way to a server.
    """
    label = np.full(accounts, -1, dtype=np.int64)
    if len(links.first) == 0:
        return label
    nodes, inverse = np.unique(np.concatenate([links.first, links.second]), return_inverse=True)
    first, second = inverse[: len(links.first)], inverse[len(links.first) :]
    label[nodes] = leiden.renumbered(_split(first, second, links.weight, len(nodes), settings, seed, partition))
    return label


def cut(links: Links, label: NDArray[np.int64], settings: CommunitySettings, seed: int) -> NDArray[np.int64]:
    """Cut communities, ``label`` (N, −1 for none), again, by the links between their members as they are now.

    Passengers hold together what has nothing else in common: a pool of exits and the users of a tool. Once they are
    out, it comes apart.
    """
    inside = (label[links.first] >= 0) & (label[links.first] == label[links.second])
    if not inside.any():
        return label
    first, second = links.first[inside].astype(np.int64), links.second[inside].astype(np.int64)
    return _cut(first, second, links.weight[inside], label.copy(), settings, seed)


def _split(
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    weight: NDArray[np.float64],
    nodes: int,
    settings: CommunitySettings,
    seed: int,
    partition: Engine,
) -> NDArray[np.int64]:
    """Start from the communities of the whole and cut them until no cut is taken."""
    part = partition(first, second, weight, nodes, seed)
    part = _rejoin(first, second, weight, part, settings.whole_share)
    return _cut(first, second, weight, part, settings, seed)


def _cut(
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    weight: NDArray[np.float64],
    part: NDArray[np.int64],
    settings: CommunitySettings,
    seed: int,
) -> NDArray[np.int64]:
    """Cut every part (N, −1 for none) until no cut is taken; ``part`` is written over.

    What crosses a cut and what is inside are counted in pairs, each by how surely it is one operator's: two accounts
    on three cards are a pair, and do not outweigh a dozen pairs on one.
    """
    pieces = int(part.max()) + 1
    weight = _surely(weight)
    inside = part[first] == part[second]
    first, second, weight = first[inside], second[inside], weight[inside]
    order = np.argsort(part[first], kind="stable")
    first, second, weight = first[order], second[order], weight[order]
    bounds = np.searchsorted(part[first], np.arange(pieces + 1))
    large = np.flatnonzero(np.bincount(part[part >= 0], minlength=pieces) >= settings.split_from)
    queue = [
        (first[bounds[p] : bounds[p + 1]], second[bounds[p] : bounds[p + 1]], weight[bounds[p] : bounds[p + 1]])
        for p in large
    ]
    fresh = pieces
    while queue:
        left, right, tie = queue.pop()
        members, inverse = np.unique(np.concatenate([left, right]), return_inverse=True)
        if len(members) < settings.split_from:
            continue
        a, b = inverse[: len(left)], inverse[len(left) :]
        piece = _rejoin(a, b, tie, leiden.partition(a, b, tie, len(members), seed), settings.rejoin_share)
        piece = _knit(a, b, tie, piece, settings.chain_share, seed)
        cuts = int(piece.max())
        if cuts == 0:
            continue
        part[members] = np.where(piece == 0, part[members], fresh + piece - 1)
        fresh += cuts
        stays = piece[a] == piece[b]
        for number in range(cuts + 1):
            chosen = stays & (piece[a] == number)
            if chosen.any():
                queue.append((left[chosen], right[chosen], tie[chosen]))
    return part


def _surely(weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of log2 odds that two accounts are one operator: how much more probable that is than not, 0–1."""
    return np.asarray(np.tanh(weight * (np.log(2.0) / 2.0)))


def _rejoin(
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    weight: NDArray[np.float64],
    piece: NDArray[np.int64],
    least: float,
) -> NDArray[np.int64]:
    """Join pieces again while enough of a piece's links leave it.

    The piece with the largest conductance, link weight that leaves it over all link weight at its members, joins the
    one that most of that weight leads to, as long as it is at least ``least``.
    """
    pieces = int(piece.max()) + 1
    low, high = np.minimum(piece[first], piece[second]), np.maximum(piece[first], piece[second])
    volume = np.bincount(low, weight, pieces) + np.bincount(high, weight, pieces)
    cross = low != high
    low, high, tie = _summed(low[cross], high[cross], weight[cross], pieces)
    home = np.arange(pieces)
    while len(tie):
        leaving = np.bincount(low, tie, pieces) + np.bincount(high, tie, pieces)
        share = np.divide(leaving, volume, out=np.zeros(pieces), where=volume > 0)
        most = int(np.argmax(share))
        if share[most] < least:
            break
        touching = (low == most) | (high == most)
        other = np.where(low == most, high, low)
        into = int(other[touching][np.argmax(tie[touching])])
        home[home == most] = into
        volume[into] += volume[most]
        volume[most] = 0.0
        other = np.where(touching, other, low)
        high = np.where(touching, into, high)
        cross = other != high
        low, high, tie = _summed(np.minimum(other, high)[cross], np.maximum(other, high)[cross], tie[cross], pieces)
    return leiden.renumbered(home[piece])


def _knit(
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    weight: NDArray[np.float64],
    piece: NDArray[np.int64],
    share: float,
    seed: int,
) -> NDArray[np.int64]:
    """Undo cuts that are no weaker than the next ones inside would be.

    A piece is loose when what leaves it is at least ``share`` of what would leave the parts that it could be cut into
    itself (the middle one of them). What is tighter inside stays apart for good. Loose pieces that hang together are
    halved where least crosses, and that stands when its conductance is below ``share`` of what one of the halves could
    be halved at in turn: a chain halves again and again at twice the conductance. Of more than a thousand loose pieces
    the cuts stand as they are: no mesh has that many.
    """
    pieces = int(piece.max()) + 1
    if pieces == 1:
        return piece
    inside = piece[first] == piece[second]
    order = np.flatnonzero(inside)[np.argsort(piece[first[inside]], kind="stable")]
    bounds = np.searchsorted(piece[first[order]], np.arange(pieces + 1))
    parts = [
        _contracted(first[chosen], second[chosen], weight[chosen], seed)
        for chosen in (order[low:high] for low, high in pairwise(bounds.tolist()))
    ]
    within = np.array([_middle(tie) for tie in parts])
    across, other, tie = piece[first[~inside]], piece[second[~inside]], weight[~inside]
    leaving = np.bincount(across, tie, pieces) + np.bincount(other, tie, pieces)
    loose = np.flatnonzero(leaving >= share * within)
    if len(loose) < 2 or len(loose) > _MOST_PIECES:
        return piece
    number = np.full(pieces, -1, np.int64)
    number[loose] = np.arange(len(loose))
    between = np.zeros((len(loose), len(loose)))
    both = (number[across] >= 0) & (number[other] >= 0)
    np.add.at(between, (number[across[both]], number[other[both]]), tie[both])
    between += between.T
    between[np.diag_indices(len(loose))] = [parts[one].sum() for one in loose]
    home = np.arange(pieces)
    queue = [np.arange(len(loose))]
    while queue:
        these = queue.pop()
        if len(these) > 1:
            side, crossing = _halves(between[np.ix_(these, these)])
            halves = these[side], these[~side]
            inner = max(
                _halves(between[np.ix_(half, half)] if len(half) > 1 else parts[loose[half[0]]])[1] for half in halves
            )
            if crossing < share * inner:
                queue += halves
                continue
        home[loose[these]] = loose[these[0]]
    return leiden.renumbered(home[piece])


def _contracted(
    first: NDArray[np.int64], second: NDArray[np.int64], weight: NDArray[np.float64], seed: int
) -> NDArray[np.float64]:
    """Weight between the parts (P × P) that links by themselves fall into, twice that inside on the diagonal."""
    if len(first) == 0:
        return np.zeros((1, 1))
    members, ends = np.unique(np.concatenate([first, second]), return_inverse=True)
    a, b = ends[: len(first)], ends[len(first) :]
    part = leiden.partition(a, b, weight, len(members), seed)
    tie = np.zeros((int(part.max()) + 1,) * 2)
    np.add.at(tie, (part[a], part[b]), weight)
    return tie + tie.T


def _middle(tie: NDArray[np.float64]) -> float:
    """What leaves the middle one of the parts, by weight; infinite for a single part, which nothing would cut."""
    if len(tie) == 1:
        return np.inf
    return float(np.median(tie.sum(axis=1) - np.diag(tie)))


def _halves(tie: NDArray[np.float64]) -> tuple[NDArray[np.bool_], float]:
    """One side of a cut in two with little conductance, and that conductance; 1 where there is nothing to cut.

    ``tie`` (P × P): weight between the pieces, twice that inside on the diagonal. The piece that most leaves, as a part
    of what it has, joins the one that most of that leads to, until two are left; pieces that nothing ties are a cut by
    themselves. No eigenvector: those of equal eigenvalues differ from machine to machine.
    """
    pieces = len(tie)
    if pieces == 1:
        return np.ones(1, dtype=np.bool_), 1.0
    tie = tie.copy()
    volume = tie.sum(axis=1)
    home = np.arange(pieces)
    there = np.ones(pieces, dtype=np.bool_)
    for _ in range(pieces - 2):
        leaving = volume - np.diag(tie)
        share = np.where(there, leaving / np.maximum(volume, 1e-12), -1.0)
        most = int(np.argmax(np.round(share, 9)))
        if leaving[most] <= 0.0:
            break
        towards = np.where(there, tie[most], -1.0)
        towards[most] = -1.0
        into = int(np.argmax(np.round(towards, 9)))
        tie[into] += tie[most]
        tie[:, into] += tie[:, most]
        volume[into] += volume[most]
        there[most], tie[most], tie[:, most] = False, 0.0, 0.0
        home[home == most] = into
    side = home == home[0]
    inner, outer = volume[home[0]], volume[there].sum() - volume[home[0]]
    crossing = volume[home[0]] - tie[home[0], home[0]]
    return side, float(crossing / max(min(inner, outer), 1e-12))


def _summed(
    low: NDArray[np.int64], high: NDArray[np.int64], tie: NDArray[np.float64], pieces: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """One entry for each pair of pieces, with the sum of its weights."""
    key, at = np.unique(low * pieces + high, return_inverse=True)
    return key // pieces, key % pieces, np.asarray(np.bincount(at, tie, len(key)), dtype=np.float64)
