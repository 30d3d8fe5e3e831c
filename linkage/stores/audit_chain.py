"""The audit chain: one line after another, each with the digest of the one before. Within a transaction of casework."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from linkage.model.casework import AuditEntry
from linkage.model.times import from_text, to_text
from linkage.stores.casework_schema import AUDIT

#: What the first entry of the chain names as the digest before it.
GENESIS = "0" * 64
_LAST = sa.select(AUDIT.c.seq, AUDIT.c.digest).order_by(AUDIT.c.seq.desc()).limit(1)


def append(
    connection: sa.Connection, actor: str, action: str, subject: str, detail: Mapping[str, Any], now: datetime
) -> AuditEntry:
    """Append one entry."""
    last = connection.execute(_LAST).first()
    seq, previous = (last.seq + 1, last.digest) if last is not None else (1, GENESIS)
    at, text = to_text(now), as_json(detail)
    digest = _digest(seq, at, actor, action, subject, text, previous)
    connection.execute(
        AUDIT.insert().values(
            seq=seq, at=at, actor=actor, action=action, subject=subject, detail=text, previous=previous, digest=digest
        )
    )
    return AuditEntry(seq, now, actor, action, subject, detail, previous, digest)


def _digest(seq: int, at: str, actor: str, action: str, subject: str, detail: str, previous: str) -> str:
    return hashlib.sha256(as_json([seq, at, actor, action, subject, detail, previous]).encode("ascii")).hexdigest()


def entry_digest(entry: AuditEntry) -> str:
    """What ``entry.digest`` must be: SHA-256 over every other field."""
    detail = as_json(entry.detail)
    return _digest(entry.seq, to_text(entry.at), entry.actor, entry.action, entry.subject, detail, entry.previous)


def entries(connection: sa.Connection) -> tuple[AuditEntry, ...]:
    """The whole chain, oldest first."""
    return tuple(
        AuditEntry(
            row.seq,
            from_text(row.at),
            row.actor,
            row.action,
            row.subject,
            json.loads(row.detail),
            row.previous,
            row.digest,
        )
        for row in connection.execute(sa.select(AUDIT).order_by(AUDIT.c.seq))
    )


def head(connection: sa.Connection) -> tuple[str, int]:
    """(digest of the last entry, number of entries)."""
    last = connection.execute(_LAST).first()
    return (last.digest, last.seq) if last is not None else (GENESIS, 0)


def fault(connection: sa.Connection, witnesses: Mapping[str, tuple[str, int]]) -> str | None:
    """What is wrong with the chain, naming the entry; None when it is whole, and what ``witnesses`` saw is in it."""
    digests = [GENESIS]
    for row in connection.execute(sa.select(AUDIT).order_by(AUDIT.c.seq)):
        expected = len(digests)
        if row.seq != expected:
            return f"entry {expected} is missing"
        if row.previous != digests[-1]:
            return f"entry {expected} does not follow from the one before"
        if row.digest != _digest(row.seq, row.at, row.actor, row.action, row.subject, row.detail, row.previous):
            return f"entry {expected} was changed"
        digests.append(row.digest)
    for name, (seen, length) in sorted(witnesses.items()):
        if length >= len(digests):
            return f"entry {len(digests)} is missing: {name} saw {length} entries"
        if digests[length] != seen:
            return f"entry {length} is not the one that {name} saw"
    return None


def as_json(value: Any) -> str:
    """``value`` in the one form that digests are taken of."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
