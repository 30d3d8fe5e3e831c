"""A purge that is killed anywhere leaves the lake as it was before or as it is after, and the next writer ends it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from linkage import Workspace
from tests.lib.lakes import csv_file
from tests.unit.workspace.test_purge import EVENTS, HEADER, REASON, everywhere

#: Workspace and step to die at, or 0. A step is what Python does to a file or folder of the workspace.
PURGE = """
import os, signal, sys
from linkage import Workspace
root, last = sys.argv[1], int(sys.argv[2])
steps = 0
def count(event, arguments):
    global steps
    if event in ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir") and str(arguments[0]).startswith(root):
        steps += 1
        if steps == last:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(count)
Workspace(root).purge("erika-mustermann", reason=sys.argv[3])
print(steps)
"""


def purge(workspace: Path, dies_at: int = 0) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", PURGE, str(workspace), str(dies_at), REASON]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def made(folder: Path) -> Path:
    """A workspace with a snapshot, and beside it a file that says nothing new."""
    folder.mkdir()
    accounts = csv_file(folder / "accounts.csv", "account_id,tier", "erika-mustermann,free", "otto-normal,paid")
    workspace = Workspace(folder / "w")
    workspace.ingest(csv_file(folder / "events.csv", HEADER, *EVENTS), accounts=accounts)
    workspace.refresh()
    return folder / "w"


@pytest.mark.parametrize("points", [12, pytest.param(1_000, marks=pytest.mark.soak)])
def test_a_purge_that_is_killed_anywhere(tmp_path: Path, points: int) -> None:
    undisturbed = purge(made(tmp_path / "undisturbed"))
    assert undisturbed.returncode == 0, undisturbed.stderr
    steps = int(undisturbed.stdout)
    ended = []
    for step in range(1, steps + 1, max(1, steps // points)):
        root = made(tmp_path / f"at-{step}")
        name = {row["id"]: row["value"] for row in _identities(root)}
        assert purge(root, step).returncode == -signal.SIGKILL
        killed = Workspace(root)
        assert {check.status for check in killed.doctor()} <= {"ok", "warn"}
        begun = any(entry.action == "purge" for entry in killed.audit())
        held = {row["id"]: row["value"] for row in _identities(root)}
        gone = set(name) - set(held)
        assert {name[one] for one in gone} in (set(), {"erika-mustermann"})
        assert begun or not gone
        assert killed.ingest(root.parent / "events.csv").accepted == 0
        ended.append(everywhere(root, "erika") == [])
        assert ended[-1] == begun
        assert (killed.audit()[-2].action == "purge.done") == begun or not begun
        assert killed.audit_fault() is None
    assert set(ended) == {False, True}


def _identities(root: Path) -> list[dict[str, object]]:
    from tests.lib.lakes import rows

    return rows(root / "lake", "identities")
