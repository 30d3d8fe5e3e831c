"""Backup and restore: one tar file with everything that is needed, and the SHA-256 of each part.

A backup holds the raw identifiers and the key of the workspace; it is written readable for its owner only. The
casework in it is a SQLite file, wherever it came from, and is restored to where settings and environment want it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from linkage.errors import InputRefused, SnapshotDamaged, UsageError
from linkage.model.reports import BackupReport
from linkage.model.tables import LAKE_TABLES
from linkage.stores.files import room_for, sha256_of, sync_file, sync_folder
from linkage.stores.layout import Layout
from linkage.workspace.casework_place import restored
from linkage.workspace.home import Home, now

_SCHEMA = "linkage.backup/1"
_MANIFEST = "BACKUP.json"
_CASEWORK = "casework.sqlite"
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=-]*\Z")
_CHUNK = 1 << 20
#: Bounds of a manifest that is read before anything is verified.
_MANIFEST_BYTES = 1 << 28


def backup(home: Home, target: Path) -> BackupReport:
    """Write the backup file ``target``: nobody writes meanwhile, readers go on.

    Raises:
        UsageError: there is a file at ``target``, or no workspace to back up.
        SnapshotDamaged: a stored file differs from its recorded digest.
        TryAgain: another writer is at work, or the disk is full.
    """
    home.layout.check()
    if not home.layout.exists:
        raise UsageError("there is no workspace to back up")
    if target.exists():
        raise UsageError(
            "there is a file of that name already", hint="Choose another name: a backup is never replaced."
        )
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    with home.writing(), room_for("the backup"):
        try:
            with tempfile.TemporaryDirectory(dir=target.absolute().parent, prefix=".linkage-backup-") as scratch:
                report = _write(home, temporary, Path(scratch))
            sync_file(temporary)
            os.link(temporary, target)  # fails where a file appeared meanwhile
        except FileExistsError as fault:
            raise UsageError("there is a file of that name already") from fault
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(target.absolute().parent)
    return report


def restore(layout: Layout, source: Path) -> BackupReport:
    """Put the backup ``source`` where ``layout`` points; nothing is in place before every digest was checked.

    Raises:
        UsageError: the workspace is not empty, or there is no such file.
        InputRefused: the file is not a backup, or holds what none does.
        SnapshotDamaged: a file in it differs from its digest.
        ConfigurationError: the server that settings name for the casework holds other casework of this workspace.
        StoreUnavailable: that server is gone, or refuses.
        TryAgain: the disk is full.
    """
    root = layout.root.absolute()
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise UsageError(
            "a backup is restored into an empty workspace only", hint="Name a new folder with --workspace."
        )
    if not source.is_file():
        raise UsageError("there is no such backup file")
    with room_for("the restored workspace"):
        root.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(dir=root.parent, prefix=f".{root.name}.restoring-"))
        try:
            report = _unpack(source, staging)
            restored(Home(staging, None), now())
            staging.chmod(0o755)
            staging.rename(root)  # replaces an empty folder, and nothing else
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        sync_folder(root.parent)
    return report


# --- writing -------------------------------------------------------------------------------------------------------


def _write(home: Home, target: Path, scratch: Path) -> BackupReport:
    files: dict[str, dict[str, int | str]] = {}
    total = 0
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as stream, tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, path, expected in _contents(home, scratch):
            if not path.is_file():
                raise SnapshotDamaged(f"{name} is missing; no backup was written")
            # The digest is of the very bytes that go into the tar.
            size = path.stat().st_size
            with path.open("rb") as file:
                digest = _Digesting(file)
                tar.addfile(_member(name, size), digest)
            if expected is not None and digest.hex() != expected:
                raise SnapshotDamaged(f"{name} differs from its recorded SHA-256; no backup was written")
            files[name] = {"sha256": digest.hex(), "bytes": size}
            total += size
        manifest = json.dumps({"schema": _SCHEMA, "files": files}, sort_keys=True, indent=1).encode("ascii")
        tar.addfile(_member(_MANIFEST, len(manifest)), io.BytesIO(manifest))
    return BackupReport(len(files), total, hashlib.sha256(manifest).hexdigest())


def _contents(home: Home, scratch: Path) -> Iterator[tuple[str, Path, str | None]]:
    """(name, file, recorded digest) of everything that belongs to the workspace."""
    layout = home.layout
    for path in (layout.version, layout.key, layout.settings, layout.root / "CURRENT"):
        if path.exists():
            yield path.name, path, None
    casework = home.casework()
    if casework is not None:
        copy = scratch / _CASEWORK
        casework.copy_to(copy)
        yield _CASEWORK, copy, sha256_of(copy)
    if layout.lake.exists():
        manifest = layout.lake / "MANIFEST.json"
        if manifest.exists():
            yield "lake/MANIFEST.json", manifest, None
        view = home.lake.view()
        for table in LAKE_TABLES:
            for entry in view.of(table.name):
                yield f"lake/{entry.path}", view.root / entry.path, entry.sha256
    for refresh_id in home.snapshots.unreadable():
        raise SnapshotDamaged(f"snapshot {refresh_id}: run.json is damaged; no backup was written")
    for run in home.snapshots.all():
        folder = layout.snapshots / run.refresh_id
        yield f"snapshots/{run.refresh_id}/run.json", folder / "run.json", None
        for name, digest in sorted(run.files.items()):
            yield f"snapshots/{run.refresh_id}/{name}", folder / name, digest


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = size
    member.mode = 0o600
    return member


class _Digesting:
    """A file that is hashed while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._digest.update(data)
        return data

    def hex(self) -> str:
        return self._digest.hexdigest()


