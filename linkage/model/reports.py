"""What the workspace's verbs hand back besides tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol


@dataclass(frozen=True, slots=True)
class RefreshReport:
    """How a refresh ended.

    ``status``: ``new`` (a snapshot was written and is current), ``unchanged`` (nothing new: ``refresh_id`` is the
    snapshot that stands) or ``busy`` (another refresh runs; nothing was done).
    """

    status: Literal["new", "unchanged", "busy"]
    refresh_id: str | None
    counts: Mapping[str, Any]
    seconds: float


@dataclass(frozen=True, slots=True)
class Check:
    """One finding of the doctor; ``advice`` says what to do, ``exit_code`` counts when ``status`` is fail."""

    name: str
    status: Literal["ok", "warn", "fail"]
    finding: str
    advice: str = ""
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What a backup holds: number of files, their bytes, and the SHA-256 of the backup's manifest."""

    files: int
    bytes: int
    manifest_digest: str


class Frame(Protocol):
    """What can be had as a pandas frame."""

    def to_frame(self) -> Any:
        """The pandas frame."""


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What the demo did: the population's size, the refresh, its measured quality, and the files that were verified."""

    accounts: int
    events: int
    refresh_id: str
    evaluation: Frame
    files: int
