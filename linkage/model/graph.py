"""The graph of a refresh: accounts, the identifiers they share, and the answers to what people ask of it.

A *use* is an account and an identifier over the whole window. The graph holds every account of the window, and every
identifier that at least two of them used; what only one account used ties it to nobody and is no part of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import networkx
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Account:
    """An account, and the cluster it is in, if any."""

    account: int
    cluster_id: str | None = None
    membership: float | None = None
    role: str | None = None

    @property
    def node(self) -> str:
        """Name of the account in drawings and answers: opaque, and the same in every refresh."""
        return f"a:{self.account}"


@dataclass(frozen=True, slots=True)
class Identifier:
    """An identifier of the graph. ``degree``: accounts on it; ``trust``, ``bits``, ``hub`` as in the table of them."""

    identifier: int
    kind: str
    degree: int
    trust: float
    bits: float
    hub: bool

    @property
    def node(self) -> str:
        """Name of the identifier in drawings and answers: opaque, and the same in every refresh."""
        return f"i:{self.identifier}"


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Accounts and identifiers that they used, a column each (surrogate ids: int64)."""

    account: NDArray[np.int64]
    identifier: NDArray[np.int64]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self.account.tolist(), self.identifier.tolist(), strict=True)


@dataclass(frozen=True, slots=True, eq=False)
class Within:
    """Members of a cluster by id (surrogate ids: int64, ascending), and uses of some identifiers by them."""

    members: NDArray[np.int64]
    uses: Pairs


