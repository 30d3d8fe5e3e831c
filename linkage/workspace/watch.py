"""What is worth an alert, as the workspace stands now. Every condition has a key that stays while it holds."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from linkage.config import AlertSettings
from linkage.errors import NoSnapshot
from linkage.model.alert import Alert, AlertKind
from linkage.model.casework import RunEntry
from linkage.model.ticks import TickDone
from linkage.model.times import to_text
from linkage.workspace.dismissals import dismissals
from linkage.workspace.home import Home

#: Runs of the history that are looked at.
_RUNS = 500


def conditions(home: Home, told: dict[str, int], now: datetime) -> Iterator[Alert]:
    """Everything that holds at ``now``; ``told`` are clusters that were told before, each with its members then."""
    settings = home.settings.alerts
    casework = home.casework_to_write()
    runs = casework.runs(_RUNS)
    yield from overdue(casework.last_tick(), now)
    yield from _failed(runs, now)
    yield from _quarantined(runs, settings, now)
    yield from _late(runs, settings, now)
    view = home.lake.view()
    if view.latest_event_time is not None:
        yield from volume(view.day_rows(), view.latest_event_time.date(), settings, now)
    yield from _clusters(home, told, settings, now)


def overdue(done: TickDone | None, now: datetime) -> Iterator[Alert]:
    """The tick after the last one that was done has not been done in time."""
    if done is not None and done.overdue(now):
        expected = done.tick + done.every
        figures = {"expected": to_text(expected), "every_seconds": int(done.every.total_seconds())}
        yield Alert(f"run_overdue:{to_text(expected)}", AlertKind.RUN_OVERDUE, to_text(expected), now, figures)


def _failed(runs: Sequence[RunEntry], now: datetime) -> Iterator[Alert]:
    """A verb that nobody watches has failed, for the first time since it went well."""
    for verb in sorted({run.verb for run in runs}):
        row = [run for run in runs if run.verb == verb and run.trigger != "person"]
        failing = _streak(row, [run.failed for run in row])
        if failing:
            first, last = failing[-1], failing[0]
            figures = {"verb": verb, "exit_code": last.exit_code, "fault": last.fault, "runs": len(failing)}
            yield Alert(f"run_failed:{verb}:{first.run_id}", AlertKind.RUN_FAILED, f"run-{first.run_id}", now, figures)


def _quarantined(runs: Sequence[RunEntry], settings: AlertSettings, now: datetime) -> Iterator[Alert]:
    """Of what was new in an ingest, too much was set aside."""
    for run in runs:
        share = run.quarantine_share
        if run.verb == "ingest" and share is not None and share > settings.quarantine_share:
            figures = {
                "accepted": run.counts["accepted"],
                "set_aside": run.counts["set_aside"],
                "share": round(share, 6),
            }
            yield Alert(f"quarantine:{run.run_id}", AlertKind.QUARANTINE, f"run-{run.run_id}", now, figures)


def _late(runs: Sequence[RunEntry], settings: AlertSettings, now: datetime) -> Iterator[Alert]:
    """An ingest brought rows for days that were over; the next refresh does those days again."""
    for run in runs:
        if run.counts.get("late", 0) >= settings.late_rows:
            figures = {"rows": run.counts["late"], "days": run.counts["late_days"]}
            yield Alert(f"late:{run.run_id}", AlertKind.LATE, f"run-{run.run_id}", now, figures)


def volume(rows: dict[date, int], latest: date, settings: AlertSettings, now: datetime) -> Iterator[Alert]:
    """The last whole day differs too much from the median of the same weekdays of earlier weeks."""
    day = latest - timedelta(days=1)
    first = min(rows)
    earlier = [day - timedelta(weeks=week) for week in range(1, settings.volume_weeks + 1)]
    usual = [rows.get(other, 0) for other in earlier if other >= first]
    if len(usual) < 2 or not statistics.median(usual):
        return
    median = statistics.median(usual)
    change = rows.get(day, 0) / median - 1
    if abs(change) > settings.volume_share:
        figures = {"rows": rows.get(day, 0), "median": median, "weeks": len(usual), "change": round(change, 4)}
        yield Alert(f"volume:{day.isoformat()}", AlertKind.VOLUME, day.isoformat(), now, figures)


def _clusters(home: Home, told: dict[str, int], settings: AlertSettings, now: datetime) -> Iterator[Alert]:
    """Clusters over the bar that were not told yet, or have grown since; not those that people dismissed.

    And the snapshot itself, where it is not the newest one because that is damaged.
    """
    try:
        snapshot = home.snapshot(None)
    except NoSnapshot:
        return
    if home.snapshots.alert is not None:
        current = home.snapshots.current_id() or ""
        figures = {"refresh_id": current, "served": snapshot.refresh_id}
        yield Alert(f"snapshot_damaged:{current}", AlertKind.SNAPSHOT_DAMAGED, current, now, figures)
    dismissed = dismissals(home, snapshot, now)
    for cluster in snapshot.table("clusters").to_pylist():
        cluster_id, size, score = cluster["cluster_id"], cluster["size"], cluster["score"]
        over = cluster["flagged"] or (settings.cluster_score is not None and score >= settings.cluster_score)
        before = told.get(cluster_id)
        grown = before is not None and size >= before * (1 + settings.growth_share)
        if not over or not (before is None or grown) or (cluster_id in dismissed and dismissed[cluster_id].holds):
            continue
        told_now = {
            "refresh_id": snapshot.refresh_id,
            "size": size,
            "size_before": before,
            "score": round(score, 6),
            "tier": cluster["tier"],
            "flagged": cluster["flagged"],
            "kinds": cluster["kinds"],
            "lineage": cluster["lineage"],
        }
        if before is None:
            yield Alert(f"cluster_new:{cluster_id}", AlertKind.CLUSTER_NEW, cluster_id, now, told_now)
        else:
            yield Alert(f"cluster_grown:{cluster_id}:{size}", AlertKind.CLUSTER_GROWN, cluster_id, now, told_now)


def _streak(runs: Sequence[RunEntry], holds: Sequence[bool]) -> list[RunEntry]:
    """The newest runs, back to the first for which it does not hold."""
    found: list[RunEntry] = []
    for run, held in zip(runs, holds, strict=True):
        if not held:
            break
        found.append(run)
    return found
