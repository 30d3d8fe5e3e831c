"""Real processes: two refreshes at once, and a schedule that is told to stop or killed anywhere."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from linkage import Workspace
from linkage.stores import lock
from linkage.stores.layout import Layout
from tests.lib.lakes import csv_file

pytestmark = pytest.mark.long

ROUNDS = 100
HEADER = "event_time,account_id,ip_address,payment_instrument"
#: Processor seconds in which a second refresh has said that it is one.
AT_ONCE = 1.0


def events(folder: Path) -> Path:
    """An inbox: three accounts on a card and an address, over ten days, and some on their own."""
    folder.mkdir()
    lines = [
        f"2026-04-{day:02}T{account:02}:00:00Z,account-{account},198.51.100.{account // 3},card-{account // 3}"
        for day in range(1, 11)
        for account in range(20)
    ]
    return csv_file(folder / "events.csv", HEADER, *lines).parent


def start(workspace: Path, *words: str) -> subprocess.Popen[str]:
    """A command of the command line."""
    command = [sys.executable, "-m", "linkage", "--workspace", str(workspace), "--log-format", "json", *words]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def said(process: subprocess.Popen[str]) -> Iterator[dict[str, object]]:
    """What a process and its children say on stderr, until the last of them has ended."""
    assert process.stderr is not None
    for line in process.stderr:
        yield json.loads(line)


def run(workspace: Path, *words: str) -> tuple[int, list[str]]:
    with start(workspace, *words) as process:
        lines = [str(line["message"]) for line in said(process)]
    return process.returncode, lines


@pytest.fixture
def ingested(tmp_path: Path) -> Path:
    Workspace(tmp_path / "w").ingest(events(tmp_path / "inbox"))
    return tmp_path / "w"


def test_a_second_refresh_says_so_at_once_and_ends_well(ingested: Path) -> None:
    with lock.hold(Layout(ingested).refresh_lock), start(ingested, "refresh") as process:
        lines = [line["message"] for line in said(process)]
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    assert lines == ["another refresh is running; nothing was done"]
    assert used.ru_utime + used.ru_stime < AT_ONCE


@pytest.mark.soak
def test_of_two_refreshes_at_once_exactly_one_runs(ingested: Path) -> None:
    for turn in range(ROUNDS):
        csv_file(
            ingested.parent / "more.csv",
            HEADER,
            f"2026-04-11T00:{turn // 60:02}:{turn % 60:02}Z,account-1,198.51.100.1,",
        )
        Workspace(ingested).ingest(ingested.parent / "more.csv")
        before = len(Workspace(ingested).history())
        with start(ingested, "refresh") as first, start(ingested, "refresh") as second:
            lines = [str(line["message"]) for process in (first, second) for line in said(process)]
        assert (first.returncode, second.returncode) == (0, 0)
        new = [entry for entry in Workspace(ingested).history()[: -before or None] if entry.status == "new"]
        assert len(new) == 1
        # The other one met it at work, or came when all was done.
        idle = ("another refresh is running; nothing was done", "nothing new: the snapshot stands")
        assert sum(line in idle for line in lines) == 1


def test_a_schedule_that_is_told_to_stop_ends_its_process_and_itself(tmp_path: Path) -> None:
    inbox = events(tmp_path / "inbox")
    for number, at in ((signal.SIGTERM, "reading sightings"), (signal.SIGINT, "run ended")):
        workspace = tmp_path / f"w-{number}"
        with start(workspace, "schedule", "--every", "1h", "--ingest", str(inbox)) as process:
            lines = said(process)
            assert any(line["message"] == at for line in lines)
            process.send_signal(number)
            last = [line["message"] for line in lines][-1]
        assert process.returncode == 0
        assert last == "stopped"
        # The tick is still due, and is done as if nothing had been.
        assert run(workspace, "schedule", "--every", "1h", "--ingest", str(inbox), "--once")[0] == 0
        assert len(Workspace(workspace).runs()) == 1


@pytest.mark.parametrize("points", [3, pytest.param(50, marks=pytest.mark.soak)])
def test_a_schedule_that_is_killed_anywhere_is_made_up_for_by_the_next(tmp_path: Path, points: int) -> None:
    inbox = events(tmp_path / "inbox")
    words = ("schedule", "--every", "1d", "--ingest", str(inbox), "--once")
    undisturbed = tmp_path / "undisturbed"
    code, steps = run(undisturbed, *words)
    assert code == 0
    expected = Workspace(undisturbed).snapshot()
    for number in range(0, len(steps), max(1, len(steps) // points)):
        workspace = tmp_path / f"w-{number}"
        with start(workspace, *words) as process:
            lines = said(process)
            for _ in range(number + 1):
                next(lines)
            process.kill()
            # Its process goes on by itself to the end: it is whole or absent, as without a schedule.
            list(lines)
        assert process.returncode == -signal.SIGKILL
        assert run(workspace, *words)[0] == 0
        found = Workspace(workspace)
        assert len(found.runs()) == 1
        assert found.snapshot().run.files == expected.run.files
        assert {check.status for check in found.doctor()} <= {"ok", "warn"}
        done = found.scheduled()
        assert done is not None
        assert done.exit_code == 0


def test_logs_name_no_account_and_no_identifier(tmp_path: Path) -> None:
    inbox = events(tmp_path / "inbox")
    csv_file(inbox / "bad.csv", HEADER, "no time at all,account-7,198.51.100.7,card-7")
    with start(tmp_path / "w", "schedule", "--ingest", str(inbox), "--once") as process:
        lines = list(said(process))
    assert process.returncode == 0
    assert all({"time", "level", "message"} <= set(line) for line in lines)
    text = json.dumps(lines)
    for value in ("account-", "198.51.100.", "card-", "no time at all"):
        assert value not in text
    assert any(line.get("verb") == "ingest" and line.get("quarantined") == 1 for line in lines)
