"""The graph store of a workspace: a Neo4j server that gets every refresh, if one is named."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from linkage.model.progress import ProgressSink
from linkage.model.reports import PublishReport, StoreStatus
from linkage.workspace import writing
from linkage.workspace.casebook import Casebook
from linkage.workspace.home import Home


class GraphStore:
    """``publish`` and ``status`` of the server that NEO4J_URI or ``store.neo4j`` of the settings names."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def publish(self, progress: ProgressSink | None = None) -> PublishReport:
        """Bring the current snapshot and the cases into the store; only what changed travels, and readers get it all
        at once.

        Raises:
            StoreUnavailable: the server is gone or refuses, or its database is not this workspace's.
            ConfigurationError: no password is given, or the driver is not installed.
            NoSnapshot: nothing was refreshed yet.
            TryAgain: another publication is at work.
        """
        return writing.publish(self._home, None, progress)

    def fill(self, home: str | os.PathLike[str], progress: ProgressSink | None = None) -> Mapping[str, int]:
        """Put the current snapshot into the new, stopped server of `make neo4j` at ``home``, by bulk import.

        Returns the rows of each part of the graph. Indexes are made by the first publication to the started server.

        Raises:
            UsageError: the server was started before.
            ConfigurationError: Java or Maven are missing.
            StoreUnavailable: the import failed.
            NoSnapshot: nothing was refreshed yet.
        """
        from linkage.stores.neo4j.bulk import fill
        from linkage.stores.neo4j.local import LocalServer

        snapshot, cases = self._home.snapshot(None), Casebook(self._home).list()
        return fill(LocalServer(Path(home)), self._home.name, snapshot, cases, self._home.settings.engine, progress)

    def status(self) -> StoreStatus:
        """Whether readers of the store get the current snapshot and the cases, by name and digest and by counting.

        Raises:
            StoreUnavailable: the server is gone or refuses, or its database is not this workspace's.
            ConfigurationError: no password is given, or the driver is not installed.
            NoSnapshot: nothing was refreshed yet.
        """
        snapshot = self._home.snapshot(None)
        with self._home.publisher() as publisher:
            return publisher.status(snapshot, Casebook(self._home).list())
