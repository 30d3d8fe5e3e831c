"""What stands beside the events: accounts, address ranges and model releases. The newest file stands, row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from linkage.ingest.addresses import canonical_network
from linkage.ingest.discovery import Candidate, discover
from linkage.ingest.inspecting import digest_of, identity_of, inspect
from linkage.ingest.keyed import Keyed
from linkage.ingest.ledger import Line, Quarantined, origin_of
from linkage.ingest.mapping import TimeMapping
from linkage.ingest.projection import lines_relation
from linkage.ingest.reading import Broken, chunks, columns_of
from linkage.ingest.report import FileReport
from linkage.ingest.rules import Refusal
from linkage.ingest.statements import execute, quoted
from linkage.ingest.times import reading
from linkage.model.tables import ACCOUNTS, ADDRESS_RANGES, MODEL_RELEASES, Table
from linkage.stores.lake import LakeView, Writing

if TYPE_CHECKING:
    import duckdb

Identify = Callable[[str, dict[str, str]], None]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of context: its table, its columns in files, the needed ones, and the table's key."""

    table: Table
    columns: tuple[str, ...]
    needed: tuple[str, ...]
    time: str | None
    key: str
    values: dict[str, str]


#: By name of the table.
KINDS = {
    kind.table.name: kind
    for kind in (
        Kind(
            ACCOUNTS,
            ("account_id", "created_at", "email_domain", "organization_id", "tier", "verified", "status"),
            ("account_id",),
            "created_at",
            "account",
            {"account_id": "account", "email_domain": "email_domain", "organization_id": "organization_id"},
        ),
        Kind(ADDRESS_RANGES, ("cidr", "asn", "kind"), ("cidr",), None, "cidr", {}),
        Kind(MODEL_RELEASES, ("model", "released_at"), ("model", "released_at"), "released_at", "model", {}),
    )
}


