"""Files that are whole or absent: atomic writes, digests, and checks against recorded digests."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Lock as ThreadLock

from linkage.errors import SnapshotDamaged, TryAgain

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_CHUNK = 1 << 20
#: A file that changed this recently may change again within one tick of its file system's clock.
_AT_REST_NS = 2_000_000_000


@contextlib.contextmanager
def room_for(what: str) -> Iterator[None]:
    """Turn a full disk into TryAgain; ``what`` names what was being written, without a path."""
    try:
        yield
    except OSError as fault:
        if fault.errno in _NO_ROOM:
            raise TryAgain(f"no room on the disk while writing {what}") from fault
        raise


def sync_folder(folder: Path) -> None:
    """Make renames inside ``folder`` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Make the bytes of ``path`` survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_atomically(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Put ``data`` at ``path``: a reader sees the old bytes or the new ones, never a part.

    Raises:
        TryAgain: the disk is full; the old file stands and nothing is left over.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with room_for(path.name):
        try:
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(path.parent)


def create_once(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Put ``data`` at ``path`` unless a file is there already; of several writers exactly one wins, whole.

    Raises:
        TryAgain: the disk is full.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with room_for(path.name):
        try:
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            with contextlib.suppress(FileExistsError):  # another process was first: its file stands
                os.link(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(path.parent)


def sha256_of(path: Path) -> str:
    """SHA-256 of the bytes of ``path``, hex."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


class Verifier:
    """Checks files against recorded digests, each once for as long as the file stays the same file.

    A file counts as the same while inode, size, modification and change time are. ``memo`` names a file that carries
    this over to the next process; it only saves time, so a memo that is missing, damaged or cannot be written is no
    fault. ``linkage doctor`` reads every byte again, without it.
    """

    def __init__(self, memo: Path | None = None) -> None:
        self._memo = memo
        self._known: dict[str, list[int | str]] = {}
        self._guard = ThreadLock()
        if memo is not None:
            # A memo only saves time: what cannot be read is verified again.
            with contextlib.suppress(OSError, ValueError):
                kept = json.loads(memo.read_text(encoding="ascii"))
                if isinstance(kept, dict):
                    self._known = {name: entry for name, entry in kept.items() if isinstance(entry, list)}

    def knows(self, path: Path, expected: str) -> bool:
        """Whether ``check`` would answer without reading the file."""
        try:
            return self._known.get(str(path)) == _entry(path.stat(), expected)
        except OSError:
            return False

    def check(self, path: Path, expected: str, name: str) -> None:
        """Raise unless the bytes of ``path`` have the SHA-256 ``expected`` (hex); ``name`` stands in the message.

        Raises:
            SnapshotDamaged: the file is missing, unreadable, or has other bytes.
        """
        try:
            before = path.stat()
            entry = _entry(before, expected)
            if self._known.get(str(path)) == entry:
                return
            found = sha256_of(path)
        except OSError as fault:
            raise SnapshotDamaged(
                f"{name} cannot be read ({errno.errorcode.get(fault.errno or 0, 'OSError')})"
            ) from fault
        if found != expected:
            raise SnapshotDamaged(f"{name} differs from its recorded SHA-256")
        if time.time_ns() - before.st_ctime_ns > _AT_REST_NS:
            with self._guard:
                self._known[str(path)] = entry

    def save(self) -> None:
        """Write the memo, without the files that are gone."""
        if self._memo is None:
            return
        with self._guard:
            kept = {name: entry for name, entry in self._known.items() if Path(name).exists()}
        data = json.dumps(kept, sort_keys=True).encode("ascii")
        # A memo only saves time: a read-only or full disk must not stop a reader.
        with contextlib.suppress(OSError, TryAgain):
            if not self._memo.exists() or self._memo.read_bytes() != data:
                write_atomically(self._memo, data)


def _entry(found: os.stat_result, expected: str) -> list[int | str]:
    """What stays the same while a file stays the same file, and its digest."""
    return [found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns, expected]
