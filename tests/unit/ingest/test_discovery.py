"""Which files are meant: named, in folders, by patterns, behind links."""

from __future__ import annotations

from pathlib import Path

import pytest

from linkage import Workspace
from linkage.cli import main
from linkage.ingest.discovery import discover
from tests.lib.lakes import csv_file

HEADER = "event_time,account_id,ip_address"
LINE = "2026-04-01T00:00:00Z,a,198.51.100.7"


def made(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        csv_file(root / name, HEADER, f"{LINE[:-1]}{len(name)}")


def test_a_folder_behind_a_link_is_entered_once(tmp_path: Path) -> None:
    made(tmp_path, "in/a.csv", "elsewhere/b.csv", "elsewhere/deep/c.csv")
    (tmp_path / "in" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "file.csv").symlink_to(tmp_path / "in" / "a.csv")
    found = discover([tmp_path / "in"])
    assert [candidate.name for candidate in found.candidates] == ["a.csv", "b.csv", "c.csv"]
    assert found.ignored == ()


def test_what_is_left_alone_is_named(tmp_path: Path) -> None:
    made(tmp_path, "in/a.csv", "in/_b.csv", "in/.c.csv", "in/_tmp/d.csv", "in/e.txt", "in/f/e.txt")
    found = discover([tmp_path / "in"])
    assert [candidate.name for candidate in found.candidates] == ["a.csv"]
    assert set(found.ignored) == {"_b.csv", ".c.csv", "_tmp", "e.txt"}
    assert len(found.ignored) == 4


@pytest.mark.parametrize("pattern", ["*.txt", "*.csv", "**"])
def test_a_pattern_without_a_file_to_take_is_refused(tmp_path: Path, pattern: str) -> None:
    (tmp_path / "a.txt").write_text("x", encoding="utf-8")
    (candidate,) = discover([tmp_path / pattern]).candidates
    assert candidate.refusal is not None
    assert candidate.refusal.rule == "file.missing"


@pytest.mark.parametrize("named", [".", "**", "*"])
def test_a_workspace_is_not_taken_for_events(
    tmp_path: Path, named: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    made(tmp_path, "a.csv")
    assert main(["ingest", named]) == 0
    assert main(["ingest", named]) == 0
    said = capsys.readouterr()
    assert "refused:" not in said.err
    assert "as a workspace: workspace" in said.err
    assert Workspace("workspace").history()[0].counts["duplicate"] == 1


def test_refused_files_are_named_as_they_were_reached(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made(tmp_path, "in/day=1/part.csv", "in/day=2/part.csv")
    (tmp_path / "in" / "day=2" / "part.csv").write_bytes(b"")
    workspace = tmp_path / "workspace"
    assert main(["--workspace", str(workspace), "ingest", str(tmp_path / "in")]) == 10
    assert f"refused: {tmp_path / 'in/day=2/part.csv'}: the file holds nothing" in capsys.readouterr().err
    kept = b"".join(path.read_bytes() for path in workspace.rglob("*") if path.is_file())
    assert b"day=2/part" not in kept


def test_columns_that_the_mapping_names_and_a_file_lacks_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(tmp_path, "a.csv")
    (tmp_path / "m.toml").write_text('[columns]\nip_address = "address"\n', encoding="utf-8")
    arguments = ["--workspace", str(tmp_path / "w"), "ingest", str(tmp_path / "a.csv")]
    assert main([*arguments, "--mapping", str(tmp_path / "m.toml")]) == 0
    assert "lacks: address" in capsys.readouterr().err
