"""Lanes on the timeline of a cluster, for each role and in each of their states; without a browser."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from linkage.model.access import Role
from linkage.ui import charts
from linkage.ui.session import CLUSTER as URL_PATH
from linkage.workspace import Workspace
from tests.lib import lanes_world
from tests.lib.lanes_world import DAYS, FIRST, SLOTS, World
from tests.lib.screen_world import HOSTILE, USUAL, publish
from tests.unit.ui.test_pages import said, show


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    return lanes_world.built(tmp_path_factory)


@pytest.fixture
def world(made: World, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("LINKAGE_WORKSPACE", str(made.workspace.path))
    return made


def timeline(world: World, **query: str) -> AppTest:
    test = show(URL_PATH, cluster=world.cluster, tab="timeline", **query)
    assert not test.exception
    return test


def lanes(test: AppTest) -> pd.DataFrame:
    """The table of the lanes: it comes after that of the days."""
    frame: pd.DataFrame = test.dataframe[1].value
    assert list(frame.columns) == ["account_id", "moments", "in_crowds", "share", "days", "in_crowds_of_window"]
    return frame


def box(test: AppTest, label: str) -> object:
    return next(each for each in test.selectbox if each.label == label)


@pytest.mark.parametrize("role", list(Role))
def test_every_role_sees_lanes_their_figures_and_the_crowds(world: World, tmp_path: Path, role: Role) -> None:
    settings = world.workspace.path / "linkage.toml"
    settings.write_text(f'[access.roles]\n"{world.workspace.actor}" = "{role}"\n', encoding="utf-8")
    try:
        test = timeline(world)
    finally:
        settings.unlink()
    found = world.workspace.lanes(world.cluster)
    assert lanes(test)["account_id"].tolist() == found.accounts["account_id"].tolist()
    assert lanes(test)["moments"].tolist() == found.accounts["moments"].tolist()
    crowds = test.dataframe[2].value
    assert crowds["accounts"].tolist() == found.crowds["accounts"].tolist()
    assert crowds["shown"].sum() == found.accounts["in_crowds"].sum()
    words = said(test)
    assert f"40 of {found.members} members" in words and "of 40 days the 7 in a row" in words
    inside = int(found.moments["in_crowd"].sum())
    assert f"{inside} of {len(found.moments)} moments" in words and f"fall in {len(found.crowds)} crowds" in words
    assert "10." not in " ".join(lanes(test)["account_id"]), "no address is a name"


def test_the_second_page_and_a_search_show_other_accounts(world: World) -> None:
    test = timeline(world)
    first = set(lanes(test)["account_id"])
    box(test, "Lanes").select_index(1).run()  # type: ignore[attr-defined]
    assert not test.exception
    second = set(lanes(test)["account_id"])
    assert second and not second & first
    test.text_input[0].set_value("RING-03, ring-2").run()
    assert not test.exception
    assert set(lanes(test)["account_id"]) == {"ring-03", *(f"ring-2{number}" for number in range(10))}
    assert "11 of which match" in said(test)
    test.text_input[0].set_value("nobody").run()
    assert "No member has such a name" in said(test)
    assert len(test.dataframe) == 1


def asked(test: AppTest) -> dict[str, str]:
    """What the URL says of the view, but for the cluster and the tab."""
    said = {name: value if isinstance(value, str) else value[-1] for name, value in test.query_params.items()}
    return {name: value for name, value in said.items() if name not in ("cluster", "tab")}


def test_a_url_reproduces_the_page_the_accounts_and_the_hours_of_the_lanes(world: World) -> None:
    test = timeline(world)
    box(test, "Lanes").select_index(1).run()  # type: ignore[attr-defined]
    assert asked(test) == {"lanes": "41"}
    second = timeline(world, **asked(test))
    assert lanes(second)["account_id"].tolist() == lanes(test)["account_id"].tolist()
    assert box(second, "Lanes").value == 40  # type: ignore[attr-defined]

    test.text_input[0].set_value("RING-03, ring-2").run()
    box(test, "Days").set_value(FIRST.date() + timedelta(days=20)).run()  # type: ignore[attr-defined]
    test.slider[0].set_range(8, 12).run()
    named = asked(test)
    assert {name: named[name] for name in ("lanes", "day", "hours")} == {
        "lanes": "1",
        "day": "2026-03-21",
        "hours": "8-12",
    }
    # Members by number: what was typed, and what they are called, is not in it.
    assert all(part.isdecimal() for part in named["accounts"].split(",")) and len(named["accounts"].split(",")) == 11
    again = timeline(world, **named)
    pd.testing.assert_frame_equal(lanes(again), lanes(test))
    assert again.text_input[0].value == "" and again.slider[0].value == (8, 12)
    link = next(each.value for each in again.markdown if "Link to this view" in each.value)
    assert all(f"{name}=" in link for name in named)
    next(each for each in again.button if each.label == "All members").click().run()
    assert asked(again)["accounts"] == "all"
    assert f"{len(lanes(again))} of" in said(again)


def test_a_url_that_names_what_is_not_there_shows_the_first_lanes(world: World) -> None:
    test = timeline(world, lanes="77", day="2031-01-01", hours="9-40", days="2026-13-01..x")
    assert lanes(test)["account_id"].tolist() == lanes(timeline(world))["account_id"].tolist()
    assert "No member has such a name" in said(timeline(world, accounts="999999999,x"))


def test_more_members_than_a_url_names_are_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linkage.ui.lanes_panel.MOST_NAMED", 5)
    test = timeline(world)
    test.text_input[0].set_value("ring").run()
    assert len(lanes(test)) == 5
    assert "members have such a name. Of these the 5 surest are shown" in said(test)


def test_one_day_is_looked_at_hour_by_hour(world: World) -> None:
    test = timeline(world)
    day = FIRST.date() + timedelta(days=20)
    choice = box(test, "Days")
    assert len(choice.options) == DAYS + 1 and choice.options[0] == "the 7 busiest in a row"  # type: ignore[attr-defined]
    choice.set_value(day).run()  # type: ignore[attr-defined]
    found = world.workspace.lanes(world.cluster, first=day, last=day)
    assert lanes(test)["moments"].sum() == len(found.moments)
    test.slider[0].set_range(8, 12).run()
    assert not test.exception
    for name, moments in zip(lanes(test)["account_id"], lanes(test)["moments"], strict=True):
        own = [slot % SLOTS for slot in world.begins[name] if slot // SLOTS == 20]
        assert moments == sum(48 <= slot < 72 for slot in own)
    assert "2026-03-21, 08:00 to 12:00, UTC" in said(test).replace("*", "")
    test.slider[0].set_range(24, 24).run()
    assert not test.exception and "23:00 to 24:00" in said(test)


def test_days_that_are_brushed_bound_the_lanes(world: World) -> None:
    test = timeline(world, days="2026-03-03..2026-03-05")
    assert not test.exception
    found = world.workspace.lanes(world.cluster, first=date(2026, 3, 3), last=date(2026, 3, 5))
    assert lanes(test)["moments"].tolist() == found.accounts["moments"].tolist()
    assert box(test, "Days").options == [  # type: ignore[attr-defined]
        "all of these days",
        *(
            f"2026-03-0{day}: {number} crowd{'s' if number != 1 else ''}"
            for day in (3, 4, 5)
            for number in [sum(at.day == day for at in found.crowds["moment"])]
        ),
    ]


def test_a_day_on_which_nobody_who_is_asked_for_begins_is_drawn_empty(world: World) -> None:
    name, day = next(
        (name, day)
        for name in world.ring
        for day in range(DAYS)
        if "<" not in name and all(slot // SLOTS != day for slot in world.begins[name])
    )
    test = timeline(world)
    test.text_input[0].set_value(name).run()
    box(test, "Days").set_value(FIRST.date() + timedelta(days=day)).run()  # type: ignore[attr-defined]
    assert not test.exception
    assert lanes(test)["moments"].tolist() == [0]
    assert "None of these accounts begins in this time." in said(test)


def test_every_moment_can_be_listed(world: World) -> None:
    test = timeline(world)
    switch = next(each for each in test.toggle if each.label.startswith("List the"))
    found = world.workspace.lanes(world.cluster)
    assert switch.label == f"List the {len(found.moments):,} moments"
    switch.set_value(True).run()
    rows = test.dataframe[2].value
    assert len(rows) == len(found.moments) and rows["in_crowd"].sum() == found.moments["in_crowd"].sum()
    assert rows.loc[~rows["in_crowd"], "accounts"].isna().all() and rows.loc[rows["in_crowd"], "accounts"].notna().all()


def test_crowds_have_rows_of_their_own(world: World) -> None:
    test = show(URL_PATH, cluster=world.cluster, tab="rows", table="crowds")
    assert not test.exception
    assert len(test.dataframe[0].value) == len(world.workspace.crowds(world.cluster))


def test_a_hostile_name_is_a_name(world: World) -> None:
    test = timeline(world)
    test.text_input[0].set_value("onerror").run()
    assert lanes(test)["account_id"].tolist() == [f"ring-00 {HOSTILE}"]


def test_events_that_are_gone_are_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A workspace without a lake: snapshots outlive the events that they were made from."""
    monkeypatch.setenv("LINKAGE_WORKSPACE", str(tmp_path / "workspace"))
    publish(tmp_path / "workspace", "r-0001", USUAL)
    test = show(URL_PATH, cluster=USUAL[0].cluster_id, tab="timeline")
    assert not test.exception
    assert "The events of these days are no longer kept" in said(test)
    assert lanes(test)["moments"].isna().all() and (lanes(test)["in_crowds_of_window"] == 10).all()
    assert len(test.dataframe[2].value) == 7, "the crowds of the seven days are known still"
    assert "moments (" not in said(test)


