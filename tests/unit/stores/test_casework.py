"""Casework: an audit chain that shows any change, run history, the allow-list, and explicit migrations."""

from __future__ import annotations

import itertools
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pg8000 import dbapi

from linkage.errors import ConfigurationError, SnapshotDamaged, UsageError
from linkage.stores import audit_chain
from linkage.stores.audit_chain import GENESIS
from linkage.stores.cases import Cases
from linkage.stores.casework import Casework
from linkage.stores.casework_schema import MIGRATIONS, Migration
from tests.lib.databases import Place

NOW = datetime(2026, 4, 1, 12, 30, 0, 250_000, tzinfo=UTC)


@pytest.fixture
def casework(place: Place) -> Casework:
    found = place.open()
    found.create(NOW)
    with found.writing() as connection:
        for number in range(5):
            audit_chain.append(connection, "ann", "test", f"s-{number}", {"n": number}, NOW)
    return found


def test_the_chain_comes_back_as_appended(casework: Casework) -> None:
    entries = casework.audit()
    assert [(entry.seq, entry.subject, entry.detail) for entry in entries] == [
        (number + 1, f"s-{number}", {"n": number}) for number in range(5)
    ]
    assert entries[0].previous == GENESIS
    assert all(later.previous == earlier.digest for earlier, later in itertools.pairwise(entries))
    assert casework.audit_head() == (entries[-1].digest, 5)
    assert casework.audit_fault() is None


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("UPDATE audit SET actor = 'bob' WHERE seq = 3", "entry 3 was changed"),
        ("UPDATE audit SET detail = '{\"n\":9}' WHERE seq = 1", "entry 1 was changed"),
        ("UPDATE audit SET at = '2027-01-01T00:00:00Z' WHERE seq = 5", "entry 5 was changed"),
        ("DELETE FROM audit WHERE seq = 2", "entry 2 is missing"),
        ("UPDATE audit SET seq = CASE seq WHEN 2 THEN 30 WHEN 3 THEN 2 ELSE seq END WHERE seq IN (2, 3)", "entry 2"),
        ("DELETE FROM audit WHERE seq = 5", "entry 5 is missing: the snapshot saw 5 entries"),
        ("DELETE FROM audit", "entry 1 is missing: the snapshot saw 5 entries"),
    ],
)
def test_every_change_by_hand_is_found_at_its_entry(
    casework: Casework, place: Place, statement: str, finding: str
) -> None:
    seen = {"the snapshot": casework.audit_head()}
    place.by_hand(statement)
    fault = casework.audit_fault(seen)
    assert fault is not None
    assert fault.startswith(finding)


def test_a_chain_that_was_written_anew_differs_from_what_a_snapshot_saw(casework: Casework, tmp_path: Path) -> None:
    seen = {"the snapshot": casework.audit_head()}
    other = Casework(tmp_path / "other.sqlite")
    other.create(NOW)
    for number in range(6):
        other.append_audit(actor="eve", action="test", subject=f"s-{number}", detail={}, now=NOW)
    assert other.audit_fault() is None
    assert other.audit_fault(seen) == "entry 5 is not the one that the snapshot saw"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'bob'",
        "DELETE FROM audit WHERE seq = 5",
        "DELETE FROM audit",
        "INSERT INTO audit SELECT seq + 7, at, actor, action, subject, detail, previous, digest FROM audit",
    ],
)
def test_the_database_itself_refuses_changes_of_the_chain(casework: Casework, place: Place, statement: str) -> None:
    _refused(place, statement)
    assert casework.audit_fault() is None


def test_each_database_refuses_its_own_way_around_a_trigger(casework: Casework, place: Place) -> None:
    if place.kind == "sqlite":
        columns = "seq, at, 'bob', action, subject, detail, previous, digest"
        _refused(place, f"INSERT OR REPLACE INTO audit SELECT {columns} FROM audit")
    else:
        _refused(place, "TRUNCATE audit")
    assert casework.audit_head()[1] == 5


def _refused(place: Place, statement: str) -> None:
    with pytest.raises((sqlite3.IntegrityError, dbapi.Error), match="append-only"):
        place.by_hand(statement, guarded=True)


def test_writers_at_the_same_time_make_one_chain(casework: Casework, place: Place) -> None:
    def write(worker: int) -> None:
        own = place.open()
        for number in range(10):
            own.append_audit(actor=f"w{worker}", action="test", subject=str(number), detail={}, now=NOW)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert casework.audit_head()[1] == 45
    assert casework.audit_fault() is None


def test_every_commit_is_synced_and_written_ahead(casework: Casework, place: Place) -> None:
    with casework.writing() as connection:
        if place.kind == "postgresql":
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
            return
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


