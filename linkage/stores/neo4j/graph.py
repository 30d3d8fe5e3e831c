"""The parts of the graph: which tables a snapshot becomes, and which labels its identifiers get."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from linkage.model.cluster_graph import Limits
from linkage.model.kinds import SCHEDULE

#: Part of every database that was published to: another model is another number, and is published afresh.
MODEL = 3

#: An identifier with more accounts is wide: its uses carry the numbers of both ends, so that an index gives its
#: accounts in order, and a page of them costs no more than its rows.
WIDE = 200

#: Labels that the model itself uses; a kind of identifier must not pass for one of them.
_TAKEN = frozenset({"Account", "Case", "Cluster", "Current", "Identifier", "Refresh", "Schedule"})


@dataclass(frozen=True, slots=True)
class Part:
    """Nodes of a label or relationships of a type, as the table ``sql/<name>.sql``.

    ``keys``: columns that name a row, one for a node and the two ends for a relationship. ``history``: rows are facts
    about one refresh, and stay. ``live``: rows are of the casework as it is now, and of no snapshot. ``parameters``:
    those of its table.
    """

    name: str
    label: str
    keys: tuple[str, ...]
    words: str
    history: bool = False
    live: bool = False
    parameters: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_node(self) -> bool:
        """Whether these are nodes."""
        return len(self.keys) == 1


ACCOUNT = Part("account", "Account", ("account",), "accounts")
IDENTIFIER = Part("identifier", "Identifier", ("identifier",), "identifiers")
CLUSTER = Part(
    *("cluster", "Cluster", ("cluster_id",), "clusters"),
    parameters={"strongest": Limits().identifiers, "discounted": Limits().discounted},
)
USED = Part("used", "USED", ("account", "identifier"), "uses", parameters={"wide": WIDE})
LINKED = Part("linked", "LINKED", ("account_a", "account_b"), "links")
MEMBER_OF = Part("member_of", "MEMBER_OF", ("account", "cluster_id"), "members")
CASES = Part("cases", "Case", ("case_id",), "cases", live=True)
DERIVED_FROM = Part("derived_from", "DERIVED_FROM", ("cluster_id", "parent_cluster_id"), "lineage", history=True)
ABOUT = Part("about", "ABOUT", ("case_id", "cluster_id"), "clusters of cases", live=True)

#: In the order in which they are written: a relationship after its ends.
PARTS = (ACCOUNT, IDENTIFIER, CLUSTER, CASES, USED, LINKED, MEMBER_OF, DERIVED_FROM, ABOUT)
#: Tables of a snapshot that the graph is made of.
TABLES = ("accounts", "identifiers", "sightings", "links", "members", "clusters", "cluster_identifiers", "lineage")


def label(kind: str) -> str:
    """The label of identifiers of ``kind``.

    >>> label("ip_address"), label("device_id"), label("account"), label("schedule"), label(SCHEDULE)
    ('IpAddress', 'DeviceId', 'AccountKind', 'ScheduleKind', 'Schedule')
    """
    name = "".join(word[:1].upper() + word[1:] for word in kind.split("_"))
    return f"{name}Kind" if name in _TAKEN and kind != SCHEDULE else name


def labels(kinds: Iterable[str]) -> dict[str, str]:
    """Kind → label: the only labels that a publication sets besides those of the parts."""
    return {kind: label(kind) for kind in kinds}
