"""The bundle of a case: the members that were frozen, the verdict, and of what people said as much as may be told."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from linkage import Workspace
from linkage.bundles import bag, signing, verify
from linkage.bundles.signing import Keys
from linkage.cli import main
from linkage.errors import BundleAltered, BundleMalformed, BundleUntrusted, NotAllowed, UsageError
from linkage.model.reports import ExportReport
from tests.lib import bundled
from tests.unit.bundles.test_privacy import texts
from tests.unit.bundles.test_verify import signed_again

NOTE, PROPOSER, APPROVER = "seen-on-a-forum", "ann.proposer", "bob.approver"
PROFILES = bundled.PROFILES


@dataclass(frozen=True)
class Decided:
    """A workspace with a case whose verdict was approved; ``excluded`` is the member that it is not about."""

    path: Path
    case: str
    cluster: str
    excluded: str

    def act(self, actor: str) -> Workspace:
        return Workspace(self.path, actor=actor)

    def export(self, profile: str, output: Path, **options: Any) -> ExportReport:
        """The bundle, signed by whoever exports it and by whoever approved the case."""
        made = Workspace(self.path).bundles.export(self.case, profile=profile, output=output, **options)
        if made.waits:
            assert made.waits == (APPROVER,)
            assert self.act(APPROVER).bundles.sign(made.path) == "signed"
        return made


def decided(factory: pytest.TempPathFactory, root: Path, verdict: str = "confirmed", reason: str = "canary") -> Decided:
    shutil.copytree(bundled.workspace(factory).path, root)
    cluster = bundled.cluster(factory)
    excluded = str(Workspace(root).members(cluster)["account_id"].iloc[0])
    book = Workspace(root, actor=PROPOSER).case
    case = book.open(cluster, note=NOTE).case_id
    book.assign(case, "carol.assignee")
    book.propose(case, verdict, [reason], exclude=[excluded], note=NOTE)
    Workspace(root, actor=APPROVER).case.approve(case, note=NOTE)
    Workspace(root, actor=APPROVER).bundles.new_key()
    return Decided(root, case, cluster, excluded)


@pytest.fixture(scope="module")
def approved(tmp_path_factory: pytest.TempPathFactory) -> Decided:
    return decided(tmp_path_factory, tmp_path_factory.mktemp("case") / "w")


@pytest.fixture(scope="module")
def bundle(approved: Decided, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    folder = tmp_path_factory.mktemp("bundles")
    made = {profile: approved.export(profile, folder).path / "data" for profile in PROFILES}
    return made.__getitem__


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("profile", PROFILES)
def test_it_is_good_and_comes_out_again(approved: Decided, bundle: Callable[[str], Path], profile: str) -> None:
    report = Workspace(approved.path).bundles.verify(bundle(profile).parent, rerun=True)
    assert report.fault is None
    assert report.rerun == ("not possible" if profile == "public" else "agrees")
    assert report.name == f"LNK-{approved.case}-4-{profile}"


def test_in_the_house_everybody_and_everything_is_named(approved: Decided, bundle: Callable[[str], Path]) -> None:
    found = json.loads((bundle("internal") / "finding.json").read_text())["verdict"]
    size = pq.read_table(bundle("internal") / "members.parquet").num_rows
    assert (found["verdict"], found["reasons"], found["status"]) == ("confirmed", ["canary"], "approved")
    assert (found["proposed_by"], found["approved_by"]) == (PROPOSER, APPROVER)
    assert (found["members"], found["excluded"]) == (size - 1, [approved.excluded])
    notes = lines(bundle("internal") / "notes.jsonl")
    assert [(note["revision"], note["act"], note["by"]) for note in notes] == [
        (1, "open", PROPOSER), (2, "assign", PROPOSER), (3, "propose", PROPOSER), (4, "approve", APPROVER)
    ]  # fmt: skip
    assert [note["note"] for note in notes] == [NOTE, "", NOTE, NOTE]
    actions = pq.read_table(bundle("internal") / "actions.parquet")["account_id"].to_pylist()
    assert actions
    assert approved.excluded not in actions
    alone = Workspace(approved.path).bundles.actions(approved.case)
    assert alone["account_id"].to_pylist() == actions, "the action list is the same by itself"
    assert alone["reason"].to_pylist() == pq.read_table(bundle("internal") / "actions.parquet")["reason"].to_pylist()
    entry = Workspace(approved.path).audit()[-1]
    assert (entry.action, entry.detail["accounts"]) == ("actions.export", len(actions))
    report = (bundle("internal") / "REPORT.html").read_text()
    assert report.index("<h2>Verdict</h2>") < report.index("<h2>Claim</h2>")
    assert f"by {APPROVER}" in report


def test_the_chain_of_custody_reaches_the_approval(approved: Decided, bundle: Callable[[str], Path]) -> None:
    entries = Workspace(approved.path).audit()
    chain = lines(bundle("internal") / "custody" / "chain.jsonl")
    assert [entry["action"] for entry in chain[-4:]] == ["case.open", "case.assign", "case.propose", "case.approve"]
    assert chain[-1]["digest"] == entries[len(chain) - 1].digest
    assert "actor" not in lines(bundle("partner") / "custody" / "chain.jsonl")[-1]


@pytest.mark.parametrize(("profile", "people"), [("partner", ["person 1", "person 2"]), ("public", [None, None])])
def test_outside_nobody_is_named_and_nothing_is_quoted(
    approved: Decided, bundle: Callable[[str], Path], profile: str, people: list[str | None]
) -> None:
    found = json.loads((bundle(profile) / "finding.json").read_text())["verdict"]
    assert (found["verdict"], found["reasons"]) == ("confirmed", ["canary"])
    assert [found["proposed_by"], found["approved_by"]] == people
    assert found["approved_at"].endswith("T00:00:00Z" if profile == "public" else ":00:00Z")
    notes = lines(bundle(profile) / "notes.jsonl")
    assert [(note["act"], note["by"]) for note in notes] == [("propose", people[0]), ("approve", people[1])]
    secret = {NOTE, PROPOSER, "carol.assignee", approved.excluded}
    assert not {(name, word) for name, text in texts(bundle(profile).parent) for word in secret if word in text}
    # Who signs is named where signatures are checked, and what they did is not.
    named = {name for name, text in texts(bundle(profile).parent) if APPROVER in text}
    assert named == {"bag-info.txt", "data/README.txt", "data/finding.json"}
    assert found["approved_by"] != APPROVER
    if profile == "partner":
        assert set(found["excluded"]) < set(
            pq.read_table(bundle("partner") / "members.parquet")["account_id"].to_pylist()
        )
        assert len(found["excluded"]) == 1
    else:
        assert (found["members"], found["excluded"]) == (None, None), "one excluded is a small count"


def test_it_is_the_same_bundle_until_something_is_done_to_the_case(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    case = decided(tmp_path_factory, tmp_path / "w", "benign", "company")
    first = case.export("internal", tmp_path / "out")
    assert pq.read_table(first.path / "data" / "actions.parquet").num_rows == 0, "nobody is suspended who is benign"
    assert case.export("internal", tmp_path / "out").status == "unchanged"
    case.act(PROPOSER).case.reopen(case.case, "they wrote to us", appeal=True)
    second = case.export("internal", tmp_path / "out")
    assert (second.status, second.name) == ("written", f"LNK-{case.case}-5-internal")
    assert json.loads((second.path / "data" / "finding.json").read_text())["verdict"]["status"] == "appealed"
    entries = [entry for entry in Workspace(case.path).audit() if entry.action == "bundle.export"][-3:]
    assert [entry.subject for entry in entries] == [case.case] * 3
    assert {entry.detail["cluster_id"] for entry in entries} == {case.cluster}


def test_what_one_person_proposed_is_told_as_such_and_suspends_nobody(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    root = tmp_path / "w"
    shutil.copytree(bundled.workspace(tmp_path_factory).path, root)
    workspace, cluster = Workspace(root), bundled.cluster(tmp_path_factory)
    case = workspace.case.open(cluster).case_id
    with pytest.raises(UsageError, match="no verdict was proposed") as refused:
        workspace.bundles.export(case, profile="internal", output=tmp_path / "out")
    assert f"linkage case propose {case}" in refused.value.hint
    workspace.case.propose(case, "confirmed", ["canary"])
    data = workspace.bundles.export(case, profile="internal", output=tmp_path / "out").path / "data"
    found = json.loads((data / "finding.json").read_text())["verdict"]
    assert (found["status"], found["approved_by"], found["approved_at"]) == ("proposed", None, None)
    assert workspace.bundles.actions(case).num_rows == 0
    assert workspace.bundles.actions_csv(cluster).count(b"suspend") > 0, (
        "of the flagged cluster it is its flag that says"
    )
    assert pq.read_table(data / "actions.parquet").num_rows == 0
    assert "not approved: another person has not looked at it yet" in (data / "REPORT.html").read_text()
    with pytest.raises(UsageError, match="at which its members were frozen"):
        workspace.bundles.export(case, profile="internal", output=tmp_path, refresh=workspace.snapshot().refresh_id)


def test_the_command_takes_a_case(approved: Decided, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    workspace = ["--workspace", str(approved.path)]
    export = ["bundle", "export", approved.case, "--profile", "public", "--output", str(tmp_path), "--zip"]
    assert main([*workspace, *export]) == 0
    assert capsys.readouterr().out == f"{tmp_path / f'LNK-{approved.case}-4-public.zip'}\n"
    assert main([*workspace, "bundle", "export", "k-none", *export[3:]]) == 2
    assert "there is no such case" in capsys.readouterr().err


def test_a_viewer_takes_nothing_out_of_the_house(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    case = decided(tmp_path_factory, tmp_path / "w")
    (case.path / "linkage.toml").write_text('[access.roles]\nann = "investigator"\n', encoding="utf-8")
    with pytest.raises(NotAllowed, match="may not export evidence bundles"):
        case.act("somebody").bundles.export(case.case, profile="public", output=tmp_path / "out")
    with pytest.raises(NotAllowed):
        case.act("somebody").bundles.new_key()
    assert not (tmp_path / "out").exists()


def test_whoever_approved_signs_too_and_who_has_not_is_named(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = decided(tmp_path_factory, tmp_path / "w")
    own = Workspace(case.path)
    for zipped in (False, True):
        made = own.bundles.export(case.case, profile="internal", output=tmp_path / "out", zipped=zipped)
        assert made.waits == (APPROVER,)
        verify = ["--workspace", str(case.path), "bundle", "verify", str(made.path)]
        assert main(verify) == 21
        out, err = capsys.readouterr()
        assert f"not signed, or not trusted: {APPROVER}" in out
        assert f"signed by {own.actor}" in out
        assert "has to sign, and has not" in err
        with pytest.raises(NotAllowed, match="somebody else"):
            own.bundles.sign(made.path)
        assert case.act(APPROVER).bundles.sign(made.path) == "signed"
        assert case.act(APPROVER).bundles.sign(made.path) == "unchanged", "once is enough"
        assert main(verify) == 0
        assert [line for line in capsys.readouterr().out.splitlines() if "signed by" in line and APPROVER in line]
        again = own.bundles.export(case.case, profile="internal", output=tmp_path / "out", zipped=zipped)
        assert (again.status, again.waits) == ("unchanged", ()), "a signature more is the same bundle"
    acts = [(entry.actor, entry.subject) for entry in own.audit() if entry.action == "bundle.sign"]
    assert acts == [(APPROVER, case.case)] * 2


def test_a_wrong_signature_of_the_approver_and_a_removed_approval_are_named(
    approved: Decided, bundle: Callable[[str], Path], tmp_path: Path
) -> None:
    path = Path(shutil.copytree(bundle("internal").parent, tmp_path / bundle("internal").parent.name))
    workspace = Workspace(approved.path)
    keys = Keys(approved.path / "keys")
    bob, other = keys.key(APPROVER), Keys(tmp_path / "keys").new(APPROVER)
    signature = path / signing.path_of(bob.fingerprint)
    signed = (path / bag.TAG_MANIFEST).read_bytes()
    signature.write_bytes(signing.sign(other, signed))
    report = workspace.bundles.verify(path)
    assert report.fault is not None
    assert report.fault.exit_code == 21
    assert f"{APPROVER} ({bob.fingerprint}) is not trusted" in report.fault.message
    signature.write_bytes(signing.sign(bob, b"something else"))
    report = workspace.bundles.verify(path)
    assert signing.path_of(bob.fingerprint) in dict(report.faults)
    signature.unlink()
    assert workspace.bundles.verify(path).signers[1] == (APPROVER, bob.fingerprint, False)
    # The exporter makes the lists anew without the approver's line, and signs them.
    info = (path / bag.INFO).read_text()
    (path / bag.INFO).write_text("".join(line for line in info.splitlines(keepends=True) if APPROVER not in line))
    tags = {name: bag.digest((path / name).read_bytes()) for name in bag.TAGS}
    lists = "".join(f"{tags[name]}  {name}\n" for name in sorted(tags)).encode()
    (path / bag.TAG_MANIFEST).write_bytes(lists)
    own = keys.key(workspace.actor)
    (path / signing.path_of(own.fingerprint)).write_bytes(signing.sign(own, lists))
    report = workspace.bundles.verify(path)
    assert report.faults == (("bag-info.txt", "whoever approved the verdict is not among those who must sign"),)


@pytest.mark.parametrize("profile", PROFILES)
def test_an_exporter_who_leaves_the_approver_out_of_everything_is_found(
    approved: Decided, bundle: Callable[[str], Path], tmp_path: Path, profile: str
) -> None:
    path = Path(shutil.copytree(bundle(profile).parent, tmp_path / bundle(profile).parent.name))
    workspace, finding = Workspace(approved.path), path / "data" / "finding.json"
    key = Keys(approved.path / "keys").key(workspace.actor)
    found = json.loads(finding.read_text())
    assert found["signed_by"] == {"exporter": workspace.actor, "approver": APPROVER}

    def fault(signed_by: Any) -> tuple[str, str]:
        finding.write_text(json.dumps(found | {"signed_by": signed_by}))
        signed_again(path, key)
        report = workspace.bundles.verify(path)
        assert isinstance(report.fault, BundleMalformed)
        return report.faults[0]

    for strange in ({"exporter": workspace.actor}, {"exporter": workspace.actor, "approver": 1}, "ann", None):
        assert fault(strange) == (
            "data/finding.json", "does not say who exported and who approved, as that of an approved verdict does"
        )  # fmt: skip
    missing = (bag.INFO, "whoever approved the verdict is not among those who must sign")
    assert fault({"exporter": workspace.actor, "approver": APPROVER}) == missing
    assert fault({"exporter": "x", "approver": workspace.actor})[1].startswith("whoever exported")
    if profile == "internal":
        assert fault({"exporter": workspace.actor, "approver": workspace.actor}) == missing


def test_an_approver_who_exports_is_named_as_both(approved: Decided, tmp_path: Path) -> None:
    made = approved.act(APPROVER).bundles.export(approved.case, profile="internal", output=tmp_path)
    assert made.waits == ()
    found = json.loads((made.path / "data" / "finding.json").read_text())
    assert found["signed_by"] == {"exporter": APPROVER, "approver": APPROVER}
    assert approved.act(APPROVER).bundles.verify(made.path).fault is None


def test_a_finding_of_before_people_were_named_is_good_where_nobody_approved(
    approved: Decided, bundle: Callable[[str], Path], tmp_path: Path
) -> None:
    path = Path(shutil.copytree(bundle("internal").parent, tmp_path / bundle("internal").parent.name))
    finding = path / "data" / "finding.json"
    found = json.loads(finding.read_text())
    del found["signed_by"]
    found["verdict"] |= {"approved_at": None, "approved_by": None}
    finding.write_text(json.dumps(found))
    signed_again(path, Keys(approved.path / "keys").key(Workspace(approved.path).actor))
    assert Workspace(approved.path).bundles.verify(path).fault is None


def test_what_is_signed_is_what_was_verified(
    approved: Decided, bundle: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody swaps the bundle between the look and the signature."""
    path = Path(shutil.copytree(bundle("internal").parent, tmp_path / bundle("internal").parent.name))
    bob = Keys(approved.path / "keys").key(APPROVER)
    signature = path / signing.path_of(bob.fingerprint)
    signature.unlink()
    looked = verify.verify

    def swapped(*arguments: Any, **options: Any) -> verify.Verified:
        seen = looked(*arguments, **options)
        (path / bag.TAG_MANIFEST).write_bytes(b"something else\n")
        return seen

    with monkeypatch.context() as patched:
        patched.setattr(verify, "verify", swapped)
        with pytest.raises(BundleAltered, match="nothing was signed"):
            approved.act(APPROVER).bundles.sign(path)
    assert not signature.exists()


