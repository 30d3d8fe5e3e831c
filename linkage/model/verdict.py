"""A verdict: what a cluster is, for which reasons, and about which members, frozen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from linkage.errors import UsageError
from linkage.model.times import from_text, to_text


class Verdict(StrEnum):
    """What a cluster is, as people decided."""

    CONFIRMED = "confirmed"
    BENIGN = "benign"
    RESELLER = "reseller"
    COMPROMISED = "compromised"
    INCONCLUSIVE = "inconclusive"


#: Verdicts that cost the accounts something: lifting one is a reinstatement.
AGAINST = frozenset({Verdict.CONFIRMED, Verdict.COMPROMISED})

#: Verdict → codes of the reasons that may carry it.
REASONS: Mapping[Verdict, tuple[str, ...]] = {
    Verdict.CONFIRMED: (
        "shared_payment", "shared_addresses", "shared_templates", "synchronized", "no_private_work",
        "capability_harvest", "canary", "other",
    ),
    Verdict.BENIGN: (
        "company", "classroom", "household", "shared_network", "test_accounts", "other",
    ),
    Verdict.RESELLER: ("resale", "agency", "other"),
    Verdict.COMPROMISED: ("stolen_keys", "stolen_cards", "stolen_sessions", "other"),
    Verdict.INCONCLUSIVE: ("too_little_evidence", "too_recent", "contradictory", "other"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scope:
    """The members that a verdict is about, frozen: those of a cluster at a refresh, but for the excluded.

    ``members_digest`` is the digest of all members' surrogate ids, ``size`` their number; ``excluded``: surrogate ids.
    """

    refresh_id: str
    cluster_id: str
    size: int
    members_digest: str
    excluded: tuple[int, ...] = ()

    @classmethod
    def of(cls, refresh_id: str, cluster_id: str, members: Iterable[int], excluded: Iterable[int] = ()) -> Scope:
        """The scope of these members (surrogate ids).

        Raises:
            UsageError: somebody excluded is no member, or nobody is left.
        """
        inside, out = sorted(set(members)), sorted(set(excluded))
        if not set(out) <= set(inside):
            raise UsageError("an account that is excluded is no member of the cluster")
        if len(out) >= len(inside):
            raise UsageError("nobody is left in the scope")
        return cls(refresh_id, cluster_id, len(inside), digest_of(inside), tuple(out))

    @property
    def digest(self) -> str:
        """What the approval is of: changes with the refresh, any member and any exclusion."""
        return digest_of(self.to_dict())

    @property
    def affected(self) -> int:
        """Members that the verdict is about."""
        return self.size - len(self.excluded)

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "refresh_id": self.refresh_id,
            "cluster_id": self.cluster_id,
            "size": self.size,
            "members_digest": self.members_digest,
            "excluded": list(self.excluded),
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Scope:
        """From what ``to_dict`` gave."""
        return cls(**{**fields, "excluded": tuple(fields["excluded"])})


@dataclass(frozen=True, slots=True)
class Benign:
    """What an approval would put on the allow-list: a network, or an identifier or organization by surrogate id."""

    kind: str
    cidr: str | None = None
    identifier: int | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A verdict with its reasons about a frozen scope, and when it ends; ``allow`` goes onto the allow-list with it."""

    verdict: Verdict
    reasons: tuple[str, ...]
    scope: Scope
    note: str = ""
    expires_at: datetime | None = None
    allow: tuple[Benign, ...] = ()

    def __post_init__(self) -> None:
        known = REASONS[self.verdict]
        if not self.reasons or not set(self.reasons) <= set(known):
            raise UsageError(
                f"the verdict {self.verdict} needs at least one of its reasons", hint=f"They are: {', '.join(known)}."
            )
        if "other" in self.reasons and not self.note.strip():
            raise UsageError("the reason 'other' needs a note that says which")
        if self.allow and self.verdict is not Verdict.BENIGN:
            raise UsageError("only a verdict of benign puts something on the allow-list")

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "verdict": str(self.verdict),
            "reasons": list(self.reasons),
            "scope": self.scope.to_dict(),
            "note": self.note,
            "expires_at": to_text(self.expires_at) if self.expires_at is not None else None,
            "allow": [{"kind": one.kind, "cidr": one.cidr, "identifier": one.identifier} for one in self.allow],
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Proposal:
        """From what ``to_dict`` gave."""
        return cls(
            verdict=Verdict(fields["verdict"]),
            reasons=tuple(fields["reasons"]),
            scope=Scope.from_dict(fields["scope"]),
            note=fields["note"],
            expires_at=from_text(fields["expires_at"]) if fields["expires_at"] is not None else None,
            allow=tuple(Benign(**one) for one in fields["allow"]),
        )


def digest_of(value: Any) -> str:
    """SHA-256 of plain values in one form of JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
