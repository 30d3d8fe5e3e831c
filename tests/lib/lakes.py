"""Lakes in a test's folder: take files in, look at what is there."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from linkage.config import Settings
from linkage.ingest import FileReport, IngestReport, ingest
from linkage.ingest.mapping import Mapping
from linkage.stores.lake import Lake

KEY = bytes(range(32))
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def utc(*parts: int) -> datetime:
    """A time in UTC as the lake stores it, without saying so."""
    return datetime(*parts, tzinfo=UTC).replace(tzinfo=None)  # type: ignore[arg-type, misc]


def take(root: Path, *paths: Path, **options: Any) -> IngestReport:
    """Ingest ``paths`` into the lake at ``root``."""
    mapping = options.pop("mapping", None)
    if isinstance(mapping, dict):
        mapping = Mapping.model_validate(mapping)
    settings = options.pop("settings", Settings())
    return ingest(
        paths,
        lake=Lake(root),
        settings=settings,
        mapping=mapping,
        key=options.pop("key", KEY),
        now=options.pop("now", NOW),
        **options,
    )


def take_one(root: Path, path: Path, **options: Any) -> FileReport:
    """Ingest one file and return its report, reconciled."""
    (report,) = take(root, path, **options).files
    if report.refused is None:
        assert report.read == report.accepted + report.duplicate + report.quarantined
        assert report.quarantined == sum(report.rules.values())
    return report


def rows(root: Path, table: str) -> list[dict[str, Any]]:
    """Rows of a table of the lake."""
    files = Lake(root).view().files(table)
    found: list[dict[str, Any]] = []
    for path in files:
        found.extend(pq.ParquetFile(path).read().to_pylist())
    return found


def names(root: Path) -> dict[int, str]:
    """Raw value by surrogate id."""
    return {row["id"]: row["value"] for row in rows(root, "identities")}


def events(root: Path) -> list[dict[str, Any]]:
    """Accepted events with raw values in the place of surrogate ids, ordered."""
    value = names(root)
    kinds = {row["kind"] for row in rows(root, "identities")} - {"account", "email_domain"}
    found = []
    for row in rows(root, "events"):
        shown = {name: value[content] if name in kinds and content else content for name, content in row.items()}
        shown["account"] = value[row["account"]]
        found.append(shown)
    return sorted(found, key=lambda row: (row["event_time"], row["account"], str(row["event_key"])))


def digest(root: Path) -> str:
    """Logical digest of everything in the lake."""
    return Lake(root).view().digest()


def csv_file(path: Path, header: str, *lines: str) -> Path:
    """Write a CSV file of a header and lines."""
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8", newline="")
    return path


def jsonl_file(path: Path, records: Iterable[Any]) -> Path:
    """Write a JSONL file; a string stands for itself."""
    lines = [record if isinstance(record, str) else json.dumps(record, ensure_ascii=False) for record in records]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="")
    return path


def parquet_file(path: Path, columns: dict[str, Any]) -> Path:
    """Write a Parquet file."""
    pq.write_table(pa.table(columns), path)
    return path


def check_reconciled(root: Path) -> None:
    """The ledger adds up, and to what is there."""
    ledger = [row for row in rows(root, "ledger") if row["refused"] is None]
    files = [row for row in ledger if row["source"] not in ("accounts", "address_ranges", "model_releases")]
    for row in ledger:
        assert row["read"] == row["accepted"] + row["duplicate"] + row["quarantined"], row
    assert sum(row["accepted"] for row in files) == len(rows(root, "events"))
    assert sum(row["quarantined"] for row in ledger) == len(rows(root, "quarantine"))
    for table in ("sightings", "activity", "usage"):
        assert all(row["events"] > 0 for row in rows(root, table))
    total = sum(row["events"] for row in rows(root, "events"))
    assert sum(row["events"] for row in rows(root, "activity")) == total
    assert sum(row["events"] for row in rows(root, "usage")) == total
