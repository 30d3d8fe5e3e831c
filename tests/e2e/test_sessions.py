"""Ten people at once while refreshes arrive: no page fails, and every note is there."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from linkage import Workspace
from linkage.workspace import casebook
from linkage.workspace.home import Home
from tests.e2e.conftest import served
from tests.lib import small_world
from tests.lib.small_world import RING, World

pytestmark = pytest.mark.long

PEOPLE, ROUNDS, PATIENCE = 10, 4, 60_000


class Refreshes:
    """Publishes one refresh after another, with what follows each, until it is told to stop."""

    def __init__(self, world: World) -> None:
        self._world, self._done = world, threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.number = 1
        self.fault: BaseException | None = None

    def __enter__(self) -> Refreshes:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        if self.fault is not None:
            raise self.fault

    def _run(self) -> None:
        try:
            while not self._done.wait(0.5):
                before, self.number = f"r-{self.number:012}", self.number + 1
                small_world.publish(self._world.path, f"r-{self.number:012}", self._world.tables, parent=before)
                casebook.follow(Home(self._world.path, "cron"))
        except BaseException as fault:  # noqa: BLE001 — it is raised where the test waits
            self.fault = fault


@pytest.mark.soak
def test_ten_sessions_during_refreshes_lose_no_note_and_meet_no_error(browser: Browser, tmp_path: Path) -> None:
    world = small_world.build(tmp_path / "workspace")
    book = Workspace(world.path).case
    case = book.open(RING).case_id
    complaints: list[str] = []
    with served(world.path, tmp_path / "server.log") as screen:
        contexts = [browser.new_context() for _ in range(PEOPLE)]
        pages = [context.new_page() for context in contexts]
        for page in pages:
            page.on("pageerror", lambda error: complaints.append(str(error)))
        with Refreshes(world) as refreshes:
            for page in pages:
                page.goto(f"{screen.url}/cases?case={case}")
            for turn in range(ROUNDS):
                # All of them write at once, and look only then what became of it.
                for person, page in enumerate(pages):
                    add(page, f"note {turn} of {person}")
                for page in pages:
                    expect(page.get_by_text("Noted.", exact=True)).to_be_visible(timeout=PATIENCE)
                for page in pages:
                    page.goto(f"{screen.url}/cluster?cluster={RING}" if turn % 2 else screen.url)
                for page in pages:
                    expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=PATIENCE)
                    whole(page)
                for page in pages:
                    page.goto(f"{screen.url}/cases?case={case}")
            assert refreshes.number > ROUNDS
        for page in pages:
            whole(page)
        for context in contexts:
            context.close()
    notes = [act.note for act in book.show(case).acts if act.verb == "note"]
    assert sorted(notes) == sorted(f"note {turn} of {person}" for turn in range(ROUNDS) for person in range(PEOPLE))
    assert world.workspace.audit_fault() is None
    assert complaints == []
    assert "Traceback" not in (tmp_path / "server.log").read_text()


def add(page: Page, words: str) -> None:
    field = page.get_by_label("Add a note")
    field.wait_for(timeout=PATIENCE)
    field.fill(words)
    page.get_by_role("button", name="Add", exact=True).click(timeout=PATIENCE)


def whole(page: Page) -> None:
    """No page says that it failed."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=PATIENCE)
    assert page.locator("[data-testid=stAlertContentError]").count() == 0
    assert page.get_by_text("This page failed").count() == 0
