"""Aggregates that a cluster made of its events (see ``manifest``) → the lake, as if the events had been ingested."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from linkage.errors import LinkageError
from linkage.ingest import manifest as manifests
from linkage.ingest.ledger import Line, Quarantined, read_quarantine
from linkage.ingest.manifest import BY_DAY, AggregatedDay, Manifest
from linkage.ingest.publishing import Batch
from linkage.ingest.report import FileReport
from linkage.ingest.rules import ROW_RULES, Refusal
from linkage.ingest.statements import execute, quoted
from linkage.model.tables import SIGHTINGS, Table
from linkage.stores.entry import Aggregated
from linkage.stores.lake import LakeView

if TYPE_CHECKING:
    from linkage.ingest.intake import Intake
    from linkage.ingest.publishing import Publisher
    from linkage.stores.lake import Writing

FORMAT = "aggregates"
_OF_LINES = ("file_digest", "file_name", "read", "accepted", "duplicate", "quarantined")
_OF_QUARANTINE = ("file_digest", "file_name", "row", "rule", "digest")
_JOIN = "JOIN identities AS identity ON identity.kind = given.kind AND identity.value = given.identifier"


class Importer:
    """Takes folders of aggregates into the lake, each in a commit of its own; without ``writing`` it only looks.

    ``kinds``: identifier kinds that the configuration has on.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        intake: Intake,
        publisher: Publisher | None,
        writing: Writing | None,
        kinds: tuple[str, ...],
    ) -> None:
        self._connection = connection
        self._intake = intake
        self._publisher = publisher
        self._writing = writing
        self._kinds = kinds

    def take(self, folder: Path, view: LakeView) -> tuple[tuple[FileReport, ...], LakeView]:
        """What became of each source file of ``folder``, and what counts afterwards; ``view`` is what counts now.

        The days in it replace those of the same source. A folder that is refused is reported under its own name.
        """
        try:
            return self._take(folder, view)
        except Refusal as refusal:
            report = FileReport(folder.name, FORMAT, refused=refusal.rule, reason=refusal.reason, path=str(folder))
            return (report,), view

    def _take(self, folder: Path, view: LakeView) -> tuple[tuple[FileReport, ...], LakeView]:
        manifest = manifests.read(folder)
        lines = _lines(folder, manifest)
        quarantine = _quarantine(folder, manifest)
        missing = sorted(set(self._kinds) - set(manifest.kinds))
        if missing:
            raise Refusal("aggregates.kinds", ", ".join(missing))
        taken = {entry.day for entry in view.of("events")}
        if any(day.day in taken for day in manifest.days):
            raise Refusal("aggregates.day_taken")
        if _fewer(view, manifest):
            raise Refusal("aggregates.fewer_events")
        # A run without an accepted event has its quarantine to bring.
        unchanged = _is_in(view, manifest) and all(self._intake.ledger.lines.get(line.origin) == line for line in lines)
        if not unchanged:
            self._check(folder, manifest)
            if self._writing is not None and self._publisher is not None:
                view = self._write(manifest, lines, quarantine, view, self._writing, self._publisher)
        return tuple(_report(folder, line, quarantine, unchanged=unchanged) for line in lines), view

    def _check(self, folder: Path, manifest: Manifest) -> None:
        """Open the tables as `aggregated_…`, and hold them against the manifest."""
        for table in BY_DAY:
            self._open(folder, table)
            rows = dict(execute(self._connection, "aggregates_counts", {"relation": quoted(_name(table))}))
            if rows != {day.day: day.rows[table.name] for day in manifest.days if day.rows[table.name]}:
                raise Refusal("aggregates.damaged", f"rows of {table.name}")
        events = dict(execute(self._connection, "aggregates_events"))
        if events != {day.day: day.events for day in manifest.days}:
            raise Refusal("aggregates.damaged", "events of activity")
        if execute(self._connection, "aggregates_odd", parameters={"kinds": list(manifest.kinds)})[0][0]:
            raise Refusal("aggregates.damaged", "accounts or kinds of the tables differ")
        if execute(self._connection, "aggregates_cards")[0][0]:
            raise Refusal("aggregates.card_number")

    def _open(self, folder: Path, table: Table) -> None:
        paths = [str(path) for path in sorted((folder / table.name).rglob("*.parquet"))]
        types = _types(table)
        if not paths:
            # Where no event has an identifier there is no file of sightings; the manifest says how many rows there are.
            empty = ", ".join(f"CAST(NULL AS {kind}) AS {quoted(name)}" for name, kind in types.items())
            self._connection.sql(f"SELECT {empty} LIMIT 0").create_view(_name(table), replace=True)
            return
        try:
            given = self._connection.read_parquet(paths, hive_partitioning=True, union_by_name=True)
        except duckdb.Error as fault:
            raise Refusal("aggregates.damaged", table.name) from fault
        if {name: str(kind) for name, kind in zip(given.columns, given.types, strict=True) if name in types} != types:
            raise Refusal("aggregates.damaged", f"columns of {table.name}")
        given.select(", ".join(map(quoted, types))).create_view(_name(table), replace=True)

    def _write(
        self,
        manifest: Manifest,
        lines: list[Line],
        quarantine: list[Quarantined],
        view: LakeView,
        writing: Writing,
        publisher: Publisher,
    ) -> LakeView:
        self._identify("activity", "account", "true", "account")
        for kind in manifest.kinds:
            self._identify("sightings", "identifier", f"kind = '{kind}'", kind)
        days = {day.day: day for day in manifest.days}
        for table in BY_DAY:
            writing.drop(
                entry
                for entry in writing.pending(table.name)
                if entry.day in days and entry.aggregated is not None and entry.aggregated.source == manifest.source
            )
            self._write_days(table, manifest, days, writing)
        publisher.write_identities()
        kept = {row.key for row in read_quarantine(view.files("quarantine"))}
        publisher.write_quarantine(Batch(quarantine=[row for row in quarantine if row.key not in kept]))
        self._intake.ledger.lines.update((line.origin, line) for line in lines)
        publisher.write_ledger(self._intake.ledger)
        after = writing.commit(aggregated={*view.aggregated, *self._kinds}, next_id=self._intake.next_id)
        execute(self._connection, "keep_identities")
        return after

    def _identify(self, table: str, column: str, condition: str, kind: str) -> None:
        """Give the values of ``column`` surrogate ids of ``kind``."""
        parts = {"relation": f"aggregated_{table}", "column": column, "condition": condition}
        execute(self._connection, "aggregates_values", parts)
        self._intake.identify("aggregated_values", {"value": kind})

    def _write_days(self, table: Table, manifest: Manifest, days: dict[date, AggregatedDay], writing: Writing) -> None:
        """The rows of ``table`` with surrogate ids, one file a day."""
        ids = {"account": "account.id AS account", "identifier": "identity.id AS identifier"}
        parts = {
            "relation": quoted(_name(table)),
            "columns": ", ".join(ids.get(name, f"given.{quoted(name)}") for name in table.names),
            "joins": _JOIN if table is SIGHTINGS else "",
        }
        execute(self._connection, "aggregates_encode", parts)
        target = writing.folder / f"aggregated-{table.name}"
        parts = {
            "relation": "aggregated_encoded",
            "mark": f"{writing.view.version + 1}.{table.name}",
            "columns": "*",
            "keep_day": "true",
        }
        execute(self._connection, "write_days", parts, {"target": str(target)})
        placed: set[date] = set()
        rows = 0
        for path in sorted(target.rglob("*.parquet")):
            its = date.fromisoformat(path.parent.name.removeprefix("day="))
            day = days[its]
            # As where events are ingested: sums are only ever added up, so the first file carries the day's.
            first = table.name == "slots" and its not in placed
            entry = writing.place(
                table.name,
                path,
                day=its,
                last=day.last if first else None,
                sums=day.sums if first else (),
                aggregated=Aggregated(manifest.source, day.events if first else 0, manifest.kinds),
            )
            placed.add(its)
            rows += entry.rows
        if rows != sum(day.rows[table.name] for day in manifest.days):
            raise LinkageError(f"aggregates of {table.name} were not written whole")


