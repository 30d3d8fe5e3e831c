"""What becomes of staged rows: accepted, duplicate or conflicting; and surrogate ids for the values of the accepted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from linkage.ingest.columns import DESCRIPTIONS, INTEGERS, identifier_column
from linkage.ingest.keyed import Keyed
from linkage.ingest.statements import execute, quoted, render

if TYPE_CHECKING:
    import duckdb

#: Description columns of EVENTS with their types, in the table's order.
_PLAIN = {
    "asn": "BIGINT",
    "country": "VARCHAR",
    **dict.fromkeys(DESCRIPTIONS, "VARCHAR"),
    **{name: "BIGINT" for name in INTEGERS if name != "asn"},
}


@dataclass(slots=True)
class Settled:
    """Rows of one step by file number."""

    accepted: Counter[int] = field(default_factory=Counter)
    duplicate: Counter[int] = field(default_factory=Counter)


def days_in_hand(connection: duckdb.DuckDBPyConnection, file: int | None = None) -> list[date]:
    """UTC days of the staged rows, of file number ``file`` where one is given."""
    return [day for (day,) in execute(connection, "staged_days", parameters={"file": file})]


def settle(
    connection: duckdb.DuckDBPyConnection, files: Iterable[Path], tables: Iterable[str], keyed: Keyed
) -> Settled:
    """Leave only accepted rows in `staged`.

    ``files`` and ``tables`` hold every row that was accepted before on the days in hand. Conflicting rows go to
    `set_aside`, rows accepted before that do not stand any more to `retracted`.
    """
    paths = [str(path) for path in files]
    relations = [quoted(table) for table in tables]
    if paths:
        relations.append("read_parquet($files, hive_partitioning = false, union_by_name = true)")
    if relations:
        accepted = "UNION ALL ".join(render("accepted", {"relation": relation}) for relation in relations)
        execute(connection, "known", {"accepted": accepted}, {"files": paths})
    else:
        execute(connection, "known_none")
    execute(connection, "contested")
    execute(connection, "fates")
    execute(connection, "retract")
    execute(connection, "set_aside_conflicting", parameters={"inner": keyed.inner, "outer": keyed.outer})
    settled = Settled()
    settled.duplicate.update(dict(execute(connection, "duplicates")))
    execute(connection, "drop_settled")
    settled.accepted.update(dict(execute(connection, "accepted_by_file")))
    return settled


def identify(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: dict[str, str], next_id: int, unit: int
) -> int:
    """Give every value in ``columns`` (column → kind) of ``relation`` a surrogate id; returns the next free one.

    Leaves the ids of each column's values in a table of its own, see :func:`_ids`.
    """
    for column, kind in sorted(columns.items()):
        parts = {"relation": quoted(relation), "column": quoted(column), "ids": _ids(column)}
        parameters = {"kind": kind, "next": next_id, "unit": unit}
        execute(connection, "identify", parts, parameters)
        next_id += int(execute(connection, "remember", parts, parameters)[0][0])
    return next_id


def _ids(column: str) -> str:
    """Table of a column's values in hand (value, id)."""
    return quoted(f"ids_of_{column}")


def encode(
    connection: duckdb.DuckDBPyConnection,
    columns: frozenset[str],
    kinds: dict[str, str],
    origins: dict[int, str],
    settled: str,
) -> None:
    """Put the accepted rows into the table ``settled``, with the surrogate ids that `identify` gave.

    ``columns`` of `staged` that are there, ``kinds`` its identifier columns (column → kind), ``origins`` of files by
    number.
    """
    plain = [
        f"staged.{quoted(name)}" if name in columns else f"CAST(NULL AS {kind}) AS {quoted(name)}"
        for name, kind in _PLAIN.items()
    ]
    joins = []
    for place, (column, kind) in enumerate(sorted(kinds.items())):
        plain.append(f"identity_{place}.id AS {quoted(identifier_column(kind))}")
        parts = {"alias": f"identity_{place}", "ids": _ids(column), "column": quoted(column)}
        joins.append(render("encode_join", parts))
    connection.register(
        "origins",
        pa.table(
            {"file": pa.array(list(origins), pa.int32()), "origin_text": pa.array(list(origins.values()), pa.string())}
        ),
    )
    execute(
        connection,
        "encode",
        {
            "settled": quoted(settled),
            "columns": ",\n    ".join(plain),
            "account": _ids("account_id"),
            "joins": "".join(joins),
        },
    )
    connection.unregister("origins")
