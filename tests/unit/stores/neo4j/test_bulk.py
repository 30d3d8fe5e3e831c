"""The first fill of a stopped server is what a first publication writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from linkage.errors import UsageError
from linkage.stores.neo4j.bulk import fill
from linkage.stores.snapshots import Snapshots
from tests.lib import neo4j, small_world
from tests.lib.neo4j import SECOND, changed, publish, replaced


@pytest.mark.soak
def test_a_filled_server_is_in_step_and_takes_differences(tmp_path: Path) -> None:
    world = tmp_path / "world"
    tables = small_world.build(world).tables
    reasons = [['a "quoted", broken\nline', "", "x;y"] for _ in range(tables["clusters"].num_rows)]
    tables["clusters"] = replaced(tables["clusters"], "top_reasons", reasons)
    small_world.publish(world, SECOND, changed(tables))
    small_world.publish(world, "r-00000000000c", changed(tables, seed=5), SECOND)
    snapshots = Snapshots(world)
    server = neo4j.local_server(tmp_path / "home")
    fill(server, neo4j.WORKSPACE, snapshots.get(SECOND), neo4j.cases(SECOND), neo4j.ENGINE, None)
    server.start()
    try:
        assert neo4j.stored(server.access) == neo4j.expected(snapshots.get(SECOND))
        with neo4j.publishing(server.access) as publisher:
            assert publisher.publish(snapshots.get(SECOND), neo4j.cases(SECOND), snapshots.get).status == "unchanged"
            assert publisher.status(snapshots.get(SECOND), neo4j.cases(SECOND)).in_step
        publish(server.access, snapshots, "r-00000000000c")
        assert neo4j.stored(server.access) == neo4j.expected(snapshots.get("r-00000000000c"))
    finally:
        server.kill()
    with pytest.raises(UsageError, match="started before"):
        fill(server, neo4j.WORKSPACE, snapshots.get(SECOND), neo4j.cases(SECOND), neo4j.ENGINE, None)
