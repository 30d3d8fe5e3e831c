"""Lanes say when accounts begin, as counted by hand, and which of these moments the refresh called a crowd."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from linkage import Workspace
from linkage.errors import UsageError
from linkage.model.lanes import MOST_DAYS, MOST_LANES
from linkage.model.tables import OPTIONAL_TABLES, SNAPSHOT_TABLES
from linkage.stores.lake import Lake
from linkage.stores.layout import Layout
from linkage.stores.snapshots import Snapshots
from tests.lib import lanes_world
from tests.lib.lakes import csv_file
from tests.lib.lanes_world import DAYS, FIRST, LATE, RING, SLOTS, World, slot_of
from tests.lib.refreshed import events, refreshed


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return lanes_world.built(tmp_path_factory)


@pytest.fixture
def copy(world: World, tmp_path: Path) -> Workspace:
    """The same workspace, to be changed."""
    return Workspace(shutil.copytree(world.workspace.path, tmp_path / "copy"))


def day(number: int) -> date:
    return (FIRST + timedelta(days=number)).date()


def test_moments_are_those_counted_by_hand(world: World) -> None:
    for first in (0, 5, 6, 20, DAYS - 3):
        found = world.workspace.lanes(world.cluster, first=day(first), last=day(first + 2))
        assert (found.first, found.last) == (day(first), min(day(first + 2), day(DAYS - 1)))
        assert len(found.accounts) == MOST_LANES
        names = found.accounts.set_index("account")["account_id"]
        for row in found.accounts.itertuples():
            own = [slot for slot in world.begins[row.account_id] if first * SLOTS <= slot < (first + 3) * SLOTS]
            drawn = found.moments[found.moments["account"].map(names) == row.account_id]["moment"]
            assert [slot_of(at.to_pydatetime()) for at in drawn] == own
            assert (row.moments, row.days) == (len(own), len({slot // SLOTS for slot in own}))


def test_a_session_that_began_the_day_before_is_no_moment_of_this_day(world: World) -> None:
    assert LATE in world.begins["ring-01"] and LATE + 1 not in world.begins["ring-01"]
    last, first = (
        world.workspace.lanes(world.cluster, accounts=["ring-01"], first=at, last=at).moments["moment"]
        for at in (day(5), day(6))
    )
    assert slot_of(last.iloc[-1].to_pydatetime()) == LATE
    assert LATE + 1 not in [slot_of(at.to_pydatetime()) for at in first]


def test_crowds_and_moments_in_them_are_those_that_the_refresh_counted(world: World) -> None:
    crowds = world.workspace.crowds(world.cluster)
    slots = [slot_of(at.to_pydatetime()) for at in crowds["moment"]]
    assert len(crowds) > 40 and (crowds["accounts"] > crowds["expected"]).all()
    on = world.workspace.snapshot().table("sightings").to_pandas()
    on = on[on["identifier"] < 0]
    kept = world.workspace.names(on["account"].tolist())
    for slot, accounts in zip(slots, crowds["accounts"], strict=True):
        assert accounts == sum(slot in world.begins[name] for name in kept.values())
    whole: dict[str, int] = {}
    for first in range(0, DAYS, MOST_DAYS):
        for skip in (0, MOST_LANES):
            found = world.workspace.lanes(world.cluster, first=day(first), last=day(first + MOST_DAYS - 1), skip=skip)
            for row in found.accounts.itertuples():
                inside = set(slots) & set(world.begins[row.account_id])
                assert row.in_crowds_of_window == (len(inside) if row.account_id in kept.values() else 0)
                whole[row.account_id] = whole.get(row.account_id, 0) + row.in_crowds
    assert whole == {name: len(set(slots) & set(world.begins[name])) for name in whole}
    assert set(world.ring) <= set(whole)


def test_pages_hold_every_member_once_those_with_most_moments_in_crowds_first(world: World) -> None:
    first, second = (world.workspace.lanes(world.cluster, skip=skip) for skip in (0, MOST_LANES))
    assert first.members == first.asked >= RING
    rows = pd.concat([first.accounts, second.accounts])
    assert rows["account_id"].is_unique and len(rows) == first.members
    assert rows["in_crowds_of_window"].is_monotonic_decreasing
    few = world.workspace.lanes(world.cluster, skip=3, limit=5).accounts["account_id"].tolist()
    assert few == rows["account_id"].iloc[3:8].tolist()


def test_without_days_the_seven_in_a_row_with_most_moments_in_crowds_are_drawn(world: World) -> None:
    crowds = world.workspace.crowds(world.cluster)
    by_day = [int(crowds.loc[crowds["moment"].dt.date == day(number), "accounts"].sum()) for number in range(DAYS)]
    sums = [sum(by_day[start : start + MOST_DAYS]) for start in range(DAYS - MOST_DAYS + 1)]
    found = world.workspace.lanes(world.cluster)
    assert (found.last - found.first).days == MOST_DAYS - 1
    assert sums[(found.first - day(0)).days] == max(sums)
    assert len(found.crowds) == sum(found.first <= at.date() <= found.last for at in crowds["moment"])
    among = world.workspace.lanes(world.cluster, first=day(2), last=day(12))
    start = (among.first - day(0)).days
    assert 2 <= start <= 6 and sums[start] == max(sums[2:7])


def test_hours_leave_out_what_is_not_in_them(world: World) -> None:
    found = world.workspace.lanes(world.cluster, first=day(20), last=day(20))
    some = found.between(8, 12)
    for row in some.accounts.itertuples():
        own = [slot for slot in world.begins[row.account_id] if slot // SLOTS == 20 and 48 <= slot % SLOTS < 72]
        assert row.moments == len(own)
    assert set(some.crowds["moment"].dt.hour) <= {8, 9, 10, 11}
    assert found.between(0, 24).to_frame().equals(found.to_frame())


def test_what_came_after_the_refresh_is_not_drawn(world: World, copy: Workspace, tmp_path: Path) -> None:
    as_of = copy.snapshot().run.as_of
    later = as_of + timedelta(seconds=1)
    assert later.date() == day(DAYS - 1)
    before = copy.lanes(world.cluster, accounts=["ring-02"], first=later.date(), last=later.date())
    rows = [f"{later + timedelta(minutes=more):%Y-%m-%dT%H:%M:%SZ},ring-02,10.9.9.9" for more in (0, 30)]
    copy.ingest(csv_file(tmp_path / "later.csv", "event_time,account_id,ip_address", *rows))
    after = copy.lanes(world.cluster, accounts=["ring-02"], first=later.date(), last=later.date())
    assert after.moments.equals(before.moments)


def test_events_that_are_gone_are_said_to_be_and_what_was_counted_stays(world: World, copy: Workspace) -> None:
    whole = copy.lanes(world.cluster, first=day(8), last=day(11))
    lake = Lake(Layout(copy.path).lake)
    with lake.begin() as writing:
        writing.drop([entry for entry in writing.pending("events") if entry.day in {day(8), day(9)}])
        writing.commit()
    part = copy.lanes(world.cluster, first=day(8), last=day(11))
    assert part.gone == (day(8), day(9)) and not part.unknown
    assert part.moments.equals(whole.moments[whole.moments["moment"].dt.date >= day(10)].reset_index(drop=True))
    assert "the events of 2 of these days are no longer kept" in str(part)
    none = copy.lanes(world.cluster, first=day(8), last=day(9))
    assert none.unknown and none.crowds.equals(copy.lanes(world.cluster, first=day(8), last=day(9)).crowds)
    assert len(none.crowds) == sum(at.date() in {day(8), day(9)} for at in whole.crowds["moment"])
    frame = none.to_frame()
    assert frame[["moments", "in_crowds", "days"]].isna().all(axis=None)
    assert frame["in_crowds_of_window"].tolist() == whole.accounts["in_crowds_of_window"].tolist()


def test_a_refresh_that_kept_no_crowds_says_so(world: World, copy: Workspace) -> None:
    current = copy.snapshot()
    store = Snapshots(copy.path)
    without = {table.name: current.table(table.name) for table in SNAPSHOT_TABLES}
    assert [table.name for table in OPTIONAL_TABLES if current.has(table.name)] == ["crowds"]
    store.write(replace(current.run, refresh_id="r-before"), without)
    found = copy.lanes(world.cluster, refresh="r-before")
    assert found.schedules == 1 and not found.marked and found.crowds.empty
    assert not found.moments["in_crowd"].any() and len(found.moments) > 0
    assert "kept no crowds" in str(found)


def test_a_cluster_without_a_schedule_has_lanes_all_the_same(tmp_path_factory: pytest.TempPathFactory) -> None:
    workspace = refreshed(tmp_path_factory, "proxy_pool")
    cluster = next(name for name in workspace.clusters()["cluster_id"] if workspace.crowds(name).empty)
    found = workspace.lanes(cluster)
    assert found.schedules == 0 and found.crowds.empty and not found.moments["in_crowd"].any()
    assert "No schedule was found; lanes show when accounts begin to work." in str(found)
    every = events("proxy_pool").to_pandas()
    for row in found.accounts.itertuples():
        at = every.loc[every["account_id"] == row.account_id, "event_time"].dt.floor("10min").drop_duplicates()
        at = at.sort_values()
        begins = at[at.diff() != pd.Timedelta(minutes=10)]
        assert row.moments == sum(found.first <= moment.date() <= found.last for moment in begins)
    assert len(found.moments) > 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"limit": 0}, "from 1 to 40"),
        ({"limit": MOST_LANES + 1}, "from 1 to 40"),
        ({"skip": -1}, "from 1 to 40"),
        ({"accounts": ["person-no-member"]}, "no member of this cluster"),
        ({"accounts": [-5]}, "no member of this cluster"),
        ({"first": day(DAYS + 3)}, "in the window"),
        ({"first": day(5), "last": day(4)}, "in the window"),
    ],
)
def test_what_cannot_be_drawn_is_refused(world: World, wrong: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said) as refused:
        world.workspace.lanes(world.cluster, **wrong)  # type: ignore[arg-type]
    assert "person" not in refused.value.message


def test_an_unknown_cluster_is_refused(world: World) -> None:
    with pytest.raises(UsageError, match="no such cluster"):
        world.workspace.lanes("c-nothing")
    with pytest.raises(UsageError, match="no such cluster"):
        world.workspace.crowds("c-nothing")


def test_an_account_is_found_by_name_and_by_number(world: World) -> None:
    by_name = world.workspace.lanes(world.cluster, accounts=["ring-05"])
    by_number = world.workspace.lanes(world.cluster, accounts=[int(by_name.accounts["account"].iloc[0])])
    assert by_name.asked == 1 and by_name.to_frame().equals(by_number.to_frame())
    assert isinstance(by_name.moments["moment"].iloc[0], datetime)
