"""What people and runs leave behind: audit entries, run history, and the allow-list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from linkage.errors import TryAgain


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
    """One ingest, refresh or publication in the run history. ``timings`` are seconds per stage.

    ``trigger`` is what started it: ``person``, ``schedule``, or what LINKAGE_TRIGGER named. ``exit_code`` is that of
    its process, minus the signal where one ended it; None for runs from before it was kept.
    """

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
    trigger: str = "person"
    exit_code: int | None = None

    @property
    def failed(self) -> bool:
        """Whether the run did not end well, a refused file included; one that is to be tried again has not failed."""
        if self.exit_code is None:
            return self.status in ("failed", "refused")
        return self.exit_code not in (0, TryAgain.exit_code)

    @property
    def quarantine_share(self) -> float | None:
        """Share that was set aside of the records that were not known before; None where there were none.

        Files that are offered again do not count, or an inbox that keeps what is in would hide what is new.
        """
        aside = self.counts.get("set_aside", 0)
        new = aside + self.counts.get("accepted", 0)
        return aside / new if new else None


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
