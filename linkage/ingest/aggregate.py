"""Events → daily sightings, activity, usage and slots.

Ingest runs these statements on what it writes, a refresh on a day that it cuts, and :mod:`linkage.spark` on a cluster.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from linkage import engine
from linkage.ingest.columns import identifier_column
from linkage.ingest.statements import quoted, render
from linkage.model.tables import ACTIVITY, SIGHTINGS, SLOTS, USAGE, Table

if TYPE_CHECKING:
    import duckdb


#: Most that a day of one account adds up to: ten million dollars, or as many million tokens. Every number of the
#: contract is taken, up to 2⁶³ - 1, and what is summed further must still fit for 900,000 such days.
_BOUND = {"most": str(10**13)}


def sightings_text(events: str, columns: Iterable[str], kinds: Iterable[str]) -> str:
    """Query of SIGHTINGS over the relation ``events``, which has ``columns``, for those of ``kinds`` it has."""
    present = set(columns)
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
        # No row, but the columns: the account serves as well as any identifier.
        parts = [
            render(
                "sightings",
                {
                    "events": "(" + render("nothing", {"relation": quoted(events)}) + ")",
                    "kind": "",
                    "identifier": "account",
                    "asn": "min(asn)",
                    "country": "min(country)",
                    **_BOUND,
                },
            )
        ]
    return "\nUNION ALL\n".join(parts)


def activity_text(events: str) -> str:
    """Query of ACTIVITY over the relation ``events``."""
    return render("activity", {"events": quoted(events), **_BOUND})


def usage_text(events: str) -> str:
    """Query of USAGE over the relation ``events``."""
    return render("usage", {"events": quoted(events), **_BOUND})


def slots_text(events: str) -> str:
    """Query of SLOTS over the relation ``events``, with a row for every event."""
    return render("slots", {"events": quoted(events)})


def sightings(connection: duckdb.DuckDBPyConnection, events: str, kinds: Iterable[str]) -> duckdb.DuckDBPyRelation:
    """SIGHTINGS of the relation named ``events`` (EVENTS and identifier columns), for those of ``kinds`` it has."""
    columns = connection.table(events).columns
    return _checked(connection, SIGHTINGS, sightings_text(events, columns, kinds))


def activity(connection: duckdb.DuckDBPyConnection, events: str) -> duckdb.DuckDBPyRelation:
    """ACTIVITY of the relation named ``events``."""
    return _checked(connection, ACTIVITY, activity_text(events))


def usage(connection: duckdb.DuckDBPyConnection, events: str) -> duckdb.DuckDBPyRelation:
    """USAGE of the relation named ``events``."""
    return _checked(connection, USAGE, usage_text(events))


def slots(connection: duckdb.DuckDBPyConnection, events: str) -> duckdb.DuckDBPyRelation:
    """SLOTS of the relation named ``events``, with a row for every event."""
    return _checked(connection, SLOTS, slots_text(events))


def _checked(connection: duckdb.DuckDBPyConnection, table: Table, text: str) -> duckdb.DuckDBPyRelation:
    relation = connection.sql(text)
    engine.check_columns(table, relation.columns)
    return relation
