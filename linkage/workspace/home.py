"""What stands behind a workspace: its folder, settings, stores and locks. Every verb is written against this."""

from __future__ import annotations

import contextlib
import copy
import functools
import hashlib
import hmac
import os
import pwd
import threading
import weakref
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from linkage.config import AccessSettings, Neo4jSettings, Settings, load
from linkage.errors import NoSnapshot, NotAllowed, SnapshotDamaged, TryAgain, UnknownRefresh, UsageError
from linkage.model.access import LEAST, Permission, Role
from linkage.model.progress import ProgressSink
from linkage.stores import lock
from linkage.stores.layout import Layout
from linkage.stores.snapshots import Snapshot, Snapshots
from linkage.workspace.access import as_of_now

if TYPE_CHECKING:
    from linkage.leiden import Engine
    from linkage.reading.names import Names
    from linkage.reading.source import Questions
    from linkage.reading.what_if import Ties
    from linkage.stores.cases import Cases
    from linkage.stores.casework import Casework
    from linkage.stores.embedded import EmbeddedGraph
    from linkage.stores.graph import GraphReader
    from linkage.stores.lake import Lake
    from linkage.stores.neo4j.connection import Store
    from linkage.stores.neo4j.publishing import Publisher

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
#: Refreshes whose graph stays open, and clusters whose ties do: what is looked at, and what it is compared with.
_OPEN = 2


