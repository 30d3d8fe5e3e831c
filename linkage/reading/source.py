"""A snapshot and the identities beside it, open for questions."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linkage import engine
from linkage.config import EngineSettings, EvidenceSettings, Settings
from linkage.errors import ConfigurationError, NoSnapshot
from linkage.model.kinds import SCHEDULE, schedule_name
from linkage.model.rows import rows_of
from linkage.model.run import RunRecord
from linkage.model.tables import IDENTITIES, OPTIONAL_TABLES
from linkage.stores.snapshots import Snapshot

if TYPE_CHECKING:
    import duckdb
    import pyarrow


class Questions:
    """Named statements of this package over the tables that were opened."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, run: RunRecord | None) -> None:
        self._connection = connection
        self._run = run

    @property
    def run(self) -> RunRecord:
        """Record of the snapshot that is asked.

        Raises:
            NoSnapshot: only the identities were opened.
        """
        if self._run is None:
            raise NoSnapshot("no snapshot was opened")
        return self._run

    @property
    def refresh_id(self) -> str:
        """Id of the snapshot that is asked."""
        return self.run.refresh_id

    def table(self, name: str, parameters: Mapping[str, Any] | None = None) -> pyarrow.Table:
        """Answer of ``sql/<name>.sql`` as Arrow; its times carry UTC."""
        return in_utc(engine.arrow(self._connection, "linkage.reading", name, parameters))

    def rows(self, name: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Answer of ``sql/<name>.sql``, a mapping per row."""
        return list(rows_of(self.table(name, parameters)))


@contextlib.contextmanager
def ask(
    snapshot: Snapshot | None, identities: Sequence[Path], settings: EngineSettings, tables: Sequence[str]
) -> Iterator[Questions]:
    """Open ``tables`` of ``snapshot`` and the identities as views; no other file can be read through them.

    Without a snapshot only the identities are there to ask.
    """
    absent = [table for table in OPTIONAL_TABLES if snapshot is not None and not snapshot.has(table.name)]
    without = {table.name for table in absent}
    paths = {} if snapshot is None else {name: snapshot.path(name) for name in tables if name not in without}
    connection = engine.connect(memory_limit=settings.memory_limit, threads=settings.threads)
    try:
        named = () if snapshot is None else (snapshot.path("identifiers"),)
        allowed = [str(path) for path in (*paths.values(), *named, *identities)]
        connection.execute("SET allowed_paths = $paths", {"paths": allowed})
        connection.execute("SET enable_external_access = false")
        for name, path in paths.items():
            # The order of rows in the file means something: clusters stand in it by rank.
            connection.read_parquet([str(path)], hive_partitioning=False, file_row_number=True).create_view(name)
        for table in absent:
            columns = ", ".join(f'"{column.name}" {column.type}' for column in table.columns)
            connection.execute(f"CREATE TEMP TABLE {table.name} ({columns})")
        _name_schedules(connection, snapshot)
        if identities:
            files = [str(path) for path in identities]
            known = connection.read_parquet(files, hive_partitioning=False, union_by_name=True)
            known.union(connection.table("schedules")).create_view("identities")
        else:
            connection.register("identities", _no_identities())
        yield Questions(connection, snapshot.run if snapshot is not None else None)
    finally:
        connection.close()


def evidence_settings(run: RunRecord) -> EvidenceSettings:
    """The settings that a snapshot itself was made with, which those of today may differ from.

    Raises:
        ConfigurationError: this version does not know them.
    """
    try:
        return Settings.model_validate(dict(run.settings)).evidence
    except ValueError as fault:
        raise ConfigurationError(
            f"refresh {run.refresh_id} was made with settings that this version does not know",
            hint="Run `linkage refresh`, and ask again at the new refresh.",
        ) from fault


def in_utc(table: pyarrow.Table) -> pyarrow.Table:
    """``table`` with every time column marked as UTC, which is what the stored times are in."""
    import pyarrow

    for position, field in enumerate(table.schema):
        if pyarrow.types.is_timestamp(field.type):
            column = table.column(position).cast(pyarrow.timestamp("us", "UTC"))
            table = table.set_column(position, field.name, column)
    return table


def _name_schedules(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot | None) -> None:
    """Table ``schedules``: the derived identifiers of the snapshot, which the lake knows nothing of, as identities."""
    connection.register("no_identities", _no_identities())
    connection.execute("CREATE TEMP TABLE schedules AS FROM no_identities")
    if snapshot is not None:
        derived = connection.read_parquet([str(snapshot.path("identifiers"))], hive_partitioning=False)
        numbers = derived.filter("identifier < 0").select("identifier").fetchall()
        for (number,) in numbers:
            connection.execute(
                "INSERT INTO schedules (kind, id, value) VALUES ($kind, $id, $name)",
                {"kind": SCHEDULE, "id": number, "name": schedule_name(number)},
            )


def _no_identities() -> pyarrow.Table:
    import pyarrow

    types = {"BIGINT": pyarrow.int64(), "VARCHAR": pyarrow.string(), "BOOLEAN": pyarrow.bool_()}
    return pyarrow.schema([(column.name, types[column.type]) for column in IDENTITIES.columns]).empty_table()
