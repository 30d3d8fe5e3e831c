"""Acts on several cases at once: all or none, two people, members frozen, and a way back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from linkage import Workspace
from linkage.errors import NotAllowed, Stale, UsageError
from linkage.model.bulk import MOST, Bulk
from linkage.model.case import Status
from linkage.workspace.bulk import BulkActs
from linkage.workspace.home import Home
from tests.lib import small_world
from tests.lib.small_world import ACCOUNT_ID, NAMES, OFFICE, OFFICE_ACCOUNTS, RING, RING_ACCOUNTS, World
from tests.unit.workspace.test_casebook import book, roles

ALL = [RING, OFFICE, NAMES]
LATER = datetime.now(UTC) + timedelta(days=30)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return small_world.build(tmp_path / "w")


def acting(world: World, person: str) -> BulkActs:
    return Workspace(world.path, actor=person).bulk


def proposed(world: World, person: str = "ann", clusters: list[str] = ALL) -> Bulk:
    return acting(world, person).propose(clusters, "benign", ["company"], note="one firm", expires=LATER)


def dismissed(bulk: Bulk) -> set[str]:
    return {cluster for case in bulk.cases for cluster in ALL if case.dismisses(cluster, datetime.now(UTC))}


def test_a_bulk_is_proposed_approved_by_another_person_and_undone(world: World) -> None:
    waiting = acting(world, "ann").propose(
        ALL, "benign", ["company"], exclude=[OFFICE_ACCOUNTS[0], RING_ACCOUNTS[0]], expires=LATER
    )
    assert [case.status for case in waiting.cases] == [Status.PROPOSED] * 3
    assert (waiting.members, waiting.affected, waiting.excluded) == (25, 23, 2)
    assert waiting.verdicts == {"benign": 3}
    out = {case.proposal.scope.cluster_id: case.proposal.scope.excluded for case in waiting.cases if case.proposal}
    assert out == {RING: (ACCOUNT_ID[RING_ACCOUNTS[0]],), OFFICE: (ACCOUNT_ID[OFFICE_ACCOUNTS[0]],), NAMES: ()}
    acts = acting(world, "bob")
    assert waiting.bulk_id is not None
    done = acts.approve(acts.of([waiting.bulk_id], waiting.digest[:12]), note="looked at each")
    assert [case.decision.approved_by for case in done.cases if case.decision] == ["bob"] * 3
    assert dismissed(done) == set(ALL)
    assert done.bulk_id is not None
    undone = acting(world, "ann").reopen(acts.of([done.bulk_id]), "not one firm after all")
    assert {case.status for case in undone.cases} == {Status.REOPENED}
    assert dismissed(undone) == set()
    entries = [entry for entry in world.workspace.audit() if entry.action.startswith("bulk.")]
    assert [(entry.action, entry.actor) for entry in entries] == [
        ("bulk.propose", "ann"), ("bulk.approve", "bob"), ("bulk.reopen", "ann"),
    ]  # fmt: skip
    assert entries[1].detail == {"cases": 3, "accounts": 23, "excluded": 2, "digest": waiting.digest}
    assert world.workspace.audit_fault() is None


def test_whoever_proposed_one_of_them_approves_none(world: World) -> None:
    others = proposed(world, "ann", [RING, OFFICE])
    own = book(world, "Bob ").propose(NAMES, "benign", ["company"])
    acts = acting(world, "bob")
    every = acts.of([*(case.case_id for case in others.cases), own.case_id])
    with pytest.raises(NotAllowed, match="proposed by the same person"):
        acts.approve(every)
    assert {case.status for case in book(world, "ann").list()} == {Status.PROPOSED}
    assert len(acts.approve(others).cases) == 2


def test_what_somebody_did_to_one_meanwhile_stops_all(world: World) -> None:
    waiting = proposed(world)
    book(world, "ann").note(waiting.cases[1].case_id, "wait")
    acts = acting(world, "bob")
    with pytest.raises(Stale, match="ann did note"):
        acts.approve(waiting)
    with pytest.raises(Stale, match="have changed"):
        acts.of([waiting.bulk_id or ""], waiting.digest)
    assert {case.status for case in book(world, "ann").list()} == {Status.PROPOSED}


def test_members_that_are_not_those_that_were_frozen_are_not_approved(world: World) -> None:
    waiting = proposed(world)
    for case in waiting.cases[2:]:
        assert case.proposal is not None
        scope = replace(case.proposal.scope, members_digest="0" * 64)
        forged = replace(case, proposal=replace(case.proposal, scope=scope))
        with pytest.raises(UsageError, match="not those that were frozen"):
            acting(world, "bob").approve(replace(waiting, cases=(*waiting.cases[:2], forged)))
    assert {case.status for case in book(world, "ann").list()} == {Status.PROPOSED}


def test_a_case_that_is_there_is_gone_on_with_unless_it_is_past_that(world: World) -> None:
    opened = book(world, "ann").open(RING)
    waiting = proposed(world, clusters=[RING, OFFICE])
    assert waiting.cases[0].case_id == opened.case_id
    with pytest.raises(UsageError, match="is proposed"):
        proposed(world)
    assert len(book(world, "ann").list()) == 2
    back = acting(world, "ann").return_(waiting, "taken back")
    assert {case.status for case in back.cases} == {Status.RETURNED}
    with pytest.raises(Stale):
        acting(world, "ann").propose(ALL, "benign", ["company"], revisions={opened.case_id: 1})
    assert len(acting(world, "ann").close(back).cases) == 2


def test_a_proposal_overrides_nothing_that_was_done_since_the_page_was_drawn(world: World) -> None:
    ann, bob = book(world, "ann"), book(world, "bob")
    drawn = ann.open(RING)
    seen = {drawn.case_id: drawn.revision}
    ann.close(drawn.case_id)
    with pytest.raises(Stale, match="ann did close"):
        acting(world, "ann").propose([RING, OFFICE], "benign", ["company"], revisions=seen)
    others = bob.open(OFFICE)
    with pytest.raises(Stale, match=f"{OFFICE} has case {others.case_id} now: bob did open"):
        acting(world, "ann").propose([OFFICE, NAMES], "benign", ["company"], revisions={})
    with pytest.raises(UsageError, match=f"{drawn.case_id} of cluster {RING} is closed"):
        acting(world, "ann").propose([RING, OFFICE], "benign", ["company"])
    assert {case.case_id: case.revision for case in ann.list()} == {drawn.case_id: 2, others.case_id: 1}
    looked = {others.case_id: others.revision}
    assert len(acting(world, "ann").propose([OFFICE, NAMES], "benign", ["company"], revisions=looked).cases) == 2


def test_a_case_of_two_of_the_clusters_is_proposed_about_one_at_a_time(world: World) -> None:
    """RING splits, and its case is of both parts; OFFICE's goes to another cluster, and OFFICE is free again."""
    split, gone = book(world, "ann").open(RING), book(world, "ann").open(OFFICE)
    with Home(world.path, "cron").cases_to_write().acting("cron", datetime.now(UTC)) as acts:
        assert acts.follow("r-later", {RING: [RING, NAMES], OFFICE: ["c-other"]}, ()) == 2
    with pytest.raises(UsageError, match=f"{split.case_id} is of several of these clusters"):
        proposed(world)
    assert {case.status for case in book(world, "ann").list()} == {Status.OPEN}
    waiting = acting(world, "ann").propose([RING, OFFICE], "benign", ["company"], revisions={split.case_id: 2})
    assert waiting.cases[0].case_id == split.case_id
    assert waiting.cases[1].case_id not in {split.case_id, gone.case_id}


