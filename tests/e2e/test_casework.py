"""From an alert to a proposed verdict and to an approval in a real browser, with every click counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from linkage import Workspace
from linkage.model.case import Status
from tests.e2e.conftest import Screen, Visit, served
from tests.lib import small_world
from tests.lib.small_world import CARDS, HOSTILE, NAMES, OFFICE, RING

pytestmark = pytest.mark.long


# The server is asked for before the browser, and so stops after it.
@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Screen]:
    """A server on a workspace of the test's own, which it may write to."""
    small_world.build(tmp_path / "workspace")
    with served(tmp_path / "workspace", tmp_path / "server.log") as running:
        yield running


@dataclass
class Hand:
    """Someone at the screen: what they do counts as a click, opening the alert's link included."""

    page: Page
    clicks: int = 0
    done: list[str] = field(default_factory=list)

    def follow(self, url: str) -> None:
        self.page.goto(url)
        self.page.get_by_role("heading", level=1).wait_for()
        self._count("alert")

    def click(self, what: Locator, name: str) -> None:
        # A person clicks what has come to rest.
        self.page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
        what.click()
        self._count(name)

    def click_at(self, x: float, y: float, name: str) -> None:
        self.page.mouse.click(x, y)
        self._count(name)

    def press(self, keys: str) -> None:
        self.page.keyboard.press(keys)
        self._count(keys)

    def _count(self, what: str) -> None:
        self.clicks += 1
        self.done.append(what)


@pytest.mark.parametrize("way", ["button", "keys"])
def test_an_alert_is_a_proposed_verdict_in_five_clicks(desk: Screen, visit: Visit, way: str) -> None:
    page, hand = visit.page, Hand(visit.page)
    hand.follow(f"{desk.url}/cluster?cluster={RING}")
    hand.click(page.get_by_role("tab", name="case"), "case tab")
    hand.click(page.get_by_role("radio", name="Confirmed"), "verdict")
    reason = page.get_by_role("button", name="shared payment")
    hand.click(reason, "reason")
    expect(page.get_by_text("About 12 of 12 members")).to_be_visible()
    expect(reason).to_have_attribute("aria-pressed", "true")
    if way == "keys":
        hand.press("Control+Enter")
    else:
        hand.click(page.get_by_role("button", name="Propose"), "propose")
    expect(page.get_by_text("Proposed: confirmed. It waits for another person.")).to_be_visible()
    assert hand.clicks <= 5, hand.done
    (case,) = Workspace(desk.workspace).case.list()
    assert case.status is Status.PROPOSED
    assert case.proposal is not None
    assert case.proposal.reasons == ("shared_payment",)


def test_a_false_positive_is_proposed_as_benign_in_three_clicks(desk: Screen, visit: Visit) -> None:
    page, hand = visit.page, Hand(visit.page)
    hand.follow(f"{desk.url}/cluster?cluster={OFFICE}")
    hand.click(page.get_by_role("button", name="Benign…"), "benign")
    hand.click(page.get_by_role("button", name="Company"), "company")
    expect(page.get_by_text("Proposed: benign, company.")).to_be_visible()
    assert hand.clicks == 3, hand.done
    (case,) = Workspace(desk.workspace).case.list()
    Workspace(desk.workspace, actor="another").case.approve(case.case_id)
    page.goto(desk.url)
    expect(page.get_by_text("2 clusters of 3; 1 dismissed as benign")).to_be_visible()
    page.reload()
    expect(page.get_by_text("2 clusters of 3; 1 dismissed as benign")).to_be_visible()


def test_an_approver_decides_in_two_clicks_from_the_list(desk: Screen, visit: Visit) -> None:
    another = Workspace(desk.workspace, actor="another").case
    case = another.propose(NAMES, "confirmed", ["other"], note=f"{HOSTILE[4]} **bold** <img src=x onerror=alert(1)>")
    page, hand = visit.page, Hand(visit.page)
    hand.follow(f"{desk.url}/cases")
    row = page.locator("[data-testid=stDataFrame]").first
    row.locator("canvas").first.wait_for()
    box = row.bounding_box()
    assert box is not None
    hand.click_at(box["x"] + 60, box["y"] + 36 + 17, "case")
    page.wait_for_url(f"**/cases?case={case.case_id}")
    expect(page.get_by_text("<img src=x onerror=alert(1)>").first).to_be_visible()
    page.get_by_label("What you looked at, or what is missing").fill("the cards")
    hand.click(page.get_by_role("button", name="Approve"), "approve")
    expect(page.get_by_text("Approved.", exact=True)).to_be_visible()
    assert hand.done == ["alert", "case", "approve"]
    assert another.show(case.case_id).status is Status.APPROVED
    assert another.show(case.case_id).acts[-1].note == "the cards"
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cases")


def test_what_if_answers_at_once_and_the_link_keeps_the_tab(desk: Screen, visit: Visit) -> None:
    page = visit.page
    page.goto(f"{desk.url}/cluster?cluster={RING}&tab=what-if")
    page.get_by_label("If these networks were benign").fill("198.51.100.0/24")
    page.keyboard.press("Enter")
    expect(page.get_by_text("198.51.100.0/24 holds 2 addresses of this cluster's evidence.")).to_be_visible()
    expect(page.get_by_role("button", name="Add 1 entry")).to_be_visible()
    page.reload()
    expect(page.get_by_role("tab", name="what-if")).to_have_attribute("aria-selected", "true")


def test_a_lookup_keeps_what_was_typed_out_of_the_url(desk: Screen, visit: Visit) -> None:
    page = visit.page
    page.goto(f"{desk.url}/lookup")
    page.get_by_label("Identifiers, accounts or networks, one a line").fill(CARDS[0])
    page.get_by_role("button", name="Look up").click()
    expect(page.get_by_text("1 identifier, 4 accounts on them, in 1 cluster.")).to_be_visible()
    assert CARDS[0] not in page.url
    assert "id=" in page.url
    page.reload()
    expect(page.get_by_text("1 identifier, 4 accounts on them, in 1 cluster.")).to_be_visible()
    assert not any(CARDS[0] in url for url in visit.requests)


def test_every_page_is_reached_from_the_menu(desk: Screen, visit: Visit) -> None:
    page = visit.page
    page.goto(desk.url)
    sections = {"Search": ("Lookup", "Path", "Compare"), "Records": ("Allow-list", "Runs", "Audit", "Settings")}
    for section, titles in sections.items():
        for title in titles:
            page.get_by_test_id("stTopNavSection").filter(has_text=section).click()
            page.get_by_role("menuitem", name=title).click()
            expect(page.get_by_role("heading", level=1)).to_have_text(title)
