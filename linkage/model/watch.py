"""Watch lists: indicators that others gave us, as they are kept, and as a refresh goes by them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

#: What a source may be called: it stands in reasons, reports and audit entries.
SOURCE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}[A-Za-z0-9._-]?\Z")

#: Whose lists a sentence names: names hold no comma or semicolon.
_SOURCES = re.compile(r"on the watch lists? of [A-Za-z0-9 ._,-]+?(?=;|, and shared|\Z)")


@dataclass(frozen=True, slots=True)
class Indicator:
    """An identifier that a source names: its kind, and HMAC-SHA256 of kind and value under the exchange key (hex).

    ``first_seen``, ``last_seen``: when the source saw it used, UTC, where it says.
    """

    kind: str
    name: str
    first_seen: datetime | None = None
    last_seen: datetime | None = None


@dataclass(frozen=True, slots=True)
class WatchList:
    """What one file brought in. ``key_id`` tells exchange keys apart; ``indicators`` are those that were new."""

    list_id: str
    source: str
    key_id: str
    file_digest: str
    indicators: int
    author: str
    imported_at: datetime
    expires_at: datetime | None = None

    def active(self, at: datetime) -> bool:
        """Whether the list holds at ``at``."""
        return self.expires_at is None or at < self.expires_at

    def outlasts(self, end: datetime | None, at: datetime) -> bool:
        """Whether the list holds at ``at``, and ends no earlier than ``end`` (None: never)."""
        return self.active(at) and (self.expires_at is None or (end is not None and self.expires_at >= end))


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of the records of a file: ``read`` = ``accepted`` + ``duplicate`` + those of ``refused``, exactly.

    ``refused``: (record number from 1, rule, reason). ``ignored``: objects or columns that hold no indicator, by what
    they are. ``matched``: accepted ones that the workspace has seen an identifier of already; ``off``: accepted ones
    of kinds that are off here, which match nothing until they are on. ``ends_at``: until when the source's lists hold
    all of the file; None: without end.
    """

    status: Literal["imported", "unchanged"]
    source: str
    list_id: str | None
    key_id: str
    read: int
    accepted: int
    duplicate: int
    refused: tuple[tuple[int, str, str], ...]
    ignored: tuple[tuple[str, int], ...]
    matched: int
    off: int
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Watched:
    """An identifier of the workspace (surrogate id) that is on the watch list of ``source``."""

    identifier: int
    kind: str
    source: str
    name: str
    first_seen: datetime | None
    last_seen: datetime | None


def watched_digest(watched: Iterable[Watched]) -> str:
    """Digest, hex, of what is watched, whatever surrogate ids it has; empty where nothing is."""
    rows = sorted(
        [entry.source, entry.kind, entry.name, *(str(seen or "") for seen in (entry.first_seen, entry.last_seen))]
        for entry in watched
    )
    return hashlib.sha256(json.dumps(rows).encode("ascii")).hexdigest() if rows else ""


def sources_of(watched: Iterable[Watched]) -> dict[int, list[str]]:
    """Surrogate id of an identifier → whose watch lists it is on."""
    found: dict[int, list[str]] = {}
    for entry in watched:
        found.setdefault(entry.identifier, []).append(entry.source)
    return found


def unnamed(sentence: str) -> str:
    """``sentence`` without the names of sources, which others are not told."""
    return _SOURCES.sub("on the watch list of others", sentence)


def on_lists_of(sources: Collection[str]) -> str:
    """Whose watch lists something is on, in words; the part of a sentence that names them."""
    *first, last = sorted(sources)
    return f"on the watch list{'s' if first else ''} of {', '.join(first) + ' and ' if first else ''}{last}"
