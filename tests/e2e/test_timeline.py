"""Days are chosen with the mouse on the timeline, and what stands beside it goes by them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Screen, Visit, served
from tests.lib.screen_world import USUAL, publish

TOP = USUAL[0]


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
    brush = page.locator("[data-testid=stVegaLiteChart] svg.marks").first
    brush.wait_for()
    expect(grid(page)).to_have_attribute("aria-rowcount", "31")
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    brush.scroll_into_view_if_needed()
    box = brush.bounding_box()
    assert box is not None
    height = box["y"] + box["height"] / 3
    page.mouse.move(box["x"] + box["width"] * 0.3, height)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, height, steps=8)
    page.mouse.up()
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
