"""An ingest that is killed or runs out of disk leaves a valid lake; the same call again ends as if undisturbed."""

from __future__ import annotations

import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from linkage.stores.lake import PREPARING, Lake
from tests.lib.lakes import check_reconciled, csv_file, digest, rows, take

ROOT = Path(__file__).resolve().parents[2]
HEADER = "event_id,event_time,account_id,ip_address,device_id,prompt"

#: Lakes, and kills in a row on each of them.
LAKES, KILLS = 2, 4

INGEST = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from linkage.config import Settings
from linkage.errors import TryAgain
from tests.lib.lakes import take
print("ready", flush=True)
sys.stdin.readline()
settings = Settings.model_validate({"ingest": {"batch_rows": 1_000}, "engine": {"threads": 1}})
try:
    take(Path(sys.argv[2]), *map(Path, sys.argv[3:]), settings=settings)
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


def start(root: Path, paths: list[Path], limit: int | None = None) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", INGEST, str(ROOT), str(root), *map(str, paths)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    if limit is not None:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (limit, limit))
    process.stdin.write("go\n")
    process.stdin.flush()
    return process


def closed(process: subprocess.Popen[str]) -> str:
    _, errors = process.communicate(timeout=120)
    return errors


def undisturbed(tmp_path: Path, paths: list[Path]) -> tuple[str, float]:
    process = start(tmp_path / "undisturbed", paths)
    began = time.monotonic()
    errors = closed(process)
    assert process.returncode == 0, errors
    return digest(tmp_path / "undisturbed"), time.monotonic() - began


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
        self.readings = 0
        self.fault: Exception | None = None

    def run(self) -> None:
        try:
            while not self._stop_reading.is_set():
                view = Lake(self._root).view()
                total = sum(pq.ParquetFile(path).metadata.num_rows for path in view.files("events"))
                assert total == view.rows("events")
                self.readings += 1
        except Exception as fault:  # noqa: BLE001 - handed to the test
            self.fault = fault

    def close(self) -> None:
        self._stop_reading.set()
        self.join()


def test_a_killed_ingest_leaves_a_valid_lake_and_the_next_one_converges(tmp_path: Path) -> None:
    paths = source_files(tmp_path / "in")
    expected, seconds = undisturbed(tmp_path, paths)
    draw = random.Random(11)
    killed = 0
    for turn in range(LAKES):
        root = tmp_path / f"lake-{turn}"
        for _ in range(KILLS):
            process = start(root, paths)
            time.sleep(draw.uniform(0, seconds))
            process.send_signal(signal.SIGKILL)
            closed(process)
            killed += process.returncode == -signal.SIGKILL
            read_all(root)
        process = start(root, paths)
        errors = closed(process)
        assert process.returncode == 0, errors
        read_all(root)
        assert digest(root) == expected
        assert not (root / PREPARING).exists()
        kept = {entry.path for entry in Lake(root).view().entries}
        with Lake(root).begin():
            on_disk = {path.relative_to(root).as_posix() for path in root.rglob("*.parquet")}
        assert on_disk == kept
    assert killed >= LAKES * KILLS // 2


def test_a_reader_beside_an_ingest_sees_whole_commits_only(tmp_path: Path) -> None:
    paths = source_files(tmp_path / "in")
    root = tmp_path / "lake"
    take(root, paths[0])
    reader = Reader(root)
    reader.start()
    process = start(root, paths[1:])
    errors = closed(process)
    reader.close()
    assert process.returncode == 0, errors
    assert reader.fault is None, reader.fault
    assert reader.readings > 0


@pytest.mark.parametrize("kilobytes", [1, 6, 24])
def test_a_full_disk_ends_with_75_and_publishes_nothing(tmp_path: Path, kilobytes: int) -> None:
    paths = source_files(tmp_path / "in")
    root = tmp_path / "lake"
    take(root, paths[0])
    before = Lake(root).view()
    process = start(root, paths[1:], limit=kilobytes * 1024)
    errors = closed(process)
    assert process.returncode == 75, (process.returncode, errors)
    assert "no room" in errors
    assert str(tmp_path) not in errors
    assert Lake(root).view().rows("events") >= before.rows("events")
    read_all(root)
    process = start(root, paths)
    errors = closed(process)
    assert process.returncode == 0, errors
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
        process = start(small / "lake", paths)
        errors = closed(process)
        assert process.returncode == 75, (process.returncode, errors)
        assert "no room" in errors
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
