"""Any name that a kind may have is just a name: none of ours on the way in is mistaken for it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from linkage.config import KIND_NAME, Settings
from linkage.errors import ConfigurationError
from linkage.ingest.columns import EVENT_COLUMNS, RESERVED_KINDS
from tests.lib.lakes import check_reconciled, csv_file, jsonl_file, rows, take, take_one

TIME = "2026-04-01T00:00:00Z"
SQL = Path(__file__).parents[3] / "linkage" / "ingest" / "sql"
#: Statements that a kind's values go through.
WAY = ("json_lines", "admit", "create_staged", "stage", "encode", "encode_join", "sightings")


def names_in_statements() -> list[str]:
    """Every word of the statements on the way that a kind could be called."""
    text = " ".join((SQL / f"{name}.sql").read_text(encoding="utf-8") for name in WAY)
    words = set(re.findall(r"[a-z_0-9]+", text))
    taken = {*RESERVED_KINDS, *EVENT_COLUMNS, "prompt"}
    return sorted(word for word in words if KIND_NAME.match(word) and word not in taken)


def in_portions() -> list[list[str]]:
    """The same, as many at a time as a lake gets kinds."""
    names = names_in_statements()
    return [names[place : place + 50] for place in range(0, len(names), 50)]


def test_the_names_are_those_that_matter() -> None:
    assert {"card", "file", "rule", "ip_value", "row_rule", "content"} <= set(names_in_statements())


@pytest.mark.parametrize("names", in_portions(), ids=lambda names: f"{names[0]}-{names[-1]}")
def test_a_configured_kind_may_have_any_name(tmp_path: Path, names: list[str]) -> None:
    settings = Settings.model_validate({"identifiers": [{"kind": name} for name in names]})
    record = {"event_time": TIME, "account_id": "a", "ip_address": "198.51.100.7"} | {
        name: f"={name}" for name in names
    }
    files = [
        csv_file(tmp_path / "k.csv", ",".join(record), ",".join(record.values())),
        jsonl_file(tmp_path / "k.jsonl", [record]),
    ]
    report = take(tmp_path / "lake", *files, settings=settings)
    assert [(file.accepted, file.duplicate) for file in report.files] == [(1, 0), (0, 1)]
    value = {row["id"]: (row["kind"], row["value"]) for row in rows(tmp_path / "lake", "identities")}
    seen = {value[row["identifier"]] for row in rows(tmp_path / "lake", "sightings")}
    assert seen == {("ip_address", "198.51.100.7")} | {(name, f"={name}") for name in names}


@pytest.mark.parametrize("names", in_portions(), ids=lambda names: f"{names[0]}-{names[-1]}")
def test_a_kind_of_a_long_file_may_have_any_name(tmp_path: Path, names: list[str]) -> None:
    lines = [f"a,{name},={name},{TIME}" for name in names]
    path = csv_file(tmp_path / "k.csv", "account_id,kind,identifier,event_time", *lines)
    assert take_one(tmp_path / "lake", path, mapping={"layout": "long"}).accepted == len(names)
    check_reconciled(tmp_path / "lake")
    assert {row["kind"] for row in rows(tmp_path / "lake", "sightings")} == set(names)


def test_a_preview_calls_a_kind_by_its_name(tmp_path: Path) -> None:
    settings = Settings.model_validate({"identifiers": [{"kind": "card"}, {"kind": "country"}]})
    path = csv_file(tmp_path / "k.csv", "event_time,account_id,card,country", f"{TIME},a,fingerprint,de")
    (row,) = take(tmp_path / "lake", path, settings=settings, preview=True).rows
    assert (row["card"], row["country"]) == ("fi…", "…")


def test_prompts_are_no_kind(tmp_path: Path) -> None:
    settings = Settings.model_validate({"identifiers": [{"kind": "prompt"}]})
    path = csv_file(tmp_path / "k.csv", "event_time,account_id,prompt", f"{TIME},a,b")
    with pytest.raises(ConfigurationError, match="kept nowhere"):
        take(tmp_path / "lake", path, settings=settings)