# --- reading: nothing in the file is trusted -------------------------------------------------------------------------


def _unpack(source: Path, folder: Path) -> BackupReport:
    found: dict[str, dict[str, int | str]] = {}
    manifest: bytes | None = None
    try:
        with tarfile.open(source, mode="r:") as tar:
            for member in tar:
                if not member.isreg():
                    raise InputRefused("the backup holds something that is not a plain file", hint=_REFUSED)
                if manifest is not None or member.name in found:
                    raise InputRefused("the backup names a file twice, or goes on after its end", hint=_REFUSED)
                _check_name(member.name)
                file = tar.extractfile(member)
                if file is None:
                    raise InputRefused("the backup holds something that is not a plain file", hint=_REFUSED)
                if member.name == _MANIFEST:
                    if member.size > _MANIFEST_BYTES:
                        raise InputRefused("the backup's manifest is too large", hint=_REFUSED)
                    manifest = file.read()
                else:
                    found[member.name] = _place(file, folder, member.name)
    except (tarfile.TarError, EOFError, ValueError, UnicodeError) as fault:
        raise InputRefused("the file is not a backup, or is cut", hint=_REFUSED) from fault
    if manifest is None:
        raise InputRefused("the file is not a backup, or is cut", hint=_REFUSED)
    _compare(manifest, found)
    for path in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
        sync_folder(path)
    return BackupReport(
        len(found), sum(int(entry["bytes"]) for entry in found.values()), hashlib.sha256(manifest).hexdigest()
    )


_REFUSED = "Take another copy of the backup; nothing was put in place."


def _check_name(name: str) -> None:
    """Only names that a backup can hold: relative, plain parts, at most four deep."""
    parts = PurePosixPath(name).parts
    if "/".join(parts) != name or len(parts) > 4 or not all(_PART.match(part) for part in parts):
        raise InputRefused("the backup holds a name that no backup has", hint=_REFUSED)


def _place(file: IO[bytes], folder: Path, name: str) -> dict[str, int | str]:
    target = folder / name
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, _mode(name))
    except (FileExistsError, NotADirectoryError) as fault:
        raise InputRefused("the backup uses one name for a file and a folder", hint=_REFUSED) from fault
    digest, size = hashlib.sha256(), 0
    with os.fdopen(handle, "wb") as stream:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            stream.write(chunk)
            size += len(chunk)
        stream.flush()
        os.fsync(stream.fileno())
    return {"sha256": digest.hexdigest(), "bytes": size}


def _mode(name: str) -> int:
    return 0o600 if name == "secret.key" else 0o644


def _compare(manifest: bytes, found: dict[str, dict[str, int | str]]) -> None:
    try:
        stated = json.loads(manifest.decode("ascii"))
        files = stated["files"]
        if stated["schema"] != _SCHEMA or not isinstance(files, dict):
            raise ValueError("another schema")
    except (ValueError, KeyError, TypeError) as fault:
        raise InputRefused("the backup's manifest is malformed", hint=_REFUSED) from fault
    hint = "Take another copy of the backup; nothing was put in place."
    for name in sorted(set(files) | set(found)):
        if name not in found:
            raise SnapshotDamaged(f"the backup lacks {_shown(name)}", hint=hint)
        if files.get(name) != found[name]:
            raise SnapshotDamaged(f"{name} in the backup differs from its recorded SHA-256", hint=hint)


def _shown(name: str) -> str:
    return name if all(_PART.match(part) for part in PurePosixPath(name).parts) else "a file that it lists"
