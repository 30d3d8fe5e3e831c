"""Files as chunks of rows: three formats, one shape.

A chunk is an Arrow table with a column ``row`` (record number in the file, from 1) and, for Parquet and CSV, one
column per contract column that the file has; for JSONL the lines themselves, which the projection takes apart.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from linkage.ingest.columns import INTEGERS
from linkage.ingest.inspecting import PARQUET_FAULTS, Inspected, open_bytes, open_parquet, readable
from linkage.ingest.keyed import Keyed
from linkage.ingest.rules import Refusal

_TIMES = ("event_time", "created_at", "released_at")

#: Rows that travel together; also bounded by bytes, so that megabyte fields do not add up.
CHUNK_ROWS = 500_000
CHUNK_BYTES = 256 << 20
#: Rows of a Parquet file that are taken at a time.
BATCH_ROWS = 65_536
_BLOCK = 8 << 20
_BOM = b"\xef\xbb\xbf"
_BLANKS = b" \t\r\n"


@dataclass(frozen=True, slots=True)
class Broken:
    """A record that could not be taken apart: its number, the rule and a keyed digest (None: it holds a card)."""

    row: int
    rule: str
    digest: str | None


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows of one file, in order, and the records between them that could not be taken apart."""

    rows: pa.Table
    broken: tuple[Broken, ...] = ()


def columns_of(file: Inspected) -> tuple[str, ...] | None:
    """Names of the file's columns; None for JSONL, where every line has its own.

    Raises:
        Refusal: two columns have the same name.
    """
    if file.format == "jsonl":
        return None
    if file.format == "parquet":
        with open_parquet(file.path, file.compression) as opened:
            try:
                names = tuple(opened.schema_arrow.names)
            except PARQUET_FAULTS as fault:
                raise Refusal("file.truncated", "the Parquet schema cannot be read", read=file.records) from fault
    else:
        header = io.StringIO(file.header.decode("utf-8").lstrip("\r\n"), newline="")
        try:
            names = tuple(next(csv.reader(header)))
        except csv.Error as fault:
            raise Refusal("file.wrong_content", "the first row is no header", read=file.records) from fault
    if len(set(names)) != len(names):
        raise Refusal("file.duplicate_column", read=file.records)
    return names


def chunks(file: Inspected, chosen: dict[str, str], keyed: Keyed) -> Iterator[Chunk]:
    """Rows of ``file``; ``chosen`` is contract column → source column.

    Raises:
        Refusal: the file is damaged, or a chosen column has a type without single values.
    """
    if file.format == "parquet":
        return _parquet(file, chosen)
    if file.format == "csv":
        return _csv(file, chosen, keyed)
    return _lines(file, keyed)


def _parquet(file: Inspected, chosen: dict[str, str]) -> Iterator[Chunk]:
    row = 1
    with open_parquet(file.path, file.compression) as opened:
        names = sorted(set(chosen.values()))
        pending: list[pa.RecordBatch] = []
        try:
            for batch in opened.iter_batches(batch_size=BATCH_ROWS, columns=names):
                rows = pa.array(np.arange(row, row + batch.num_rows, dtype=np.int64))
                pending.append(shaped(batch, chosen, rows))
                row += batch.num_rows
                if full(pending):
                    yield Chunk(pa.Table.from_batches(pending))
                    pending = []
        except PARQUET_FAULTS as fault:
            raise Refusal("file.truncated", f"behind row {row - 1}", read=file.records) from fault
        if pending:
            yield Chunk(pa.Table.from_batches(pending))


def full(pending: list[pa.RecordBatch], rows: int = CHUNK_ROWS) -> bool:
    """Whether batches are as many ``rows``, or as many bytes, as are taken at once."""
    return bool(
        sum(batch.num_rows for batch in pending) >= rows or sum(batch.nbytes for batch in pending) >= CHUNK_BYTES
    )


def shaped(batch: pa.RecordBatch, chosen: dict[str, str], rows: pa.Array) -> pa.RecordBatch:
    """Rows of a chunk: record numbers ``rows``, and the columns of ``batch`` under their contract names.

    Raises:
        Refusal: a chosen column has a type without single values, or holds text that is not UTF-8.
    """
    arrays = {"row": rows}
    for target, name in chosen.items():
        arrays[target] = _simple(batch.column(batch.schema.get_field_index(name)), target, name)
    return pa.RecordBatch.from_pydict(arrays)


