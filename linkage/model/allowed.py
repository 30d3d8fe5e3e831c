"""What a person declared benign, as a refresh needs it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from linkage.model.casework import AllowEntry


@dataclass(frozen=True, slots=True)
class Allowed:
    """Identifiers (surrogate ids) and networks (CIDR) that are no evidence, and organizations that explain a group."""

    identifiers: tuple[int, ...] = ()
    networks: tuple[str, ...] = ()
    organizations: tuple[int, ...] = ()


def allowed(entries: Iterable[AllowEntry], at: datetime) -> Allowed:
    """The entries that hold at ``at``."""
    active = [entry for entry in entries if entry.active(at)]
    organizations = {e.identifier for e in active if e.kind == "organization" and e.identifier is not None}
    identifiers = {e.identifier for e in active if e.kind != "organization" and e.identifier is not None}
    return Allowed(
        identifiers=tuple(sorted(identifiers)),
        networks=tuple(sorted({entry.cidr for entry in active if entry.cidr is not None})),
        organizations=tuple(sorted(organizations)),
    )
