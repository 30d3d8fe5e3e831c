"""What the shared test configuration promises: no silently skipped screen in CI, long tests only when asked for."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).resolve().parents[1] / "conftest.py"

SKIPPED_TEST = "import pytest\n\ndef test_page():\n    pytest.skip('no browser')\n"
SKIPPED_MODULE = "import pytest\n\npytest.skip('no browser', allow_module_level=True)\n"
TESTS_OF_THREE_LENGTHS = """
import pytest

@pytest.mark.soak
def test_soaks():
    pass

@pytest.mark.long
def test_takes_long():
    pass

def test_is_quick():
    pass
"""


def run(folder: Path, name: str, source: str, *arguments: str, ci: bool = False) -> tuple[int, str]:
    """Exit status and output of pytest over one test module in a tree with the shared configuration."""
    target = folder / "tests" / name
    target.parent.mkdir(parents=True)
    target.write_text(source, encoding="utf-8")
    shutil.copy(CONFTEST, folder / "tests")
    markers = "\n".join(
        f"    {name}" for name in ("contract", "e2e", "property", "reliability", "scenario", "long", "soak")
    )
    (folder / "pytest.ini").write_text(f"[pytest]\ntestpaths = tests\nmarkers =\n{markers}\n", encoding="utf-8")
    environment = {key: value for key, value in os.environ.items() if key != "CI"} | ({"CI": "true"} if ci else {})
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("source", [SKIPPED_TEST, SKIPPED_MODULE], ids=["test", "module"])
def test_a_skipped_test_of_the_screen_fails_in_ci(tmp_path: Path, source: str) -> None:
    status, output = run(tmp_path, "e2e/test_screen.py", source, ci=True)
    assert status != 0
    assert "skipped, which CI does not accept" in output


@pytest.mark.parametrize(("name", "ci"), [("e2e/test_screen.py", False), ("unit/test_data.py", True)])
def test_other_skips_are_skips(tmp_path: Path, name: str, ci: bool) -> None:
    status, output = run(tmp_path, name, SKIPPED_TEST, ci=ci)
    assert status == 0
    assert "1 skipped" in output


@pytest.mark.parametrize(
    ("asked", "run_"),
    [
        ((), {"test_is_quick"}),
        (("--numprocesses", "2"), {"test_is_quick"}),
        (("tests/unit",), {"test_is_quick", "test_takes_long"}),
        (("-k", "test_"), {"test_is_quick", "test_takes_long"}),
        (("-m", "long"), {"test_takes_long"}),
        (("-m", "soak"), {"test_soaks"}),
    ],
    ids=["nothing", "two-processes", "a-path", "a-name", "the-long-ones", "soaks"],
)
def test_long_tests_run_only_when_asked_for(tmp_path: Path, asked: tuple[str, ...], run_: set[str]) -> None:
    status, output = run(tmp_path, "unit/test_times.py", TESTS_OF_THREE_LENGTHS, *asked, "-v")
    assert status == 0
    assert set(re.findall(r"test_times\.py::(\w+)", output)) == run_
