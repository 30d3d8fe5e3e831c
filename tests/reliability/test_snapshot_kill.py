"""A writer that is killed anywhere leaves a valid CURRENT, and the next writer ends where an undisturbed one does."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

from linkage.stores.snapshots import Snapshots
from tests.lib.small_world import run_record, snapshot_tables

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


def writer(folder: Path, first: int) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), str(first), str(ROOT)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == "ready\n"
    process.stdin.write("go\n")
    process.stdin.flush()
    return process


def test_a_killed_writer_never_leaves_a_reader_with_less_than_a_whole_snapshot(tmp_path: Path) -> None:
    chance = random.Random(4)
    folder = tmp_path / "w"
    readers = Snapshots(folder)
    readers.write(run_record("r-start"), snapshot_tables())
    readers.publish("r-start")
    seen = set()
    for turn in range(ROUNDS):
        before = set((folder / "snapshots").iterdir())
        process = writer(folder, 1000 * (turn + 1))
        # Reading passes the time until the writer is at work, and then until a kill that falls anywhere in it.
        steps = chance.randrange(40)
        while steps:
            snapshot = readers.current()
            assert snapshot is not None
            assert readers.alert is None
            assert snapshot.table("members").num_rows == 25
            seen.add(snapshot.refresh_id)
            if set((folder / "snapshots").iterdir()) != before:
                steps -= 1
        process.kill()
        process.communicate()
        assert Snapshots(folder).damaged() == ()
        assert Snapshots(folder).current() is not None
    assert len(seen) > 1
    again = Snapshots(folder)
    written = again.write(run_record("r-ffff"), snapshot_tables())
    again.publish("r-ffff")
    assert not [path for path in (folder / "snapshots").iterdir() if path.name.startswith(".")]
    undisturbed = Snapshots(tmp_path / "other").write(run_record("r-ffff"), snapshot_tables())
    assert written.run.files == undisturbed.run.files
