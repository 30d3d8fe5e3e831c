"""Backup and restore: what comes back is the same, and nothing hostile or altered is ever put in place."""

from __future__ import annotations

import hashlib
import io
import json
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from linkage import Workspace
from linkage.errors import InputRefused, LinkageError, SnapshotDamaged, TryAgain, UsageError
from linkage.stores import lock
from tests.lib import small_world
from tests.lib.small_world import World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = small_world.build(tmp_path_factory.mktemp("world") / "w")
    small_world.publish(world.path, "r-000000000002", world.tables, world.refresh_id)
    (world.path / "linkage.toml").write_text("seed = 7\n", encoding="utf-8")
    return world


@pytest.fixture(scope="module")
def saved(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("backup") / "saved.tar"
    Workspace(world.path).backup(path)
    return path


def test_everything_comes_back(world: World, saved: Path, tmp_path: Path) -> None:
    restored = Workspace(tmp_path / "restored")
    report = restored.restore(saved)
    assert report.files > 2 * 13
    assert {check.status for check in restored.doctor()} == {"ok"}
    before = Workspace(world.path)
    assert restored.members().equals(before.members())
    assert restored.audit() == before.audit()
    assert [run.refresh_id for run in restored.runs()] == [run.refresh_id for run in before.runs()]
    assert restored.settings.seed == 7
    assert stat.S_IMODE((tmp_path / "restored" / "secret.key").stat().st_mode) == 0o600
    assert (tmp_path / "restored" / "secret.key").read_bytes() == (world.path / "secret.key").read_bytes()


def test_a_backup_is_for_its_owner_only_and_replaces_nothing(world: World, saved: Path, tmp_path: Path) -> None:
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    with pytest.raises(UsageError):
        Workspace(world.path).backup(saved)
    with pytest.raises(UsageError):
        Workspace(tmp_path / "none").backup(tmp_path / "b.tar")
    assert list(tmp_path.iterdir()) == []


def test_a_backup_waits_for_no_writer(world: World, tmp_path: Path) -> None:
    with lock.hold(world.path / "write.lock"), pytest.raises(TryAgain):
        Workspace(world.path).backup(tmp_path / "b.tar")
    assert list(tmp_path.iterdir()) == []


def change(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1] + b"x")


@pytest.mark.parametrize("damage", [change, Path.unlink])
@pytest.mark.parametrize(
    "file",
    ["snapshots/r-000000000001/members.parquet", "snapshots/r-000000000001/run.json", "lake/identities/*.parquet"],
)
def test_a_damaged_workspace_is_not_backed_up(tmp_path: Path, file: str, damage: Callable[[Path], None]) -> None:
    world = small_world.build(tmp_path / "w")
    (path,) = world.path.glob(file)
    damage(path)
    with pytest.raises(SnapshotDamaged):
        world.workspace.backup(tmp_path / "b.tar")
    assert [path.name for path in tmp_path.iterdir()] == ["w"]


def test_a_workspace_that_holds_something_is_not_written_into(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / "mine.txt").write_text("mine")
    with pytest.raises(UsageError):
        Workspace(tmp_path / "w").restore(saved)
    assert [path.name for path in (tmp_path / "w").iterdir()] == ["mine.txt"]
    (tmp_path / "empty").mkdir()
    Workspace(tmp_path / "empty").restore(saved)
    with pytest.raises(UsageError):
        Workspace(tmp_path / "other").restore(tmp_path / "nothing.tar")


def test_any_flipped_byte_of_a_file_is_found_before_anything_is_in_place(saved: Path, tmp_path: Path) -> None:
    with tarfile.open(saved) as tar:
        spans = [(member.offset_data, member.size) for member in tar if member.size]
    data = saved.read_bytes()
    for start, size in spans[:: max(1, len(spans) // 12)]:
        altered = bytearray(data)
        altered[start + size // 2] ^= 1
        (tmp_path / "altered.tar").write_bytes(altered)
        with pytest.raises((SnapshotDamaged, InputRefused)):
            Workspace(tmp_path / "w").restore(tmp_path / "altered.tar")
        assert [path.name for path in tmp_path.iterdir()] == ["altered.tar"]


def test_a_cut_backup_is_refused(saved: Path, tmp_path: Path) -> None:
    data = saved.read_bytes()
    for length in (0, 1, 511, 600, len(data) // 2, len(data) - 10_241):
        (tmp_path / "cut.tar").write_bytes(data[:length])
        with pytest.raises((SnapshotDamaged, InputRefused)):
            Workspace(tmp_path / "w").restore(tmp_path / "cut.tar")
        assert [path.name for path in tmp_path.iterdir()] == ["cut.tar"]


def _file(tar: tarfile.TarFile, name: str, data: bytes = b"x") -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))


def _link(tar: tarfile.TarFile, kind: bytes, target: str = "/etc/passwd") -> None:
    member = tarfile.TarInfo("CURRENT")
    member.type = kind
    member.linkname = target
    tar.addfile(member)


@pytest.mark.parametrize(
    "hostile",
    [
        lambda tar: _file(tar, "../outside"),
        lambda tar: _file(tar, "/tmp/outside"),
        lambda tar: _file(tar, "lake/../../outside"),
        lambda tar: _file(tar, "lake/./x"),
        lambda tar: _file(tar, "lake\\x"),
        lambda tar: _file(tar, ".hidden"),
        lambda tar: _file(tar, "a/b/c/d/e"),
        lambda tar: _link(tar, tarfile.SYMTYPE),
        lambda tar: _link(tar, tarfile.LNKTYPE, "VERSION"),
        lambda tar: _link(tar, tarfile.FIFOTYPE),
        lambda tar: _link(tar, tarfile.CHRTYPE),
        lambda tar: _link(tar, tarfile.DIRTYPE),
        lambda tar: [_file(tar, "CURRENT"), _file(tar, "CURRENT")],
        lambda tar: [_file(tar, "lake"), _file(tar, "lake/x")],
        lambda tar: [_file(tar, "BACKUP.json", b"{}"), _file(tar, "later")],
        lambda tar: _file(tar, "BACKUP.json", b"not json"),
        lambda tar: _file(tar, "BACKUP.json", b'{"schema": "linkage.backup/1", "files": []}'),
        lambda tar: _file(tar, "CURRENT"),
    ],
)
def test_a_hostile_archive_is_refused_before_anything_is_in_place(
    tmp_path: Path, hostile: Callable[[tarfile.TarFile], object]
) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    with tarfile.open(inside / "hostile.tar", "w") as tar:
        hostile(tar)
    with pytest.raises(InputRefused):
        Workspace(inside / "w").restore(inside / "hostile.tar")
    assert [path.name for path in inside.iterdir()] == ["hostile.tar"]
    assert [path.name for path in tmp_path.iterdir()] == ["inside"]


@pytest.mark.parametrize("change", ["more", "fewer"])
def test_files_and_manifest_must_be_the_same(tmp_path: Path, change: str) -> None:
    held = {"VERSION": b"linkage.workspace/1\n"}
    stated = {"VERSION": held["VERSION"], "CURRENT": b"r-1\n"} if change == "fewer" else {}
    files = {name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)} for name, data in stated.items()}
    with tarfile.open(tmp_path / "b.tar", "w") as tar:
        for name, data in held.items():
            _file(tar, name, data)
        _file(tar, "BACKUP.json", json.dumps({"schema": "linkage.backup/1", "files": files}).encode())
    with pytest.raises(LinkageError) as refused:
        Workspace(tmp_path / "w").restore(tmp_path / "b.tar")
    assert refused.value.exit_code == 20
    assert not (tmp_path / "w").exists()
