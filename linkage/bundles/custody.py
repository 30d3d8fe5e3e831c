"""The chain of custody: the audit chain up to the refresh that the finding is from.

Every entry's digest covers the digest before it, so none can be taken out. Entries that took in records or computed the
finding are told whole, in a bundle that stays in the house; of all others only what links them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from linkage.bundles.profiles import Profile
from linkage.bundles.writing import canonical
from linkage.model.casework import AuditEntry
from linkage.model.times import from_text
from linkage.stores.audit_chain import GENESIS, entry_digest

#: What brings records in and computes from them.
_TOLD = ("ingest", "refresh")


def chain(entries: Sequence[AuditEntry], refresh_id: str, profile: Profile) -> bytes:
    """chain.jsonl: the entries up to the one that says that the refresh was computed."""
    lines = []
    for entry in _until(entries, refresh_id):
        line: dict[str, Any] = {"seq": entry.seq, "previous": entry.previous, "digest": entry.digest}
        if entry.action in _TOLD:
            line["action"] = entry.action
            if profile.events:
                line |= {"at": entry.at, "actor": entry.actor, "subject": entry.subject, "detail": entry.detail}
        lines.append(canonical(line) + b"\n")
    return b"".join(lines)


def broken(data: bytes) -> str | None:
    """What is wrong with a chain.jsonl; None when nothing is."""
    previous = GENESIS
    for number, line in enumerate(data.decode().splitlines(), start=1):
        entry = json.loads(line)
        if entry["seq"] != number or entry["previous"] != previous:
            return f"entry {number} does not follow from the one before"
        previous = entry["digest"]
        if "detail" in entry and previous != entry_digest(
            AuditEntry(
                entry["seq"],
                from_text(entry["at"]),
                entry["actor"],
                entry["action"],
                entry["subject"],
                entry["detail"],
                entry["previous"],
                entry["digest"],
            )
        ):
            return f"entry {number} differs from its digest"
    return None


def _until(entries: Sequence[AuditEntry], refresh_id: str) -> Iterator[AuditEntry]:
    for entry in entries:
        yield entry
        if entry.action == "refresh" and entry.subject == refresh_id:
            return
