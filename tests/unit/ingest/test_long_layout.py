"""The long layout: a row is a fact, kinds are taken as they come and are on."""

from __future__ import annotations

from pathlib import Path

from linkage.config import Settings
from linkage.ingest import enable_kinds
from linkage.stores.lake import Lake
from tests.lib.lakes import NOW, check_reconciled, csv_file, digest, events, jsonl_file, names, rows, take, take_one
from tests.lib.real_data import real_data

HEADER = "account_id,kind,identifier,event_time,count"
MAPPING = {"layout": "long", "kinds": {"card": "payment_instrument", "ip": "ip_address"}}


def test_kinds_are_columns_and_are_on(tmp_path: Path) -> None:
    root = tmp_path / "lake"
    path = csv_file(
        tmp_path / "facts.csv",
        HEADER,
        "a,card,fp_1,2026-04-01T00:00:00Z,3",
        "a,card,fp_1,2026-04-01T00:00:00Z,3",
        "b,passkey,k1,2026-04-01T00:00:00Z,",
        "b,ip,::ffff:198.51.100.7,2026-04-01T00:00:00Z,1",
        "b,ip,nowhere,2026-04-01T00:00:00Z,1",
        "b,Not A Kind,x,2026-04-01T00:00:00Z,1",
        "b,account,x,2026-04-01T00:00:00Z,1",
        "b,,x,2026-04-01T00:00:00Z,1",
        "b,card,,2026-04-01T00:00:00Z,1",
        "b,card,fp_1,2026-04-01T00:00:00Z,0",
        "b,card,fp_1,2026-04-01T00:00:00Z,many",
        "b,template_hash,t1,2026-04-01T00:00:00Z,2",
    )
    report = take_one(root, path, mapping=MAPPING)
    assert report.rules == {
        "count.not_integer": 1,
        "count.not_positive": 1,
        "identifier.missing": 1,
        "ip_address.invalid": 1,
        "kind.invalid": 2,
        "kind.missing": 1,
    }
    assert (report.accepted, report.duplicate) == (4, 1)
    check_reconciled(root)
    value = names(root)
    seen = {
        (row["kind"], value[row["account"]], value[row["identifier"]], row["events"]) for row in rows(root, "sightings")
    }
    assert seen == {
        ("payment_instrument", "a", "fp_1", 3),
        ("passkey", "b", "k1", 1),
        ("ip_address", "b", "198.51.100.7", 1),
        ("prompt_template", "b", "t1", 2),
    }
    assert "passkey" in Lake(root).view().kinds
    assert {event["event_type"] for event in events(root)} == {"request"}


def test_files_of_both_layouts_share_identifiers(tmp_path: Path) -> None:
    root = tmp_path / "lake"
    take_one(root, csv_file(tmp_path / "l.csv", HEADER, "a,device_id,d1,2026-04-01T00:00:00Z,1"), mapping=MAPPING)
    events_file = csv_file(tmp_path / "e.csv", "event_time,account_id,device_id", "2026-04-01T00:00:01Z,b,d1")
    take_one(root, events_file)
    found = rows(root, "sightings")
    assert len({row["identifier"] for row in found}) == 1
    assert {names(root)[row["account"]] for row in found} == {"a", "b"}


def test_a_kind_switched_on_later_is_seen_on_past_days(tmp_path: Path) -> None:
    root = tmp_path / "lake"
    early = csv_file(tmp_path / "e.csv", "event_time,account_id,device_id", "2026-04-01T00:00:01Z,b,d1")
    take_one(root, early)
    assert rows(root, "sightings") == []
    before = digest(root)
    settings = Settings.model_validate({"identifiers": [{"kind": "device_id"}]})
    view = enable_kinds(lake=Lake(root), settings=settings, now=NOW)
    assert "device_id" in view.kinds
    assert [row["kind"] for row in rows(root, "sightings")] == ["device_id"]
    assert enable_kinds(lake=Lake(root), settings=settings, now=NOW).version == view.version
    assert digest(root) == before
    # The same through a long file that brings the kind.
    other = tmp_path / "other"
    take_one(other, early)
    take_one(other, csv_file(tmp_path / "l.csv", HEADER, "a,device_id,d2,2026-04-02T00:00:00Z,1"), mapping=MAPPING)
    assert sorted(row["kind"] for row in rows(other, "sightings")) == ["device_id", "device_id"]


def test_swapped_columns_are_refused_and_not_made_into_kinds(tmp_path: Path) -> None:
    lines = [f"a,k{n},card,2026-04-01T00:00:00Z,1" for n in range(65)]
    report = take_one(tmp_path / "lake", csv_file(tmp_path / "l.csv", HEADER, *lines), mapping=MAPPING)
    assert (report.refused, report.read) == ("file.too_many_kinds", 65)
    assert "k0" not in Lake(tmp_path / "lake").view().kinds


def test_a_long_file_lacking_its_columns_is_refused(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "l.csv", "account_id,kind,event_time", "a,card,2026-04-01T00:00:00Z")
    assert take_one(tmp_path / "lake", path, mapping=MAPPING).refused == "file.missing_column"


def test_long_rows_in_json_lines(tmp_path: Path) -> None:
    record = {"account_id": "a", "kind": "card", "identifier": "fp_1", "event_time": "2026-04-01T00:00:00Z", "count": 3}
    take_one(tmp_path / "one", jsonl_file(tmp_path / "l.jsonl", [record]), mapping=MAPPING)
    take_one(
        tmp_path / "two", csv_file(tmp_path / "l.csv", HEADER, "a,card,fp_1,2026-04-01T00:00:00Z,3"), mapping=MAPPING
    )
    assert digest(tmp_path / "one") == digest(tmp_path / "two")


MAPPINGS = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "mappings"


def test_the_german_elections_sample(tmp_path: Path) -> None:
    kinds = ("url_id", "hashtag_id", "domain_id", "phash_id")
    settings = Settings.model_validate({"identifiers": [{"kind": kind} for kind in kinds]})
    path = real_data("coortweet/german_elections.csv.gz")
    report = take_one(tmp_path / "lake", path, mapping=MAPPINGS / "german_elections.toml", settings=settings)
    assert (report.read, report.accepted, report.duplicate, report.quarantined) == (218_971, 194_698, 24_273, 0)
    assert report.dropped_columns == ("post_id",)
    view = Lake(tmp_path / "lake").view()
    assert len(view.days()) == 43
    assert sum(1 for row in rows(tmp_path / "lake", "identities") if row["kind"] == "account") == 58_317


def test_the_p2p_sample(tmp_path: Path) -> None:
    report = take(tmp_path / "lake", real_data("p2p_neo4j/links.csv.gz"), mapping=MAPPINGS / "p2p_neo4j.toml")
    assert (report.read, report.accepted, report.quarantined) == (183_092, 183_092, 0)
    assert {"payment_instrument", "device_id"} <= set(Lake(tmp_path / "lake").view().kinds)
    assert sum(1 for row in rows(tmp_path / "lake", "identities") if row["kind"] == "account") == 33_469
