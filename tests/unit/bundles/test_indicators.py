"""A partner's indicators are read without trust: each record is accounted for, and a broken file is refused whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.bundles import indicators
from linkage.bundles.indicators import PATTERN, parse
from linkage.bundles.profiles import exchange_id, exchange_name
from linkage.errors import InputRefused
from tests.lib import bundled

NAME, OTHER = "a" * 64, "b" * 64
HEADER = "kind,exchange,first_seen,last_seen,key_id"
KEY = "0123456789abcdef"


def csv(*rows: str, header: str = HEADER) -> bytes:
    return "\r\n".join([header, *rows, ""]).encode()


def stix(*objects: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"type": "bundle", "id": "bundle--1", "objects": list(objects), **more}).encode()


def indicator(name: str = NAME, **more: Any) -> dict[str, Any]:
    pattern = PATTERN.format(kind="ip_address", name=name)
    return {"type": "indicator", "id": f"indicator--{name[:4]}", "pattern_type": "stix", "pattern": pattern, **more}


@pytest.mark.parametrize("file", ["indicators.csv", "interop/stix-2.1.json"])
def test_what_a_bundle_holds_comes_back(file: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    data = bundled.exported(tmp_path_factory, "partner") / "data"
    parsed = parse((data / file).read_bytes())
    rows = (data / "indicators.csv").read_text().splitlines()[1:]
    assert parsed.read == len(parsed.indicators) == len(rows) > 5
    assert not parsed.refused
    assert parsed.key_id == exchange_id(bundled.EXCHANGE)
    told = [row.split(",") for row in rows]
    assert sorted((one.kind, one.name) for one in parsed.indicators) == sorted((row[0], row[2]) for row in told)
    assert all(one.first_seen is not None and one.last_seen is not None for one in parsed.indicators)


def test_every_record_of_a_csv_is_accounted_for() -> None:
    parsed = parse(
        csv(
            f"ip_address,{NAME},2026-01-01T00:00:00Z,2026-01-02T00:00:00Z,{KEY}",
            f"ip_address,{NAME.upper()},,,{KEY}",
            f"IP ADDRESS,{NAME},,,",
            "ip_address,198.51.100.7,,,",
            f"ip_address,{NAME},yesterday,,",
            f"ip_address,{NAME},2026-01-02T00:00:00Z,2026-01-01T00:00:00Z,",
            f"ip_address,{NAME}",
            f'=cmd|calc,{OTHER},,,""',
        )
    )
    assert parsed.read == len(parsed.indicators) + len(parsed.refused) == 8
    assert [(number, rule) for number, rule, _ in parsed.refused] == [
        (3, "kind"), (4, "exchange"), (5, "time"), (6, "time"), (7, "fields"), (8, "kind")
    ]  # fmt: skip
    assert not any("198.51" in reason or "calc" in reason for _, _, reason in parsed.refused), "no value is quoted"
    assert {one.name for one in parsed.indicators} == {NAME}


def test_every_object_of_a_stix_bundle_is_accounted_for() -> None:
    parsed = parse(
        stix(
            indicator(external_references=[{"source_name": "linkage-exchange-key", "external_id": KEY}]),
            indicator(pattern="[ipv4-addr:value = '198.51.100.7']"),
            indicator(pattern_type="yara"),
            indicator(revoked=True),
            indicator(valid_until="2026-01-01T00:00:00Z"),
            indicator(valid_from=7),
            {"type": "identity", "id": "identity--1"},
        )
    )
    assert parsed.key_id == KEY
    assert [rule for _, rule, _ in parsed.refused] == ["pattern", "pattern", "revoked", "valid_until", "time"]
    assert (parsed.read, parsed.ignored) == (6, (("object identity", 1),))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\xff\xfe\x00k", "UTF-8"),
        (b"kind,exchange\r\n\0", "NUL"),
        (b"", "header"),
        (b"kind,value\r\n", "header"),
        (b"kind,kind,exchange\r\n", "header"),
        (csv(), "no indicator"),
        (csv(f'ip_address,"{NAME}', f"ip_address,{OTHER},,,"), "not CSV"),
        (csv(f'ip_address,"{NAME}', f'ip_address",{OTHER},,'), "several lines"),
        (csv(f"ip_address,{NAME},,,{KEY}", f"ip_address,{OTHER},,,{'f' * 16}"), "another exchange key"),
        (csv(f"ip_address,{NAME},,,../../secret"), "as none is called"),
        (b"{", "not JSON"),
        (b'{"type": "bundle", "objects": [], "objects": []}', "names something twice"),
        (b'{"type": "bundle", "objects": [{"type": "indicator", "x": NaN}]}', "not JSON"),
        (b"[" * 200_000, "nested deeper"),
        (b'{"a":' * 100_000, "nested deeper"),
        (b"[]", "not a STIX bundle"),
        (stix(type="report"), "not a STIX bundle"),
        (stix({"id": "x"}), "no STIX object"),
        (b'{"type": "bundle", "objects": [1]}', "no STIX object"),
        (stix({"type": "identity", "id": "identity--1"}), "no indicator"),
    ],
)
def test_what_does_not_hold_together_is_refused_whole(data: bytes, why: str) -> None:
    with pytest.raises(InputRefused, match="refused whole") as refused:
        parse(data)
    assert why in refused.value.message


def test_more_than_is_foreseen_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indicators, "MOST_RECORDS", 2)
    with pytest.raises(InputRefused, match="more than 2 records"):
        parse(csv(*(f"ip_address,{number:064x},,," for number in range(3))))
    monkeypatch.setattr(indicators, "MOST_BYTES", 100)
    with pytest.raises(InputRefused, match="larger than"):
        parse(csv(f"ip_address,{NAME},,,", f"ip_address,{OTHER},,,"))


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: f"{HEADER}\r\n{text}".encode())))
def test_whatever_comes_it_is_refused_or_accounted_for(data: bytes) -> None:
    try:
        parsed = parse(data)
    except InputRefused:
        return
    assert parsed.read == len(parsed.indicators) + len(parsed.refused)


def test_the_name_of_a_key_is_no_name_of_an_identifier(tmp_path: Path) -> None:
    key = b"k" * 32
    assert exchange_id(key) != exchange_id(b"l" * 32)
    assert not exchange_name(key, "ip_address", "key id").startswith(exchange_id(key))
