"""Watch lists, alerts, purges and ticks: the same rows from either database, and whole in a copy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from linkage.errors import ConfigurationError, LinkageError, UsageError
from linkage.model.alert import Alert, AlertKind
from linkage.model.ticks import TickDone
from linkage.model.verdict import Scope
from linkage.model.watch import Indicator
from linkage.stores.cases import Cases
from linkage.stores.casework import Casework
from linkage.stores.casework_move import bring, move
from linkage.stores.casework_schema import METADATA
from linkage.stores.outbox import Outbox
from linkage.stores.purges import Purges
from linkage.stores.watch_lists import WatchLists
from tests.lib.databases import Place

NOW = datetime(2026, 4, 1, 12, 30, 0, 250_000, tzinfo=UTC)
#: Surrogate ids have 63 bits.
LARGEST = (1 << 63) - 1
NAMES = "Zoë", "O'Neil", 'a"b', "percent %s", "日本", "émile", "aaa", "Zz"


def filled(place: Place) -> Casework:
    """A database with a row in every table, and words that a database may take amiss."""
    casework = place.open()
    casework.create(NOW)
    with Cases(casework).acting("Zoë", NOW) as acting:
        acting.open(Scope.of("r-1", "c-1", [1, LARGEST]), "a 'note' with \\ and %(name)s; DROP TABLE audit")
        acting.follow("r-2", {}, ())
    for name in NAMES:
        casework.allow(
            kind="ip_address", cidr=None, identifier=LARGEST - len(name), reason=name, author=name,
            expires_at=None, now=NOW,
        ) if name in ("aaa", "O'Neil") else casework.append_audit(
            actor=name, action="test", subject=name, detail={name: "\x00\ud800"}, now=NOW
        )  # fmt: skip
    outbox = Outbox(casework, "workspace")
    assert outbox.add(Alert("key", AlertKind.CLUSTER_NEW, "c-1", NOW, {"size": 3}), ["soc", "siem"])
    Purges(casework).begin(LARGEST, actor="ann", reason="asked", now=NOW)
    casework.end_tick(TickDone(NOW, timedelta(hours=1), NOW, 0))
    indicators = [Indicator("ip_address", f"{number:04d}", NOW, None) for number in range(1_200)]
    WatchLists(casework).add("Lab", "k-1", "f" * 64, indicators, author="ann", expires_at=None, now=NOW)
    casework.record_run(
        verb="refresh", status="new", refresh_id="r-1", started_at=NOW, finished_at=NOW, actor="ann",
        timings={"scoring": 1.5}, counts={"clusters": LARGEST},
    )  # fmt: skip
    return casework


def rows(casework: Casework) -> dict[str, list[tuple[object, ...]]]:
    with casework.reading() as connection:
        return {
            name: [tuple(row) for row in connection.execute(sa.select(table).order_by(*table.primary_key))]
            for name, table in METADATA.tables.items()
        }


def test_every_store_gives_back_what_it_was_given(place: Place) -> None:
    casework = filled(place)
    assert casework.audit_fault() is None
    assert Cases(casework).fault() is None
    assert sorted(entry.author for entry in casework.allowed()) == ["O'Neil", "aaa"]
    assert {entry.identifier for entry in casework.allowed()} == {LARGEST - 3, LARGEST - 6}
    assert Purges(casework).pending() == (LARGEST,)
    Purges(casework).end([LARGEST], actor="ann", now=NOW)
    assert Purges(casework).pending() == ()
    done = casework.last_tick()
    assert done == TickDone(NOW, timedelta(hours=1), NOW, 0)


def test_the_outbox_tells_once_and_knows_what_is_due(place: Place) -> None:
    outbox = Outbox(filled(place), "workspace")
    alert = Alert("key", AlertKind.CLUSTER_NEW, "c-1", NOW, {"size": 3})
    assert not outbox.add(alert, ["soc"])
    ((told, delivery),) = outbox.due("soc", NOW, timedelta(hours=1), 5)
    assert told == alert
    outbox.postponed(delivery, "status 500", NOW + timedelta(minutes=1))
    assert outbox.due("soc", NOW, timedelta(hours=1), 5) == []
    ((_, again),) = outbox.due("soc", NOW + timedelta(minutes=1), timedelta(hours=1), 5)
    outbox.delivered(again, NOW)
    assert sorted((way.receiver, way.status, way.attempts) for way in outbox.deliveries()) == [
        ("siem", "waiting", 0),
        ("soc", "delivered", 2),
    ]
    assert outbox.told_sizes() == {"c-1": 3}


def test_a_watch_list_keeps_what_is_new_and_forgets_what_is_removed(place: Place) -> None:
    lists = WatchLists(filled(place))
    (listed,) = lists.all()
    assert len(lists.indicators(listed.list_id)) == listed.indicators == 1_200
    some = [Indicator("ip_address", "0007", NOW, NOW), Indicator("ip_address", "new", None, None)]
    added = lists.add("Lab", "k-1", "e" * 64, some, author="ann", expires_at=None, now=NOW)
    assert added is not None
    assert lists.indicators(added.list_id) == (some[1],)
    assert lists.add("Lab", "k-1", "e" * 64, some, author="ann", expires_at=None, now=NOW) is None
    assert len(lists.remove("Lab", actor="ann", now=NOW)) == 2
    assert lists.indicators(listed.list_id) == ()


def test_a_copy_has_every_row_of_every_table(place: Place, tmp_path: Path) -> None:
    casework = filled(place)
    casework.copy_to(tmp_path / "copy.sqlite")
    copy = Casework(tmp_path / "copy.sqlite")
    assert copy.ready()
    assert rows(copy) == rows(casework)
    assert all(rows(copy).values())
    assert copy.audit_fault({"the first": casework.audit_head()}) is None


def test_a_file_that_is_brought_or_moved_is_there_whole_and_takes_nothing_more(place: Place, tmp_path: Path) -> None:
    from tests.lib import databases

    file = filled(databases.place("sqlite", tmp_path))
    target = place.open() if place.kind == "postgresql" else Casework(tmp_path / "target.sqlite")
    before = rows(file)
    bring(file, target)
    move(file, target, tmp_path / "kept.sqlite")
    assert rows(target) == rows(Casework(tmp_path / "kept.sqlite")) == before
    with pytest.raises(LinkageError):
        file.append_audit(actor="late", action="test", subject="s", detail={}, now=NOW)
    with pytest.raises(LinkageError), Cases(file).acting("late", NOW) as acting:
        acting.open(Scope.of("r-1", "c-2", [1]))
    target.append_audit(actor="ann", action="test", subject="s", detail={}, now=NOW)
    bring(Casework(tmp_path / "kept.sqlite"), target)
    assert target.audit_head()[1] == len(before["audit"]) + 1


def test_other_casework_is_never_replaced(place: Place, tmp_path: Path) -> None:
    casework = filled(place)
    other = Casework(tmp_path / "other.sqlite")
    other.create(NOW)
    other.append_audit(actor="eve", action="test", subject="s", detail={}, now=NOW)
    before = rows(casework)
    with pytest.raises(ConfigurationError, match="does not go on from other"):
        bring(other, casework)
    assert rows(casework) == before


def test_a_fault_inside_undoes_everything(place: Place) -> None:
    casework = filled(place)
    before = rows(casework)

    def act() -> None:
        with Cases(casework).acting("ann", NOW) as acting:
            acting.open(Scope.of("r-1", "c-9", [1]))
            raise UsageError("no")

    with pytest.raises(UsageError):
        act()
    assert rows(casework) == before
