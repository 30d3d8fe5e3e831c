"""Alerts as the schedule and the screen know them: found, kept, sent."""

from __future__ import annotations

import os
from datetime import datetime

from linkage.model.alert import Alert
from linkage.model.notes import Note, NoteSink
from linkage.stores.outbox import Outbox
from linkage.workspace import delivery, watch
from linkage.workspace.home import Home


class Alerting:
    """Finds alerts in the workspace of ``home`` and sends them to the receivers of its settings.

    Raises:
        ConfigurationError: the secret of a receiver is missing or malformed.
    """

    def __init__(self, home: Home, tell: NoteSink) -> None:
        self._home, self._tell = home, tell
        self._settings = home.settings.alerts
        self._receivers = delivery.receivers(self._settings, os.environ)
        self._casework = home.casework_to_write()
        self._outbox = Outbox(self._casework, home.name)

    def look(self, now: datetime) -> None:
        """Keep whatever is worth telling and was not told before."""
        known = self._outbox.keys()
        for alert in watch.conditions(self._home, self._outbox.told_sizes(), now):
            if alert.key not in known:
                self._add(alert)

    def look_at_the_clock(self, now: datetime) -> None:
        """As ``look``, for what time alone brings about: a run that is overdue."""
        for alert in watch.overdue(self._casework.last_tick(), now):
            self._add(alert)

    def deliver(self, now: datetime) -> None:
        """Send what waits."""
        delivery.deliver(self._outbox, self._receivers, self._home.name, self._settings.screen, now, self._tell)

    def _add(self, alert: Alert) -> None:
        if self._outbox.add(alert, [receiver.name for receiver in self._receivers]):
            self._tell(Note("alert", {"kind": str(alert.kind), "subject": alert.subject, **alert.figures}))
