"""A purge that is killed anywhere leaves the lake as it was before or as it is after, and the next writer ends it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from linkage import Workspace
from tests.lib import killed
from tests.lib.lakes import csv_file
from tests.unit.workspace.test_purge import EVENTS, HEADER, REASON, everywhere

pytestmark = pytest.mark.long

#: Words: the reason.
PURGE = """
from linkage import Workspace
Workspace(root).purge("erika-mustermann", reason=words[0])
"""


def purge(workspace: Path, dies_at: int = 0) -> subprocess.CompletedProcess[str]:
    return killed.run(PURGE, workspace, REASON, dies_at=dies_at)


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
        killed.died(purge(root, step), step)
        left = Workspace(root)
        assert {check.status for check in left.doctor()} <= {"ok", "warn"}
        begun = any(entry.action == "purge" for entry in left.audit())
        held = {row["id"]: row["value"] for row in _identities(root)}
        gone = set(name) - set(held)
        assert {name[one] for one in gone} in (set(), {"erika-mustermann"})
        assert begun or not gone
        assert left.ingest(root.parent / "events.csv").accepted == 0
        ended.append(everywhere(root, "erika") == [])
        assert ended[-1] == begun
        assert (left.audit()[-2].action == "purge.done") == begun or not begun
        assert left.audit_fault() is None
    assert set(ended) == {False, True}


def _identities(root: Path) -> list[dict[str, object]]:
    from tests.lib.lakes import rows

    return rows(root / "lake", "identities")
