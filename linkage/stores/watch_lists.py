"""Watch lists in the casework database: what others gave, from whom, and until when it counts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from linkage.errors import UsageError
from linkage.model.times import from_text, to_text
from linkage.model.watch import Indicator, WatchList
from linkage.stores import audit_chain
from linkage.stores.audit_chain import as_json
from linkage.stores.casework import Casework
from linkage.stores.casework_schema import WATCH_INDICATORS, WATCH_LISTS


class WatchLists:
    """The watch lists of a casework database; a change and its audit entry are one transaction."""

    def __init__(self, casework: Casework) -> None:
        self._casework = casework

    def add(
        self,
        source: str,
        key_id: str,
        file_digest: str,
        indicators: Sequence[Indicator],
        *,
        author: str,
        expires_at: datetime | None,
        now: datetime,
    ) -> WatchList | None:
        """Keep those ``indicators`` that no list of ``source`` under this key holds for at least as long.

        None where that is none. What another list holds for a shorter time is kept anew: that one ends, and this report
        stays.
        """
        with self._casework.writing() as connection:
            known: set[tuple[str, str]] = set()
            for entry in _lists(connection):
                if entry.source == source and entry.key_id == key_id and entry.outlasts(expires_at, now):
                    known |= {(one.kind, one.name) for one in _indicators(connection, entry.list_id)}
            fresh = [one for one in indicators if (one.kind, one.name) not in known]
            if not fresh:
                return None
            count = int(connection.scalar(sa.select(sa.func.count()).select_from(WATCH_LISTS)) or 0)
            named = hashlib.sha256(as_json([count, source, file_digest, to_text(now)]).encode()).hexdigest()
            made = WatchList(f"w-{named[:12]}", source, key_id, file_digest, len(fresh), author, now, expires_at)
            connection.execute(
                WATCH_LISTS.insert().values(
                    list_id=made.list_id,
                    source=source,
                    key_id=key_id,
                    file_digest=file_digest,
                    indicators=len(fresh),
                    author=author,
                    imported_at=to_text(now),
                    expires_at=_text(expires_at),
                )
            )
            connection.execute(
                WATCH_INDICATORS.insert(),
                [
                    {
                        "list_id": made.list_id,
                        "kind": one.kind,
                        "name": one.name,
                        "first_seen": _text(one.first_seen),
                        "last_seen": _text(one.last_seen),
                    }
                    for one in fresh
                ],
            )
            detail = {"file_digest": file_digest, "indicators": len(fresh), "key_id": key_id, "source": source}
            audit_chain.append(connection, author, "indicators.import", made.list_id, detail, now)
            return made

    def ends(self, source: str, key_id: str, indicators: Sequence[Indicator], *, now: datetime) -> datetime | None:
        """When the first of ``indicators``, which active lists of ``source`` hold, is on none of them any more.

        None where none of them has an end.
        """
        last: dict[tuple[str, str], datetime | None] = {}
        with self._casework.reading() as connection:
            for entry in _lists(connection):
                if entry.source == source and entry.key_id == key_id and entry.active(now):
                    for one in _indicators(connection, entry.list_id):
                        before = last.setdefault((one.kind, one.name), entry.expires_at)
                        if before is not None:
                            end = entry.expires_at
                            last[one.kind, one.name] = None if end is None else max(before, end)
        found = [last.get((one.kind, one.name)) for one in indicators]
        return min((end for end in found if end is not None), default=None)

    def remove(self, name: str, *, actor: str, now: datetime) -> tuple[WatchList, ...]:
        """Forget the indicators of the list of this id, or of every list of this source; that they were there stays.

        An indicator that is on another list of the source as well stays on that one.

        Raises:
            UsageError: there is no such list or source.
        """
        with self._casework.writing() as connection:
            gone = tuple(entry for entry in _lists(connection) if name in (entry.list_id, entry.source))
            if not gone:
                raise UsageError("no such watch list or source", hint="`linkage indicators list` shows both.")
            for entry in gone:
                connection.execute(WATCH_INDICATORS.delete().where(WATCH_INDICATORS.c.list_id == entry.list_id))
                connection.execute(
                    WATCH_LISTS.update().where(WATCH_LISTS.c.list_id == entry.list_id).values(removed_at=to_text(now))
                )
                detail = {"indicators": entry.indicators, "source": entry.source}
                audit_chain.append(connection, actor, "indicators.remove", entry.list_id, detail, now)
            return gone

    def all(self) -> tuple[WatchList, ...]:
        """Every list that was not removed, also expired ones, in the order in which they came."""
        with self._casework.reading() as connection:
            return tuple(_lists(connection))

    def indicators(self, list_id: str) -> tuple[Indicator, ...]:
        """The indicators of a list, in a fixed order."""
        with self._casework.reading() as connection:
            return tuple(_indicators(connection, list_id))


def _lists(connection: sa.Connection) -> Iterator[WatchList]:
    rows = connection.execute(
        sa.select(WATCH_LISTS)
        .where(WATCH_LISTS.c.removed_at.is_(None))
        .order_by(WATCH_LISTS.c.imported_at, WATCH_LISTS.c.list_id)
    ).all()
    for row in rows:
        yield WatchList(
            row.list_id,
            row.source,
            row.key_id,
            row.file_digest,
            row.indicators,
            row.author,
            from_text(row.imported_at),
            _time(row.expires_at),
        )


def _indicators(connection: sa.Connection, list_id: str) -> Iterator[Indicator]:
    rows: Any = connection.execute(
        sa.select(WATCH_INDICATORS)
        .where(WATCH_INDICATORS.c.list_id == list_id)
        .order_by(WATCH_INDICATORS.c.kind, WATCH_INDICATORS.c.name)
    )
    for row in rows:
        yield Indicator(row.kind, row.name, _time(row.first_seen), _time(row.last_seen))


def _text(value: datetime | None) -> str | None:
    return None if value is None else to_text(value)


def _time(value: str | None) -> datetime | None:
    return None if value is None else from_text(value)
