"""The same input gives the same lists to the byte: in any order and split of files, on any number of threads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lib.refreshed import events, in_parts, listed, refreshed, taken_in

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module", params=["proxy_pool", "none"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def expected(name: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The lists of the fixture as it lies: one file, threads as they come."""
    lists = listed(refreshed(tmp_path_factory, name), tmp_path_factory.mktemp("lists"))
    assert all(text.count(b"\n") > 5 for text in lists.values())
    return lists


def test_shuffled_rows_in_seven_files_on_one_thread(name: str, expected: dict[str, bytes], tmp_path: Path) -> None:
    parts = in_parts(events(name), tmp_path / "parts", 7, seed=1)
    workspace = taken_in(tmp_path / "w", name, *parts[::-1], settings="[engine]\nthreads = 1\n")
    assert workspace.refresh(window="all").status == "new"
    assert listed(workspace, tmp_path / "lists") == expected


def test_another_process_file_by_file_with_another_hash_seed(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    fixture = "proxy_pool"
    parts = in_parts(events(fixture), tmp_path / "parts", 2, seed=2)
    code = "import sys; from tests.lib.refreshed import build; build(*sys.argv[1:])"
    arguments = [str(tmp_path / "w"), fixture, str(tmp_path / "lists"), "[engine]\nthreads = 2\n", *map(str, parts)]
    environment = {**os.environ, "PYTHONHASHSEED": "77", "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, cwd=ROOT, env=environment)
    for verb, text in listed(refreshed(tmp_path_factory, fixture), tmp_path / "here").items():
        assert (tmp_path / "lists" / f"{verb}.csv").read_bytes() == text, verb


def test_a_second_refresh_changes_nothing(name: str, expected: dict[str, bytes], tmp_path: Path) -> None:
    workspace = taken_in(tmp_path / "w", name)
    first = workspace.refresh(window="all")
    assert workspace.refresh(window="all").status == "unchanged"
    assert len(workspace.runs()) >= 1
    assert workspace.snapshot().refresh_id == first.refresh_id
    again = workspace.ingest(ROOT / "fixtures" / name / "events")
    assert again.duplicate == again.read
    second = workspace.refresh(window="all")
    assert (second.status, second.refresh_id) == ("unchanged", first.refresh_id)
    assert listed(workspace, tmp_path / "lists") == expected
