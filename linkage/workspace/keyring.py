"""Keys: which there are, what they are for, and how names under one lose their meaning for good."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from linkage.errors import UsageError
from linkage.model.access import Permission
from linkage.model.casework import AuditEntry
from linkage.model.kinds import SCHEDULE
from linkage.stores.files import sync_file, sync_folder
from linkage.workspace.home import Home, now

if TYPE_CHECKING:
    import pyarrow

Use = Literal["pseudonyms", "exchange"]

_PSEUDONYM = re.compile(r"[a-z_][a-z0-9_]*-[0-9a-f]{20}\Z")
_NO_KEY = "it is of no key that is left, or was purged: `linkage key list` shows the keys that were destroyed"


class Keyring:
    """Keys of pseudonyms and of exchange: ``list`` and ``destroy`` them, and ``resolve`` names under them."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def list(self) -> pyarrow.Table:
        """Every key that gives or matches names, and those that were destroyed, as Arrow; the oldest first.

        ``subject``, ``recipient``: what was exported to whom under it; ``bundles``, ``last_used``: how often, and when
        last. ``destroyed_at``: since when its names mean nothing.
        """
        import pyarrow

        text, number, time = pyarrow.string(), pyarrow.int64(), pyarrow.timestamp("us", "UTC")
        schema = pyarrow.schema(
            [
                ("key_id", text),
                ("use", text),
                ("subject", text),
                ("recipient", text),
                ("bundles", number),
                ("made_at", time),
                ("last_used", time),
                ("destroyed_at", time),
                ("destroyed_by", text),
            ]
        )
        entries = self._audit()
        rows = [self._row(key_id, use, path, entries) for key_id, use, path in self._held()]
        held = {row["key_id"] for row in rows}
        for entry in entries:
            if entry.action == "key.destroy" and entry.subject not in held:
                row = self._row(entry.subject, entry.detail["use"], None, entries)
                rows.append({**row, "destroyed_at": entry.at, "destroyed_by": entry.actor})
        earliest = datetime.min.replace(tzinfo=UTC)
        rows.sort(key=lambda row: (row["made_at"] or row["last_used"] or earliest, row["key_id"]))
        return pyarrow.Table.from_pylist(rows, schema=schema)

    def destroy(
        self, key_id: str | None = None, *, reason: str, unused_for: timedelta | None = None
    ) -> tuple[str, ...]:
        """Destroy the key of this id, or every key of pseudonyms under which nothing was exported ``unused_for``.

        Names under it cannot be resolved any more, by anybody, and the next bundle for the same subject and recipient
        has others. Returns the ids of the keys that went. The audit keeps that, why, and by whom.

        Raises:
            NotAllowed: the actor is no admin.
            UsageError: not exactly one of the two is named, no reason is given, or there is no such key.
        """
        self._home.require(Permission.DESTROY)
        if (key_id is None) == (unused_for is None):
            raise UsageError("either a key is named, or how long keys were not used")
        if not reason.strip():
            raise UsageError("to destroy a key needs a reason")
        entries, at = self._audit(), now()
        chosen = [
            held
            for held in self._held()
            if held[0] == key_id
            or (unused_for is not None and held[1] == "pseudonyms" and self._idle(held, entries, at) >= unused_for)
        ]
        if key_id is not None and not chosen:
            raise UsageError("there is no such key", hint="`linkage key list` shows their ids.")
        for found, use, path in chosen:
            # The entry comes first: a key that is gone is always told of.
            self._home.audit("key.destroy", found, {"reason": reason, "use": use})
            _overwrite(path)
        return tuple(found for found, _use, _path in chosen)

    def resolve(self, names: Sequence[str], *, reason: str) -> pyarrow.Table:
        """What pseudonyms of this workspace's bundles stand for, as Arrow; ``reason`` goes into the audit.

        One row a name. ``value`` is NULL where nothing is found, and ``why`` says why. Networks of addresses are of
        kind ``prefix``.

        Raises:
            NotAllowed: the actor's role does not suffice.
            UsageError: no reason is given.
        """
        import pyarrow

        from linkage.bundles.profiles import Names

        keys = {key_id: Names(path.read_bytes()) for key_id, use, path in self._held() if use == "pseudonyms"}
        self._home.audit_reveal(reason, "pseudonyms", {"names": sorted(names)})
        wanted = {name for name in names if _unresolvable(name) is None}
        found: dict[str, dict[str, Any]] = {}
        if keys and wanted:
            for kind, value in self._values({name.rpartition("-")[0] for name in wanted}):
                for key_id, own in keys.items():
                    if (name := own.of(kind, value)) in wanted:
                        found[name] = {"kind": kind, "value": value, "key_id": key_id}
        missing = {name: {"why": _unresolvable(name) or _NO_KEY} for name in names if name not in found}
        rows = [{"name": name, **(found | missing)[name]} for name in dict.fromkeys(names)]
        schema = pyarrow.schema([(column, pyarrow.string()) for column in ("name", "kind", "value", "key_id", "why")])
        return pyarrow.Table.from_pylist(rows, schema=schema)

    # --- inside -------------------------------------------------------------------------------------------------

    def _values(self, begins: Collection[str]) -> Iterator[tuple[str, str]]:
        """Kind and value of everything in the lake whose pseudonyms begin so, networks of addresses included."""
        import pyarrow.compute as compute
        import pyarrow.parquet as parquet

        from linkage.bundles.profiles import NETWORK, Names

        networks: set[str] = set()
        for path in self._home.identities():
            for batch in parquet.ParquetFile(path).iter_batches(columns=["kind", "value", "prefix"]):
                for kind in compute.unique(batch["kind"]).to_pylist():
                    if Names.begins(kind) in begins:
                        values = batch["value"].filter(compute.equal(batch["kind"], kind))
                        yield from ((kind, value) for value in values.to_pylist())
                if NETWORK in begins:
                    networks.update(compute.unique(batch["prefix"].drop_null()).to_pylist())
        yield from ((NETWORK, network) for network in networks)

    def _held(self) -> tuple[tuple[str, Use, Path], ...]:
        """Id, use and file of every key."""
        from linkage.bundles.profiles import Names, exchange_id

        layout = self._home.layout
        found: list[tuple[str, Use, Path]] = []
        if layout.pseudonym_keys.is_dir():
            for path in sorted(layout.pseudonym_keys.glob("*.key")):
                found.append((Names(path.read_bytes()).key_id or "", "pseudonyms", path))
        if layout.exchange_keys.is_dir():
            for path in sorted(layout.exchange_keys.glob("*.key")):
                found.append((exchange_id(path.read_bytes()), "exchange", path))
        return tuple(found)

    def _row(self, key_id: str, use: str, path: Path | None, entries: Sequence[AuditEntry]) -> dict[str, Any]:
        exports = [one for one in entries if one.action == "bundle.export" and one.detail.get("key_id") == key_id]
        last = exports[-1] if exports else None
        return {
            "key_id": key_id,
            "use": use,
            "subject": None if last is None else last.subject,
            "recipient": None if last is None else last.detail.get("recipient"),
            "bundles": len(exports),
            "made_at": None if path is None else datetime.fromtimestamp(path.stat().st_mtime, UTC),
            "last_used": None if last is None else last.at,
            "destroyed_at": None,
            "destroyed_by": None,
        }

    def _idle(self, held: tuple[str, Use, Path], entries: Sequence[AuditEntry], at: datetime) -> timedelta:
        row = self._row(*held, entries)
        used: datetime = row["last_used"] or row["made_at"]
        return at - used

    def _audit(self) -> tuple[AuditEntry, ...]:
        casework = self._home.casework()
        return () if casework is None else casework.audit()


def _unresolvable(name: str) -> str | None:
    """Why nothing can stand behind ``name``, whatever the keys are; None where something can."""
    if not _PSEUDONYM.match(name):
        return "it is no pseudonym: that is a kind, a hyphen and 20 digits in hex"
    if name.rpartition("-")[0] == SCHEDULE:
        return "it stands for no value: a refresh found the schedule, and the bundle lists the accounts that keep it"
    return None


def _overwrite(path: Path) -> None:
    """Remove a key; its bytes are written over first, as far as the file system does that in place."""
    with path.open("r+b") as stream:
        stream.write(os.urandom(path.stat().st_size))
    sync_file(path)
    path.unlink()
    sync_folder(path.parent)
