"""What an ingest did, file by file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file. ``read = accepted + duplicate + quarantined`` unless it was refused.

    ``read`` is a count that is independent of the reader. ``retracted``: rows that were accepted earlier, from any
    file, and that rows of this file have shown to conflict. ``rules``: how many rows each rule set aside.
    ``refused`` names the rule by which the whole file was refused, ``reason`` says it in a sentence. ``path`` is how
    the file was reached; it is for the caller, and on record nowhere.
    """

    file_name: str
    format: str | None
    read: int = 0
    accepted: int = 0
    duplicate: int = 0
    quarantined: int = 0
    retracted: int = 0
    rules: dict[str, int] = field(default_factory=dict)
    dropped_columns: tuple[str, ...] = ()
    absent_columns: tuple[str, ...] = ()
    refused: str | None = None
    reason: str | None = None
    path: str = ""


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What an ingest did, or with ``preview`` would do. ``rows`` are the first canonical rows of a preview, masked.

    ``ignored`` names what was found in folders or by patterns and left alone. ``version`` is the lake's version
    afterwards; the same as before when nothing changed.
    """

    files: tuple[FileReport, ...]
    context: tuple[FileReport, ...] = ()
    ignored: tuple[str, ...] = ()
    rows: tuple[dict[str, Any], ...] = ()
    preview: bool = False
    version: int = 0

    @property
    def refused(self) -> bool:
        """Whether any file was refused; the others are in."""
        return any(report.refused for report in (*self.files, *self.context))

    @property
    def read(self) -> int:
        """Records of all event files that were not refused."""
        return self._total("read")

    @property
    def accepted(self) -> int:
        """Rows accepted."""
        return self._total("accepted")

    @property
    def duplicate(self) -> int:
        """Rows that were in already."""
        return self._total("duplicate")

    @property
    def quarantined(self) -> int:
        """Rows set aside."""
        return self._total("quarantined")

    @property
    def retracted(self) -> int:
        """Rows accepted earlier that turned out to conflict."""
        return self._total("retracted")

    @property
    def dropped_columns(self) -> tuple[str, ...]:
        """Source columns that no file's mapping uses, over all files."""
        return tuple(sorted({name for report in self.files for name in report.dropped_columns}))

    def _total(self, name: str) -> int:
        return sum(getattr(report, name) for report in self.files if not report.refused)
