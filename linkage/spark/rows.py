"""What is done to single rows, inside the executors: ingest's own statements, run by its own engine on Arrow batches.

Prompts become keyed hashes and card numbers nothing here, straight behind the scan: no row has been shuffled or
spilled before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from linkage import engine
from linkage.ingest.columns import DESCRIPTIONS, INTEGERS, identifier_column, staged_column
from linkage.ingest.keyed import Keyed
from linkage.ingest.projection import Shape, kinds_of
from linkage.ingest.reading import Chunk, full, shaped
from linkage.ingest.staging import Staging
from linkage.ingest.statements import execute, quoted, render

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Columns of a batch beside the contract's: a hash of the file's path, and the row's place in the file, from 0.
FILE, PLACE = "__file", "__place"
#: Rows that are staged together: as many as keep the cost of a statement small, and few enough for an executor.
_ROWS = 200_000
_HALVES = ("keys", "digests", "pairs")
#: Plain columns that the aggregates read.
_PLAIN = ("asn", "country", "model", "capability", "input_tokens", "output_tokens", "cost_usd_micros")


@dataclass(frozen=True, slots=True)
class Reading:
    """How rows become canonical. ``files``: hashes of the files' paths, in the order of the paths.

    ``keyed`` is None where no key was given: then the quarantine has no digests, and ``shape`` no prompts.
    ``kinds``: identifier kinds that are aggregated. ``source``: name of the export where a row does not say it.
    """

    shape: Shape
    files: NDArray[np.int64]
    kinds: tuple[str, ...]
    source: str
    keyed: Keyed | None
    now: datetime
    tolerance_hours: float

    def schema(self) -> pa.Schema:
        """Of the canonical rows. ``rule`` is the first rule that a row breaks; then only ``digest_text`` is told."""
        return pa.schema(
            [
                ("file", pa.int32()),
                ("row", pa.int64()),
                ("rule", pa.string()),
                ("digest_text", pa.string()),
                ("event_key", pa.binary()),
                ("digest", pa.binary()),
                ("event_time", pa.timestamp("us")),
                ("account", pa.string()),
                ("events", pa.int64()),
                *((name, pa.int64() if name in INTEGERS else pa.string()) for name in _PLAIN),
                *((identifier_column(kind), pa.string()) for kind in self.kinds),
                *((name, pa.decimal128(20, 0)) for name in _HALVES),
            ]
        )


def canonical(batches: Iterable[pa.RecordBatch], reading: Reading) -> Iterator[pa.RecordBatch]:
    """Canonical rows of ``batches`` (contract columns, FILE and PLACE), and those that break a rule."""
    with engine.connect(memory_limit="1GB", threads=1) as connection:
        staging = Staging(connection, reading.keyed or Keyed(b""), reading.now, reading.tolerance_hours)
        for rows in _portions(batches):
            yield from _canonical(rows, staging, reading)


def _portions(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    pending: list[pa.RecordBatch] = []
    for batch in batches:
        pending.append(batch)
        if full(pending, _ROWS):
            yield pa.Table.from_batches(pending)
            pending = []
    if pending:
        yield pa.Table.from_batches(pending)


def _canonical(rows: pa.Table, staging: Staging, reading: Reading) -> Iterator[pa.RecordBatch]:
    order = np.argsort(reading.files)
    files = order[np.searchsorted(reading.files[order], rows[FILE].to_numpy())]
    chosen = {target: target for target in reading.shape.types}
    for file in np.unique(files):
        for batch in rows.filter(pa.array(files == file)).combine_chunks().to_batches():
            # Record numbers count from 1.
            numbers = pa.array(batch.column(PLACE).to_numpy() + 1)
            chunk = pa.Table.from_batches([shaped(batch, chosen, numbers)])
            staging.add(int(file), reading.source, reading.shape, Chunk(chunk))
    schema = reading.schema()
    yield from _accepted(staging, reading).cast(schema).to_batches()
    broken = execute(staging.connection, "set_aside_rows")
    if broken:
        file, row, rule, digest = (list(column) for column in zip(*broken, strict=True))
        given: dict[str, list[object]] = {"file": file, "row": row, "rule": rule}
        if reading.keyed is not None:
            given["digest_text"] = digest
        columns = [
            pa.array(given.get(name, [None] * len(broken)), kind)
            for name, kind in zip(schema.names, schema.types, strict=True)
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)
    staging.clear()
    execute(staging.connection, "create_set_aside")


def _accepted(staging: Staging, reading: Reading) -> pa.Table:
    """The staged rows, in the columns of the schema."""
    staged = {
        **{identifier_column(kind): staged_column(kind) for kind in kinds_of(reading.shape, ())},
        **{name: name for name in (*DESCRIPTIONS, *INTEGERS, "country") if name in staging.columns},
    }
    parts = {
        "rule": "CAST(NULL AS VARCHAR)",
        "digest_text": "CAST(NULL AS VARCHAR)",
        "event_key": "unhex(replace(CAST(event_key AS VARCHAR), '-', ''))",
        "digest": "unhex(replace(CAST(digest AS VARCHAR), '-', ''))",
        "account": "account_id",
        **{name: quoted(column) for name, column in staged.items()},
    }
    plain = {"file", "row", "event_time", "events"}
    columns = [
        f"{parts.get(name, name if name in plain else 'NULL')} AS {quoted(name)}"
        for name in reading.schema().names
        if name not in _HALVES
    ]
    text = render("halves", {"columns": ",\n    ".join(columns), "events": "staged"})
    found: pa.Table = staging.connection.sql(text).to_arrow_table()
    return found
