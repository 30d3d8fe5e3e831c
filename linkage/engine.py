"""The in-process SQL engine: connections with safe settings, and named statements.

DuckDB is used without extensions and without a database file of its own: every input and output is a Parquet file
named by the caller, or an Arrow table. Nothing here reads configuration.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linkage.errors import LinkageError, TryAgain

if TYPE_CHECKING:
    import duckdb
    import pyarrow

    from linkage.model.tables import Table

#: SQL engine faults that mean "no room", not "wrong".
_NO_ROOM = ("No space left", "max_temp_directory_size", "Disk quota exceeded", "File too large")


def connect(
    *,
    memory_limit: str = "3GB",
    threads: int | None = None,
    spill_to: Path | None = None,
) -> duckdb.DuckDBPyConnection:
    """Open an in-memory connection with a memory limit and UTC as its time zone.

    ``spill_to`` is the folder for intermediate results that outgrow memory (default: the system's temporary folder).
    Extensions are never looked up or installed.
    """
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory_limit,
        "temp_directory": str(spill_to or Path(tempfile.gettempdir()) / "linkage-spill"),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if threads is not None:
        config["threads"] = threads
    connection = duckdb.connect(":memory:", config=config)
    connection.execute("SET TimeZone = 'UTC'")
    if _COUNTED.get() is not None:
        connection.execute("PRAGMA enable_profiling = 'no_output'")
    return connection


def statement(package: str, name: str) -> str:
    """Text of the SQL statement ``name``.sql that lies in the ``sql`` folder of ``package``."""
    return resources.files(package).joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


def run(
    connection: duckdb.DuckDBPyConnection,
    package: str,
    name: str,
    parameters: Mapping[str, Any] | None = None,
) -> duckdb.DuckDBPyConnection:
    """Execute a named statement with bound parameters; engine faults become errors of ours.

    Raises:
        TryAgain: the disk has no room for intermediate results.
        LinkageError: the statement failed; names the statement, never its data.
    """
    import duckdb

    try:
        done = connection.execute(statement(package, name), dict(parameters or {}))
        count(connection, name)
    except duckdb.Error as fault:
        raise translate(fault, f"{package}/sql/{name}.sql") from fault
    return done


def arrow(
    connection: duckdb.DuckDBPyConnection,
    package: str,
    name: str,
    parameters: Mapping[str, Any] | None = None,
) -> pyarrow.Table:
    """Answer of a named query as Arrow, without a copy of its rows; faults as those of ``run``.

    Raises:
        TryAgain: the disk has no room for intermediate results.
        LinkageError: the query failed; names the statement, never its data.
    """
    import duckdb

    try:
        table = relation(connection, package, name, parameters).to_arrow_table()
        count(connection, name)
    except duckdb.Error as fault:
        raise translate(fault, f"{package}/sql/{name}.sql") from fault
    return table


def relation(
    connection: duckdb.DuckDBPyConnection,
    package: str,
    name: str,
    parameters: Mapping[str, Any] | None = None,
) -> duckdb.DuckDBPyRelation:
    """A named query that runs when its rows are asked for; faults until then as those of ``run``.

    Raises:
        LinkageError: the query is wrong; names the statement, never its data.
    """
    import duckdb

    try:
        return connection.sql(statement(package, name), params=dict(parameters or {}))
    except duckdb.Error as fault:
        raise translate(fault, f"{package}/sql/{name}.sql") from fault


@contextlib.contextmanager
def faults(where: str) -> Iterator[None]:
    """Engine faults of the block as errors of ours; ``where`` says what was being done.

    Raises:
        TryAgain: no room on the disk or in memory.
        LinkageError: anything else that the engine raises.
    """
    import duckdb

    try:
        yield
    except duckdb.Error as fault:
        raise translate(fault, where) from fault


def translate(fault: Exception, where: str) -> LinkageError:
    """An engine fault as an error of ours. The engine's own text may quote data, so only its class is kept."""
    text = str(fault)
    if any(sign in text for sign in _NO_ROOM):
        return TryAgain(f"no room on the disk while running {where}")
    if "Out of Memory" in text or type(fault).__name__ == "OutOfMemoryException":
        return TryAgain(
            f"not enough memory while running {where}",
            hint="Raise `engine.memory_limit` in linkage.toml, or free memory, and run the same command again.",
        )
    return LinkageError(f"{where} failed ({type(fault).__name__})")


@dataclass(frozen=True, slots=True)
class Scan:
    """Rows that a statement took from one relation or from one set of files."""

    statement: str
    rows: int


_COUNTED: ContextVar[list[Scan] | None] = ContextVar("counted", default=None)


@contextlib.contextmanager
def counted() -> Iterator[list[Scan]]:
    """Count what named statements read, on connections that are opened within the block.

    Work is counted instead of timed: the figures are the same on any machine, under any load.
    """
    scans: list[Scan] = []
    token = _COUNTED.set(scans)
    try:
        yield scans
    finally:
        _COUNTED.reset(token)


def count(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Note the scans of the statement ``name``, which ``connection`` has just run to its end, if anybody counts."""
    scans = _COUNTED.get()
    if scans is None:
        return
    pending = list(json.loads(connection.get_profiling_information(format="json")).get("operator", ()))
    while pending:
        operator = pending.pop()
        children = operator.get("children", [])
        pending += children
        if not children and operator["type"].endswith("SCAN"):
            scans.append(Scan(name, int(operator["intermediate_rows"])))


def check_columns(table: Table, names: list[str]) -> None:
    """Raise when ``names`` are not exactly the columns of ``table``, in order."""
    if list(table.names) != names:
        raise LinkageError(f"table {table.name}: expected columns {list(table.names)}, got {names}")
