"""Locks: one holder at a time, gone with its process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from linkage.stores import lock

HOLDER = """
import sys
from pathlib import Path
from linkage.stores import lock
with lock.hold(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_lock_of_another_process_is_respected_and_dropped_when_it_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "write.lock"
    process = holder(path)
    try:
        with pytest.raises(lock.Held), lock.hold(path):
            pass
    finally:
        process.kill()
        process.communicate()
    with lock.hold(path):
        pass


def test_a_lock_is_free_again_after_its_block(tmp_path: Path) -> None:
    path = tmp_path / "write.lock"
    with lock.hold(path), pytest.raises(lock.Held), lock.hold(path):
        pass
    with lock.hold(path):
        pass


def test_a_child_does_not_inherit_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "write.lock"
    with lock.hold(path):
        child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    try:
        with lock.hold(path):
            pass
    finally:
        child.kill()
        child.communicate()
