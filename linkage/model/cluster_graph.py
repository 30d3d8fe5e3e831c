"""A cluster drawn together: its strongest identifiers, and groups of accounts by which of those they touch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


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
    #: Share of a group that must touch an identifier outside its signature for a tie to it.
    edge_share: float = 0.5
    #: Groups to which every identifier has a tie, whatever their share: what is drawn hangs together as it does.
    ends: int = 2


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark: an identifier, a group, or an account by itself; ``accounts`` is how many it stands for.

    ``number``: surrogate id of the identifier or account. ``kind`` and ``discounted`` are of an identifier.
    """

    id: str
    sort: str
    accounts: int
    number: int | None = None
    kind: str = ""
    discounted: bool = False


@dataclass(frozen=True, slots=True)
class Tie:
    """``accounts`` accounts of the mark ``source`` touch the identifier ``target``."""

    source: str
    target: str
    accounts: int

    @property
    def id(self) -> str:
        """Id of the tie, made of those of its ends."""
        return f"{self.source}~{self.target}"


@dataclass(frozen=True, slots=True)
class ClusterGraph:
    """What is drawn of a cluster of ``size`` accounts on ``identifiers`` identifiers, and how much is not.

    ``depth``: how many of its strongest identifiers make a group; 0 where accounts stand by themselves.
    ``mark_of``: account → id of the mark that stands for it, drawn accounts only.
    """

    refresh_id: str
    cluster_id: str
    marks: tuple[Mark, ...]
    ties: tuple[Tie, ...]
    size: int
    identifiers: int
    depth: int
    ties_left_out: int
    mark_of: Mapping[int, str] = field(repr=False)