@pytest.mark.parametrize("zipped", [False, True])
def test_a_signature_of_another_key_under_the_name_of_the_approver_is_replaced(
    approved: Decided, tmp_path: Path, zipped: bool
) -> None:
    own = Workspace(approved.path)

    def export() -> ExportReport:
        return own.bundles.export(approved.case, profile="public", output=tmp_path, zipped=zipped)

    made, bob = export(), Keys(approved.path / "keys").key(APPROVER)
    where, other = signing.path_of(bob.fingerprint), Keys(tmp_path / "keys").new(APPROVER)
    if zipped:
        with zipfile.ZipFile(made.path, "a") as archive:
            signed = archive.read(f"{made.name}/{bag.TAG_MANIFEST}")
            archive.writestr(f"{made.name}/{where}", signing.sign(other, signed))
    else:
        (made.path / where).write_bytes(signing.sign(other, (made.path / bag.TAG_MANIFEST).read_bytes()))
    assert export().waits == own.bundles.waits(made.path) == (APPROVER,), "that is no signature of the approver"
    assert approved.act(APPROVER).bundles.sign(made.path) == "replaced"
    assert own.bundles.verify(made.path).fault is None
    again = export()
    assert (again.status, again.waits) == ("unchanged", ())
    assert approved.act(APPROVER).bundles.sign(made.path) == "unchanged"


