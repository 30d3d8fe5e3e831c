"""The lake's logical digest depends on the events alone: not on order, split, format, duplicates or when they came."""

from __future__ import annotations

import random
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.ingest import intake, reading
from tests.lib.lakes import check_reconciled, digest, jsonl_file, rows, take

_START = datetime(2026, 4, 1, tzinfo=UTC)
_FIELDS = ("event_id", "event_time", "account_id", "ip_address", "device_id", "input_tokens")

#: Small pools, so that ids collide, with equal and with other content, over several days.
events = st.fixed_dictionaries(
    {
        "event_id": st.one_of(st.none(), st.sampled_from(["e1", "e2", "e3", "e4"])),
        "event_time": st.integers(0, 30 * 4).map(lambda n: (_START + timedelta(hours=6 * n)).isoformat()),
        "account_id": st.sampled_from(["a", "b", "ü,\"'", "=cmd()"]),
        "ip_address": st.one_of(st.none(), st.sampled_from(["198.51.100.1", "::ffff:198.51.100.1", "2001:db8::1"])),
        "device_id": st.one_of(st.none(), st.sampled_from(["d1", "🙂", "\u202ed"])),
        "input_tokens": st.one_of(st.none(), st.integers(0, 3)),
    }
)


def write(path: Path, records: list[dict[str, Any]], format_: str) -> Path:
    if format_ == "jsonl":
        return jsonl_file(path.with_suffix(".jsonl"), [{k: v for k, v in r.items() if v is not None} for r in records])
    if format_ == "parquet":
        schema = pa.schema([(name, pa.int64() if name == "input_tokens" else pa.string()) for name in _FIELDS])
        pq.write_table(pa.Table.from_pylist(records, schema), path.with_suffix(".parquet"))
        return path.with_suffix(".parquet")
    import csv

    with path.with_suffix(".csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, _FIELDS)
        writer.writeheader()
        writer.writerows(records)
    return path.with_suffix(".csv")


def check(records: list[dict[str, Any]], seed: int, parts: int, calls: int) -> None:
    """Records in one file, and shuffled, repeated, split over ``parts`` files and ``calls`` ingests."""
    draw = random.Random(seed)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        whole = folder / "whole"
        take(whole, write(folder / "all", records, "csv"))
        again = [*records, *draw.sample(records, k=len(records) // 3)]
        draw.shuffle(again)
        paths = [
            write(folder / f"part-{n}", again[n::parts], draw.choice(["csv", "jsonl", "parquet"]))
            for n in range(parts)
            if again[n::parts]
        ]
        split = folder / "split"
        for n in range(calls):
            take(split, *paths[n::calls])
        check_reconciled(whole)
        check_reconciled(split)
        assert digest(split) == digest(whole)
        for table in ("activity", "usage"):
            assert sum(row["events"] for row in rows(split, table)) == sum(row["events"] for row in rows(whole, table))


records_and_ways = given(
    st.lists(events, min_size=1, max_size=40), st.integers(0, 2**32), st.sampled_from([1, 2, 7]), st.integers(1, 3)
)


@settings(max_examples=25)
@records_and_ways
def test_the_digest_depends_on_the_events_alone(
    records: list[dict[str, Any]], seed: int, parts: int, calls: int
) -> None:
    check(records, seed, parts, calls)


@settings(max_examples=12)
@records_and_ways
def test_nor_does_it_depend_on_how_rows_are_cut_into_steps(
    records: list[dict[str, Any]], seed: int, parts: int, calls: int
) -> None:
    """Steps of a few rows, so that files take several and conflicts reach over them."""
    with mock.patch.object(intake, "UNIT_ROWS", 7), mock.patch.object(reading, "CHUNK_ROWS", 3):
        check(records, seed, parts, calls)


@pytest.mark.soak
@settings(max_examples=200)
@given(
    st.lists(events, min_size=1, max_size=300), st.integers(0, 2**32), st.sampled_from([1, 7, 100]), st.integers(1, 5)
)
def test_the_digest_depends_on_the_events_alone_at_length(
    records: list[dict[str, Any]], seed: int, parts: int, calls: int
) -> None:
    check(records, seed, parts, calls)
