"""Arbitrary bytes never end in an uncaught error: a file is read, with every record, or refused by a rule."""

from __future__ import annotations

import gzip
import io
import tempfile
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.errors import ConfigurationError
from linkage.ingest import mapping as mappings
from linkage.ingest.discovery import discover
from linkage.ingest.inspecting import digest_of, identity_of, inspect
from linkage.ingest.keyed import Keyed
from linkage.ingest.reading import chunks, columns_of
from linkage.ingest.rules import FILE_RULES, ROW_RULES, Refusal
from tests.lib.lakes import check_reconciled, take

KEYED = Keyed(b"k" * 32)

text = st.text(alphabet=st.sampled_from(list('abc,"\n\r{}[]:1.\\ \t\0é\u2028🙂')), max_size=60).map(str.encode)
content = st.one_of(text, st.binary(max_size=60))


def read(name: str, data: bytes) -> int | None:
    """Rows of a file, or None when it is refused; anything else is a fault."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        (candidate,) = discover([path]).candidates
        try:
            file = inspect(candidate, digest_of(candidate), identity_of(path))
            present = columns_of(file)
            chosen = {"account_id": present[0]} if present else {}
            rows = 0
            for chunk in chunks(file, chosen, KEYED):
                rows += chunk.rows.num_rows + len(chunk.broken)
                assert all(record.rule in ROW_RULES for record in chunk.broken)
        except Refusal as refusal:
            if refusal.rule not in FILE_RULES:
                raise
            return None
        # A damaged page may say that it holds fewer rows; an ingest compares, and refuses the file.
        assert rows == file.records or file.format == "parquet"
        return rows


@settings(max_examples=1_500)
@given(st.sampled_from(["f.csv", "f.jsonl"]), content)
def test_any_bytes_as_text_files(name: str, data: bytes) -> None:
    read(name, data)
    read(name + ".gz", gzip.compress(data))


@settings(max_examples=400)
@given(st.sampled_from(["f.csv.gz", "f.csv.zst", "f.jsonl.gz", "f.jsonl.zst", "f.parquet", "f.parquet.gz"]), content)
def test_any_bytes_as_packed_files(name: str, data: bytes) -> None:
    read(name, data)
    read(name, b"\x1f\x8b" + data)
    read(name, b"\x28\xb5\x2f\xfd" + data)
    read(name, b"PAR1" + data + b"PAR1")


@cache
def whole_parquet() -> bytes:
    table = pa.table({"account_id": [f"a{n}" for n in range(40)], "x": list(range(40))})
    stream = io.BytesIO()
    pq.write_table(table, stream, row_group_size=10)
    return stream.getvalue()


@settings(max_examples=600)
@given(st.lists(st.tuples(st.integers(0, 2_000), st.integers(1, 255)), min_size=1, max_size=4), st.integers(0, 2_000))
def test_parquet_with_flipped_bytes_or_cut_off(flips: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(whole_parquet())
    read("f.parquet", bytes(data[: cut % len(data)]))
    for place, change in flips:
        data[place % len(data)] ^= change
    read("f.parquet", bytes(data))


@settings(max_examples=60)
@given(st.lists(st.binary(max_size=40), max_size=8))
def test_any_lines_end_reconciled_in_the_lake(lines: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "f.jsonl")
        path.write_bytes(b"\n".join(line.decode("utf-8", "ignore").encode() for line in lines))
        (report,) = take(Path(folder, "lake"), path).files
        assert report.refused or report.read == report.accepted + report.duplicate + report.quarantined
        check_reconciled(Path(folder, "lake"))


toml = st.text(alphabet=st.sampled_from(list("schema=\"linkg.\np/1[time]unzocduws={}'")), max_size=80)


@settings(max_examples=1_000)
@given(st.one_of(toml.map(str.encode), st.binary(max_size=40)))
def test_any_mapping_is_read_or_refused(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "m.toml")
        path.write_bytes(data)
        try:
            mappings.load(path)
        except ConfigurationError as fault:
            if folder in fault.message:
                raise
