"""A case: what people decide about a cluster. Its state follows from its acts in their order, and from nothing else.

The rules stand in :meth:`Case.after`, below every store, command and page::

    open, returned, reopened   → proposed, closed
    appealed                   → proposed
    proposed                   → approved, reinstated, returned
    approved, reinstated       → closed, reopened, appealed
    closed                     → reopened, appealed

A verdict needs two people: the one who proposes it, and another who approves exactly the members that were frozen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from linkage.errors import NotAllowed, UsageError
from linkage.model.times import to_text
from linkage.model.verdict import AGAINST, Proposal, Verdict, digest_of


class Status(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    PROPOSED = "proposed"
    RETURNED = "returned"
    APPROVED = "approved"
    REINSTATED = "reinstated"
    CLOSED = "closed"
    REOPENED = "reopened"
    APPEALED = "appealed"


class Verb(StrEnum):
    """What is done to a case. ``follow`` is a refresh's: the case goes where its cluster went."""

    OPEN = "open"
    ASSIGN = "assign"
    NOTE = "note"
    PROPOSE = "propose"
    APPROVE = "approve"
    RETURN = "return"
    REOPEN = "reopen"
    CLOSE = "close"
    FOLLOW = "follow"


#: Statuses in which somebody works on the case: a verdict may be proposed.
WORKED_ON = frozenset({Status.OPEN, Status.RETURNED, Status.REOPENED, Status.APPEALED})
#: Statuses of a case that is decided for now.
SETTLED = frozenset({Status.APPROVED, Status.REINSTATED, Status.CLOSED})


#: Verb → statuses that it may be done in.
_WHEN: Mapping[Verb, frozenset[Status]] = {
    Verb.ASSIGN: frozenset(Status) - {Status.CLOSED},
    Verb.NOTE: frozenset(Status),
    Verb.PROPOSE: WORKED_ON,
    Verb.APPROVE: frozenset({Status.PROPOSED}),
    Verb.RETURN: frozenset({Status.PROPOSED}),
    Verb.REOPEN: SETTLED,
    # An appeal ends with a verdict, not with silence.
    Verb.CLOSE: (WORKED_ON | SETTLED) - {Status.CLOSED, Status.APPEALED},
    Verb.FOLLOW: frozenset(Status),
}


