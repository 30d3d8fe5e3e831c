"""What a database of casework has of its own: how a transaction begins, how a migration is said, what its faults mean.

Everything else is the same for all of them. This is SQLite, the default; ``casework_postgresql`` is the other one.
"""

from __future__ import annotations

import contextlib
import functools
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from linkage.errors import LinkageError, SnapshotDamaged, TryAgain
from linkage.stores.casework_schema import Guard

#: How long a writer waits for another one, seconds.
PATIENCE = 30.0

_WRITES = "linkage_writes"


class Database(Protocol):
    """Where casework is kept."""

    @property
    def name(self) -> str:
        """What messages call it."""

    @property
    def exists(self) -> bool | None:
        """Whether it is there; None where only a look inside tells."""

    @property
    def engine(self) -> sa.Engine:
        """Connections to it, whose transactions begin as ``writing`` says: a writer's keeps all others out."""

    def prepare(self, connection: sa.Connection) -> None:
        """Make room for the tables, before the first migration."""

    def statements(self, step: str | Guard) -> Sequence[str]:
        """A step of a migration in words that it takes; text is SQL as SQLite takes it."""

    def fault(self, fault: sa.exc.DBAPIError) -> LinkageError:
        """A driver's fault as one of ours. The driver's text may quote values, so nothing of it is kept."""


def for_writing(connection: sa.Connection) -> sa.Connection:
    """The connection, for transactions that nobody else writes beside."""
    return connection.execution_options(**{_WRITES: True})


def writes(connection: sa.Connection) -> bool:
    """Whether its transactions are to keep other writers out."""
    return bool(connection.get_execution_options().get(_WRITES, False))


class SqliteFile:
    """A file that nobody has to look after. Every commit is synced; ``journal`` is how SQLite undoes what was not."""

    def __init__(self, path: Path, journal: Literal["WAL", "DELETE"] = "WAL") -> None:
        self._path = path
        self.name = path.name
        self.engine = sa.create_engine(
            sa.URL.create("sqlite", database=str(path)),
            poolclass=NullPool,
            connect_args={"timeout": PATIENCE},
            hide_parameters=True,
        )
        sa.event.listen(self.engine, "connect", functools.partial(_on_connect, journal))
        sa.event.listen(self.engine, "begin", _on_begin)

    @property
    def exists(self) -> bool | None:
        """Whether the file is there."""
        return self._path.exists()

    def prepare(self, connection: sa.Connection) -> None:
        """Nothing is to be made: connecting made the file."""

    def statements(self, step: str | Guard) -> Sequence[str]:
        """SQL as it stands, and a guard as a trigger."""
        if isinstance(step, str):
            return (step,)
        when = f"\nWHEN {step.when}" if step.when is not None else ""
        return (
            f"CREATE TRIGGER {step.name} BEFORE {step.act} ON {step.table}{when}\n"
            f"BEGIN SELECT RAISE(ABORT, '{step.says}'); END",
        )

    def copy_to(self, target: Path) -> None:
        """Copy page by page, also while others write."""
        with (
            contextlib.closing(self.engine.raw_connection()) as own,
            contextlib.closing(sqlite3.connect(target)) as copy,
        ):
            own.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")

    def fault(self, fault: sa.exc.DBAPIError) -> LinkageError:
        """What SQLite found wrong."""
        text = str(fault.orig)
        if "locked" in text or "busy" in text:
            return TryAgain(f"another writer holds {self.name}")
        if "full" in text:
            return TryAgain(f"no room on the disk while writing {self.name}")
        if "malformed" in text or "not a database" in text:
            return SnapshotDamaged(f"{self.name} is damaged", hint="Restore a backup.")
        return LinkageError(f"{self.name}: {type(fault.orig).__name__}")


def _on_connect(journal: str, connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver
    for pragma in (f"journal_mode = {journal}", "synchronous = FULL", "foreign_keys = ON", "trusted_schema = OFF"):
        connection.execute(f"PRAGMA {pragma}")


def _on_begin(connection: sa.Connection) -> None:
    # A writer takes its lock at once: a read that turns into a write could fail halfway.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes(connection) else "BEGIN")
