"""The queue by keyboard, and acts on several of its rows at once, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from linkage import Workspace
from linkage.model.case import Status
from tests.e2e.conftest import Screen, Visit, served
from tests.e2e.test_screen import cell, open_queue, press_cell
from tests.lib import small_world
from tests.lib.screen_world import USUAL
from tests.lib.small_world import NAMES, OFFICE, OFFICE_ACCOUNTS, RING

#: Where the box of a row stands, and the middle of the row of that number, pixels.
BOX, ROWS = 18, (36 + 34, 36 + 68 + 34, 36 + 2 * 68 + 34)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Screen]:
    """A server on a workspace of the test's own, which it may write to."""
    small_world.build(tmp_path / "workspace")
    with served(tmp_path / "workspace", tmp_path / "server.log") as running:
        yield running


def row_said(page: Page, text: str) -> None:
    expect(page.locator(".spoken")).to_contain_text(text)


def test_j_and_k_choose_a_row_and_enter_opens_it(visit: Visit, screen: Screen) -> None:
    page = visit.page
    open_queue(page, screen)
    page.keyboard.press("Enter")
    page.keyboard.press("k")
    row_said(page, f"Row 1 of 4: {USUAL[0].cluster_id}")
    for _ in range(9):
        page.keyboard.press("j")
    row_said(page, f"Row 4 of 4: {USUAL[3].cluster_id}")
    page.keyboard.press("k")
    row_said(page, f"Row 3 of 4: {USUAL[2].cluster_id}")
    outline = page.locator(".cursor").bounding_box()
    table = page.locator("[data-testid=stDataFrame]").bounding_box()
    assert outline is not None
    assert table is not None
    assert abs(outline["y"] + outline["height"] / 2 - table["y"] - ROWS[2]) < 4
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/cluster?cluster={USUAL[2].cluster_id}&refresh=r-0001")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Cluster {USUAL[2].cluster_id}")
    page.keyboard.press("j")
    page.go_back()
    expect(cell(page, 1, 2)).to_have_text(f"{USUAL[0].cluster_id} →")
    assert page.url == f"{screen.url}/"
    # A button that was pressed keeps none of the keys.
    page.get_by_role("button", name="3 · linked only").click()
    expect(page.get_by_text("2 clusters of 4; 2 do not pass the filters")).to_be_visible()
    # The sentence comes before the rows that it is about, and other rows take the choice with them.
    expect(cell(page, 1, 2)).to_have_text(f"{USUAL[2].cluster_id} →")
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.evaluate("async () => { for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame); }")
    page.keyboard.press("j")
    row_said(page, f"Row 1 of 2: {USUAL[2].cluster_id}")
    page.keyboard.press("Escape")
    expect(page.locator(".spoken")).to_be_empty()


def test_letters_typed_into_a_field_are_letters(visit: Visit, screen: Screen) -> None:
    page = visit.page
    open_queue(page, screen)
    field = page.get_by_label("Id or reason contains")
    field.click()
    page.keyboard.type("jkj")
    assert field.input_value() == "jkj"
    page.keyboard.press("Control+a")
    page.keyboard.type("one kind")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 cluster of 4; 3 do not pass the filters")).to_be_visible()
    expect(page.locator(".spoken")).to_be_empty()
    page.get_by_role("combobox", name="Open a cluster").focus()
    page.keyboard.type("k")
    expect(page.locator(".spoken")).to_be_empty()
    assert page.url.startswith(f"{screen.url}/?text=")


def test_enter_opens_what_stands_in_the_row_of_a_table_that_was_sorted(visit: Visit, screen: Screen) -> None:
    page = visit.page
    open_queue(page, screen)
    page.keyboard.press("j")
    row_said(page, USUAL[0].cluster_id)
    score = 44 + 44 + 150 + 112
    press_cell(page, score + 30, 18)
    expect(page.locator(".spoken")).to_be_empty()
    expect(cell(page, 1, 2)).to_have_text(f"{USUAL[3].cluster_id} →")
    page.keyboard.press("j")
    row_said(page, f"Row 1 of 4: {USUAL[3].cluster_id}")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/cluster?cluster={USUAL[3].cluster_id}*")


