"""Alerts in the casework database, each once, and the outbox from which they go to their receivers.

An alert and its deliveries are one transaction: what was found is told, however often the process dies in between.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from linkage.model.alert import Alert, AlertKind, Delivery
from linkage.model.times import from_text, to_text
from linkage.stores.audit_chain import as_json
from linkage.stores.casework import Casework
from linkage.stores.casework_schema import ALERTS, DELIVERIES

_WAITING = DELIVERIES.c.status == "waiting"


class Outbox:
    """The alerts of the workspace that is called ``workspace``."""

    def __init__(self, casework: Casework, workspace: str) -> None:
        self._casework = casework
        self._workspace = workspace

    def add(self, alert: Alert, receivers: Iterable[str]) -> bool:
        """Keep ``alert``, to be delivered to ``receivers``; False, and nothing is done, where it is there already."""
        alert_id = alert.alert_id(self._workspace)
        with self._casework.writing() as connection:
            if connection.scalar(sa.select(ALERTS.c.key).where(ALERTS.c.alert_id == alert_id)) is not None:
                return False
            connection.execute(
                ALERTS.insert().values(
                    alert_id=alert_id,
                    key=alert.key,
                    kind=str(alert.kind),
                    subject=alert.subject,
                    at=to_text(alert.at),
                    figures=as_json(alert.figures),
                )
            )
            for receiver in receivers:
                connection.execute(
                    DELIVERIES.insert().values(
                        alert_id=alert_id, receiver=receiver, attempts=0, next_at=to_text(alert.at), status="waiting"
                    )
                )
        return True

    def keys(self) -> frozenset[str]:
        """Keys of every alert."""
        with self._casework.reading() as connection:
            return frozenset(connection.scalars(sa.select(ALERTS.c.key)))

    def told_sizes(self) -> dict[str, int]:
        """Cluster → the most members that it was told with."""
        kinds = (AlertKind.CLUSTER_NEW, AlertKind.CLUSTER_GROWN)
        told: dict[str, int] = {}
        with self._casework.reading() as connection:
            for row in connection.execute(sa.select(ALERTS).where(ALERTS.c.kind.in_([str(kind) for kind in kinds]))):
                told[row.subject] = max(told.get(row.subject, 0), json.loads(row.figures)["size"])
        return told

    def due(self, receiver: str, now: datetime, longest: timedelta, limit: int) -> list[tuple[Alert, Delivery]]:
        """What is to be sent to ``receiver`` now, oldest first; ``longest`` is how far ahead the next attempt can lie.

        One that lies further ahead was noted when the clock was, and is due.
        """
        query = (
            sa.select(ALERTS, DELIVERIES)
            .join(DELIVERIES, DELIVERIES.c.alert_id == ALERTS.c.alert_id)
            .where(_WAITING, DELIVERIES.c.receiver == receiver)
            .order_by(ALERTS.c.at, ALERTS.c.alert_id)
        )
        with self._casework.reading() as connection:
            found = [(_alert(row), _delivery(row)) for row in connection.execute(query)]
        return [pair for pair in found if not now < (pair[1].next_at or pair[0].at) <= now + longest][:limit]

    def delivered(self, delivery: Delivery, now: datetime) -> None:
        """It arrived."""
        self._end(delivery, now, status="delivered", attempts=delivery.attempts + 1, fault=None)

    def given_up(self, delivery: Delivery, fault: str, now: datetime) -> None:
        """It will not be tried any more."""
        self._end(delivery, now, status="given up", attempts=delivery.attempts + 1, fault=fault)

    def _end(self, delivery: Delivery, now: datetime, **values: Any) -> None:
        with self._casework.writing() as connection:
            connection.execute(
                DELIVERIES.update()
                .where(DELIVERIES.c.alert_id == delivery.alert_id, DELIVERIES.c.receiver == delivery.receiver)
                .values(ended_at=to_text(now), next_at=None, **values)
            )

    def postponed(self, delivery: Delivery, fault: str, until: datetime) -> None:
        """It did not arrive: it, and whatever else waits for that receiver, is tried at ``until``."""
        mine = DELIVERIES.c.alert_id == delivery.alert_id
        with self._casework.writing() as connection:
            waiting = DELIVERIES.update().where(_WAITING, DELIVERIES.c.receiver == delivery.receiver)
            connection.execute(waiting.values(next_at=to_text(until)))
            connection.execute(waiting.where(mine).values(attempts=delivery.attempts + 1, fault=fault))

    def deliveries(self) -> tuple[Delivery, ...]:
        """Every delivery."""
        with self._casework.reading() as connection:
            return tuple(_delivery(row) for row in connection.execute(sa.select(DELIVERIES)))

    def all(self) -> tuple[tuple[Alert, tuple[Delivery, ...]], ...]:
        """Every alert with its deliveries, newest first."""
        by_alert: dict[str, list[Delivery]] = {}
        for delivery in self.deliveries():
            by_alert.setdefault(delivery.alert_id, []).append(delivery)
        with self._casework.reading() as connection:
            rows = connection.execute(sa.select(ALERTS).order_by(ALERTS.c.at.desc(), ALERTS.c.alert_id)).all()
        return tuple((_alert(row), tuple(by_alert.get(row.alert_id, ()))) for row in rows)


def _alert(row: Any) -> Alert:
    return Alert(row.key, AlertKind(row.kind), row.subject, from_text(row.at), json.loads(row.figures))


def _delivery(row: Any) -> Delivery:
    next_at = from_text(row.next_at) if row.next_at is not None else None
    ended_at = from_text(row.ended_at) if row.ended_at is not None else None
    return Delivery(row.alert_id, row.receiver, row.status, row.attempts, next_at, ended_at, row.fault)
