"""The schedule: which processes it starts and when, whatever the clock and the processes do."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from linkage import Workspace
from linkage.errors import TryAgain, UsageError
from linkage.model.notes import Note
from linkage.model.ticks import tick_of
from linkage.stores import lock
from linkage.workspace.home import Home
from linkage.workspace.schedule import Plan, Schedule
from tests.lib import small_world
from tests.lib.hand_clock import START, Ends, HandClock
from tests.lib.receiver import receiving

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


class Run:
    """One schedule on a workspace in ``folder``, run for ``hours``."""

    def __init__(
        self,
        folder: Path,
        hours: float = 3.0,
        code: Callable[[list[str]], int] = lambda _: 0,
        jumps: tuple[tuple[int, timedelta], ...] = (),
        inbox: tuple[str, ...] = (),
        options: tuple[str, ...] = (),
    ) -> None:
        self.home = Home(folder, "tester")
        self.clock = HandClock(timedelta(hours=hours), tuple((START + after * MINUTE, by) for after, by in jumps))
        self.ends = Ends(self.clock, code)
        self.notes: list[Note] = []
        plan = Plan(HOUR, inbox, options, ("--window", "90d"))
        self.schedule = Schedule(self.home, plan, self.clock, self.notes.append, self.ends)

    def times(self) -> list[str]:
        """When each process was started."""
        return [f"{at:%H:%M}" for at, _ in self.ends.started]


def test_it_begins_at_once_and_goes_on_at_each_full_hour(tmp_path: Path) -> None:
    run = Run(tmp_path / "w")
    assert run.schedule.run() == 0
    assert run.times() == ["12:20", "13:00", "14:00", "15:00"]
    assert run.ends.started[0][1] == ["refresh", "--window", "90d"]
    done = run.home.casework_to_write().last_tick()
    assert done is not None
    assert (done.tick, done.every, done.exit_code) == (tick_of(START + 3 * HOUR, HOUR), HOUR, 0)


@pytest.mark.parametrize(
    ("jumps", "times"),
    [
        # The machine slept from 13:10 to 18:15: five ticks, one run.
        (((50, timedelta(hours=5, minutes=5)),), ["12:20", "13:00", "18:15", "19:00", "20:00"]),
        # Set back by two minutes just after one o'clock: one o'clock comes twice, its run once.
        (((41, timedelta(minutes=-2)),), ["12:20", "13:00", "14:00", "15:00"]),
        # Set back by a day: it goes on from there, at once.
        (((50, timedelta(days=-1)),), ["12:20", "13:00", "13:10", "14:00", "15:00"]),
        # A century ahead for ten minutes: one run then, one when that is put right, and on as before.
        (((50, timedelta(days=36_525)), (60, timedelta(days=-36_525))), ["12:20", "13:00", "13:10", "13:10", "14:00"]),
    ],
)
def test_a_clock_that_jumps_neither_loses_nor_doubles_ticks(
    tmp_path: Path, jumps: tuple[tuple[int, timedelta], ...], times: list[str]
) -> None:
    run = Run(tmp_path / "w", jumps=jumps)
    run.schedule.run()
    assert run.times()[: len(times)] == times


def test_a_long_run_is_followed_by_one_catch_up(tmp_path: Path) -> None:
    run = Run(tmp_path / "w", hours=6)

    def long(_: list[str]) -> int:
        if len(run.ends.started) == 2:
            run.clock.wait(3.5 * 3_600)
        return 0

    run.ends = Ends(run.clock, long)
    run.schedule = Schedule(run.home, Plan(HOUR), run.clock, run.notes.append, run.ends)
    run.schedule.run()
    assert run.times() == ["12:20", "13:00", "16:30", "17:00", "18:00"]
    assert [note.figures["missed"] for note in run.notes if note.text == "tick"] == [0, 0, 2, 0, 0]


def test_it_ingests_what_has_arrived_before_it_refreshes(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "notes.txt").write_text("nothing to take")
    run = Run(tmp_path / "w", 1.5, inbox=(str(inbox), str(tmp_path / "*.csv")), options=("--mapping", "m.toml"))

    def arrive(words: list[str]) -> int:
        (inbox / "events.csv").write_text("event_time,account_id,ip_address\n")
        return 10 if words[0] == "ingest" else 0

    run.ends = Ends(run.clock, arrive)
    run.schedule = Schedule(
        run.home, Plan(HOUR, (str(inbox), str(tmp_path / "*.csv")), ("--mapping", "m.toml")), run.clock,
        run.notes.append, run.ends,
    )  # fmt: skip
    run.schedule.run()
    assert run.ends.verbs() == ["refresh", "ingest", "refresh"]
    assert run.ends.started[1][1] == ["ingest", str(inbox), "--mapping", "m.toml"]
    done = run.home.casework_to_write().last_tick()
    assert done is not None
    assert done.exit_code == 10


def test_an_inbox_that_is_not_there_is_refused_before_anything_runs(tmp_path: Path) -> None:
    run = Run(tmp_path / "w", inbox=(str(tmp_path / "inbxo"),))
    with pytest.raises(UsageError, match="neither there nor a pattern"):
        run.schedule.run()
    assert run.ends.started == []


def test_it_tries_again_with_longer_and_longer_pauses(tmp_path: Path) -> None:
    tries = iter([75] * 12 + [0] * 99)
    run = Run(tmp_path / "w", hours=8, code=lambda _: next(tries))
    run.schedule.run()
    pauses = [note.figures["seconds"] for note in run.notes if note.text == "to be tried again"]
    assert pauses == [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600]
    casework = run.home.casework_to_write()
    assert casework.runs() == ()
    done = casework.last_tick()
    assert done is not None
    assert done.exit_code == 0


def test_another_fault_is_on_record_and_the_next_tick_comes_as_usual(tmp_path: Path) -> None:
    codes = iter([12, -9, 1, 0])
    run = Run(tmp_path / "w", code=lambda _: next(codes))
    assert run.schedule.run() == 0
    assert run.times() == ["12:20", "13:00", "14:00", "15:00"]
    runs = run.home.casework_to_write().runs()
    assert [(entry.exit_code, entry.fault, entry.trigger, entry.failed) for entry in runs] == [
        (1, "exit code 1", "schedule", True),
        (-9, "signal 9", "schedule", True),
        (12, "exit code 12", "schedule", True),
    ]


def test_once_does_the_tick_that_is_due_and_says_how_it_went(tmp_path: Path) -> None:
    first = Run(tmp_path / "w", code=lambda _: 75)
    assert first.schedule.run(once=True) == 75
    second = Run(tmp_path / "w", code=lambda _: 12)
    assert second.schedule.run(once=True) == 12
    third = Run(tmp_path / "w")
    assert third.schedule.run(once=True) == 0
    assert third.ends.started == []
    assert third.clock.waits == []


def test_a_workspace_has_one_schedule(tmp_path: Path) -> None:
    run = Run(tmp_path / "w")
    with lock.hold(run.home.layout.schedule_lock), pytest.raises(TryAgain, match="another schedule"):
        run.schedule.run()


def test_the_workspace_takes_the_interval_as_text(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "w")
    assert workspace.scheduled() is None
    with pytest.raises(UsageError, match="as in 1h"):
        workspace.schedule("hourly")


def test_a_receiver_that_is_down_for_an_hour_misses_nothing_and_gets_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINKAGE_WEBHOOK_SECRET_SOC", "d2UgYXJlIDMyIGJ5dGVzIG9mIGEgc2VjcmV0IGZvciB5b3U=")
    small_world.build(tmp_path / "w")
    with receiving() as receiver:
        receiver.status = 503
        (tmp_path / "w" / "linkage.toml").write_text(
            f'[[alerts.webhooks]]\nname = "soc"\nurl = "{receiver.url}"\n', encoding="utf-8"
        )
        run = Run(tmp_path / "w", hours=4, code=lambda _: 1)
        wait = run.clock.wait

        def up_after_an_hour(seconds: float, process: subprocess.Popen[bytes] | None = None) -> None:
            wait(seconds, process)
            if run.clock.now() > START + HOUR and receiver.status == 503:
                down.extend(receiver.taken)
                receiver.taken.clear()
                receiver.status = 200

        down: list[tuple[dict[str, str], bytes]] = []
        monkeypatch.setattr(run.clock, "wait", up_after_an_hour)
        run.schedule.run()
        ids = [headers["webhook-id"] for headers, _ in receiver.taken]
        types = sorted(json.loads(body)["type"] for _, body in receiver.taken)
    assert len(down) < 10
    assert len(ids) == len(set(ids))
    assert types == ["cluster_new", "run_failed"]
    assert {way.status for _, ways in Workspace(tmp_path / "w").alerts() for way in ways} == {"delivered"}


def test_a_run_that_takes_longer_than_the_interval_is_told_while_it_runs(tmp_path: Path) -> None:
    run = Run(tmp_path / "w")

    class Slow(HandClock):
        """The second process takes until it is told that it is overdue."""

        def wait(self, seconds: float, process: subprocess.Popen[bytes] | None = None) -> None:
            if process is None or len(ends.started) != 2:
                super().wait(seconds, process)
            elif overdue():
                process.kill()
                process.wait()
            else:
                self.turn(timedelta(minutes=20))

    def overdue() -> list[Note]:
        return [note for note in run.notes if note.figures.get("kind") == "run_overdue"]

    clock = Slow(3 * HOUR)
    ends = Ends(clock, lambda _: 0 if len(ends.started) != 2 else None)
    Schedule(run.home, Plan(HOUR), clock, run.notes.append, ends).run()
    (told,) = overdue()
    assert told.figures["subject"] == "2026-04-01T13:00:00Z"
    assert clock.now() > START + 3 * HOUR


def test_metrics_are_there_after_each_tick(tmp_path: Path) -> None:
    small_world.build(tmp_path / "w")
    run = Run(tmp_path / "w", hours=1, code=lambda _: 12)
    target = tmp_path / "linkage.prom"
    Schedule(run.home, Plan(HOUR, metrics=target), run.clock, run.notes.append, run.ends).run()
    text = target.read_text(encoding="utf-8")
    sample = re.compile(r'linkage_[a-z_]+(\{([a-z]+="[^"]*",?)+\})? -?[0-9.e+]+\Z')
    lines = [line for line in text.splitlines() if not line.startswith("# ")]
    assert all(sample.match(line) for line in lines)
    assert len(lines) == len(set(lines)) > 10
    assert 'linkage_run_failed{verb="refresh"} 1.0' in lines
    assert 'linkage_alerts_total{kind="run_failed"} 1.0' in lines
    assert "linkage_schedule_tick_exit_code 12.0" in lines
    assert "linkage_schedule_interval_seconds 3600.0" in lines
    assert "linkage_clusters 3.0" in lines
    for name in {line.split("{")[0].split(" ")[0] for line in lines}:
        assert f"# TYPE {name} " in text
    # A place that cannot be written to stops nothing.
    lost = Run(tmp_path / "w", hours=3)
    plan = Plan(timedelta(minutes=1), metrics=tmp_path / "none" / "linkage.prom")
    assert Schedule(lost.home, plan, lost.clock, lost.notes.append, lost.ends).run(once=True) == 0
    assert "the metrics cannot be written" in {note.text for note in lost.notes}
