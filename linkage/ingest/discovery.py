"""From what a caller names (files, folders, patterns) to the list of files to take, in a fixed order."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from linkage.ingest.rules import Refusal

Format = Literal["parquet", "csv", "jsonl"]
Compression = Literal["gzip", "zstd"]

_FORMATS: dict[str, Format] = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
}
_COMPRESSIONS: dict[str, Compression] = {".gz": "gzip", ".gzip": "gzip", ".zst": "zstd", ".zstd": "zstd"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that was named or found. ``refusal`` says why it cannot even be tried."""

    path: Path
    format: Format | None = None
    compression: Compression | None = None
    refusal: Refusal | None = None

    @property
    def name(self) -> str:
        """Base name, for reports."""
        return self.path.name or "."


@dataclass(frozen=True, slots=True)
class Found:
    """Files to take, in order, and the names of files in folders that were left alone because of their ending."""

    candidates: tuple[Candidate, ...]
    ignored: tuple[str, ...]


def discover(paths: Iterable[str | Path]) -> Found:
    """Expand ``paths``: a file stands for itself, a folder for what is in it (recursive, sorted), else a pattern.

    In folders and patterns, names that start with `.` or `_` are skipped, and files of another ending are listed as
    ignored. A file that is reached in two ways is taken once.
    """
    search = _Search()
    for given in paths:
        path = Path(given)
        if path.is_dir():
            search.folder(path)
        elif path.exists():
            search.file(path, _classify(path))
        else:
            search.pattern(str(given))
    return Found(tuple(search.candidates), tuple(search.ignored))


@dataclass(slots=True)
class _Search:
    candidates: list[Candidate] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def file(self, path: Path, candidate: Candidate) -> None:
        real = os.path.realpath(path)
        if real not in self.seen:
            self.seen.add(real)
            self.candidates.append(candidate)

    def found(self, path: Path) -> None:
        candidate = _classify(path)
        if candidate.format is None:
            self.ignored.append(path.name)
        else:
            self.file(path, candidate)

    def folder(self, folder: Path) -> None:
        known = len(self.seen)
        paths: list[Path] = []
        for root, folders, names in os.walk(folder):
            folders[:] = [name for name in folders if not name.startswith((".", "_"))]
            paths.extend(Path(root, name) for name in names if not name.startswith((".", "_")))
        for path in sorted(paths):
            self.found(path)
        if len(self.seen) == known and not any(_classify(path).format for path in paths):
            self.candidates.append(Candidate(folder, refusal=Refusal("file.missing", "the folder holds none to take")))

    def pattern(self, pattern: str) -> None:
        matches = [Path(match) for match in sorted(glob.glob(pattern, recursive=True))]
        if not matches:
            self.candidates.append(Candidate(Path(pattern), refusal=Refusal("file.missing")))
        for match in matches:
            if match.is_dir():
                # `**` names folders besides the files in them: those files are matches themselves.
                if "**" not in pattern:
                    self.folder(match)
            else:
                self.found(match)


def _classify(path: Path) -> Candidate:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    compression = _COMPRESSIONS.get(suffixes[-1]) if suffixes else None
    if compression is not None:
        suffixes.pop()
    format_ = _FORMATS.get(suffixes[-1]) if suffixes else None
    if format_ is None:
        return Candidate(path, refusal=Refusal("file.unknown_format"))
    if not path.is_file():
        return Candidate(path, format_, compression, Refusal("file.unreadable", "it is not a regular file"))
    return Candidate(path, format_, compression)
