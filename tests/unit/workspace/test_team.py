"""A workspace whose casework is in a PostgreSQL server, by configuration alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from linkage import Workspace
from linkage.cli import main
from linkage.errors import ConfigurationError, LinkageError, StoreUnavailable
from linkage.model.notes import Note
from linkage.workspace.home import Home
from linkage.workspace.schedule import Plan, Schedule
from tests.lib import databases, small_world
from tests.lib.hand_clock import START, Ends, HandClock
from tests.lib.small_world import RING, World

NAMES = ("LINKAGE_CASEWORK_URL", "LINKAGE_CASEWORK_PASSWORD")


@pytest.fixture
def there(postgresql: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where a workspace may be made, with the server named; its schema goes with the test."""
    monkeypatch.delenv("NEO4J_URI", raising=False)
    for name, value in postgresql.items():
        monkeypatch.setenv(name, value)
    yield tmp_path / "w"
    if (tmp_path / "w").exists():
        databases.Place("postgresql", schema(tmp_path / "w")).drop()


@pytest.fixture
def team(there: Path) -> World:
    return small_world.build(there)


def schema(path: Path) -> str:
    return f"linkage_{Home(path, None).name}"


def decided(path: Path) -> str:
    """A case that two people have decided."""
    ann, bob = (Workspace(path, actor=actor) for actor in ("ann", "bob"))
    case = ann.case.open(cluster=RING, note="look")
    case = ann.case.propose(case.case_id, verdict="benign", reasons=["company"], note="theirs")
    return bob.case.approve(case.case_id).case_id


def test_everything_is_in_the_server(team: World) -> None:
    case = decided(team.path)
    assert {check.status for check in Workspace(team.path).doctor()} == {"ok"}
    assert not (team.path / "casework.sqlite").exists()
    assert Workspace(team.path).case.show(case).status == "approved"
    (version,) = [check.finding for check in Workspace(team.path).doctor() if check.name == "casework version"]
    assert schema(team.path) in version
    assert os.environ["LINKAGE_CASEWORK_PASSWORD"] not in repr(Workspace(team.path).doctor())
    assert Workspace(team.path).purge("id:1", reason="asked").account == 1


