"""The lake: immutable Parquet files named by their content, and one manifest that says which of them count.

``MANIFEST.json`` is replaced atomically and is the only point at which a write becomes visible. A file that it does
not name is a leftover of a write that was interrupted or has been superseded; the next write removes it. A reader
keeps the manifest that it opened, and a superseded file stays until the write after the one that superseded it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from linkage.errors import SnapshotDamaged
from linkage.model.tables import DEFAULT_KINDS, LAKE_TABLES
from linkage.stores.entry import Aggregated, Entry
from linkage.stores.files import Verifier, room_for, sha256_of, sync_file, sync_folder, write_atomically

MANIFEST = "MANIFEST.json"
#: Where a write prepares its files; never read by others.
PREPARING = "preparing"
#: The second has days that were aggregated elsewhere, which a reader of the first would take for days without events.
_FORMAT, _FORMAT_WITH_AGGREGATES = 1, 2
_MODULUS = 1 << 128
_TABLES = frozenset(table.name for table in LAKE_TABLES)
#: Tables whose files say which events were accepted: those that are here, and those that were aggregated elsewhere.
_OF_EVENTS = ("events", "slots")


@dataclass(frozen=True, slots=True)
class LakeView:
    """One reading of the manifest; it never changes under the reader.

    ``kinds`` are the identifier kinds that are on: by default, by configuration at the last ingest, and every kind of
    a long file. ``aggregated`` are those that have sightings (it may hold kinds that are off by now). ``next_id`` is
    the next free surrogate id.
    """

    root: Path
    version: int = 0
    kinds: tuple[str, ...] = tuple(sorted(DEFAULT_KINDS))
    long_kinds: tuple[str, ...] = ()
    aggregated: tuple[str, ...] = ()
    next_id: int = 1
    entries: tuple[Entry, ...] = ()
    _verifier: Verifier = field(default_factory=Verifier, repr=False, compare=False)

    @property
    def latest_event_time(self) -> datetime | None:
        """Latest time of an accepted event, UTC; None where there is none."""
        return max((entry.last.replace(tzinfo=UTC) for entry in self.entries if entry.last is not None), default=None)

    def days(self) -> tuple[date, ...]:
        """UTC days with accepted events, ascending."""
        return tuple(sorted(self.day_rows()))

    def latest_on(self, day: date) -> datetime | None:
        """Latest time of an accepted event of a UTC day; None where it has none."""
        found = (
            entry.last.replace(tzinfo=UTC) for entry in self.entries if entry.day == day and entry.last is not None
        )
        return max(found, default=None)

    def aggregated_days(self) -> dict[date, tuple[Aggregated, ...]]:
        """UTC days that were aggregated elsewhere, and of what: their events are not here."""
        found: dict[date, tuple[Aggregated, ...]] = {}
        for entry in self.entries:
            if entry.table == "slots" and entry.day is not None and entry.aggregated is not None:
                found[entry.day] = (*found.get(entry.day, ()), entry.aggregated)
        return found

    def until(self, last: date) -> LakeView:
        """As it would be had no event come of a day after ``last``."""
        return replace(self, entries=tuple(entry for entry in self.entries if entry.day is None or entry.day <= last))

    def of(self, table: str, first: date | None = None, last: date | None = None) -> tuple[Entry, ...]:
        """Entries of ``table``, of the days from ``first`` to ``last`` where it is kept by day."""
        if table not in _TABLES:
            raise ValueError(f"the lake has no table {table!r}")
        return tuple(
            entry
            for entry in self.entries
            if entry.table == table
            and (first is None or entry.day is None or entry.day >= first)
            and (last is None or entry.day is None or entry.day <= last)
        )

    def files(self, table: str, first: date | None = None, last: date | None = None) -> tuple[Path, ...]:
        """Absolute paths of the files of ``table``, oldest day first; each is verified before its first reading.

        Raises:
            SnapshotDamaged: a file is missing, or differs from its recorded digest.
        """
        chosen = self.of(table, first, last)
        for entry in chosen:
            self._verifier.check(self.root / entry.path, entry.sha256, f"lake/{entry.path}")
        return tuple(self.root / entry.path for entry in chosen)

    def rows(self, table: str) -> int:
        """Rows of ``table``."""
        return sum(entry.rows for entry in self.of(table))

    def day_rows(self) -> dict[date, int]:
        """Accepted rows of events by UTC day."""
        found: dict[date, int] = {}
        for entry in self.entries:
            if entry.table in _OF_EVENTS and entry.day is not None:
                found[entry.day] = found.get(entry.day, 0) + entry.events
        return found

    def digest(self, first: date | None = None, last: date | None = None) -> str:
        """Logical digest, hex, of the accepted events from ``first`` to ``last`` and of what is known of accounts,
        address ranges and model releases: the same for the same rows, in whatever order and files they came.
        """
        parts: dict[str, Any] = {}
        for table in ("events", "accounts", "address_ranges", "model_releases"):
            by_day: dict[str, tuple[int, tuple[int, ...]]] = {}
            # Events that were aggregated elsewhere count as if they were here.
            names = _OF_EVENTS if table == "events" else (table,)
            for entry in (entry for name in names for entry in self.of(name, first, last)):
                day = entry.day.isoformat() if entry.day else ""
                rows, sums = by_day.get(day, (0, ()))
                by_day[day] = (rows + (entry.events if table == "events" else entry.rows), _added(sums, entry.sums))
            parts[table] = {
                day: [rows, [str(number) for number in sums]] for day, (rows, sums) in by_day.items() if rows
            }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _added(left: tuple[int, ...], right: tuple[int, ...]) -> tuple[int, ...]:
    if not left or not right:
        return left or right
    return tuple((one + other) % _MODULUS for one, other in zip(left, right, strict=True))


class Lake:
    """The lake in the folder ``root`` (`workspace/lake`). One writer at a time; the workspace's lock sees to it."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root).absolute()
        self._verifier = Verifier()
        self._seen: tuple[bytes, LakeView] | None = None

    def view(self) -> LakeView:
        """What counts now.

        Raises:
            SnapshotDamaged: the manifest is not what was written.
        """
        try:
            text = (self.root / MANIFEST).read_bytes()
        except FileNotFoundError:
            return LakeView(self.root, _verifier=self._verifier)
        seen = self._seen
        if seen is None or seen[0] != text:
            self._seen = seen = (text, self._read(text))
        return seen[1]

    def _read(self, text: bytes) -> LakeView:
        try:
            kept = json.loads(text)
            body = kept["manifest"]
            if kept["sha256"] != _digest_of(body):
                raise SnapshotDamaged(f"lake/{MANIFEST} differs from its own SHA-256")
            if body["format"] not in (_FORMAT, _FORMAT_WITH_AGGREGATES):
                raise SnapshotDamaged(
                    f"lake/{MANIFEST} has format {body['format']}, this version reads up to {_FORMAT_WITH_AGGREGATES}"
                )
            return LakeView(
                self.root,
                body["version"],
                tuple(body["kinds"]),
                tuple(body["long_kinds"]),
                tuple(body["aggregated"]),
                body["next_id"],
                tuple(Entry.from_json(entry) for entry in body["files"]),
                self._verifier,
            )
        except (ValueError, KeyError, TypeError) as fault:
            raise SnapshotDamaged(f"lake/{MANIFEST} is not a manifest") from fault

    def begin(self) -> Writing:
        """Start a write: leftovers are removed, and a folder to prepare files in is made.

        Raises:
            TryAgain: the disk is full.
        """
        view = self.view()
        with room_for("the lake"):
            self.root.mkdir(parents=True, exist_ok=True)
            _remove_leftovers(self.root, {entry.path for entry in view.entries})
            folder = self.root / PREPARING
            folder.mkdir()
        return Writing(self, view, folder)