class Home:
    """The stores of the workspace at ``path``; ``actor`` is who is written into the audit."""

    def __init__(self, path: Path, actor: str | None) -> None:
        self.layout = Layout(path)
        self.snapshots = Snapshots(path)
        self.actor = actor if actor is not None else _os_user()
        self._opening = threading.Lock()
        self._graphs: dict[str, EmbeddedGraph] = {}
        self._names: dict[tuple[str, tuple[Path, ...]], Names] = {}
        self._ties: dict[tuple[str, str], Ties] = {}

    def acting_as(self, actor: str) -> Home:
        """The same stores, with what they keep open, for another person; a connection to a server is their own."""
        other = copy.copy(self)
        other.actor = actor
        other.__dict__.pop("_server", None)
        return other

    @cached_property
    def settings(self) -> Settings:
        """Settings of ``linkage.toml``, read once."""
        return load(self.layout.settings)

    @cached_property
    def lake(self) -> Lake:
        """The lake."""
        from linkage.stores.lake import Lake

        return Lake(self.layout.lake)

    def snapshot(self, refresh: str | None) -> Snapshot:
        """The snapshot of ``refresh``, or the current one.

        Raises:
            NoSnapshot: nothing was refreshed yet, or the refresh is not kept.
            SnapshotDamaged: a file differs from its digest, and no older snapshot can stand in.
        """
        self.layout.check()
        if refresh is not None:
            return self.snapshots.get(refresh)
        current = self.snapshots.current()
        if current is None:
            raise NoSnapshot("there is no snapshot yet")
        return current

    def chain(self, first: Snapshot, last: Snapshot) -> list[Snapshot]:
        """Snapshots after ``first`` up to ``last``, oldest first, from parent to child.

        Raises:
            UsageError: ``last`` does not descend from ``first``.
            UnknownRefresh: a snapshot between the two is not kept.
        """
        found: list[Snapshot] = []
        step = last
        while step.refresh_id != first.refresh_id:
            found.append(step)
            parent = step.run.parent_refresh_id
            if parent is None:
                raise UsageError(f"refresh {last.refresh_id} does not descend from {first.refresh_id}")
            try:
                step = self.snapshots.get(parent)
            except UnknownRefresh as fault:
                raise UnknownRefresh(f"refresh {parent}, between the two, is no longer kept") from fault
        return found[::-1]

    def identities(self) -> tuple[Path, ...]:
        """Files of the table that maps surrogate ids to values."""
        return self.lake_files("identities")

    def lake_files(self, table: str, first: date | None = None, last: date | None = None) -> tuple[Path, ...]:
        """Files of a table of the lake (of these days, if it is kept by day), verified; none where there are none.

        Raises:
            SnapshotDamaged: a file differs from its recorded digest.
        """
        view = self.lake.view()
        try:
            return view.files(table, first, last)
        except SnapshotDamaged:
            # A purge leaves no file behind for those who read the manifest before it.
            if self.lake.view() is view:
                raise
            return self.lake.view().files(table, first, last)

    @contextlib.contextmanager
    def ask(self, refresh: str | None, tables: Sequence[str]) -> Iterator[Questions]:
        """Open ``tables`` of the snapshot of ``refresh`` for questions."""
        from linkage.reading.source import ask

        snapshot = self.snapshot(refresh)
        with ask(snapshot, self.identities(), self.settings.engine, tables) as questions:
            yield questions

    def values(self, identifiers: Collection[int]) -> dict[int, str]:
        """Raw values behind surrogate ids; purged ones are left out. What leaves this package is masked, or audited."""
        from linkage.reading.source import ask

        with ask(None, self.identities(), self.settings.engine, ()) as questions:
            rows = questions.rows("lookup_values", {"values": [], "ids": sorted(identifiers)})
        return {row["id"]: row["value"] for row in rows}

    def ties(self, refresh: str | None, cluster: str) -> Ties:
        """What holds a cluster together; kept while it is asked about.

        Raises:
            NoSnapshot: nothing was refreshed yet, or the refresh is not kept.
            UsageError: there is no such cluster.
        """
        from linkage.reading.source import evidence_settings
        from linkage.reading.what_if import ties

        snapshot = self.snapshot(refresh)
        with self._opening:
            return _kept(
                self._ties,
                (snapshot.refresh_id, cluster),
                lambda: ties(snapshot, cluster, evidence_settings(snapshot.run)),
            )

    def asked(self, refresh: str | None, question: Callable[[GraphReader, Names], _Value]) -> _Value:
        """What ``question`` finds in the graph of ``refresh``, or of the one that the store serves, and its names.

        Which store that is, the settings say. Both are kept open while they are asked. A server may ask again.

        Raises:
            NoSnapshot: nothing was refreshed yet, or the refresh is not kept.
            StoreUnavailable: the server is gone, or serves another refresh.
        """
        return self.found(refresh, lambda graph: question(graph, self._named(self.snapshot(graph.refresh_id))))

    def found(self, refresh: str | None, question: Callable[[GraphReader], _Value]) -> _Value:
        """As ``asked``, and raising the same, for questions without names, which take a while to be read."""
        if self.settings.store.reader == "neo4j":
            from linkage.stores.neo4j.reader import answer

            with self._opening:
                server = self._server
            return answer(server, self.name, refresh, question)
        from linkage.stores.embedded import EmbeddedGraph

        snapshot = self.snapshot(refresh)
        with self._opening:
            graph = _kept(self._graphs, snapshot.refresh_id, lambda: EmbeddedGraph(snapshot))
        return question(graph)

    def _named(self, snapshot: Snapshot) -> Names:
        """Names of what the graph of ``snapshot`` holds."""
        from linkage.reading.names import Names

        # A purge changes the identities, and with them the names of a snapshot that stays.
        identities = self.identities()
        with self._opening:
            return _kept(self._names, (snapshot.refresh_id, identities), lambda: Names(snapshot, identities))

    @cached_property
    def _server(self) -> Store:
        """The server of the settings, for readers: reached once, and left when this object goes."""
        from linkage.stores.neo4j.connection import access, connect

        held = contextlib.ExitStack()
        weakref.finalize(self, held.close)
        return held.enter_context(connect(access(self.settings.store.neo4j or Neo4jSettings(), os.environ)))

    @property
    def names_store(self) -> bool:
        """Whether the settings or the environment name a graph store."""
        store = self.settings.store
        return store.neo4j is not None or store.reader == "neo4j" or "NEO4J_URI" in os.environ

    @property
    def name(self) -> str:
        """What tells workspaces apart in a shared place: from the key, and says nothing of it.

        Raises:
            ConfigurationError: the key is missing or cut.
        """
        return hmac.new(self.layout.read_key(), b"linkage.workspace", hashlib.sha256).hexdigest()[:16]

    @contextlib.contextmanager
    def publisher(self, progress: ProgressSink | None = None) -> Iterator[Publisher]:
        """The graph store that environment and settings name, reached.

        Raises:
            StoreUnavailable: nobody answers, or the password is wrong.
            ConfigurationError: no password is given, or the driver is not installed.
        """
        from linkage.stores.neo4j.connection import access, connect
        from linkage.stores.neo4j.publishing import Publisher

        settings = self.settings.store.neo4j or Neo4jSettings()
        with connect(access(settings, os.environ)) as store:
            yield Publisher(store, self.name, self.settings.engine, settings.batch_rows, progress)

    @contextlib.contextmanager
    def detecting(self) -> Iterator[Engine]:
        """The engine of the settings that finds communities, for the block; a server is reached when it is asked.

        Raises:
            StoreUnavailable: the server is gone, refuses, or has no Graph Data Science.
            ConfigurationError: no password is given, or the driver is not installed.
        """
        if self.settings.communities.engine == "native":
            from linkage import leiden

            yield leiden.partition
            return
        from linkage.stores.neo4j.connection import access, connect
        from linkage.stores.neo4j.science import Science

        place = access(self.settings.store.neo4j or Neo4jSettings(), os.environ)
        with contextlib.ExitStack() as held:
            reached = functools.cache(lambda: Science(held.enter_context(connect(place))))
            yield lambda *links: reached()(*links)

    # --- writing ------------------------------------------------------------------------------------------------

    def create(self) -> None:
        """Make the workspace where there is none."""
        self.layout.create()
        self.casework_to_write()

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Be the only writer of lake and snapshots.

        Raises:
            TryAgain: another one is at work.
            ConfigurationError: the casework database needs a migration.
        """
        with contextlib.ExitStack() as held:
            try:
                held.enter_context(lock.hold(self.layout.write_lock))
            except lock.Held as fault:
                raise TryAgain(
                    "another writer holds the workspace",
                    hint="Wait until the ingest, refresh or backup that runs is done, and run the same command again.",
                ) from fault
            # What a purge that was killed has begun is ended: nothing is written, or backed up, from before it.
            if (casework := self.casework()) is not None:
                from linkage.stores.purges import Purges
                from linkage.workspace.forgetting import forget

                forget(self.lake, Purges(casework), self.settings.engine, actor=self.actor, now=now())
            yield

    def casework(self) -> Casework | None:
        """The casework database for reading; None where there is none yet.

        Raises:
            ConfigurationError: it is not where the settings say, needs a migration, or was written by a newer linkage.
            StoreUnavailable: its server is gone, or refuses.
        """
        from linkage.workspace.casework_place import to_read

        self.layout.check()
        return to_read(self) if self.layout.exists else None

    def casework_to_write(self) -> Casework:
        """The casework database, made where there is none.

        Raises:
            ConfigurationError: as ``casework``.
            StoreUnavailable: its server is gone, or refuses, or lets nobody write.
        """
        from linkage.workspace.casework_place import to_write

        self.layout.create()
        return to_write(self, now())

    def cases(self) -> Cases | None:
        """The cases for reading; None where there is no casework database yet.

        Raises:
            ConfigurationError: it needs a migration, or was written by a newer linkage.
        """
        from linkage.stores.cases import Cases

        casework = self.casework()
        return Cases(casework) if casework is not None else None

    def cases_to_write(self) -> Cases:
        """The cases, in a casework database that is made where there is none.

        Raises:
            ConfigurationError: it needs a migration, or was written by a newer linkage.
        """
        from linkage.stores.cases import Cases

        return Cases(self.casework_to_write())

    @property
    def access(self) -> AccessSettings:
        """Who may do what, by the roles that ``linkage.toml`` gives now."""
        return as_of_now(self.settings.access, self.layout.settings)

    @property
    def role(self) -> Role:
        """What the actor may do."""
        return self.access.role(self.actor)

    def require(self, what: Permission) -> None:
        """Raise unless the actor's role suffices for ``what``.

        Raises:
            NotAllowed: it does not.
        """
        if not self.role.may(what):
            raise NotAllowed(f"a {self.role} may not {what}: that takes a role of {LEAST[what]}")

    def audit(self, action: str, subject: str, detail: Mapping[str, Any]) -> None:
        """Append to the audit chain."""
        self.casework_to_write().append_audit(
            actor=self.actor, action=action, subject=subject, detail=detail, now=now()
        )

    def audit_reveal(self, reason: str, subject: str, detail: Mapping[str, Any]) -> None:
        """Write down that values are revealed, before they are.

        Raises:
            UsageError: no reason is given.
            NotAllowed: the actor's role does not suffice.
        """
        self.require(Permission.REVEAL)
        if not reason.strip():
            raise UsageError("a reveal needs a reason")
        self.audit("reveal", subject, {"reason": reason, **detail})


def now() -> datetime:
    """The wall clock, UTC."""
    return datetime.now(UTC)


def _kept(cache: dict[_Key, _Value], key: _Key, make: Callable[[], _Value]) -> _Value:
    """The value of ``key``, made where it is not among those that were asked for last."""
    value = cache.pop(key) if key in cache else make()
    cache[key] = value
    while len(cache) > _OPEN:
        del cache[next(iter(cache))]
    return value


def _os_user() -> str:
    """Name of the operating system's user: from the process, not from the environment, which anyone can set."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid:{os.getuid()}"
