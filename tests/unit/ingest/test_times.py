"""How times are read: offsets, epochs, dates, zones, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from linkage.errors import ConfigurationError
from tests.lib.lakes import NOW, csv_file, events, parquet_file, rows, take, take_one, utc


def read_times(root: Path, path: Path, time: dict[str, Any]) -> list[datetime | str]:
    """The UTC time of each row, or the rule that it breaks."""
    take_one(root, path, mapping={"time": time})
    accepted = {row["origin_row"]: row["event_time"] for row in rows(root, "events")}
    aside = {row["row"]: row["rule"] for row in rows(root, "quarantine")}
    return [value for _, value in sorted({**accepted, **aside}.items())]


def from_texts(tmp_path: Path, texts: list[str], time: dict[str, Any]) -> list[datetime | str]:
    path = csv_file(tmp_path / "t.csv", "event_time,account_id", *(f"{text},a{n}" for n, text in enumerate(texts)))
    return read_times(tmp_path / "lake", path, time)


NOON = utc(2026, 4, 1, 12)

ZONED = [
    ("2026-04-01T12:00:00Z", NOON),
    ("2026-04-01t12:00:00z", NOON),
    ("2026-04-01T12:00:00.5Z", NOON.replace(microsecond=500_000)),
    ("2026-04-01T12:00:00.1234567Z", NOON.replace(microsecond=123_456)),
    ("2026-04-01T14:00:00+02:00", NOON),
    ("2026-04-01 14:00:00+0200", NOON),
    ("2026-04-01 12:00:00.0+00", NOON),
    ("2026-04-01 12:00:00 Z", NOON),
    ("2026-04-01 06:15:00-05:45", NOON),
    ("2026-04-01 12:00:00 UTC", NOON),
    ("2026-04-01 14:00:00 +02:00", NOON),
    ("2026-04-01T12:00Z", NOON),
    ("2026-04-01T12:00:00", "event_time.naive"),
    ("2026-04-01 12:00:00.25", "event_time.naive"),
    ("2026-04-01", "event_time.invalid"),
    ("2026-02-30T12:00:00Z", "event_time.invalid"),
    ("2026-04-01T25:00:00Z", "event_time.invalid"),
    ("2026-04-01T12:00:00+25:00", "event_time.invalid"),
    ("01/04/2026 12:00", "event_time.invalid"),
    ("1775044800", "event_time.invalid"),
    ("infinity", "event_time.invalid"),
    ("epoch", "event_time.invalid"),
    ("now", "event_time.invalid"),
    ("0000-01-01T00:00:00Z", "event_time.invalid"),
    ("", "event_time.missing"),
]


def test_times_with_an_offset(tmp_path: Path) -> None:
    found = from_texts(tmp_path, [text for text, _ in ZONED], {})
    assert dict(zip((text for text, _ in ZONED), found, strict=True)) == dict(ZONED)


@pytest.mark.parametrize("format_", ["text", "whole", "real"])
@pytest.mark.parametrize(("unit", "factor"), [("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9)])
def test_epochs(tmp_path: Path, unit: str, factor: int, format_: str) -> None:
    moments = [utc(2026, 4, 1, 12), utc(1999, 12, 31, 23, 59, 59)]
    numbers = [int(moment.replace(tzinfo=UTC).timestamp()) * factor for moment in moments]
    if format_ == "text":
        assert from_texts(tmp_path, [str(number) for number in numbers], {"unit": unit}) == moments
        return
    kind = pa.int64() if format_ == "whole" else pa.float64()
    path = parquet_file(
        tmp_path / "t.parquet", {"event_time": pa.array(numbers).cast(kind, safe=False), "account_id": ["a", "b"]}
    )
    assert read_times(tmp_path / "lake", path, {"unit": unit}) == moments


def test_fractions_of_an_epoch_are_exact_to_the_microsecond(tmp_path: Path) -> None:
    texts = [
        "1629589836.0",
        "1629589836.123456",
        "1629589836.1234569",
        "1629589836.1",
        "1629589836.",
        "-1.25",
        "1.6e9",
        "x",
    ]
    base = utc(2021, 8, 21, 23, 50, 36)
    assert from_texts(tmp_path, texts, {"unit": "s"}) == [
        base,
        base.replace(microsecond=123_456),
        base.replace(microsecond=123_456),
        base.replace(microsecond=100_000),
        base,
        utc(1969, 12, 31, 23, 59, 58, 750_000),
        "event_time.invalid",
        "event_time.invalid",
    ]


def test_an_epoch_in_the_wrong_unit_lands_in_the_future_or_nowhere(tmp_path: Path) -> None:
    assert from_texts(tmp_path, ["1775044800000", "9" * 19, "9" * 30], {"unit": "s"}) == [
        "event_time.invalid",
        "event_time.invalid",
        "event_time.invalid",
    ]


def test_dates_begin_at_midnight_of_the_zone(tmp_path: Path) -> None:
    texts = ["2026-03-29", "2026-07-01", "2026-13-01", "2026-07-01T00:00:00Z"]
    assert from_texts(tmp_path, texts, {"unit": "date", "zone": "Europe/Berlin"}) == [
        utc(2026, 3, 28, 23),
        "event_time.future",
        "event_time.invalid",
        "event_time.invalid",
    ]


def test_a_date_without_a_zone_is_utc(tmp_path: Path) -> None:
    assert from_texts(tmp_path, ["2026-03-29"], {"unit": "date"}) == [utc(2026, 3, 29)]


def test_local_times_around_the_clock_changes(tmp_path: Path) -> None:
    texts = [
        "2026-03-29 01:59:59",
        "2026-03-29 02:30:00",  # skipped
        "2026-03-29 03:00:00",
        "2025-10-26 01:59:59",
        "2025-10-26 02:30:00",  # passed twice: the later one, in standard time
        "2025-10-26 03:00:00",
        "2025-10-26T02:30:00+02:00",
    ]
    assert from_texts(tmp_path, texts, {"zone": "Europe/Berlin"}) == [
        utc(2026, 3, 29, 0, 59, 59),
        "event_time.nonexistent",
        utc(2026, 3, 29, 1),
        utc(2025, 10, 25, 23, 59, 59),
        utc(2025, 10, 26, 1, 30),
        utc(2025, 10, 26, 2),
        utc(2025, 10, 26, 0, 30),
    ]


def test_naive_times_in_utc_where_the_mapping_says_so(tmp_path: Path) -> None:
    assert from_texts(tmp_path, ["2026-04-01 12:00:00"], {"zone": "UTC"}) == [NOON]


def test_parquet_timestamps_with_and_without_a_zone(tmp_path: Path) -> None:
    naive = {"event_time": pa.array([NOON], pa.timestamp("ns")), "account_id": ["a"]}
    path = parquet_file(tmp_path / "naive.parquet", naive)
    assert read_times(tmp_path / "one", path, {}) == ["event_time.naive"]
    assert read_times(tmp_path / "two", path, {"zone": "America/New_York"}) == [NOON + timedelta(hours=4)]
    aware = {"event_time": pa.array([NOON], pa.timestamp("ns", "America/New_York")), "account_id": ["a"]}
    assert read_times(tmp_path / "three", parquet_file(tmp_path / "aware.parquet", aware), {}) == [NOON]
    days = {"event_time": pa.array([date(2026, 4, 1)]), "account_id": ["a"]}
    path = parquet_file(tmp_path / "days.parquet", days)
    assert read_times(tmp_path / "four", path, {"unit": "date"}) == [utc(2026, 4, 1)]
    assert read_times(tmp_path / "five", path, {}) == ["event_time.naive"]


def test_times_ahead_of_the_clock_wait_in_quarantine_until_they_have_come(tmp_path: Path) -> None:
    texts = ["2026-06-02T00:00:00Z", "2026-06-02T00:00:01Z", "2026-06-02T00:00:00.000001Z"]
    path = csv_file(tmp_path / "t.csv", "event_time,account_id", *(f"{text},a" for text in texts))
    root = tmp_path / "lake"
    report = take_one(root, path)
    assert (report.accepted, report.rules) == (1, {"event_time.future": 2})
    report = take_one(root, path)
    assert (report.accepted, report.duplicate, report.quarantined) == (0, 1, 2)
    report = take_one(root, path, now=NOW + timedelta(days=2))
    assert (report.accepted, report.duplicate, report.quarantined) == (2, 1, 0)
    assert rows(root, "quarantine") == []
    (line,) = rows(root, "ledger")
    assert (line["read"], line["accepted"], line["duplicate"], line["quarantined"]) == (3, 3, 0, 0)
    assert len(events(root)) == 3


def test_an_unknown_zone_and_an_unknown_unit_are_refused(tmp_path: Path) -> None:
    for text in ('zone = "Mars/Olympus"', 'unit = "minutes"', "offset = 3"):
        mapping = tmp_path / "m.toml"
        mapping.write_text(f"[time]\n{text}\n")
        with pytest.raises(ConfigurationError, match=r"m\.toml: time"):
            take(tmp_path / "lake", mapping=mapping)
