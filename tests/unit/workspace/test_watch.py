"""What is worth an alert: each condition at its bar and below it, and once for as long as it holds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from linkage.config import AlertSettings
from linkage.model.alert import Alert, AlertKind
from linkage.model.ticks import TickDone
from linkage.workspace import watch
from linkage.workspace.home import Home
from tests.lib import small_world
from tests.lib.small_world import OFFICE, RING, World

NOW = datetime(2026, 4, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return small_world.build(tmp_path / "w")


def found(world: World, kind: AlertKind, told: dict[str, int] | None = None, settings: str = "") -> list[Alert]:
    if settings:
        (world.path / "linkage.toml").write_text(f"[alerts]\n{settings}\n", encoding="utf-8")
    alerts = watch.conditions(Home(world.path, "tester"), told or {}, NOW)
    return [alert for alert in alerts if alert.kind is kind]


def run(world: World, verb: str, code: int = 0, trigger: str = "schedule", **counts: int) -> None:
    Home(world.path, None).casework_to_write().record_run(
        verb=verb, status="done" if code == 0 else "failed", refresh_id=None, started_at=NOW, finished_at=NOW,
        actor="tester", timings={}, counts=counts, trigger=trigger, exit_code=code,
    )  # fmt: skip


def test_a_flagged_cluster_is_told_once_and_again_when_it_has_grown(world: World) -> None:
    (new,) = found(world, AlertKind.CLUSTER_NEW)
    assert (new.subject, new.figures["size"], new.figures["tier"]) == (RING, 12, 1)
    assert found(world, AlertKind.CLUSTER_NEW, {RING: 12}) == []
    for before, grown in ((12, False), (10, False), (9, True), (3, True)):
        alerts = found(world, AlertKind.CLUSTER_GROWN, {RING: before})
        assert [alert.figures["size_before"] for alert in alerts] == ([before] if grown else [])


def test_a_score_may_tell_clusters_that_are_not_flagged(world: World) -> None:
    subjects = {alert.subject for alert in found(world, AlertKind.CLUSTER_NEW, settings="cluster_score = 0.05")}
    assert OFFICE in subjects
    assert len(subjects) == 3


def test_a_cluster_that_people_dismissed_is_not_told(world: World) -> None:
    from linkage.workspace.casebook import Casebook

    ann, bob = Casebook(Home(world.path, "ann")), Casebook(Home(world.path, "bob"))
    case = ann.propose(RING, "benign", ["company"])
    bob.approve(case.case_id)
    assert found(world, AlertKind.CLUSTER_NEW) == []


def test_failures_in_a_row_are_one_alert(world: World) -> None:
    for code in (0, 1, 12):
        run(world, "refresh", code)
    (first,) = found(world, AlertKind.RUN_FAILED)
    assert (first.figures["runs"], first.figures["exit_code"], first.figures["verb"]) == (2, 12, "refresh")
    run(world, "refresh", 10)
    (same,) = found(world, AlertKind.RUN_FAILED)
    assert same.key == first.key
    run(world, "refresh")
    assert found(world, AlertKind.RUN_FAILED) == []
    run(world, "refresh", -9)
    (other,) = found(world, AlertKind.RUN_FAILED)
    assert other.key != first.key


@pytest.mark.parametrize(("code", "trigger"), [(75, "schedule"), (1, "person")])
def test_what_is_tried_again_or_watched_is_no_failure_to_tell(world: World, code: int, trigger: str) -> None:
    run(world, "refresh", code, trigger)
    assert found(world, AlertKind.RUN_FAILED) == []


def test_a_quarantine_is_told_above_one_percent_of_what_was_new(world: World) -> None:
    run(world, "ingest", read=1_000, accepted=990, quarantined=10, set_aside=10)
    assert found(world, AlertKind.QUARANTINE) == []
    run(world, "ingest", read=91_000, accepted=988, quarantined=22, set_aside=12)
    (first,) = found(world, AlertKind.QUARANTINE)
    assert first.figures == {"accepted": 988, "set_aside": 12, "share": 0.012}
    # The same files again bring nothing new.
    run(world, "ingest", read=91_000, accepted=0, quarantined=22, set_aside=0)
    assert [alert.key for alert in found(world, AlertKind.QUARANTINE)] == [first.key]
    run(world, "ingest", read=91_001, accepted=0, quarantined=23, set_aside=1)
    assert [alert.figures["share"] for alert in found(world, AlertKind.QUARANTINE)] == [1.0, 0.012]


def test_late_rows_are_told_by_ingest(world: World) -> None:
    run(world, "ingest", read=9, quarantined=0, late=0, late_days=0)
    run(world, "ingest", read=9, quarantined=0, late=7, late_days=2)
    (late,) = found(world, AlertKind.LATE)
    assert late.figures == {"rows": 7, "days": 2}
    assert found(world, AlertKind.LATE, settings="late_rows = 8") == []


def test_a_tick_that_is_not_done_in_its_interval_is_overdue() -> None:
    done = TickDone(NOW, HOUR, NOW, 0)
    assert list(watch.overdue(None, NOW)) == []
    assert list(watch.overdue(done, NOW + 2 * HOUR - timedelta(seconds=1))) == []
    first, much_later = (next(watch.overdue(done, NOW + later * HOUR)) for later in (2, 9))
    assert first.key == much_later.key == "run_overdue:2026-04-02T10:00:00Z"


DAY = date(2026, 4, 1)
WEEK = timedelta(weeks=1)


@pytest.mark.parametrize(
    ("earlier", "rows", "change"),
    [
        ([100, 100, 100, 100], 150, None),
        ([100, 100, 100, 100], 151, 0.51),
        ([100, 100, 100, 100], 50, None),
        ([100, 100, 100, 100], 49, -0.51),
        ([100, 100, 100, 100], 0, -1.0),
        ([100, 120, 80, 10_000], 100, None),
        ([100, 100], 200, 1.0),
        ([100], 900, None),
        ([0, 0, 0, 0], 900, None),
    ],
)
def test_a_day_is_compared_with_the_median_of_its_weekday(earlier: list[int], rows: int, change: float | None) -> None:
    days = {DAY - (number + 1) * WEEK: count for number, count in enumerate(earlier)}
    # Other weekdays are busier, which must not matter, and today is not over.
    other = {DAY - timedelta(days=number): 10_000 for number in (1, 2, 8)}
    alerts = list(watch.volume(days | other | {DAY: rows, DAY + timedelta(days=1): 3}, DAY + timedelta(days=1),
                               AlertSettings(), NOW))  # fmt: skip
    assert [alert.figures["change"] for alert in alerts] == ([] if change is None else [change])
    assert all(alert.key == "volume:2026-04-01" for alert in alerts)


def test_a_damaged_snapshot_is_told(world: World) -> None:
    small_world.publish(world.path, "r-000000000002", world.tables, world.refresh_id)
    path = world.path / "snapshots" / "r-000000000002" / "members.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    (alert,) = found(world, AlertKind.SNAPSHOT_DAMAGED)
    assert alert.figures == {"refresh_id": "r-000000000002", "served": world.refresh_id}


def test_no_alert_holds_a_value(world: World) -> None:
    run(world, "ingest", accepted=50, set_aside=50, late=7, late_days=2)
    told: list[Any] = [vars_of(alert) for kind in AlertKind for alert in found(world, kind)]
    text = str(told)
    assert len(told) >= 3
    for value in (*small_world.ACCOUNTS, *small_world.CARDS, *small_world.ADDRESSES, "tester"):
        assert value not in text


def vars_of(alert: Alert) -> dict[str, Any]:
    return {name: getattr(alert, name) for name in ("key", "kind", "subject", "figures")}
