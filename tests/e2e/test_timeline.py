"""Days are chosen with the mouse on the timeline, and what stands beside it goes by them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Screen, Visit, served
from tests.lib import lanes_world
from tests.lib.lanes_world import World
from tests.lib.screen_world import USUAL, publish

pytestmark = pytest.mark.long

TOP = USUAL[0]
#: The drawing of the lanes, by what it says of itself.
LANES = '[data-testid=stVegaLiteChart][aria-label*="The tables below say the same"]'


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Screen]:
    publish(tmp_path / "workspace", "r-0001", USUAL)
    with served(tmp_path / "workspace", tmp_path / "server.log") as running:
        yield running


def grid(page: Page) -> Locator:
    """The table of the timeline, as a screen reader is told of it."""
    return page.locator("[data-testid=stDataFrame] [role=grid]").first


def test_a_brush_across_days_filters_the_tables_beside_it_until_it_is_let_go(visit: Visit, desk: Screen) -> None:
    page = visit.page
    page.goto(f"{desk.url}/cluster?cluster={TOP.cluster_id}&refresh=r-0001&tab=timeline")
    page.locator("[data-testid=stVegaLiteChart] svg.marks").first.wait_for()
    expect(grid(page)).to_have_attribute("aria-rowcount", "31")
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    brushed(page, 0.3, 0.6)
    expect(page.get_by_text("chosen on the timeline: charts and table show these days")).to_be_visible()
    # Thirty to sixty per cent of the width are about nine of thirty days, and the header is a row.
    expect(grid(page)).to_have_attribute("aria-rowcount", re.compile("^([89]|1[012])$"))
    page.get_by_role("tab", name="members").click()
    expect(page.get_by_text("chosen on the timeline: members who were first seen by their end")).to_be_visible()
    page.get_by_role("tab", name="what-if").click()
    expect(page.get_by_text("chosen on the timeline: left out can be identifiers in use")).to_be_visible()
    page.get_by_role("tab", name="evidence").click()
    expect(page.get_by_text("chosen on the timeline: identifiers in use on one of these days")).to_be_visible()
    page.get_by_role("button", name="All days").click()
    expect(page.get_by_text("chosen on the timeline")).to_have_count(0)
    page.get_by_role("tab", name="timeline").click()
    expect(grid(page)).to_have_attribute("aria-rowcount", "31")


@pytest.fixture(scope="module")
def lanes_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Screen, World]]:
    world = lanes_world.built(tmp_path_factory)
    folder = tmp_path_factory.mktemp("lanes")
    with served(world.workspace.path, folder / "server.log") as running:
        yield running, world


def brushed(page: Page, first: float, last: float) -> None:
    """Drag across the brush from one part of its width to another."""
    brush = page.locator("[data-testid=stVegaLiteChart] svg.marks").first
    brush.scroll_into_view_if_needed()
    box = brush.bounding_box()
    assert box is not None
    height = box["y"] + box["height"] / 3
    page.mouse.move(box["x"] + box["width"] * first, height)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * last, height, steps=8)
    page.mouse.up()


def test_lanes_show_stripes_and_say_them_in_tables_and_the_brush_bounds_both(
    visit: Visit, lanes_desk: tuple[Screen, World]
) -> None:
    desk, world = lanes_desk
    page = visit.page
    page.goto(f"{desk.url}/cluster?cluster={world.cluster}&tab=timeline")
    found = world.workspace.lanes(world.cluster)
    drawing = page.locator(LANES)
    drawing.scroll_into_view_if_needed()
    expect(drawing.locator(".role-axis-label text", has_text="ring-").first).to_be_visible()
    inside = int(found.moments["in_crowd"].sum())
    for layer, marks in ((0, len(found.crowds)), (1, len(found.moments) - inside), (2, inside)):
        expect(drawing.locator(f"g.layer_{layer}_marks > path")).to_have_count(marks)
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    twin, crowds = (page.locator("[data-testid=stDataFrame] [role=grid]").nth(at) for at in (1, 2))
    expect(twin).to_have_attribute("aria-rowcount", str(1 + len(found.accounts)))
    expect(crowds).to_have_attribute("aria-rowcount", str(1 + len(found.crowds)))
    assert visit.outside() == []

    days = page.locator("[data-testid=stMain] strong", has_text=re.compile(r"^2026-03-\d\d to 2026-03-\d\d$"))
    week = days.last.inner_text()
    brushed(page, 0.3, 0.34)
    expect(page.get_by_text("chosen on the timeline: charts and table show these days")).to_be_visible()
    expect(days.last).not_to_have_text(week)
    some = page.locator("[data-testid=stMain]").get_by_text(re.compile(r"^40 of 4\d members")).first
    expect(some).not_to_contain_text("in a row")
    first, last = (date.fromisoformat(text) for text in days.last.inner_text().split(" to "))
    assert timedelta(0) < last - first < timedelta(days=4)
    fewer = world.workspace.lanes(world.cluster, first=first, last=last)
    assert 0 < len(fewer.crowds) < len(found.crowds)
    expect(crowds).to_have_attribute("aria-rowcount", str(1 + len(fewer.crowds)))
    expect(drawing.locator("g.layer_0_marks > path")).to_have_count(len(fewer.crowds))


def test_a_hostile_name_in_a_lane_is_text(visit: Visit, lanes_desk: tuple[Screen, World]) -> None:
    desk, world = lanes_desk
    page = visit.page
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.goto(f"{desk.url}/cluster?cluster={world.cluster}&tab=timeline")
    page.get_by_role("textbox", name="Accounts").fill("onerror")
    page.get_by_role("textbox", name="Accounts").press("Enter")
    expect(page.get_by_text("1 of which match")).to_be_visible()
    drawing = page.locator(LANES)
    # Its lane alone: the drawing of everybody is gone, whose marks the pointer would meet.
    expect(drawing.locator(".role-axis-label text", has_text="ring-")).to_have_count(1)
    expect(drawing.locator(".role-axis-label text", has_text="ring-00 <img")).to_have_count(1)
    # A tooltip holds the name as well.
    drawing.locator("g.layer_2_marks > path, g.layer_1_marks > path").first.hover()
    expect(page.locator("#vg-tooltip-element")).to_contain_text("<img src=x onerror=alert(1)>")
    expect(page.locator("img[src=x]")).to_have_count(0)
    assert asked == [] and visit.outside() == []


def test_the_url_keeps_page_search_and_days_of_the_lanes_and_back_leads_to_those_of_before(
    visit: Visit, lanes_desk: tuple[Screen, World]
) -> None:
    desk, world = lanes_desk
    page = visit.page
    page.goto(f"{desk.url}/cluster?cluster={world.cluster}&tab=timeline")
    members = len(world.workspace.lanes(world.cluster, skip=0).accounts)
    every = world.workspace.lanes(world.cluster).members
    drawing = page.locator(LANES)
    expect(drawing.locator(".role-axis-label text", has_text="ring-")).to_have_count(members)
    box = page.get_by_role("combobox", name="Lanes")
    box.scroll_into_view_if_needed()
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    box.press("ArrowDown")
    page.get_by_role("option", name=f"41–{every} of {every}").click()
    second = drawing.locator(".role-axis-label text", has_text="ring-")
    expect(second).to_have_count(every - 40)
    page.wait_for_url("**&lanes=41")

    page.get_by_role("textbox", name="Accounts").fill("ring-2")
    page.get_by_role("textbox", name="Accounts").press("Enter")
    expect(page.get_by_text("10 of which match")).to_be_visible()
    expect(second).to_have_count(10)
    page.wait_for_url(re.compile(r"accounts=\d+(%2C\d+){9}&lanes=1$|lanes=1&accounts=\d+(%2C\d+){9}$"))
    assert "ring" not in page.url
    page.reload()
    expect(page.get_by_text("10 of which match")).to_be_visible()
    expect(second).to_have_count(10)

    page.go_back()
    expect(second).to_have_count(every - 40)
    assert page.url.endswith("&lanes=41")
    page.go_back()
    expect(second).to_have_count(members)
    page.go_forward()
    expect(second).to_have_count(every - 40)

    brushed(page, 0.3, 0.34)
    expect(page.get_by_text("chosen on the timeline: charts and table show these days")).to_be_visible()
    page.wait_for_url(re.compile(r"days=2026-03-\d\d\.\.2026-03-\d\d"))
    page.go_back()
    expect(page.get_by_text("chosen on the timeline")).to_have_count(0)
    expect(grid(page)).to_have_attribute("aria-rowcount", re.compile("^4[01]$"))
    # What the brush held is gone with it: the same days can be chosen again.
    brushed(page, 0.3, 0.34)
    expect(page.get_by_text("chosen on the timeline: charts and table show these days")).to_be_visible()
    # From elsewhere, Back leads to the view that was left.
    left = page.url
    page.goto(f"{desk.url}/cases")
    expect(page.get_by_role("heading", level=1)).to_have_text("Cases")
    page.go_back()
    expect(page.get_by_text("chosen on the timeline: charts and table show these days")).to_be_visible()
    assert page.url == left