def _simple(array: pa.Array, target: str, name: str) -> pa.Array:
    """``array`` in one of the few types that the projection knows: text, int64, double, timestamp µs, date."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        array = array.dictionary_decode()
        kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        array = (
            array.storage if not isinstance(kind, pa.UuidType) else pa.array([v and str(v) for v in array.to_pylist()])
        )
        kind = array.type
    try:
        if target in _TIMES:
            if pa.types.is_timestamp(kind):
                return array.cast(pa.timestamp("us", "UTC" if kind.tz else None), safe=False)
            if pa.types.is_date(kind):
                return array.cast(pa.date32())
        if target in INTEGERS or target in ("count", *_TIMES):
            if pa.types.is_integer(kind) and kind != pa.uint64():
                return array.cast(pa.int64())
            if pa.types.is_floating(kind):
                return array.cast(pa.float64())
        if pa.types.is_nested(kind) or pa.types.is_duration(kind) or pa.types.is_interval(kind):
            raise Refusal("file.column_type", f"column {name!r} is {kind}")
        if pa.types.is_floating(kind):
            return _digits(array)
        text = array.cast(pa.large_string() if pa.types.is_large_string(kind) else pa.string())
        if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
            text.validate(full=True)
        return text
    except pa.ArrowInvalid as fault:
        rule = "file.encoding" if "UTF8" in str(fault) else "file.column_type"
        raise Refusal(rule, f"column {name!r} is {kind}") from fault
    except pa.ArrowNotImplementedError as fault:
        raise Refusal("file.column_type", f"column {name!r} is {kind}") from fault


def _digits(array: pa.Array) -> pa.Array:
    """Numbers as text. A whole one has its digits, as if no row without a value had made a column of floats of it."""
    real = array.cast(pa.float64())
    whole = pc.and_(pc.equal(real, pc.trunc(real)), pc.less_equal(pc.abs(real), _EXACT))
    number = pc.if_else(whole, real, None).cast(pa.int64())
    return pc.coalesce(number.cast(pa.string()), array.cast(pa.string()))


#: Up to here every whole number has a float of its own.
_EXACT = 2.0**53


def _csv(file: Inspected, chosen: dict[str, str], keyed: Keyed) -> Iterator[Chunk]:
    names = columns_of(file) or ()
    places = {name: f"c{index}" for index, name in enumerate(names)}
    wanted = {target: places[name] for target, name in chosen.items()}
    broken: list[Broken] = []

    def set_aside(record: pacsv.InvalidRow) -> str:
        broken.append(Broken(record.number, "row.columns", keyed.record(record.text)))
        return "skip"

    with readable(), open_bytes(file.path, file.compression) as stream:
        stream.read(file.body)
        try:
            reader = pacsv.open_csv(
                stream,
                # A record must fit into a block.
                read_options=pacsv.ReadOptions(
                    use_threads=False,
                    block_size=min(max(_BLOCK, 2 * file.longest + 64), (1 << 31) - 1),
                    column_names=list(places.values()),
                ),
                parse_options=pacsv.ParseOptions(newlines_in_values=True, invalid_row_handler=set_aside),
                convert_options=pacsv.ConvertOptions(
                    column_types=dict.fromkeys(places.values(), pa.string()),
                    include_columns=sorted(set(wanted.values())),
                    strings_can_be_null=False,
                    check_utf8=False,
                ),
            )
        except pa.ArrowInvalid as fault:
            if not file.records:
                return
            raise Refusal("file.truncated", "the rows cannot be taken apart", read=file.records) from fault
        numbers = _Numbers()
        pending: list[pa.RecordBatch] = []
        while (batch := _next_batch(reader, file)) is not None:
            rows = numbers.give(batch.num_rows, [record.row for record in broken])
            arrays = {"row": pa.array(rows)} | {target: batch.column(place) for target, place in wanted.items()}
            pending.append(pa.RecordBatch.from_pydict(arrays))
            if full(pending):
                yield Chunk(pa.Table.from_batches(pending))
                pending = []
        if pending or broken:
            schema = pa.schema([("row", pa.int64()), *((target, pa.string()) for target in wanted)])
            yield Chunk(pa.Table.from_batches(pending, schema), tuple(broken))


def _next_batch(reader: pacsv.CSVStreamingReader, file: Inspected) -> pa.RecordBatch | None:
    try:
        return reader.read_next_batch()
    except StopIteration:
        return None
    except pa.ArrowInvalid as fault:
        raise Refusal("file.truncated", "the rows cannot be taken apart", read=file.records) from fault


class _Numbers:
    """Record numbers of the rows that were taken apart, around those that were not."""

    def __init__(self) -> None:
        self._next = 1

    def give(self, count: int, broken: list[int]) -> npt.NDArray[np.int64]:
        """The next ``count`` numbers that are not among ``broken`` (ascending; may run ahead)."""
        ahead = np.array([number for number in broken if number >= self._next], dtype=np.int64)
        numbers = np.arange(self._next, self._next + count + ahead.size, dtype=np.int64)
        numbers = numbers[~np.isin(numbers, ahead)][:count]
        if count:
            self._next = int(numbers[-1]) + 1
        return numbers


def _lines(file: Inspected, keyed: Keyed) -> Iterator[Chunk]:
    row = 1
    rest = b""
    start = True
    pending: list[pa.RecordBatch] = []
    broken: list[Broken] = []
    with readable(), open_bytes(file.path, file.compression) as stream:
        while block := stream.read(_BLOCK):
            if start and block.startswith(_BOM):
                block = block[len(_BOM) :]
            start = False
            cut = block.rfind(b"\n") + 1
            if not cut:
                rest += block
                continue
            batch, row = _line_batch(rest + block[:cut], row, broken, keyed)
            rest = block[cut:]
            pending.append(batch)
            if full(pending):
                yield Chunk(pa.Table.from_batches(pending), tuple(broken))
                pending, broken = [], []
        if rest.strip(_BLANKS):
            pending.append(_line_batch(rest + b"\n", row, broken, keyed)[0])
        if pending:
            yield Chunk(pa.Table.from_batches(pending), tuple(broken))


def _line_batch(data: bytes, row: int, broken: list[Broken], keyed: Keyed) -> tuple[pa.RecordBatch, int]:
    """Lines of ``data`` (which ends with a line end) that hold anything, as strings over the same bytes.

    ``row`` is the number of the first one; returned is the number behind the last. Lines in a lenient dialect that
    the SQL engine would let pass (trailing commas, NaN) go to ``broken``.
    """
    raw = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(raw == 10) + 1
    offsets = np.concatenate(([0], ends)).astype(np.int64)
    lines = pa.LargeStringArray.from_buffers(ends.size, pa.py_buffer(offsets), pa.py_buffer(data))
    starts = offsets[:-1]
    doubtful = np.flatnonzero(np.isin(raw[starts], list(_BLANKS)))
    blank = [index for index in doubtful if not data[offsets[index] : offsets[index + 1]].strip(_BLANKS)]
    if blank:
        keep = np.ones(ends.size, dtype=bool)
        keep[blank] = False
        lines = pc.filter(lines, pa.array(keep))
    behind = row + len(lines)
    rows = np.arange(row, behind, dtype=np.int64)
    lenient = pc.match_substring_regex(lines, _LENIENT).to_numpy(zero_copy_only=False)
    wrong = [index for index in np.flatnonzero(lenient) if not _is_json(lines[int(index)].as_py())]
    if wrong:
        broken.extend(
            Broken(int(rows[index]), "row.invalid_json", keyed.record(lines[int(index)].as_py())) for index in wrong
        )
        keep = np.ones(len(lines), dtype=bool)
        keep[wrong] = False
        lines, rows = pc.filter(lines, pa.array(keep)), rows[keep]
    return pa.RecordBatch.from_pydict({"row": pa.array(rows), "line": lines}), behind


#: What the engine's JSON reader accepts although JSON does not: a comma before a bracket, NaN, Infinity.
_LENIENT = r",[ \t\r\n]*[}\]]|[nN][aA][nN]|[iI][nN][fF]"


def _is_json(text: str) -> bool:
    try:
        json.loads(text, parse_constant=_no_constant)
    except ValueError:
        return False
    return True


def _no_constant(name: str) -> None:
    raise ValueError(name)