def test_runs_come_back_newest_first_and_stand_in_the_audit(casework: Casework) -> None:
    for number, status in enumerate(("new", "failed")):
        casework.record_run(
            verb="refresh",
            status=status,
            refresh_id="r-1" if status == "new" else None,
            started_at=NOW,
            finished_at=NOW + timedelta(seconds=number),
            actor="ann",
            timings={"scoring": 1.5},
            counts={"clusters": number},
            fault=None if status == "new" else "TryAgain",
        )
    failed, new = casework.runs()
    assert (new.status, new.refresh_id, new.timings, new.counts, new.fault) == (
        "new", "r-1", {"scoring": 1.5}, {"clusters": 0}, None,
    )  # fmt: skip
    assert (failed.status, failed.fault, failed.finished_at) == ("failed", "TryAgain", NOW + timedelta(seconds=1))
    assert [(entry.action, entry.subject) for entry in casework.audit()[-2:]] == [
        ("refresh", "r-1"),
        ("refresh", "run-2"),
    ]


def allow(casework: Casework, cidr: str = "198.51.100.0/24", expires: datetime | None = None) -> str:
    entry = casework.allow(
        kind="cidr", cidr=cidr, identifier=None, reason="campus", author="ann", expires_at=expires, now=NOW
    )
    return entry.entry_id


def test_the_allow_list_keeps_what_was_added_until_it_is_removed(casework: Casework) -> None:
    first, second = allow(casework), allow(casework, "203.0.113.0/24", NOW + timedelta(days=1))
    assert [entry.entry_id for entry in casework.allowed()] == sorted([first, second])
    by_id = {entry.entry_id: entry for entry in casework.allowed()}
    assert by_id[first].active(NOW + timedelta(days=999))
    assert by_id[second].active(NOW)
    assert not by_id[second].active(NOW + timedelta(days=1))
    with pytest.raises(UsageError, match=first):
        allow(casework)
    casework.disallow(first, actor="bob", now=NOW)
    assert [entry.entry_id for entry in casework.allowed()] == [second]
    with pytest.raises(UsageError):
        casework.disallow(first, actor="bob", now=NOW)
    assert allow(casework) != first
    actions = [(entry.actor, entry.action, entry.subject) for entry in casework.audit()]
    assert ("ann", "allow.add", first) in actions
    assert ("bob", "allow.remove", first) in actions


def test_a_database_of_another_version_is_not_touched_before_someone_asks(place: Place) -> None:
    place.open().create(NOW)
    known = MIGRATIONS[-1].version
    later = (*MIGRATIONS, Migration(known + 1, "a note", ("ALTER TABLE run_history ADD COLUMN note TEXT",)))
    newer = place.open(later)
    with pytest.raises(ConfigurationError, match=f"version {known} and needs {known + 1}"):
        newer.create(NOW)
    assert [migration.version for migration in newer.migrate(NOW)] == [known + 1]
    assert newer.ready()
    assert newer.migrate(NOW) == ()
    with pytest.raises(ConfigurationError, match=f"has version {known + 1}; this linkage knows {known}"):
        place.open().create(NOW)


def test_a_database_from_before_there_were_cases_gets_them(place: Place) -> None:
    before = place.open(MIGRATIONS[:1])
    before.create(NOW)
    before.append_audit(actor="ann", action="test", subject="s", detail={}, now=NOW)
    assert [migration.purpose for migration in place.open().migrate(NOW)] == [
        "cases",
        "schedule, alerts, purges",
        "watch lists",
    ]
    assert Cases(place.open()).all() == ()
    assert place.open().audit_head()[1] == 1


def test_a_migration_that_fails_changes_nothing(place: Place) -> None:
    place.open().create(NOW)
    known = MIGRATIONS[-1].version
    broken = (*MIGRATIONS, Migration(known + 1, "breaks", ("CREATE TABLE more (a TEXT)", "CREATE TABLE more (a TEXT)")))
    with pytest.raises(Exception, match=r"OperationalError|SQLSTATE 42P07"):
        place.open(broken).migrate(NOW)
    assert place.open().version() == known
    assert "more" not in place.tables
    assert "audit" in place.tables


def test_a_damaged_database_is_named_as_such(tmp_path: Path) -> None:
    path = tmp_path / "casework.sqlite"
    path.write_bytes(b"this is not a database, " * 100)
    with pytest.raises(SnapshotDamaged):
        Casework(path).ready()


def test_a_copy_holds_what_was_committed_last(casework: Casework, tmp_path: Path) -> None:
    casework.copy_to(tmp_path / "copy.sqlite")
    copy = Casework(tmp_path / "copy.sqlite")
    assert copy.ready()
    assert copy.audit() == casework.audit()
    assert copy.audit_fault() is None
