"""Cases in the casework database: nothing but their acts is kept, and a case is what its acts make of it.

An act and its audit entry are one transaction; the entry holds the act's digest, so that a changed act shows.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from linkage.errors import Stale, UsageError
from linkage.model.case import SETTLED, Case, CaseAct, Verb, went
from linkage.model.times import from_text, to_text
from linkage.model.verdict import Proposal, Scope
from linkage.stores import audit_chain
from linkage.stores.audit_chain import as_json
from linkage.stores.casework import Casework, allow, allowed_as
from linkage.stores.casework_schema import CASE_ACTS, CASES_FOLLOWED

_ORDERED = sa.select(CASE_ACTS).order_by(CASE_ACTS.c.case_id, CASE_ACTS.c.revision)


class Cases:
    """The cases of a casework database."""

    def __init__(self, casework: Casework) -> None:
        self._casework = casework

    def all(self) -> tuple[Case, ...]:
        """Every case, the one changed last first."""
        with self._casework.reading() as connection:
            return _cases(connection)

    def get(self, case_id: str) -> Case:
        """One case.

        Raises:
            UsageError: there is none of this id.
        """
        with self._casework.reading() as connection:
            return _case(connection, case_id)

    @contextlib.contextmanager
    def acting(self, actor: str, now: datetime) -> Iterator[Acting]:
        """Acts of ``actor``: all that are done inside the block stand, or none."""
        with self._casework.writing() as connection:
            yield Acting(connection, actor, now)

    def followed(self) -> frozenset[str]:
        """Refreshes whose lineage the cases have followed."""
        with self._casework.reading() as connection:
            return frozenset(connection.scalars(sa.select(CASES_FOLLOWED.c.refresh_id)))

    def fault(self) -> str | None:
        """What is wrong with the acts, compared with what the audit chain saw of them; None when nothing is."""
        with self._casework.reading() as connection:
            seen = {
                (entry.subject, entry.detail["revision"]): entry.detail["digest"]
                for entry in audit_chain.entries(connection)
                if entry.action.startswith("case.")
            }
            for row in connection.execute(_ORDERED):
                if seen.pop((row.case_id, row.revision), None) != _act(row).digest:
                    return f"act {row.revision} of case {row.case_id} is not the one that the audit saw"
            for case_id, revision in sorted(seen):
                return f"act {revision} of case {case_id} is missing"
        return None


class Acting:
    """One person's acts within a transaction."""

    def __init__(self, connection: sa.Connection, actor: str, now: datetime) -> None:
        self._connection, self._actor, self._now = connection, actor, now
        #: Cluster → the case that is not settled, once somebody asked for it.
        self._worked_on: dict[str, Case] | None = None

    def all(self) -> tuple[Case, ...]:
        """Every case, the one changed last first."""
        return _cases(self._connection)

    def get(self, case_id: str, revision: int | None = None) -> Case:
        """The case, at ``revision`` if that is given.

        Raises:
            UsageError: there is none of this id.
            Stale: it has changed since that revision.
        """
        case = _case(self._connection, case_id)
        if revision is not None and revision != case.revision:
            last = case.acts[-1]
            raise Stale(f"case {case_id} has changed: {last.actor} did {last.verb} at {to_text(last.at)}")
        return case

    def open(self, scope: Scope, note: str = "") -> Case:
        """Open a case on a cluster at a refresh.

        Raises:
            UsageError: somebody works on a case of this cluster already.
        """
        if self._worked_on is None:
            unsettled = (case for case in self.all() if case.status not in SETTLED)
            self._worked_on = {cluster: case for case in unsettled for cluster in case.clusters}
        other = self._worked_on.get(scope.cluster_id)
        if other is not None:
            raise UsageError(f"case {other.case_id} of this cluster is {other.status}", hint="Go on with that one.")
        count = int(self._connection.scalar(sa.select(sa.func.count()).select_from(CASE_ACTS)) or 0)
        named = hashlib.sha256(as_json([count, scope.to_dict(), self._actor, to_text(self._now)]).encode()).hexdigest()
        detail = {"cluster_id": scope.cluster_id, "refresh_id": scope.refresh_id, "size": scope.size, "note": note}
        act = CaseAct(f"k-{named[:12]}", 1, Verb.OPEN, self._actor, self._now, detail)
        case = self._worked_on[scope.cluster_id] = Case.opened(act)
        self._write(act, {"cluster_id": scope.cluster_id})
        return case

    def add(self, case: Case, verb: Verb, detail: Mapping[str, Any]) -> Case:
        """Do ``verb`` to ``case``, as it was read in this transaction.

        Raises:
            UsageError: its status, or a rule of the act, does not let it be done.
            NotAllowed: the rule of two people forbids it.
        """
        act = CaseAct(case.case_id, case.revision + 1, verb, self._actor, self._now, detail)
        after = case.after(act)
        self._write(act, {"status": str(after.status)} | ({"bulk": act.bulk} if act.bulk is not None else {}))
        self._worked_on = None
        if verb is Verb.APPROVE and case.proposal is not None:
            self._allow(case.case_id, case.proposal)
        return after

    def audit(self, action: str, subject: str, detail: Mapping[str, Any]) -> None:
        """Append to the audit chain, in the same transaction."""
        audit_chain.append(self._connection, self._actor, action, subject, detail, self._now)

    def _allow(self, case_id: str, proposal: Proposal) -> None:
        """Put what the proposal names onto the allow-list; what is there already stays as it is."""
        for one in proposal.allow:
            what: dict[str, Any] = {"kind": one.kind, "cidr": one.cidr, "identifier": one.identifier}
            if allowed_as(self._connection, **what, now=self._now) is None:
                reason = f"case {case_id}: {', '.join(proposal.reasons)}"
                end = proposal.expires_at
                allow(self._connection, **what, reason=reason, author=self._actor, expires_at=end, now=self._now)

    def follow(self, refresh_id: str, became: Mapping[str, Iterable[str]], ahead: Collection[str]) -> int:
        """Take every case where its clusters went at ``refresh_id``; returns how many moved.

        ``became``: cluster of the refresh before → clusters that it went into. A cluster that is not there has
        dissolved, and its cases wait for it to come back. Cases opened at the refreshes ``ahead`` stay.
        """
        moved = 0
        for case in _cases(self._connection):
            clusters = went(case.clusters, became)
            if clusters != list(case.clusters) and case.acts[0].detail["refresh_id"] not in ahead:
                self.add(case, Verb.FOLLOW, {"refresh_id": refresh_id, "clusters": clusters})
                moved += 1
        self._connection.execute(CASES_FOLLOWED.insert().values(refresh_id=refresh_id, at=to_text(self._now)))
        return moved

    def _write(self, act: CaseAct, said: Mapping[str, Any]) -> None:
        self._connection.execute(
            CASE_ACTS.insert().values(
                case_id=act.case_id,
                revision=act.revision,
                verb=str(act.verb),
                actor=act.actor,
                at=to_text(act.at),
                detail=as_json(dict(act.detail)),
            )
        )
        detail = {"revision": act.revision, "digest": act.digest, **said}
        audit_chain.append(self._connection, act.actor, f"case.{act.verb}", act.case_id, detail, act.at)


def _act(row: Any) -> CaseAct:
    return CaseAct(row.case_id, row.revision, Verb(row.verb), row.actor, from_text(row.at), json.loads(row.detail))


def _cases(connection: sa.Connection) -> tuple[Case, ...]:
    acts = map(_act, connection.execute(_ORDERED))
    cases = (Case.from_acts(own) for _, own in groupby(acts, key=lambda act: act.case_id))
    return tuple(sorted(cases, key=lambda case: (case.changed_at, case.case_id), reverse=True))


def _case(connection: sa.Connection, case_id: str) -> Case:
    rows = connection.execute(_ORDERED.where(CASE_ACTS.c.case_id == case_id)).all()
    if not rows:
        raise UsageError("there is no such case", hint="`linkage case list` shows their ids.")
    return Case.from_acts(map(_act, rows))