def test_without_a_schedule_lanes_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINKAGE_WORKSPACE", str(tmp_path / "workspace"))
    publish(tmp_path / "workspace", "r-0001", USUAL)
    test = show(URL_PATH, cluster=USUAL[1].cluster_id, tab="timeline")
    assert not test.exception
    assert "No schedule was found; lanes show when accounts begin to work." in said(test)
    assert Workspace(tmp_path / "workspace").lanes(USUAL[1].cluster_id).schedules == 0
    assert len(test.dataframe) == 2


@pytest.mark.parametrize("theme", list(charts.COLOURS))
def test_the_drawing_says_what_it_shows_and_holds_what_the_tables_hold(made: World, theme: str) -> None:
    found = made.workspace.lanes(made.cluster)
    names = found.accounts.set_index("account")["account_id"]
    edges = pd.Timestamp(found.first, tz="UTC"), pd.Timestamp(found.last, tz="UTC") + pd.Timedelta(days=1)
    releases = made.workspace.model_releases()
    drawn = charts.lanes(
        found.moments.assign(account_id=found.moments["account"].map(names)), found.crowds, names.tolist(), edges,
        releases, theme, "in words",
    ).to_dict()  # fmt: skip
    assert drawn["description"] == "in words"
    sizes = [len(drawn["datasets"][layer["data"]["name"]]) for layer in drawn["layer"]]
    inside = int(found.moments["in_crowd"].sum())
    assert sizes == [len(found.crowds), len(found.moments) - inside, inside, len(releases)]
    assert drawn["layer"][1]["encoding"]["y"]["scale"]["domain"] == names.tolist()
