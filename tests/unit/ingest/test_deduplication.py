"""Duplicates and conflicts: the same result in whatever order files come."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from linkage.stores.lake import Lake
from tests.lib.lakes import check_reconciled, csv_file, digest, events, rows, take, take_one

HEADER = "event_id,event_time,account_id,ip_address"


def test_the_same_file_again_changes_nothing(tmp_path: Path) -> None:
    root = tmp_path / "lake"
    path = csv_file(tmp_path / "e.csv", HEADER, "e1,2026-04-01T00:00:00Z,a,1.1.1.1", "e2,broken,a,1.1.1.1")
    take_one(root, path)
    before = {file: file.read_bytes() for file in root.rglob("*") if file.is_file()}
    report = take_one(root, path)
    assert (report.read, report.accepted, report.duplicate, report.quarantined) == (2, 0, 1, 1)
    assert {file: file.read_bytes() for file in root.rglob("*") if file.is_file()} == before
    renamed = path.rename(tmp_path / "other name.csv")
    report = take_one(root, renamed)
    assert (report.accepted, report.duplicate) == (0, 1)


def test_the_same_file_twice_in_one_call(tmp_path: Path) -> None:
    first = csv_file(tmp_path / "1.csv", HEADER, "e1,2026-04-01T00:00:00Z,a,1.1.1.1", "e2,broken,a,1.1.1.1")
    second = csv_file(tmp_path / "2.csv", HEADER, "e1,2026-04-01T00:00:00Z,a,1.1.1.1", "e2,broken,a,1.1.1.1")
    one, two = take(tmp_path / "lake", first, second).files
    assert (one.accepted, one.duplicate, one.quarantined) == (1, 0, 1)
    assert (two.accepted, two.duplicate, two.quarantined) == (0, 1, 1)
    check_reconciled(tmp_path / "lake")


def test_rows_without_event_id_are_duplicates_when_equal(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path / "e.csv",
        "event_time,account_id,ip_address,note",
        "2026-04-01T00:00:00Z,a,1.1.1.1,x",
        "2026-04-01T02:00:00+02:00,a,::ffff:1.1.1.1,y",
        "2026-04-01T00:00:00Z,a,1.1.1.2,x",
    )
    report = take_one(tmp_path / "lake", path)
    assert (report.accepted, report.duplicate) == (2, 1)


def test_an_event_id_is_one_event_per_source_and_day(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path / "e.csv",
        HEADER + ",source",
        "e1,2026-04-01T00:00:00Z,a,1.1.1.1,x",
        "e1,2026-04-01T00:00:00Z,a,1.1.1.1,y",
        "e1,2026-04-02T00:00:00Z,a,1.1.1.1,x",
        "e1,2026-04-01T00:00:00Z,a,1.1.1.1,x",
    )
    report = take_one(tmp_path / "lake", path)
    assert (report.accepted, report.duplicate, report.quarantined) == (3, 1, 0)


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_conflicting_rows_end_the_same_in_every_order(tmp_path: Path, order: tuple[int, ...], together: bool) -> None:
    contents = [
        ("e1,2026-04-01T00:00:00Z,a,1.1.1.1", "e2,2026-04-01T00:00:00Z,b,1.1.1.1"),
        ("e1,2026-04-01T00:00:01Z,a,1.1.1.2", "e3,2026-04-01T00:00:00Z,c,1.1.1.1"),
        ("e1,2026-04-01T00:00:02Z,a,1.1.1.3", "e1,2026-04-02T00:00:02Z,a,1.1.1.3"),
    ]
    root = tmp_path / "lake"
    paths = [csv_file(tmp_path / f"{n}.csv", HEADER, *lines) for n, lines in enumerate(contents)]
    batches = [[paths[n] for n in order]] if together else [[paths[n]] for n in order]
    for batch in batches:
        take(root, *batch)
        check_reconciled(root)
    assert len(rows(root, "events")) == 4
    aside = sorted((row["file_name"], row["row"], row["rule"]) for row in rows(root, "quarantine"))
    assert {rule for _, _, rule in aside} == {"conflicting_event_id"}
    expected = tmp_path.parent / "conflict-outcome"
    outcome = repr((digest(root), aside, [(event["event_time"], event["ip_address"]) for event in events(root)]))
    if expected.exists():
        assert expected.read_text() == outcome
    else:
        expected.write_text(outcome)


def test_a_retraction_is_counted_where_it_was_caused_and_where_it_hits(tmp_path: Path) -> None:
    lines = [f"e1,2026-04-01T00:00:0{n}Z,a,1.1.1.{n}" for n in range(4)]
    # Whichever row has the smallest digest, in one of the two orders it does not come first.
    retracted = [_retracted(tmp_path / "forth", lines), _retracted(tmp_path / "back", lines[::-1])]
    assert max(retracted) >= 1
    assert digest(tmp_path / "forth" / "lake") == digest(tmp_path / "back" / "lake")


def _retracted(folder: Path, lines: list[str]) -> int:
    folder.mkdir()
    root = folder / "lake"
    reports = [take_one(root, csv_file(folder / f"{n}.csv", HEADER, line)) for n, line in enumerate(lines)]
    retracted = sum(report.retracted for report in reports)
    assert sum(report.accepted for report in reports) - retracted == 1
    check_reconciled(root)
    (event,) = rows(root, "events")
    (sighting,) = rows(root, "sightings")
    (activity,) = rows(root, "activity")
    assert sighting["identifier"] == event["ip_address"]
    assert sighting["events"] == activity["events"] == 1
    assert activity["first_seen"] == event["event_time"]
    assert len(rows(root, "quarantine")) == len(lines) - 1
    return retracted


def test_late_rows_of_a_day_add_up(tmp_path: Path) -> None:
    root = tmp_path / "lake"
    for n in range(20):
        take_one(root, csv_file(tmp_path / f"{n}.csv", HEADER, f"e{n},2026-04-01T00:00:00Z,a,1.1.1.1"))
    check_reconciled(root)
    assert sum(row["events"] for row in rows(root, "sightings")) == 20
    assert len(Lake(root).view().of("events")) < 20, "many small files of a day become one"
    whole = csv_file(tmp_path / "all.csv", HEADER, *(f"e{n},2026-04-01T00:00:00Z,a,1.1.1.1" for n in range(20)))
    take_one(tmp_path / "other", whole)
    assert digest(root) == digest(tmp_path / "other")


def test_control_characters_in_a_field_do_not_blur_events(tmp_path: Path) -> None:
    """Only accounts may not hold them; what separates fields in a digest is data like any other inside of one."""
    header = "event_id,event_time,account_id,user_agent,device_id,model"
    time = "2026-04-01T00:00:00Z"
    unit = "\x1f"
    lines = [
        f'e1,{time},a,"two\nlines",tab\there,',
        f"e2{unit}x,{time},a,b{unit},c,",
        f"e2,{time},a,b,{unit}c,",
        f"e2,{time},a,b,{unit}c,",
    ]
    report = take_one(tmp_path / "lake", csv_file(tmp_path / "c.csv", header, *lines))
    assert (report.accepted, report.duplicate, report.quarantined) == (3, 1, 0)
    wider = csv_file(tmp_path / "w.csv", f"{header},region,input_tokens", *(f"{line},," for line in lines))
    assert take_one(tmp_path / "lake", wider).duplicate == 4
    without = [f"{time},a,b{unit},c,", f"{time},a,b,{unit}c,", f"{time},a,b,,{unit}c", f"{time},a,b{unit}c,,"]
    path = csv_file(tmp_path / "d.csv", header.removeprefix("event_id,"), *without)
    assert take_one(tmp_path / "other", path).accepted == 4
