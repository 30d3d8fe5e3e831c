"""The doctor: every kind of damage has a check that finds it, and says what to do."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from linkage import Workspace
from linkage.model.alert import Alert, AlertKind
from linkage.model.reports import Check
from linkage.model.ticks import TickDone, tick_of
from linkage.stores.outbox import Outbox
from linkage.workspace.home import Home
from tests.lib import small_world
from tests.lib.small_world import START, World

UNREACHED = '[store.neo4j]\nuri = "bolt://127.0.0.1:1"\ntimeout_seconds = 1.0\n'


@pytest.fixture
def world(tmp_path: Path) -> World:
    return small_world.build(tmp_path / "w")


@pytest.fixture(autouse=True)
def no_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """No graph store is named, whatever the environment of the tests says."""
    monkeypatch.delenv("NEO4J_URI", raising=False)


def examined(path: Path) -> dict[str, Check]:
    return {check.name: check for check in Workspace(path).doctor()}


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def tamper(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TRIGGER audit_no_update")
        connection.execute("UPDATE audit SET actor = 'nobody' WHERE seq = 1")


def cut(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TRIGGER audit_no_delete")
        connection.execute("DELETE FROM audit")


def test_a_sound_workspace_has_nothing_to_complain_of(world: World) -> None:
    checks = examined(world.path)
    assert {check.status for check in checks.values()} == {"ok"}
    assert {"configuration", "workspace version", "casework version", "secret key", "lake", "ledger", "snapshots",
            "current snapshot", "audit chain", "watch lists", "free disk"} == set(checks)  # fmt: skip


def test_an_empty_folder_is_no_fault(tmp_path: Path) -> None:
    checks = examined(tmp_path / "none")
    assert {name: check.status for name, check in checks.items()} == {
        "configuration": "ok",
        "workspace version": "warn",
    }
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("name", "damage", "exit_code"),
    [
        ("configuration", lambda root: (root / "linkage.toml").write_text("nonsense = 1\n"), 12),
        ("configuration", lambda root: (root / "linkage.toml").write_text("[[[\n"), 12),
        ("workspace version", lambda root: (root / "VERSION").write_text("linkage.workspace/9\n"), 12),
        ("secret key", lambda root: (root / "secret.key").unlink(), 12),
        ("secret key", lambda root: (root / "secret.key").write_bytes(b"short"), 12),
        ("secret key", lambda root: (root / "secret.key").chmod(0o644), 12),
        ("lake", lambda root: flip(next((root / "lake" / "identities").glob("*.parquet"))), 20),
        ("lake", lambda root: next((root / "lake" / "identities").glob("*.parquet")).unlink(), 20),
        ("lake", lambda root: flip(root / "lake" / "MANIFEST.json"), 20),
        ("snapshot r-000000000001", lambda root: flip(root / "snapshots/r-000000000001/members.parquet"), 20),
        ("current snapshot", lambda root: (root / "CURRENT").write_text("r-gone\n"), 20),
        ("audit chain", lambda root: tamper(root / "casework.sqlite"), 20),
        ("graph store", lambda root: (root / "linkage.toml").write_text(UNREACHED), 13),
        ("casework version", lambda root: (root / "casework.sqlite").write_bytes(b"junk" * 999), 20),
    ],
)
def test_each_kind_of_damage_is_found(
    world: World, name: str, damage: Callable[[Path], object], exit_code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEO4J_PASSWORD", "any")
    damage(world.path)
    check = examined(world.path)[name]
    assert (check.status, check.exit_code) == ("fail", exit_code)
    assert check.finding
    assert check.advice


def test_an_audit_whose_tail_was_cut_is_found_by_what_snapshots_saw(world: World) -> None:
    small_world.publish(world.path, "r-000000000002", world.tables, world.refresh_id)
    cut(world.path / "casework.sqlite")
    finding = examined(world.path)["audit chain"]
    assert finding.status == "fail"
    assert "snapshot r-000000000002 saw 1 entries" in finding.finding
    (world.path / "casework.sqlite").unlink()
    assert examined(world.path)["audit chain"].status == "fail"


def test_a_reader_refuses_a_workspace_of_another_layout(world: World) -> None:
    from linkage.errors import ConfigurationError

    (world.path / "VERSION").unlink()
    with pytest.raises(ConfigurationError):
        Workspace(world.path).clusters()


def test_a_schedule_that_does_not_keep_up_and_alerts_that_were_lost_are_found(world: World) -> None:
    home = Home(world.path, "tester")
    casework, hour = home.casework_to_write(), timedelta(hours=1)
    casework.end_tick(TickDone(tick_of(datetime.now(UTC), hour), hour, START, 0))
    assert examined(world.path)["schedule"].status == "ok"
    casework.end_tick(TickDone(START, hour, START, 0))
    late = examined(world.path)["schedule"]
    assert (late.status, "overdue since 2026-03-01T01:00:00Z" in late.finding) == ("warn", True)
    outbox = Outbox(casework, home.name)
    outbox.add(Alert("late:1", AlertKind.LATE, "run-1", START, {"rows": 1}), ["soc"])
    assert examined(world.path)["alerts"].status == "ok"
    outbox.given_up(outbox.deliveries()[0], "status 500", START)
    assert examined(world.path)["alerts"].status == "warn"
