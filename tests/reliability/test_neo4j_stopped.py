"""A server that stops, a wire that breaks, a database that may only be read: readers keep the old graph, and the next
publication converges."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from linkage.errors import StoreUnavailable
from linkage.model.progress import Progress
from linkage.stores.neo4j.connection import Access, connect
from linkage.stores.neo4j.local import LocalServer
from linkage.stores.snapshots import Snapshots
from tests.lib import neo4j
from tests.lib.neo4j import FIRST, SECOND, THIRD, everything, publish


@pytest.fixture
def snapshots(tmp_path: Path) -> Snapshots:
    return Snapshots(neo4j.three_refreshes(tmp_path / "world"))


@pytest.fixture
def wire(neo4j_empty: Access) -> Iterator[neo4j.Wire]:
    wire = neo4j.Wire(int(neo4j_empty.place.rpartition(":")[2]))
    yield wire
    wire.close()


def hasty(access: Access) -> Access:
    """Access that does not try for long."""
    return replace(access, timeout_seconds=1.0)


def attempt(access: Access, snapshots: Snapshots, refresh: str) -> bool:
    """Whether the publication came to its end, and not to the one error that it may end with."""
    with contextlib.suppress(StoreUnavailable), connect(access) as store:
        neo4j.publisher(store, batch_rows=20).publish(snapshots.get(refresh), snapshots.get)
        return True
    return False


def answered(access: Access, wire: neo4j.Wire, snapshots: Snapshots) -> int:
    """Bytes that a server answers during an undisturbed publication of the second refresh."""
    neo4j.empty(access)
    publish(access, snapshots, FIRST)
    wire.break_after(1 << 40, lasting=True)
    assert attempt(wire.access(access), snapshots, SECOND)
    return (1 << 40) - wire.left


@pytest.mark.parametrize("lasting", [True, False], ids=["gone", "hiccup"])
@pytest.mark.parametrize("rounds", [3, pytest.param(20, marks=pytest.mark.soak)])
def test_the_wire_breaks_anywhere(
    lasting: bool, rounds: int, neo4j_empty: Access, wire: neo4j.Wire, snapshots: Snapshots
) -> None:
    total = answered(neo4j_empty, wire, snapshots)
    clean = everything(neo4j_empty)
    old, new = (neo4j.expected(snapshots.get(refresh)) for refresh in (FIRST, SECOND))
    chance = random.Random(4)
    stopped = 0
    for _ in range(rounds):
        neo4j.empty(neo4j_empty)
        publish(neo4j_empty, snapshots, FIRST)
        wire.break_after(chance.randrange(total), lasting=lasting)
        finished = attempt(hasty(wire.access(neo4j_empty)), snapshots, SECOND)
        # After the commit that moves the pointer, its answer may be lost: then readers have the new graph, whole.
        assert neo4j.stored(neo4j_empty) in ((new,) if finished else (old, new))
        stopped += not finished
        wire.mend()
        assert attempt(wire.access(neo4j_empty), snapshots, SECOND)
        assert neo4j.stored(neo4j_empty) == new
        assert everything(neo4j_empty) == clean
    assert stopped > rounds // 3 if lasting else stopped < rounds


def _stopped(server: LocalServer, snapshots: Snapshots, batches: list[int]) -> None:
    """Kill the server at each of these batches; check what it serves when it is back, and publish again."""
    access = server.access
    neo4j.empty(access)
    publish(access, snapshots, FIRST)
    served = FIRST
    for number, batch in enumerate(batches):
        wanted = (SECOND, THIRD)[number % 2]
        heard = 0

        def kill(progress: Progress, batch: int = batch) -> None:
            nonlocal heard
            heard += progress.stage == "publishing"
            if progress.stage == "publishing" and heard == batch:
                server.kill()

        with pytest.raises(StoreUnavailable), connect(hasty(access)) as store:
            neo4j.publisher(store, kill, batch_rows=20).publish(snapshots.get(wanted), snapshots.get)
        server.start()
        assert neo4j.stored(access) == neo4j.expected(snapshots.get(served))
        publish(access, snapshots, wanted)
        served = wanted
        assert neo4j.stored(access) == neo4j.expected(snapshots.get(served))
        with neo4j.publishing(access) as publisher:
            assert publisher.status(snapshots.get(served)).in_step


def test_the_server_is_killed_in_the_middle_and_started_again(neo4j_server: LocalServer, snapshots: Snapshots) -> None:
    _stopped(neo4j_server, snapshots, [3])


@pytest.mark.soak
def test_the_server_is_killed_at_twenty_points(neo4j_server: LocalServer, snapshots: Snapshots) -> None:
    chance = random.Random(20)
    _stopped(neo4j_server, snapshots, [chance.randrange(1, 6) for _ in range(20)])


@pytest.mark.soak
def test_a_database_that_may_only_be_read(neo4j_server: LocalServer, snapshots: Snapshots) -> None:
    access = neo4j_server.access
    neo4j.empty(access)
    publish(access, snapshots, FIRST)
    neo4j_server.stop()
    neo4j_server.more = "server.databases.read_only=neo4j"
    neo4j_server.start()
    try:
        with pytest.raises(StoreUnavailable, match="may not be written to") as fault:
            publish(hasty(access), snapshots, SECOND)
        assert fault.value.exit_code == 13
        assert neo4j.stored(access) == neo4j.expected(snapshots.get(FIRST))
    finally:
        neo4j_server.more = ""
        neo4j_server.stop()
        neo4j_server.start()
    publish(access, snapshots, SECOND)
    assert neo4j.stored(access) == neo4j.expected(snapshots.get(SECOND))
