"""What a snapshot says about itself: ``run.json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Basis:
    """The full refresh that a refresh rests on: what was estimated there is taken over as long as it may be.

    ``sightings``: rows of the window's days. ``conditions``: digest of what must be as it was then: method, settings,
    identifier kinds, window, allow-list.
    """

    refresh_id: str
    as_of: datetime
    sightings: int
    conditions: str


@dataclass(frozen=True, slots=True)
class RunRecord:
    """How a snapshot came to be, and the SHA-256 of each of its files.

    Nothing here depends on the clock or the machine: the same input gives the same record. ``settings`` and ``counts``
    hold only what JSON can (text, whole numbers, floats, lists, mappings). The store that writes the snapshot fills
    ``number`` (order of writing, from 1) and ``files``; the workspace fills ``audit_head`` and ``audit_length``, the
    last digest and the length of the audit chain at that moment, so that a chain whose tail was cut is found out.
    ``basis`` names the refresh itself where it is a full one; a snapshot that was written before there were others has
    none.
    """

    refresh_id: str
    parent_refresh_id: str | None
    as_of: datetime
    window: str
    window_first: date
    window_last: date
    settings: Mapping[str, Any]
    settings_digest: str
    input_digest: str
    seed: int
    counts: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    audit_head: str = ""
    audit_length: int = 0
    number: int = 0
    basis: Basis | None = None

    @property
    def full(self) -> bool:
        """Whether everything was estimated anew."""
        return self.basis is None or self.basis.refresh_id == self.refresh_id
