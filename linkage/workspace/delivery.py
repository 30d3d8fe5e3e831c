"""Alerts to their receivers, by signed webhooks after the specification of standardwebhooks.com.

A message is signed with HMAC-SHA256 over its id, the time of the attempt and the body, so that a receiver can tell
who sent it, that it is not an old one, and by the id whether it came before. Until a receiver has answered with 2xx,
it is tried again; one that got a message whose answer was lost gets it a second time, with the same id.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote, urlsplit

from linkage import __version__
from linkage.config import AlertSettings, WebhookSettings
from linkage.errors import ConfigurationError
from linkage.model.alert import Alert, AlertKind
from linkage.model.notes import Note, NoteSink
from linkage.model.times import to_text
from linkage.stores.outbox import Outbox

SCHEMA = "linkage.alert/1"
#: What a secret may begin with, and the bytes that it has at least (both from the specification).
_PREFIX, _SECRET_BYTES = "whsec_", 24
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
#: Messages to one receiver in one round.
_ROUND = 20


@dataclass(frozen=True, slots=True)
class Receiver:
    """Somebody who gets alerts."""

    settings: WebhookSettings
    secret: bytes

    @property
    def name(self) -> str:
        """Its name in settings, logs and metrics; the URL stands in none of the last two."""
        return self.settings.name


class Undelivered(Exception):
    """A receiver did not take a message; the text says why, without what either side said."""


def receivers(settings: AlertSettings, environment: Mapping[str, str]) -> tuple[Receiver, ...]:
    """The receivers of the settings, each with its secret.

    Raises:
        ConfigurationError: a secret is missing or malformed.
    """
    return tuple(Receiver(webhook, _secret(webhook, environment)) for webhook in settings.webhooks)


def _secret(webhook: WebhookSettings, environment: Mapping[str, str]) -> bytes:
    variable = f"LINKAGE_WEBHOOK_SECRET_{webhook.name.upper()}"
    hint = f"Set {variable}, or secret_file of the webhook: `openssl rand -base64 32` makes a secret."
    text = environment.get(variable)
    if text is None and webhook.secret_file is not None:
        try:
            text = Path(webhook.secret_file).read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as fault:
            raise ConfigurationError(f"the secret of webhook {webhook.name} cannot be read", hint=hint) from fault
    if text is None:
        raise ConfigurationError(f"webhook {webhook.name} has no secret", hint=hint)
    try:
        secret = base64.b64decode(text.strip().removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        secret = b""
    if len(secret) < _SECRET_BYTES:
        raise ConfigurationError(
            f"the secret of webhook {webhook.name} is not base64 of {_SECRET_BYTES} bytes or more", hint=hint
        )
    return secret


def body(alert: Alert, alert_id: str, workspace: str, screen: str | None) -> bytes:
    """The message, as JSON; the same for every attempt."""
    message = {
        "schema": SCHEMA,
        "id": alert_id,
        "type": str(alert.kind),
        "timestamp": to_text(alert.at),
        "workspace": workspace,
        "data": {"subject": alert.subject, **alert.figures, "link": _link(alert, screen)},
    }
    return json.dumps(message, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def _link(alert: Alert, screen: str | None) -> str | None:
    if screen is None:
        return None
    if alert.kind in (AlertKind.CLUSTER_NEW, AlertKind.CLUSTER_GROWN):
        return f"{screen.rstrip('/')}/cluster?cluster={quote(alert.subject)}"
    return f"{screen.rstrip('/')}/runs"


def signature(secret: bytes, message_id: str, timestamp: int, content: bytes) -> str:
    """Value of the header webhook-signature."""
    signed = b".".join((message_id.encode("ascii"), str(timestamp).encode("ascii"), content))
    return "v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode("ascii")


def send(receiver: Receiver, message_id: str, content: bytes, now: datetime) -> None:
    """One attempt. Redirects are not followed, and no proxy is asked.

    Raises:
        Undelivered: nobody answered in time, or not with 2xx.
    """
    url = urlsplit(receiver.settings.url)
    timeout, host = receiver.settings.timeout_seconds, url.hostname or ""
    connection = (
        http.client.HTTPSConnection(host, url.port, timeout=timeout, context=ssl.create_default_context())
        if url.scheme == "https"
        else http.client.HTTPConnection(host, url.port, timeout=timeout)
    )
    timestamp = int(now.timestamp())
    headers = {
        "content-type": "application/json",
        "user-agent": f"linkage/{__version__}",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(receiver.secret, message_id, timestamp, content),
    }
    try:
        connection.request("POST", (url.path or "/") + (f"?{url.query}" if url.query else ""), content, headers)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as fault:
        raise Undelivered(type(fault).__name__) from fault
    finally:
        connection.close()
    if not 200 <= status < 300:
        raise Undelivered(f"status {status}")


def deliver(
    outbox: Outbox, to: tuple[Receiver, ...], workspace: str, screen: str | None, now: datetime, tell: NoteSink
) -> None:
    """Send what is due. A receiver that does not answer is left alone for a while, each time for longer."""
    for receiver in to:
        for alert, delivery in outbox.due(receiver.name, now, _LONGEST_PAUSE, _ROUND):
            try:
                send(receiver, delivery.alert_id, body(alert, delivery.alert_id, workspace, screen), now)
            except Undelivered as fault:
                told = {"receiver": receiver.name, "alert": delivery.alert_id, "fault": str(fault)}
                if now >= alert.at + timedelta(hours=receiver.settings.patience_hours):
                    outbox.given_up(delivery, str(fault), now)
                    tell(Note("alert given up", told))
                else:
                    rest = min(_FIRST_PAUSE * (1 << min(delivery.attempts, 20)), _LONGEST_PAUSE)
                    outbox.postponed(delivery, str(fault), now + rest)
                    tell(Note("alert not delivered", {**told, "seconds": rest.total_seconds()}))
                break
            outbox.delivered(delivery, now)
            tell(Note("alert delivered", {"receiver": receiver.name, "alert": delivery.alert_id}))
