"""The demo: the whole way, without a network, the same every time, and never into someone's own events."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import NoReturn

import pytest

from linkage import Workspace
from linkage.cli import main


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "workspace"


def test_the_demo_runs_offline_and_twice_the_same(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> NoReturn:
        raise AssertionError("the demo asked for a network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert main(["--workspace", str(path), "demo"]) == 0
    first = capsys.readouterr().out
    assert "Speaks for abuse" in first
    assert "recorded SHA-256" in first
    assert first.rstrip().endswith("ui")
    assert main(["--workspace", str(path), "demo"]) == 0
    assert capsys.readouterr().out == first
    workspace = Workspace(path)
    assert len(workspace.runs()) == 1
    assert [run.status for run in workspace.history()] == ["unchanged", "done", "new", "done"]
    assert {check.status for check in workspace.doctor()} == {"ok"}


def test_the_demo_is_measured_against_its_truth(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--workspace", str(path), "evaluate", "--truth", str(path / "demo" / "truth.csv"), "--format", "json",
                 "--no-baselines"]) == 0  # fmt: skip
    rows = json.loads(capsys.readouterr().out)
    assert rows
    (tmp := path.parent / "wrong.csv").write_text("account_id\n1\n", encoding="utf-8")
    assert main(["--workspace", str(path), "evaluate", "--truth", str(tmp)]) == 10
    assert main(["--workspace", str(path), "evaluate", "--truth", str(path / "none.csv")]) == 2


def test_made_up_events_never_mix_with_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.csv").write_text(
        "event_time,account_id,ip_address\n2026-04-01T00:00:00Z,a,192.0.2.1\n", encoding="utf-8"
    )
    assert main(["--workspace", str(tmp_path / "w"), "ingest", str(tmp_path / "mine.csv")]) == 0
    assert main(["--workspace", str(tmp_path / "w"), "demo"]) == 2
    assert not (tmp_path / "w" / "demo").exists()