def _remove_leftovers(root: Path, kept: set[str]) -> None:
    shutil.rmtree(root / PREPARING, ignore_errors=True)
    for leftover in root.glob(f".{MANIFEST}.*"):
        leftover.unlink()
    for table in _TABLES:
        for folder, _, names in os.walk(root / table, topdown=False):
            for name in names:
                path = Path(folder, name)
                if path.relative_to(root).as_posix() not in kept:
                    path.unlink()
            if not any(Path(folder).iterdir()):
                Path(folder).rmdir()


def _digest_of(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


class Writing:
    """One write: files are placed and dropped, and nothing of it counts until ``commit``.

    ``view`` is what counts now, ``folder`` a place for files in preparation. As a context manager it removes that
    folder at the end, committed or not.
    """

    def __init__(self, lake: Lake, view: LakeView, folder: Path) -> None:
        self.lake = lake
        self.view = view
        self.folder = folder
        self._placed: dict[str, Entry] = {}
        self._dropped: set[str] = set()
        self._folders: set[Path] = set()

    def __enter__(self) -> Writing:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def place(
        self,
        table: str,
        prepared: Path,
        *,
        day: date | None = None,
        last: datetime | None = None,
        sums: Iterable[int] = (),
        aggregated: Aggregated | None = None,
    ) -> Entry:
        """Give the Parquet file ``prepared`` its lasting name in ``table``.

        Raises:
            TryAgain: the disk is full.
        """
        with room_for("the lake"):
            sha256 = sha256_of(prepared)
            folder = self.lake.root / table if day is None else self.lake.root / table / f"day={day.isoformat()}"
            path = folder / f"{sha256}.parquet"
            entry = Entry(
                table,
                path.relative_to(self.lake.root).as_posix(),
                sha256,
                pq.read_metadata(prepared).num_rows,
                prepared.stat().st_size,
                day,
                last,
                tuple(number % _MODULUS for number in sums),
                aggregated,
            )
            sync_file(prepared)
            if not folder.exists():
                folder.mkdir(parents=True)
                self._folders |= {folder.parent, self.lake.root}
            prepared.replace(path)
            self._folders.add(folder)
        self._placed[entry.path] = entry
        self._dropped.discard(entry.path)
        return entry

    def drop(self, entries: Iterable[Entry]) -> None:
        """These files count no more. They stay on disk until the next write, for readers that have opened them."""
        for entry in entries:
            self._placed.pop(entry.path, None)
            self._dropped.add(entry.path)

    def pending(self, table: str) -> tuple[Entry, ...]:
        """Entries of ``table`` as they would be after ``commit``."""
        return tuple(entry for entry in self._entries() if entry.table == table)

    def _entries(self) -> list[Entry]:
        kept = {entry.path: entry for entry in self.view.entries if entry.path not in self._dropped}
        order = {**kept, **self._placed}.values()
        return sorted(order, key=lambda entry: (entry.table, entry.day or date.min, entry.path))

    def commit(
        self,
        *,
        kinds: Iterable[str] | None = None,
        long_kinds: Iterable[str] | None = None,
        aggregated: Iterable[str] | None = None,
        next_id: int | None = None,
    ) -> LakeView:
        """Make the write count, at once and as a whole; further files may be placed and committed afterwards.

        Raises:
            TryAgain: the disk is full; what counted before still does.
        """
        view = self.view
        after = replace(
            view,
            version=view.version + 1,
            kinds=view.kinds if kinds is None else tuple(sorted(set(kinds))),
            long_kinds=view.long_kinds if long_kinds is None else tuple(sorted(set(long_kinds))),
            aggregated=view.aggregated if aggregated is None else tuple(sorted(set(aggregated))),
            next_id=view.next_id if next_id is None else next_id,
            entries=tuple(self._entries()),
        )
        if replace(after, version=view.version) == view:
            return view
        body = {
            "format": _FORMAT_WITH_AGGREGATES if after.aggregated_days() else _FORMAT,
            "version": after.version,
            "kinds": list(after.kinds),
            "long_kinds": list(after.long_kinds),
            "aggregated": list(after.aggregated),
            "next_id": after.next_id,
            "files": [entry.to_json() for entry in after.entries],
        }
        with room_for("the lake"):
            for folder in sorted(self._folders):
                sync_folder(folder)
        text = json.dumps({"sha256": _digest_of(body), "manifest": body}, indent=0, sort_keys=True)
        write_atomically(self.lake.root / MANIFEST, text.encode())
        self.view = after
        self._placed, self._dropped, self._folders = {}, set(), set()
        return after
