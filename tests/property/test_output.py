"""What is written as CSV and JSON reads back as the same values, whatever they are."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from linkage.cli.output import iterate, write_csv, write_json
from linkage.cli.show import text_of
from linkage.model.times import from_text, to_text

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
TIMES = st.integers(0, 7_000_000_000_000_000).map(
    lambda micros: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "text": TEXT.filter(bool) | st.none(),
            "whole": st.integers(-(2**63), 2**63 - 1) | st.none(),
            "real": st.floats(allow_nan=False, allow_infinity=False) | st.none(),
            "yes": st.booleans(),
            "time": TIMES | st.none(),
            "list": st.lists(TEXT, max_size=3),
        }
    ),
    max_size=5,
)
SCHEMA = pa.schema(
    [
        ("text", pa.string()),
        ("whole", pa.int64()),
        ("real", pa.float64()),
        ("yes", pa.bool_()),
        ("time", pa.timestamp("us", "UTC")),
        ("list", pa.list_(pa.string())),
    ]
)


@given(ROWS)
def test_csv_reads_back_exactly(rows: list[dict[str, object]]) -> None:
    stream = io.StringIO(newline="")
    write_csv(pa.Table.from_pylist(rows, schema=SCHEMA), stream)
    assert stream.getvalue().startswith("text,whole,real,yes,time,list\r\n")
    read = list(csv.DictReader(io.StringIO(stream.getvalue(), newline=""), strict=True))
    assert len(read) == len(rows)
    for line, row in zip(read, rows, strict=True):
        assert line["text"] == (row["text"] or "")
        assert line["whole"] == ("" if row["whole"] is None else str(row["whole"]))
        assert (float(line["real"]) if line["real"] else None) == row["real"]
        assert line["yes"] == str(row["yes"]).lower()
        assert (from_text(line["time"]) if line["time"] else None) == row["time"]
        assert json.loads(line["list"]) == row["list"]


@given(ROWS)
def test_json_reads_back_exactly(rows: list[dict[str, object]]) -> None:
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    stream = io.StringIO(newline="")
    write_json(table, stream)
    expected = [{**row, "time": to_text(row["time"]) if row["time"] is not None else None} for row in rows]  # type: ignore[arg-type]
    assert json.loads(stream.getvalue()) == expected
    assert list(iterate(table)) == rows


@given(TIMES)
def test_a_time_is_written_in_utc_and_reads_back(moment: datetime) -> None:
    text = to_text(moment)
    assert text.endswith("Z")
    assert from_text(text) == moment
    assert to_text(moment.replace(tzinfo=None)) == text


@given(st.text(max_size=60))
def test_what_people_see_steers_no_terminal(text: str) -> None:
    shown = text_of(text.encode("utf-8", "replace").decode("utf-8"))
    assert shown.isprintable()
    assert not set(shown) & {*map(chr, range(32)), "\x7f", "\x9b", "\u202e", "\u2066", "\u2028"}
