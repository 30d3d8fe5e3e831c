"""Any sequence of acts by anybody, on a real database: two people to a verdict, one whole chain, nothing lost."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from linkage.errors import NotAllowed, Stale, UsageError
from linkage.model.case import Case, Status, Verb
from linkage.model.verdict import REASONS, Proposal, Scope, Verdict
from linkage.stores.cases import Cases
from tests.lib import databases
from tests.lib.databases import Place

START = datetime(2026, 4, 1, tzinfo=UTC)
PEOPLE = st.sampled_from(["ann", "Ann", "bob", "cleo"])


class CaseLife(RuleBasedStateMachine):
    """Four names of three people do whatever they like to one case."""

    KIND = "sqlite"

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.place = databases.place(self.KIND, Path(self.folder.name))
        casework = self.place.open()
        casework.create(START)
        self.casework, self.cases = casework, Cases(casework)
        self.minutes = 0
        with self.cases.acting("ann", START) as acting:
            self.seen = acting.open(Scope.of("r-1", "c-1", range(5)))
        self.proposer: str | None = None
        self.done = 1

    def teardown(self) -> None:
        self.place.drop()
        self.folder.cleanup()

    def do(self, actor: str, verb: Verb, detail: dict[str, object], case: Case | None = None) -> bool:
        """Whether the act was taken."""
        self.minutes += 1
        case = case or self.seen
        try:
            with self.cases.acting(actor, START + timedelta(minutes=self.minutes)) as acting:
                self.seen = acting.add(acting.get(case.case_id, case.revision), verb, detail)
        except UsageError:
            return False
        self.done += 1
        return True

    @rule(actor=PEOPLE, verdict=st.sampled_from(Verdict), excluded=st.sets(st.integers(0, 4), max_size=4))
    def propose(self, actor: str, verdict: Verdict, excluded: set[int]) -> None:
        scope = Scope.of("r-1", "c-1", range(5), excluded)
        proposal = Proposal(verdict, REASONS[verdict][:1], scope)
        if self.do(actor, Verb.PROPOSE, {"proposal": proposal.to_dict(), "note": ""}):
            self.proposer = actor

    @rule(actor=PEOPLE)
    def approve(self, actor: str) -> None:
        waiting = self.seen
        digest = waiting.proposal.scope.digest if waiting.proposal is not None else ""
        taken = self.do(actor, Verb.APPROVE, {"scope_digest": digest})
        if waiting.status is not Status.PROPOSED:
            assert not taken
        else:
            assert taken == (actor.casefold() != str(self.proposer).casefold())

    @rule(actor=PEOPLE, verb=st.sampled_from([Verb.RETURN, Verb.CLOSE, Verb.NOTE]))
    def say(self, actor: str, verb: Verb) -> None:
        self.do(actor, verb, {"note": "words"})

    @rule(actor=PEOPLE, appeal=st.booleans())
    def reopen(self, actor: str, appeal: bool) -> None:
        self.do(actor, Verb.REOPEN, {"appeal": appeal, "note": "anew"})

    @rule(actor=PEOPLE, clusters=st.sets(st.sampled_from(["c-1", "c-2", "c-3"]), min_size=1))
    def follow(self, actor: str, clusters: set[str]) -> None:
        assert self.do(actor, Verb.FOLLOW, {"clusters": sorted(clusters)})

    @precondition(lambda self: self.done > 1)
    @rule(actor=PEOPLE)
    def act_on_what_was_seen_before(self, actor: str) -> None:
        earlier = Case.from_acts(self.seen.acts[:-1])
        assert not self.do(actor, Verb.NOTE, {"note": "too late"}, earlier)

    @invariant()
    def the_database_says_what_was_done(self) -> None:
        assert self.cases.get(self.seen.case_id) == self.seen
        assert self.seen.revision == len(self.seen.acts) == self.done

    @invariant()
    def a_verdict_has_two_people(self) -> None:
        decision = self.seen.decision
        if decision is not None:
            assert decision.proposed_by.casefold() != decision.approved_by.casefold()
        if self.seen.status in (Status.APPROVED, Status.REINSTATED):
            assert decision is not None

    @invariant()
    def the_chain_is_whole_and_saw_every_act(self) -> None:
        assert self.casework.audit_fault() is None
        assert self.cases.fault() is None
        assert self.casework.audit_head()[1] == self.done


CaseLife.TestCase.settings = settings(max_examples=25, stateful_step_count=20)
TestCaseLife = CaseLife.TestCase


class CaseLifeInPostgresql(CaseLife):
    """The same in a server; a transaction takes 20 ms there."""

    KIND = "postgresql"


CaseLifeInPostgresql.TestCase.settings = settings(max_examples=2, stateful_step_count=12)
TestCaseLifeInPostgresql = pytest.mark.usefixtures("postgresql")(CaseLifeInPostgresql.TestCase)


def test_of_two_who_act_on_the_same_revision_one_is_told(place: Place) -> None:
    casework = place.open()
    casework.create(START)
    with Cases(casework).acting("ann", START) as acting:
        case = acting.open(Scope.of("r-1", "c-1", range(5)))

    def note(person: str) -> str:
        try:
            with Cases(place.open()).acting(person, START) as acting:
                acting.add(acting.get(case.case_id, 1), Verb.NOTE, {"note": person})
        except Stale as fault:
            return fault.message
        return ""

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(note, ("bob", "cleo")))
    assert said[0] == ""
    assert "has changed" in said[1]
    assert Cases(casework).get(case.case_id).revision == 2


def test_notes_of_many_writers_are_all_there(place: Place) -> None:
    casework = place.open()
    casework.create(START)
    with Cases(casework).acting("ann", START) as acting:
        case = acting.open(Scope.of("r-1", "c-1", range(5)))

    def write(worker: int) -> None:
        cases = Cases(place.open())
        for number in range(10):
            with cases.acting(f"w{worker}", START) as acting:
                acting.add(acting.get(case.case_id), Verb.NOTE, {"note": f"{worker}-{number}"})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    notes = {act.note for act in Cases(casework).get(case.case_id).acts}
    assert notes == {"", *(f"{worker}-{number}" for worker in range(4) for number in range(10))}
    assert Cases(casework).fault() is None


def test_the_rule_of_two_people_is_an_error_of_its_own(place: Place) -> None:
    casework = place.open()
    casework.create(START)
    scope = Scope.of("r-1", "c-1", range(5))
    with Cases(casework).acting("ann", START) as acting:
        proposal = Proposal(Verdict.BENIGN, ("company",), scope)
        case = acting.add(acting.open(scope), Verb.PROPOSE, {"proposal": proposal.to_dict(), "note": ""})
    refused = None
    try:
        with Cases(casework).acting("ann", START) as acting:
            acting.add(acting.get(case.case_id), Verb.APPROVE, {"scope_digest": scope.digest})
    except NotAllowed as fault:
        refused = fault
    assert refused is not None
    assert Cases(casework).get(case.case_id) == case
