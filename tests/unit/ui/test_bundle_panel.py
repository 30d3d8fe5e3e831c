"""The form that makes an evidence bundle, for each role and in each of its states; without a browser."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from linkage import Workspace
from linkage.errors import UsageError
from linkage.model.access import Role
from tests.lib import bundled
from tests.unit.ui.test_casework_pages import press
from tests.unit.ui.test_pages import said, show


@pytest.fixture
def workspace(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A refreshed workspace whose user has a key."""
    root = tmp_path / "w"
    shutil.copytree(bundled.workspace(tmp_path_factory).path, root)
    monkeypatch.setenv("LINKAGE_WORKSPACE", str(root))
    return Workspace(root)


def cluster(workspace: Workspace) -> str:
    return str(workspace.clusters()["cluster_id"].iloc[0])


def labels(test: AppTest) -> set[str]:
    return {button.label for button in test.button}


def zips(test: AppTest) -> list[Any]:
    return [offered for offered in test.download_button if offered.label == "Download the zip"]


def choose(test: AppTest, profile: str) -> AppTest:
    (control,) = [group for group in test.button_group if group.label == "Profile"]
    return control.set_value(profile).run()


@pytest.mark.parametrize("role", list(Role))
def test_whoever_investigates_may_make_one(workspace: Workspace, role: Role) -> None:
    (workspace.path / "linkage.toml").write_text(f'[access.roles]\n"{workspace.actor}" = "{role}"\n', encoding="utf-8")
    test = show("cluster", cluster=cluster(workspace), tab="case")
    assert not test.exception
    assert ("Make the bundle" in labels(test)) == (role is not Role.VIEWER)
    assert ("To export evidence bundles takes the role investigator" in said(test)) == (role is Role.VIEWER)


def test_a_cluster_without_a_verdict_is_exported_itself_and_can_be_taken_along(workspace: Workspace) -> None:
    name = cluster(workspace)
    test = press(show("cluster", cluster=name, tab="case"), "Make the bundle")
    assert not test.error
    assert len(zips(test)) == 1
    assert [offered.label for offered in test.download_button][-1] == "Download the action list"
    (path,) = (workspace.path / "bundles").iterdir()
    assert path.name == f"LNK-{name}-1-internal.zip"
    assert workspace.bundles.verify(path).fault is None
    assert [(entry.action, entry.subject) for entry in workspace.audit()[-2:]] == [
        ("bundle.export", name), ("bundle.verify", path.stem)
    ]  # fmt: skip
    assert not zips(choose(test, "public")), "another profile is another bundle"
    assert zips(choose(test, "internal"))


def test_what_is_taken_along_is_in_the_audit_and_what_is_gone_is_said(workspace: Workspace) -> None:
    report = workspace.bundles.export(cluster(workspace), profile="public", zipped=True)
    assert workspace.bundles.taken(report) == report.path.read_bytes()
    entry = workspace.audit()[-1]
    assert (entry.action, entry.subject) == ("bundle.download", report.name)
    assert entry.detail["bytes"] == report.path.stat().st_size
    report.path.unlink()
    with pytest.raises(UsageError, match="not there any more"):
        workspace.bundles.taken(report)


def test_a_case_with_a_verdict_is_what_its_pages_export(workspace: Workspace) -> None:
    case = Workspace(workspace.path, actor="ann").case.propose(cluster(workspace), "confirmed", ["canary"]).case_id
    for test in (show("cluster", cluster=cluster(workspace), tab="case"), show("cases", case=case)):
        test = choose(test, "partner")
        (make,) = [button for button in test.button if button.label == "Make the bundle"]
        assert make.disabled, "pseudonyms are made for somebody"
        (recipient,) = [field for field in test.text_input if field.label == "Recipient"]
        test = press(recipient.set_value("Lab B").run(), "Make the bundle")
        assert not test.error
        assert f"LNK-{case}-2-partner" in test.success[0].value.replace("\\", "")
    (path,) = (workspace.path / "bundles").glob("*/*.zip")
    entries = [entry for entry in workspace.audit() if entry.action == "bundle.export"][-2:]
    assert [entry.subject for entry in entries] == [case, case]
    assert {entry.detail["key_id"] for entry in entries} == {path.parent.name}


def test_whoever_approved_the_case_signs_on_its_page_what_another_person_made(workspace: Workspace) -> None:
    ann = Workspace(workspace.path, actor="ann")
    case = ann.case.propose(cluster(workspace), "confirmed", ["canary"]).case_id
    workspace.case.approve(case)
    assert "Sign it" not in labels(show("cases", case=case))
    ann.bundles.new_key()
    report = ann.bundles.export(case, profile="partner", recipient="Lab B", zipped=True)
    assert ann.bundles.waits(report.path) == (workspace.actor,)
    assert ann.bundles.unsigned(ann.case.show(case)) == ()
    for test in (show("cluster", cluster=cluster(workspace), tab="case"), show("cases", case=case)):
        assert "waits for your signature" in said(test)
    test = press(test, "Sign it")
    assert test.success[0].value.replace("\\", "") == f"Signed: {report.name}."
    assert "Sign it" not in labels(test)
    assert workspace.bundles.verify(report.path).fault is None
    entry = workspace.audit()[-2]
    assert (entry.action, entry.actor, entry.subject) == ("bundle.sign", workspace.actor, case)


def test_a_case_without_a_verdict_exports_nothing_on_its_own_page(workspace: Workspace) -> None:
    case = workspace.case.open(cluster(workspace)).case_id
    assert "Make the bundle" not in labels(show("cases", case=case))
    test = show("cluster", cluster=cluster(workspace), tab="case")
    assert "Make the bundle" in labels(test)


def test_without_a_key_the_form_says_what_makes_one_and_makes_it(workspace: Workspace) -> None:
    shutil.rmtree(workspace.path / "keys")
    test = show("cluster", cluster=cluster(workspace), tab="case")
    assert "Make the bundle" not in labels(test)
    assert "linkage key new" in said(test)
    test = press(test, "Make my key")
    assert "Your key is made." in test.success[0].value
    assert "Make the bundle" in labels(test)
    assert workspace.bundles.has_key


@pytest.mark.parametrize(("button", "keys"), [("Make the bundle", True), ("Make my key", False)])
def test_a_missing_program_is_said_in_words(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, button: str, keys: bool
) -> None:
    if not keys:
        shutil.rmtree(workspace.path / "keys")
    test = show("cluster", cluster=cluster(workspace), tab="case")
    monkeypatch.setenv("PATH", str(tmp_path))
    test = press(test, button)
    assert "program ssh-keygen is not installed" in test.error[0].value.replace("\\", "")
    assert "Install OpenSSH" in said(test)
    assert not zips(test)


def test_records_that_came_in_since_are_said_and_nothing_is_offered(workspace: Workspace, tmp_path: Path) -> None:
    name = cluster(workspace)
    rows = [f"2026-01-10T00:00:{n:02}Z,{who},late" for n, who in enumerate(workspace.members(name)["account_id"][:9])]
    late = tmp_path / "late.csv"
    late.write_text("\n".join(["event_time,account_id,payment_instrument", *rows]) + "\n", encoding="utf-8")
    workspace.ingest(late)
    test = press(show("cluster", cluster=name, tab="case"), "Make the bundle")
    assert "do not give refresh" in test.error[0].value
    assert not zips(test)
