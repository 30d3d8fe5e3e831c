"""Results as JSON, CSV, Parquet or a table for people, to stdout or whole into a file."""

from __future__ import annotations

import csv
import errno
import io
import json
import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from linkage.errors import TryAgain, UsageError
from linkage.model.rows import rows_of
from linkage.model.times import to_text

if TYPE_CHECKING:
    import pyarrow

_ENDINGS = {".json": "json", ".csv": "csv", ".parquet": "parquet", ".pq": "parquet", ".txt": "table"}


def chosen_format(format_: str | None, output: str | None) -> str:
    """The format to write: as asked, else by the ending of ``output``, else a table.

    Raises:
        UsageError: the ending says nothing, or Parquet is asked for without a file.
    """
    if format_ is None:
        if output is None:
            return "table"
        ending = Path(output).suffix.lower()
        if ending not in _ENDINGS:
            raise UsageError(
                "the ending of --output names no format", hint="Use .csv, .json, .parquet, or give --format."
            )
        return _ENDINGS[ending]
    if format_ == "parquet" and output is None:
        raise UsageError("Parquet needs --output", hint="Name a file: --output FILE.parquet")
    return format_


@dataclass(frozen=True, slots=True)
class Rows:
    """A list that is in memory already: its columns, and a mapping per row."""

    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]]) -> Rows:
        """Rows with any keys; their columns are all of them, in the order they first appear."""
        kept = tuple(rows)
        return cls(tuple(dict.fromkeys(name for row in kept for name in row)), kept)

    def table(self) -> pyarrow.Table:
        """As Arrow; a column of mixed values becomes text."""
        import pyarrow

        arrays = {}
        for name in self.columns:
            values = [row.get(name) for row in self.rows]
            kinds = {type(value) for value in values if value is not None}
            uniform = len(kinds) <= 1 or kinds == {int, float}
            arrays[name] = pyarrow.array(values if uniform else [None if v is None else cell(v) for v in values])
        return pyarrow.table(arrays)


def columns_of(listing: pyarrow.Table | Rows) -> tuple[str, ...]:
    """Names of the columns, in order."""
    return listing.columns if isinstance(listing, Rows) else tuple(listing.column_names)


def iterate(listing: pyarrow.Table | Rows) -> Iterator[dict[str, Any]]:
    """Every row, with every column."""
    if not isinstance(listing, Rows):
        yield from rows_of(listing)
        return
    for row in listing.rows:
        yield {name: row.get(name) for name in listing.columns}


def emit(
    listing: pyarrow.Table | Rows,
    format_: str | None,
    output: str | None,
    show: Callable[[IO[str]], object],
) -> None:
    """Write ``listing``; ``show`` draws it for people on the stream it is given.

    Raises:
        UsageError: the format is unclear, or ``output`` cannot be written.
        TryAgain: the disk is full.
    """
    format_ = chosen_format(format_, output)
    if format_ == "parquet":
        import pyarrow.parquet as parquet

        table = listing.table() if isinstance(listing, Rows) else listing
        _to_file(output, lambda stream: parquet.write_table(table, stream, compression="zstd"))
    elif format_ == "json":
        emit_text(lambda stream: write_json(listing, stream), output)
    elif format_ == "csv":
        emit_text(lambda stream: write_csv(listing, stream), output)
    else:
        emit_text(show, output)


def emit_text(write: Callable[[IO[str]], object], output: str | None) -> None:
    """Let ``write`` write UTF-8 text to the file ``output``, whole or not at all, or to stdout."""
    if output is None:
        if isinstance(sys.stdout, io.TextIOWrapper):
            # CSV ends its lines itself, and an id in any script must come out whatever the locale is.
            sys.stdout.reconfigure(encoding="utf-8", newline="")
        write(sys.stdout)
        return

    def encoded(stream: IO[bytes]) -> None:
        text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
        write(text)
        text.detach()  # flushes, and leaves the file open for whoever opened it

    _to_file(output, encoded)


def write_csv(listing: pyarrow.Table | Rows, stream: IO[str]) -> None:
    """RFC 4180: a header, CRLF, quotes where needed; lists as JSON, nothing for NULL."""
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(columns_of(listing))
    for row in iterate(listing):
        writer.writerow([cell(value) for value in row.values()])


def write_json(listing: pyarrow.Table | Rows, stream: IO[str]) -> None:
    """A JSON array with one object a row, a line each."""
    stream.write("[")
    separator = "\n"
    for row in iterate(listing):
        stream.write(separator + json.dumps(plain(row), ensure_ascii=False, allow_nan=False))
        separator = ",\n"
    stream.write("]\n" if separator == "\n" else "\n]\n")


def cell(value: Any) -> str:
    """A value as CSV text: exact, so that reading it back gives the same value."""
    value = plain(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def plain(value: Any) -> Any:
    """``value`` as JSON knows it: times as RFC 3339 with Z, days as dates, no NaN."""
    if isinstance(value, datetime):
        return to_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value


def _to_file(output: str | None, write: Callable[[IO[bytes]], None]) -> None:
    if output is None:
        raise UsageError("this format needs --output")
    target = Path(output)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("xb") as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
    except OSError as fault:
        if fault.errno in (errno.ENOSPC, errno.EDQUOT):
            raise TryAgain("no room on the disk while writing --output") from fault
        reason = os.strerror(fault.errno) if fault.errno is not None else type(fault).__name__
        raise UsageError(
            f"--output cannot be written: {reason}", hint="Name a file in a folder that you may write."
        ) from fault
    finally:
        temporary.unlink(missing_ok=True)
