"""From what a caller names (files, folders, patterns) to the list of files to take, in a fixed order."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from linkage.ingest.manifest import is_aggregates
from linkage.ingest.rules import Refusal
from linkage.stores.layout import Layout

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
    """Files to take, in order, and the names of what was found but not named, and left alone.

    ``aggregates``: folders of events that were aggregated elsewhere.
    """

    candidates: tuple[Candidate, ...]
    ignored: tuple[str, ...]
    aggregates: tuple[Path, ...] = ()


def discover(paths: Iterable[str | Path]) -> Found:
    """Expand ``paths``: a file stands for itself, a folder for what is in it (recursive, sorted), else a pattern.

    Links are followed. Left alone, and listed as ignored, are files of another ending, what is in a workspace, and
    in folders whatever starts with `.` or `_`. A file that is reached in two ways is taken once.
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
    return Found(tuple(search.candidates), tuple(search.ignored), tuple(search.aggregates))


@dataclass(slots=True)
class _Search:
    candidates: list[Candidate] = field(default_factory=list)
    #: Names as keys, in order.
    ignored: dict[str, None] = field(default_factory=dict)
    aggregates: list[Path] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def file(self, path: Path, candidate: Candidate) -> None:
        real = os.path.realpath(path)
        if real not in self.seen:
            self.seen.add(real)
            self.candidates.append(candidate)

    def found(self, path: Path) -> bool:
        """Take or leave a file that was not named; whether it is one to take."""
        candidate = _classify(path)
        if candidate.format is None:
            self.ignored[path.name] = None
            return False
        self.file(path, candidate)
        return True

    def folder(self, folder: Path) -> None:
        paths: list[Path] = []
        entered: set[str] = set()
        before = len(self.aggregates)
        for root, folders, names in os.walk(folder, followlinks=True):
            real = os.path.realpath(root)
            if real in entered or _is_workspace(Path(root)):
                folders.clear()
                if real not in entered:
                    self.ignored[Path(root).name] = None
                continue
            entered.add(real)
            if is_aggregates(Path(root)):
                folders.clear()
                if real not in self.seen:
                    self.seen.add(real)
                    self.aggregates.append(Path(root))
                continue
            folders.sort()
            left = [name for name in (*folders, *names) if name.startswith((".", "_"))]
            self.ignored |= dict.fromkeys(sorted(left))
            folders[:] = [name for name in folders if name not in left]
            paths.extend(Path(root, name) for name in names if name not in left)
        to_take = sum(self.found(path) for path in sorted(paths))
        if not to_take and len(self.aggregates) == before:
            self.candidates.append(Candidate(folder, refusal=Refusal("file.missing", "the folder holds none to take")))

    def pattern(self, pattern: str) -> None:
        taken = False
        matches = [Path(match) for match in sorted(glob.glob(pattern, recursive=True))]
        for match in matches:
            workspace = next((folder for folder in (match, *match.parents) if _is_workspace(folder)), None)
            if workspace is not None:
                self.ignored[workspace.name] = None
            elif not match.is_dir():
                taken |= self.found(match)
            elif "**" not in pattern:
                # `**` names folders besides the files in them: those files are matches themselves.
                self.folder(match)
                taken = True
        if not taken:
            detail = "it matches none to take" if matches else ""
            self.candidates.append(Candidate(Path(pattern), refusal=Refusal("file.missing", detail)))


def _is_workspace(folder: Path) -> bool:
    return Layout(folder).is_workspace


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
