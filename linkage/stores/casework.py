"""The casework database: run history, the audit chain and the allow-list, in SQLite or PostgreSQL.

The database is reached through SQLAlchemy Core. Every change of state and its audit entry are one transaction.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from linkage.errors import ConfigurationError, UsageError
from linkage.model.casework import AllowEntry, AuditEntry, RunEntry
from linkage.model.ticks import TickDone
from linkage.model.times import from_text, to_text
from linkage.stores import audit_chain
from linkage.stores.audit_chain import as_json
from linkage.stores.casework_databases import Database, SqliteFile, for_writing
from linkage.stores.casework_schema import (
    ALLOW_LIST,
    METADATA,
    MIGRATIONS,
    RUN_HISTORY,
    SCHEDULE,
    SCHEMA_VERSION,
    Guard,
    Migration,
)

#: Rows of a copy that are held at once.
_COPIED = 1_000


class Casework:
    """One casework database; a path is that of a SQLite file. ``migrations`` is what this version of linkage knows."""

    def __init__(self, database: Database | Path, migrations: tuple[Migration, ...] = MIGRATIONS) -> None:
        self._database: Database = SqliteFile(database) if isinstance(database, Path) else database
        self._migrations = migrations

    # --- versions -----------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """What messages call it."""
        return self._database.name

    @property
    def exists(self) -> bool:
        """Whether there is a database yet."""
        there = self._database.exists
        return self.version() > 0 if there is None else there

    def version(self) -> int:
        """Version of the schema; 0 for a database without tables."""
        with self.reading() as connection:
            if not sa.inspect(connection).has_table("schema_version"):
                return 0
            return int(connection.scalar(sa.select(sa.func.max(SCHEMA_VERSION.c.version))) or 0)

    def create(self, now: datetime) -> None:
        """Make the database where there is none; check the version of one that is there.

        Raises:
            ConfigurationError: it needs a migration, or was written by a newer linkage.
        """
        if not self.ready():
            self.migrate(now)

    def ready(self) -> bool:
        """Whether there is a database, which then has the schema that this version of linkage reads and writes.

        Raises:
            ConfigurationError: it needs a migration, or was written by a newer linkage.
        """
        there = self._database.exists
        if there is False:
            return False
        found, known = self.version(), self._migrations[-1].version
        if there is None and found == 0:
            return False
        if found > known:
            raise ConfigurationError(
                f"{self.name} has version {found}; this linkage knows {known}", hint="Use a newer linkage."
            )
        if found < known:
            raise ConfigurationError(
                f"{self.name} has version {found} and needs {known}",
                hint="Make a backup, then run `linkage doctor --migrate`.",
            )
        return True

    def migrate(self, now: datetime) -> tuple[Migration, ...]:
        """Apply every migration that is missing, all or none; returns them."""
        with self.writing() as connection:
            return self._migrate(connection, now)

    def _migrate(self, connection: sa.Connection, now: datetime) -> tuple[Migration, ...]:
        self._database.prepare(connection)
        self._run(
            connection,
            "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL)",
        )
        found = int(connection.scalar(sa.select(sa.func.max(SCHEMA_VERSION.c.version))) or 0)
        applied = tuple(migration for migration in self._migrations if migration.version > found)
        for migration in applied:
            for step in migration.statements:
                self._run(connection, step)
            connection.execute(SCHEMA_VERSION.insert().values(version=migration.version, applied_at=to_text(now)))
        return applied

    def _run(self, connection: sa.Connection, step: str | Guard) -> None:
        for statement in self._database.statements(step):
            connection.exec_driver_sql(statement)

    def copy_to(self, target: Path) -> None:
        """Write a consistent copy to ``target``, a SQLite file, also while others write."""
        if isinstance(self._database, SqliteFile):
            self._database.copy_to(target)
            return
        with self.reading() as connection:
            Casework(SqliteFile(target, journal="DELETE"), self._migrations).fill(connection)

    def fill(self, source: sa.Connection) -> None:
        """Make the database, of which nothing is there, with every row that ``source`` reads from one of this version.

        It is there with all of them, or not at all.
        """
        with self.writing() as connection:
            self._migrate(connection, datetime.now(UTC))
            connection.execute(SCHEMA_VERSION.delete())
            for table in METADATA.tables.values():
                rows = source.execute(sa.select(table).order_by(*table.primary_key)).mappings()
                for some in rows.partitions(_COPIED):
                    connection.execute(table.insert(), [dict(row) for row in some])

    def close_off(self, connection: sa.Connection, says: str) -> None:
        """Within a transaction: from its end on nothing is written that the audit has to see, and ``says`` is why."""
        connection.exec_driver_sql("DROP TRIGGER IF EXISTS audit_closed")
        self._run(connection, Guard("audit_closed", "audit", "INSERT", says))

    # --- audit chain ---------------------------------------------------------------------------------------------

    def append_audit(
        self, *, actor: str, action: str, subject: str, detail: Mapping[str, Any], now: datetime
    ) -> AuditEntry:
        """Append one entry to the chain."""
        with self.writing() as connection:
            return audit_chain.append(connection, actor, action, subject, detail, now)

    def audit(self) -> tuple[AuditEntry, ...]:
        """The whole chain, oldest first."""
        with self.reading() as connection:
            return audit_chain.entries(connection)

    def audit_head(self) -> tuple[str, int]:
        """(digest of the last entry, number of entries)."""
        with self.reading() as connection:
            return audit_chain.head(connection)

    def audit_fault(self, witnesses: Mapping[str, tuple[str, int]] | None = None) -> str | None:
        """What is wrong with the chain, naming the entry; None when it is whole.

        ``witnesses`` maps names (of snapshots, say) to the (head, length) that they recorded: an entry they saw that
        is gone or different betrays a chain that was cut or rewritten.
        """
        with self.reading() as connection:
            return audit_chain.fault(connection, witnesses or {})

    # --- run history ---------------------------------------------------------------------------------------------

    def record_run(
        self,
        *,
        verb: str,
        status: str,
        refresh_id: str | None,
        started_at: datetime,
        finished_at: datetime,
        actor: str,
        timings: Mapping[str, float],
        counts: Mapping[str, Any],
        fault: str | None = None,
        trigger: str = "person",
        exit_code: int | None = None,
    ) -> None:
        """Add a run to the history, and to the audit chain."""
        with self.writing() as connection:
            run_id = int(connection.scalar(sa.select(sa.func.max(RUN_HISTORY.c.run_id))) or 0) + 1
            connection.execute(
                RUN_HISTORY.insert().values(
                    run_id=run_id,
                    verb=verb,
                    status=status,
                    refresh_id=refresh_id,
                    started_at=to_text(started_at),
                    finished_at=to_text(finished_at),
                    actor=actor,
                    timings=as_json(timings),
                    counts=as_json(counts),
                    fault=fault,
                    trigger=trigger,
                    exit_code=exit_code,
                )
            )
            subject = refresh_id if refresh_id is not None else f"run-{run_id}"
            audit_chain.append(connection, actor, verb, subject, {"status": status, **counts}, finished_at)

    def runs(self, limit: int | None = None) -> tuple[RunEntry, ...]:
        """The run history, newest first, or its ``limit`` newest entries."""
        with self.reading() as connection:
            rows = connection.execute(sa.select(RUN_HISTORY).order_by(RUN_HISTORY.c.run_id.desc()).limit(limit)).all()
        return tuple(
            RunEntry(
                row.run_id,
                row.verb,
                row.status,
                row.refresh_id,
                from_text(row.started_at),
                from_text(row.finished_at),
                row.actor,
                json.loads(row.timings),
                json.loads(row.counts),
                row.fault,
                row.trigger,
                row.exit_code,
            )
            for row in rows
        )

    # --- schedule ------------------------------------------------------------------------------------------------

    def end_tick(self, done: TickDone) -> None:
        """Note that the schedule has done a tick: what is due follows from it."""
        with self.writing() as connection:
            connection.execute(SCHEDULE.delete())
            connection.execute(
                SCHEDULE.insert().values(
                    only=1,
                    every_seconds=int(done.every.total_seconds()),
                    tick=to_text(done.tick),
                    ended_at=to_text(done.ended_at),
                    exit_code=done.exit_code,
                )
            )

    def last_tick(self) -> TickDone | None:
        """The tick that the schedule did last; None before its first."""
        with self.reading() as connection:
            row = connection.execute(sa.select(SCHEDULE)).first()
        if row is None:
            return None
        every = timedelta(seconds=row.every_seconds)
        return TickDone(from_text(row.tick), every, from_text(row.ended_at), row.exit_code)

    # --- allow-list ----------------------------------------------------------------------------------------------

    def allow(
        self,
        *,
        kind: str,
        cidr: str | None,
        identifier: int | None,
        reason: str,
        author: str,
        expires_at: datetime | None,
        now: datetime,
    ) -> AllowEntry:
        """Add an entry to the allow-list, and to the audit chain.

        Raises:
            UsageError: the same thing is on the list already.
        """
        with self.writing() as connection:
            return allow(
                connection, kind=kind, cidr=cidr, identifier=identifier, reason=reason, author=author,
                expires_at=expires_at, now=now,
            )  # fmt: skip

    def disallow(self, entry_id: str, *, actor: str, now: datetime) -> None:
        """Take an entry off the allow-list; its row stays, as history.

        Raises:
            UsageError: there is no such entry, or it was removed before.
        """
        with self.writing() as connection:
            changed = connection.execute(
                ALLOW_LIST.update()
                .where(ALLOW_LIST.c.entry_id == entry_id, ALLOW_LIST.c.removed_at.is_(None))
                .values(removed_at=to_text(now))
            ).rowcount
            if not changed:
                raise UsageError("no such entry on the allow-list", hint="`linkage allow list` shows their ids.")
            audit_chain.append(connection, actor, "allow.remove", entry_id, {}, now)

    def allowed(self) -> tuple[AllowEntry, ...]:
        """Every entry that was not removed, also expired ones, in the order they were added."""
        with self.reading() as connection:
            rows = connection.execute(
                sa.select(ALLOW_LIST)
                .where(ALLOW_LIST.c.removed_at.is_(None))
                .order_by(ALLOW_LIST.c.added_at, ALLOW_LIST.c.entry_id)
            ).all()
        return tuple(_allow_entry(row) for row in rows)

    # --- transactions -------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection that sees one state of the database, for the stores of this package."""
        with self._translated(), self._database.engine.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that nobody else writes beside, for the stores of this package; a fault inside undoes it."""
        with self._translated(), self._database.engine.connect() as connection:
            writing = for_writing(connection)
            with writing.begin():
                yield writing

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError as fault:
            raise self._database.fault(fault) from fault


def allowed_as(
    connection: sa.Connection, *, kind: str, cidr: str | None, identifier: int | None, now: datetime
) -> str | None:
    """Id of the entry by which something is on the allow-list at ``now``; None where it is not."""
    for row in connection.execute(sa.select(ALLOW_LIST).where(ALLOW_LIST.c.kind == kind)):
        entry = _allow_entry(row)
        if (entry.cidr, entry.identifier) == (cidr, identifier) and entry.active(now):
            return entry.entry_id
    return None


def allow(
    connection: sa.Connection,
    *,
    kind: str,
    cidr: str | None,
    identifier: int | None,
    reason: str,
    author: str,
    expires_at: datetime | None,
    now: datetime,
) -> AllowEntry:
    """Within a transaction: add an entry to the allow-list, and to the audit chain.

    Raises:
        UsageError: the same thing is on the list already.
    """
    standing = allowed_as(connection, kind=kind, cidr=cidr, identifier=identifier, now=now)
    if standing is not None:
        raise UsageError(f"that is on the allow-list already, as {standing}")
    count = int(connection.scalar(sa.select(sa.func.count()).select_from(ALLOW_LIST)) or 0)
    named = hashlib.sha256(as_json([count, kind, cidr, identifier, to_text(now)]).encode()).hexdigest()
    entry = AllowEntry(f"a-{named[:12]}", kind, cidr, identifier, reason, author, now, expires_at)
    connection.execute(
        ALLOW_LIST.insert().values(
            entry_id=entry.entry_id,
            kind=kind,
            cidr=cidr,
            identifier=identifier,
            reason=reason,
            author=author,
            added_at=to_text(now),
            expires_at=to_text(expires_at) if expires_at is not None else None,
        )
    )
    audit_chain.append(connection, author, "allow.add", entry.entry_id, {"kind": kind, "reason": reason}, now)
    return entry


def _allow_entry(row: Any) -> AllowEntry:
    return AllowEntry(
        row.entry_id,
        row.kind,
        row.cidr,
        row.identifier,
        row.reason,
        row.author,
        from_text(row.added_at),
        from_text(row.expires_at) if row.expires_at is not None else None,
        from_text(row.removed_at) if row.removed_at is not None else None,
    )
