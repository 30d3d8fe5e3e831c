"""A Neo4j server for tests, what a graph in it holds, and a wire that breaks."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from neo4j import GraphDatabase

from linkage.config import EngineSettings
from linkage.errors import ConfigurationError
from linkage.model.case import Case, CaseAct, Verb
from linkage.model.progress import ProgressSink
from linkage.model.verdict import Proposal, Scope, Verdict
from linkage.stores.neo4j.cases import case_rows
from linkage.stores.neo4j.changes import graph
from linkage.stores.neo4j.connection import Access, Store, connect
from linkage.stores.neo4j.graph import PARTS
from linkage.stores.neo4j.local import LocalServer
from linkage.stores.neo4j.publishing import Publisher
from linkage.stores.neo4j.reader import answer
from linkage.stores.snapshots import Snapshot, Snapshots
from tests.conftest import CI
from tests.lib import small_world

ENGINE = EngineSettings(memory_limit="512MB", threads=1)
WORKSPACE = "0123456789abcdef"

FIRST, SECOND, THIRD = (f"r-00000000000{number}" for number in (1, 2, 3))
#: Never published: a case may be about a cluster from before a store was there.
EARLIER = "c-000000000008"
#: What people said, which is in no store.
NOTE = "the cards of ring-01"

Graph = dict[str, list[tuple[Any, ...]]]
Tables = dict[str, pa.Table]


def missing(reason: str) -> None:
    """No server to test with: a failure where CI=true, a skip elsewhere."""
    if CI:
        pytest.fail(f"{reason}; CI needs a Neo4j server")
    pytest.skip(reason)


def local_server(home: Path) -> LocalServer:
    """A server in a folder of its own, not started; without Java or Maven as ``missing`` says."""
    try:
        return LocalServer(home, brief=True)
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


class Asked:
    """The graph of ``refresh_id`` as a GraphReader that asks each question by itself."""

    def __init__(self, store: Store, refresh_id: str) -> None:
        self.refresh_id = refresh_id
        self._store = store

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *arguments, **options: answer(
            self._store, WORKSPACE, self.refresh_id, lambda graph: getattr(graph, name)(*arguments, **options)
        )


def stored(access: Access, generation: int | None = None) -> Graph:
    """Rows of every part that readers get, or that those of ``generation`` got, sorted."""
    with connect(access) as store:
        if generation is None:
            generation = store.ask("look")[0]["generation"]
        return {
            part.name: sorted(map(_plain, store.rows(f"served/{part.name}", generation=generation, **part.parameters)))
            for part in PARTS
        }


def expected(snapshot: Snapshot) -> Graph:
    """Rows of every part as the snapshot and the cases of its time have them, sorted."""
    with graph(snapshot, case_rows(cases(snapshot.refresh_id)), ENGINE) as found:
        return {part.name: sorted(map(_plain, found.export(part).fetchall())) for part in PARTS}


def _plain(row: Any) -> tuple[Any, ...]:
    return tuple(tuple(value) if isinstance(value, list) else "" if value is None else value for value in row)


def cases(refresh: str) -> list[Case]:
    """Cases as they stand after a refresh: every status that shows a verdict, one that hides it, one that is gone."""
    ring, office = (_case(f"k-{name}", name) for name in (small_world.RING, small_world.OFFICE))
    earlier = _case("k-earlier", EARLIER)
    for case in (ring, office):
        case.do(Verb.PROPOSE, "ana", proposal=_proposal(case.cluster).to_dict())
    if refresh == FIRST:
        return [ring.case, office.case]
    ring.do(Verb.APPROVE, "ben", scope_digest=_proposal(ring.cluster).scope.digest, note=NOTE)
    office.do(Verb.FOLLOW, "ana", clusters=sorted([small_world.RING, EARLIER]))
    if refresh == SECOND:
        return [ring.case, office.case, earlier.case]
    if refresh == THIRD:
        ring.do(Verb.REOPEN, "ana", appeal=True, note=NOTE)
        return [ring.case, earlier.case]
    return []


@dataclass
class _Acted:
    """A case, and one act after the other on it."""

    case: Case
    cluster: str

    def do(self, verb: Verb, actor: str, **detail: Any) -> None:
        at = self.case.changed_at + timedelta(hours=1, microseconds=1)
        self.case = self.case.after(CaseAct(self.case.case_id, self.case.revision + 1, verb, actor, at, detail))


def _case(case_id: str, cluster: str) -> _Acted:
    opening = CaseAct(case_id, 1, Verb.OPEN, "ana", small_world.START, {"cluster_id": cluster, "note": NOTE})
    return _Acted(Case.opened(opening), cluster)


def _proposal(cluster: str) -> Proposal:
    ends = small_world.START + timedelta(days=90)
    return Proposal(
        Verdict.CONFIRMED, ("shared_payment", "canary"), Scope.of(FIRST, cluster, range(9), [3]), NOTE, ends
    )


def three_refreshes(path: Path) -> Path:
    """A workspace with three refreshes that differ in every part of the graph; the last is current."""
    tables = small_world.build(path, FIRST).tables
    small_world.publish(path, SECOND, changed(tables), FIRST)
    small_world.publish(path, THIRD, changed(tables, seed=3), SECOND)
    return path


def changed(tables: Tables, seed: int = 2) -> Tables:
    """The same world a little later: some rows are gone, some say something else, one cluster follows from another."""
    chance = random.Random(seed)
    gone = {chance.randrange(1, small_world.N) for _ in range(3)}
    out = dict(tables)
    for name, column in (("accounts", "account"), ("sightings", "account"), ("members", "account")):
        out[name] = out[name].filter(pc.invert(pc.is_in(out[name][column], pa.array(gone, pa.int64()))))
    ends = (pc.is_in(out["links"][end], pa.array(gone, pa.int64())) for end in ("account_a", "account_b"))
    out["links"] = out["links"].filter(pc.invert(pc.or_(*ends)))
    for name, column in (("accounts", "tokens"), ("sightings", "events"), ("clusters", "size")):
        values = [value + (chance.random() < 0.2) for value in out[name][column].to_pylist()]
        out[name] = replaced(out[name], column, values)
    values = [chance.choice([value, value / 2]) for value in out["members"]["membership"].to_pylist()]
    out["members"] = replaced(out["members"], "membership", values)
    degrees = [value + chance.randrange(2) for value in out["identifiers"]["degree"].to_pylist()]
    notes = [chance.choice([None, value]) for value in out["identifiers"]["note"].to_pylist()]
    out["identifiers"] = replaced(replaced(out["identifiers"], "degree", degrees), "note", notes)
    row = {"cluster_id": small_world.RING, "event": "merged", "parent_refresh_id": FIRST}
    followed = [row | {"parent_cluster_id": name, "overlap": 0.25} for name in (small_world.OFFICE, "c-000000000009")]
    out["lineage"] = pa.concat_tables([out["lineage"], pa.Table.from_pylist(followed, out["lineage"].schema)])
    return out


def replaced(table: pa.Table, column: str, values: list[Any]) -> pa.Table:
    """The table with other values in a column."""
    position = table.column_names.index(column)
    return table.set_column(position, table.schema.field(column), pa.array(values, table.schema.field(column).type))


def publish(access: Access, snapshots: Snapshots, refresh: str, **options: Any) -> int:
    """Rows that travelled."""
    with publishing(access, **options) as publisher:
        return publisher.publish(snapshots.get(refresh), cases(refresh), snapshots.get).rows


def everything(access: Access) -> int:
    """Relationships of the graph in the database, whether anybody sees them or not."""
    rows = run(access, "MATCH ()-[r]->() WHERE type(r) <> 'SERVES' RETURN count(r) AS n")
    return int(rows[0]["n"])


class Wire:
    """Carries bytes between a driver and a server, until it breaks.

    ``break_after`` calls ``broke`` and cuts every connection once so many bytes went either way (``left`` are): a
    question still gets through then, an answer does not. ``mend`` lets new connections through.
    With ``lasting`` False only the connections are cut, and new ones work at once, as after a hiccup of a network.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.left: int | None = None
        self.broke: Callable[[], None] = lambda: None
        self._lasting = True
        self._lock = threading.Lock()
        self.broken = False
        threading.Thread(target=self._accept, daemon=True).start()

    def access(self, access: Access) -> Access:
        """Through the wire."""
        return replace(access, uri=f"bolt://127.0.0.1:{self._listener.getsockname()[1]}")

    def break_after(self, carried: int, *, lasting: bool) -> None:
        """Cut after so many more bytes."""
        self.left, self._lasting, self.broken = carried, lasting, False

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
                threading.Thread(target=self._carry, args=(near, far, True), daemon=True).start()
                threading.Thread(target=self._carry, args=(far, near, False), daemon=True).start()

    def _may(self, size: int) -> bool:
        with self._lock:
            if self.left is None:
                return True
            self.left -= size
            if self.left >= 0:
                return True
            self.left, self.broken = None, True
        self.broke()
        self._cut()
        return False

    def _carry(self, source: socket.socket, target: socket.socket, asks: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                if not asks and not self._may(len(data)):
                    return
                target.sendall(data)
                if asks and not self._may(len(data)):
                    return
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def _cut(self) -> None:
        for end in self._open:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._open.clear()
