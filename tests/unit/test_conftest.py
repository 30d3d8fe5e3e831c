"""What the shared test configuration promises: no silently skipped screen in CI, long tests only when asked for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).resolve().parents[1] / "conftest.py"

SKIPPED_TEST = "import pytest\n\ndef test_page():\n    pytest.skip('no browser')\n"
SKIPPED_MODULE = "import pytest\n\npytest.skip('no browser', allow_module_level=True)\n"
LONG_TEST = "import pytest\n\n@pytest.mark.soak\ndef test_long():\n    pass\n\ndef test_short():\n    pass\n"


def run(folder: Path, name: str, source: str, *arguments: str, ci: bool = False) -> tuple[int, str]:
    """Exit status and output of pytest over one test module in a tree with the shared configuration."""
    target = folder / "tests" / name
    target.parent.mkdir(parents=True)
    target.write_text(source, encoding="utf-8")
    shutil.copy(CONFTEST, folder / "tests")
    markers = "\n".join(f"    {name}" for name in ("contract", "e2e", "property", "reliability", "scenario", "soak"))
    (folder / "pytest.ini").write_text(f"[pytest]\nmarkers =\n{markers}\n", encoding="utf-8")
    environment = {key: value for key, value in os.environ.items() if key != "CI"} | ({"CI": "true"} if ci else {})
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments, "tests"],
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


def test_long_tests_run_only_when_asked_for(tmp_path: Path) -> None:
    status, output = run(tmp_path / "by-default", "unit/test_times.py", LONG_TEST)
    assert status == 0
    assert "1 passed, 1 deselected" in output
    status, output = run(tmp_path / "asked", "unit/test_times.py", LONG_TEST, "-m", "soak")
    assert status == 0
    assert "1 passed, 1 deselected" in output
