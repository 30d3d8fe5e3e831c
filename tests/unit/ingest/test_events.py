"""What becomes of good rows: the same events in every format, in canonical form."""

from __future__ import annotations

import gzip
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from linkage.config import Settings
from linkage.errors import ConfigurationError
from tests.lib.lakes import (
    check_reconciled,
    csv_file,
    digest,
    events,
    jsonl_file,
    names,
    parquet_file,
    rows,
    take,
    take_one,
    utc,
)

HEADER = "event_id,event_time,account_id,ip_address,payment_instrument,template_hash,input_tokens,country,model"
LINES = (
    "e1,2026-04-01T00:00:02Z,007,198.51.100.7,fp_1,t1,5,de,large",
    "e2,2026-04-01 00:00:02.5+00,u-2,::ffff:198.51.100.7,fp_1,,0,,large",
    'e3,2026-04-02T02:00:00+02:00,"u,3",2001:DB8:0:0::1,,t1,,US,',
    "e4,2026-04-03T00:00:00.123456789Z,=cmd|'/c calc'!A0,,,,9223372036854775807,,small",
)


def as_parquet(source: Path, path: Path) -> Path:
    table = pacsv.read_csv(
        source,
        convert_options=pacsv.ConvertOptions(
            column_types=dict.fromkeys(HEADER.split(","), pa.string()), strings_can_be_null=True, null_values=[""]
        ),
    )
    pq.write_table(table, path)
    return path


def as_jsonl(source: Path, path: Path) -> Path:
    records = pacsv.read_csv(
        source,
        convert_options=pacsv.ConvertOptions(
            column_types=dict.fromkeys(HEADER.split(","), pa.string()), strings_can_be_null=True, null_values=[""]
        ),
    ).to_pylist()
    for record in records:
        record["input_tokens"] = record["input_tokens"] and int(record["input_tokens"])
    return jsonl_file(
        path, [{name: value for name, value in record.items() if value is not None} for record in records]
    )


def packed(path: Path, kind: str) -> Path:
    target = path.with_name(path.name + kind)
    if kind == ".gz":
        target.write_bytes(gzip.compress(path.read_bytes()))
    else:
        with pa.CompressedOutputStream(pa.OSFile(str(target), "wb"), "zstd") as stream:
            stream.write(path.read_bytes())
    return target


def test_the_same_events_in_every_format_are_the_same_events(tmp_path: Path) -> None:
    plain = csv_file(tmp_path / "events.csv", HEADER, *LINES)
    files = [plain, as_parquet(plain, tmp_path / "events.parquet"), as_jsonl(plain, tmp_path / "events.jsonl")]
    files += [packed(path, kind) for path in files for kind in (".gz", ".zst")]
    digests = set()
    for place, path in enumerate(files):
        root = tmp_path / f"lake-{place}"
        report = take_one(root, path)
        assert (report.read, report.accepted) == (4, 4), report
        digests.add(digest(root))
        check_reconciled(root)
    assert len(digests) == 1


def test_values_are_canonical(tmp_path: Path) -> None:
    take_one(tmp_path / "lake", csv_file(tmp_path / "events.csv", HEADER, *LINES))
    first, second, third, fourth = events(tmp_path / "lake")
    assert first["account"] == "007"
    assert first["ip_address"] == second["ip_address"] == "198.51.100.7"
    assert (first["country"], first["event_type"], first["source"]) == ("DE", "request", "default")
    assert second["event_time"] == utc(2026, 4, 1, 0, 0, 2, 500_000)
    assert (third["account"], third["ip_address"]) == ("u,3", "2001:db8::1")
    assert third["event_time"] == utc(2026, 4, 2)
    assert fourth["account"] == "=cmd|'/c calc'!A0"
    assert fourth["event_time"] == utc(2026, 4, 3, 0, 0, 0, 123_456)
    assert fourth["input_tokens"] == 2**63 - 1


@pytest.mark.parametrize(
    ("address", "prefix", "private"),
    [
        ("198.51.100.7", "198.51.100.0/24", False),
        ("10.1.2.3", "10.1.2.0/24", True),
        ("100.64.0.1", "100.64.0.0/24", True),
        ("100.128.0.1", "100.128.0.0/24", False),
        ("172.31.255.255", "172.31.255.0/24", True),
        ("172.32.0.1", "172.32.0.0/24", False),
        ("192.0.2.1", "192.0.2.0/24", False),
        ("224.0.0.1", "224.0.0.0/24", True),
        ("255.255.255.255", "255.255.255.0/24", True),
        ("2001:db8:1:2::3", "2001:db8:1::/48", False),
        ("fe80::1%eth0", "fe80::/48", True),
        ("fd00::1", "fd00::/48", True),
        ("::1", "::/48", True),
        ("::ffff:10.0.0.1%eth0", "10.0.0.0/24", True),
    ],
)
def test_networks_of_addresses(tmp_path: Path, address: str, prefix: str, private: bool) -> None:
    path = csv_file(tmp_path / "e.csv", "event_time,account_id,ip_address", f"2026-04-01T00:00:00Z,a,{address}")
    take_one(tmp_path / "lake", path)
    (row,) = [row for row in rows(tmp_path / "lake", "identities") if row["kind"] == "ip_address"]
    assert (row["prefix"], row["private"]) == (prefix, private)


