"""The window of a refresh: which days count, and the lake's tables for them as relations of one connection."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from linkage import engine
from linkage.errors import ConfigurationError, UsageError
from linkage.ingest import aggregate
from linkage.model import tables

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from linkage.model.allowed import Allowed
    from linkage.model.tables import Table
    from linkage.stores.lake import LakeView

_DAYS = re.compile(r"([1-9][0-9]{0,4})d\Z")


@dataclass(frozen=True, slots=True)
class Window:
    """UTC days ``first`` … ``last``, the last one cut at ``as_of`` (included)."""

    text: str
    first: date
    last: date
    as_of: datetime


def window(view: LakeView, text: str, as_of: datetime | None) -> Window:
    """The window named by ``text`` (``Nd`` or ``all``) that ends with as_of, by default the latest accepted event.

    Raises:
        UsageError: the text is malformed, as_of is naive, or no event was accepted up to it.
    """
    days = view.days()
    if as_of is not None and as_of.tzinfo is None:
        raise UsageError("as-of needs Z or an offset")
    until = as_of.astimezone(UTC) if as_of is not None else view.latest_event_time
    if until is None or not days or days[0] > until.date():
        raise UsageError("no event was accepted up to that time")
    match = _DAYS.match(text)
    if match is None and text != "all":
        raise UsageError("a window is a number of days, as in 90d, or all")
    last = until.date()
    # The calendar may begin within the window.
    first = last - timedelta(days=min(int(match[1]) - 1, (last - date.min).days)) if match else days[0]
    return Window(text, first, last, until)


def check_kinds(view: LakeView, chosen: Window, kinds: tuple[str, ...]) -> None:
    """Raise where days of the window were aggregated elsewhere without one of ``kinds``.

    Raises:
        ConfigurationError: a kind has no sightings there, and none can be made: the events are not here.
    """
    for day, parts in view.aggregated_days().items():
        lacking = {kind for part in parts for kind in kinds if kind not in part.kinds}
        if lacking and chosen.first <= day <= chosen.last:
            raise ConfigurationError(
                f"the aggregates of {day} were made without the identifier kind {min(lacking)}",
                hint="Aggregate again with the settings of this workspace, and take that in; or switch the kind off.",
            )


def relations(connection: duckdb.DuckDBPyConnection, view: LakeView, chosen: Window, kinds: tuple[str, ...]) -> None:
    """Create the relations of the window: sightings, activity, usage, slots, identities, accounts, model releases.

    Raises:
        UsageError: as_of cuts a day that was aggregated elsewhere.
    """
    latest = view.latest_on(chosen.last)
    cut = latest is not None and latest > chosen.as_of
    if cut and chosen.last in view.aggregated_days():
        raise UsageError(
            "as-of lies within a day that was taken in as aggregates, and those cannot be cut",
            hint="Give an as-of behind the last event of its day, or take in the events of that day instead.",
        )
    whole_days = chosen.last - timedelta(days=1) if cut else chosen.last
    of_cut_day = _cut_day(connection, view, chosen, kinds) if cut else {}
    for table in (tables.SIGHTINGS, tables.ACTIVITY, tables.USAGE):
        days = read(connection, table, view.files(table.name, chosen.first, whole_days))
        if table.name in of_cut_day:
            days = days.union(of_cut_day[table.name])
        days.create_view(table.name, replace=True)
    events = read(connection, tables.EVENTS, view.files(tables.EVENTS.name, chosen.first, chosen.last))
    connection.execute("SET VARIABLE as_of = $as_of::TIMESTAMP", {"as_of": chosen.as_of.replace(tzinfo=None)})
    events.filter("event_time <= getvariable('as_of')").create_view("window_events", replace=True)
    slots = read(connection, tables.SLOTS, view.files(tables.SLOTS.name, chosen.first, chosen.last))
    slots.union(aggregate.slots(connection, "window_events")).create_view(tables.SLOTS.name, replace=True)
    for table in (tables.IDENTITIES, tables.ACCOUNTS, tables.MODEL_RELEASES):
        read(connection, table, view.files(table.name)).create_view(table.name, replace=True)


def allowed_identifiers(connection: duckdb.DuckDBPyConnection, allowed: Allowed) -> tuple[int, ...]:
    """Surrogate ids of the identifiers that are allow-listed themselves, or lie in an allow-listed network."""
    if not allowed.networks:
        return allowed.identifiers
    networks = [ipaddress.ip_network(network) for network in allowed.networks]
    rows = connection.execute("SELECT id, value FROM identities WHERE kind = 'ip_address'").fetchall()
    inside = {
        int(identifier)
        for identifier, value in rows
        if any(ipaddress.ip_address(value) in network for network in networks)
    }
    return tuple(sorted(inside.union(allowed.identifiers)))


def allowed_digest(view: LakeView, allowed: Allowed) -> str:
    """Digest, hex, of what is allow-listed, by its raw values: the same whatever surrogate ids they have."""
    named: list[tuple[str, str]] = [("cidr", network) for network in allowed.networks]
    if allowed.identifiers or allowed.organizations:
        with engine.connect() as connection:
            read(connection, tables.IDENTITIES, view.files(tables.IDENTITIES.name)).create_view("identities")
            rows = connection.execute(
                "SELECT id, kind, value FROM identities WHERE list_contains($ids, id)",
                {"ids": [*allowed.identifiers, *allowed.organizations]},
            ).fetchall()
        organizations = set(allowed.organizations)
        named += [("organization" if number in organizations else kind, value) for number, kind, value in rows]
    return hashlib.sha256(json.dumps(sorted(named)).encode("utf-8")).hexdigest() if named else ""


def read(connection: duckdb.DuckDBPyConnection, table: Table, files: tuple[Path, ...]) -> duckdb.DuckDBPyRelation:
    """The files as one relation with the columns of ``table``; an empty one where there is no file."""
    if files:
        return connection.read_parquet([str(file) for file in files], union_by_name=True).select(*table.names)
    columns = ", ".join(f'"{column.name}" {column.type}' for column in table.columns)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE no_{table.name} ({columns})")
    return connection.table(f"no_{table.name}")


def _cut_day(
    connection: duckdb.DuckDBPyConnection, view: LakeView, chosen: Window, kinds: tuple[str, ...]
) -> dict[str, duckdb.DuckDBPyRelation]:
    """The last day aggregated again from its events up to as_of, by table; empty where it has no event."""
    files = [str(file) for file in view.files("events", chosen.last, chosen.last)]
    if not files:
        return {}
    connection.execute("SET VARIABLE as_of = $as_of::TIMESTAMP", {"as_of": chosen.as_of.replace(tzinfo=None)})
    connection.read_parquet(files, union_by_name=True).filter("event_time <= getvariable('as_of')").create_view(
        "cut_events", replace=True
    )
    return {
        tables.SIGHTINGS.name: aggregate.sightings(connection, "cut_events", kinds),
        tables.ACTIVITY.name: aggregate.activity(connection, "cut_events"),
        tables.USAGE.name: aggregate.usage(connection, "cut_events"),
    }