def test_a_bulk_is_proposed_from_the_queue_approved_by_another_person_and_undone(desk: Screen, visit: Visit) -> None:
    page = visit.page
    another = Workspace(desk.workspace, actor="another")
    another.case.approve(Workspace(desk.workspace).case.propose(RING, "confirmed", ["canary"]).case_id)
    page.goto(desk.url)
    page.locator("[data-testid=stDataFrame] canvas").first.wait_for()
    expect(cell(page, 1, 2)).to_have_text(f"{RING} →")
    expect(page.get_by_role("button", name="Verdict on several…")).to_be_disabled()
    for row in ROWS:
        press_cell(page, BOX, row)
    page.get_by_role("button", name="Verdict on 2 clusters…").click()
    expect(page.get_by_text("1 chosen cluster has a case that waits or is decided, and stays out.")).to_be_visible()
    # What is chosen while the page is drawn anew is drawn over.
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    page.get_by_role("radio", name="Benign").click()
    page.get_by_role("button", name="company").click()
    page.get_by_label("Members that it is not about, one account a line").fill(OFFICE_ACCOUNTS[0])
    page.get_by_label("Note").last.fill("one firm")
    page.keyboard.press("Tab")
    expect(page.get_by_text("About 12 of 13 members of 2 clusters")).to_be_visible()
    # A key that is pressed while the page is drawn anew goes to what is no longer there.
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    page.get_by_label("Note").last.focus()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("They wait for another person.")).to_be_visible()
    with visit.context.expect_page() as opened:
        page.get_by_role("link", name="2 cases about 12 accounts").click()
    listed = opened.value
    listed.locator("[data-testid=stDataFrame] canvas").first.wait_for()
    expect(listed.get_by_text("2 cases, 2 of them waiting for another person.")).to_be_visible()
    listed.get_by_role("button", name="Act on 2 cases…").click()
    expect(listed.get_by_text("2 cases of these you proposed: another person approves them.")).to_be_visible()
    expect(listed.get_by_role("button", name="Approve 2 cases")).to_have_count(0)
    waiting = another.bulk.of(case.case_id for case in another.case.list() if case.status is Status.PROPOSED)
    assert (waiting.affected, waiting.excluded) == (12, 1)
    done = another.bulk.approve(waiting)
    # What was looked at has changed: nothing is taken back.
    listed.get_by_role("button", name="Take back 2 cases").click()
    expect(listed.get_by_text("has changed: another did approve")).to_be_visible()
    listed.goto(f"{desk.url}/cases?bulk={done.bulk_id}")
    listed.locator("[data-testid=stDataFrame] canvas").first.wait_for()
    listed.get_by_role("button", name="Act on 2 cases…").click()
    listed.get_by_label("What you looked at, what is missing, or why").fill("not one firm")
    listed.get_by_role("button", name="Reopen 2 cases").click()
    expect(listed.get_by_text("Taken up again:")).to_be_visible()
    assert {case.status for case in another.case.list()} == {Status.APPROVED, Status.REOPENED}
    assert not any(case.dismisses(name, datetime.now(UTC)) for case in another.case.list() for name in (OFFICE, NAMES))


def test_an_approver_decides_about_several_cases_at_once(desk: Screen, visit: Visit) -> None:
    another = Workspace(desk.workspace, actor="another")
    another.bulk.propose([OFFICE, NAMES], "benign", ["company"])
    page = visit.page
    page.goto(f"{desk.url}/cases")
    page.locator("[data-testid=stDataFrame] canvas").first.wait_for()
    expect(cell(page, 1, 2)).to_have_text("proposed")
    for row in (36 + 17, 36 + 35 + 17):
        press_cell(page, BOX, row)
    page.get_by_role("button", name="Act on 2 cases…").click()
    expect(
        page.get_by_text("2 cases: 2 benign. Their verdicts are about 13 of 13 members, 0 excluded.")
    ).to_be_visible()
    page.get_by_role("button", name="Approve 2 cases").click()
    expect(page.get_by_text("Approved: 2 cases about 13 accounts.")).to_be_visible()
    assert {case.status for case in another.case.list()} == {Status.APPROVED}