def test_typed_parquet_columns(tmp_path: Path) -> None:
    path = parquet_file(
        tmp_path / "e.parquet",
        {
            "event_time": pa.array([datetime(2026, 4, 1, 12, tzinfo=UTC)] * 2, pa.timestamp("ms", "Europe/Berlin")),
            "account_id": pa.array([17, 18], pa.int32()),
            "device_id": pa.array(["x", None]).dictionary_encode(),
            "input_tokens": pa.array([12.0, float("nan")]),
            "output_tokens": pa.array([1, 2], pa.uint64()),
            "asn": pa.array([64500, None], pa.uint32()),
        },
    )
    report = take_one(tmp_path / "lake", path)
    assert report.rules == {"input_tokens.not_integer": 1}
    (event,) = events(tmp_path / "lake")
    assert (event["account"], event["device_id"], event["input_tokens"], event["asn"]) == ("17", "x", 12, 64500)
    assert event["event_time"] == utc(2026, 4, 1, 12)


def test_a_column_of_lists_refuses_the_file(tmp_path: Path) -> None:
    path = parquet_file(tmp_path / "e.parquet", {"event_time": ["2026-04-01T00:00:00Z"], "account_id": [["a"]]})
    assert take_one(tmp_path / "lake", path).refused == "file.column_type"


def test_source_is_stated_or_comes_from_the_file_or_is_default(tmp_path: Path) -> None:
    plain = csv_file(tmp_path / "a.csv", "event_time,account_id", "2026-04-01T00:00:00Z,a")
    own = csv_file(
        tmp_path / "b.csv", "event_time,account_id,source", "2026-04-01T00:00:00Z,a,own", "2026-04-01T00:00:01Z,a,"
    )
    cases = [
        (plain, {}, ["default"]),
        (plain, {"mapping": {"source": "mapped"}}, ["mapped"]),
        (plain, {"mapping": {"source": "mapped"}, "source": "given"}, ["given"]),
        (own, {}, ["default", "own"]),
        (own, {"source": "given"}, ["given"]),
    ]
    for place, (path, options, expected) in enumerate(cases):
        root = tmp_path / f"lake-{place}"
        take_one(root, path, **options)
        assert sorted({event["source"] for event in events(root)}) == expected


def test_columns_that_nothing_uses_are_dropped_and_named(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "a.csv", "ts,user,note,url", "2026-04-01T00:00:00Z,a,secret,u1")
    mapping = {"time": {"column": "ts"}, "columns": {"account_id": "user", "url_id": "url", "model": "not there"}}
    report = take_one(tmp_path / "one", path, mapping=mapping)
    assert report.dropped_columns == ("url (mapped to url_id)", "note")
    assert report.absent_columns == ("not there",)
    settings = Settings.model_validate({"identifiers": [{"kind": "url_id"}]})
    report = take_one(tmp_path / "two", path, mapping=mapping, settings=settings)
    assert report.dropped_columns == ("note",)
    assert [event["url_id"] for event in events(tmp_path / "two")] == ["u1"]
    assert "secret" not in names(tmp_path / "two").values()
    lines = jsonl_file(tmp_path / "a.jsonl", [{"event_time": "2026-04-01T00:00:00Z", "account_id": "a", "note": "x"}])
    assert take_one(tmp_path / "three", lines).dropped_columns == ("note",)


def test_a_plain_column_becomes_a_kind_by_configuration(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "a.csv", "event_time,account_id,country,asn", "2026-04-01T00:00:00Z,a,de,64500")
    settings = Settings.model_validate({"identifiers": [{"kind": "country"}, {"kind": "asn"}]})
    take_one(tmp_path / "lake", path, settings=settings)
    value = names(tmp_path / "lake")
    found = {row["kind"]: value[row["identifier"]] for row in rows(tmp_path / "lake", "sightings")}
    assert found == {"country": "DE", "asn": "64500"}
    (event,) = rows(tmp_path / "lake", "events")
    assert (event["country"], event["asn"]) == ("DE", 64500)


def test_reserved_kinds_are_refused(tmp_path: Path) -> None:
    settings = Settings.model_validate({"identifiers": [{"kind": "account_id"}]})
    with pytest.raises(ConfigurationError, match="account_id"):
        take(tmp_path / "lake", settings=settings)


def test_nulls_of_the_mapping_stand_for_no_value(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "a.csv", "event_time,account_id,device_id,asn", r"2026-04-01T00:00:00Z,a,\N,\N")
    report = take_one(tmp_path / "lake", path, mapping={"nulls": ["", "\\N"]})
    (event,) = events(tmp_path / "lake")
    assert report.accepted == 1
    assert (event["device_id"], event["asn"]) == (None, None)


