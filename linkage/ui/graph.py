"""A cluster as a picture a person can read: its strongest identifiers, and groups of accounts by which they touch.

Drawing every account of a large cluster shows nothing, and grouping accounts by their exact sets of identifiers gives
almost as many groups as accounts. So each account is put with those that share its few strongest identifiers: as many
of them as still make groups that hold nearly everybody, and not one account each. What is not drawn is counted.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from linkage.ui.words import counted, identifier_label, share

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is drawn. A mask of identifiers is 64 bits wide, hence at most 62 of them."""

    identifiers: int = 60
    discounted: int = 6
    groups: int = 120
    edges: int = 1_000
    #: Clusters up to this many accounts show each account by itself.
    alone: int = 60
    #: Share of the accounts that the groups drawn should hold.
    covered: float = 0.9
    #: Accounts that a group should hold on average: groups of one say nothing that the accounts would not.
    held: float = 1.5
    #: Share of a group that must touch an identifier outside its signature for an edge to it.
    edge_share: float = 0.5
    #: Groups to which every identifier has an edge, whatever their share: what is drawn hangs together as it does.
    ends: int = 2


@dataclass(frozen=True, slots=True)
class Node:
    """One mark of the picture. ``sort`` is identifier, group or account; ``accounts`` is how many it stands for."""

    id: str
    sort: str
    label: str
    accounts: int
    kind: str = ""
    discounted: bool = False
    identifier: int | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """``accounts`` accounts of the group ``source`` touch the identifier ``target``."""

    source: str
    target: str
    accounts: int

    @property
    def id(self) -> str:
        """Id of the edge, made of those of its ends."""
        return f"{self.source}~{self.target}"


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn of a cluster, and how much is not.

    ``node_of``: account → id of the node that stands for it, drawn accounts only.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    size: int
    identifiers: int
    depth: int
    edges_left_out: int
    node_of: Mapping[int, str] = field(repr=False)

    @property
    def drawn_identifiers(self) -> int:
        """Identifiers in the picture."""
        return sum(node.sort == "identifier" for node in self.nodes)

    @property
    def drawn_accounts(self) -> int:
        """Accounts that some node of the picture stands for."""
        return sum(node.accounts for node in self.nodes if node.sort != "identifier")

    @property
    def complete(self) -> bool:
        """Whether everything is drawn."""
        return (
            self.drawn_identifiers == self.identifiers and self.drawn_accounts == self.size and self.edges_left_out == 0
        )

    def cut(self) -> str:
        """What is drawn of what there is, in a sentence."""
        groups = sum(node.sort == "group" for node in self.nodes)
        total = self.size + self.identifiers
        if self.complete and not groups:
            return f"All is drawn: {counted(self.size, 'account')} and {counted(self.identifiers, 'identifier')}."
        parts = [f"{self.drawn_identifiers:,} of {counted(self.identifiers, 'identifier')}"]
        held = f"{self.drawn_accounts:,} of {counted(self.size, 'account')} ({share(self.drawn_accounts, self.size)})"
        parts.append(f"{counted(groups, 'group')} that hold {held}" if groups else held)
        sentence = f"{len(self.nodes):,} of {total:,} nodes drawn: {' and '.join(parts)}."
        if self.edges_left_out:
            sentence += f" {counted(self.edges_left_out, 'weaker edge')} left out."
        return sentence + ("" if self.complete else " The tables list the rest.")


def draw(
    identifiers: pd.DataFrame, links: pd.DataFrame, accounts: pd.DataFrame, limits: Limits | None = None
) -> Picture:
    """Picture of a cluster.

    ``identifiers``: rows of ``cluster_identifiers`` of the cluster. ``links``: one row per member and identifier of
    the cluster (``account``, ``identifier``). ``accounts``: the members (``account``; ``name``, where a name is to be
    shown for an account that is drawn by itself).
    """
    limits = limits or Limits()
    chosen = _choose(identifiers, limits)
    members = accounts["account"].to_numpy(np.int64)
    masks = _masks(members, chosen["identifier"].to_numpy(np.int64), links)
    nodes = [_identifier_node(row) for row in chosen.to_dict("records")]
    hubs = [node.id for node in nodes]
    if len(members) <= limits.alone:
        depth, group_of = 0, np.arange(len(members), dtype=np.int64)
        names = _names(accounts)
        groups = [Node(f"a{account}", "account", names[account], 1) for account in members.tolist()]
        signatures = masks
    else:
        depth, signatures, group_of = _group(masks, limits)
        groups = _group_nodes(
            signatures, np.bincount(group_of[group_of >= 0], minlength=len(signatures)), chosen, depth
        )
    edges, left_out = _edges(masks, signatures, group_of, groups, hubs, limits)
    drawn = group_of >= 0
    labels = np.array([group.id for group in groups], dtype=object)
    return Picture(
        nodes=(*nodes, *groups),
        edges=edges,
        size=len(members),
        identifiers=len(identifiers),
        depth=depth,
        edges_left_out=left_out,
        node_of=dict(zip(members[drawn].tolist(), labels[group_of[drawn]].tolist(), strict=True))
        if len(groups)
        else {},
    )


