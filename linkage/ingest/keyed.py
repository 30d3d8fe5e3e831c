"""Keyed digests: HMAC-SHA256 with the workspace's key, in Python and as two blocks for SQL.

The same construction (RFC 2104) in both: SHA-256 over the outer block and the SHA-256 of inner block and text. The
SQL engine has SHA-256 but no HMAC, so statements receive the two blocks as parameters; the key itself never leaves
this object.
"""

from __future__ import annotations

import hashlib
import hmac

from linkage.ingest.cards import holds_card_number

_BLOCK = 64


class Keyed:
    """Digests under one key (32 random bytes of the workspace)."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        padded = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
        self.inner = bytes(byte ^ 0x36 for byte in padded)
        self.outer = bytes(byte ^ 0x5C for byte in padded)

    def __repr__(self) -> str:
        return "Keyed(…)"

    def digest(self, text: str) -> str:
        """HMAC-SHA256 of ``text`` in UTF-8, hex."""
        return hmac.new(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()

    def record(self, text: str) -> str | None:
        """Digest of a whole record for the quarantine; None where a card number stands in it."""
        return None if holds_card_number(text) else self.digest(text)