@pytest.mark.parametrize("page", ["queue", "cases", "allow-list", "watch-lists", "runs", "audit"])
def test_a_page_shows_it(team: World, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.unit.ui.test_pages import said, show

    case = decided(team.path)
    monkeypatch.setenv("LINKAGE_WORKSPACE", str(team.path))
    shown = show(page)
    assert not shown.exception
    assert not shown.error
    if page == "cases":
        assert case in said(shown) + "".join(str(frame.value) for frame in shown.dataframe)


def test_settings_name_it_as_well_and_a_workspace_that_has_lost_them_says_so(
    team: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Workspace(team.path).audit()
    url = os.environ["LINKAGE_CASEWORK_URL"]
    monkeypatch.delenv("LINKAGE_CASEWORK_URL")
    with pytest.raises(ConfigurationError, match="nothing says where"):
        Workspace(team.path).audit()
    with pytest.raises(ConfigurationError, match="nothing says where"):
        decided(team.path)
    (team.path / "linkage.toml").write_text(f'[casework]\nurl = "{url}"\n', encoding="utf-8")
    assert Workspace(team.path).audit() == before


def test_a_backup_is_restored_to_a_file_or_to_a_server(
    team: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided(team.path)
    before = Workspace(team.path).audit()
    Workspace(team.path).backup(tmp_path / "saved.tar")
    # The workspace is lost and the server is not: what was done since the backup stays.
    Workspace(team.path, actor="ann").case.open(cluster=small_world.OFFICE)
    Workspace(tmp_path / "again").restore(tmp_path / "saved.tar")
    assert Workspace(tmp_path / "again").audit() == Workspace(team.path).audit() != before
    # Both are lost.
    databases.Place("postgresql", schema(team.path)).drop()
    Workspace(tmp_path / "anew").restore(tmp_path / "saved.tar")
    assert Workspace(tmp_path / "anew").audit() == before
    assert not (tmp_path / "anew" / "casework.sqlite").exists()
    assert {check.status for check in Workspace(tmp_path / "anew").doctor()} == {"ok"}
    # The server has other casework of this workspace.
    databases.Place("postgresql", schema(team.path)).drop()
    with pytest.raises(ConfigurationError, match="there is no schema"):
        Workspace(team.path).audit()
    with pytest.raises(ConfigurationError, match="there is no schema"):
        Workspace(team.path).allow.add("cidr", "203.0.113.0/24", reason="other")
    (team.path / "CASEWORK").unlink()
    Workspace(team.path).allow.add("cidr", "203.0.113.0/24", reason="other")
    with pytest.raises(ConfigurationError, match="does not go on from"):
        Workspace(tmp_path / "never").restore(tmp_path / "saved.tar")
    assert not (tmp_path / "never").exists()
    # Back to a file.
    monkeypatch.delenv("LINKAGE_CASEWORK_URL")
    Workspace(tmp_path / "file").restore(tmp_path / "saved.tar")
    assert Workspace(tmp_path / "file").audit() == before
    assert (tmp_path / "file" / "casework.sqlite").exists()


def test_casework_in_a_file_moves_when_an_admin_says_so(there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {name: os.environ[name] for name in NAMES}
    for name in NAMES:
        monkeypatch.delenv(name)
    small_world.build(there)
    case = decided(there)
    before = Workspace(there).audit()
    late = Home(there, "late").casework_to_write()
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=r"names? PostgreSQL, and the casework is in casework\.sqlite"):
        Workspace(there).audit()
    assert main(["--workspace", str(there), "case", "list"]) == 12
    (moved, *others) = Workspace(there).doctor(migrate=True)
    assert "was moved to" in moved.finding
    assert {check.status for check in others} == {"ok"}
    assert Workspace(there).audit() == before
    assert Workspace(there).case.show(case).status == "approved"
    assert not list(there.glob("casework.sqlite*"))
    assert len(list(there.glob("casework.moved-*.sqlite"))) == 1
    assert Workspace(there).doctor(migrate=True)[0].finding == "nothing to migrate"
    # Who had it open writes nowhere else.
    monkeypatch.delenv("LINKAGE_CASEWORK_URL")
    with pytest.raises(LinkageError):
        Workspace(there).case.note(case, "late")
    assert late.name == "casework.sqlite"


def test_two_processes_that_write_at_once_lose_nothing(team: World) -> None:
    case = decided(team.path)
    script = (
        "import sys; from linkage import Workspace\n"
        "workspace = Workspace(sys.argv[1], actor=sys.argv[3])\n"
        "for number in range(10): workspace.case.note(sys.argv[2], f'{sys.argv[3]}-{number}')\n"
    )
    people = ("ann", "bob")
    running = [
        subprocess.Popen([sys.executable, "-c", script, str(team.path), case, name], stderr=subprocess.PIPE, text=True)
        for name in people
    ]
    faults = [process.communicate(timeout=120)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0], faults
    workspace = Workspace(team.path)
    notes = {act.note for act in workspace.case.show(case).acts}
    assert {f"{name}-{number}" for name in people for number in range(10)} <= notes
    assert workspace.audit_fault() is None


def test_a_server_that_lets_nobody_write_says_so_and_still_reads(
    team: World, capsys: pytest.CaptureFixture[str]
) -> None:
    before = Workspace(team.path).audit()
    with databases.raw() as connection:
        cursor = connection.cursor()
        cursor.execute("ALTER ROLE CURRENT_USER SET default_transaction_read_only = on")
        connection.commit()
    try:
        code = main(["--workspace", str(team.path), "allow", "add", "cidr", "203.0.113.0/24", "--reason", "campus"])
        assert Workspace(team.path).audit() == before
    finally:
        with databases.raw() as connection:
            connection.rollback()
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute("SET default_transaction_read_only = off")
            cursor.execute("ALTER ROLE CURRENT_USER RESET default_transaction_read_only")
    assert code == 13
    said = capsys.readouterr().err
    assert "may not be written to" in said
    assert "Nothing was changed" in said


def test_a_server_that_stops_loses_nothing_that_was_said_to_be_done(
    team: World, capfd: pytest.CaptureFixture[str]
) -> None:
    if "LINKAGE_TEST_POSTGRES" in os.environ:
        pytest.skip("a named server is not stopped")
    case = decided(team.path)
    home, server = Home(team.path, "ann"), databases.server()
    before = home.casework_to_write().audit()

    def act() -> None:
        with home.cases_to_write().acting("ann", small_world.START) as acting:
            acting.audit("test", "s", {})
            server.stop()
            acting.audit("test", "s", {})

    try:
        with pytest.raises(StoreUnavailable, match="no PostgreSQL server answers"):
            act()
        capfd.readouterr()
        assert main(["--workspace", str(team.path), "case", "note", case, "words"]) == 13
        out, said = capfd.readouterr()
        assert "no PostgreSQL server answers" in said
        assert "Start it, or check the address" in said
        assert "Traceback" not in out + said
        failed = {check.name: check.exit_code for check in Workspace(team.path).doctor() if check.status == "fail"}
        assert failed == {"casework version": 13, "audit chain": 13, "watch lists": 13}
        assert len(Workspace(team.path).members()) > 0
    finally:
        server.start()
    assert home.casework_to_write().audit() == before
    assert Workspace(team.path, actor="ann").case.note(case, "words").acts[-1].note == "words"
    assert Workspace(team.path).audit_fault() is None


def test_a_schedule_goes_on_when_the_server_is_back(team: World) -> None:
    if "LINKAGE_TEST_POSTGRES" in os.environ:
        pytest.skip("a named server is not stopped")
    server, away, back = databases.server(), START + timedelta(minutes=39), START + timedelta(minutes=45)

    class Outage(HandClock):
        """The server is away from 12:59 to 13:05."""

        up = True

        def wait(self, seconds: float, process: subprocess.Popen[bytes] | None = None) -> None:
            super().wait(seconds, process)
            if self.up and away <= self.now() < back:
                server.stop()
                self.up = False
            elif not self.up and self.now() >= back:
                server.start()
                self.up = True

    # A clock that jumps saves the test the looks of half an hour.
    clock = Outage(timedelta(minutes=20), ((START + timedelta(minutes=1), timedelta(minutes=37)),))
    notes = list[Note]()
    ends = Ends(clock)
    try:
        schedule = Schedule(Home(team.path, "tester"), Plan(timedelta(hours=1)), clock, notes.append, ends)
        assert schedule.run() == 0
    finally:
        if not clock.up:
            server.start()
    first, second = [at for at, _ in ends.started]
    assert first == START
    assert back <= second < START + timedelta(minutes=60)
    assert any(note.figures.get("exit_code") == 13 for note in notes)
    done = Workspace(team.path).scheduled()
    assert done is not None
    assert done.exit_code == 0