def _name(table: Table) -> str:
    return f"aggregated_{table.name}"


def _types(table: Table) -> dict[str, str]:
    """Columns of ``table`` with their types outside of the lake: raw values in the place of surrogate ids."""
    return {
        column.name: "VARCHAR" if column.name in ("account", "identifier") else column.type for column in table.columns
    }


def _is_in(view: LakeView, manifest: Manifest) -> bool:
    """Whether the lake has exactly these days of the source, by what adds up over their events."""
    found: dict[date | None, list[tuple[int, tuple[int, ...], tuple[str, ...]]]] = {}
    for entry in view.of("slots"):
        if entry.aggregated is not None and entry.aggregated.source == manifest.source and entry.sums:
            found.setdefault(entry.day, []).append((entry.aggregated.events, entry.sums, entry.aggregated.kinds))
    return all(found.get(day.day) == [(day.events, day.sums, manifest.kinds)] for day in manifest.days)


def _fewer(view: LakeView, manifest: Manifest) -> bool:
    """Whether a day has fewer events than what it would replace: a run that did not cover the day."""
    standing: dict[date, int] = {}
    for entry in view.of("slots"):
        if entry.aggregated is not None and entry.aggregated.source == manifest.source and entry.day is not None:
            standing[entry.day] = standing.get(entry.day, 0) + entry.events
    return any(day.events < standing.get(day.day, 0) for day in manifest.days)