@dataclass(frozen=True, slots=True)
class CaseAct:
    """One act on a case. ``revision`` counts its acts from 1; ``detail`` holds what the verb needs, as plain values."""

    case_id: str
    revision: int
    verb: Verb
    actor: str
    at: datetime
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def note(self) -> str:
        """What was said with it."""
        return str(self.detail.get("note", ""))

    @property
    def bulk(self) -> str | None:
        """Id of the bulk that the act was done in; None for an act on one case."""
        found = self.detail.get("bulk")
        return str(found) if found is not None else None

    @property
    def said(self) -> tuple[str, ...]:
        """What the act says besides its verb and its note: the verdict and its reasons, a person, clusters."""
        match self.verb:
            case Verb.PROPOSE:
                return (self.detail["proposal"]["verdict"], *self.detail["proposal"]["reasons"])
            case Verb.ASSIGN:
                return (self.detail["assignee"] or "nobody",)
            case Verb.FOLLOW:
                return tuple(self.detail["clusters"])
            case Verb.REOPEN:
                return ("appeal",) if self.detail["appeal"] else ()
        return ()

    @property
    def digest(self) -> str:
        """What the audit keeps of the act: it changes with any part of it."""
        return digest_of([self.case_id, self.revision, self.verb, self.actor, to_text(self.at), dict(self.detail)])


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict that another person approved."""

    proposal: Proposal
    proposed_by: str
    approved_by: str
    approved_at: datetime

    def holds(self, at: datetime) -> bool:
        """Whether it has not ended at ``at``."""
        return self.proposal.expires_at is None or at < self.proposal.expires_at


@dataclass(frozen=True, slots=True)
class Case:
    """A case after its acts. ``clusters`` are those its accounts are in now, ``known_as`` all that it ever followed.

    ``proposal`` waits for another person than ``proposed_by``; ``decision`` is the verdict that was approved last.
    """

    case_id: str
    revision: int
    status: Status
    clusters: tuple[str, ...]
    known_as: frozenset[str]
    opened_by: str
    opened_at: datetime
    changed_at: datetime
    assignee: str | None = None
    proposal: Proposal | None = None
    proposed_by: str | None = None
    decision: Decision | None = None
    acts: tuple[CaseAct, ...] = ()

    @classmethod
    def from_acts(cls, acts: Iterable[CaseAct]) -> Case:
        """The case that these acts make, the first of which opens it."""
        first, *others = acts
        case = cls.opened(first)
        for act in others:
            case = case.after(act)
        return case

    @classmethod
    def opened(cls, act: CaseAct) -> Case:
        """The case that ``act`` opens."""
        cluster = str(act.detail["cluster_id"])
        return cls(
            case_id=act.case_id,
            revision=act.revision,
            status=Status.OPEN,
            clusters=(cluster,),
            known_as=frozenset({cluster}),
            opened_by=act.actor,
            opened_at=act.at,
            changed_at=act.at,
            acts=(act,),
        )

    def after(self, act: CaseAct) -> Case:
        """The case once ``act`` is done.

        Raises:
            UsageError: the case's status does not let it be done.
            NotAllowed: the proposer approves, or somebody without a say takes a proposal back.
        """
        allowed = _WHEN.get(act.verb, frozenset())
        if self.status not in allowed:
            raise UsageError(
                f"case {self.case_id} is {self.status}, and `{act.verb}` does not come next",
                hint=f"It can be done to one that is {', '.join(sorted(allowed))}." if allowed else "Open another one.",
            )
        done = replace(self, revision=act.revision, changed_at=act.at, acts=(*self.acts, act))
        match act.verb:
            case Verb.ASSIGN:
                return replace(done, assignee=act.detail["assignee"])
            case Verb.PROPOSE:
                proposal = Proposal.from_dict(act.detail["proposal"])
                return replace(done, status=Status.PROPOSED, proposal=proposal, proposed_by=act.actor)
            case Verb.APPROVE:
                return done._approved(act)
            case Verb.RETURN:
                return replace(done, status=Status.RETURNED, proposal=None, proposed_by=None)
            case Verb.REOPEN:
                return done._reopened(bool(act.detail["appeal"]))
            case Verb.CLOSE:
                return replace(done, status=Status.CLOSED)
            case Verb.FOLLOW:
                clusters = tuple(act.detail["clusters"])
                return replace(done, clusters=clusters, known_as=self.known_as.union(clusters))
        return done

    def _approved(self, act: CaseAct) -> Case:
        if self.proposal is None or self.proposed_by is None:
            raise UsageError(f"case {self.case_id} has no proposal to approve")
        if same_person(act.actor, self.proposed_by):
            raise NotAllowed(
                f"the verdict of case {self.case_id} was proposed by the same person",
                hint="Another person approves it, under their own account.",
            )
        if act.detail["scope_digest"] != self.proposal.scope.digest:
            raise UsageError(f"the scope of case {self.case_id} is not the one that was proposed")
        lifted = self.decision is not None and self.decision.proposal.verdict in AGAINST
        lifted = lifted and self.proposal.verdict not in AGAINST
        return replace(
            self,
            status=Status.REINSTATED if lifted else Status.APPROVED,
            proposal=None,
            proposed_by=None,
            decision=Decision(self.proposal, self.proposed_by, act.actor, act.at),
        )

    def _reopened(self, appeal: bool) -> Case:
        if appeal and self.decision is None:
            raise UsageError(f"case {self.case_id} has no verdict to appeal against")
        return replace(self, status=Status.APPEALED if appeal else Status.REOPENED)

    def allows(self, verb: Verb) -> bool:
        """Whether its status lets ``verb`` be done to it."""
        return self.status in _WHEN.get(verb, frozenset())

    @property
    def latest(self) -> Proposal | None:
        """The verdict that waits for approval, else the one that was approved last."""
        if self.proposal is not None:
            return self.proposal
        return self.decision.proposal if self.decision is not None else None

    def standing(self, at: datetime) -> Decision | None:
        """The verdict that holds at ``at``: approved last, not ended, and nobody has taken the case up again."""
        holds = self.status in SETTLED and self.decision is not None and self.decision.holds(at)
        return self.decision if holds else None

    def dismisses(self, cluster_id: str, at: datetime) -> bool:
        """Whether people have decided that ``cluster_id`` is benign, and nobody has taken it up again.

        A cluster that it merged into, or that split off, was not what they looked at. What has changed of it since is
        another question: see :mod:`linkage.model.dismissal`.
        """
        decision = self.standing(at)
        if decision is None or decision.proposal.scope.cluster_id != cluster_id:
            return False
        return decision.proposal.verdict is Verdict.BENIGN


def same_person(one: str, other: str) -> bool:
    """Whether two names are one person's: case and space around them do not make two people."""
    return one.strip().casefold() == other.strip().casefold()


#: What asks for somebody first, when a cluster has several cases.
_URGENCY = (
    Status.APPEALED, Status.PROPOSED, Status.RETURNED, Status.REOPENED, Status.OPEN,
    Status.REINSTATED, Status.APPROVED, Status.CLOSED,
)  # fmt: skip


def by_cluster(cases: Iterable[Case]) -> dict[str, Case]:
    """Cluster id → the case that speaks for it: the one that asks for somebody most, and of those the latest."""
    found: dict[str, Case] = {}
    latest_first = sorted(cases, key=lambda case: case.changed_at, reverse=True)
    for case in sorted(latest_first, key=lambda case: _URGENCY.index(case.status)):
        for cluster in case.known_as:
            found.setdefault(cluster, case)
    return found


def went(clusters: Iterable[str], became: Mapping[str, Iterable[str]]) -> list[str]:
    """Clusters that ``clusters`` went into, sorted; one that ``became`` does not know waits where it was.

    >>> went(["c-1", "c-9"], {"c-1": ["c-2", "c-3"]})
    ['c-2', 'c-3', 'c-9']
    """
    return sorted({after for cluster in clusters for after in became.get(cluster, (cluster,))})
