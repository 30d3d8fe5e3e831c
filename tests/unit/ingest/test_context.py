"""Accounts, address ranges and model releases: the newest file stands, row by row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from linkage.stores.lake import Lake
from tests.lib.lakes import check_reconciled, csv_file, digest, jsonl_file, names, parquet_file, rows, take, utc

HEADER = "account_id,created_at,email_domain,organization_id,tier,verified,status"


def accounts(root: Path) -> dict[str, dict[str, Any]]:
    value = names(root)
    return {
        value[row["account"]]: {
            **row,
            "email_domain": row["email_domain"] and value[row["email_domain"]],
            "organization": row["organization"] and value[row["organization"]],
        }
        for row in rows(root, "accounts")
    }


def test_accounts_in_three_formats_are_the_same(tmp_path: Path) -> None:
    created = utc(2026, 3, 30, 10)
    record = {
        "account_id": "a",
        "created_at": "2026-03-30T10:00:00Z",
        "email_domain": "Example.COM",
        "organization_id": "o1",
        "tier": "pro",
        "verified": True,
        "status": "active",
    }
    files = [
        csv_file(tmp_path / "a.csv", HEADER, "a,2026-03-30T10:00:00Z,example.com,o1,pro,true,active"),
        jsonl_file(tmp_path / "a.jsonl", [record]),
        parquet_file(
            tmp_path / "a.parquet",
            {name: [value] for name, value in record.items()}
            | {"created_at": pa.array([created], pa.timestamp("us", "UTC"))},
        ),
    ]
    digests = set()
    for place, path in enumerate(files):
        root = tmp_path / str(place)
        (report,) = take(root, accounts=path).context
        assert (report.read, report.accepted, report.quarantined) == (1, 1, 0)
        found = accounts(root)["a"]
        assert (found["created_at"], found["email_domain"], found["organization"]) == (created, "example.com", "o1")
        assert (found["tier"], found["verified"], found["status"]) == ("pro", True, "active")
        digests.add(digest(root))
    assert len(digests) == 1


def test_the_newest_file_stands_and_others_keep_their_rows(tmp_path: Path) -> None:
    root = tmp_path / "lake"
    first = csv_file(
        tmp_path / "1.csv", HEADER, "a,2026-03-30,x.com,,pro,true,active", "b,2026-03-31,x.com,,pro,no,active"
    )
    second = csv_file(tmp_path / "2.csv", HEADER, "b,2026-03-31,x.com,,pro,no,banned", "c,,,,,,")
    take(root, accounts=first)
    (report,) = take(root, accounts=second).context
    assert (report.accepted, report.duplicate) == (2, 0)
    assert {name: row["status"] for name, row in accounts(root).items()} == {"a": "active", "b": "banned", "c": None}
    before = Lake(root).view()
    (report,) = take(root, accounts=second).context
    assert (report.accepted, report.duplicate) == (0, 2)
    assert Lake(root).view().version == before.version
    check_reconciled(root)


def test_rows_that_break_a_rule_are_set_aside(tmp_path: Path) -> None:
    root = tmp_path / "lake"
    path = csv_file(
        tmp_path / "a.csv",
        HEADER,
        "a,2026-03-30,x.com,,pro,true,active",
        "a,2026-03-30,x.com,,pro,true,active",
        "b,yesterday,x.com,,pro,true,active",
        ",2026-03-30,x.com,,pro,true,active",
        "c,2026-03-30,x.com,,pro,perhaps,active",
        "d,2026-03-30T10:00:00,x.com,,pro,true,active",
        "e,2026-03-30,x.com,,pro",
        "f,2026-03-30,x.com,,free,true,active",
        "f,2026-03-30,x.com,,pro,true,active",
    )
    (report,) = take(root, accounts=path).context
    assert (report.accepted, report.duplicate) == (2, 1)
    assert report.rules == {
        "account_id.missing": 1,
        "accounts.conflicting": 1,
        "created_at.invalid": 2,
        "row.columns": 1,
        "verified.invalid": 1,
    }
    assert len(rows(root, "quarantine")) == 6
    take(root, accounts=path)
    assert len(rows(root, "quarantine")) == 6


def test_address_ranges_and_model_releases(tmp_path: Path) -> None:
    root = tmp_path / "lake"
    ranges = csv_file(
        tmp_path / "r.csv",
        "cidr,asn,kind",
        "198.51.100.7/24,64500,hosting",
        "2001:DB8::/33,,vpn",
        "x,1,y",
        "10.0.0.0/8,-1,",
    )
    releases = csv_file(
        tmp_path / "m.csv", "model,released_at", "m1,2026-01-01", "m2,2026-01-01T01:00:00+01:00", ",2026-01-01", "m3,"
    )
    report = take(root, address_ranges=ranges, model_releases=releases)
    assert [file.rules for file in report.context] == [
        {"asn.negative": 1, "cidr.invalid": 1},
        {"model.missing": 1, "released_at.invalid": 1},
    ]
    assert {row["cidr"]: (row["asn"], row["kind"]) for row in rows(root, "address_ranges")} == {
        "198.51.100.0/24": (64500, "hosting"),
        "2001:db8::/33": (None, "vpn"),
    }
    assert {row["model"]: row["released_at"] for row in rows(root, "model_releases")} == {
        "m1": utc(2026, 1, 1),
        "m2": utc(2026, 1, 1),
    }


def test_a_refused_file_of_context_leaves_the_events_in(tmp_path: Path) -> None:
    events = csv_file(tmp_path / "e.csv", "event_time,account_id", "2026-04-01T00:00:00Z,a")
    lacking = csv_file(tmp_path / "a.csv", "account,tier", "a,pro")
    report = take(tmp_path / "lake", events, accounts=lacking, model_releases=tmp_path / "none.csv")
    assert report.refused
    assert [file.refused for file in report.context] == ["file.missing_column", "file.missing"]
    assert report.accepted == 1


def test_the_digest_does_not_depend_on_who_came_first(tmp_path: Path) -> None:
    events = csv_file(tmp_path / "e.csv", "event_time,account_id", "2026-04-01T00:00:00Z,z", "2026-04-01T00:00:00Z,b")
    known = csv_file(
        tmp_path / "a.csv", HEADER, "b,2026-03-30,x.com,o,pro,true,active", "a,2026-03-30,y.com,o,pro,true,active"
    )
    take(tmp_path / "one", events)
    take(tmp_path / "one", accounts=known)
    take(tmp_path / "two", accounts=known)
    take(tmp_path / "two", events)
    assert digest(tmp_path / "one") == digest(tmp_path / "two")


def test_a_network_of_v4_in_v6_is_unwrapped_as_addresses_are(tmp_path: Path) -> None:
    ranges = csv_file(tmp_path / "r.csv", "cidr,asn,kind", "::ffff:198.51.100.0/120,64500,hosting")
    take(tmp_path / "lake", address_ranges=ranges)
    assert [row["cidr"] for row in rows(tmp_path / "lake", "address_ranges")] == ["198.51.100.0/24"]
