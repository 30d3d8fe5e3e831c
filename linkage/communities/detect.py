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

from typing import TYPE_CHECKING

import numpy as np

from linkage import leiden

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from linkage.config import CommunitySettings
    from linkage.evidence.links import Links
    from linkage.leiden import Engine

#: Pieces from which their cuts are not looked at again.
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
    pieces = int(part.max()) + 1
    inside = part[first] == part[second]
    first, second, weight = first[inside], second[inside], weight[inside]
    order = np.argsort(part[first], kind="stable")
    first, second, weight = first[order], second[order], weight[order]
    bounds = np.searchsorted(part[first], np.arange(pieces + 1))
    large = np.flatnonzero(np.bincount(part, minlength=pieces) >= settings.split_from)
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

    The pieces are halved where least crosses; that stands when its conductance is below ``share`` of what the halves
    themselves, or one of them, could be halved at. A chain halves again and again at twice the conductance. Of more
    than a thousand pieces the cuts stand as they are: every halving is an eigenproblem, and no mesh has that many.
    """
    pieces = int(piece.max()) + 1
    if pieces == 1 or pieces > _MOST_PIECES:
        return piece
    across, within = piece[first], piece[second]
    tie = np.zeros((pieces, pieces))
    np.add.at(tie, (across, within), weight)
    tie += tie.T
    inside = across == within
    order = np.flatnonzero(inside)[np.argsort(across[inside], kind="stable")]
    bounds = np.searchsorted(across[order], np.arange(pieces + 1))

    def alone(number: int) -> float:
        chosen = order[bounds[number] : bounds[number + 1]]
        if len(chosen) == 0:
            return 1.0
        members, ends = np.unique(np.concatenate([first[chosen], second[chosen]]), return_inverse=True)
        a, b = ends[: len(chosen)], ends[len(chosen) :]
        parts = leiden.partition(a, b, weight[chosen], len(members), seed)
        small = np.zeros((int(parts.max()) + 1,) * 2)
        np.add.at(small, (parts[a], parts[b]), weight[chosen])
        return _halves(small + small.T)[1]

    home = np.zeros(pieces, np.int64)
    queue = [np.arange(pieces)]
    fresh = 0
    while queue:
        these = queue.pop()
        if len(these) > 1:
            side, crossing = _halves(tie[np.ix_(these, these)])
            halves = these[side], these[~side]
            inner = max(
                _halves(tie[np.ix_(half, half)])[1] if len(half) > 1 else alone(int(half[0])) for half in halves
            )
            if crossing < share * inner:
                queue += halves
                continue
        home[these] = fresh
        fresh += 1
    return leiden.renumbered(home[piece])


def _halves(tie: NDArray[np.float64]) -> tuple[NDArray[np.bool_], float]:
    """One side of the cut with the least conductance along the second eigenvector, and that conductance; 1 for none.

    ``tie`` (P × P): weight between the pieces, twice that inside on the diagonal (sweep cut: Chung 1997,
    doi 10.1090/cbms/092).
    """
    pieces = len(tie)
    if pieces == 1:
        return np.ones(1, dtype=np.bool_), 1.0
    volume = np.maximum(tie.sum(axis=1), 1e-12)
    root = np.sqrt(volume)
    _, vectors = np.linalg.eigh(tie / np.outer(root, root))
    order = np.lexsort((np.arange(pieces), np.round(vectors[:, -2] / root, 9)))
    moved = np.cumsum(volume[order])
    sorted_ = tie[np.ix_(order, order)]
    # Weight between the first so many and the rest.
    crossing = np.array([sorted_[:at, at:].sum() for at in range(1, pieces)])
    conductance = crossing / np.minimum(moved[:-1], moved[-1] - moved[:-1])
    best = int(np.argmin(np.round(conductance, 12)))
    side = np.zeros(pieces, dtype=np.bool_)
    side[order[: best + 1]] = True
    return side, float(conductance[best])


def _summed(
    low: NDArray[np.int64], high: NDArray[np.int64], tie: NDArray[np.float64], pieces: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """One entry for each pair of pieces, with the sum of its weights."""
    key, at = np.unique(low * pieces + high, return_inverse=True)
    return key // pieces, key % pieces, np.asarray(np.bincount(at, tie, len(key)), dtype=np.float64)
