"""``store publish``, ``store status`` and a refresh that publishes by itself, as the command line does them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from linkage import Workspace
from linkage.cli import main
from linkage.stores.neo4j.connection import Access
from linkage.stores.snapshots import Snapshots
from tests.lib import neo4j, pages, refreshed, small_world
from tests.lib.neo4j import SECOND, changed

CANARY = "canary-5c1e90"


@pytest.fixture
def environment(neo4j_empty: Access, monkeypatch: pytest.MonkeyPatch) -> Iterator[Access]:
    """The server as the environment names it; left empty, since its graph is that of a workspace of the test."""
    monkeypatch.setenv("NEO4J_URI", neo4j_empty.uri)
    monkeypatch.setenv("NEO4J_USERNAME", neo4j_empty.username)
    monkeypatch.setenv("NEO4J_PASSWORD", neo4j_empty.password)
    yield neo4j_empty
    neo4j.empty(neo4j_empty)


def run(world: Path, *words: str) -> int:
    return main(["--workspace", str(world), *words])


def stored(world: Path) -> tuple[str, str]:
    """What the doctor says of the graph store."""
    (check,) = (check for check in Workspace(world).doctor() if check.name == "graph store")
    return check.status, check.finding


def test_publish_then_status(environment: Access, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = small_world.build(tmp_path / "world")
    assert stored(world.path) == ("warn", "reached; nothing was published yet")
    assert run(world.path, "store", "publish", "--format", "json") == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["status"], row["refresh_id"], row["account"]) == ("published", world.refresh_id, small_world.N)
    assert run(world.path, "store", "status", "--format", "json") == 0
    said = capsys.readouterr()
    rows = json.loads(said.out)
    assert all(row["agree"] for row in rows)
    assert [row["part"] for row in rows][:3] == ["refresh", "casework", "account"]
    assert "in step" in said.err
    assert stored(world.path) == ("ok", f"serves {world.refresh_id}, generation 1")
    assert run(world.path, "case", "open", small_world.RING) == 0
    assert stored(world.path) == ("warn", f"serves {world.refresh_id}; cases have changed since it was published")
    assert not Workspace(world.path).store.status().in_step
    assert run(world.path, "store", "publish") == 0
    assert stored(world.path) == ("ok", f"serves {world.refresh_id}, generation 2")
    capsys.readouterr()
    small_world.publish(world.path, SECOND, changed(world.tables), world.refresh_id)
    assert stored(world.path) == ("warn", f"reached; serves {world.refresh_id}, which is not current")
    assert run(world.path, "store", "status", "--format", "json") == 0
    said = capsys.readouterr()
    assert not json.loads(said.out)[0]["agree"]
    assert "linkage store publish" in said.err
    assert {entry.verb for entry in Workspace(world.path).history()} >= {"publish"}


def test_a_refresh_publishes_where_the_settings_say_so(
    environment: Access, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "world"
    refreshed.taken_in(folder, "none", settings="[store.neo4j]\n")
    assert run(folder, "refresh", "--window", "all") == 0
    assert "published to the graph store" in capsys.readouterr().err
    snapshot = Snapshots(folder).current()
    assert snapshot is not None
    assert neo4j.stored(environment) == neo4j.expected(snapshot)
    assert Workspace(folder).store.status().in_step


def test_a_refresh_stands_when_the_store_does_not_answer(
    environment: Access, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "world"
    refreshed.taken_in(folder, "none", settings="[store.neo4j]\ntimeout_seconds = 30.0\n")
    monkeypatch.setenv("NEO4J_PASSWORD", CANARY)
    assert run(folder, "refresh", "--window", "all") == 13
    said = capsys.readouterr()
    assert "new" in said.out
    assert "the snapshot is current here" in said.err
    assert "hint: Check NEO4J_USERNAME and NEO4J_PASSWORD" in said.err
    assert CANARY not in said.out + said.err
    assert Snapshots(folder).current() is not None
    failed = Workspace(folder).history()[0]
    assert (failed.verb, failed.status, failed.fault) == ("publish", "failed", "StoreUnavailable")
    kept = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert CANARY.encode() not in kept
    monkeypatch.setenv("NEO4J_PASSWORD", environment.password)
    # Nothing is new, and what did not get there gets there now.
    assert run(folder, "refresh", "--window", "all") == 0
    assert Workspace(folder).store.status().in_step


def test_without_a_password_it_is_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NEO4J_URI", "NEO4J_PASSWORD", "NEO4J_PASSWORD_FILE"):
        monkeypatch.delenv(name, raising=False)
    world = small_world.build(tmp_path / "world")
    assert run(world.path, "store", "publish") == 12
    assert run(tmp_path / "nothing", "store", "publish") == 11


@pytest.mark.parametrize("page", ["README.md", "docs/how-to/neo4j.md"])
def test_the_queries_of_the_pages_run_in_order(page: str, environment: Access, tmp_path: Path) -> None:
    world = small_world.build(tmp_path / "world")
    tables = changed(world.tables) | {"links": world.tables["links"], "accounts": world.tables["accounts"]}
    # Somebody of the office uses what holds the ring together, so that clusters share something.
    row = world.tables["sightings"].to_pylist()[0] | {"account": small_world.ACCOUNT_ID[small_world.OFFICE_ACCOUNTS[0]]}
    tables["sightings"] = pa.concat_tables(
        [world.tables["sightings"], pa.Table.from_pylist([row], world.tables["sightings"].schema)]
    )
    tables["members"] = world.tables["members"]
    small_world.publish(world.path, SECOND, tables, world.refresh_id)
    case = Workspace(world.path, actor="ana").case.propose(small_world.RING, "confirmed", ["shared_payment"])
    Workspace(world.path, actor="ben").case.approve(case.case_id)
    assert run(world.path, "store", "publish") == 0
    queries = [block.text for block in pages.blocks(page) if block.language == "cypher"]
    assert len(queries) >= 5
    for query in queries:
        assert neo4j.run(environment, query), query


def test_the_decision_names_every_label_and_type() -> None:
    page = pages.text("docs/decisions/0009-graph-in-neo4j.md")
    folder = pages.ROOT / "linkage" / "stores" / "neo4j" / "cypher"
    text = "\n".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.cypher"))
    used = set(re.findall(r"[(\[]\w*:([A-Z][A-Za-z_]+)", text))
    assert used >= {"Account", "USED", "Current"}
    assert not {name for name in used if f":{name}" not in page}