@pytest.mark.parametrize(
    "finding", ["{}", "[]", "[" * 100_000, '{"verdict": 1}', '{"verdict": {"case": 1}}', '{"verdict": {"case": "k-1"}}']
)
def test_a_strange_bundle_of_a_stranger_is_not_trusted_and_one_of_ours_is_malformed(
    approved: Decided, bundle: Callable[[str], Path], tmp_path: Path, finding: str
) -> None:
    path = Path(shutil.copytree(bundle("public").parent, tmp_path / bundle("public").parent.name))
    (path / "data" / "finding.json").write_text(finding)
    signed_again(path, Keys(tmp_path / "keys").new("stranger"))
    with pytest.raises(BundleUntrusted):
        approved.act(APPROVER).bundles.sign(path)
    signed_again(path, Keys(approved.path / "keys").key(Workspace(approved.path).actor))
    with pytest.raises(BundleMalformed):
        approved.act(APPROVER).bundles.sign(path)


def test_an_approver_without_a_key_is_asked_for_one_and_nobody_signs_for_a_case_that_has_changed(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    case = decided(tmp_path_factory, tmp_path / "w")
    own = Workspace(case.path)
    made = own.bundles.export(case.case, profile="public", output=tmp_path / "out")
    own.case.note(case.case, "one more word")
    with pytest.raises(UsageError, match="has changed since"):
        case.act(APPROVER).bundles.sign(made.path)
    plain = own.bundles.export(case.cluster, profile="public", output=tmp_path / "out").path
    with pytest.raises(UsageError, match="nobody signs it besides"):
        case.act(APPROVER).bundles.sign(plain)
    (plain / "data" / "finding.json").write_text("{}")
    with pytest.raises(BundleAltered):
        case.act(APPROVER).bundles.sign(plain)
    for half in (case.path / "keys").glob(f"{APPROVER}*"):
        half.unlink()
    kept = pseudonym_keys(case.path)
    for profile in ("public", "partner"):
        with pytest.raises(UsageError, match=f"{APPROVER} approved the case, and has no key"):
            own.bundles.export(case.case, profile=profile, output=tmp_path / "out")
    with pytest.raises(UsageError, match="no such cluster"):
        own.bundles.export("c-000000000000", profile="partner", output=tmp_path / "out")
    assert pseudonym_keys(case.path) == kept, "what is refused makes no key"


def pseudonym_keys(workspace: Path) -> set[str]:
    return {path.name for path in (workspace / "keys").glob("pseudonyms/*")}
