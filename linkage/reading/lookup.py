"""Who touched an identifier: any kind, an account, a surrogate id, or a whole network."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from linkage.errors import UsageError
from linkage.reading.masking import masked
from linkage.reading.source import Questions

if TYPE_CHECKING:
    import pyarrow

    Network = ipaddress.IPv4Network | ipaddress.IPv6Network

TABLES = ("accounts", "clusters", "identifiers", "members", "sightings")

#: Networks wider than this would list a large part of all addresses.
_WIDEST = {4: 8, 6: 16}
_BY_ID = re.compile(r"id:([0-9]{1,18})\Z")


#: Columns of a lookup, with their types.
COLUMNS = {
    "refresh_id": "VARCHAR",
    "query": "VARCHAR",
    "kind": "VARCHAR",
    "identifier": "VARCHAR",
    "identifier_id": "BIGINT",
    "account_id": "VARCHAR",
    "events": "BIGINT",
    "tokens": "BIGINT",
    "active_days": "BIGINT",
    "first_seen": "TIMESTAMP",
    "last_seen": "TIMESTAMP",
    "degree": "BIGINT",
    "cluster_id": "VARCHAR",
    "membership": "DOUBLE",
    "role": "VARCHAR",
    "flagged": "BOOLEAN",
}


@dataclass(frozen=True, slots=True)
class Found:
    """Rows of a lookup, and for each query without a row its position (from 1) and why."""

    rows: tuple[dict[str, Any], ...]
    notes: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of every row, in order."""
        return tuple(COLUMNS)

    def table(self) -> pyarrow.Table:
        """The rows as Arrow."""
        import pyarrow

        types = {
            "VARCHAR": pyarrow.string(),
            "BIGINT": pyarrow.int64(),
            "DOUBLE": pyarrow.float64(),
            "BOOLEAN": pyarrow.bool_(),
            "TIMESTAMP": pyarrow.timestamp("us", "UTC"),
        }
        schema = pyarrow.schema([(name, types[type_]) for name, type_ in COLUMNS.items()])
        return pyarrow.Table.from_pylist(list(self.rows), schema=schema)


@dataclass(frozen=True, slots=True)
class _Hit:
    query: str
    kind: str
    id: int
    shown: str


def lookup(questions: Questions, queries: Sequence[str]) -> Found:
    """Accounts behind each of ``queries``, in their order: a row per query, identifier and account.

    A query is an identifier of any kind, an account, ``id:<surrogate>``, or a network in CIDR. What was typed is
    echoed; values that were not typed stay masked. Reads: TABLES.

    Raises:
        UsageError: a network is too wide.
    """
    hits = _resolve(questions, queries)
    ids = sorted({hit.id for hit in hits if hit.kind != "account"})
    accounts = sorted({hit.id for hit in hits if hit.kind == "account"})
    rows: dict[int, list[dict[str, Any]]] = {}
    for name, chosen in (("lookup_sightings", ids), ("lookup_accounts", accounts)):
        if chosen:
            for row in questions.rows(name, {"ids": chosen}):
                rows.setdefault(row.pop("identifier_id"), []).append(row)
    listed = [
        {
            "refresh_id": questions.refresh_id,
            "query": hit.query,
            "kind": hit.kind,
            "identifier": hit.shown,
            "identifier_id": hit.id,
            **row,
        }
        for hit in hits
        for row in rows.get(hit.id, ())
    ]
    notes = []
    for position, query in enumerate(queries, start=1):
        known = [hit for hit in hits if hit.query == query]
        if not known:
            notes.append(f"identifier {position} of {len(queries)}: never seen in this workspace")
        elif not any(hit.id in rows for hit in known):
            notes.append(
                f"identifier {position} of {len(queries)}: known, but without an event in the window of refresh "
                f"{questions.refresh_id}"
            )
    return Found(tuple(listed), tuple(notes))


def canonical_address(text: str) -> str | None:
    """``text`` as the canonical text of an address (v4-mapped unwrapped); None when it is none."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)


def surrogates(queries: Iterable[str]) -> list[int]:
    """Surrogate ids that are named as ``id:<surrogate>`` among ``queries``.

    >>> surrogates(["id:1007", "198.51.100.7"])
    [1007]
    """
    return [int(found[1]) for query in queries if (found := _BY_ID.match(query.strip()))]


def network_of(text: str) -> Network | None:
    """``text`` as a network; None when it is not written as one."""
    if "/" not in text:
        return None
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _resolve(questions: Questions, queries: Sequence[str]) -> list[_Hit]:
    wanted: dict[str, list[str]] = {}
    by_id: dict[int, str] = {}
    for query in queries:
        text = query.strip()
        for value in {query, text, canonical_address(text) or text}:
            wanted.setdefault(value, []).append(query)
        if match := _BY_ID.match(text):
            by_id[int(match[1])] = query
    found: dict[str, list[_Hit]] = {query: [] for query in queries}
    for row in questions.rows("lookup_values", {"values": sorted(wanted), "ids": sorted(by_id)}):
        for query in dict.fromkeys(wanted.get(row["value"], ())):
            found[query].append(_Hit(query, row["kind"], row["id"], row["value"]))
        if row["id"] in by_id:
            query = by_id[row["id"]]
            found[query].append(_Hit(query, row["kind"], row["id"], masked(row["kind"], row["value"])))
    for query in queries:
        network = network_of(query.strip())
        if network is not None:
            found[query].extend(_inside(questions, query, network))
    return [hit for query in dict.fromkeys(queries) for hit in found[query]]


def _inside(questions: Questions, query: str, network: Network) -> list[_Hit]:
    if network.prefixlen < _WIDEST[network.version]:
        raise UsageError(
            f"the network is too wide: /{network.prefixlen}",
            hint=f"Name one of /{_WIDEST[network.version]} or narrower.",
        )
    return [
        _Hit(query, row["kind"], row["id"], masked(row["kind"], row["value"]))
        for row in questions.rows("lookup_network", {"start": text_start(network)})
        if _within(row["value"], network)
    ]


def _within(value: str, network: Network) -> bool:
    address = ipaddress.ip_address(value)
    return address.version == network.version and address in network


def text_start(network: Network) -> str:
    """What the canonical text of every address of ``network`` starts with: its leading whole groups.

    >>> text_start(ipaddress.ip_network("198.51.100.0/22"))
    '198.51.'
    >>> text_start(ipaddress.ip_network("2001:db8::/48"))
    '2001:db8:'
    """
    if network.version == 4:
        groups = str(network.network_address).split(".")[: min(3, network.prefixlen // 8)]
        return "".join(f"{group}." for group in groups)
    groups = []
    for group in network.network_address.exploded.split(":")[: min(7, network.prefixlen // 16)]:
        if int(group, 16) == 0:  # a run of zeros may be written as ::
            break
        groups.append(f"{int(group, 16):x}:")
    return "".join(groups)
