"""The independent counts against Python's own readers, over arbitrary text in arbitrary blocks."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.ingest.counting import CsvCount, LineCount, TextCheck
from linkage.ingest.rules import Refusal

field = st.text(alphabet=st.sampled_from(list('ab,"\r\n é🙂')), max_size=6)


def blocks(data: bytes, sizes: list[int]) -> list[bytes]:
    cut, place = [], 0
    for size in sizes:
        cut.append(data[place : place + size])
        place += size
    return [*cut, data[place:]]


def counted(parts: list[bytes]) -> CsvCount:
    count = CsvCount()
    for block in parts:
        count.feed(block)
    count.finish()
    return count


@settings(max_examples=400)
@given(
    st.lists(st.lists(field, min_size=2, max_size=3), min_size=1, max_size=8),
    st.lists(st.integers(1, 9)),
    st.booleans(),
)
def test_well_formed_csv_is_counted_record_by_record(rows: list[list[str]], sizes: list[int], ended: bool) -> None:
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\r\n").writerows(rows)
    text = stream.getvalue() if ended else stream.getvalue().removesuffix("\r\n")
    assert counted(blocks(text.encode(), sizes)).records == len(rows)


@settings(max_examples=400)
@given(st.text(alphabet=st.sampled_from(list('ab,"\n')), max_size=40), st.lists(st.integers(1, 5)))
def test_any_text_is_counted_as_strict_csv_reads_it_or_refused(text: str, sizes: list[int]) -> None:
    try:
        count = counted(blocks(text.encode(), sizes))
    except Refusal as refusal:
        if refusal.rule != "file.quote":
            raise
        return
    records = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    assert count.records == len(records)


@settings(max_examples=300)
@given(
    st.lists(st.one_of(st.just(""), st.just(" \t"), st.text(max_size=5).map(json.dumps)), max_size=9),
    st.lists(st.integers(1, 5)),
)
def test_lines_that_hold_anything_are_counted(lines: list[str], sizes: list[int]) -> None:
    count = LineCount()
    for block in blocks("\n".join(lines).encode(), sizes):
        count.feed(block)
    count.finish()
    assert count.records == sum(1 for line in lines if line.strip(" \t"))


@settings(max_examples=300)
@given(st.binary(max_size=40), st.lists(st.integers(1, 5)))
def test_text_is_utf_8_without_nul(data: bytes, sizes: list[int]) -> None:
    check = TextCheck()
    try:
        data.decode("utf-8")
        good = b"\0" not in data
    except UnicodeDecodeError:
        good = False
    try:
        for block in blocks(data, sizes):
            check.feed(block)
        check.feed(b"", final=True)
    except Refusal:
        assert not good
    else:
        assert good


def test_a_quote_is_named_by_its_row_across_blocks() -> None:
    text = b'h,i\n1,2\n3,"4\n5,6\n'
    for size in range(1, len(text)):
        with pytest.raises(Refusal, match="row 2"):
            counted(blocks(text, [size] * (len(text) // size)))
