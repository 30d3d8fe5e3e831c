"""The ledger (one row per source file) and the quarantine (one row per record that broke a rule), as Arrow tables."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq

from linkage.ingest.rules import ROW_RULES
from linkage.model.tables import LEDGER, QUARANTINE, Table

_ARROW = {"VARCHAR": pa.string(), "BIGINT": pa.int64(), "BOOLEAN": pa.bool_(), "TIMESTAMP": pa.timestamp("us")}


def arrow_schema(table: Table) -> pa.Schema:
    """Arrow schema of a table whose columns are of plain types."""
    return pa.schema([(column.name, _ARROW[column.type]) for column in table.columns])


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the ledger: what is on record of one file under one mapping."""

    file_digest: str
    file_name: str
    mapping_digest: str
    source: str
    format: str
    read: int
    accepted: int = 0
    duplicate: int = 0
    quarantined: int = 0
    refused: str | None = None
    reason: str | None = None

    @property
    def origin(self) -> str:
        """Id of file and mapping, which accepted rows carry: first 128 bits of SHA-256 over both digests."""
        return origin_of(self.file_digest, self.mapping_digest)


def origin_of(file_digest: str, mapping_digest: str) -> str:
    """Id that stands for a file read under a mapping."""
    return str(UUID(hashlib.sha256(f"{file_digest}|{mapping_digest}".encode()).hexdigest()[:32]))


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One row of the quarantine."""

    file_digest: str
    file_name: str
    row: int
    rule: str
    digest: str | None

    @property
    def key(self) -> tuple[str, int, str]:
        """What tells it from other rows."""
        return self.file_digest, self.row, self.rule


@dataclass(slots=True)
class Ledger:
    """Every file on record, by origin."""

    lines: dict[str, Line] = field(default_factory=dict)

    @classmethod
    def read(cls, files: Iterable[Path]) -> Ledger:
        """From the lake's files."""
        lines = [Line(**row) for path in files for row in pq.read_table(path).to_pylist()]
        return cls({line.origin: line for line in lines})

    def write(self, path: Path) -> None:
        """To a Parquet file, ordered."""
        ordered = sorted(self.lines.values(), key=lambda line: (line.file_digest, line.mapping_digest))
        rows = [{name: getattr(line, name) for name in LEDGER.names} for line in ordered]
        pq.write_table(pa.Table.from_pylist(rows, arrow_schema(LEDGER)), path, compression="zstd")

    def retract(self, origin: str, rows: int) -> None:
        """``rows`` of a file do not stand any more: accepted once, quarantined now."""
        line = self.lines[origin]
        self.lines[origin] = replace(line, accepted=line.accepted - rows, quarantined=line.quarantined + rows)


def quarantine_table(rows: Iterable[Quarantined]) -> pa.Table:
    """As QUARANTINE, with each rule's sentence."""
    table = [
        {
            "file_digest": row.file_digest,
            "file_name": row.file_name,
            "row": row.row,
            "rule": row.rule,
            "reason": ROW_RULES[row.rule],
            "digest": row.digest,
        }
        for row in rows
    ]
    return pa.Table.from_pylist(table, arrow_schema(QUARANTINE))


def read_quarantine(files: Iterable[Path]) -> list[Quarantined]:
    """Rows of the quarantine."""
    return [
        Quarantined(row["file_digest"], row["file_name"], row["row"], row["rule"], row["digest"])
        for path in files
        for row in pq.read_table(path, schema=arrow_schema(QUARANTINE)).to_pylist()
    ]
