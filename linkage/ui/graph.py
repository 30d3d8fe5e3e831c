"""A cluster as a picture: its graph, with a label to each mark, and what is not drawn in a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from linkage.model.cluster_graph import ClusterGraph, Mark, Tie
from linkage.ui.words import counted, identifier_label, kind_words, share

if TYPE_CHECKING:
    import pandas as pd


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
    #: Group that an account was taken out of when the group was opened.
    of: str = ""
    #: Identifiers that one mark stands for.
    identifiers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn of a cluster, and how much is not.

    ``node_of``: account → id of the node that stands for it, drawn accounts only.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Tie, ...]
    size: int
    identifiers: int
    edges_left_out: int
    node_of: Mapping[int, str] = field(repr=False)
    #: Identifiers that a reader filtered out; ``identifiers`` does not count them.
    filtered: int = 0

    @property
    def drawn_identifiers(self) -> int:
        """Identifiers in the picture, those that one mark stands for together included."""
        return sum(len(node.identifiers) or node.sort == "identifier" for node in self.nodes)

    @property
    def drawn_accounts(self) -> int:
        """Accounts that some node of the picture stands for."""
        return sum(node.accounts for node in self.nodes if not node.kind)

    @property
    def complete(self) -> bool:
        """Whether everything is drawn."""
        return (
            self.drawn_identifiers == self.identifiers
            and self.drawn_accounts == self.size
            and self.edges_left_out == 0
            and not self.filtered
        )

    def cut(self) -> str:
        """What is drawn of what there is, in a sentence."""
        groups = sum(node.sort == "group" for node in self.nodes)
        out = sum(bool(node.of) for node in self.nodes)
        total = self.size + self.identifiers + self.filtered
        if self.complete and not groups:
            return f"All is drawn: {counted(self.size, 'account')} and {counted(self.identifiers, 'identifier')}."
        parts = [f"{self.drawn_identifiers:,} of {counted(self.identifiers, 'identifier')}"]
        held = f"{self.drawn_accounts:,} of {counted(self.size, 'account')} ({share(self.drawn_accounts, self.size)})"
        apart = f" and {counted(out, 'account')} out of them" if out else ""
        parts.append(f"{counted(groups, 'group')}{apart} that hold {held}" if groups else held)
        sentence = f"{len(self.nodes):,} of {total:,} nodes drawn: {' and '.join(parts)}."
        if self.edges_left_out:
            sentence += f" {counted(self.edges_left_out, 'weaker edge')} left out."
        if self.filtered:
            sentence += f" {counted(self.filtered, 'identifier')} filtered out."
        return sentence + ("" if self.complete else " The tables list the rest.")


def draw(graph: ClusterGraph, names: Mapping[int, str], filtered: int = 0) -> Picture:
    """Picture of a cluster. ``names``: account → its name, where accounts are drawn by themselves.

    ``filtered``: identifiers that the graph was not to show.
    """
    return Picture(
        nodes=tuple(
            Node(
                id=mark.id,
                sort=mark.sort,
                label=_label(mark, names),
                accounts=mark.accounts,
                kind=mark.kind,
                discounted=mark.discounted,
                identifier=mark.number if mark.sort == "identifier" else None,
            )
            for mark in graph.marks
        ),
        edges=graph.ties,
        size=graph.size,
        identifiers=graph.identifiers,
        edges_left_out=graph.ties_left_out,
        node_of=graph.mark_of,
        filtered=filtered,
    )


def _label(mark: Mark, names: Mapping[int, str]) -> str:
    if mark.sort == "group" or mark.number is None:
        return counted(mark.accounts, "account")
    if mark.sort == "account":
        return names.get(mark.number, f"account #{mark.number}")
    return identifier_label(mark.kind, mark.number)


#: Nodes and edges that are drawn at most, opened groups included.
MOST_NODES, MOST_EDGES = 300, 1_000


def opened(picture: Picture, groups: Iterable[str], names: Mapping[int, str], links: pd.DataFrame) -> Picture:
    """The picture with the accounts of ``groups`` drawn by themselves, as far as MOST_NODES has room.

    ``names``: account → name, surest members first, who are drawn first. ``links``: account and identifier of every
    sighting of the cluster. What a group has no room for stays in it.
    """
    numbers = {node.identifier: node.id for node in picture.nodes if node.identifier is not None}
    nodes, edges, node_of = list(picture.nodes), list(picture.edges), dict(picture.node_of)
    for group in groups:
        at = next((place for place, node in enumerate(nodes) if node.id == group and node.sort == "group"), None)
        if at is None:
            continue
        inside = [account for account in names if node_of.get(account) == group]
        room = MOST_NODES - len(nodes)
        out = inside if len(inside) <= room + 1 else inside[: max(room, 0)]
        accounts = [Node(f"a{account}", "account", names[account], 1, of=group) for account in out]
        rest = len(inside) - len(out)
        nodes[at : at + 1] = (
            [replace(nodes[at], label=f"{counted(rest, 'account')} more", accounts=rest)] if rest else []
        )
        nodes += accounts
        node_of |= {account: f"a{account}" for account in out}
        edges = [edge for edge in edges if edge.source != group]
        own = links[links["account"].isin(inside) & links["identifier"].isin(list(numbers))]
        ends = zip(own["account"].map(node_of), own["identifier"].map(numbers), strict=True)
        edges += [Tie(source, target, on) for (source, target), on in sorted(Counter(ends).items())]
    edges.sort(key=lambda edge: -edge.accounts)
    left_out = picture.edges_left_out + max(0, len(edges) - MOST_EDGES)
    return replace(
        picture, nodes=tuple(nodes), edges=tuple(edges[:MOST_EDGES]), edges_left_out=left_out, node_of=node_of
    )


def hubs_grouped(picture: Picture, links: pd.DataFrame) -> Picture:
    """The picture with the discounted identifiers of each kind drawn as one mark, where there are several.

    ``links``: as of :func:`opened`, which comes first: the accounts of a group that is opened touch single identifiers.
    """
    kinds: dict[str, list[Node]] = {}
    for node in picture.nodes:
        if node.discounted:
            kinds.setdefault(node.kind, []).append(node)
    merged: dict[str, Node] = {}
    for kind, hubs in kinds.items():
        if len(hubs) > 1:
            numbers = tuple(hub.identifier for hub in hubs if hub.identifier is not None)
            on = links[links["identifier"].isin(numbers)]["account"].nunique()
            label = f"{len(hubs)} discounted {kind_words(kind).many}"
            one = Node(f"h-{kind}", "hubs", label, on, kind, discounted=True, identifiers=numbers)
            merged |= {hub.id: one for hub in hubs}
    on_hubs = _on_hubs(set(merged.values()), picture.node_of, links)
    edges: dict[str, Tie] = {}
    for edge in picture.edges:
        hub = merged.get(edge.target)
        tie = edge if hub is None else Tie(edge.source, hub.id, on_hubs[edge.source, hub.id])
        edges[tie.id] = tie
    nodes = [node for node in picture.nodes if node.id not in merged]
    return replace(
        picture,
        nodes=(*nodes, *dict.fromkeys(merged.values())),
        edges=tuple(sorted(edges.values(), key=lambda tie: -tie.accounts)),
    )


def _on_hubs(hubs: Iterable[Node], node_of: Mapping[int, str], links: pd.DataFrame) -> dict[tuple[str, str], int]:
    """(Node, mark of several identifiers) → accounts of the node that touched one of them, each counted once."""
    found: dict[tuple[str, str], int] = {}
    for hub in hubs:
        touching = links.loc[links["identifier"].isin(hub.identifiers), "account"].unique().tolist()
        on = Counter(node_of[account] for account in touching if account in node_of)
        found |= {(source, hub.id): number for source, number in on.items()}
    return found
