"""What people and runs leave behind: audit entries, run history, and the allow-list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the audit chain. ``digest`` covers every other field, ``previous`` the digest of the line before.

    ``subject`` is an opaque id (refresh, cluster, allow-list entry, …) and ``detail`` holds counts, reasons and ids:
    never the value of an identifier.
    """

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any]
    previous: str
    digest: str


@dataclass(frozen=True, slots=True)
class RunEntry:
    """One ingest or refresh in the run history. ``timings`` are seconds per stage."""

    run_id: int
    verb: str
    status: str
    refresh_id: str | None
    started_at: datetime
    finished_at: datetime
    actor: str
    timings: Mapping[str, float]
    counts: Mapping[str, Any]
    fault: str | None


@dataclass(frozen=True, slots=True)
class AllowEntry:
    """Infrastructure or an organization known to be benign.

    ``kind`` is ``cidr``, ``organization`` or an identifier kind. A network stands as text in ``cidr``; everything
    else is named by its surrogate id in ``identifier``, so that no raw value is kept here.
    """

    entry_id: str
    kind: str
    cidr: str | None
    identifier: int | None
    reason: str
    author: str
    added_at: datetime
    expires_at: datetime | None
    removed_at: datetime | None = None

    def active(self, at: datetime) -> bool:
        """Whether the entry holds at ``at``."""
        return self.removed_at is None and (self.expires_at is None or at < self.expires_at)
