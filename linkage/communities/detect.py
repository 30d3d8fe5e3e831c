"""Links → communities: cut where next to nothing holds, never through members that are linked across the cut.

Modularity at one resolution fits no population: it merges small groups and cuts long chains (Fortunato and Barthélemy
2007, doi 10.1073/pnas.0605965104). So every community is offered to Leiden anew, on its own links,
again and again, and a proposed cut is taken only where few members have a link across it. The first partition, of the
whole graph, is taken as it is: joining its parts by the same rule lets one giant community run away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from linkage import leiden

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from linkage.config import CommunitySettings
    from linkage.evidence.links import Links


def communities(links: Links, accounts: int, settings: CommunitySettings, seed: int) -> NDArray[np.int64]:
    """Community of every account (N), −1 for an account without a link. Numbers follow the smallest account."""
    label = np.full(accounts, -1, dtype=np.int64)
    if len(links.first) == 0:
        return label
    nodes, inverse = np.unique(np.concatenate([links.first, links.second]), return_inverse=True)
    first, second = inverse[: len(links.first)], inverse[len(links.first) :]
    label[nodes] = leiden.renumbered(_split(first, second, links.weight, len(nodes), settings, seed))
    return label


def _split(
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    weight: NDArray[np.float64],
    nodes: int,
    settings: CommunitySettings,
    seed: int,
) -> NDArray[np.int64]:
    """Start from the communities of the whole and cut them until no cut is taken."""
    part = leiden.whole(first, second, weight, nodes, seed)
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
        piece = _rejoin(a, b, leiden.partition(a, b, tie, len(members), seed), settings)
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
    first: NDArray[np.int64], second: NDArray[np.int64], piece: NDArray[np.int64], settings: CommunitySettings
) -> NDArray[np.int64]:
    """Join pieces again while enough members of one have a link into the others.

    A piece of which at least ``rejoin_share`` of the members, and at least ``rejoin_members``, are linked outside it
    joins the piece that most of them are linked to; the piece with the largest such share goes first.
    """
    piece = piece.copy()
    while True:
        pieces = int(piece.max()) + 1
        if pieces < 2:
            return piece
        size = np.bincount(piece, minlength=pieces)
        cross = piece[first] != piece[second]
        ends = np.concatenate([first[cross], second[cross]])
        other = np.concatenate([piece[second[cross]], piece[first[cross]]])
        key = np.unique(ends * pieces + other)
        member, towards = key // pieces, key % pieces
        linked = np.bincount(piece[np.unique(member)], minlength=pieces)
        share = np.where(linked >= settings.rejoin_members, linked / size, 0.0)
        most = int(np.lexsort((np.arange(pieces), size, -share))[0])
        if share[most] < settings.rejoin_share:
            return piece
        votes = np.bincount(towards[piece[member] == most], minlength=pieces)
        piece = leiden.renumbered(np.where(piece == most, int(np.argmax(votes)), piece))
