"""An incremental refresh that is killed anywhere leaves a whole snapshot served; the next ends as if undisturbed."""

from __future__ import annotations

import random
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from linkage import Workspace
from linkage.model.run import RunRecord
from tests.lib import killed
from tests.lib.refreshed import taken_in

pytestmark = pytest.mark.long

BEFORE, AFTER = datetime(2026, 1, 24, 23, tzinfo=UTC), datetime(2026, 1, 25, 23, tzinfo=UTC)

#: Words: as of when.
REFRESH = """
from datetime import datetime
from linkage import Workspace
Workspace(root, actor="tester").refresh(as_of=datetime.fromisoformat(words[0]))
"""


def run(root: Path, dies_at: int = 0) -> subprocess.CompletedProcess[str]:
    return killed.run(REFRESH, root, AFTER.isoformat(), dies_at=dies_at)


def served(root: Path) -> RunRecord:
    """Record of the snapshot that readers get; every file of every snapshot is whole."""
    workspace = Workspace(root)
    assert workspace._home.snapshots.damaged() == ()
    assert workspace.alert is None
    return workspace.snapshot().run


def converges(folder: Path, kills: int) -> None:
    prepared = folder / "prepared"
    workspace = taken_in(prepared, "proxy_pool", settings="[refresh]\nfull_change = 1.0\n")
    before = workspace.refresh(as_of=BEFORE).refresh_id
    undisturbed = folder / "undisturbed"
    shutil.copytree(prepared, undisturbed)
    done = run(undisturbed)
    assert done.returncode == 0, done.stderr
    steps, expected = int(done.stdout), served(undisturbed)
    assert (expected.full, expected.parent_refresh_id) == (False, before)
    draw = random.Random(17)
    seen = set()
    for number in range(kills):
        root = folder / f"killed-{number}"
        shutil.copytree(prepared, root)
        step = draw.randint(1, steps)
        killed_there = killed.died(run(root, dies_at=step), step)
        now = served(root).refresh_id
        assert now in ((before, expected.refresh_id) if killed_there else (expected.refresh_id,))
        seen.add(now)
        assert Workspace(root).refresh(as_of=AFTER).refresh_id == expected.refresh_id
        again = served(root)
        assert (again.files, again.basis) == (expected.files, expected.basis)
        assert not [path for path in (root / "snapshots").iterdir() if path.name.startswith(".")]
        shutil.rmtree(root)
    assert before in seen


def test_a_killed_incremental_refresh_converges(tmp_path: Path) -> None:
    converges(tmp_path, 6)


@pytest.mark.soak
def test_fifty_kills(tmp_path: Path) -> None:
    converges(tmp_path, 50)