def test_each_role_may_do_what_it_says(world: World) -> None:
    roles(world, ann="investigator", bob="approver", eve="viewer")
    with pytest.raises(NotAllowed, match="work on cases"):
        proposed(world, "eve")
    waiting = proposed(world)
    for person in ("eve", "cat"):
        with pytest.raises(NotAllowed):
            acting(world, person).return_(waiting, "no")
    with pytest.raises(NotAllowed, match="approve or return"):
        acting(world, "ann").approve(waiting)
    mine = acting(world, "ann").return_(waiting, "mine, taken back")
    assert {case.assignee for case in acting(world, "ann").assign(mine, "bob").cases} == {"bob"}


def test_bounds_and_names_are_said(world: World) -> None:
    acts = acting(world, "ann")
    with pytest.raises(UsageError, match="nothing to act on"):
        acts.propose([], "benign", ["company"])
    with pytest.raises(UsageError, match="at most 1,000 cases"):
        acts.propose([f"c-{number}" for number in range(MOST + 1)], "benign", ["company"])
    with pytest.raises(UsageError, match="no member of these clusters"):
        acts.propose([RING], "benign", ["company"], exclude=[OFFICE_ACCOUNTS[0]])
    with pytest.raises(UsageError, match="1 of these clusters are not there"):
        acts.propose([RING, "c-none"], "benign", ["company"])
    with pytest.raises(UsageError, match="about clusters"):
        acts.propose([RING, "k-one"], "benign", ["company"])
    with pytest.raises(UsageError, match="lies ahead"):
        acts.propose(ALL, "benign", ["company"], expires=datetime(2026, 1, 1, tzinfo=UTC))
    for name in ("b-none", "k-none"):
        with pytest.raises(UsageError, match="there is no such"):
            acts.of([name])
    waiting = proposed(world)
    for digest in ("", waiting.digest[:7]):
        with pytest.raises(UsageError, match="fewer than 8"):
            acts.of([str(waiting.bulk_id)], digest)
    with pytest.raises(UsageError, match="note that says why"):
        acts.return_(waiting, " ")
