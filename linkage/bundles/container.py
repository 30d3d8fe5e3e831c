"""A bundle as it was received: a folder, or a zip that is read in place. Nothing of it is trusted, or written anywhere.

A zip that lies about its sizes, links, names that lead out of the folder or that collide on another system, and more
or larger files than a bundle has: all of it is refused before the first file is read.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from linkage.errors import BundleMalformed

#: Bounds of what a bundle can hold. The largest that is foreseen has some 60 files and 60 MB.
MOST_FILES, MOST_BYTES, MOST_DEPTH = 500, 1 << 30, 4
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")
_NAME = re.compile(r"LNK-[A-Za-z0-9._-]{1,80}\Z")
_ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
#: Flags of a zip's entry (APPNOTE.TXT 4.4.4): encrypted, in one of two ways, and a patch of another file.
_ENCRYPTED, _PATCHED = 0x1 | 0x40, 0x20
#: Deflate makes at most some 1,032 of 1; tables and text reach 100.
_MOST_RATIO = 200

#: What reading a damaged archive ends in: a flipped bit may ask for another name, method or password.
_DAMAGED = (
    *(OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError),
    *(ValueError, RuntimeError, struct.error),
)


@dataclass(frozen=True, slots=True)
class Received:
    """A bundle's files by path, read when asked for. ``name``: what it calls itself by folder or file name."""

    name: str
    sizes: Mapping[str, int]
    _folder: Path | None
    _archive: zipfile.ZipFile | None
    _prefix: str

    def read(self, path: str) -> bytes:
        """Bytes of the file at ``path``.

        Raises:
            BundleMalformed: the file cannot be read, or is not as long as it was said to be.
        """
        size = self.sizes[path]
        try:
            if self._archive is not None:
                with self._archive.open(self._prefix + path) as stream:
                    data = stream.read(size + 1)
            elif self._folder is not None:
                handle = os.open(self._folder / path, os.O_RDONLY | os.O_NOFOLLOW)
                with os.fdopen(handle, "rb") as file:
                    data = file.read(size + 1)
        except _DAMAGED as fault:
            raise BundleMalformed(f"{path} cannot be read ({type(fault).__name__})") from fault
        if len(data) != size:
            raise BundleMalformed(f"{path} is not as long as it was said to be")
        return data


@contextlib.contextmanager
def received(path: Path) -> Iterator[Received]:
    """The bundle at ``path``, a folder or a zip.

    Raises:
        BundleMalformed: it is neither, or one that no linkage writes.
    """
    if path.is_dir() and not path.is_symlink():
        sizes = dict(_walked(path, ""))
        _check(sizes)
        yield Received(path.resolve().name, sizes, path, None, "")
        return
    if not path.is_file():
        raise BundleMalformed("there is no bundle at that path")
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as fault:
        raise BundleMalformed("that is neither a folder nor a zip") from fault
    with archive:
        prefix, sizes = _zipped(archive, path.stat().st_size)
        _check(sizes)
        yield Received(prefix.rstrip("/"), sizes, None, archive, prefix)


def _walked(folder: Path, above: str) -> Iterator[tuple[str, int]]:
    with os.scandir(folder) as entries:
        for number, entry in enumerate(sorted(entries, key=lambda one: one.name)):
            if number > MOST_FILES or above.count("/") >= MOST_DEPTH:
                raise BundleMalformed("the bundle holds more files than any bundle does")
            status = entry.stat(follow_symlinks=False)
            name = above + entry.name
            if stat.S_ISDIR(status.st_mode):
                yield from _walked(Path(entry.path), name + "/")
            elif stat.S_ISREG(status.st_mode):
                yield name, status.st_size
            else:
                raise BundleMalformed("the bundle holds a link, or something else that is not a plain file")


def _zipped(archive: zipfile.ZipFile, size: int) -> tuple[str, dict[str, int]]:
    entries = archive.infolist()
    if len(entries) > 2 * MOST_FILES:
        raise BundleMalformed("the bundle holds more files than any bundle does")
    tops = {entry.filename.partition("/")[0] for entry in entries}
    if len(tops) != 1 or not _NAME.match(top := tops.pop()):
        raise BundleMalformed("the zip is not of one folder that is called as a bundle is")
    sizes: dict[str, int] = {}
    for entry in entries:
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR) or entry.flag_bits & _ENCRYPTED:
            raise BundleMalformed("the zip holds a link, something encrypted, or something that is no plain file")
        if entry.compress_type not in _ZIP_METHODS or entry.flag_bits & _PATCHED:
            raise BundleMalformed("the zip is compressed in a way that no bundle is")
        if entry.is_dir():
            continue
        if entry.orig_filename != entry.filename or entry.filename in sizes:
            raise BundleMalformed("the zip names a file twice, or with hidden characters")
        if entry.file_size > _MOST_RATIO * entry.compress_size + 4096:
            raise BundleMalformed("the zip says of a file that it unpacks to far more than it can")
        sizes[entry.filename] = entry.file_size
    if sum(entry.compress_size for entry in entries) > size:
        raise BundleMalformed("the zip's files lie over each other")
    prefix = f"{top}/"
    if any(not name.startswith(prefix) for name in sizes):
        raise BundleMalformed("the zip is not of one folder that is called as a bundle is")
    return prefix, {name[len(prefix) :]: size for name, size in sizes.items()}


def _check(sizes: Mapping[str, int]) -> None:
    """Only plain relative names, few and small enough, none of which another system would take for one."""
    if len(sizes) > MOST_FILES or sum(sizes.values()) > MOST_BYTES:
        raise BundleMalformed("the bundle holds more than any bundle does")
    seen: set[str] = set()
    for name in sizes:
        parts = name.split("/")
        if len(parts) > MOST_DEPTH or not all(_PART.match(part) for part in parts):
            raise BundleMalformed("the bundle holds a name that no bundle has")
        folded = unicodedata.normalize("NFKC", name).casefold()
        if folded in seen:
            raise BundleMalformed("the bundle holds two names that are one on other systems")
        seen.add(folded)