class Context:
    """Takes files of context; ``write`` places the tables that changed.

    ``lines`` and ``quarantine`` are what the files leave on record.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, keyed: Keyed, view: LakeView, zone: str | None, identify: Identify
    ) -> None:
        self._connection = connection
        self._keyed = keyed
        self._view = view
        self._zone = zone
        self._identify = identify
        self._touched: dict[str, Kind] = {}
        self.reports: list[FileReport] = []
        self.lines: list[Line] = []
        self.quarantine: list[Quarantined] = []

    def take(self, table: str, path: Path | str) -> None:
        """Take the file, folder or pattern ``path`` into ``table``."""
        kind = KINDS[table]
        if table not in self._touched:
            self._load(kind)
        for candidate in discover([path]).candidates:
            report, line = self._take(kind, candidate)
            self.reports.append(report)
            if line is not None:
                self.lines.append(line)

    def _load(self, kind: Kind) -> None:
        """Bring what is known into the engine."""
        columns = ", ".join(f"{quoted(column.name)} {column.type}" for column in kind.table.columns)
        execute(self._connection, "create_context", {"table": _name(kind), "columns": columns})
        files = [str(path) for path in self._view.files(kind.table.name)]
        if files:
            execute(self._connection, "load_context", {"table": _name(kind)}, {"files": files})
        self._touched[kind.table.name] = kind

    def _take(self, kind: Kind, candidate: Candidate) -> tuple[FileReport, Line | None]:
        read, digest = 0, ""
        try:
            if candidate.refusal is not None:
                raise candidate.refusal
            identity = identity_of(candidate.path)
            digest = digest_of(candidate)
            file = inspect(candidate, digest, identity)
            read = file.records
            present = columns_of(file)
            chosen = {name: name for name in kind.columns if present is None or name in present}
            for name in kind.needed:
                if name not in chosen:
                    raise Refusal("file.missing_column", name, read=read)
            rows = 0
            tables: list[pa.Table] = []
            broken: list[Broken] = []
            for chunk in chunks(file, chosen, self._keyed):
                rows += chunk.rows.num_rows + len(chunk.broken)
                tables.append(chunk.rows)
                broken.extend(chunk.broken)
            if rows != read:
                raise Refusal("file.not_reconciled", f"{rows} rows, {read} records", read=read)
            if identity_of(candidate.path) != identity:
                raise Refusal("file.changed", read=read)
            rules, standing, known = self._merge(kind, chosen, tables, broken, (digest, candidate.name))
        except Refusal as refusal:
            read = refusal.read or read
            report = FileReport(
                candidate.name,
                candidate.format,
                read,
                refused=refusal.rule,
                reason=refusal.reason,
                path=str(candidate.path),
            )
        else:
            dropped = tuple(name for name in present or () if name not in chosen)
            report = FileReport(
                candidate.name,
                candidate.format,
                read,
                standing - known,
                read - rules.total() - standing + known,
                rules.total(),
                rules=dict(sorted(rules.items())),
                dropped_columns=dropped,
                path=str(candidate.path),
            )
        return report, _line(kind, digest, report) if digest else None

    def _merge(
        self,
        kind: Kind,
        chosen: dict[str, str],
        tables: list[pa.Table],
        broken: list[Broken],
        file: tuple[str, str],
    ) -> tuple[Counter[str], int, int]:
        """Put a file's rows in the place of what was known; returns rules broken, rows that stand, and known ones."""
        rules: Counter[str] = Counter()
        aside = [(record.row, record.rule, record.digest) for record in broken]
        standing = known = 0
        if tables and sum(table.num_rows for table in tables):
            self._judge(kind, chosen, pa.concat_tables(tables))
            blocks = {"inner": self._keyed.inner, "outer": self._keyed.outer}
            aside += execute(self._connection, "context_set_aside", parameters=blocks)
            execute(self._connection, "context_standing")
            if kind.values:
                self._identify("context_standing", kind.values)
            execute(self._connection, f"new_{kind.table.name}")
            standing = _count(self._connection, "context_new")
            known = int(execute(self._connection, "context_known", {"table": _name(kind)})[0][0])
            parts = {"table": _name(kind), "key": quoted(kind.key)}
            execute(self._connection, "context_replace", parts)
            execute(self._connection, "context_insert", parts)
        for row, rule, digest in aside:
            rules[rule] += 1
            self.quarantine.append(Quarantined(*file, row, rule, digest))
        return rules, standing, known

    def _judge(self, kind: Kind, chosen: dict[str, str], rows: pa.Table) -> None:
        lines = "line" in rows.schema.names
        given = pa.null() if kind.time is None or kind.time not in chosen else pa.string()
        if not lines and kind.time in chosen:
            given = rows.schema.field(kind.time).type
        time = reading(given, TimeMapping(unit="rfc3339", zone=self._zone), dates=True)
        self._connection.register("chunk", rows)
        texts = [
            f"nullif(CAST(given.{quoted(name)} AS VARCHAR), '') AS {quoted(name)}"
            if name in chosen
            else f"CAST(NULL AS VARCHAR) AS {quoted(name)}"
            for name in kind.columns
            if name != kind.time
        ]
        value = f"given.{quoted(kind.time)}" if kind.time and kind.time in chosen else "CAST(NULL AS VARCHAR)"
        parts = {
            "relation": lines_relation(tuple(chosen)) if lines else "chunk",
            "row_rule": "given._row_rule" if lines else "CAST(NULL AS VARCHAR)",
            "texts": ", ".join(texts),
            "given_time": f"nullif({value}, '')" if pa.types.is_string(given) else value,
            "instant": time.instant,
            "local": time.local,
            "resolved": time.resolved,
            "skipped": time.skipped,
        }
        execute(
            self._connection,
            "context_given",
            parts,
            {"zone": time.zone, "paths": [f"/{name}" for name in chosen]},
        )
        self._connection.unregister("chunk")
        if kind.table is ADDRESS_RANGES:
            self._networks()
        execute(self._connection, f"judge_{kind.table.name}")
        execute(self._connection, "context_ranked")

    def _networks(self) -> None:
        given = [str(text) for (text,) in execute(self._connection, "given_networks")]
        found = [canonical_network(text) for text in given]
        self._connection.register(
            "networks", pa.table({"given": pa.array(given, pa.string()), "canonical": pa.array(found, pa.string())})
        )

    def write(self, writing: Writing) -> None:
        """Place the tables whose rows have changed.

        Raises:
            TryAgain: the disk is full.
        """
        for name, kind in self._touched.items():
            sums = tuple(int(number or 0) for number in execute(self._connection, f"sums_{name}")[0])
            entries = writing.pending(name)
            if not any(sums) or (len(entries) == 1 and entries[0].sums == sums):
                continue
            path = writing.folder / f"{name}.parquet"
            execute(
                self._connection,
                "write_context",
                {"table": _name(kind), "key": quoted(kind.key)},
                {"target": str(path)},
            )
            writing.drop(entries)
            writing.place(name, path, sums=sums)


def _name(kind: Kind) -> str:
    return f"context_{kind.table.name}"


def _count(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(execute(connection, "count", {"table": quoted(table)})[0][0])


def _line(kind: Kind, digest: str, report: FileReport) -> Line:
    return Line(
        file_digest=digest,
        file_name=report.file_name,
        mapping_digest=origin_of(kind.table.name, ""),
        source=kind.table.name,
        format=report.format or "",
        read=report.read,
        accepted=report.accepted,
        duplicate=report.duplicate,
        quarantined=report.quarantined,
        refused=report.refused,
        reason=report.reason,
    )
