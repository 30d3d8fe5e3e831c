"""A cluster as a picture: its graph, with a label to each mark, and what is not drawn in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from linkage.model.cluster_graph import ClusterGraph, Mark, Tie
from linkage.ui.words import counted, identifier_label, share


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


def draw(graph: ClusterGraph, names: Mapping[int, str]) -> Picture:
    """Picture of a cluster. ``names``: account → its name, where accounts are drawn by themselves."""
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
    )


def _label(mark: Mark, names: Mapping[int, str]) -> str:
    if mark.sort == "group" or mark.number is None:
        return counted(mark.accounts, "account")
    if mark.sort == "account":
        return names.get(mark.number, f"account #{mark.number}")
    return identifier_label(mark.kind, mark.number)
