"""A cluster as a graph that a person can read: its strongest identifiers, and groups of accounts by which they touch.

Drawing every account of a large cluster shows nothing, and grouping accounts by their exact sets of identifiers gives
almost as many groups as accounts. So each account is put with those that share its few strongest identifiers: as many
of them as still make groups that hold nearly everybody, and not one account each. What is not drawn is counted.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from linkage.model.cluster_graph import ClusterGraph, Limits, Mark, Tie
from linkage.reading.neighbourhood import no_cluster

if TYPE_CHECKING:
    import pyarrow
    from numpy.typing import NDArray

    from linkage.model.graph import Pairs
    from linkage.stores.graph import GraphReader

    Whole = NDArray[np.int64]

#: All bits of a mask: groups of accounts that touch exactly the same of what is drawn.
_EXACT = 62


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Identifiers to draw, strongest first, discounted ones last."""

    identifier: Whole
    kind: list[str]
    members_on: Whole
    discounted: NDArray[np.bool_]


def cluster_graph(
    graph: GraphReader, cluster: str, evidence: pyarrow.Table, limits: Limits | None = None
) -> ClusterGraph:
    """The cluster, drawn together. ``evidence``: its rows of ``cluster_identifiers``.

    Raises:
        UsageError: there is no such cluster.
    """
    limits = limits or Limits()
    chosen = _choose(evidence, limits)
    within = graph.within(cluster, chosen.identifier.tolist())
    members = within.members
    if not len(members):
        raise no_cluster(graph)
    masks = _masks(members, chosen.identifier, within.uses)
    things = [
        Mark(f"i{number}", "identifier", on, number, kind, discounted)
        for number, kind, on, discounted in zip(
            chosen.identifier.tolist(), chosen.kind, chosen.members_on.tolist(), chosen.discounted.tolist(), strict=True
        )
    ]
    if len(members) <= limits.alone:
        depth, signatures, group_of = 0, masks, np.arange(len(members), dtype=np.int64)
        groups = [Mark(f"a{account}", "account", 1, account) for account in members.tolist()]
    else:
        depth, signatures, group_of = _group(masks, limits)
        sizes = np.bincount(group_of[group_of >= 0], minlength=len(signatures))
        groups = _groups(signatures, sizes, chosen.identifier, depth)
    ties, left_out = _ties(masks, signatures, group_of, groups, things, limits)
    drawn = np.flatnonzero(group_of >= 0)
    return ClusterGraph(
        refresh_id=graph.refresh_id,
        cluster_id=cluster,
        marks=(*things, *groups),
        ties=ties,
        size=len(members),
        identifiers=evidence.num_rows,
        depth=depth,
        ties_left_out=left_out,
        mark_of={
            account: groups[group].id
            for account, group in zip(members[drawn].tolist(), group_of[drawn].tolist(), strict=True)
        },
    )


def _choose(evidence: pyarrow.Table, limits: Limits) -> _Chosen:
    """Strongest identifiers first: how many members they tie times what they are worth, then a few discounted hubs."""
    identifier = evidence.column("identifier").to_numpy()
    on = evidence.column("members_on").to_numpy()
    weight = on * np.maximum(evidence.column("bits").to_numpy(), 0.1)
    counts = np.array([role == "evidence" for role in evidence.column("role").to_pylist()], dtype=np.bool_)
    ranked, widest = np.lexsort((identifier, -weight)), np.lexsort((identifier, -on))
    first = ranked[counts[ranked]][: limits.identifiers]
    room = min(limits.discounted, limits.identifiers + 2 - len(first))
    rows = np.concatenate([first, widest[~counts[widest]][:room]])
    kinds = evidence.column("kind").to_pylist()
    return _Chosen(identifier[rows], [kinds[row] for row in rows.tolist()], on[rows], ~counts[rows])


def _masks(members: Whole, chosen: Whole, touches: Pairs) -> Whole:
    """Per member, a bit per chosen identifier that it touches; bit 0 is the strongest."""
    masks = np.zeros(len(members), dtype=np.int64)
    order = np.argsort(chosen, kind="stable")
    bit = order[np.searchsorted(chosen[order], touches.identifier)]
    np.bitwise_or.at(masks, np.searchsorted(members, touches.account), np.int64(1) << bit)
    return masks


def _group(masks: Whole, limits: Limits) -> tuple[int, Whole, Whole]:
    """The deepest grouping that holds enough accounts, and enough of them together; the shallowest if there is none.

    Returns depth, signature per group, and group per member (−1: none).
    """
    touching = int(np.count_nonzero(masks))
    best: tuple[int, Whole, Whole] = (0, masks[:0], np.full(len(masks), -1, dtype=np.int64))
    for depth in (_EXACT, 3, 2, 1):
        cut = _strongest(masks, depth)
        signatures, inverse, sizes = np.unique(cut, return_inverse=True, return_counts=True)
        sizes = np.where(signatures == 0, 0, sizes)
        order = np.lexsort((signatures, -sizes))[: limits.groups]
        order = order[sizes[order] > 0]
        position = np.full(len(signatures), -1, dtype=np.int64)
        position[order] = np.arange(len(order))
        best = (depth, signatures[order], position[inverse])
        held = sizes[order].sum()
        if held >= limits.covered * touching and held >= limits.held * len(order):
            break
    return best


def _strongest(masks: Whole, depth: int) -> Whole:
    """``masks`` with their ``depth`` lowest set bits only."""
    if depth >= _EXACT:
        return masks
    rest, kept = masks.copy(), np.zeros_like(masks)
    for _ in range(depth):
        lowest = rest & -rest
        kept |= lowest
        rest ^= lowest
    return kept


def _groups(signatures: Whole, sizes: Whole, chosen: Whole, depth: int) -> list[Mark]:
    """A mark per group; its id says which identifiers make it, so that it is the same in the next refresh."""
    marks = []
    for signature, size in zip(signatures.tolist(), sizes.tolist(), strict=True):
        touched = sorted(int(chosen[bit]) for bit in range(len(chosen)) if signature >> bit & 1)
        digest = hashlib.sha256(f"{depth}:{touched}".encode("ascii")).hexdigest()[:12]
        marks.append(Mark(f"g{digest}", "group", size))
    return marks


def _ties(
    masks: Whole, signatures: Whole, group_of: Whole, groups: list[Mark], things: list[Mark], limits: Limits
) -> tuple[tuple[Tie, ...], int]:
    """Ties from groups to identifiers, most accounts first, and how many the limit kept out."""
    drawn, bits = group_of >= 0, np.arange(len(things), dtype=np.int64)[:, None]
    sizes = np.bincount(group_of[drawn], minlength=len(groups))
    # Accounts of each group (a column) that touch each identifier (a row).
    bit, row = np.nonzero(masks[drawn] >> bits & 1)
    cells = np.bincount(bit * len(groups) + group_of[drawn][row], minlength=len(things) * len(groups))
    counts = cells.reshape(len(things), len(groups))
    kept = (signatures >> bits & 1).astype(bool) | (counts >= np.maximum(2, limits.edge_share * sizes))
    np.put_along_axis(kept, np.argsort(-counts, axis=1, kind="stable")[:, : limits.ends], values=True, axis=1)
    bit, group = np.nonzero(kept & (counts > 0))
    order = np.lexsort((bit, group, -counts[bit, group]))[: limits.edges]
    ties = tuple(
        Tie(groups[group].id, things[bit].id, accounts)
        for bit, group, accounts in zip(
            bit[order].tolist(), group[order].tolist(), counts[bit, group][order].tolist(), strict=True
        )
    )
    return ties, max(0, len(bit) - limits.edges)
