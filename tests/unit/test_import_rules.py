"""Who imports whom, and what an import costs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

#: Libraries that take long to load and that a reader of `--help` does not need.
HEAVY = {
    *("altair", "duckdb", "graspologic_native", "networkx", "numba", "numpy", "pandas", "pyarrow"),
    *("neo4j", "pg8000", "scipy", "sqlalchemy", "streamlit"),
}


def test_import_rules_hold() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "code",
    [
        "import linkage",
        "import linkage; assert linkage.Workspace",
        "import linkage.cli; linkage.cli.parser().format_help()",
    ],
)
def test_importing_and_asking_for_help_loads_nothing_heavy(code: str) -> None:
    listing = f"{code}\nimport sys\nprint(sorted({{name.split('.')[0] for name in sys.modules}} & {HEAVY!r}))"
    done = subprocess.run([sys.executable, "-W", "error", "-c", listing], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_every_import_rule_has_a_reason() -> None:
    text = (ROOT / ".importlinter").read_text(encoding="utf-8")
    for found in re.finditer(r"^\[importlinter:contract:(\w+)\]", text, re.MULTILINE):
        before = text[: found.start()].rstrip("\n").rsplit("\n", 1)[-1]
        assert before.startswith("# "), found.group(1)


def test_no_module_is_longer_than_it_should_be() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in sorted((ROOT / "linkage").rglob("*.py"))
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert not long


def test_no_module_has_a_name_that_says_nothing() -> None:
    empty = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
    assert not [path for path in (ROOT / "linkage").rglob("*.py") if path.stem in empty]
