"""A snapshot in a real server: the same rows, all at once, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from linkage.errors import StoreUnavailable, TryAgain, UnknownRefresh
from linkage.model.progress import Progress
from linkage.stores.neo4j.connection import Access, connect
from linkage.stores.snapshots import Snapshot, Snapshots
from tests.lib import neo4j, small_world
from tests.lib.neo4j import FIRST, SECOND, THIRD, everything, publish, replaced

pytestmark = pytest.mark.long


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """A workspace with three refreshes that differ in every part of the graph."""
    return neo4j.three_refreshes(tmp_path / "world")


class Interrupted(Exception):
    """A publication that was stopped where a test wanted it."""


def stop_at(batch: int) -> Callable[[Progress], None]:
    """A sink that ends the publication after so many batches."""
    heard = 0

    def sink(progress: Progress) -> None:
        nonlocal heard
        heard += progress.stage == "publishing"
        if heard == batch and progress.stage == "publishing":
            raise Interrupted

    return sink


def test_a_snapshot_reads_back_as_it_is(neo4j_empty: Access, world: Path) -> None:
    snapshots = Snapshots(world)
    rows = publish(neo4j_empty, snapshots, SECOND)
    stored = neo4j.stored(neo4j_empty)
    assert stored == neo4j.expected(snapshots.get(SECOND))
    assert rows == sum(map(len, stored.values()))
    assert all(stored.values())


def test_labels_types_and_times_are_those_of_the_model(neo4j_empty: Access, world: Path) -> None:
    publish(neo4j_empty, Snapshots(world), FIRST)
    labels = neo4j.run(neo4j_empty, "MATCH (i:Identifier) RETURN DISTINCT i.kind AS kind, labels(i) AS labels")
    assert {row["kind"]: sorted(row["labels"]) for row in labels} == {
        "ip_address": ["Identifier", "IpAddress"],
        "payment_instrument": ["Identifier", "PaymentInstrument"],
        "prompt_template": ["Identifier", "PromptTemplate"],
    }
    (row,) = neo4j.run(
        neo4j_empty,
        "MATCH (:Account {account: 1})-[u:USED]->(i:PromptTemplate) "
        "RETURN u.last_seen AS last, u.count AS count, i.degree AS degree",
    )
    assert row["last"].to_native() == small_world.START + small_world.timedelta(days=small_world.DAYS)
    assert (row["count"], row["degree"]) == (100, 12)


def test_only_what_changed_travels_and_the_old_generation_stays_whole(neo4j_empty: Access, world: Path) -> None:
    snapshots = Snapshots(world)
    old, new = (neo4j.expected(snapshots.get(refresh)) for refresh in (FIRST, SECOND))
    publish(neo4j_empty, snapshots, FIRST)
    rows = publish(neo4j_empty, snapshots, SECOND)
    assert 0 < rows < sum(map(len, new.values())) / 2
    assert neo4j.stored(neo4j_empty) == new
    assert neo4j.stored(neo4j_empty, generation=1) == old
    publish(neo4j_empty, snapshots, THIRD)
    assert neo4j.stored(neo4j_empty) == neo4j.expected(snapshots.get(THIRD))
    # What the first generation showed is collected by now; what the second showed is not.
    assert neo4j.stored(neo4j_empty, generation=2) == new
    assert publish(neo4j_empty, snapshots, THIRD) == 0


def test_readers_see_the_old_graph_until_the_new_one_is_complete(neo4j_empty: Access, world: Path) -> None:
    snapshots = Snapshots(world)
    publish(neo4j_empty, snapshots, FIRST)
    old, seen = neo4j.expected(snapshots.get(FIRST)), 0

    def look(progress: Progress) -> None:
        nonlocal seen
        if progress.stage == "publishing":
            assert neo4j.stored(neo4j_empty) == old
            seen += 1

    publish(neo4j_empty, snapshots, SECOND, progress=look, batch_rows=20)
    assert seen >= 5
    assert neo4j.stored(neo4j_empty) == neo4j.expected(snapshots.get(SECOND))


def test_an_interrupted_publication_goes_on_where_it_stopped(neo4j_empty: Access, world: Path) -> None:
    snapshots = Snapshots(world)
    heard: list[int] = []
    publish(neo4j_empty, snapshots, FIRST, progress=lambda step: heard.append(step.done), batch_rows=40)
    whole = everything(neo4j_empty)
    batches = len([done for done in heard if done])
    neo4j.empty(neo4j_empty)
    for batch in range(1, batches + 1):
        # Each attempt gets one batch further than the one before, and is stopped there.
        with pytest.raises(Interrupted):
            publish(neo4j_empty, snapshots, FIRST, progress=stop_at(1), batch_rows=40)
        (row,) = neo4j.run(neo4j_empty, "MATCH (c:Current) RETURN c.generation AS generation, c.row AS row")
        assert row == {"generation": 0, "row": [done for done in heard if done][batch - 1]}
    publish(neo4j_empty, snapshots, FIRST)
    assert neo4j.stored(neo4j_empty) == neo4j.expected(snapshots.get(FIRST))
    assert everything(neo4j_empty) == whole


def test_nothing_is_left_of_an_abandoned_publication(neo4j_empty: Access, world: Path) -> None:
    snapshots = Snapshots(world)
    publish(neo4j_empty, snapshots, FIRST)
    publish(neo4j_empty, snapshots, THIRD)
    clean = everything(neo4j_empty)
    for batch in (1, 3, 5):
        neo4j.empty(neo4j_empty)
        publish(neo4j_empty, snapshots, FIRST)
        with pytest.raises(Interrupted):
            publish(neo4j_empty, snapshots, SECOND, progress=stop_at(batch), batch_rows=20)
        assert neo4j.stored(neo4j_empty) == neo4j.expected(snapshots.get(FIRST))
        publish(neo4j_empty, snapshots, THIRD)
        assert neo4j.stored(neo4j_empty) == neo4j.expected(snapshots.get(THIRD))
        assert everything(neo4j_empty) == clean


def test_publishing_the_served_refresh_again_undoes_what_was_begun(neo4j_empty: Access, world: Path) -> None:
    snapshots = Snapshots(world)
    publish(neo4j_empty, snapshots, FIRST)
    clean = everything(neo4j_empty)
    with pytest.raises(Interrupted):
        publish(neo4j_empty, snapshots, SECOND, progress=stop_at(5), batch_rows=20)
    with neo4j.publishing(neo4j_empty) as publisher:
        assert publisher.status(snapshots.get(FIRST), neo4j.cases(FIRST)).publishing == SECOND
        assert publisher.publish(snapshots.get(FIRST), neo4j.cases(FIRST), snapshots.get).status == "unchanged"
        assert publisher.status(snapshots.get(FIRST), neo4j.cases(FIRST)).in_step
    assert everything(neo4j_empty) == clean


def test_what_is_served_is_read_back_where_its_snapshot_is_gone(neo4j_empty: Access, world: Path) -> None:
    snapshots = Snapshots(world)
    publish(neo4j_empty, snapshots, FIRST)
    kept = publish(neo4j_empty, snapshots, SECOND)

    def gone(refresh: str) -> Snapshot:
        raise UnknownRefresh(f"refresh {refresh} is not kept")

    neo4j.empty(neo4j_empty)
    publish(neo4j_empty, snapshots, FIRST)
    with neo4j.publishing(neo4j_empty) as publisher:
        assert publisher.publish(snapshots.get(SECOND), neo4j.cases(SECOND), gone).rows == kept
    assert neo4j.stored(neo4j_empty) == neo4j.expected(snapshots.get(SECOND))


def test_accounts_that_come_back_and_long_walks_agree(neo4j_empty: Access, world: Path) -> None:
    snapshots = Snapshots(world)
    for refresh in (FIRST, SECOND, THIRD, FIRST, THIRD, SECOND, FIRST):
        publish(neo4j_empty, snapshots, refresh)
        stored, expected = neo4j.stored(neo4j_empty), neo4j.expected(snapshots.get(refresh))
        assert stored == expected
    with neo4j.publishing(neo4j_empty) as publisher:
        assert publisher.status(snapshots.get(FIRST), neo4j.cases(FIRST)).in_step
        assert not publisher.status(snapshots.get(SECOND), neo4j.cases(SECOND)).in_step


def test_status_counts_and_does_not_believe_the_pointer(neo4j_empty: Access, world: Path) -> None:
    snapshots = Snapshots(world)
    with neo4j.publishing(neo4j_empty) as publisher:
        assert not publisher.status(snapshots.get(FIRST), neo4j.cases(FIRST)).in_step
        publisher.publish(snapshots.get(FIRST), neo4j.cases(FIRST), snapshots.get)
        assert publisher.status(snapshots.get(FIRST), neo4j.cases(FIRST)).in_step
        neo4j.run(neo4j_empty, "MATCH ()-[u:USED]->() WITH u LIMIT 1 DELETE u")
        status = publisher.status(snapshots.get(FIRST), neo4j.cases(FIRST))
    assert not status.in_step
    assert status.counts["used"][0] == status.counts["used"][1] - 1


def test_two_publications_do_not_mix(neo4j_empty: Access, world: Path) -> None:
    snapshots = Snapshots(world)
    publish(neo4j_empty, snapshots, FIRST)
    entered = False

    def another(progress: Progress) -> None:
        nonlocal entered
        if progress.stage == "publishing" and not entered:
            entered = True
            publish(neo4j_empty, snapshots, THIRD)

    with pytest.raises(TryAgain) as fault:
        publish(neo4j_empty, snapshots, SECOND, progress=another, batch_rows=20)
    assert fault.value.exit_code == 75
    assert neo4j.stored(neo4j_empty) == neo4j.expected(snapshots.get(THIRD))
    publish(neo4j_empty, snapshots, SECOND)
    assert neo4j.stored(neo4j_empty) == neo4j.expected(snapshots.get(SECOND))


def test_cases_travel_alone_where_the_refresh_is_the_same(neo4j_empty: Access, world: Path) -> None:
    snapshot = Snapshots(world).get(SECOND)
    with neo4j.publishing(neo4j_empty) as publisher:
        publisher.publish(snapshot, neo4j.cases(SECOND), Snapshots(world).get)
        before = neo4j.stored(neo4j_empty)
        assert not publisher.status(snapshot, neo4j.cases(THIRD)).in_step
        # One is appealed; one is gone, and was about two clusters.
        assert publisher.publish(snapshot, neo4j.cases(THIRD), Snapshots(world).get).rows == 4
        assert publisher.status(snapshot, neo4j.cases(THIRD)).in_step
        assert publisher.publish(snapshot, neo4j.cases(THIRD), Snapshots(world).get).status == "unchanged"
    after = neo4j.stored(neo4j_empty)
    assert {part for part in after if after[part] != before[part]} == {"cases", "about"}
    assert after["derived_from"]
    assert neo4j.stored(neo4j_empty, generation=1) == before


def test_a_verdict_is_in_the_store_once_two_people_stand_behind_it(neo4j_empty: Access, world: Path) -> None:
    snapshots = Snapshots(world)

    def shown() -> dict[str, object]:
        query = "MATCH (k:Case)-[:ABOUT]->(:Cluster {cluster_id: $ring}) RETURN properties(k) AS properties"
        rows = [row["properties"] for row in neo4j.run(neo4j_empty, query, ring=small_world.RING)]
        (row,) = (row for row in rows if row["case_id"] == f"k-{small_world.RING}")
        return {name: value for name, value in row.items() if not name.startswith("previous_")}

    publish(neo4j_empty, snapshots, FIRST)
    assert set(shown()) == {"case_id", "status", "opened_at", "changed_at", "valid_from"}
    assert shown()["status"] == "proposed"
    publish(neo4j_empty, snapshots, SECOND)
    row = shown()
    assert (row["status"], row["verdict"], row["reasons"]) == ("approved", "confirmed", ["shared_payment", "canary"])
    assert (row["scope_refresh_id"], row["scope_size"], row["scope_affected"]) == (FIRST, 9, 8)
    assert row["scope_excluded"] == [3]


def test_a_case_that_changes_while_a_publication_is_interrupted_is_not_half_of_each(
    neo4j_empty: Access, world: Path
) -> None:
    snapshots = Snapshots(world)
    publish(neo4j_empty, snapshots, FIRST)
    # As many rows as there will be, and nearly all of them are there.
    others = [replace(case, changed_at=case.opened_at) for case in neo4j.cases(SECOND)]
    with pytest.raises(Interrupted), neo4j.publishing(neo4j_empty, stop_at(8), 20) as publisher:
        publisher.publish(snapshots.get(SECOND), others, snapshots.get)
    assert neo4j.run(neo4j_empty, "MATCH (k:Case {valid_from: 2}) RETURN k") != []
    publish(neo4j_empty, snapshots, SECOND)
    assert neo4j.stored(neo4j_empty) == neo4j.expected(snapshots.get(SECOND))


def test_a_database_with_other_content_is_left_alone(neo4j_empty: Access, world: Path) -> None:
    snapshots = Snapshots(world)
    neo4j.run(neo4j_empty, "CREATE (:Movie)")
    with pytest.raises(StoreUnavailable, match="did not publish"):
        publish(neo4j_empty, snapshots, FIRST)
    neo4j.empty(neo4j_empty)
    publish(neo4j_empty, snapshots, FIRST)
    neo4j.run(neo4j_empty, "MATCH (c:Current) SET c.workspace = 'another'")
    with pytest.raises(StoreUnavailable, match="another workspace"):
        publish(neo4j_empty, snapshots, SECOND)
    assert neo4j.stored(neo4j_empty) == neo4j.expected(snapshots.get(FIRST))


def test_no_raw_value_is_in_the_store(neo4j_empty: Access, world: Path) -> None:
    for refresh in (FIRST, SECOND):
        publish(neo4j_empty, Snapshots(world), refresh)
    nodes = neo4j.run(neo4j_empty, "MATCH (n) RETURN properties(n) AS p")
    ties = neo4j.run(neo4j_empty, "MATCH ()-[r]->() RETURN properties(r) AS p")
    values = {str(value) for row in (*nodes, *ties) for value in row["p"].values()}
    raw = {value for _, value in small_world.VALUES} | {*small_world.ACCOUNTS, neo4j.NOTE, "'ana'", "'ben'"}
    assert "ana" not in values
    assert not {(secret, value) for secret in raw for value in values if secret in value}


def test_hostile_text_is_text(neo4j_empty: Access, world: Path) -> None:
    hostile = (
        "=cmd",
        "<script>",
        "'; MATCH (n) DETACH DELETE n //",
        "../",
        "${jndi:x}",
        "{{7*7}}",
        '"`}) DELETE n',
        "\u202e",
    )
    snapshots = Snapshots(world)
    tables = small_world.snapshot_tables()
    reasons = [list(hostile) for _ in range(tables["clusters"].num_rows)]
    tables["clusters"] = replaced(tables["clusters"], "top_reasons", reasons)
    notes = [hostile[row % len(hostile)] for row in range(tables["identifiers"].num_rows)]
    tables["identifiers"] = replaced(tables["identifiers"], "note", notes)
    kind = "x`) DETACH DELETE n //"
    kinds = [kind if row % 3 == 0 else value for row, value in enumerate(tables["sightings"]["identifier"].to_pylist())]
    renamed = {
        row for row, value in zip(tables["sightings"]["identifier"].to_pylist(), kinds, strict=True) if value == kind
    }
    for name in ("sightings", "identifiers"):
        pairs = zip(tables[name]["identifier"].to_pylist(), tables[name]["kind"].to_pylist(), strict=True)
        tables[name] = replaced(tables[name], "kind", [kind if row in renamed else value for row, value in pairs])
    small_world.publish(world, "r-00000000000f", tables)
    publish(neo4j_empty, snapshots, "r-00000000000f")
    stored = neo4j.stored(neo4j_empty)
    assert stored == neo4j.expected(snapshots.get("r-00000000000f"))
    assert {row[1] for row in stored["identifier"]} >= {kind}


def test_the_schema_is_there(neo4j_empty: Access, world: Path) -> None:
    publish(neo4j_empty, Snapshots(world), FIRST)
    constraints = {
        tuple(row["labelsOrTypes"] + row["properties"]) for row in neo4j.run(neo4j_empty, "SHOW CONSTRAINTS")
    }
    assert constraints == {
        ("Account", "account"), ("Identifier", "identifier"), ("Cluster", "cluster_id"), ("Case", "case_id"),
        ("Refresh", "refresh_id"), ("Current", "name"),
    }  # fmt: skip
    indexes = neo4j.run(neo4j_empty, "SHOW INDEXES YIELD name, state, type RETURN *")
    assert {row["state"] for row in indexes} == {"ONLINE"}
    assert {"used_closed", "used_last_seen", "cluster_reasons"} <= {row["name"] for row in indexes}


def test_statements_say_what_they_take() -> None:
    folder = Path(connect.__code__.co_filename).parent / "cypher"
    for path in folder.rglob("*.cypher"):
        text = path.read_text(encoding="utf-8")
        assert ";" not in text, path
        assert path.parent.name == "schema" or text.startswith("// "), path
