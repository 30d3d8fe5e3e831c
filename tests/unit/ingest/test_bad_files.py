"""Bad input: every record is accounted for, and nothing is lost without a word."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.lib.bad_files import ROWS, BadFile, bad_files
from tests.lib.lakes import check_reconciled, csv_file, events, jsonl_file, rows, take, take_one


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bad")


@pytest.fixture(scope="module")
def files(folder: Path) -> dict[str, BadFile]:
    return {file.path.name: file for file in bad_files(folder)}


@pytest.fixture(scope="module")
def lake(files: dict[str, BadFile], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lakes")


def test_each_bad_file_is_refused_or_reconciled(files: dict[str, BadFile], lake: Path) -> None:
    for place, bad in enumerate(files.values()):
        name = bad.path.name
        root = lake / str(place)
        report = take_one(root, bad.path, source=name)
        assert report.refused == bad.refused, (name, report)
        if bad.refused is not None:
            assert bad.row in (report.reason or ""), (name, report)
            assert report.accepted == report.duplicate == report.quarantined == 0
            assert rows(root, "events") == rows(root, "quarantine") == rows(root, "identities") == []
            if bad.read is not None:
                assert report.read == bad.read, (name, report)
        else:
            assert report.rules == bad.rules, (name, report)
            assert report.read == (ROWS if bad.read is None else bad.read), (name, report)
            assert report.accepted == report.read - report.quarantined, (name, report)
            check_reconciled(root)


def test_good_files_go_in_beside_the_refused_ones(files: dict[str, BadFile], folder: Path, tmp_path: Path) -> None:
    (folder / "whole").unlink(missing_ok=True)
    report = take(tmp_path / "lake", folder)
    assert report.refused
    by_name = {file.file_name: file for file in report.files}
    assert set(by_name) == set(files)
    assert {name for name, file in by_name.items() if file.refused} == {n for n, file in files.items() if file.refused}
    check_reconciled(tmp_path / "lake")
    ledger = {row["file_digest"]: row["refused"] for row in rows(tmp_path / "lake", "ledger")}
    # The same bytes under two names are one file; where one of the names fits, it is in.
    digests = {name: hashlib.sha256(file.path.read_bytes()).hexdigest() for name, file in files.items()}
    assert set(ledger) == set(digests.values())
    assert {digest for digest, refused in ledger.items() if not refused} == {
        digests[name] for name, file in files.items() if not file.refused
    }
    again = take(tmp_path / "lake", folder)
    assert again.accepted == 0
    assert again.version == report.version


def test_rows_are_named_by_their_number(files: dict[str, BadFile], tmp_path: Path) -> None:
    take_one(tmp_path / "columns", files["columns.csv"].path)
    assert [row["row"] for row in rows(tmp_path / "columns", "quarantine")] == [5, 500, ROWS]
    taken = {row["origin_row"] for row in rows(tmp_path / "columns", "events")}
    assert taken == set(range(1, ROWS + 1)) - {5, 500, ROWS}
    take_one(tmp_path / "values", files["values.csv"].path)
    assert [row["row"] for row in rows(tmp_path / "values", "quarantine")] == list(range(3, 24))
    take_one(tmp_path / "lines", files["broken.jsonl"].path)
    assert [row["row"] for row in rows(tmp_path / "lines", "quarantine")] == [*range(1001, 1011), 1012, 1013]


def test_text_in_any_script_comes_through_unchanged(files: dict[str, BadFile], tmp_path: Path) -> None:
    take_one(tmp_path / "lake", files["right-to-left.csv"].path)
    assert ("\u202eשלום\u200f", "👩‍👩‍👧 𝔘") in {
        (event["account"], event.get("user_agent")) for event in events(tmp_path / "lake")
    }
    take_one(tmp_path / "quoted", files["quoted.csv"].path)
    assert 'a "b", \u2028 c' in {event["user_agent"] for event in events(tmp_path / "quoted")}


def test_missing_unknown_and_unreadable_paths_are_refused_and_others_go_in(tmp_path: Path) -> None:
    good = csv_file(tmp_path / "good.csv", "event_time,account_id", "2026-04-01T00:00:00Z,a")
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "empty folder").mkdir()
    (tmp_path / "folder.csv").mkdir()
    report = take(
        tmp_path / "lake",
        tmp_path / "nothing.csv",
        tmp_path / "no*match.csv",
        tmp_path / "notes.txt",
        tmp_path / "empty folder",
        good,
    )
    assert [(file.file_name, file.refused) for file in report.files] == [
        ("nothing.csv", "file.missing"),
        ("no*match.csv", "file.missing"),
        ("notes.txt", "file.unknown_format"),
        ("empty folder", "file.missing"),
        ("good.csv", None),
    ]
    assert report.accepted == 1


def test_folders_are_walked_in_order_and_other_files_are_named(tmp_path: Path) -> None:
    source = tmp_path / "in"
    (source / "b").mkdir(parents=True)
    (source / "a").mkdir()
    (source / ".hidden").mkdir()
    for n, name in enumerate(("b/1.csv", "a/2.CSV", "3.jsonl", ".hidden/4.csv", "a/_5.csv", "a/read.me")):
        if name.endswith("jsonl"):
            jsonl_file(source / name, [{"event_time": f"2026-04-01T00:00:0{n}Z", "account_id": "a"}])
        else:
            csv_file(source / name, "event_time,account_id", f"2026-04-01T00:00:0{n}Z,a")
    report = take(tmp_path / "lake", source, source / "b" / "1.csv", source / "*" / "*.csv")
    assert [file.file_name for file in report.files] == ["3.jsonl", "2.CSV", "1.csv", "_5.csv"]
    assert report.ignored == (".hidden", "_5.csv", "read.me")
    assert not report.refused