def _choose(identifiers: pd.DataFrame, limits: Limits) -> pd.DataFrame:
    """Strongest identifiers first: how many members they tie times what they are worth, then a few discounted hubs."""
    weight = identifiers["members_on"] * identifiers["bits"].clip(lower=0.1)
    ranked = identifiers.assign(weight=weight).sort_values(["weight", "identifier"], ascending=[False, True])
    evidence = ranked[ranked["role"] == "evidence"].head(limits.identifiers)
    room = min(limits.discounted, limits.identifiers + 2 - len(evidence))
    hubs = ranked[ranked["role"] != "evidence"].sort_values(["members_on", "identifier"], ascending=[False, True])
    import pandas as pd

    return pd.concat([evidence, hubs.head(room)], ignore_index=True)


def _masks(members: NDArray[np.int64], chosen: NDArray[np.int64], links: pd.DataFrame) -> NDArray[np.int64]:
    """Per member, a bit per chosen identifier that it touches; bit 0 is the strongest."""
    masks = np.zeros(len(members), dtype=np.int64)
    if not len(members) or not len(chosen) or not len(links):
        return masks
    order = np.argsort(members, kind="stable")
    ranks = np.argsort(chosen, kind="stable")
    account, identifier = links["account"].to_numpy(np.int64), links["identifier"].to_numpy(np.int64)
    row = np.minimum(np.searchsorted(members[order], account), len(members) - 1)
    bit = np.minimum(np.searchsorted(chosen[ranks], identifier), len(chosen) - 1)
    known = (members[order][row] == account) & (chosen[ranks][bit] == identifier)
    np.bitwise_or.at(masks, order[row[known]], np.int64(1) << ranks[bit[known]].astype(np.int64))
    return masks


def _group(masks: NDArray[np.int64], limits: Limits) -> tuple[int, NDArray[np.int64], NDArray[np.int64]]:
    """The deepest grouping that holds enough accounts, and enough of them together; the shallowest if there is none.

    Returns depth, signature per group, and group per member (−1: none).
    """
    touching = int(np.count_nonzero(masks))
    best: tuple[int, NDArray[np.int64], NDArray[np.int64]] = (0, masks[:0], np.full(len(masks), -1, dtype=np.int64))
    for depth in (62, 3, 2, 1):
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


def _strongest(masks: NDArray[np.int64], depth: int) -> NDArray[np.int64]:
    """``masks`` with their ``depth`` lowest set bits only."""
    rest, kept = masks.copy(), np.zeros_like(masks)
    if depth >= 62:
        return rest
    for _ in range(depth):
        lowest = rest & -rest
        kept |= lowest
        rest ^= lowest
    return kept


def _identifier_node(row: Mapping[Any, Any]) -> Node:
    identifier, kind = int(row["identifier"]), str(row["kind"])
    return Node(
        id=f"i{identifier}",
        sort="identifier",
        label=identifier_label(kind, identifier),
        accounts=int(row["members_on"]),
        kind=kind,
        discounted=row["role"] != "evidence",
        identifier=identifier,
    )


def _group_nodes(
    signatures: NDArray[np.int64], sizes: NDArray[np.int64], chosen: pd.DataFrame, depth: int
) -> list[Node]:
    """A node per group; its id says which identifiers make it, so that it is the same in the next refresh."""
    identifiers = chosen["identifier"].to_numpy(np.int64)
    nodes = []
    for signature, size in zip(signatures.tolist(), sizes.tolist(), strict=True):
        touched = sorted(int(identifiers[bit]) for bit in range(len(identifiers)) if signature >> bit & 1)
        digest = hashlib.sha256(f"{depth}:{touched}".encode("ascii")).hexdigest()[:12]
        nodes.append(Node(f"g{digest}", "group", counted(size, "account"), size))
    return nodes


def _names(accounts: pd.DataFrame) -> dict[int, str]:
    if "name" in accounts.columns:
        return dict(zip(accounts["account"].tolist(), accounts["name"].astype(str).tolist(), strict=True))
    return {account: f"account #{account}" for account in accounts["account"].tolist()}


def _edges(
    masks: NDArray[np.int64],
    signatures: NDArray[np.int64],
    group_of: NDArray[np.int64],
    groups: list[Node],
    hubs: list[str],
    limits: Limits,
) -> tuple[tuple[Edge, ...], int]:
    """Edges from groups to identifiers, most accounts first, and how many the limit kept out."""
    drawn = group_of >= 0
    found: list[tuple[int, int, int]] = []
    sizes = np.bincount(group_of[drawn], minlength=len(groups))
    for bit in range(len(hubs)):
        touching = drawn & (masks >> np.int64(bit) & 1).astype(bool)
        counts = np.bincount(group_of[touching], minlength=len(groups))
        own = (signatures >> np.int64(bit) & 1).astype(bool)
        kept = own | (counts >= np.maximum(2, limits.edge_share * sizes))
        kept[np.argsort(-counts, kind="stable")[: limits.ends]] = True
        kept &= counts > 0
        found += [(-int(counts[group]), group, bit) for group in np.flatnonzero(kept).tolist()]
    found.sort()
    edges = tuple(Edge(groups[group].id, hubs[bit], -count) for count, group, bit in found[: limits.edges])
    return edges, max(0, len(found) - limits.edges)
