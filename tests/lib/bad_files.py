"""Files with something wrong, and what must become of them."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

HEADER = "event_id,event_time,account_id,ip_address,payment_instrument,user_agent,input_tokens"
ROWS = 1_000
CARD = "4111111111111111"


@dataclass(frozen=True)
class BadFile:
    """A file and its fate: refused by a rule (``row`` named in the reason), or taken with rows set aside by rule."""

    path: Path
    refused: str | None = None
    row: str = ""
    read: int | None = None
    rules: dict[str, int] | None = None


def line(number: int, **changed: str) -> str:
    """A good CSV row."""
    fields = {
        "event_id": f"e{number}",
        "event_time": "2026-04-01T00:00:00Z",
        "account_id": f"a{number % 7}",
        "ip_address": f"198.51.100.{number % 250}",
        "payment_instrument": "",
        "user_agent": "",
        "input_tokens": "1",
    }
    return ",".join((fields | changed).values())


def record(number: int, **changed: Any) -> dict[str, Any]:
    """A good JSONL record."""
    return {"event_id": f"e{number}", "event_time": "2026-04-01T00:00:00Z", "account_id": "a"} | changed


def csv_bytes(*changes: tuple[int, str], end: str = "\n") -> bytes:
    """A CSV file of ROWS rows in which some rows (by number, from 1) are other text."""
    lines = [line(number) for number in range(1, ROWS + 1)]
    for number, text in changes:
        lines[number - 1] = text
    return (end.join([HEADER, *lines]) + end).encode()


def parquet_bytes(folder: Path) -> bytes:
    """A Parquet file of ROWS rows in several row groups."""
    table = pa.Table.from_pylist([record(number, user_agent=f"agent {number * 7919}") for number in range(ROWS)])
    pq.write_table(table, folder / "whole", row_group_size=100)
    return (folder / "whole").read_bytes()


def bad_files(folder: Path) -> list[BadFile]:
    """Write every kind of bad file to ``folder``."""
    made: list[BadFile] = []

    def add(name: str, content: bytes, refused: str | None = None, **fate: Any) -> None:
        (folder / name).write_bytes(content)
        made.append(BadFile(folder / name, refused, **fate))

    good = csv_bytes()
    jsonl = "".join(json.dumps(record(number)) + "\n" for number in range(ROWS)).encode()
    parquet = parquet_bytes(folder)

    # Cut off, damaged, or something else.
    add("empty.csv", b"", "file.empty")
    add("empty.jsonl", b"", "file.empty")
    add("empty.parquet", b"", "file.empty")
    add("blank.jsonl", b"\n  \n\t\n", "file.empty")
    add("blank.csv", b"\n\n", "file.empty")
    add("cut.parquet", parquet[: len(parquet) // 2], "file.truncated")
    add("footer.parquet", parquet[:-8] + b"\xff\xff\xff\x7fPAR1", "file.truncated")
    add("page.parquet", parquet[:60] + b"\xff" * 400 + parquet[460:], "file.truncated")
    add("text.parquet", good, "file.wrong_content")
    add("parquet.csv", parquet, "file.wrong_content")
    add("cut.csv.gz", gzip.compress(good)[:-20], "file.truncated")
    add("tail.csv.gz", gzip.compress(good) + b"more", "file.truncated")
    add("flipped.csv.gz", gzip.compress(good)[:2000] + b"\x00" * 8 + gzip.compress(good)[2008:], "file.truncated")
    add("plain.csv.gz", good, "file.wrong_content")
    add("cut.jsonl.zst", pa.compress(jsonl, "zstd", asbytes=True)[:-9], "file.truncated")
    add("plain.jsonl.zst", jsonl, "file.wrong_content")
    add("list.json", json.dumps([record(1)]).encode(), "file.wrong_content")
    # Text that is none.
    add("utf-16.csv", good.decode().encode("utf-16"), "file.encoding")
    add("utf-16-without-mark.csv", good.decode().encode("utf-16-le"), "file.nul", row="line 1")
    add(
        "latin-1.csv",
        csv_bytes((300, line(300, user_agent="caf\xe9"))).decode().encode("latin-1"),
        "file.encoding",
        row="line 301",
    )
    add("nul.csv", csv_bytes((300, line(300, user_agent="a\0b"))), "file.nul", row="line 301")
    add("nul.jsonl", jsonl[:-2] + b"\0}\n", "file.nul", row=f"line {ROWS}")
    # Quotes (RFC 4180).
    add("unterminated.csv", csv_bytes((300, line(300, user_agent='"open'))), "file.quote", row="row 300", read=299)
    add("inside.csv", csv_bytes((7, line(7, user_agent='5" screen'))), "file.quote", row="row 7")
    add("behind.csv", csv_bytes((9, line(9, user_agent='"ab"c'))), "file.quote", row="row 9")
    add("last.csv", good + line(1001, input_tokens='"').encode(), "file.quote", row="row 1001")
    # Columns.
    add("twice.csv", b"event_time,account_id,account_id\n2026-04-01T00:00:00Z,a,b\n", "file.duplicate_column")
    add(
        "lacking.csv", b"event_time,ip_address\n2026-04-01T00:00:00Z,1.1.1.1\n", "file.missing_column", row="account_id"
    )
    # Taken, with rows set aside.
    add("good.csv", good, rules={})
    add("header.csv", (HEADER + "\n").encode(), rules={}, read=0)
    add("mark.csv", b"\xef\xbb\xbf" + good, rules={})
    add("mark.jsonl", b"\xef\xbb\xbf" + jsonl, rules={})
    add("crlf.csv", csv_bytes(end="\r\n"), rules={})
    add("cr.csv", csv_bytes(end="\r"), rules={})
    add("mixed.csv", good[:5000] + good[5000:].replace(b"\n", b"\r\n").replace(b"\r\n", b"\n\n\r", 40), rules={})
    add("no-end.csv", good.rstrip(b"\n"), rules={})
    add("no-end.jsonl", jsonl.rstrip(b"\n"), rules={})
    add("crlf.jsonl", jsonl.replace(b"\n", b"\r\n") + b"\r\n \r\n", rules={})
    add("members.csv.gz", gzip.compress(good[:999]) + gzip.compress(good[999:]), rules={})
    add("right-to-left.csv", csv_bytes((5, line(5, account_id="\u202eשלום\u200f", user_agent="👩‍👩‍👧 𝔘"))), rules={})
    add("quoted.csv", csv_bytes((5, line(5, user_agent='"a ""b"", \u2028 c"'))), rules={})
    add(
        "columns.csv",
        csv_bytes((5, "e5,2026-04-01T00:00:00Z,a"), (500, line(500) + ",more"), (ROWS, "x")),
        rules={"row.columns": 3},
    )
    add("broken-lines.csv", csv_bytes((5, line(5, user_agent='"two\nlines"'))), rules={})
    add(
        "broken.jsonl",
        jsonl
        + b'{"event_time": "2026-04-01T00:00:00Z", "account_id": "a"\n'
        + b'{"account_id": "a",}\n{"account_id": NaN}\n[1]\n"text"\nnull\n{} trailing\n\xf0\x9f\x98\x80\n{}\n'
        + b'{"event_time": "2026-04-01T00:00:00Z", "account_id": {"id": 1}}\n'
        + b'{"event_time": "2026-04-01T00:00:00Z", "account_id": "{not nested}", "x": {"y": [1]}}\n'
        + b'{"event_time": "2026-04-01T00:00:00Z", "account_id": "nul \\u0000"}\n'
        + b'{"event_time": "2026-04-01T00:00:00Z", "account_id": "a", "account_id": "b"}\n'
        + b'{"event_time": "2026-04-01T00:00:00Z", "account_id": "a", "x": {"account_id": "b"}}\n',
        rules={
            "row.invalid_json": 5,
            "row.not_an_object": 3,
            "account_id.missing": 1,
            "row.nested_value": 1,
            "row.repeated_key": 1,
            "account_id.control_characters": 1,
        },
        read=ROWS + 14,
    )
    add(
        "values.csv",
        csv_bytes(*((row, text) for row, (text, _) in enumerate(_VALUES, start=3))),
        rules=_counted(_VALUES),
    )
    return made


_LONG = "x" * 257
_VALUES: list[tuple[str, str]] = [
    (line(1, account_id=""), "account_id.missing"),
    (line(2, account_id=_LONG), "account_id.too_long"),
    (line(3, account_id="a\tb"), "account_id.control_characters"),
    (line(4, account_id="a\x85b"), "account_id.control_characters"),
    (line(5, event_time=""), "event_time.missing"),
    (line(6, event_time="2026-04-01 00:00:00"), "event_time.naive"),
    (line(7, event_time="tomorrow"), "event_time.invalid"),
    (line(8, event_time="2027-04-01T00:00:00Z"), "event_time.future"),
    (line(9, event_id=_LONG), "event_id.too_long"),
    (line(10, ip_address="300.1.1.1"), "ip_address.invalid"),
    (line(11, ip_address="010.1.1.1"), "ip_address.invalid"),
    (line(12, ip_address="1.1.1.1:80"), "ip_address.invalid"),
    (line(13, payment_instrument=_LONG), "payment_instrument.too_long"),
    (line(14, payment_instrument=CARD), "payment_instrument.card_number"),
    (line(15, payment_instrument="4111 1111-1111 1111"), "payment_instrument.card_number"),
    (line(16, payment_instrument="378282246310005", account_id=""), "payment_instrument.card_number"),
    (line(17, input_tokens="-1"), "input_tokens.negative"),
    (line(18, input_tokens="1.5"), "input_tokens.not_integer"),
    (line(19, input_tokens="1e3"), "input_tokens.not_integer"),
    (line(20, input_tokens="9223372036854775808"), "input_tokens.not_integer"),
    (line(21, input_tokens="many"), "input_tokens.not_integer"),
]


def _counted(values: list[tuple[str, str]]) -> dict[str, int]:
    return {rule: sum(1 for _, other in values if other == rule) for _, rule in values}
