"""Snapshots: whole or absent, verified before they are read, and never in a reader's way."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from linkage.errors import LinkageError, SnapshotDamaged, TryAgain, UnknownRefresh
from linkage.stores.files import Verifier, sha256_of
from linkage.stores.snapshots import Snapshots
from tests.lib.small_world import run_record, snapshot_tables

FIRST, SECOND, THIRD = "r-000000000001", "r-000000000002", "r-000000000003"


@pytest.fixture(scope="module")
def tables() -> dict[str, pa.Table]:
    return snapshot_tables()


@pytest.fixture
def root(tmp_path: Path, tables: dict[str, pa.Table]) -> Path:
    """A workspace with three published snapshots."""
    snapshots = Snapshots(tmp_path)
    parent = None
    for refresh_id in (FIRST, SECOND, THIRD):
        snapshots.write(run_record(refresh_id, parent), tables)
        snapshots.publish(refresh_id)
        parent = refresh_id
    return tmp_path


def flip(path: Path, position: int = 100) -> None:
    """Change one bit, as a failing disk would: in place, and with the old modification time."""
    before = path.stat()
    data = bytearray(path.read_bytes())
    data[position % len(data)] ^= 1
    with path.open("r+b") as stream:
        stream.write(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_tables_come_back_as_written(root: Path, tables: dict[str, pa.Table]) -> None:
    snapshot = Snapshots(root).current()
    assert snapshot is not None
    assert snapshot.refresh_id == THIRD
    for name, table in tables.items():
        assert snapshot.table(name).equals(table), name


def test_the_record_comes_back_as_written_with_a_digest_of_every_file(root: Path) -> None:
    snapshot = Snapshots(root).get(SECOND)
    assert replace(snapshot.run, files={}, number=0) == run_record(SECOND, FIRST)
    folder = root / "snapshots" / SECOND
    assert snapshot.run.files == {path.name: sha256_of(path) for path in folder.glob("*.parquet")}
    assert [run.refresh_id for run in Snapshots(root).all()] == [THIRD, SECOND, FIRST]


def test_the_same_tables_give_the_same_bytes(root: Path, tmp_path: Path, tables: dict[str, pa.Table]) -> None:
    other = Snapshots(tmp_path / "other")
    assert other.write(run_record(FIRST), tables).run == Snapshots(root).get(FIRST).run


def test_nothing_published_means_nothing_served(tmp_path: Path, tables: dict[str, pa.Table]) -> None:
    snapshots = Snapshots(tmp_path)
    assert snapshots.current() is None
    snapshots.write(run_record(FIRST), tables)
    assert snapshots.current() is None
    with pytest.raises(UnknownRefresh):
        snapshots.get(SECOND)
    with pytest.raises(UnknownRefresh):
        snapshots.publish(SECOND)


@pytest.mark.parametrize("name", ["../../etc", "", ".", "r/../x", "R", "r" * 200])
def test_a_name_that_is_no_refresh_id_is_refused(root: Path, name: str, tables: dict[str, pa.Table]) -> None:
    with pytest.raises(UnknownRefresh):
        Snapshots(root).get(name)
    with pytest.raises(LinkageError):
        Snapshots(root).write(run_record(name), tables)


@pytest.mark.parametrize("file", ["clusters.parquet", "sightings.parquet", "null_maxima.parquet", "run.json"])
@pytest.mark.parametrize("fault", [flip, Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-1])])
def test_a_damaged_file_is_never_served(root: Path, file: str, fault: Callable[[Path], None]) -> None:
    readers = Snapshots(root)
    assert readers.current() is not None
    fault(root / "snapshots" / THIRD / file)
    for snapshots in (readers, Snapshots(root)):
        served = snapshots.current()
        assert served is not None
        assert served.refresh_id == SECOND
        assert snapshots.alert is not None
        assert THIRD in snapshots.alert
        with pytest.raises(SnapshotDamaged):
            snapshots.get(THIRD)
    assert [name for name, _ in Snapshots(root).damaged()] == [THIRD]


def test_every_byte_of_the_record_counts(root: Path) -> None:
    path = root / "snapshots" / FIRST / "run.json"
    whole = path.read_bytes()
    for position in range(0, len(whole), 7):
        data = bytearray(whole)
        data[position] ^= 1
        path.write_bytes(data)
        with pytest.raises(SnapshotDamaged):
            Snapshots(root).get(FIRST)


def test_when_no_snapshot_is_whole_nothing_is_served(root: Path) -> None:
    for refresh_id in (FIRST, SECOND, THIRD):
        flip(root / "snapshots" / refresh_id / "members.parquet")
    with pytest.raises(SnapshotDamaged):
        Snapshots(root).current()


@pytest.mark.parametrize("content", [b"", b"r-nothere00000\n", b"\xff\xfe\n", b"../..\n"])
def test_a_damaged_current_is_reported_and_the_newest_good_one_served(root: Path, content: bytes) -> None:
    (root / "CURRENT").write_bytes(content)
    snapshots = Snapshots(root)
    served = snapshots.current()
    assert served is not None
    assert served.refresh_id == THIRD
    assert snapshots.alert is not None


def test_writing_again_keeps_a_good_snapshot_and_replaces_a_damaged_one(
    root: Path, tables: dict[str, pa.Table]
) -> None:
    before = (root / "snapshots" / THIRD / "run.json").stat().st_ino
    Snapshots(root).write(run_record(THIRD, SECOND), tables)
    assert (root / "snapshots" / THIRD / "run.json").stat().st_ino == before
    flip(root / "snapshots" / THIRD / "members.parquet")
    written = Snapshots(root).write(run_record(THIRD, SECOND), tables)
    written.verify()
    snapshots = Snapshots(root)
    assert snapshots.current() is not None
    assert snapshots.alert is None


def test_prune_keeps_the_newest_the_current_and_those_referred_to(root: Path) -> None:
    snapshots = Snapshots(root)
    assert snapshots.prune(1, [FIRST]) == (SECOND,)
    assert sorted(path.name for path in (root / "snapshots").iterdir()) == [FIRST, THIRD]
    snapshots.publish(FIRST)
    assert snapshots.prune(1, []) == ()


def test_a_reader_that_is_overtaken_follows_current_and_alerts_nobody(root: Path, tables: dict[str, pa.Table]) -> None:
    # Reading CURRENT waits in a pipe until what it names has been superseded and pruned.
    (root / "CURRENT").unlink()
    os.mkfifo(root / "CURRENT")
    readers, writer = Snapshots(root), Snapshots(root)
    with ThreadPoolExecutor() as pool:
        reading = pool.submit(readers.current)
        with (root / "CURRENT").open("w") as answer:
            writer.write(run_record("r-000000000004", THIRD), tables)
            writer.publish("r-000000000004")
            assert writer.prune(1, ()) == (THIRD, SECOND, FIRST)
            answer.write(f"{THIRD}\n")
        served = reading.result()
    assert served is not None
    assert served.refresh_id == "r-000000000004"
    assert readers.alert is None


def test_a_reader_that_is_overtaken_time_and_again_is_asked_to_come_back(root: Path) -> None:
    # Linux makes up another name at every reading.
    (root / "CURRENT").unlink()
    (root / "CURRENT").symlink_to("/proc/sys/kernel/random/uuid")
    snapshots = Snapshots(root)
    with pytest.raises(TryAgain):
        snapshots.current()
    assert snapshots.alert is None


@pytest.mark.parametrize("read_before", [False, True])
def test_a_snapshot_that_is_pruned_while_it_is_open_is_not_kept_and_not_damaged(root: Path, read_before: bool) -> None:
    opened = Snapshots(root).get(FIRST)
    if read_before:
        opened.table("members")
    Snapshots(root).prune(1, ())
    if read_before:
        assert opened.table("members").num_rows == 25
    for read in (opened.verify, lambda: opened.path("members"), lambda: opened.table("clusters")):
        with pytest.raises(UnknownRefresh, match=f"{FIRST} is no longer kept"):
            read()


def test_leftovers_of_a_killed_writer_go_with_the_next_write(root: Path, tables: dict[str, pa.Table]) -> None:
    left = root / "snapshots" / ".writing-r-dead"
    left.mkdir()
    (left / "members.parquet").write_bytes(b"half")
    assert len(Snapshots(root).all()) == 3
    Snapshots(root).write(run_record("r-000000000004", THIRD), tables)
    assert not left.exists()


def test_tables_must_be_those_of_the_specification(tmp_path: Path, tables: dict[str, pa.Table]) -> None:
    snapshots = Snapshots(tmp_path)
    clusters = tables["clusters"]
    without_order = {name: table for name, table in tables.items() if name != "lineage"}
    nulls = clusters.set_column(2, "size", pa.nulls(clusters.num_rows, pa.int64()))
    words = clusters.set_column(2, "size", pa.array(["many"] * clusters.num_rows))
    for wrong in (
        without_order,
        {**tables, "more": clusters},
        {**tables, "clusters": clusters.drop_columns(["kinds"])},
        {**tables, "clusters": nulls},
        {**tables, "clusters": words},
    ):
        with pytest.raises(LinkageError):
            snapshots.write(run_record(FIRST), wrong)
    assert snapshots.all() == ()
    assert not list(tmp_path.glob("snapshots/*"))


def test_a_full_disk_leaves_nothing_behind(
    root: Path, tables: dict[str, pa.Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TryAgain):
        Snapshots(root).write(run_record("r-000000000004", THIRD), tables)
    with pytest.raises(TryAgain):
        Snapshots(root).publish(FIRST)
    monkeypatch.undo()
    assert sorted(path.name for path in (root / "snapshots").iterdir()) == [FIRST, SECOND, THIRD]
    assert sorted(path.name for path in root.glob(".CURRENT*")) == []
    served = Snapshots(root).current()
    assert served is not None
    assert served.refresh_id == THIRD


def test_what_was_verified_is_remembered_until_the_file_changes(tmp_path: Path) -> None:
    path, memo = tmp_path / "file", tmp_path / "memo.json"
    path.write_bytes(b"content" * 100)
    os.utime(path, ns=(0, 0))
    digest = sha256_of(path)
    verifier = Verifier(memo)
    verifier.check(path, digest, "file")
    verifier.save()
    flip(path)
    for reader in (verifier, Verifier(memo)):
        with pytest.raises(SnapshotDamaged):
            reader.check(path, digest, "file")


def test_a_damaged_memo_is_no_fault(root: Path) -> None:
    for content in (b"", b"{", b"[1]", b'{"x": 3}'):
        (root / ".verified.json").write_bytes(content)
        assert Snapshots(root).current() is not None