def _read(folder: Path, name: str, columns: tuple[str, ...]) -> pa.Table:
    paths = sorted((folder / name).glob("*.parquet"))
    try:
        found = [pq.read_table(path, columns=list(columns), partitioning=None) for path in paths]
    except (pa.ArrowException, OSError) as fault:
        raise Refusal("aggregates.damaged", name) from fault
    if any(tuple(part.column_names) != columns for part in found):
        raise Refusal("aggregates.damaged", f"columns of {name}")
    return pa.concat_tables(found) if found else pa.table({})


def _lines(folder: Path, manifest: Manifest) -> list[Line]:
    """The ledger's lines of the source files, reconciled."""
    lines = [
        Line(
            row["file_digest"],
            row["file_name"],
            manifest.mapping,
            manifest.source,
            FORMAT,
            row["read"],
            row["accepted"],
            row["duplicate"],
            row["quarantined"],
        )
        for row in _read(folder, manifests.FILES, _OF_LINES).to_pylist()
    ]
    accepted = sum(line.accepted for line in lines)
    if (
        len(lines) != manifest.files
        or any(line.read != line.accepted + line.duplicate + line.quarantined for line in lines)
        or accepted != sum(day.events for day in manifest.days)
        or sum(line.quarantined for line in lines) != manifest.quarantined
    ):
        raise Refusal("file.not_reconciled")
    return lines


def _quarantine(folder: Path, manifest: Manifest) -> list[Quarantined]:
    rows = [
        Quarantined(row["file_digest"], row["file_name"], row["row"], row["rule"], row["digest"])
        for row in _read(folder, manifests.QUARANTINE, _OF_QUARANTINE).to_pylist()
    ]
    if len(rows) != manifest.quarantined:
        raise Refusal("aggregates.damaged", "rows of the quarantine")
    if any(row.rule not in ROW_RULES for row in rows):
        raise Refusal("aggregates.format")
    return rows


def _report(folder: Path, line: Line, quarantine: list[Quarantined], *, unchanged: bool) -> FileReport:
    rules: dict[str, int] = {}
    for row in quarantine:
        if row.file_digest == line.file_digest:
            rules[row.rule] = rules.get(row.rule, 0) + 1
    return FileReport(
        line.file_name,
        FORMAT,
        line.read,
        0 if unchanged else line.accepted,
        line.accepted + line.duplicate if unchanged else line.duplicate,
        line.quarantined,
        rules=dict(sorted(rules.items())),
        path=str(folder),
    )
