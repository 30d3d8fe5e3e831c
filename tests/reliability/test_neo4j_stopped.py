"""A server that stops, a wire that breaks, a database that may only be read, a full disk: readers keep the old graph,
and the next publication converges."""

from __future__ import annotations

import contextlib
import random
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from linkage.errors import StoreUnavailable
from linkage.stores.neo4j.connection import Access, connect
from linkage.stores.neo4j.local import LocalServer
from linkage.stores.snapshots import Snapshots
from tests.lib import neo4j
from tests.lib.neo4j import FIRST, SECOND, everything, publish

pytestmark = pytest.mark.long


@pytest.fixture
def snapshots(tmp_path: Path) -> Snapshots:
    return Snapshots(neo4j.three_refreshes(tmp_path / "world"))


@pytest.fixture
def wire(neo4j_empty: Access) -> Iterator[neo4j.Wire]:
    with contextlib.closing(neo4j.Wire(int(neo4j_empty.place.rpartition(":")[2]))) as wire:
        yield wire


@pytest.fixture
def own_wire(neo4j_server: LocalServer) -> Iterator[neo4j.Wire]:
    """To the server that a test may stop, also where NEO4J_URI names another one."""
    with contextlib.closing(neo4j.Wire(int(neo4j_server.access.place.rpartition(":")[2]))) as wire:
        yield wire


def hasty(access: Access) -> Access:
    """Access that does not try for long."""
    return replace(access, timeout_seconds=1.0)


def attempt(access: Access, snapshots: Snapshots, refresh: str) -> bool:
    """Whether the publication came to its end, and not to the one error that it may end with."""
    with contextlib.suppress(StoreUnavailable), connect(access) as store:
        neo4j.publisher(store, batch_rows=20).publish(snapshots.get(refresh), neo4j.cases(refresh), snapshots.get)
        return True
    return False


def carried(access: Access, wire: neo4j.Wire, snapshots: Snapshots) -> int:
    """Bytes that go either way during an undisturbed publication of the second refresh."""
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
    total = carried(neo4j_empty, wire, snapshots)
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


@pytest.mark.parametrize("points", [1, pytest.param(20, marks=pytest.mark.soak)])
def test_the_server_is_killed_anywhere(
    points: int, neo4j_server: LocalServer, own_wire: neo4j.Wire, snapshots: Snapshots
) -> None:
    access, wire = neo4j_server.access, own_wire
    total = carried(access, wire, snapshots)
    clean = everything(access)
    old, new = (neo4j.expected(snapshots.get(refresh)) for refresh in (FIRST, SECOND))
    wire.broke = neo4j_server.kill
    for point in range(points):
        neo4j.empty(access)
        publish(access, snapshots, FIRST)
        wire.break_after(total * (2 * point + 1) // (2 * points), lasting=True)
        finished = attempt(hasty(wire.access(access)), snapshots, SECOND)
        neo4j_server.start()
        assert neo4j.stored(access) in ((new,) if finished else (old, new))
        wire.mend()
        assert attempt(access, snapshots, SECOND)
        assert neo4j.stored(access) == new
        assert everything(access) == clean
        with neo4j.publishing(access) as publisher:
            assert publisher.status(snapshots.get(SECOND), neo4j.cases(SECOND)).in_step


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, so that it can be full."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256m", "tmpfs", folder], check=False)
    if mounted.returncode != 0:
        pytest.skip("a file system may not be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


class Endless:
    """A file that has no end."""

    def read(self, size: int) -> bytes:
        return bytes(size)


@pytest.mark.soak
def test_a_full_disk(small_disk: Path, snapshots: Snapshots) -> None:
    server = neo4j.local_server(small_disk / "home")
    try:
        server.start()
        publish(server.access, snapshots, FIRST)
        rest = small_disk / "rest"
        with rest.open("wb", buffering=0) as stream, pytest.raises(OSError, match="No space left"):
            shutil.copyfileobj(Endless(), stream)
        with pytest.raises(StoreUnavailable, match="cannot write") as fault:
            publish(hasty(server.access), snapshots, SECOND)
        assert "restart" in str(fault.value.hint)
        # The server answers nobody until then.
        rest.unlink()
        server.kill()
        server.start()
        assert neo4j.stored(server.access) == neo4j.expected(snapshots.get(FIRST))
        publish(server.access, snapshots, SECOND)
        assert neo4j.stored(server.access) == neo4j.expected(snapshots.get(SECOND))
    finally:
        server.kill()


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
