"""The allow-list: shared infrastructure and organizations known to be benign."""

from __future__ import annotations

import ipaddress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from linkage.config import KIND_NAME
from linkage.errors import UsageError
from linkage.model.access import Permission
from linkage.model.casework import AllowEntry
from linkage.model.verdict import Benign
from linkage.reading.lookup import canonical_address, surrogates
from linkage.reading.masking import masked
from linkage.reading.source import ask
from linkage.workspace.home import Home, now

if TYPE_CHECKING:
    import pyarrow

#: Kinds of entries that are not identifier kinds, and the identifier kind behind the second.
CIDR, ORGANIZATION = "cidr", "organization"
_ORGANIZATION_KIND = "organization_id"


class AllowList:
    """Entries have a reason, an author and, where wanted, an end; every change goes into the audit."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def add(self, kind: str, value: str, *, reason: str, expires: datetime | None = None) -> AllowEntry:
        """Add a network (``cidr``), an ``organization``, or an identifier of ``kind``.

        A network may be one that was never seen. Anything else is kept by its surrogate id, so the workspace must
        have seen it.

        Raises:
            UsageError: the reason is empty, the end is past or without zone, ``value`` is not a network, was never
                seen, or is on the list already.
            NotAllowed: the actor's role does not suffice.
        """
        self._home.require(Permission.ALLOW)
        at = now()
        if not reason.strip():
            raise UsageError("an entry of the allow-list needs a reason")
        if expires is not None and (expires.tzinfo is None or expires <= at):
            raise UsageError("the end of an entry lies ahead, and states Z or an offset")
        what = self.benign(kind, value)
        return self._home.casework_to_write().allow(
            kind=kind,
            cidr=what.cidr,
            identifier=what.identifier,
            reason=reason,
            author=self._home.actor,
            expires_at=expires,
            now=at,
        )

    def remove(self, entry_id: str) -> None:
        """Take an entry off the list; the audit keeps that it was there.

        Raises:
            UsageError: there is no such entry.
            NotAllowed: the actor's role does not suffice.
        """
        self._home.require(Permission.ALLOW)
        if self._home.casework() is None:
            raise UsageError("no such entry on the allow-list", hint="`linkage allow list` shows their ids.")
        self._home.casework_to_write().disallow(entry_id, actor=self._home.actor, now=now())

    def entries(self) -> tuple[AllowEntry, ...]:
        """Every entry that was not removed, also expired ones, oldest first."""
        casework = self._home.casework()
        return casework.allowed() if casework is not None else ()

    def list(self) -> pyarrow.Table:
        """Every entry that was not removed, as Arrow; values that point at people are masked."""
        import pyarrow

        at = now()
        entries = self.entries()
        ids = sorted({entry.identifier for entry in entries if entry.identifier is not None})
        values: dict[int, str] = {}
        if ids:
            with ask(None, self._home.identities(), self._home.settings.engine, ()) as questions:
                for row in questions.rows("lookup_values", {"values": [], "ids": ids}):
                    values[row["id"]] = masked(row["kind"], row["value"])
        text, time = pyarrow.string(), pyarrow.timestamp("us", "UTC")
        schema = pyarrow.schema(
            [
                ("entry_id", text),
                ("kind", text),
                ("value", text),
                ("identifier_id", pyarrow.int64()),
                ("reason", text),
                ("author", text),
                ("added_at", time),
                ("expires_at", time),
                ("active", pyarrow.bool_()),
            ]
        )
        rows: list[dict[str, Any]] = [
            {
                "entry_id": entry.entry_id,
                "kind": entry.kind,
                "value": entry.cidr
                if entry.identifier is None
                else values.get(entry.identifier, f"purged:{entry.identifier}"),
                "identifier_id": entry.identifier,
                "reason": entry.reason,
                "author": entry.author,
                "added_at": entry.added_at,
                "expires_at": entry.expires_at,
                "active": entry.active(at),
            }
            for entry in entries
        ]
        return pyarrow.Table.from_pylist(rows, schema=schema)

    def benign(self, kind: str, value: str) -> Benign:
        """What an entry for ``value`` would hold; see ``add``. An identifier may be named ``id:<surrogate>``.

        Raises:
            UsageError: ``value`` is not a network, or was never seen.
        """
        if kind == CIDR:
            return Benign(kind, cidr=_network(value))
        return Benign(kind, identifier=self._surrogate(kind, value))

    def _surrogate(self, kind: str, value: str) -> int:
        wanted = _ORGANIZATION_KIND if kind == ORGANIZATION else kind
        if not KIND_NAME.match(wanted):
            raise UsageError("the kind of an entry is cidr, organization, or an identifier kind")
        text = value.strip()
        candidates = sorted({value, text, canonical_address(text) or text})
        ids = surrogates([text])
        with ask(None, self._home.identities(), self._home.settings.engine, ()) as questions:
            rows = questions.rows("lookup_values", {"values": candidates, "ids": ids})
        found: list[int] = [row["id"] for row in rows if row["kind"] == wanted]
        if not found:
            raise UsageError(
                f"the workspace has seen no such {wanted}",
                hint="Ingest events that hold it first; a network can be allowed at any time, with kind cidr.",
            )
        return found[0]


def _network(value: str) -> str:
    try:
        return str(ipaddress.ip_network(value.strip(), strict=True))
    except ValueError as fault:
        raise UsageError("that is not a network in CIDR, such as 198.51.100.0/24") from fault
