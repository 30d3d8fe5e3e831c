"""What is installed: exact locks, a wheel with all of its data, versions that agree."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_lock_files_are_in_step() -> None:
    done = subprocess.run([sys.executable, ROOT / ".ci" / "lock.py", "check"], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr


def test_the_wheel_holds_every_file_of_the_package(tmp_path: Path) -> None:
    build = "import sys\nfrom hatchling.build import build_wheel\nprint(build_wheel(sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", build, str(tmp_path)], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    expected = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "linkage").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert expected <= held
    assert not {name for name in held if name.startswith(("tests/", "docs/", "benchmarks/"))}


def test_installed_version_is_the_declared_one() -> None:
    assert metadata.version("linkage") == PROJECT["version"]


def test_libraries_at_run_time_have_permissive_licences() -> None:
    """Every library that the locked runtime needs, found through what is installed, states a licence that fits."""
    refused = ("GPL", "AGPL", "General Public", "SSPL", "Commons Clause", "Elastic")
    faults = []
    for name in sorted(_needed()):
        found = metadata.metadata(name)
        stated = [found.get("License-Expression") or "", (found.get("License") or "").splitlines()[:1]]
        stated += [line for line in found.get_all("Classifier", []) if line.startswith("License ::")]
        words = " ".join(map(str, stated))
        if any(word in words for word in refused):
            faults.append(f"{name}: {words}")
    assert not faults


def _needed() -> set[str]:
    """Names of all distributions that the project needs at run time, the screen included."""
    waiting = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["ui"]]
    found: set[str] = set()
    while waiting:
        requirement = Requirement(waiting.pop())
        name = canonicalize_name(requirement.name)
        if name in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        try:
            waiting += metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            pytest.fail(f"{name} is needed and not installed")
        found.add(name)
    return found
