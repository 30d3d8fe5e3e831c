"""Alerts: what is worth telling people who are not looking, and how far it got to them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal


class AlertKind(StrEnum):
    """What an alert is about."""

    CLUSTER_NEW = "cluster_new"
    CLUSTER_GROWN = "cluster_grown"
    RUN_FAILED = "run_failed"
    RUN_OVERDUE = "run_overdue"
    QUARANTINE = "quarantine"
    VOLUME = "volume"
    LATE = "late"
    SNAPSHOT_DAMAGED = "snapshot_damaged"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert. ``key`` names the condition: what has the same key is the same alert, and is told once.

    ``subject`` is an opaque id (cluster, run) or a day, and ``figures`` are counts, shares, codes and times: whatever
    an alert holds may leave the workspace.
    """

    key: str
    kind: AlertKind
    subject: str
    at: datetime
    figures: Mapping[str, Any]

    def alert_id(self, workspace: str) -> str:
        """Its id in the ``workspace`` of that name, the same whenever it is made: receivers tell a repetition by it."""
        return f"al-{hashlib.sha256(f'{workspace}/{self.key}'.encode()).hexdigest()[:20]}"


@dataclass(frozen=True, slots=True)
class Delivery:
    """An alert on its way to one receiver. ``next_at`` is when it is tried next, ``fault`` why it did not arrive."""

    alert_id: str
    receiver: str
    status: Literal["waiting", "delivered", "given up"]
    attempts: int
    next_at: datetime | None
    ended_at: datetime | None
    fault: str | None
