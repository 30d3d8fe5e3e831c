"""From the queue to a chosen mark of a cluster's graph and back, in a real browser."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from linkage.ui.graph_component import ENGINE_ROUTE
from linkage.ui.serve import HEADERS
from tests.e2e.conftest import Screen, Visit, served
from tests.lib.screen_world import HOSTILE, USUAL, Spec, publish

pytestmark = pytest.mark.long

TOP = USUAL[0]


def open_queue(page: Page, screen: Screen, query: str = "") -> None:
    page.goto(f"{screen.url}/{query}")
    page.locator("[data-testid=stDataFrame] canvas").first.wait_for()
    expect(cell(page, 1, 2)).to_have_text(f"{TOP.cluster_id} →")


def cell(page: Page, row: int, column: int, table: int = 0) -> Any:
    """Cell of a table as a screen reader finds it; rows count from 1, the header not counted."""
    return (
        page.locator("[data-testid=stDataFrame]")
        .nth(table)
        .locator(f"[role=row][aria-rowindex='{row + 1}'] [role=gridcell][aria-colindex='{column}']")
    )


def listed(page: Page, table: str = "identifiers") -> Any:
    """Names of the rows of a table that stands beside the drawing."""
    return page.locator(f"[data-table={table}]").get_by_role("rowheader")


def press_cell(page: Page, x: float, y: float, table: int = 0) -> None:
    shown = page.locator("[data-testid=stDataFrame]").nth(table)
    shown.scroll_into_view_if_needed()
    box = shown.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + x, box["y"] + y)


def open_top_cluster(page: Page) -> None:
    press_cell(page, 44 + 60, 36 + 34)
    page.wait_for_url("**/cluster?*")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Cluster {TOP.cluster_id}")


def open_graph(page: Page) -> Any:
    page.get_by_role("tab", name="evidence").click()
    return drawn(page)


def drawn(page: Page) -> Any:
    canvas = page.locator(".canvas[data-shown]")
    canvas.wait_for()
    # The page's own styles may come after the drawing, which is fitted again then.
    page.wait_for_function(
        "() => getComputedStyle(document.querySelector('[data-testid=stMainBlockContainer]')).paddingLeft === '40px'"
    )
    canvas.scroll_into_view_if_needed()
    return canvas


def mark(canvas: Any, number: int = 0, kind: str = "round-rectangle") -> dict[str, Any]:
    """An identifier of the drawing: its id, label and place on the canvas."""
    found: dict[str, Any] = canvas.evaluate(
        """(element, [number, kind]) => {
            const node = element._cyreg.cy.nodes(`[shape = "${kind}"]`)[number];
            return { id: node.id(), label: node.data("label"), at: node.renderedPosition() };
        }""",
        [number, kind],
    )
    return found


def view_of(canvas: Any) -> Any:
    return canvas.evaluate(
        """async element => {
            // A canvas that has just changed its size hears of it with the next frame.
            for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
            const cy = element._cyreg.cy;
            return [cy.zoom(), cy.pan(), cy.nodes().map(n => n.position())];
        }"""
    )


def test_from_the_queue_to_a_mark_and_back(visit: Visit, screen: Screen) -> None:
    page = visit.page
    open_queue(page, screen)
    expect(page.get_by_text("Local mode, no sign-in.")).to_be_visible()
    open_top_cluster(page)
    canvas = open_graph(page)
    assert page.url == f"{screen.url}/cluster?cluster={TOP.cluster_id}&refresh=r-0001&tab=evidence"
    expect(page.get_by_text(f"of {TOP.identifiers + TOP.hubs} rows of cluster_identifiers").first).to_be_visible()

    chosen = mark(canvas)
    canvas.click(position=chosen["at"])
    expect(page.get_by_text(f"Selected: {chosen['label']}. The tables show what touches it.")).to_be_visible()
    expect(page.get_by_text(f"1 of {TOP.identifiers + TOP.hubs} rows of cluster_identifiers")).to_be_visible()
    expect(listed(page)).to_have_text([chosen["label"]])
    expect(canvas).to_have_attribute("data-selected", chosen["id"])

    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Queue")
    assert page.url == f"{screen.url}/"
    page.go_forward()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Cluster {TOP.cluster_id}")


def test_a_figure_leads_to_its_rows(visit: Visit, screen: Screen) -> None:
    page = visit.page
    page.goto(f"{screen.url}/cluster?cluster={TOP.cluster_id}&refresh=r-0001")
    with visit.context.expect_page() as opened:
        page.get_by_role("link", name="14 rows of cluster_identifiers").first.click()
    rows = opened.value
    expect(rows.get_by_text("14 of 43 rows of the table cluster_identifiers")).to_be_visible()
    expect(rows.get_by_role("tab", name="rows")).to_have_attribute("aria-selected", "true")
    with visit.context.expect_page() as opened:
        page.get_by_role("link", name="220 rows of members").first.click()
    expect(opened.value.get_by_text("220 of 220 rows of the table members")).to_be_visible()


def test_a_row_of_the_table_selects_in_the_graph_and_clearing_clears_both(visit: Visit, screen: Screen) -> None:
    page = visit.page
    page.goto(f"{screen.url}/cluster?cluster={TOP.cluster_id}&refresh=r-0001&tab=evidence")
    canvas = drawn(page)
    label = listed(page).nth(2).inner_text()
    listed(page).nth(2).click()
    expect(page.get_by_text(f"Selected: {label}.")).to_be_visible()
    expect(page.get_by_text(f"Of {label}: ")).to_be_visible()
    selected = canvas.evaluate("e => e._cyreg.cy.nodes('.chosen').map(node => node.data('label'))")
    assert selected == [label]
    page.get_by_role("button", name="Clear selection").last.click()
    expect(page.get_by_text("Nothing is selected")).to_be_visible()
    expect(canvas).to_have_attribute("data-selected", "")


def test_the_keyboard_reaches_and_selects_a_mark(visit: Visit, screen: Screen) -> None:
    page = visit.page
    page.goto(f"{screen.url}/cluster?cluster={TOP.cluster_id}&refresh=r-0001&tab=evidence")
    canvas = drawn(page)
    canvas.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    spoken = page.locator(".spoken").inner_text()
    assert spoken
    page.keyboard.press("Enter")
    expect(page.get_by_text("Selected:", exact=False).first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Nothing is selected")).to_be_visible()


def test_the_keyboard_opens_a_cluster_and_back_leads_to_the_queue(visit: Visit, screen: Screen) -> None:
    page = visit.page
    open_queue(page, screen)
    page.get_by_role("combobox", name="Open a cluster").focus()
    page.keyboard.type(USUAL[1].cluster_id)
    page.keyboard.press("Enter")
    page.wait_for_url("**/cluster?*")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Cluster {USUAL[1].cluster_id}")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Queue")
    expect(cell(page, 1, 2)).to_have_text(f"{TOP.cluster_id} →")
    assert page.url == f"{screen.url}/"


def test_view_and_selection_outlive_reruns_and_the_theme(visit: Visit, screen: Screen) -> None:
    page = visit.page
    page.goto(f"{screen.url}/cluster?cluster={TOP.cluster_id}&refresh=r-0001&tab=evidence")
    canvas = drawn(page)
    page.get_by_role("button", name="Zoom in").click()
    chosen = mark(canvas, 1)
    before = view_of(canvas)
    canvas.evaluate("(element, id) => { element._cyreg.cy.getElementById(id).emit('tap'); }", chosen["id"])
    expect(page.get_by_text(f"Selected: {chosen['label']}.")).to_be_visible()
    colour = "([e, id]) => e._cyreg.cy.getElementById(id).style('background-color')"
    shown = [canvas.element_handle(), chosen["id"]]
    light = page.evaluate(colour, shown)
    page.emulate_media(color_scheme="dark")
    expect(page.locator("[data-testid=stApp]")).to_have_css("color-scheme", "dark")
    expect(canvas).to_have_attribute("data-selected", chosen["id"])
    page.wait_for_function(f"([e, id, light]) => ({colour})([e, id]) !== light", arg=[*shown, light])
    assert view_of(canvas) == before


def test_a_reload_shows_the_same_view(visit: Visit, screen: Screen) -> None:
    page = visit.page
    page.goto(f"{screen.url}/cluster?cluster={TOP.cluster_id}&refresh=r-0001&tab=evidence")
    before = view_of(drawn(page))
    page.reload()
    assert view_of(drawn(page)) == before
    expect(page.get_by_role("tab", name="evidence")).to_have_attribute("aria-selected", "true")


def test_filters_are_part_of_the_url_and_back_keeps_them(visit: Visit, screen: Screen) -> None:
    page = visit.page
    open_queue(page, screen)
    page.get_by_role("button", name="1 · flagged").click()
    expect(page.get_by_text("1 cluster of 4; 3 do not pass the filters")).to_be_visible()
    filtered = page.url
    assert "tier=1" in filtered
    open_top_cluster(page)
    page.go_back()
    expect(page.get_by_text("1 cluster of 4; 3 do not pass the filters")).to_be_visible()
    assert page.url == filtered


def test_back_from_a_page_of_the_menu_leads_to_the_view_that_was_left(visit: Visit, screen: Screen) -> None:
    page = visit.page
    left = f"{screen.url}/cluster?cluster={TOP.cluster_id}&refresh=r-0001&tab=rows&table=members&role=core"
    page.goto(left)
    title = page.get_by_role("heading", level=1)
    expect(page.get_by_text("rows of the table members that speak of this cluster")).to_be_visible()
    menu = page.get_by_test_id("stTopNavSection").filter(has_text="Search")
    for name in ("Cases", "Lookup"):
        page.wait_for_function("() => window.linkageFollows")
        if name == "Lookup":
            menu.click()
        page.get_by_role("link" if name == "Cases" else "menuitem", name=name).click()
        expect(title).to_have_text(name)
        expect(page.get_by_role("menuitem")).to_have_count(0)
        page.go_back()
        expect(title).to_have_text(f"Cluster {TOP.cluster_id}")
        assert page.url == left
        expect(page.get_by_role("tab", name="rows")).to_have_attribute("aria-selected", "true")
        expect(page.get_by_role("combobox", name="Role")).to_have_value("core")
    page.goto(f"{screen.url}/cluster?cluster=c-0000")
    page.get_by_role("link", name="Open the queue").click()
    expect(title).to_have_text("Queue")
    assert page.url == f"{screen.url}/"
    page.go_back()
    expect(page.get_by_text("There is no cluster of this id")).to_be_visible()


def test_what_comes_from_outside_is_text(visit: Visit, screen: Screen) -> None:
    page = visit.page
    page.goto(f"{screen.url}/cluster?cluster={USUAL[2].cluster_id}&refresh=r-0001")
    shown = page.get_by_text("onerror=alert(1)").first
    expect(shown).to_be_visible()
    assert HOSTILE[1:] in shown.inner_text().replace("\u2060", "").replace("<Img", "<img")
    assert page.locator("img[src=x]").count() == 0
    assert page.locator("a[href^='https://']").count() == 0


def test_a_refresh_that_arrives_keeps_the_cluster_and_the_selection(visit: Visit, tmp_path: Path) -> None:
    publish(tmp_path / "workspace", "r-0001", USUAL)
    with served(tmp_path / "workspace", tmp_path / "server.log") as screen:
        page = visit.page
        open_queue(page, screen)
        # Another cluster takes the first row while the queue is open.
        newcomer = Spec("c-ffff000011112222", 40, score=0.99, base=70_000)
        publish(screen.workspace, "r-0002", (newcomer, *USUAL), parent="r-0001")
        expect(page.get_by_text("A newer refresh is there: r-0002")).to_be_visible()
        expect(cell(page, 1, 2)).to_have_text(f"{TOP.cluster_id} →")
        open_top_cluster(page)
        canvas = open_graph(page)
        chosen = mark(canvas)
        canvas.click(position=chosen["at"])
        expect(page.get_by_text(f"Selected: {chosen['label']}.")).to_be_visible()
        before = view_of(canvas)
        page.get_by_role("button", name="Show the current one").click()
        expect(page.get_by_text("Rank 2 of 5 clusters. Refresh r-0002")).to_be_visible()
        assert "refresh=r-0002" in page.url
        expect(page.get_by_role("heading", level=1)).to_have_text(f"Cluster {TOP.cluster_id}")
        expect(page.get_by_text(f"Selected: {chosen['label']}.")).to_be_visible()
        expect(canvas).to_have_attribute("data-selected", chosen["id"])
        assert view_of(drawn(page)) == before


def test_a_workspace_without_a_refresh_says_what_to_do(visit: Visit, tmp_path: Path) -> None:
    with served(tmp_path / "nothing", tmp_path / "server.log") as screen:
        visit.page.goto(screen.url)
        expect(visit.page.get_by_text("There is no refresh to show yet.")).to_be_visible()
        expect(visit.page.get_by_text("linkage demo")).to_be_visible()
        assert not (tmp_path / "nothing").exists()


def ask(url: str, **headers: str) -> Any:
    assert url.startswith("http://127.0.0.1:")
    return urllib.request.urlopen(urllib.request.Request(url, headers=headers))  # noqa: S310


@pytest.mark.parametrize("path", ["/", "/cluster", ENGINE_ROUTE])
def test_every_answer_carries_the_headers(screen: Screen, path: str) -> None:
    with ask(screen.url + path) as answer:
        assert answer.status == 200
        for name, value in HEADERS.items():
            assert answer.headers[name].replace("{inline}", "").startswith(value.split("{inline}")[0])
            assert len(answer.headers.get_all(name)) == 1


def test_another_host_name_is_refused(screen: Screen) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(screen.url, Host="rebound.example.com")
    refused.value.close()
    assert refused.value.code == 400


def test_streamlit_run_serves_the_same(visit: Visit, tmp_path: Path) -> None:
    publish(tmp_path / "workspace", "r-0001", USUAL)
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port"]
    with served(tmp_path / "workspace", tmp_path / "server.log", command) as screen:
        open_queue(visit.page, screen)
        open_top_cluster(visit.page)
        open_graph(visit.page)
