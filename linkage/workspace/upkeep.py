"""What keeps a workspace running: the schedule, its history, checks, and backups."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from linkage.errors import UsageError
from linkage.model import ticks
from linkage.model.notes import Note
from linkage.model.reports import BackupReport, Check, PurgeReport

if TYPE_CHECKING:
    from linkage.model.alert import Alert, Delivery
    from linkage.model.casework import AuditEntry, RunEntry
    from linkage.model.ticks import TickDone
    from linkage.workspace.clock import Clock
    from linkage.workspace.home import Home

PathLike = str | os.PathLike[str]


class Upkeep:
    """The part of a Workspace that keeps it running."""

    _home: Home

    def schedule(
        self,
        every: timedelta | str = "1h",
        *,
        ingest: Sequence[PathLike] = (),
        mapping: PathLike | None = None,
        source: str | None = None,
        window: str = "90d",
        metrics: PathLike | None = None,
        once: bool = False,
        clock: Clock | None = None,
        notes: Callable[[Note], None] | None = None,
        options: Sequence[str] = (),
    ) -> int:
        """At every UTC multiple of ``every`` take in what lies under ``ingest``, and refresh, each in its own process.

        Returns when ``clock.stop()`` was called (a handler of signals may), with 0; with ``once`` after the tick that
        is due, if one is, with its exit code. However many ticks were missed, one makes up for them. What is worth an
        alert goes to the receivers of the settings, and figures in Prometheus' text format into the file ``metrics``.
        ``options`` of the command line stand before each verb.

        Raises:
            ConfigurationError: the secret of a receiver of alerts is missing or malformed.
            UsageError: ``every`` states no interval, or a path is neither there nor a pattern.
            TryAgain: another schedule holds the workspace.
        """
        from linkage.workspace.clock import WallClock
        from linkage.workspace.schedule import Launcher, Plan, Schedule

        try:
            interval = ticks.interval(every) if isinstance(every, str) else every
        except ValueError as fault:
            raise UsageError(str(fault)) from fault
        given = (("--mapping", mapping), ("--source", source))
        plan = Plan(
            interval,
            tuple(os.fspath(path) for path in ingest),
            tuple(word for name, value in given if value is not None for word in (name, os.fspath(value))),
            ("--window", window),
            Path(metrics) if metrics is not None else None,
        )
        launch = Launcher(self._home.layout.root, tuple(options))
        return Schedule(self._home, plan, clock or WallClock(), notes or _silent, launch).run(once=once)

    def metrics(self) -> str:
        """Figures of the workspace as they are now, in Prometheus' text format."""
        from linkage.workspace import metrics
        from linkage.workspace.home import now

        return metrics.text(self._home, now())

    def alerts(self) -> tuple[tuple[Alert, tuple[Delivery, ...]], ...]:
        """Alerts, newest first, each with how far it got to whom."""
        from linkage.stores.outbox import Outbox

        casework = self._home.casework()
        return Outbox(casework, self._home.name).all() if casework is not None else ()

    def scheduled(self) -> TickDone | None:
        """The tick that the schedule did last; None where there never was one."""
        casework = self._home.casework()
        return casework.last_tick() if casework is not None else None

    def history(self) -> tuple[RunEntry, ...]:
        """History of ingests and refreshes, newest first; also of those that failed."""
        casework = self._home.casework()
        return casework.runs() if casework is not None else ()

    def audit(self) -> tuple[AuditEntry, ...]:
        """The audit chain, oldest first."""
        casework = self._home.casework()
        return casework.audit() if casework is not None else ()

    def audit_fault(self) -> str | None:
        """What is wrong with the audit chain, compared with what snapshots and cases saw; None when it is whole."""
        from linkage.workspace import doctor

        return doctor.audit_fault(self._home)

    def purge(self, account: str, *, reason: str) -> PurgeReport:
        """Forget the name of ``account`` (or ``id:<surrogate>``), and what is known of it beside its events.

        Its events and snapshots stay, under its number; wherever its name stood, ``purged:<number>`` stands. Backups,
        and internal bundles that were made before, keep the name.

        Raises:
            NotAllowed: the actor is no admin.
            UsageError: no reason is given, it holds the name, or there is no such account (any more).
            TryAgain: another writer is at work, or the disk is full.
        """
        from linkage.workspace import purge

        return purge.purge(self._home, account, reason)

    @property
    def names_version(self) -> str:
        """Another one whenever names may be others: what was read with names is good for as long as this stays."""
        return " ".join(entry.sha256 for entry in self._home.lake.view().of("identities"))

    def doctor(self, *, migrate: bool = False) -> tuple[Check, ...]:
        """Check everything that is stored, byte by byte.

        ``migrate`` first brings the casework up to date, and to the server that the settings name, if it is not there.
        """
        from linkage.workspace import doctor

        return doctor.examine(self._home, migrate=migrate)

    def backup(self, path: PathLike) -> BackupReport:
        """Write one file with everything that is needed to restore the workspace. It holds raw identifiers and the key.

        Raises:
            UsageError: there is a file at ``path``, or no workspace to back up.
            SnapshotDamaged: a stored file differs from its recorded digest.
            TryAgain: another writer is at work, or the disk is full.
        """
        from linkage.workspace import backup

        return backup.backup(self._home, Path(path))

    def restore(self, path: PathLike) -> BackupReport:
        """Put the backup at ``path`` into this workspace, which must be empty; every digest is checked before.

        Raises:
            UsageError: the workspace is not empty, or there is no such file.
            InputRefused: the file is not a backup, or holds what none does (links, absolute names, ``..``).
            SnapshotDamaged: a file in it differs from its digest; nothing was put in place.
            ConfigurationError: the server for the casework holds other casework of this workspace; as above.
            StoreUnavailable: that server is gone, or refuses; as above.
            TryAgain: the disk is full.
        """
        from linkage.workspace import backup

        return backup.restore(self._home.layout, Path(path))


def _silent(_: Note) -> None:
    pass
