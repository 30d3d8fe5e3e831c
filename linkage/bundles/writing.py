"""Tables and values as bytes that depend on their content only: no clock, locale, zone, hash seed or core count."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from linkage.model.tables import Table
from linkage.model.times import to_text

if TYPE_CHECKING:
    import pyarrow

#: First characters by which a spreadsheet takes a cell for a formula (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
#: Digits of a figure that a logical digest counts: the last ones differ between processors.
_DIGITS = 6


def canonical(value: Any) -> bytes:
    """JSON with sorted keys and no spaces, one line: equal values, equal bytes."""
    return json.dumps(
        _plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def readable(value: Any) -> bytes:
    """The same, indented."""
    return (json.dumps(_plain(value), sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def comma_separated(table: pyarrow.Table) -> bytes:
    """CSV (RFC 4180) in UTF-8; text that a spreadsheet would run as a formula gets an apostrophe in front.

    The Parquet twin beside it holds the text as it is.
    """
    import pyarrow.compute as compute

    # A column at a time: row by row takes four times as long, and holds up whatever runs beside it.
    cells = [_cells(table[name]) for name in table.column_names]
    lines = compute.binary_join_element_wise(*cells, ",", null_handling="replace", null_replacement="")
    return "\r\n".join([",".join(table.column_names), *lines.to_pylist(), ""]).encode()


def _cells(column: pyarrow.ChunkedArray) -> pyarrow.ChunkedArray | pyarrow.Array:
    """A column as the text of its cells, quoted where need be; NULL stays."""
    import pyarrow
    import pyarrow.compute as compute

    if pyarrow.types.is_timestamp(column.type):
        return pyarrow.array(_times(column), pyarrow.string())
    if pyarrow.types.is_floating(column.type):
        # Arrow writes some of them with other digits than everybody reads back.
        return pyarrow.array([None if value is None else repr(value) for value in column.to_pylist()], pyarrow.string())
    if not pyarrow.types.is_string(column.type):
        return column.cast(pyarrow.string())
    formula = compute.is_in(compute.utf8_slice_codeunits(column, 0, 1), pyarrow.array(_FORMULA))
    if compute.any(formula).as_py():
        column = compute.if_else(formula, compute.binary_join_element_wise("'", column, ""), column)
    odd = compute.match_substring_regex(column, '[",\r\n]')
    if compute.any(odd).as_py():
        doubled = compute.replace_substring(column, '"', '""')
        column = compute.if_else(odd, compute.binary_join_element_wise('"', doubled, '"', ""), column)
    return column


def _times(column: pyarrow.ChunkedArray) -> list[str | None]:
    """Times as :func:`linkage.model.times.to_text` writes them, all at once."""
    import numpy as np
    import pyarrow

    micros = column.cast(pyarrow.timestamp("us")).cast(pyarrow.int64())
    known = micros.is_valid().to_pylist()
    moments = micros.fill_null(0).to_numpy()
    whole = np.datetime_as_string(moments // 1_000_000 * np.timedelta64(1, "s") + np.datetime64(0, "s")).tolist()
    parts = (moments % 1_000_000).tolist()
    return [
        None if not there else f"{text}.{part:06}Z" if part else f"{text}Z"
        for there, text, part in zip(known, whole, parts, strict=True)
    ]


def parquet(table: pyarrow.Table) -> bytes:
    """Parquet, compressed with Zstandard."""
    import pyarrow
    import pyarrow.parquet

    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(table.replace_schema_metadata(None), sink, compression="zstd", row_group_size=250_000)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def schema(tables: Mapping[str, Table]) -> bytes:
    """Columns, types and meaning of the tables at each path."""
    return readable(
        {
            path: {
                "meaning": table.meaning,
                "columns": [
                    {"name": c.name, "type": c.type, "null": c.null, "meaning": c.meaning} for c in table.columns
                ],
            }
            for path, table in tables.items()
        }
    )


def logical_digest(rows: Mapping[str, Mapping[str, float]]) -> str:
    """SHA-256 over rows by key, figures to six digits: the same whatever wrote the file that they stand in."""
    rounded = {key: {name: f"{value:.{_DIGITS}f}" for name, value in row.items()} for key, row in rows.items()}
    return hashlib.sha256(canonical(rounded)).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return to_text(value)
    if isinstance(value, date):
        return value.isoformat()
    return value
