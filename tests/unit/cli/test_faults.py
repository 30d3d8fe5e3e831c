"""How commands end when something goes wrong: codes, words, and never a value of the data."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from linkage.cli import main
from linkage.stores import lock
from tests.lib import small_world
from tests.lib.small_world import CARDS, RING, World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return small_world.build(tmp_path_factory.mktemp("world") / "workspace")


def command(
    *arguments: str, environment: dict[str, str] | None = None, **options: object
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "linkage", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **(environment or {})},
    )


def test_the_command_runs_as_a_module(world: World) -> None:
    done = command("--workspace", str(world.path), "members", RING, "--format", "csv")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 13


def test_an_unexpected_fault_ends_with_1_and_says_no_more_than_its_class(tmp_path: Path) -> None:
    world = small_world.build(tmp_path / "w")
    # A folder where a file belongs is no fault that linkage expects.
    (world.path / "CURRENT").unlink()
    (world.path / "CURRENT").mkdir()
    done = command("--workspace", str(world.path), "clusters")
    assert done.returncode == 1
    assert done.stderr.startswith("linkage: error: IsADirectoryError in ")
    assert str(tmp_path) not in done.stderr
    assert "Traceback" not in done.stderr
    shown = command("--workspace", str(world.path), "clusters", environment={"LINKAGE_DEBUG": "1"})
    assert shown.returncode == 1
    assert "Traceback" in shown.stderr


def test_errors_hold_no_value_that_was_typed(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (
        ["explain", "--account", CARDS[0]],
        ["explain", "--pair", CARDS[0], "ring-01"],
        ["lookup", f"{CARDS[0]}-unseen"],
        ["allow", "add", "email_hash", CARDS[0], "--reason", "r"],
        ["allow", "add", "cidr", CARDS[0], "--reason", "r"],
        ["members", CARDS[0]],
        ["clusters", "--refresh", CARDS[0]],
    ):
        main(["--workspace", str(world.path), *arguments])
        assert CARDS[0] not in capsys.readouterr().err, arguments


def test_whoever_stops_reading_is_no_fault(world: World) -> None:
    program = f"{sys.executable} -m linkage --workspace {world.path} members --format csv | head -n 1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_writers_that_find_the_workspace_locked_end_with_75_and_a_second_refresh_with_0(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events = tmp_path / "events.csv"
    events.write_text("event_time,account_id,ip_address\n2026-04-01T00:00:00Z,a,192.0.2.1\n", encoding="utf-8")
    path = str(world.path)
    with lock.hold(world.path / "write.lock"):
        assert main(["--workspace", path, "ingest", str(events)]) == 75
        assert main(["--workspace", path, "refresh"]) == 75
        assert main(["--workspace", path, "backup", str(tmp_path / "b.tar")]) == 75
        capsys.readouterr()
        assert main(["--workspace", path, "clusters"]) == 0
    with lock.hold(world.path / "refresh.lock"):
        capsys.readouterr()
        assert main(["--workspace", path, "refresh", "--format", "json"]) == 0
        answer = capsys.readouterr()
        assert json.loads(answer.out) == [{"status": "busy", "refresh_id": None}]
        assert "another refresh is running" in answer.err


def test_allow_and_its_list_on_the_command_line(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(world.path)
    assert main(["--workspace", path, "allow", "list", "--format", "csv"]) == 0
    header = capsys.readouterr().out
    assert header == "entry_id,kind,value,identifier_id,reason,author,added_at,expires_at,active\r\n"
    add = ["allow", "add", "cidr", "192.0.2.0/24", "--reason", "campus", "--expires", "2999-01-01"]
    assert main(["--workspace", path, *add]) == 0
    entry = capsys.readouterr().out.strip()
    assert main(["--workspace", path, *add]) == 2
    assert main(["--workspace", path, "allow", "list", "--format", "json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["entry_id"], row["value"], row["expires_at"]) == (entry, "192.0.2.0/24", "2999-01-01T00:00:00Z")
    assert main(["--workspace", path, "allow", "remove", entry]) == 0
    assert main(["--workspace", path, "allow", "remove", entry]) == 2


def test_help_of_every_verb_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    for verb in ("demo", "ingest", "refresh", "clusters", "members", "lineage", "explain", "lookup", "evaluate",
                 "allow", "doctor", "backup", "restore", "ui"):  # fmt: skip
        with pytest.raises(SystemExit) as ended:
            main([verb, "--help"])
        assert ended.value.code == 0
        assert capsys.readouterr().out.startswith(f"usage: linkage {verb}")


def test_a_terminal_of_120_columns_shows_the_clusters_with_whole_ids(world: World) -> None:
    import pty

    leader, follower = pty.openpty()
    environment = {**os.environ, "COLUMNS": "120", "TERM": "xterm", "NO_COLOR": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "linkage", "--workspace", str(world.path), "clusters"],
        stdout=follower,
        stderr=subprocess.PIPE,
        env=environment,
    )
    os.close(follower)
    seen = b""
    while True:
        try:
            chunk = os.read(leader, 65_536)
        except OSError:  # the other end is closed
            break
        if not chunk:
            break
        seen += chunk
    os.close(leader)
    _, complaint = process.communicate()
    assert (process.returncode, complaint) == (0, b"")
    text = seen.decode("utf-8")
    assert RING in text
    assert "rotating cards (+4.0)" in text
    import re

    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert max(len(line.rstrip("\r")) for line in plain.split("\n")) <= 120


@pytest.mark.parametrize("verb", ["clusters", "refresh", "doctor", "ingest"])
def test_a_workspace_that_is_a_file_is_a_matter_of_configuration(tmp_path: Path, verb: str) -> None:
    events = tmp_path / "events.csv"
    events.write_text("event_time,account_id,ip_address\n2026-04-01T00:00:00Z,a,192.0.2.1\n", encoding="utf-8")
    arguments = [verb, str(events)] if verb == "ingest" else [verb]
    assert main(["--workspace", str(events), *arguments]) == 12


@pytest.mark.parametrize("settings", ['[engine]\nmemory_limit = "lots"\n', "[engine]\nthreads = 0\n", "engine\n"])
def test_a_wrong_setting_is_a_matter_of_configuration(
    tmp_path: Path, settings: str, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "linkage.toml").write_text(settings, encoding="utf-8")
    events = tmp_path / "events.csv"
    events.write_text("event_time,account_id,ip_address\n2026-04-01T00:00:00Z,a,192.0.2.1\n", encoding="utf-8")
    assert main(["--workspace", str(workspace), "ingest", str(events)]) == 12
    assert "linkage.toml: " in capsys.readouterr().err
    (workspace / "linkage.toml").write_bytes(b'\xef\xbb\xbf[engine]\nmemory_limit = "1gb"\n')
    assert main(["--workspace", str(workspace), "ingest", str(events)]) == 0


def test_a_refresh_is_the_way_out_of_a_damaged_snapshot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    events = tmp_path / "events.csv"
    lines = [f"2026-04-01T00:00:0{second}Z,a{second % 3},192.0.2.1" for second in range(9)]
    events.write_text("\n".join(["event_time,account_id,ip_address", *lines, ""]), encoding="utf-8")
    workspace = ["--workspace", str(tmp_path / "workspace")]
    assert main([*workspace, "ingest", str(events)]) == 0
    assert main([*workspace, "refresh"]) == 0
    for name in ("members.parquet", "run.json"):
        (damaged,) = (tmp_path / "workspace" / "snapshots").glob(f"*/{name}")
        damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
        capsys.readouterr()
        assert main([*workspace, "members"]) == 20
        assert "refresh again" in capsys.readouterr().err
        assert main([*workspace, "refresh"]) == 0
        assert main([*workspace, "members"]) == 0
        assert main([*workspace, "doctor"]) == 0


@pytest.mark.parametrize("verb", [["clusters"], ["members"], ["lineage"], ["lookup", "x"], ["allow", "list"]])
def test_a_format_that_cannot_be_written_is_a_wrong_call_before_anything_is_read(
    tmp_path: Path, verb: list[str]
) -> None:
    for options in (["--format", "parquet"], ["--output", "list.doc"]):
        assert main(["--workspace", str(tmp_path / "none"), *verb, *options]) == 2
