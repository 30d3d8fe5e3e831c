"""What a reader does with the drawing of a cluster, in a real browser: open, focus, pin, filter, and take an image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from linkage import Workspace
from tests.e2e.conftest import Screen, Visit, served
from tests.e2e.test_screen import drawn, listed, mark, view_of
from tests.lib.screen_world import USUAL, publish

pytestmark = pytest.mark.long

TOP = replace(USUAL[0], hubs=6)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screen]:
    folder: Path = tmp_path_factory.mktemp("graph")
    publish(folder / "workspace", "r-0001", (TOP, *USUAL[1:]))
    with served(folder / "workspace", folder / "server.log") as running:
        yield running


@pytest.fixture
def canvas(desk: Screen, visit: Visit) -> Any:
    visit.page.goto(f"{desk.url}/cluster?cluster={TOP.cluster_id}&refresh=r-0001&tab=evidence")
    return drawn(visit.page)


def counts(canvas: Any, which: str) -> int:
    return int(canvas.evaluate("(e, which) => e._cyreg.cy.nodes(which).length", which))


def tool(page: Page, name: str) -> Any:
    return page.get_by_role("toolbar").get_by_role("button", name=name, exact=True)


def test_a_double_click_opens_a_group_and_another_closes_it(canvas: Any, visit: Visit) -> None:
    page = visit.page
    before, marks = view_of(canvas), counts(canvas, "*")
    group = canvas.evaluate(
        """e => {
            const groups = e._cyreg.cy.nodes("[?group]").sort((a, b) => b.data("accounts") - a.data("accounts"));
            const { x, y } = groups[0].renderedPosition();
            return { id: groups[0].id(), accounts: groups[0].data("accounts"), at: { x, y } };
        }"""
    )
    canvas.dblclick(position=group["at"])
    page.wait_for_function(
        "([e, n]) => e._cyreg.cy.nodes('[of]').filter(n => n.data('of')).length === n",
        arg=[canvas.element_handle(), group["accounts"]],
    )
    assert counts(canvas, "*") == marks - 1 + group["accounts"]
    expect(page.get_by_text(f"and {group['accounts']} accounts out of them").first).to_be_visible()
    # What stays keeps its place, and so does the view.
    after = view_of(canvas)
    assert after[:2] == before[:2]
    assert len([place for place in before[2] if place not in after[2]]) == 1
    # An account that was taken out is selected by its id in both, and closes its group.
    canvas.evaluate("e => { e._cyreg.cy.nodes().filter(n => n.data('of'))[0].emit('tap'); }")
    expect(page.get_by_text("Selected: account", exact=False).first).to_be_visible()
    tool(page, "Close group").click()
    page.wait_for_function("([e, n]) => e._cyreg.cy.nodes().length === n", arg=[canvas.element_handle(), marks])
    expect(canvas).to_have_attribute("data-selected", group["id"])
    tool(page, "Open group").click()
    expect(page.get_by_text(f"and {group['accounts']} accounts out of them").first).to_be_visible()


def test_only_neighbours_shows_what_touches_the_selection_and_the_rest_comes_back(canvas: Any, visit: Visit) -> None:
    page = visit.page
    before = view_of(canvas)
    canvas.click(position=mark(canvas)["at"])
    expect(page.get_by_text("Selected:").first).to_be_visible()
    near = canvas.evaluate("e => e._cyreg.cy.nodes('.chosen').closedNeighborhood().nodes().length")
    tool(page, "Only neighbours").click()
    expect(tool(page, "Only neighbours")).to_have_attribute("aria-pressed", "true")
    assert counts(canvas, ":visible") == near < counts(canvas, "*")
    tool(page, "Only neighbours").click()
    assert counts(canvas, ":visible") == counts(canvas, "*")
    assert view_of(canvas) == before


def test_the_drawing_stands_in_the_middle_of_any_window_until_a_reader_moves_it(canvas: Any, visit: Visit) -> None:
    page = visit.page
    handle = canvas.element_handle()
    middle = """e => {
        const { x1, x2, y1, y2 } = e._cyreg.cy.elements().renderedBoundingBox({ includeLabels: false });
        return [(x1 + x2) / 2 / e.clientWidth, (y1 + y2) / 2 / e.clientHeight, (x2 - x1) / e.clientWidth];
    }"""
    fitted = f"""([e, width]) => {{
        const [x, y, share] = ({middle})(e);
        return e.clientWidth < width && Math.abs(x - .5) < .05 && Math.abs(y - .5) < .05 && share < 1;
    }}"""
    wide = canvas.evaluate("e => e.clientWidth")
    page.set_viewport_size({"width": 900, "height": 800})
    page.wait_for_function(fitted, arg=[handle, wide])
    tool(page, "Zoom in").click()
    before = view_of(canvas)
    page.set_viewport_size({"width": 1400, "height": 900})
    page.wait_for_function("([e, width]) => e.clientWidth > width", arg=[handle, 900])
    assert view_of(canvas) == before


def test_tables_follow_the_drawing_at_once_and_their_rows_are_marks(canvas: Any, visit: Visit) -> None:
    page = visit.page
    chosen = mark(canvas)
    # Within one step of the browser's own: no answer of the server can have come.
    said = canvas.evaluate(
        """(e, id) => {
            e._cyreg.cy.getElementById(id).emit('tap');
            const roots = [...document.querySelectorAll('*')].map(n => n.shadowRoot);
            const tables = roots.find(root => root?.querySelector('.tables'));
            return [tables.querySelector('.chosen').textContent,
                [...tables.querySelectorAll('[data-table=identifiers] tbody th')].map(n => n.textContent)];
        }""",
        chosen["id"],
    )
    assert said[0].startswith(f"Selected: {chosen['label']}. The tables show what touches it.")
    assert said[1] == [chosen["label"]]
    on = page.locator("[data-table=groups] tbody tr")
    near = canvas.evaluate("(e, id) => e._cyreg.cy.getElementById(id).neighborhood('node').length", chosen["id"])
    assert on.count() == near
    # The server's answer finds the same selection, and brings the accounts.
    expect(page.get_by_text(f"Of {chosen['label']}: ")).to_be_visible()
    expect(page.locator(".chosen")).to_contain_text(chosen["label"])
    expect(canvas).to_have_attribute("data-selected", chosen["id"])
    # By keyboard, from a row of the other table; the same row again clears.
    listed(page, "groups").first.get_by_role("button").focus()
    label = listed(page, "groups").first.inner_text()
    page.keyboard.press("Enter")
    expect(page.locator(".chosen")).to_contain_text(f"Selected: a group of {label}.")
    expect(page.get_by_text(f"Of a group of {label}: ")).to_be_visible()
    expect(listed(page, "groups").get_by_role("button", name=label, exact=True).first).to_be_focused()
    listed(page, "groups").first.click()
    expect(page.get_by_text("Nothing is selected")).to_be_visible()
    expect(canvas).to_have_attribute("data-selected", "")


def test_whoever_marks_a_text_of_a_row_to_copy_it_does_not_choose_the_row(canvas: Any, visit: Visit) -> None:
    page = visit.page
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    cell = page.locator("[data-table=groups] tbody tr").first.locator("td").last
    # Waits until the page has stopped moving.
    cell.hover(position={"x": 12, "y": 14})
    box = cell.bounding_box()
    assert box is not None
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 14, steps=4)
    page.mouse.up()
    marked = "e => e.getRootNode().getSelection().toString()"
    assert cell.evaluate(marked) != ""
    expect(canvas).to_have_attribute("data-selected", "")
    # What is marked in one row keeps nobody from choosing another.
    listed(page, "identifiers").first.click()
    expect(page.locator(".chosen")).to_contain_text("Selected: ")


def test_tables_are_sorted_by_the_head_of_a_column_and_a_third_press_undoes_it(canvas: Any, visit: Visit) -> None:
    page = visit.page
    column = page.locator("[data-table=identifiers] thead").get_by_role("button", name="Accounts anywhere")
    head = page.locator("[data-table=identifiers] thead th").nth(3)
    figures = page.locator("[data-table=identifiers] tbody td:nth-child(4)")
    before = figures.all_inner_texts()
    degrees = [int(text.replace(",", "")) for text in before]
    for way, wanted in (("descending", sorted(degrees, reverse=True)), ("ascending", sorted(degrees))):
        column.click()
        expect(head).to_have_attribute("aria-sort", way)
        assert [int(text.replace(",", "")) for text in figures.all_inner_texts()] == wanted
    column.click()
    assert figures.all_inner_texts() == before


def test_what_was_moved_and_pinned_is_there_after_a_reload_until_it_is_undone(canvas: Any, visit: Visit) -> None:
    page = visit.page
    before = view_of(canvas)[2]
    chosen = mark(canvas)
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + chosen["at"]["x"], box["y"] + chosen["at"]["y"])
    page.mouse.down()
    page.mouse.move(box["x"] + chosen["at"]["x"] + 60, box["y"] + chosen["at"]["y"] + 40, steps=5)
    page.mouse.up()
    moved = view_of(canvas)[2]
    assert moved != before
    canvas.evaluate("(e, id) => { e._cyreg.cy.getElementById(id).emit('tap'); }", chosen["id"])
    expect(page.get_by_text(f"Selected: {chosen['label']}.")).to_be_visible()
    tool(page, "Pin").click()
    expect(tool(page, "Pin")).to_have_attribute("aria-pressed", "true")
    page.reload()
    canvas = drawn(page)
    assert view_of(canvas)[2] == moved
    assert counts(canvas, ".pinned") == 1
    assert canvas.evaluate("(e, id) => e._cyreg.cy.getElementById(id).locked()", chosen["id"])
    tool(page, "Undo moves").click()
    assert view_of(canvas)[2] == before
    assert counts(canvas, ".pinned") == 0
    page.reload()
    assert view_of(drawn(page))[2] == before


def test_what_was_pinned_in_a_group_is_pinned_still_after_something_else_is_moved(canvas: Any, visit: Visit) -> None:
    page = visit.page
    group = canvas.evaluate("e => e._cyreg.cy.nodes('[?group]')[0].id()")
    tap = "(e, id) => { e._cyreg.cy.getElementById(id).emit('tap'); }"
    canvas.evaluate(tap, group)
    tool(page, "Open group").click()
    page.wait_for_function("e => e._cyreg.cy.nodes().some(n => n.data('of'))", arg=canvas.element_handle())
    account = canvas.evaluate("e => e._cyreg.cy.nodes().filter(n => n.data('of'))[0].id()")
    canvas.evaluate(tap, account)
    expect(page.get_by_text("Selected: account", exact=False).first).to_be_visible()
    tool(page, "Pin").click()
    tool(page, "Close group").click()
    expect(canvas).to_have_attribute("data-selected", group)
    tool(page, "Pin").click()
    expect(tool(page, "Pin")).to_have_attribute("aria-pressed", "true")
    tool(page, "Open group").click()
    page.wait_for_function("e => e._cyreg.cy.nodes().some(n => n.data('of'))", arg=canvas.element_handle())
    assert canvas.evaluate("e => e._cyreg.cy.nodes('.pinned').map(n => n.id())") == [account]


def test_filters_hold_for_the_drawing_and_its_table(canvas: Any, visit: Visit) -> None:
    page = visit.page
    before = view_of(canvas)
    page.get_by_role("button", name="Filter…").click()
    page.get_by_label("Kinds").click()
    page.get_by_role("option", name="cards").click()
    expect(page.get_by_text("Filtered: 16 of 46 identifiers pass.")).to_be_visible()
    expect(page.get_by_text("16 of 46 rows of cluster_identifiers").first).to_be_visible()
    expect(page.get_by_text("30 identifiers filtered out.").first).to_be_visible()
    page.wait_for_function(
        "e => e._cyreg.cy.nodes('[shape != \"ellipse\"]').length === 16", arg=canvas.element_handle()
    )
    assert counts(canvas, '[shape != "ellipse"][shape != "round-rectangle"]') == 0
    page.get_by_role("spinbutton", name="Accounts on it, at most").fill("1000")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Filtered: 14 of 46 identifiers pass.")).to_be_visible()
    page.get_by_role("button", name="Clear all").click()
    page.get_by_role("spinbutton", name="Accounts on it, at most").fill("")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Filtered:")).to_have_count(0)
    page.wait_for_function(
        "([e, n]) => e._cyreg.cy.nodes().length === n", arg=[canvas.element_handle(), len(before[2])]
    )
    assert view_of(canvas) == before


def test_hubs_are_one_mark_where_that_is_wanted(canvas: Any, visit: Visit) -> None:
    page = visit.page
    marks = counts(canvas, "*")
    assert counts(canvas, "[?discounted]") == 6
    page.get_by_text("Discounted hubs as one mark per kind").click()
    page.wait_for_function("e => e._cyreg.cy.nodes('[?discounted]').length === 3", arg=canvas.element_handle())
    assert counts(canvas, "*") == marks - 3
    canvas.evaluate("e => { e._cyreg.cy.nodes('[?discounted]')[0].emit('tap'); }")
    expect(page.locator(".chosen")).to_contain_text("Selected: 2 discounted")
    expect(page.get_by_text("2 of 46 rows of cluster_identifiers")).to_be_visible()
    # A row that the mark stands for besides others is none of its own.
    listed(page).first.click()
    expect(page.get_by_text("is not among the identifiers that are drawn by themselves")).to_be_visible()
    # A group that is opened then is tied to them as it was.
    group = canvas.evaluate("e => e._cyreg.cy.nodes('[?discounted]')[0].neighborhood('[?group]')[0].id()")
    canvas.evaluate("(e, id) => { e._cyreg.cy.getElementById(id).emit('tap'); }", group)
    tool(page, "Open group").click()
    page.wait_for_function("e => e._cyreg.cy.nodes().some(n => n.data('of'))", arg=canvas.element_handle())
    out = "e => e._cyreg.cy.nodes('[?discounted]')[0].neighborhood().filter(n => n.data('of')).length"
    assert canvas.evaluate(out) > 0


def test_an_image_is_taken_along_after_the_audit_says_so(canvas: Any, visit: Visit, desk: Screen) -> None:
    page = visit.page
    with page.expect_download() as coming:
        tool(page, "PNG").click()
    assert coming.value.suggested_filename == f"graph-{TOP.cluster_id}.png"
    assert Path(coming.value.path()).read_bytes().startswith(b"\x89PNG")
    entry = Workspace(desk.workspace).audit()[-1]
    assert (entry.action, entry.subject) == ("picture.download", TOP.cluster_id)
    assert entry.detail == {"refresh_id": "r-0001", "nodes": counts(canvas, "*")}