def test_prompts_of_one_template_have_one_hash_and_a_given_hash_stands(tmp_path: Path) -> None:
    prompts = [
        "Summarise order 12345 for jane@example.com, see https://example.com/a?b=1",
        "  SUMMARISE order 99\n for joe.doe@mail.example.org,\tsee https://example.net/x",
        "Ｓummarise order ３ for a@b.io, see www.example.org/y",
        "Summarise invoice 12345 for jane@example.com, see https://example.com/a?b=1",
    ]
    records = [{"event_time": f"2026-04-01T00:00:0{n}Z", "account_id": "a", "prompt": p} for n, p in enumerate(prompts)]
    records.append({"event_time": "2026-04-01T00:00:09Z", "account_id": "a", "prompt": "x", "template_hash": "given"})
    take_one(tmp_path / "lake", jsonl_file(tmp_path / "p.jsonl", records))
    found = [event["prompt_template"] for event in events(tmp_path / "lake")]
    assert found[0] == found[1] == found[2] != found[3]
    assert len(found[0]) == 64
    assert found[4] == "given"
    take_one(tmp_path / "other", tmp_path / "p.jsonl", key=b"another key of thirty-two bytes.")
    assert events(tmp_path / "other")[0]["prompt_template"] != found[0]


def test_a_template_hash_is_the_hmac_of_the_normalised_prompt(tmp_path: Path) -> None:
    import hashlib
    import hmac

    from tests.lib.lakes import KEY

    path = jsonl_file(
        tmp_path / "p.jsonl", [{"event_time": "2026-04-01T00:00:00Z", "account_id": "a", "prompt": "Tell me 7 ÄPFEL"}]
    )
    take_one(tmp_path / "lake", path)
    expected = hmac.new(KEY, "tell me <n> äpfel".encode(), hashlib.sha256).hexdigest()
    assert events(tmp_path / "lake")[0]["prompt_template"] == expected


def test_aggregates_of_a_day(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path / "e.csv",
        "event_time,account_id,ip_address,asn,country,model,capability,input_tokens,output_tokens,cost_usd_micros",
        "2026-04-01T01:00:00Z,a,198.51.100.7,2,US,m,c,1,2,3",
        "2026-04-01T23:00:00Z,a,198.51.100.7,1,DE,m,c,10,,30",
        "2026-04-02T01:30:00Z,a,,,,,,100,,",
    )
    root = tmp_path / "lake"
    take_one(root, path)
    (sighting,) = rows(root, "sightings")
    assert (sighting["events"], sighting["tokens"], sighting["asn"], sighting["country"]) == (2, 13, 1, "DE")
    assert (sighting["first_seen"], sighting["last_seen"]) == (utc(2026, 4, 1, 1), utc(2026, 4, 1, 23))
    first, second = rows(root, "activity")
    assert (first["input_tokens"], first["output_tokens"], first["cost_usd_micros"]) == (11, 2, 33)
    assert first["hours"] == (1 << 1) | (1 << 23)
    assert second["hours"] == 1 << 1
    usage = rows(root, "usage")
    assert [(row["model"], row["events"], row["tokens"]) for row in usage] == [("m", 2, 13), (None, 1, 100)]


def test_megabyte_fields_are_taken(tmp_path: Path) -> None:
    agent = "Mozilla/5.0 " + "x" * 1_000_000
    header = "event_time,account_id,user_agent,prompt"
    path = csv_file(tmp_path / "e.csv", header, *(f"2026-04-01T00:00:0{n}Z,a,{agent},{agent} {n}" for n in range(9)))
    lines = jsonl_file(
        tmp_path / "e.jsonl",
        [
            {"event_time": f"2026-04-01T00:00:0{n}Z", "account_id": "a", "user_agent": agent, "prompt": f"{agent} {n}"}
            for n in range(9)
        ],
    )
    for place, file in enumerate((path, lines)):
        root = tmp_path / f"lake-{place}"
        assert take_one(root, file).accepted == 9
        assert {event["user_agent"] for event in events(root)} == {agent}
    assert digest(tmp_path / "lake-0") == digest(tmp_path / "lake-1")


def test_a_whole_number_is_the_same_account_in_a_column_of_floats(tmp_path: Path) -> None:
    """One row without a value, and a column of whole numbers becomes one of floats."""
    time = "2026-04-01T00:00:00Z"
    floats = pa.array([7.0, 4_000_000_000_001.0, 0.5, None])
    take_one(tmp_path / "lake", parquet_file(tmp_path / "f.parquet", {"event_time": [time] * 4, "account_id": floats}))
    assert {event["account"] for event in events(tmp_path / "lake")} == {"7", "4000000000001", "0.5"}


def test_a_uuid_is_its_text(tmp_path: Path) -> None:
    """Databases write such columns as 16 bytes."""
    number = uuid.UUID("019d0f3a-0000-7000-8000-0000000000ff")
    columns = {"event_time": ["2026-04-01T00:00:00Z"], "account_id": pa.array([number.bytes], pa.uuid())}
    take_one(tmp_path / "lake", parquet_file(tmp_path / "u.parquet", columns))
    assert [event["account"] for event in events(tmp_path / "lake")] == [str(number)]
