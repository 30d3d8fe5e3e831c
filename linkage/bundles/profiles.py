"""Profiles: who a bundle is for, and what of the records it may hold."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Literal

from linkage.errors import UsageError
from linkage.model.decided import uncased
from linkage.model.watch import unnamed

ProfileName = Literal["internal", "partner", "public"]


@dataclass(frozen=True, slots=True)
class Profile:
    """What a bundle shows.

    ``events``: single exchanges, with raw identifiers. ``records``: rows of accounts, so that the finding can be
    computed again. ``tlp``: its mark in the Traffic Light Protocol. ``tolerance``: how far memberships, scores and bits
    of a re-run may be from those of the refresh, and ``points``: terms and their sum.
    """

    name: ProfileName
    events: bool
    records: bool
    tlp: str
    tolerance: float
    points: float

    def agrees(self, name: str, one: float, other: float) -> bool:
        """Whether two values of the figure ``name`` are the same as far as the profile can tell."""
        return abs(one - other) <= (self.points if name == "abuse_score" else self.tolerance)

    @property
    def mark(self) -> str:
        """Its mark as people write it: TLP 2.0 says CLEAR for what STIX 2.1, which is older, calls white."""
        return "CLEAR" if self.tlp == "white" else self.tlp.upper()


PROFILES = {
    "internal": Profile("internal", events=True, records=True, tlp="red", tolerance=1e-6, points=1e-6),
    # Times are cut to the hour, and with them the age of an account: who was made just within three days of others.
    "partner": Profile("partner", events=False, records=True, tlp="amber", tolerance=0.02, points=0.25),
    "public": Profile("public", events=False, records=False, tlp="white", tolerance=0.0, points=0.0),
}

#: Counts below this are not told in public.
SMALL = 10
_HEX = 20
#: What networks of addresses are called under, as if they were a kind: the /24 or /48 in CIDR is the value.
NETWORK = "prefix"
_BEGINS = {"ip_address": "ip", "payment_instrument": "card", "prompt_template": "template"}


def profile_of(name: str) -> Profile:
    """The profile of that name.

    Raises:
        UsageError: there is none.
    """
    if name not in PROFILES:
        raise UsageError("a profile is internal, partner or public")
    return PROFILES[name]


class Names:
    """What accounts and identifiers are called in a bundle: themselves, or by a keyed hash.

    HMAC-SHA256 (RFC 2104), 80 bits of it, with the kind inside: the same value of two kinds has two names. Without the
    key a name cannot be tried out, as a plain hash of every IPv4 address can within an hour.
    """

    def __init__(self, key: bytes | None) -> None:
        self._key = key

    @property
    def pseudonymous(self) -> bool:
        """Whether names hide values."""
        return self._key is not None

    @property
    def key_id(self) -> str | None:
        """What tells keys apart, and says nothing of them."""
        return None if self._key is None else self._hash("key id", "")[:16]

    def of(self, kind: str, value: str) -> str:
        """Name of the identifier ``value`` of ``kind``; accounts are of kind ``account``."""
        if self._key is None:
            return value
        return f"{self.begins(kind)}-{self._hash(kind, value)}"

    @staticmethod
    def begins(kind: str) -> str:
        """What the names of ``kind`` begin with, up to the last hyphen."""
        return _BEGINS.get(kind, kind)

    def _hash(self, kind: str, value: str) -> str:
        if self._key is None:
            return value
        text = f"linkage.bundle/1\0{kind}\0{value}".encode()
        return hmac.new(self._key, text, hashlib.sha256).hexdigest()[:_HEX]


def exchange_name(key: bytes, kind: str, value: str) -> str:
    """What partners who share ``key`` call an indicator, so that they can match: HMAC-SHA256, hex, whole."""
    return hmac.digest(key, f"linkage.exchange/1\0{kind}\0{value}".encode(), "sha256").hex()


def exchange_id(key: bytes) -> str:
    """What tells exchange keys apart, and says nothing of them."""
    return exchange_name(key, "", "key id")[:16]


def told_outside(sentence: str) -> str:
    """``sentence`` as others are told it: without the names of sources, and without the ids of other cases."""
    return uncased(unnamed(sentence))
