"""From settled rows to the lake: events by day, aggregates, new identities, quarantine and ledger, in one commit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from linkage.ingest import aggregate
from linkage.ingest.addresses import context
from linkage.ingest.keyed import Keyed
from linkage.ingest.ledger import Ledger, Quarantined, arrow_schema, quarantine_table, read_quarantine
from linkage.ingest.statements import execute, quoted, render
from linkage.model.tables import IDENTITIES
from linkage.stores.entry import Entry
from linkage.stores.lake import LakeView, Writing

if TYPE_CHECKING:
    import duckdb

#: A day (or a table that is not kept by day) in this many files is written anew as one.
MOST_FILES = 16

_BY_DAY = ("events", "sightings", "activity", "usage")

#: Events from which a day is written by itself: that saves a copy of its rows, and costs four statements.
BUSY = 50_000


@dataclass(frozen=True, slots=True)
class _Day:
    """The events of one day that are written: how many, the latest of them, and what adds up over them."""

    events: int
    last: datetime | None
    sums: tuple[int, ...]


_NOTHING = _Day(0, None, ())


@dataclass(frozen=True, slots=True)
class Retraction:
    """An accepted row that does not stand any more: where it came from, and the file number that displaced it."""

    origin: str
    row: int
    cause: int
    day: date
    digest: str


@dataclass(slots=True)
class Batch:
    """What one commit takes: tables of settled rows, with surrogate ids only, and what else changed."""

    settled: list[str] = field(default_factory=list)
    rows: int = 0
    quarantine: list[Quarantined] = field(default_factory=list)
    released: set[tuple[str, int, str]] = field(default_factory=set)
    ledger_changed: bool = False


def retractions(connection: duckdb.DuckDBPyConnection, keyed: Keyed) -> list[Retraction]:
    """Rows that this write displaced so far."""
    rows = execute(connection, "retracted_rows", parameters={"inner": keyed.inner, "outer": keyed.outer})
    return [Retraction(origin, row, cause, day, digest) for origin, row, cause, day, digest in rows]


class Publisher:
    """Writes batches into the lake through one ``Writing``."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, writing: Writing) -> None:
        self._connection = connection
        self._writing = writing
        self._step = 0
        execute(connection, "flush_early")
        execute(connection, "unordered")

    def publish(
        self,
        batch: Batch,
        displaced: Iterable[Retraction],
        ledger: Ledger,
        kinds: set[str],
        long_kinds: set[str],
        next_id: int,
    ) -> LakeView:
        """One commit. ``kinds`` are on; ``displaced`` rows leave the events and have been added to the quarantine.

        Raises:
            TryAgain: the disk is full; nothing of the batch counts.
        """
        before = self._writing.view
        aggregated = set(before.aggregated) | kinds
        crowded = self._crowded()
        folded = {entry.day for entry in displaced} | crowded
        old = [entry for entry in self._writing.pending("events") if entry.day in folded]
        rest = [entry for entry in self._writing.pending("events") if entry.day not in folded]
        fresh = aggregated - set(before.aggregated)
        if fresh and rest:
            self._view("events_to_write", rest)
            self._write("sightings", aggregate.sightings(self._connection, "events_to_write", sorted(fresh)))
        if batch.settled or old:
            for table in _BY_DAY:
                self._writing.drop([entry for entry in self._writing.pending(table) if entry.day in folded])
            self._write_events(batch.settled, old, sorted(aggregated))
        self.write_identities()
        self.write_quarantine(batch)
        if batch.ledger_changed:
            self.write_ledger(ledger)
        view = self._writing.commit(
            kinds=kinds, long_kinds=long_kinds, aggregated=aggregated, next_id=max(next_id, before.next_id)
        )
        execute(self._connection, "keep_identities")
        execute(self._connection, "create_retracted")
        for table in batch.settled:
            execute(self._connection, "drop_relation", {"relation": quoted(table)})
        return view

    def _crowded(self) -> set[date | None]:
        """Days that many small writes have left in many files."""
        files: dict[date | None, int] = {}
        for entry in self._writing.pending("events"):
            files[entry.day] = files.get(entry.day, 0) + 1
        return {day for day, count in files.items() if count >= MOST_FILES}

    def _path(self, entry: Entry) -> Path:
        return self._writing.lake.root / entry.path

    def _prepared(self, name: str) -> Path:
        return self._writing.folder / f"{name}.parquet"

    def _view(self, name: str, entries: list[Entry]) -> None:
        """Files of the lake as the relation ``name``."""
        paths = [str(self._path(entry)) for entry in entries]
        self._connection.read_parquet(paths, union_by_name=True, hive_partitioning=False).create_view(
            name, replace=True
        )

    def _write_events(self, settled: list[str], old: list[Entry], kinds: list[str]) -> None:
        relations = [quoted(table) for table in settled]
        if old:
            self._view("earlier", old)
            relations.append("earlier")
        execute(
            self._connection,
            "incoming",
            {"relations": " UNION ALL BY NAME ".join(f"FROM {relation}" for relation in relations)},
        )
        execute(self._connection, "events_to_write")
        halves = render("halves", {"columns": "event_time", "events": "events_to_write"})
        rows = execute(self._connection, "day_sums", {"halves": f"({halves})"})
        days = {day: _Day(events, last, tuple(sums)) for day, events, last, *sums in rows}
        busy = [day for day, figures in days.items() if figures.events >= BUSY]
        for day in busy:
            whole = f"event_time BETWEEN TIMESTAMP '{day}' AND TIMESTAMP '{day} 23:59:59.999999'"
            self._write_portion(whole, days, day, kinds)
        if len(busy) < len(days):
            others = ", ".join(f"DATE '{day}'" for day in busy)
            self._write_portion(f"CAST(event_time AS DATE) NOT IN ({others})" if busy else "true", days, None, kinds)

    def _write_portion(self, condition: str, days: dict[date, _Day], day: date | None, kinds: list[str]) -> None:
        """Write the events that meet ``condition``, all of ``day`` where one is given, and what adds up from them."""
        execute(self._connection, "portion", {"condition": condition})
        self._write("events", self._connection.table("portion"), day, days)
        self._write("sightings", aggregate.sightings(self._connection, "portion", kinds), day)
        self._write("activity", aggregate.activity(self._connection, "portion"), day)
        self._write("usage", aggregate.usage(self._connection, "portion"), day)

    def _write(
        self,
        table: str,
        relation: duckdb.DuckDBPyRelation,
        day: date | None = None,
        days: dict[date, _Day] | None = None,
    ) -> None:
        """Write a relation, all of ``day`` where one is given, as one file a day, and place the files."""
        self._step += 1
        target = self._writing.folder / f"{table}-{self._step}"
        relation.create_view("relation_to_write", replace=True)
        parts = {
            "relation": "relation_to_write",
            "mark": f"{self._writing.view.version + 1}.{self._step}",
            "columns": "*, CAST(event_time AS DATE) AS day" if table == "events" else "*",
            "keep_day": "false" if table == "events" else "true",
        }
        execute(self._connection, "write_days" if day is None else "write_day", parts, {"target": str(target)})
        if day is not None:
            found = [(day, target)] if table == "events" or pq.read_metadata(target).num_rows else []
        else:
            paths = sorted(target.rglob("*.parquet")) if target.exists() else []
            found = [(date.fromisoformat(path.parent.name.removeprefix("day=")), path) for path in paths]
        placed: set[date] = set()
        for its, path in found:
            figures = (days or {}).get(its, _NOTHING)
            # Where a day took several files the first one carries the day's sums: they are only ever added up.
            sums = figures.sums if its not in placed else [0] * len(figures.sums)
            self._writing.place(table, path, day=its, last=figures.last, sums=sums)
            placed.add(its)

    def write_identities(self) -> None:
        """Put surrogate ids that are new into the lake."""
        v6 = [value for (value,) in execute(self._connection, "new_v6")]
        contexts = [context(value) for value in v6]
        self._connection.register(
            "contexts",
            pa.table(
                {
                    "address": pa.array(v6, pa.string()),
                    "prefix": pa.array([network for network, _ in contexts], pa.string()),
                    "private": pa.array([private for _, private in contexts], pa.bool_()),
                }
            ),
        )
        new = self._connection.sql(render("new_identities", {})).to_arrow_table()
        self._connection.unregister("contexts")
        if new.num_rows:
            self._append("identities", new.cast(arrow_schema(IDENTITIES)))

    def write_quarantine(self, batch: Batch) -> None:
        """Put what was set aside into the lake, and take out what is released."""
        if batch.released:
            kept = [row for row in read_quarantine(self._quarantine_files()) if row.key not in batch.released]
            self._writing.drop(self._writing.pending("quarantine"))
            batch.quarantine = kept + batch.quarantine
        if batch.quarantine:
            self._append("quarantine", quarantine_table(batch.quarantine))

    def write_ledger(self, ledger: Ledger) -> None:
        """Put the ledger into the lake."""
        self._writing.drop(self._writing.pending("ledger"))
        ledger.write(self._prepared("ledger"))
        self._writing.place("ledger", self._prepared("ledger"))

    def _quarantine_files(self) -> list[Path]:
        return [self._path(entry) for entry in self._writing.pending("quarantine")]

    def _append(self, table: str, rows: pa.Table) -> None:
        """Add rows to a table that is not kept by day; many small files become one."""
        entries = self._writing.pending(table)
        if len(entries) >= MOST_FILES:
            rows = pa.concat_tables([*(pq.read_table(self._path(entry)) for entry in entries), rows])
            self._writing.drop(entries)
        pq.write_table(rows, self._prepared(table), compression="zstd")
        self._writing.place(table, self._prepared(table))
