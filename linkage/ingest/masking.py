"""Rows as a preview shows them: enough to see that the mapping fits, not enough to name anybody."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from linkage.ingest.addresses import context
from linkage.model.times import to_text

#: Canonical rows that a preview shows.
PREVIEW_ROWS = 10


def masked(row: dict[str, Any], identifiers: Iterable[str]) -> dict[str, Any]:
    """``row`` without empty columns, with account and ``identifiers`` masked.

    >>> masked({"account_id": "alice@example.com", "ip_address": "192.0.2.7", "model": None}, ["ip_address"])
    {'account_id': 'al…', 'ip_address': '192.0.2.0/24'}
    """
    hidden = {"account_id", *identifiers}
    shown: dict[str, Any] = {}
    for name, value in row.items():
        if value is None:
            continue
        if isinstance(value, datetime):
            value = to_text(value)
        elif name in hidden:
            value = context(value)[0] if name == "ip_address" else _short(str(value))
        shown[name] = value
    return shown


def _short(text: str) -> str:
    return f"{text[:2]}…" if len(text) > 4 else "…"
