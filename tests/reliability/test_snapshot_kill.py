"""A writer that is killed anywhere leaves a valid CURRENT, and the next writer ends where an undisturbed one does."""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from linkage.errors import TryAgain, UnknownRefresh
from linkage.stores.snapshots import Snapshots
from tests.lib.small_world import run_record, snapshot_tables

pytestmark = pytest.mark.long

ROUNDS = 6
ROOT = Path(__file__).resolve().parents[2]

WRITER = """
import sys
sys.path.insert(0, sys.argv[3])
from pathlib import Path
from linkage.stores.snapshots import Snapshots
from tests.lib.small_world import run_record, snapshot_tables
snapshots = Snapshots(Path(sys.argv[1]))
tables = snapshot_tables()
print("ready", flush=True)
sys.stdin.readline()
parent = None
for number in range(int(sys.argv[2]), 10**6):
    refresh_id = f"r-{number:012}"
    snapshots.write(run_record(refresh_id, parent), tables)
    snapshots.publish(refresh_id)
    snapshots.prune(3, ())
    parent = refresh_id
"""


@contextlib.contextmanager
def writer(folder: Path, first: int) -> Iterator[None]:
    """A process that writes, publishes and prunes from the refresh of number ``first`` on, until it is killed."""
    arguments = [sys.executable, "-c", WRITER, str(folder), str(first), str(ROOT)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdin is not None
            assert process.stdout.readline() == "ready\n"
            process.stdin.write("go\n")
            process.stdin.flush()
            yield
        finally:
            process.kill()


def test_a_killed_writer_never_leaves_a_reader_with_less_than_a_whole_snapshot(tmp_path: Path) -> None:
    chance = random.Random(4)
    folder = tmp_path / "w"
    readers = Snapshots(folder)
    readers.write(run_record("r-start"), snapshot_tables())
    readers.publish("r-start")
    seen = set()
    for turn in range(ROUNDS):
        before = readers.current_id()
        # Readings count from the first publication on, and then the kill falls anywhere in the writer's round.
        left = chance.randrange(1, 40)
        with writer(folder, 1000 * (turn + 1)):
            while left:
                # A reader that three publications overtake is told so; what it gets is whole.
                with contextlib.suppress(UnknownRefresh, TryAgain):
                    snapshot = readers.current()
                    assert snapshot is not None
                    assert snapshot.table("members").num_rows == 25
                assert readers.alert is None
                left -= readers.current_id() != before
        assert Snapshots(folder).damaged() == ()
        served = Snapshots(folder).current()
        assert served is not None
        seen.add(served.refresh_id)
    assert len(seen) == ROUNDS
    again = Snapshots(folder)
    written = again.write(run_record("r-ffff"), snapshot_tables())
    again.publish("r-ffff")
    assert not [path for path in (folder / "snapshots").iterdir() if path.name.startswith(".")]
    undisturbed = Snapshots(tmp_path / "other").write(run_record("r-ffff"), snapshot_tables())
    assert written.run.files == undisturbed.run.files
