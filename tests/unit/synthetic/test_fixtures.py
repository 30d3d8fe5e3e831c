"""The fixtures are what their commands write."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from linkage.synthetic.__main__ import main

FIXTURES = Path(__file__).parents[3] / "fixtures"


@pytest.mark.parametrize("name", sorted(path.name for path in FIXTURES.iterdir() if path.is_dir()))
def test_a_fixture_is_what_its_command_writes(name: str, tmp_path: Path) -> None:
    readme = (FIXTURES / name / "README.md").read_text(encoding="utf-8")
    command = re.findall(r"^\$ python -m linkage\.synthetic (.*)$", readme, re.MULTILINE)[0]
    arguments = shlex.split(command)
    assert arguments[-2:] == ["--output", f"fixtures/{name}"]
    assert main([*arguments[:-1], str(tmp_path)]) == 0
    tracked = {path.relative_to(FIXTURES / name) for path in (FIXTURES / name).rglob("*") if path.is_file()}
    written = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    assert tracked == written | {Path("README.md")}
    for path in sorted(written):
        if path.suffix == ".parquet":
            assert pq.read_table(tmp_path / path).equals(pq.read_table(FIXTURES / name / path)), path
        else:
            assert (tmp_path / path).read_bytes() == (FIXTURES / name / path).read_bytes(), path


def test_the_fixtures_are_small() -> None:
    assert sum(path.stat().st_size for path in FIXTURES.rglob("*") if path.is_file()) < 1_000_000
