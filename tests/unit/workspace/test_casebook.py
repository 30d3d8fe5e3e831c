"""Cases of a workspace: frozen members, roles, what follows a cluster, what goes onto the allow-list, what is kept."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from linkage import Workspace
from linkage.errors import NotAllowed, Stale, UsageError
from linkage.model.case import Status
from linkage.stores.snapshots import Snapshots
from linkage.workspace import casebook
from linkage.workspace.casebook import Casebook
from linkage.workspace.home import Home
from tests.lib import small_world
from tests.lib.small_world import CARDS, NAMES, OFFICE, OFFICE_ACCOUNTS, OFFICE_ADDRESS, RING, World

LATER = datetime.now(UTC) + timedelta(days=30)
WHY = ["company"]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return small_world.build(tmp_path / "w")


def book(world: World, person: str) -> Casebook:
    return Workspace(world.path, actor=person).case


def roles(world: World, **people: str) -> None:
    lines = ["[access.roles]", *(f'{person} = "{role}"' for person, role in people.items())]
    (world.path / "linkage.toml").write_text("\n".join(lines), encoding="utf-8")


def statuses(world: World) -> dict[str, str | None]:
    table = Workspace(world.path).table("clusters")
    return dict(zip(table["cluster_id"].to_pylist(), table["case_status"].to_pylist(), strict=True))


def next_refresh(world: World, lineage: list[tuple[str, str, str]], refresh_id: str = "r-000000000002") -> None:
    """A refresh whose clusters are those that ``lineage`` (cluster, event, parent) names."""
    ids = list(dict.fromkeys(cluster for cluster, event, _ in lineage if event != "dissolved"))
    tables = dict(world.tables)
    first = tables["clusters"].slice(0, 1).to_pylist()[0]
    tables["clusters"] = pa.Table.from_pylist(
        [{**first, "cluster_id": cluster} for cluster in ids], schema=tables["clusters"].schema
    )
    tables["lineage"] = pa.Table.from_pylist(
        [
            {"cluster_id": cluster, "event": event, "parent_refresh_id": world.refresh_id, "parent_cluster_id": parent,
             "overlap": 0.9}
            for cluster, event, parent in lineage
        ],
        schema=tables["lineage"].schema,
    )  # fmt: skip
    small_world.publish(world.path, refresh_id, tables, parent=world.refresh_id)
    casebook.follow(Home(world.path, "cron"))


def test_a_case_goes_from_open_to_approved_and_the_list_of_clusters_says_so(world: World) -> None:
    assert statuses(world) == dict.fromkeys((RING, NAMES, OFFICE))
    ann, bob = book(world, "ann"), book(world, "bob")
    case = ann.open(OFFICE, note="looks like a firm")
    ann.assign(case.case_id, "ann")
    ann.note(case.case_id, "asked them")
    assert statuses(world)[OFFICE] == "open"
    case = ann.propose(case.case_id, "benign", WHY, exclude=[OFFICE_ACCOUNTS[0]], expires=LATER)
    assert case.proposal is not None
    assert (case.proposal.scope.size, case.proposal.scope.affected) == (8, 7)
    assert case.proposal.scope.excluded == (small_world.ACCOUNT_ID[OFFICE_ACCOUNTS[0]],)
    case = bob.approve(case.case_id)
    assert case.dismisses(OFFICE, datetime.now(UTC))
    assert statuses(world) == {RING: None, NAMES: None, OFFICE: "approved"}
    assert bob.show(case.case_id) == case == bob.list()[0]
    verbs = [entry.action for entry in world.workspace.audit() if entry.subject == case.case_id]
    assert verbs == ["case.open", "case.assign", "case.note", "case.propose", "case.approve"]
    assert all(check.status != "fail" for check in world.workspace.doctor())


def test_a_cluster_can_be_proposed_at_once(world: World) -> None:
    case = book(world, "ann").propose(RING, "confirmed", ["shared_payment", "shared_payment"])
    assert (case.revision, case.status) == (2, Status.PROPOSED)
    with pytest.raises(UsageError, match=f"case {case.case_id} of this cluster is proposed"):
        book(world, "bob").propose(RING, "confirmed", ["canary"])


def test_the_proposer_does_not_approve_and_nothing_changes(world: World) -> None:
    case = book(world, "ann").propose(OFFICE, "benign", WHY)
    with pytest.raises(NotAllowed, match="same person"):
        book(world, "Ann").approve(case.case_id)
    assert book(world, "bob").show(case.case_id) == case


def test_what_changed_meanwhile_is_not_acted_on(world: World) -> None:
    ann = book(world, "ann")
    case = ann.propose(OFFICE, "benign", WHY)
    ann.return_(case.case_id, "the wrong reason")
    again = ann.propose(case.case_id, "benign", ["classroom"])
    with pytest.raises(Stale, match="ann did propose"):
        book(world, "bob").approve(case.case_id, revision=case.revision)
    assert book(world, "bob").approve(case.case_id, revision=again.revision).status is Status.APPROVED


def test_members_that_are_not_those_that_were_frozen_are_not_approved(world: World) -> None:
    case = book(world, "ann").propose(OFFICE, "benign", WHY)
    assert case.proposal is not None
    scope = case.proposal.scope
    with pytest.raises(UsageError, match="not those that were frozen"):
        book(world, "bob").recheck(replace(scope, members_digest="0" * 64))
    with pytest.raises(UsageError, match="is not kept"):
        book(world, "bob").recheck(replace(scope, refresh_id="r-gone"))


@pytest.mark.parametrize(
    ("role", "works", "approves", "allows"),
    [
        ("viewer", False, False, False),
        ("investigator", True, False, False),
        ("approver", True, True, True),
        ("admin", True, True, True),
    ],
)
def test_each_role_may_do_what_it_says(world: World, role: str, works: bool, approves: bool, allows: bool) -> None:
    waiting = book(world, "ann").propose(OFFICE, "benign", WHY)
    roles(world, dan=role, ann="investigator")
    workspace = Workspace(world.path, actor="dan")
    acts = [
        (lambda: workspace.case.open(RING), works),
        (lambda: workspace.case.note(waiting.case_id, "words"), works),
        (lambda: workspace.case.assign(waiting.case_id, "dan"), works),
        (lambda: workspace.case.propose(NAMES, "inconclusive", ["too_recent"]), works),
        (lambda: workspace.reveal([1001], "a case"), works),
        (lambda: workspace.explain(cluster=RING, reveal="a case"), works),
        (lambda: workspace.case.approve(waiting.case_id), approves),
        (lambda: workspace.case.reopen(waiting.case_id, "again"), approves),
        (lambda: workspace.allow.add("cidr", "192.0.2.0/24", reason="campus"), allows),
    ]
    for act, allowed in acts:
        before = len(workspace.audit())
        with contextlib.nullcontext() if allowed else pytest.raises((NotAllowed, UsageError)):
            act()
        assert (len(workspace.audit()) > before) == allowed
    assert workspace.role == role
    assert workspace.explain(cluster=RING).masked


def test_whoever_the_roles_do_not_name_looks_on(world: World) -> None:
    assert Workspace(world.path, actor="eve").role == "admin"
    roles(world, ann="investigator")
    eve = Workspace(world.path, actor="eve")
    assert eve.role == "viewer"
    with pytest.raises(NotAllowed, match="a viewer may not work on cases: that takes a role of investigator"):
        eve.case.open(RING)
    with pytest.raises(NotAllowed):
        eve.case.return_(book(world, "ann").propose(RING, "confirmed", ["canary"]).case_id, "no")
    with pytest.raises(NotAllowed, match="export evidence bundles"):
        eve.picture_taken(RING, world.refresh_id, 12)
    assert {check.name: check.status for check in eve.doctor(migrate=True)}["migration"] == "fail"


def test_a_proposer_takes_back_what_waits(world: World) -> None:
    roles(world, ann="investigator", cleo="investigator")
    case = book(world, "ann").propose(OFFICE, "benign", WHY)
    with pytest.raises(NotAllowed):
        book(world, "cleo").return_(case.case_id, "mine?")
    assert book(world, "ann").return_(case.case_id, "not yet").status is Status.RETURNED


def test_an_approval_puts_what_it_names_onto_the_allow_list(world: World) -> None:
    network, office = ("cidr", "192.0.2.0/24"), small_world.IDENTIFIER_ID["ip_address", OFFICE_ADDRESS]
    named = [network, ("payment_instrument", CARDS[0]), ("ip_address", f"id:{office}")]
    book(world, "ann").propose(OFFICE, "benign", WHY, expires=LATER, allow=named)
    assert world.workspace.allow.entries() == ()
    case = book(world, "bob").list()[0]
    book(world, "bob").approve(case.case_id)
    entries = world.workspace.allow.entries()
    assert {(entry.kind, entry.cidr, entry.identifier) for entry in entries} == {
        ("cidr", "192.0.2.0/24", None),
        ("payment_instrument", None, small_world.IDENTIFIER_ID["payment_instrument", CARDS[0]]),
        ("ip_address", None, office),
    }
    assert {(entry.author, entry.expires_at) for entry in entries} == {("bob", LATER)}
    ann = book(world, "ann")
    ann.reopen(case.case_id, "again")
    ann.propose(case.case_id, "benign", WHY, allow=[network])
    book(world, "bob").approve(case.case_id)
    assert len(world.workspace.allow.entries()) == 3


def test_a_case_follows_its_cluster_where_it_goes(world: World) -> None:
    ann = book(world, "ann")
    ring, office, names = (ann.open(cluster).case_id for cluster in (RING, OFFICE, NAMES))
    next_refresh(
        world,
        [(RING, "split", RING), ("c-piece", "split", RING), ("c-both", "merged", OFFICE), (NAMES, "dissolved", NAMES)],
    )
    assert ann.show(ring).clusters == (RING, "c-piece")
    assert ann.show(office).clusters == ("c-both",)
    assert ann.show(names).clusters == (NAMES,)
    assert statuses(world) == {RING: "open", "c-piece": "open", "c-both": "open"}
    before = len(world.workspace.audit())
    assert casebook.follow(Home(world.path, "cron")) == 0
    assert len(world.workspace.audit()) == before
    with pytest.raises(UsageError, match="of several clusters now"):
        ann.propose(ring, "confirmed", ["canary"])
    with pytest.raises(UsageError, match="is not of that cluster"):
        ann.propose(ring, "confirmed", ["canary"], cluster="c-both")
    piece = ann.propose(ring, "confirmed", ["canary"], cluster=RING)
    assert piece.proposal is not None
    assert piece.proposal.scope.cluster_id == RING
    with pytest.raises(UsageError, match="is not there"):
        ann.propose(names, "confirmed", ["canary"])
    # The refresh that it was opened at still has it.
    assert ann.propose(names, "confirmed", ["canary"], refresh=world.refresh_id).status is Status.PROPOSED


def test_a_case_on_an_earlier_refresh_is_opened_where_the_cluster_is_now(world: World) -> None:
    next_refresh(world, [("c-both", "merged", OFFICE), ("c-both", "merged", NAMES)])
    case = book(world, "ann").open(OFFICE, refresh=world.refresh_id)
    assert case.clusters == ("c-both",)
    assert statuses(world) == {"c-both": "open"}


def test_refreshes_that_a_verdict_stands_on_are_kept(world: World) -> None:
    case = book(world, "ann").propose(OFFICE, "benign", WHY)
    next_refresh(world, [(OFFICE, "continued", OFFICE)])
    home = Home(world.path, "cron")
    assert casebook.referred(home) == {world.refresh_id}
    assert Snapshots(world.path).prune(1, casebook.referred(home)) == ()
    book(world, "bob").approve(case.case_id)
    assert casebook.referred(home) == {world.refresh_id}


def test_a_changed_act_is_found(world: World) -> None:
    case = book(world, "ann").propose(OFFICE, "benign", WHY)
    with contextlib.closing(sqlite3.connect(world.path / "casework.sqlite")) as connection, connection:
        with pytest.raises(sqlite3.IntegrityError, match="stands"):
            connection.execute("UPDATE case_acts SET actor = 'eve'")
        connection.execute("DROP TRIGGER case_acts_no_update")
        connection.execute("UPDATE case_acts SET actor = 'eve' WHERE revision = 2")
    failed = {check.name: check.finding for check in world.workspace.doctor() if check.status == "fail"}
    assert failed == {"audit chain": f"act 2 of case {case.case_id} is not the one that the audit saw"}


def test_the_audit_holds_no_words_of_a_note(world: World) -> None:
    ann = book(world, "ann")
    case = ann.open(OFFICE, note="call 555-0100")
    ann.note(case.case_id, "call 555-0100")
    assert not any("555-0100" in str(entry.detail) for entry in world.workspace.audit())


@pytest.mark.parametrize("expires", [datetime(2020, 1, 1, tzinfo=UTC), LATER.replace(tzinfo=None)])
def test_a_verdict_ends_in_the_future(world: World, expires: datetime) -> None:
    with pytest.raises(UsageError, match="lies ahead"):
        book(world, "ann").propose(OFFICE, "benign", WHY, expires=expires)


def test_without_a_case_there_is_nothing_to_show(tmp_path: Path) -> None:
    empty = Workspace(tmp_path / "none").case
    assert empty.list() == ()
    with pytest.raises(UsageError, match="no case yet"):
        empty.show("k-1")
    with pytest.raises(UsageError, match="no case yet"):
        empty.note("k-1", "words")
    assert not (tmp_path / "none").exists()
