"""An ingest that is killed or runs out of disk leaves a valid lake; the same call again ends as if undisturbed."""

from __future__ import annotations

import random
import shutil
import subprocess
import threading
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from linkage.stores.lake import PREPARING, Lake
from tests.lib import killed
from tests.lib.lakes import check_reconciled, csv_file, digest, rows, take

pytestmark = pytest.mark.long

HEADER = "event_id,event_time,account_id,ip_address,device_id,prompt"

#: Kills, and how many of them in a row a lake may get.
KILLS, IN_A_ROW = 8, 4

#: Words: largest file in bytes or 0, sources.
INGEST = """
import resource
from pathlib import Path
from linkage.config import Settings
from linkage.errors import TryAgain
from tests.lib.lakes import take
limit = int(words[0])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
settings = Settings.model_validate({"ingest": {"batch_rows": 1_000}, "engine": {"threads": 1}})
try:
    take(Path(root), *map(Path, words[1:]), settings=settings)
except TryAgain as fault:
    print(fault.message, file=sys.stderr)
    sys.exit(fault.exit_code)
"""


def source_files(folder: Path) -> list[Path]:
    """Files of several days and batches, with duplicates and conflicts between them."""
    folder.mkdir()
    draw = random.Random(3)
    lines = [
        f"e{draw.randrange(5_000)},2026-04-{1 + n % 9:02}T00:00:{n % 60:02}Z,a{n % 99},198.51.100.{n % 250},d{n % 77},p"
        for n in range(6_000)
    ]
    return [csv_file(folder / f"{n}.csv", HEADER, *lines[n::6]) for n in range(6)]


def run(root: Path, paths: list[Path], *, limit: int = 0, dies_at: int = 0) -> subprocess.CompletedProcess[str]:
    return killed.run(INGEST, root, limit, *paths, dies_at=dies_at)


def finish(root: Path, paths: list[Path]) -> int:
    """Run to the end; how many steps that took."""
    done = run(root, paths)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def read_all(root: Path) -> None:
    """Every file of the lake as it is now: verified, readable, reconciled."""
    view = Lake(root).view()
    for table in ("events", "sightings", "activity", "usage", "identities", "ledger", "quarantine"):
        for path in view.files(table):
            pq.ParquetFile(path).read()
    check_reconciled(root)


class Reader(threading.Thread):
    """Reads the lake over and over; a view that was opened must stay whole while one write goes on."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self._root = root
        self._stop_reading = threading.Event()
        self.at_work = threading.Event()
        self.fault: Exception | None = None

    def run(self) -> None:
        try:
            while not self._stop_reading.is_set():
                view = Lake(self._root).view()
                total = sum(pq.ParquetFile(path).metadata.num_rows for path in view.files("events"))
                assert total == view.rows("events")
                self.at_work.set()
        except Exception as fault:  # noqa: BLE001 - handed to the test
            self.fault = fault
        finally:
            self.at_work.set()

    def close(self) -> None:
        self._stop_reading.set()
        self.join()


def test_a_killed_ingest_leaves_a_valid_lake_and_the_next_one_converges(tmp_path: Path) -> None:
    paths = source_files(tmp_path / "in")
    steps = finish(tmp_path / "undisturbed", paths)
    expected = digest(tmp_path / "undisturbed")
    draw = random.Random(11)
    kills = lakes = 0
    while kills < KILLS:
        root = tmp_path / f"lake-{lakes}"
        lakes += 1
        # On a new lake every step of the undisturbed run comes; after a kill there may be less left to do than drawn.
        for _ in range(IN_A_ROW):
            step = draw.randint(1, steps)
            if not killed.died(run(root, paths, dies_at=step), step):
                break
            kills += 1
            read_all(root)
        finish(root, paths)
        read_all(root)
        assert digest(root) == expected
        assert not (root / PREPARING).exists()
        kept = {entry.path for entry in Lake(root).view().entries}
        with Lake(root).begin():
            on_disk = {path.relative_to(root).as_posix() for path in root.rglob("*.parquet")}
        assert on_disk == kept


def test_a_reader_beside_an_ingest_sees_whole_commits_only(tmp_path: Path) -> None:
    paths = source_files(tmp_path / "in")
    root = tmp_path / "lake"
    take(root, paths[0])
    reader = Reader(root)
    reader.start()
    reader.at_work.wait()
    done = run(root, paths[1:])
    reader.close()
    assert done.returncode == 0, done.stderr
    assert reader.fault is None, reader.fault


@pytest.mark.parametrize("kilobytes", [1, 6, 24])
def test_a_full_disk_ends_with_75_and_publishes_nothing(tmp_path: Path, kilobytes: int) -> None:
    paths = source_files(tmp_path / "in")
    root = tmp_path / "lake"
    take(root, paths[0])
    before = Lake(root).view()
    done = run(root, paths[1:], limit=kilobytes * 1024)
    assert done.returncode == 75, (done.returncode, done.stderr)
    assert "no room" in done.stderr
    assert str(tmp_path) not in done.stderr
    assert Lake(root).view().rows("events") >= before.rows("events")
    read_all(root)
    finish(root, paths)
    read_all(root)
    take(tmp_path / "whole", *paths)
    assert digest(root) == digest(tmp_path / "whole")


def test_a_full_file_system(tmp_path: Path) -> None:
    """A file system of half a megabyte, where one can be mounted."""
    small = tmp_path / "small"
    small.mkdir()
    mount = shutil.which("mount")
    if (
        mount is None
        or subprocess.run([mount, "-t", "tmpfs", "-o", "size=500k", "none", small], check=False).returncode
    ):
        pytest.skip("no file system can be mounted here")
    try:
        paths = source_files(tmp_path / "in")
        done = run(small / "lake", paths)
        assert done.returncode == 75, (done.returncode, done.stderr)
        assert "no room" in done.stderr
        read_all(small / "lake")
    finally:
        subprocess.run(["umount", small], check=True)


def test_a_file_that_is_rewritten_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (path,) = [csv_file(tmp_path / "a.csv", HEADER, *(f"e{n},2026-04-01T00:00:00Z,a,,," for n in range(10)))]
    from linkage.ingest import intake

    original = intake.chunks

    def meddle(*arguments: object) -> object:
        for chunk in original(*arguments):  # type: ignore[arg-type]
            path.write_text(path.read_text().replace("e1,", "x1,"))
            yield chunk

    monkeypatch.setattr(intake, "chunks", meddle)
    (report,) = take(tmp_path / "lake", path).files
    assert report.refused == "file.changed"
    assert rows(tmp_path / "lake", "events") == rows(tmp_path / "lake", "identities") == []
