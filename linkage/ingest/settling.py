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


def days_in_hand(connection: duckdb.DuckDBPyConnection) -> list[date]:
    """UTC days of the staged rows."""
    return [day for (day,) in execute(connection, "staged_days")]


def settle(connection: duckdb.DuckDBPyConnection, files: Iterable[Path], keyed: Keyed) -> Settled:
    """Leave only accepted rows in `staged`.

    ``files`` hold every row that was accepted before on the days in hand. Conflicting rows go to `set_aside`, rows
    accepted before that do not stand any more to `retracted`.
    """
    paths = [str(path) for path in files]
    if paths:
        execute(connection, "known", parameters={"files": paths})
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
    """Give every value in ``columns`` (column → kind) of ``relation`` a surrogate id; returns the next free one."""
    for column, kind in sorted(columns.items()):
        made = execute(
            connection,
            "identify",
            {"relation": quoted(relation), "column": quoted(column)},
            {"kind": kind, "next": next_id, "unit": unit},
        )
        next_id += int(made[0][0])
    return next_id


def encode(
    connection: duckdb.DuckDBPyConnection,
    columns: frozenset[str],
    kinds: dict[str, str],
    origins: dict[int, str],
    target: Path,
) -> None:
    """Write the accepted rows to the Parquet file ``target`` with surrogate ids.

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
        parts = {"alias": f"identity_{place}", "kind": kind, "column": quoted(column)}
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
        {"columns": ",\n        ".join(plain), "joins": "\n    ".join(joins)},
        {"target": str(target)},
    )
    connection.unregister("origins")
