"""Events → daily sightings, activity and usage. Ingest runs this on what it writes, a refresh on a day that it cuts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from linkage import engine
from linkage.ingest.columns import identifier_column
from linkage.ingest.statements import quoted, render
from linkage.model.tables import ACTIVITY, SIGHTINGS, USAGE, Table

if TYPE_CHECKING:
    import duckdb


#: Most that a day of one account adds up to: ten million dollars, or as many million tokens. Every number of the
#: contract is taken, up to 2⁶³ - 1, and what is summed further must still fit for 900,000 such days.
_BOUND = {"most": str(10**13)}


def sightings(connection: duckdb.DuckDBPyConnection, events: str, kinds: Iterable[str]) -> duckdb.DuckDBPyRelation:
    """SIGHTINGS of the relation named ``events`` (EVENTS and identifier columns), for those of ``kinds`` it has."""
    present = set(connection.table(events).columns)
    parts = [
        render(
            "sightings",
            {
                "events": quoted(events),
                "kind": kind,
                "identifier": quoted(identifier_column(kind)),
                "asn": "min(asn)" if kind == "ip_address" else "CAST(NULL AS BIGINT)",
                "country": "min(country)" if kind == "ip_address" else "CAST(NULL AS VARCHAR)",
                **_BOUND,
            },
        )
        for kind in kinds
        if identifier_column(kind) in present
    ]
    if not parts:
        # No row, but the columns: any present BIGINT column serves.
        parts = [
            render(
                "sightings",
                {
                    "events": f"(FROM {quoted(events)} LIMIT 0)",
                    "kind": "",
                    "identifier": "account",
                    "asn": "min(asn)",
                    "country": "min(country)",
                    **_BOUND,
                },
            )
        ]
    return _checked(connection, SIGHTINGS, "\nUNION ALL\n".join(parts))


def activity(connection: duckdb.DuckDBPyConnection, events: str) -> duckdb.DuckDBPyRelation:
    """ACTIVITY of the relation named ``events``."""
    return _checked(connection, ACTIVITY, render("activity", {"events": quoted(events), **_BOUND}))


def usage(connection: duckdb.DuckDBPyConnection, events: str) -> duckdb.DuckDBPyRelation:
    """USAGE of the relation named ``events``."""
    return _checked(connection, USAGE, render("usage", {"events": quoted(events), **_BOUND}))


def _checked(connection: duckdb.DuckDBPyConnection, table: Table, text: str) -> duckdb.DuckDBPyRelation:
    relation = connection.sql(text)
    engine.check_columns(table, relation.columns)
    return relation
