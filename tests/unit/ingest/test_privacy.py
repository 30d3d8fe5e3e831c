"""Neither a prompt nor a refused card number is in any byte of the lake, compressed or not, nor in an error."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage.config import Settings
from linkage.errors import TryAgain
from linkage.ingest.cards import holds_card_number, is_card_number
from tests.lib.lakes import csv_file, events, jsonl_file, parquet_file, rows, take, take_one

PROMPT = "the quick brown prompt must not be kept"
CARDS = (
    "4111111111111111",
    "5555 5555 5555 4444",
    "3782-822463-10005",
    "6011111111111117",
    "30569309025904",
    "4222222222222",
)


def everything(root: Path) -> str:
    """All bytes of a folder, and all values of its Parquet files, as one text."""
    texts = []
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            texts.append(path.read_bytes().decode("latin-1"))
            if path.suffix == ".tmp":
                texts.append(unpacked(path.read_bytes()))
            if path.suffix == ".parquet":
                texts.append(repr(pq.ParquetFile(path).read().to_pylist()))
                texts.append(repr(pq.ParquetFile(path).metadata.to_dict()))
    return "\n".join(texts)


def unpacked(spilled: bytes) -> str:
    """What the engine has compressed in a file of spilled blocks, each a zstd frame of at most 256 KiB."""
    found = []
    for match in re.finditer(rb"\x28\xb5\x2f\xfd", spilled):
        block = pa.BufferReader(spilled[match.start() : match.start() + (1 << 18)])
        with contextlib.suppress(OSError):
            found.append(pa.CompressedInputStream(block, "zstd").read(1 << 18).decode("latin-1"))
    return "\n".join(found)


@pytest.mark.parametrize("layout", ["csv", "jsonl", "long"])
def test_neither_prompts_nor_card_numbers_are_kept(tmp_path: Path, layout: str) -> None:
    time = "2026-04-01T00:00:00Z"
    if layout == "long":
        lines = [f"a,card,{card},{time}" for card in CARDS] + [f"a,prompt,{PROMPT} {n},{time}" for n in range(5)]
        path = csv_file(tmp_path / "l.csv", "account_id,kind,identifier,event_time", *lines)
        mapping = {"layout": "long", "kinds": {"card": "payment_instrument"}}
    else:
        mapping = {}
        records = [
            {"event_time": time, "account_id": f"a{n}", "payment_instrument": card, "prompt": f"{PROMPT} {n}"}
            for n, card in enumerate(CARDS)
        ]
        records += [{**records[0], "payment_instrument": "fp_1", "event_time": broken} for broken in ("x", "", time)]
        if layout == "jsonl":
            nested = [{**records[0], "account_id": {"x": 1}}]
            path = jsonl_file(tmp_path / "l.jsonl", [*records, *nested, f'{{"card": {CARDS[0]}, "p": "{PROMPT}"', "[]"])
        else:
            lines = [",".join(record.values()) for record in records]
            path = csv_file(tmp_path / "l.csv", ",".join(records[0]), *lines, f"{CARDS[0]},{PROMPT}")
    preview = take(tmp_path / "preview", path, mapping=mapping, preview=True)
    assert not (tmp_path / "preview").exists()
    report = take_one(tmp_path / "lake", path, mapping=mapping)
    assert report.rules["payment_instrument.card_number"] == len(CARDS)
    aside = rows(tmp_path / "lake", "quarantine")
    assert [row["digest"] for row in aside if row["rule"] == "payment_instrument.card_number"] == [None] * len(CARDS)
    for row in aside:
        if row["rule"] in ("row.columns", "row.invalid_json", "row.nested_value"):
            assert row["digest"] is None, "a digest of a record with a card number would be a digest of it"
    kept = everything(tmp_path / "lake") + repr(report) + repr(preview)
    for secret in (PROMPT, "quick brown", *CARDS, *(card.replace(" ", "").replace("-", "") for card in CARDS)):
        assert secret not in kept
    assert any(event["prompt_template"] for event in events(tmp_path / "lake"))


def test_prompts_do_not_spill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With next to no memory the engine spills to disk while prompts pass: what it spilled holds none of them."""
    from linkage.ingest import settling

    spilled: list[str] = []
    original = settling.settle

    def look(*arguments: object) -> object:
        spilled.append(everything(tmp_path / "lake"))
        return original(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("linkage.ingest.intake.settle", look)
    lines = [
        f"2026-04-01T00:00:00Z,a{n % 97},2001:db8::{n % 9_973:x},{n:064d},{PROMPT} {'word ' * 20}{n}x"
        for n in range(160_000)
    ]
    path = csv_file(tmp_path / "p.csv", "event_time,account_id,ip_address,device_id,prompt", *lines)
    settings = Settings.model_validate({"engine": {"memory_limit": "30MB", "threads": 1}})
    # So little memory may not suffice for what follows; how it ends is not the point here.
    with contextlib.suppress(TryAgain):
        take(tmp_path / "lake", path, settings=settings)
    assert any(f"{n:064d}" in spilled[0] for n in range(0, 160_000, 100)), "nothing was spilled: the test shows nothing"
    assert PROMPT not in spilled[0]
    assert PROMPT not in everything(tmp_path / "lake")


@pytest.mark.parametrize("card", CARDS)
def test_card_numbers_are_told_from_tokens(card: str) -> None:
    assert is_card_number(card)
    assert is_card_number(f" {card} ")
    assert holds_card_number(f"x,{card},y")
    last = (int(card[-1]) + 1) % 10
    assert not is_card_number(card[:-1] + str(last))
    assert not is_card_number(f"fp_{card}")


@pytest.mark.parametrize(
    "written",
    [
        "4111111111111111.0",
        "4111111111111111.",
        "4.111111111111111E15",
        "4.111111111111111e+15",
        "4111  1111  1111  1111",
        "4111\u00a01111\u00a01111\u00a01111",
        "4111_1111_1111_1111",
        "#4111/1111/1111/1111",
        "\uff14" + "\uff11" * 15,
    ],
)
def test_a_card_number_is_one_however_it_is_written(tmp_path: Path, written: str) -> None:
    assert is_card_number(written)
    time = "2026-04-01T00:00:00Z"
    path = csv_file(tmp_path / "c.csv", "event_time,account_id,payment_instrument", f"{time},a,{written}")
    assert take_one(tmp_path / "lake", path).rules == {"payment_instrument.card_number": 1}
    record = f'{{"event_time": "{time}", "account_id": "a", "payment_instrument": 4111111111111111.0}}'
    assert take_one(tmp_path / "lake", jsonl_file(tmp_path / "c.jsonl", [record])).quarantined == 1
    assert written not in everything(tmp_path / "lake")


@pytest.mark.parametrize("kind", [pa.int64(), pa.float64(), pa.decimal128(22, 2), pa.string()])
def test_a_card_number_is_one_in_a_column_of_any_type(tmp_path: Path, kind: pa.DataType) -> None:
    numbers = ["4111111111111111", "12", None] if pa.types.is_string(kind) else [4111111111111111, 12, None]
    columns = {
        "event_time": ["2026-04-01T00:00:00Z"] * 3,
        "account_id": ["a", "b", "c"],
        "payment_instrument": pa.array(numbers).cast(kind),
    }
    report = take_one(tmp_path / "lake", parquet_file(tmp_path / "c.parquet", columns))
    assert (report.rules, report.accepted) == ({"payment_instrument.card_number": 1}, 2)


@pytest.mark.parametrize(
    "token", ["1643878", "tok_4111111111111111", "9999999999999995", "0000000000000000", "41111111111111"]
)
def test_tokens_are_taken(tmp_path: Path, token: str) -> None:
    header = "event_time,account_id,payment_instrument"
    path = csv_file(tmp_path / "t.csv", header, f"2026-04-01T00:00:00Z,a,{token}")
    assert take_one(tmp_path / "lake", path).accepted == 1


def test_sql_and_python_agree_on_card_numbers(tmp_path: Path) -> None:
    import random

    draw = random.Random(7)
    prefixes = [
        "4",
        "51",
        "2221",
        "34",
        "6011",
        "65",
        "3528",
        "300",
        "36",
        "62",
        "5018",
        "2200",
        "9792",
        "1",
        "7",
        "08",
    ]
    numbers = sorted(
        {
            draw.choice(prefixes).ljust(draw.randint(12, 20), "0")[:6]
            + "".join(draw.choices("0123456789", k=draw.randint(6, 14)))
            for _ in range(3_000)
        }
    )
    header = "event_time,account_id,payment_instrument"
    path = csv_file(tmp_path / "t.csv", header, *(f"2026-04-01T00:00:00Z,a,{number}" for number in numbers))
    take_one(tmp_path / "lake", path)
    refused = {numbers[row["row"] - 1] for row in rows(tmp_path / "lake", "quarantine")}
    assert refused == {number for number in numbers if is_card_number(number)}
    assert len(refused) > 50
