"""The chain of custody: the audit chain up to the refresh that the finding is from, or to the last act of its case.

Every entry's digest covers the digest before it, so none can be taken out. Entries that took in records, computed the
finding or are of its case are told whole, in a bundle that stays in the house; of all others only what links them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from linkage.bundles.profiles import Profile
from linkage.bundles.writing import canonical
from linkage.model.case import Case
from linkage.model.casework import AuditEntry
from linkage.model.times import from_text
from linkage.stores.audit_chain import GENESIS, entry_digest

#: What brings records in and computes from them.
_TOLD = ("ingest", "refresh")


def chain(entries: Sequence[AuditEntry], refresh_id: str, case: Case | None, profile: Profile) -> bytes:
    """chain.jsonl: the entries up to the last one that is about the refresh or the case."""
    own = {entry.seq for entry in entries if case is not None and _is_act(entry, case)}
    computed = (entry.seq for entry in entries if entry.action == "refresh" and entry.subject == refresh_id)
    last = max(own | {next(computed, len(entries))})
    lines = []
    for entry in entries[:last]:
        line: dict[str, Any] = {"seq": entry.seq, "previous": entry.previous, "digest": entry.digest}
        if entry.action in _TOLD or entry.seq in own:
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


def _is_act(entry: AuditEntry, case: Case) -> bool:
    """Whether the entry is of an act that the case, as it was read, consists of."""
    of_case = entry.action.startswith("case.") and entry.subject == case.case_id
    return of_case and entry.detail["revision"] <= case.revision
