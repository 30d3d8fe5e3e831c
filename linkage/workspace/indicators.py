"""Watch lists: what partners reported, under a key that both hold, as evidence for the next refresh."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linkage.errors import InputRefused, UsageError
from linkage.model.access import Permission
from linkage.model.watch import SOURCE_NAME, ImportReport, Indicator, Watched, WatchList
from linkage.stores.files import create_once
from linkage.workspace.home import Home, now

if TYPE_CHECKING:
    import pyarrow

    from linkage.stores.watch_lists import WatchLists

#: Bytes that an exchange key has at least.
KEY_BYTES = 32


class Indicators:
    """``import_`` the indicators of partners, ``list`` and ``remove`` them, and see what ``matches`` them."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def import_(
        self,
        path: str | os.PathLike[str],
        *,
        source: str | None = None,
        exchange_key: str | os.PathLike[str] | None = None,
        expires: datetime | None = None,
    ) -> ImportReport:
        """Put the indicators of a file, CSV or STIX 2.1, on the watch list of ``source``, for the next refresh.

        ``exchange_key`` names the file with the key that they are under; the workspace keeps it, so that identifiers
        that are seen later match too. It may be left out for a key that the workspace has and the file names, and
        ``source`` for one that has given indicators under this key before. What the source's lists hold already, and
        for as long, is a duplicate: the same file twice changes nothing, and with a later end makes a list that has it.

        Raises:
            NotAllowed: the actor's role does not suffice.
            UsageError: there is no such file, no key or no source is known, or the end is past or without zone.
            InputRefused: the file does not hold together, or is under another key; nothing of it was taken in.
        """
        from linkage.bundles import indicators as reading
        from linkage.bundles.profiles import exchange_id

        self._home.require(Permission.WATCH)
        at = now()
        if expires is not None and (expires.tzinfo is None or expires <= at):
            raise UsageError("the end of a watch list lies ahead, and states Z or an offset")
        if source is not None and not SOURCE_NAME.match(source):
            raise UsageError("a source is called by up to 64 letters, digits, spaces and . _ -")
        given = None if exchange_key is None else read_exchange_key(Path(exchange_key))
        data = _content(Path(path), reading.MOST_BYTES)
        parsed = reading.parse(data)
        key_id = self._key_id(parsed.key_id, None if given is None else exchange_id(given))
        source = source if source is not None else self._source(key_id)
        unique = {(one.kind, one.name): one for one in reversed(parsed.indicators)}
        fresh = [unique[key] for key in sorted(unique)]
        self._home.create()
        if given is not None:
            self._keep(key_id, given)
        lists = self._lists(write=True)
        digest = hashlib.sha256(data).hexdigest()
        made = lists.add(source, key_id, digest, fresh, author=self._home.actor, expires_at=expires, now=at)
        taken = [] if made is None else lists.indicators(made.list_id)
        kinds = self._kinds()
        return ImportReport(
            status="unchanged" if made is None else "imported",
            source=source,
            list_id=None if made is None else made.list_id,
            key_id=key_id,
            read=parsed.read,
            accepted=len(taken),
            duplicate=len(parsed.indicators) - len(taken),
            refused=parsed.refused,
            ignored=parsed.ignored,
            matched=len({entry.name for entry in self._matched([(source, key_id, taken)], kinds)}),
            off=sum(1 for one in taken if one.kind not in kinds),
            ends_at=lists.ends(source, key_id, fresh, now=at),
        )

    def remove(self, name: str) -> tuple[WatchList, ...]:
        """Forget the watch list of this id, or every list of this source; the next refresh goes without.

        Indicators that another list of the source holds stay there. What a later file reported again counted as a
        duplicate unless it came with a later end, and goes with this list: import that file again to keep it.

        Raises:
            UsageError: there is no such list or source.
            NotAllowed: the actor's role does not suffice.
        """
        self._home.require(Permission.WATCH)
        if self._home.casework() is None:
            raise UsageError("no such watch list or source", hint="`linkage indicators list` shows both.")
        return self._lists(write=True).remove(name, actor=self._home.actor, now=now())

    def entries(self) -> tuple[WatchList, ...]:
        """Every list that was not removed, also expired ones, oldest first."""
        return () if self._home.casework() is None else self._lists().all()

    def held(self, entry: WatchList) -> bool:
        """Whether the workspace has the exchange key that the list is under; without it nothing matches."""
        return self._key_path(entry.key_id).is_file()

    def list(self) -> pyarrow.Table:
        """Every list that was not removed, as Arrow, with what the current refresh matched of its source."""
        import pyarrow

        at = now()
        entries = self.entries()
        matched: dict[str, int] = {}
        if entries and self._home.snapshots.current_id() is not None:
            for row in self.matches().to_pylist():
                matched[row["source"]] = matched.get(row["source"], 0) + 1
        text, time = pyarrow.string(), pyarrow.timestamp("us", "UTC")
        schema = pyarrow.schema(
            [
                ("source", text),
                ("list_id", text),
                ("indicators", pyarrow.int64()),
                ("matched", pyarrow.int64()),
                ("key_id", text),
                ("key_held", pyarrow.bool_()),
                ("author", text),
                ("imported_at", time),
                ("expires_at", time),
                ("active", pyarrow.bool_()),
            ]
        )
        rows: list[dict[str, Any]] = [
            {
                "source": entry.source,
                "list_id": entry.list_id,
                "indicators": entry.indicators,
                "matched": matched.get(entry.source, 0),
                "key_id": entry.key_id,
                "key_held": self.held(entry),
                "author": entry.author,
                "imported_at": entry.imported_at,
                "expires_at": entry.expires_at,
                "active": entry.active(at),
            }
            for entry in entries
        ]
        return pyarrow.Table.from_pylist(rows, schema=schema)

    def matches(self, source: str | None = None, *, refresh: str | None = None) -> pyarrow.Table:
        """Identifiers that a refresh found on watch lists, and the accounts on them; values are masked.

        Raises:
            NoSnapshot: nothing was refreshed yet, or the refresh is not kept.
        """
        from linkage.reading import watch

        with self._home.ask(refresh, watch.TABLES) as questions:
            return watch.matches(questions, source)

    def by_cluster(self, refresh: str | None = None) -> dict[str, tuple[str, ...]]:
        """Cluster → the sources on whose watch lists identifiers of its own are: most accounts on them are members.

        Raises:
            NoSnapshot: nothing was refreshed yet, or the refresh is not kept.
        """
        from linkage.reading import watch

        if not self._home.snapshot(refresh).has("watched"):
            return {}
        with self._home.ask(refresh, watch.TABLES) as questions:
            return watch.by_cluster(questions)

    def watched(self, at: datetime) -> tuple[tuple[Watched, ...], tuple[str, ...]]:
        """What a refresh at ``at`` goes by: every identifier of the lake that an active list names.

        And the sources whose lists match nothing, because their exchange key is not in the workspace any more.

        Raises:
            ConfigurationError: the casework database needs a migration.
        """
        entries = [entry for entry in self.entries() if entry.active(at)]
        held = [entry for entry in entries if self.held(entry)]
        lost = tuple(sorted({entry.source for entry in entries if entry not in held}))
        if not held:
            return (), lost
        lists = self._lists()
        found = [(entry.source, entry.key_id, lists.indicators(entry.list_id)) for entry in held]
        return tuple(self._matched(found, self._kinds())), lost

    # --- inside -------------------------------------------------------------------------------------------------

    def _matched(
        self, lists: Sequence[tuple[str, str, Sequence[Indicator]]], kinds: frozenset[str]
    ) -> Iterator[Watched]:
        """Identifiers of the lake on these lists (source, key, indicators), each once a source."""
        from linkage.bundles.profiles import exchange_name

        wanted: dict[str, dict[tuple[str, str], list[tuple[str, Indicator]]]] = {}
        for source, key_id, indicators in lists:
            by_name = wanted.setdefault(key_id, {})
            for one in indicators:
                if one.kind in kinds:
                    by_name.setdefault((one.kind, one.name), []).append((source, one))
        told: set[tuple[int, str]] = set()
        for key_id, by_name in sorted(wanted.items()):
            if not by_name:
                continue
            key = self._key_path(key_id).read_bytes()
            for kind, number, value in self._identities({kind for kind, _ in by_name}):
                for source, one in by_name.get((kind, exchange_name(key, kind, value)), ()):
                    if (number, source) not in told:
                        told.add((number, source))
                        yield Watched(number, kind, source, one.name, one.first_seen, one.last_seen)

    def _identities(self, kinds: set[str]) -> Iterator[tuple[str, int, str]]:
        """Kind, surrogate id and value of the identifiers of these kinds."""
        import pyarrow
        import pyarrow.compute as compute
        import pyarrow.parquet as parquet

        names = pyarrow.array(sorted(kinds))
        for path in self._home.identities():
            for batch in parquet.ParquetFile(path).iter_batches(columns=["kind", "id", "value"]):
                kept = batch.filter(compute.is_in(batch["kind"], names))
                yield from zip(*(kept[name].to_pylist() for name in ("kind", "id", "value")), strict=True)

    def _kinds(self) -> frozenset[str]:
        return frozenset({*self._home.settings.kinds, *self._home.lake.view().long_kinds})

    def _lists(self, *, write: bool = False) -> WatchLists:
        from linkage.stores.watch_lists import WatchLists

        casework = self._home.casework_to_write() if write else self._home.casework()
        if casework is None:
            raise UsageError("there is no watch list yet")
        return WatchLists(casework)

    def _key_id(self, said: str, given: str | None) -> str:
        """Id of the key that a file is under: what it says of itself must be what was named."""
        if given is not None:
            if said not in ("", given):
                raise InputRefused(
                    "the file of indicators was refused whole: it is under another exchange key than the one named",
                    hint="Nothing of it could ever match. Ask its sender which key it is under.",
                )
            return given
        if not said or not self._key_path(said).is_file():
            raise UsageError(
                "the workspace does not hold the exchange key that the file is under"
                if said
                else "the file does not say which exchange key it is under",
                hint="Name the file with the key: --exchange-key FILE.",
            )
        return said

    def _source(self, key_id: str) -> str:
        sources = {entry.source for entry in self.entries() if entry.key_id == key_id}
        if len(sources) != 1:
            raise UsageError("whose indicators these are is not known", hint="Say so: --source NAME.")
        return sources.pop()

    def _key_path(self, key_id: str) -> Path:
        return self._home.layout.exchange_keys / f"{key_id}.key"

    def _keep(self, key_id: str, key: bytes) -> None:
        folder = self._home.layout.exchange_keys
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        create_once(self._key_path(key_id), key, mode=0o600)


def read_exchange_key(path: Path) -> bytes:
    """The key in the file at ``path``.

    Raises:
        UsageError: there is none, or it is too short.
    """
    if not path.is_file():
        raise UsageError("there is no such file with an exchange key")
    key = path.read_bytes()
    if len(key) < KEY_BYTES:
        raise UsageError(f"an exchange key has at least {KEY_BYTES} bytes")
    return key


def _content(path: Path, most: int) -> bytes:
    """Bytes of a file, one more than ``most`` at most.

    Raises:
        UsageError: there is no such file.
        InputRefused: it cannot be read.
    """
    if not path.is_file():
        raise UsageError("there is no such file of indicators")
    try:
        with path.open("rb") as stream:
            return stream.read(most + 1)
    except OSError as fault:
        raise InputRefused(f"the file of indicators cannot be read ({fault.strerror})") from fault
