"""The verbs that write: ingest and refresh, under their locks, with run history and audit."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linkage.errors import InputRefused, LinkageError, NoSnapshot
from linkage.model.allowed import allowed
from linkage.model.progress import Progress, ProgressSink, StageClock
from linkage.model.reports import PublishReport, RefreshReport
from linkage.stores import lock
from linkage.workspace import casebook
from linkage.workspace.decided import decided
from linkage.workspace.home import Home, now
from linkage.workspace.indicators import Indicators

if TYPE_CHECKING:
    from linkage.ingest.report import IngestReport
    from linkage.stores.lake import LakeView


@dataclass(frozen=True, slots=True)
class Sources:
    """Files beside the events that an ingest reads."""

    mapping: Path | None = None
    accounts: Path | None = None
    address_ranges: Path | None = None
    model_releases: Path | None = None


def ingest(
    home: Home,
    paths: Sequence[Path],
    sources: Sources,
    *,
    source: str | None,
    preview: bool,
    progress: ProgressSink | None,
) -> IngestReport:
    """Validate, deduplicate and store the events of ``paths``.

    Raises:
        TryAgain: another writer is at work, or the disk is full.
    """
    if preview:
        # Nothing is written, so nobody has to wait, and a folder that is no workspace stays as it is.
        home.layout.check()
        key = home.layout.read_key() if home.layout.exists else secrets.token_bytes(32)
        return _ingest(home, paths, sources, source, key, StageClock(progress), preview=True)
    home.create()
    clock = StageClock(progress)
    with home.writing(), _noted(home, "ingest", clock):
        before = home.lake.view()
        report = _ingest(home, paths, sources, source, home.layout.read_key(), clock, preview=False)
    counts = {name: getattr(report, name) for name in ("read", "accepted", "duplicate", "quarantined", "retracted")}
    counts["files"] = len(report.files)
    counts["refused"] = sum(1 for file in (*report.files, *report.context) if file.refused is not None)
    after = home.lake.view()
    counts["set_aside"] = max(0, after.rows("quarantine") - before.rows("quarantine"))
    counts |= _late(before, after, timedelta(hours=home.settings.ingest.lateness_hours))
    code = InputRefused.exit_code if report.refused else 0
    _record(home, "ingest", "refused" if report.refused else "done", None, clock, counts, exit_code=code)
    return report


def _late(before: LakeView, after: LakeView, lateness: timedelta) -> dict[str, int]:
    """Rows that came for days which were over, by the watermark of what was there before, and how many days those are.

    They count like any other, and a refresh does their days again.
    """
    if before.latest_event_time is None:
        return {"late": 0, "late_days": 0}
    watermark = (before.latest_event_time - lateness).date()
    had, has = before.day_rows(), after.day_rows()
    more = [rows - had.get(day, 0) for day, rows in has.items() if day < watermark and rows > had.get(day, 0)]
    return {"late": sum(more), "late_days": len(more)}


def _ingest(
    home: Home,
    paths: Sequence[Path],
    sources: Sources,
    source: str | None,
    key: bytes,
    clock: StageClock,
    *,
    preview: bool,
) -> IngestReport:
    import linkage.ingest

    return linkage.ingest.ingest(
        paths,
        lake=home.lake,
        settings=home.settings,
        mapping=sources.mapping,
        source=source,
        accounts=sources.accounts,
        address_ranges=sources.address_ranges,
        model_releases=sources.model_releases,
        preview=preview,
        key=key,
        now=clock.started_at,
        progress=clock,
    )


def refresh(
    home: Home, as_of: datetime | None, window: str, progress: ProgressSink | None, *, full: bool = False
) -> RefreshReport:
    """Compute a snapshot, make it current, publish it where the settings say so, and forget the oldest ones.

    Raises:
        UsageError: ``window`` or ``as_of`` is malformed.
        NoSnapshot: nothing was ingested yet.
        TryAgain: an ingest or a backup is at work, or disk or memory are full.
    """
    home.layout.check()
    if not home.layout.exists:
        raise NoSnapshot("nothing was ingested yet")
    clock = StageClock(progress)
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(lock.hold(home.layout.refresh_lock))
        except lock.Held:
            return RefreshReport("busy", None, {}, clock.seconds())
        held.enter_context(home.writing())
        with _noted(home, "refresh", clock):
            report = _refresh(home, as_of, window, clock, full=full)
        _record(home, "refresh", report.status, report.refresh_id, clock, report.counts)
        casebook.follow(home)
        home.snapshots.prune(home.settings.snapshots.keep, casebook.referred(home) | bundled(home))
    if home.settings.store.neo4j is None:
        return report
    # The snapshot is current, and no lock is held: whatever the store does, the refresh stands.
    try:
        return replace(report, published=publish(home, report.refresh_id, progress))
    except LinkageError as fault:
        return replace(report, unpublished=fault)


def bundled(home: Home) -> set[str]:
    """Refreshes that evidence bundles were made from: their snapshots stay."""
    entries = home.casework_to_write().audit()
    return {entry.detail["refresh_id"] for entry in entries if entry.action == "bundle.export"}


def _refresh(home: Home, as_of: datetime | None, window: str, clock: StageClock, *, full: bool) -> RefreshReport:
    import linkage.ingest
    import linkage.refresh

    view = home.lake.view()
    if view.latest_event_time is None:
        raise NoSnapshot("nothing was ingested yet")
    if not set(home.settings.kinds) <= set(view.aggregated):
        clock(Progress("counting sightings of newly configured kinds", 0, None, "days"))
        view = linkage.ingest.enable_kinds(lake=home.lake, settings=home.settings, now=clock.started_at)
    head, length = home.casework_to_write().audit_head()
    benign = allowed(home.casework_to_write().allowed(), clock.started_at)
    reported, unmatched = Indicators(home).watched(clock.started_at)
    said = decided(home, clock.started_at)
    with home.detecting() as partition:
        earlier = home.snapshots.ancestors()
        result = linkage.refresh.refresh(
            view, earlier, home.settings, as_of, window, clock, benign, reported, said, full=full, partition=partition
        )
    if isinstance(result, linkage.refresh.Unchanged):
        return RefreshReport(
            "unchanged", result.refresh_id, {}, clock.seconds(), unmatched=unmatched, unread=said.unread
        )
    run = replace(result.run, audit_head=head, audit_length=length)
    snapshot = home.snapshots.write(run, result.tables)
    home.snapshots.publish(snapshot.refresh_id)
    return RefreshReport(
        "new", snapshot.refresh_id, dict(snapshot.run.counts), clock.seconds(), unmatched=unmatched, unread=said.unread
    )


def publish(home: Home, refresh: str | None, progress: ProgressSink | None) -> PublishReport:
    """Bring the snapshot of ``refresh``, or the current one, and the cases into the graph store.

    Raises:
        StoreUnavailable: the server is gone or refuses, or its database is not this workspace's.
        ConfigurationError: no server is named, or no password is given.
        NoSnapshot: nothing was refreshed yet, or the refresh is not kept.
        TryAgain: another publication is at work.
    """
    snapshot = home.snapshot(refresh)
    clock = StageClock(progress)
    with _noted(home, "publish", clock), home.publisher(clock) as publisher:
        report = publisher.publish(snapshot, casebook.Casebook(home).list(), home.snapshots.get)
    _record(home, "publish", report.status, report.refresh_id, clock, {**report.counts, "rows": report.rows})
    return report


class _noted:  # noqa: N801 - read as a word of a with statement
    """Writes a run that did not end well into the history, whatever ended it, and lets the fault go on."""

    def __init__(self, home: Home, verb: str, clock: StageClock) -> None:
        self._home, self._verb, self._clock = home, verb, clock

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            # The class alone: the text of a fault that is not ours may hold data.
            _record(self._home, self._verb, "failed", None, self._clock, {}, kind.__name__, _exit_code(kind))


def _exit_code(kind: type[BaseException]) -> int:
    """What the command line ends with on a fault of this class."""
    if issubclass(kind, LinkageError):
        return kind.exit_code
    return 130 if issubclass(kind, KeyboardInterrupt) else LinkageError.exit_code


def _record(
    home: Home,
    verb: str,
    status: str,
    refresh_id: str | None,
    clock: StageClock,
    counts: Mapping[str, Any],
    fault: str | None = None,
    exit_code: int = 0,
) -> None:
    home.casework_to_write().record_run(
        verb=verb,
        status=status,
        refresh_id=refresh_id,
        started_at=clock.started_at,
        finished_at=now(),
        actor=home.actor,
        timings=clock.timings(),
        counts=counts,
        fault=fault,
        trigger=os.environ.get("LINKAGE_TRIGGER") or "person",
        exit_code=exit_code,
    )