@dataclass(frozen=True, slots=True)
class Use:
    """An account and an identifier that it used: how often, first and last, in the window."""

    account: int
    identifier: int
    events: int
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True, eq=False)
class Uses:
    """Many uses, a column each (surrogate ids and events: int64; times: datetime64[us], UTC)."""

    account: NDArray[np.int64]
    identifier: NDArray[np.int64]
    events: NDArray[np.int64]
    first_seen: NDArray[np.datetime64]
    last_seen: NDArray[np.datetime64]

    def __len__(self) -> int:
        return len(self.account)

    def __iter__(self) -> Iterator[Use]:
        columns = (self.account, self.identifier, self.events, self.first_seen, self.last_seen)
        for account, identifier, events, first, last in zip(*(column.tolist() for column in columns), strict=True):
            yield Use(account, identifier, events, first.replace(tzinfo=UTC), last.replace(tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Shared:
    """The first of the identifiers that at least two of some accounts used, with how many did; ``total``: all."""

    identifiers: tuple[tuple[Identifier, int], ...]
    total: int


# --- answers ----------------------------------------------------------------------------------------------------------

#: Node → what a person may see of it: an account's name, an identifier's masked value.
Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Cut:
    """``shown`` of the ``total`` neighbours of ``node`` are there."""

    node: str
    shown: int
    total: int

    def __str__(self) -> str:
        what = "identifiers" if self.node.startswith("a") else "accounts"
        return f"{self.shown:,} of the {self.total:,} {what} of {self.node} are shown"


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """What lies around the node ``start``, up to ``depth`` uses away, with every use between what is shown.

    ``cuts`` has an entry for every node within less than ``depth`` whose neighbours are not all shown.
    """

    refresh_id: str
    start: str
    depth: int
    accounts: tuple[Account, ...]
    identifiers: tuple[Identifier, ...]
    uses: tuple[Use, ...]
    cuts: tuple[Cut, ...]
    labels: Labels = field(default_factory=dict)

    def to_networkx(self) -> networkx.Graph:
        """The same as a graph; its nodes are ``a:…`` and ``i:…``."""
        import networkx

        graph = networkx.Graph(refresh_id=self.refresh_id, start=self.start, cuts=self.cuts)
        for account in self.accounts:
            graph.add_node(account.node, **account_attributes(account, self.labels))
        for identifier in self.identifiers:
            graph.add_node(identifier.node, **identifier_attributes(identifier, self.labels))
        add_uses(graph, self.uses)
        return graph


def account_attributes(account: Account, labels: Labels) -> dict[str, object]:
    """Attributes of an account in a networkx graph."""
    label = labels.get(account.node, account.node)
    return {
        "node_type": "account",
        "label": label,
        "account_id": label,
        "cluster_id": account.cluster_id,
        "membership": account.membership,
        "role": account.role,
    }


def identifier_attributes(identifier: Identifier, labels: Labels) -> dict[str, object]:
    """Attributes of an identifier in a networkx graph."""
    return {
        "node_type": "identifier",
        "label": labels.get(identifier.node, identifier.node),
        "kind": identifier.kind,
        "identifier_id": identifier.identifier,
        "degree": identifier.degree,
        "trust": identifier.trust,
        "bits": identifier.bits,
        "hub": identifier.hub,
    }


def add_uses(graph: networkx.Graph, uses: Uses | tuple[Use, ...]) -> None:
    """Add an edge for each use."""
    for use in uses:
        graph.add_edge(
            f"a:{use.account}",
            f"i:{use.identifier}",
            events=use.events,
            first_seen=use.first_seen,
            last_seen=use.last_seen,
        )


@dataclass(frozen=True, slots=True)
class Page:
    """Accounts on an identifier by surrogate id: those after one account, and where the next page begins.

    ``accounts`` and ``uses`` go together, row by row. ``total``: accounts on it in all. ``next_after``: hand this over
    for the next page; None at the end.
    """

    refresh_id: str
    identifier: Identifier
    accounts: tuple[Account, ...]
    uses: tuple[Use, ...]
    total: int
    next_after: int | None
    labels: Labels = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Common:
    """Identifiers that two accounts both used, worth most first, and each one's use; ``total``: all of them."""

    refresh_id: str
    accounts: tuple[Account, Account]
    shared: tuple[tuple[Identifier, Use, Use], ...]
    total: int
    labels: Labels = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Path:
    """A chain from one account to another: ``accounts[n]`` and ``accounts[n + 1]`` both used ``identifiers[n]``.

    ``trust``: product of the identifiers' trust, as if each step held by itself.
    """

    accounts: tuple[Account, ...]
    identifiers: tuple[Identifier, ...]
    trust: float


@dataclass(frozen=True, slots=True)
class Paths:
    """The shortest chains between two accounts, the most trusted first.

    ``total``: shortest chains there are, of which ``paths`` are the first. ``longest``: identifiers a chain could have.
    ``hubs``: identifiers with more than ``degree_limit`` accounts that either end used, or that would have joined what
    both reach; no chain goes over them.
    ``unfollowed``: further ones that were not followed because the search had reached enough accounts.
    """

    refresh_id: str
    paths: tuple[Path, ...]
    total: int
    longest: int
    degree_limit: int
    hubs: int
    unfollowed: int
    labels: Labels = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of every row, in order."""
        return (
            "refresh_id", "path", "step", "account_id", "cluster_id", "kind", "identifier", "identifier_id", "degree",
            "trust", "bits", "next_account_id",
        )  # fmt: skip

    def rows(self) -> Iterator[dict[str, object]]:
        """A row for each step of each path: who shares what with whom, and what that is worth."""
        for number, path in enumerate(self.paths, start=1):
            steps = zip(path.accounts, path.identifiers, path.accounts[1:], strict=False)
            for step, (account, identifier, following) in enumerate(steps, start=1):
                values = (
                    self.refresh_id, number, step, self.labels.get(account.node), account.cluster_id, identifier.kind,
                    self.labels.get(identifier.node), identifier.identifier, identifier.degree, identifier.trust,
                    identifier.bits, self.labels.get(following.node),
                )  # fmt: skip
                yield dict(zip(self.columns, values, strict=True))

    def __str__(self) -> str:
        steps = len(self.paths[0].identifiers) if self.paths else self.longest
        over = f"{steps} identifier{'s' if steps != 1 else ''}"
        if self.paths:
            said = f"{len(self.paths):,} of the {self.total:,} shortest chains over {over}"
        else:
            said = f"No chain over at most {over}"
        left = []
        if self.hubs:
            left.append(f"{self.hubs:,} with more than {self.degree_limit:,} accounts")
        if self.unfollowed:
            left.append(f"{self.unfollowed:,} out of reach")
        if left:
            said += f"; identifiers not followed: {', '.join(left)}"
        return said + "."


@dataclass(frozen=True, slots=True)
class Hit:
    """A cluster, an account or an identifier that a search found, and how its name matches: exact, prefix or contains.

    ``found`` is the cluster's id where it is a cluster.
    """

    match: str
    found: str | Account | Identifier

    @property
    def node(self) -> str:
        """Opaque name of what was found."""
        return self.found if isinstance(self.found, str) else self.found.node


@dataclass(frozen=True, slots=True)
class Hits:
    """What a search found, the best matches first; ``total``: all that matches."""

    refresh_id: str
    hits: tuple[Hit, ...]
    total: int
    labels: Labels = field(default_factory=dict)
