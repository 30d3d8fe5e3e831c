"""What a case becomes through each act, and which acts it refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from linkage.errors import NotAllowed, UsageError
from linkage.model.access import LEAST, Permission, Role
from linkage.model.case import Case, CaseAct, Status, Verb, by_cluster
from linkage.model.verdict import Benign, Proposal, Scope, Verdict

NOW = datetime(2026, 4, 1, tzinfo=UTC)
SCOPE = Scope.of("r-1", "c-1", range(1, 11), [3])


def opened(cluster: str = "c-1", case: str = "k-1") -> Case:
    return Case.opened(CaseAct(case, 1, Verb.OPEN, "ann", NOW, {"cluster_id": cluster, "refresh_id": "r-1"}))


def after(case: Case, verb: Verb, actor: str = "ann", **detail: Any) -> Case:
    at = case.changed_at + timedelta(minutes=1)
    return case.after(CaseAct(case.case_id, case.revision + 1, verb, actor, at, detail))


def proposed(case: Case, verdict: Verdict, reason: str = "other", actor: str = "ann", **more: Any) -> Case:
    proposal = Proposal(verdict, (reason,), more.pop("scope", SCOPE), note="as seen", **more)
    return after(case, Verb.PROPOSE, actor, proposal=proposal.to_dict())


def approved(case: Case, actor: str = "bob") -> Case:
    assert case.proposal is not None
    return after(case, Verb.APPROVE, actor, scope_digest=case.proposal.scope.digest)


def test_a_verdict_is_proposed_approved_closed_and_taken_up_again() -> None:
    case = proposed(opened(), Verdict.CONFIRMED)
    assert (case.status, case.proposed_by) == (Status.PROPOSED, "ann")
    case = approved(case)
    assert case.status is Status.APPROVED
    assert case.decision is not None
    assert (case.decision.proposed_by, case.decision.approved_by) == ("ann", "bob")
    assert case.decision.proposal.scope == SCOPE
    case = after(after(case, Verb.CLOSE), Verb.REOPEN, appeal=True)
    assert case.status is Status.APPEALED
    with pytest.raises(UsageError, match="`close` does not come next"):
        after(case, Verb.CLOSE)
    lifted = approved(proposed(case, Verdict.BENIGN))
    assert lifted.status is Status.REINSTATED
    assert Case.from_acts(lifted.acts) == lifted


@pytest.mark.parametrize("actor", ["ann", "Ann", " ANN "])
def test_nobody_approves_what_they_proposed(actor: str) -> None:
    with pytest.raises(NotAllowed, match="same person"):
        approved(proposed(opened(), Verdict.BENIGN), actor)


def test_an_approval_is_of_the_scope_that_was_proposed() -> None:
    case = proposed(opened(), Verdict.BENIGN)
    with pytest.raises(UsageError, match="not the one that was proposed"):
        after(case, Verb.APPROVE, "bob", scope_digest=Scope.of("r-1", "c-1", range(1, 11)).digest)


@pytest.mark.parametrize(
    ("verb", "detail"),
    [(Verb.APPROVE, {"scope_digest": ""}), (Verb.RETURN, {}), (Verb.REOPEN, {"appeal": False}), (Verb.OPEN, {})],
)
def test_what_does_not_come_next_is_refused(verb: Verb, detail: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="does not come next"):
        after(opened(), verb, "bob", **detail)


def test_an_appeal_needs_a_verdict() -> None:
    with pytest.raises(UsageError, match="no verdict"):
        after(after(opened(), Verb.CLOSE), Verb.REOPEN, appeal=True)


@pytest.mark.parametrize(
    ("verdict", "reasons", "note", "allow"),
    [
        (Verdict.CONFIRMED, (), "", ()),
        (Verdict.CONFIRMED, ("classroom",), "", ()),
        (Verdict.BENIGN, ("other",), " ", ()),
        (Verdict.CONFIRMED, ("canary",), "", (Benign("cidr", cidr="192.0.2.0/24"),)),
    ],
)
def test_a_proposal_without_a_sound_reason_is_refused(
    verdict: Verdict, reasons: tuple[str, ...], note: str, allow: tuple[Benign, ...]
) -> None:
    with pytest.raises(UsageError):
        Proposal(verdict, reasons, SCOPE, note, allow=allow)


def test_a_scope_changes_with_every_member_and_exclusion() -> None:
    digests = {
        SCOPE.digest,
        Scope.of("r-1", "c-1", range(1, 11)).digest,
        Scope.of("r-1", "c-1", range(1, 12), [3]).digest,
        Scope.of("r-2", "c-1", range(1, 11), [3]).digest,
    }
    assert len(digests) == 4
    assert Scope.of("r-1", "c-1", [*range(10, 0, -1)], [3, 3]) == SCOPE
    assert SCOPE.affected == 9
    with pytest.raises(UsageError, match="no member"):
        Scope.of("r-1", "c-1", [1, 2], [5])
    with pytest.raises(UsageError, match="nobody"):
        Scope.of("r-1", "c-1", [1, 2], [1, 2])


def test_a_benign_verdict_dismisses_its_own_cluster_until_it_ends_or_is_taken_up() -> None:
    end = NOW + timedelta(days=30)
    waiting = proposed(opened(), Verdict.BENIGN, expires_at=end)
    assert not waiting.dismisses("c-1", NOW)
    case = approved(waiting)
    assert case.dismisses("c-1", NOW)
    assert not case.dismisses("c-1", end)
    assert after(case, Verb.CLOSE).dismisses("c-1", NOW)
    assert not after(case, Verb.REOPEN, appeal=False).dismisses("c-1", NOW)
    moved = after(case, Verb.FOLLOW, clusters=["c-1", "c-2"])
    assert moved.dismisses("c-1", NOW)
    assert not moved.dismisses("c-2", NOW)
    assert not approved(proposed(opened(), Verdict.RESELLER)).dismisses("c-1", NOW)


def test_the_case_that_asks_for_somebody_speaks_for_its_clusters() -> None:
    done = approved(proposed(opened(case="k-old"), Verdict.BENIGN))
    live = after(opened(case="k-new"), Verb.FOLLOW, clusters=["c-2"])
    assert {cluster: case.case_id for cluster, case in by_cluster([done, live]).items()} == {
        "c-1": "k-new",
        "c-2": "k-new",
    }
    assert by_cluster([done])["c-1"].status is Status.APPROVED


def test_each_role_may_what_the_ones_before_it_may() -> None:
    for permission in Permission:
        allowed = [role.may(permission) for role in Role]
        assert allowed == sorted(allowed)
        assert LEAST[permission].may(permission)
    assert not Role.VIEWER.may(Permission.WORK)
    assert not Role.INVESTIGATOR.may(Permission.APPROVE)
