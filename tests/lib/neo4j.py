"""A Neo4j server for tests, what a graph in it holds, and a wire that breaks."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from neo4j import GraphDatabase

from linkage.config import EngineSettings
from linkage.errors import ConfigurationError
from linkage.model.progress import ProgressSink
from linkage.stores.neo4j.changes import graph
from linkage.stores.neo4j.connection import Access, Store, connect
from linkage.stores.neo4j.graph import PARTS
from linkage.stores.neo4j.local import LocalServer
from linkage.stores.neo4j.publishing import Publisher
from linkage.stores.snapshots import Snapshot
from tests.conftest import CI

ENGINE = EngineSettings(memory_limit="512MB", threads=1)
WORKSPACE = "0123456789abcdef"

Graph = dict[str, list[tuple[Any, ...]]]


def missing(reason: str) -> None:
    """No server to test with: a failure where CI=true, a skip elsewhere."""
    if CI:
        pytest.fail(f"{reason}; CI needs a Neo4j server")
    pytest.skip(reason)


def local_server(home: Path) -> LocalServer:
    """A server in a folder of its own, not started; without Java or Maven as ``missing`` says."""
    try:
        return LocalServer(home)
    except ConfigurationError as fault:
        missing(f"{fault.message} ({fault.hint})")
        raise


def named_server() -> Access | None:
    """The server that NEO4J_URI names. Tests empty it, so it must be empty to begin with."""
    uri = os.environ.get("NEO4J_URI")
    if not uri:
        return None
    access = Access(uri, os.environ.get("NEO4J_USERNAME", "neo4j"), os.environ.get("NEO4J_PASSWORD", ""))
    with connect(access) as store:
        row = store.ask("look")[0]
    if row["foreign"] or row["workspace"] not in (None, WORKSPACE):
        pytest.fail("NEO4J_URI names a database with content, and these tests would empty it")
    return access


def empty(access: Access) -> None:
    """Remove every node."""
    run(access, "MATCH (n) DETACH DELETE n")


def run(access: Access, query: str, **parameters: Any) -> list[dict[str, Any]]:
    """Rows of any query: a test's own way in, past the code under test."""
    with (
        GraphDatabase.driver(access.uri, auth=(access.username, access.password)) as driver,
        driver.session(database=access.database, notifications_min_severity="OFF") as session,
    ):
        return [record.data() for record in session.run(query, parameters)]


def publisher(store: Store, progress: ProgressSink | None = None, batch_rows: int = 10_000) -> Publisher:
    """A publisher of the tests' workspace."""
    return Publisher(store, WORKSPACE, ENGINE, batch_rows, progress)


@contextlib.contextmanager
def publishing(access: Access, progress: ProgressSink | None = None, batch_rows: int = 10_000) -> Iterator[Publisher]:
    """As ``publisher``, on a connection of its own that gives up soon."""
    with connect(replace(access, timeout_seconds=20.0)) as store:
        yield publisher(store, progress, batch_rows)


def stored(access: Access, generation: int | None = None) -> Graph:
    """Rows of every part that readers get, or that those of ``generation`` got, sorted."""
    with connect(access) as store:
        if generation is None:
            generation = store.ask("look")[0]["generation"]
        return {
            part.name: sorted(map(_plain, store.rows(f"served/{part.name}", generation=generation))) for part in PARTS
        }


def expected(snapshot: Snapshot) -> Graph:
    """Rows of every part as the snapshot has them, sorted."""
    with graph(snapshot, ENGINE) as found:
        return {part.name: sorted(map(_plain, found.export(part).fetchall())) for part in PARTS}


def _plain(row: Any) -> tuple[Any, ...]:
    return tuple(tuple(value) if isinstance(value, list) else "" if value is None else value for value in row)


class Wire:
    """Carries bytes between a driver and a server, until it breaks.

    ``break_after`` cuts every connection once the server has answered so many bytes (``left`` are); ``mend`` lets new
    ones through.
    With ``lasting`` False only the connections are cut, and new ones work at once, as after a hiccup of a network.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.left: int | None = None
        self._lasting = True
        self._lock = threading.Lock()
        self.broken = False
        threading.Thread(target=self._accept, daemon=True).start()

    def access(self, access: Access) -> Access:
        """Through the wire."""
        return replace(access, uri=f"bolt://127.0.0.1:{self._listener.getsockname()[1]}")

    def break_after(self, answered: int, *, lasting: bool) -> None:
        """Cut after so many more bytes of answers."""
        self.left, self._lasting, self.broken = answered, lasting, False

    def mend(self) -> None:
        """Carry everything again."""
        self.left, self.broken = None, False

    def close(self) -> None:
        """End everything."""
        self._listener.close()
        self._cut()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if self.broken and self._lasting:
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self._port))
                self._open += [near, far]
                threading.Thread(target=self._carry, args=(near, far, lambda _size: True), daemon=True).start()
                threading.Thread(target=self._carry, args=(far, near, self._may), daemon=True).start()

    def _may(self, size: int) -> bool:
        with self._lock:
            if self.left is None:
                return True
            self.left -= size
            if self.left >= 0:
                return True
            self.left, self.broken = None, True
        self._cut()
        return False

    def _carry(self, source: socket.socket, target: socket.socket, may: Callable[[int], bool]) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                if not may(len(data)):
                    return
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def _cut(self) -> None:
        for end in self._open:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._open.clear()
