"""What every view must have whatever its content: contrast, room, and an answer in time for a large cluster."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.e2e.conftest import Screen, served
from tests.lib.screen_world import USUAL, Spec, publish

pytestmark = pytest.mark.long

LARGE = Spec("c-eeee000011112222", 25_000, score=0.99, identifiers=2_500, hubs=20, base=1_000_000)
VIEWS = (
    "", "&tab=evidence", "&tab=members", "&tab=timeline", "&tab=what-if", "&tab=changes", "&tab=history", "&tab=case",
    "&tab=rows&table=sightings",
)  # fmt: skip
PAGES = (
    "/cases",
    "/lookup?id=501000,501001",
    "/path",
    "/compare",
    "/allow-list",
    "/watch-lists",
    "/runs",
    "/audit",
    "/settings",
)

#: Texts of the page whose colour has less than that contrast to what is behind them: [text, ratio].
FAINT = """(least) => {
    const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const read = (colour) => {
        pen.clearRect(0, 0, 1, 1); pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
        return [r, g, b, a / 255];
    };
    const over = (top, below) => [0, 1, 2].map((at) => top[at] * top[3] + below[at] * (1 - top[3]));
    const light = (colour) => {
        const [r, g, b] = colour.map((part) => part / 255)
            .map((part) => (part <= .03928 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4));
        return .2126 * r + .7152 * g + .0722 * b;
    };
    const up = (element) => element.parentElement ?? element.getRootNode().host ?? null;
    const faint = [];
    const look = (root) => {
        for (const element of root.querySelectorAll("*")) {
            if (element.shadowRoot) look(element.shadowRoot);
            const own_text = [...element.childNodes].filter((node) => node.nodeType === 3);
            const text = own_text.map((node) => node.data.trim()).join("");
            const box = element.getBoundingClientRect();
            const apart = "canvas, style, script, :disabled, [data-testid=stIconMaterial]";
            if (!text || !box.width || !box.height || element.closest(apart)) continue;
            const grounds = [];
            for (let at = element; at; at = up(at)) {
                const ground = read(getComputedStyle(at).backgroundColor);
                if (ground[3] > 0) grounds.push(ground);
                if (ground[3] === 1) break;
            }
            let below = [255, 255, 255];
            for (const ground of grounds.reverse()) below = over(ground, below);
            const style = getComputedStyle(element);
            const own = read(element instanceof SVGElement ? style.fill : style.color);
            for (let at = element; at; at = up(at)) own[3] *= Number(getComputedStyle(at).opacity);
            if (!own[3]) continue;
            const [a, b] = [light(over(own, below)), light(below)].sort((x, y) => y - x);
            const ratio = (a + .05) / (b + .05);
            if (ratio < least) faint.push([text.slice(0, 60), Math.round(ratio * 100) / 100]);
        }
    };
    look(document.querySelector("[data-testid=stApp]"));
    return faint;
}"""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screen]:
    folder: Path = tmp_path_factory.mktemp("large")
    publish(folder / "workspace", "r-0001", (LARGE, *USUAL))
    with served(folder / "workspace", folder / "server.log") as running:
        yield running


@pytest.fixture(params=[("light", 1440), ("dark", 1024)], ids=["light-1440", "dark-1024"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    scheme, width = request.param
    context = browser.new_context(viewport={"width": width, "height": 1000}, color_scheme=scheme)
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


def settled(page: Page, url: str) -> None:
    """Open a view and wait for its last part."""
    page.goto(url)
    page.get_by_role("heading", level=1).wait_for()
    if "cluster=" in url:
        page.get_by_role("link", name="Link to this view").wait_for()
    if "evidence" in url:
        page.locator(".canvas[data-shown]").wait_for()
    elif not url.endswith((*PAGES, "tab=case", "tab=changes")):
        page.locator("[data-testid=stDataFrame] canvas, [data-testid=stExpander]").first.wait_for()
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def still_faint(page: Page) -> list[list[object]]:
    """The texts that stay hard to read: whatever a page is about to replace fades for a moment, which is no fault."""
    with contextlib.suppress(PlaywrightTimeout):
        page.wait_for_function(f"least => ({FAINT})(least).length === 0", arg=4.5, timeout=5_000)
    faint: list[list[object]] = page.evaluate(FAINT, 4.5)
    return faint


def test_every_text_can_be_read_and_no_page_is_wider_than_the_window(page: Page, large: Screen) -> None:
    views = ["/", *(f"/cluster?cluster={USUAL[0].cluster_id}&refresh=r-0001{view}" for view in VIEWS), *PAGES]
    for view in views:
        settled(page, large.url + view)
        # The measure sees the texts; parts of a page may come after its heading.
        page.wait_for_function(f"least => ({FAINT})(least).length > 5", arg=22)
        assert still_faint(page) == [], view
        wide = page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollWidth - innerWidth")
        assert wide <= 0, view


def test_a_large_cluster_opens_and_says_what_is_not_drawn(page: Page, large: Screen) -> None:
    address = f"{large.url}/cluster?cluster={LARGE.cluster_id}&refresh=r-0001"
    settled(page, address)
    expect(page.get_by_text("Rank 1 of 5 clusters.")).to_be_visible()
    settled(page, f"{address}&tab=evidence")
    expect(page.get_by_text("of 27,520 nodes drawn").first).to_be_visible()
    marks = page.locator(".canvas").evaluate("element => element._cyreg.cy.nodes().length")
    assert 100 < marks <= 300
    settled(page, f"{address}&tab=members")
    expect(page.get_by_text("1,000 of 25,000 members listed")).to_be_visible()
    page.get_by_text("List all 25,000").click()
    expect(page.get_by_text("25,000 of 25,000 members listed")).to_be_visible()
