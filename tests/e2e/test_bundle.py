"""From an alert to a signed bundle in a real browser, with every click of both people counted."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from linkage import Workspace
from tests.e2e.conftest import Screen, Visit, served
from tests.e2e.test_casework import Hand
from tests.lib import bundled

pytestmark = pytest.mark.long


# The server is asked for before the browser, and so stops after it.
@pytest.fixture
def desk(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screen]:
    """A server on a refreshed workspace of the test's own, whose user has a key."""
    shutil.copytree(bundled.workspace(tmp_path_factory).path, tmp_path / "workspace")
    with served(tmp_path / "workspace", tmp_path / "server.log") as running:
        yield running


def test_an_alert_is_a_verdict_of_two_people_and_a_bundle_in_nine_clicks(
    desk: Screen, visit: Visit, tmp_path: Path
) -> None:
    workspace = Workspace(desk.workspace)
    cluster = str(workspace.clusters()["cluster_id"].iloc[0])
    page, hand = visit.page, Hand(visit.page)
    hand.follow(f"{desk.url}/cluster?cluster={cluster}")
    hand.click(page.get_by_role("tab", name="case"), "case tab")
    hand.click(page.get_by_role("radio", name="Confirmed"), "verdict")
    reason = page.get_by_role("button", name="shared payment")
    hand.click(reason, "reason")
    expect(reason).to_have_attribute("aria-pressed", "true")
    hand.click(page.get_by_role("button", name="Propose"), "propose")
    expect(page.get_by_text("Proposed: confirmed. It waits for another person.")).to_be_visible()
    (case,) = workspace.case.list()
    assert case.proposal is not None
    # One account of the system is one person, and the browser's has proposed: for the second half it is the other one
    # who did, and the browser's approves.
    workspace.case.return_(case.case_id, "another proposes it")
    proposal = case.proposal
    Workspace(desk.workspace, actor="another").case.propose(case.case_id, proposal.verdict, proposal.reasons)
    hand.follow(f"{desk.url}/cases?case={case.case_id}")
    hand.click(page.get_by_role("button", name="Approve"), "approve")
    expect(page.get_by_text("Approved.", exact=True)).to_be_visible()
    hand.click(page.get_by_role("button", name="Make the bundle"), "bundle")
    name = f"LNK-{case.case_id}-5-internal"
    expect(page.get_by_text(f"{name}: ")).to_be_visible()
    with page.expect_download() as coming:
        hand.click(page.get_by_role("button", name="Download the zip"), "download")
    assert coming.value.suggested_filename == f"{name}.zip"
    taken = tmp_path / "taken.zip"
    coming.value.save_as(taken)
    assert hand.clicks <= 9, hand.done
    report = workspace.bundles.verify(taken, rerun=True)
    assert (report.fault, report.rerun, report.name) == (None, "agrees", name)
    entries = [(entry.action, entry.subject) for entry in workspace.audit()[-3:]]
    assert entries == [("bundle.export", case.case_id), ("bundle.download", name), ("bundle.verify", name)]
