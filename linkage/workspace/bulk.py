"""Acts on several cases at once: one transaction and one name, so that all of them stand or none, and can be undone.

The rules are those of single acts, one case at a time: whoever proposed cannot approve, members are digested again,
and a case that somebody acted on meanwhile stops the whole bulk.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from linkage.errors import Stale, UsageError
from linkage.model.access import Permission
from linkage.model.bulk import MOST, Bulk
from linkage.model.case import WORKED_ON, Case, Verb, by_cluster, same_person
from linkage.model.verdict import Proposal, Scope, Verdict, digest_of
from linkage.workspace.casebook import Casebook, ahead, verdict_named
from linkage.workspace.home import Home, now

if TYPE_CHECKING:
    from linkage.stores.cases import Acting

#: Letters of a digest that are asked for at least: fewer could be those of other cases.
_DIGEST = 8


class BulkActs:
    """Acts on several cases. Each takes the :class:`Bulk` that was looked at, and gives it as it is after the act.

    Raises, besides what single acts raise: ``UsageError`` for a bulk of none or of more than ``MOST``, and ``Stale``
    where a case has changed since it was looked at. Nothing is done then.
    """

    def __init__(self, home: Home) -> None:
        self._home, self._book = home, Casebook(home)

    # --- reading ------------------------------------------------------------------------------------------------

    def of(self, cases: Iterable[str], digest: str | None = None) -> Bulk:
        """The cases of these ids, each once. The id of an earlier bulk stands for all that it was done to.

        Raises:
            UsageError: there is no such case or bulk, or ``digest`` has fewer than 8 letters.
            Stale: ``digest`` is given, and it is another one now.
        """
        if digest is not None and len(digest) < _DIGEST:
            raise UsageError(
                f"a digest of fewer than {_DIGEST} letters says too little about what was looked at",
                hint="`linkage case list --bulk ID` says it.",
            )
        known = {case.case_id: case for case in self._book.list()}
        found: dict[str, Case] = {}
        for name in cases:
            if name.startswith("b-"):
                part = {key: case for key, case in known.items() if any(act.bulk == name for act in case.acts)}
                if not part:
                    raise UsageError("there is no such bulk", hint="`linkage case show` says what a case was part of.")
                found |= part
            elif name in known:
                found[name] = known[name]
            else:
                raise UsageError("there is no such case", hint="`linkage case list` shows their ids.")
        bulk = Bulk(tuple(found.values()))
        if digest is not None and not bulk.digest.startswith(digest):
            raise Stale("the cases have changed since they were looked at")
        return bulk

    def scopes(self, clusters: Iterable[str], exclude: Sequence[str] = (), refresh: str | None = None) -> list[Scope]:
        """The members of each cluster at ``refresh``, frozen, but for the accounts to ``exclude``.

        Raises:
            UsageError: a cluster is not there, an account is in none of them, or nobody is left in one.
        """
        snapshot = self._home.snapshot(refresh)
        names = list(dict.fromkeys(clusters))
        members = self._book.members(snapshot, names)
        out: dict[str, list[int]] = defaultdict(list)
        home_of = {account: name for name in names for account in members[name]} if exclude else {}
        for account in self._book.surrogates(exclude) if exclude else ():
            if account not in home_of:
                raise UsageError("an account that is excluded is no member of these clusters")
            out[home_of[account]].append(account)
        return [Scope.of(snapshot.refresh_id, name, members[name], out[name]) for name in names]

    # --- acts ---------------------------------------------------------------------------------------------------

    def propose(
        self,
        clusters: Sequence[str],
        verdict: Verdict | str,
        reasons: Sequence[str],
        *,
        note: str = "",
        exclude: Sequence[str] = (),
        expires: datetime | None = None,
        refresh: str | None = None,
        revisions: Mapping[str, int] | None = None,
    ) -> Bulk:
        """Propose the same verdict about each of ``clusters``, its members frozen; a case is opened where none is.

        ``exclude``: accounts that it is not about, whichever cluster they are in. ``revisions``: case → revision that
        was looked at, for clusters that had a case then; where it is given, it names the case of every cluster that
        has one.

        Raises:
            UsageError: verdict or reason is unknown, a cluster is not there, its case is past being worked on, or one
                case is of several of them.
            Stale: one of ``revisions`` has changed, or a cluster has a case that is not among them.
        """
        self._home.require(Permission.WORK)
        at = now()
        ahead(expires, at)
        _bounded(clusters)
        if any(name.startswith("k-") for name in clusters):
            raise UsageError(
                "of several, a verdict is proposed about clusters: a case may be of more than one",
                hint="Name clusters, or propose about one case at a time.",
            )
        chosen = verdict_named(verdict)
        proposals = [
            Proposal(chosen, tuple(dict.fromkeys(reasons)), scope, note.strip(), expires)
            for scope in self.scopes(clusters, exclude, refresh)
        ]
        with self._home.cases_to_write().acting(self._home.actor, at) as acting:
            standing = _standing(acting, [proposal.scope.cluster_id for proposal in proposals], revisions)
            cases = [
                standing.get(proposal.scope.cluster_id) or self._book.opened(acting, proposal.scope)
                for proposal in proposals
            ]
            details = [{"proposal": proposal.to_dict(), "note": proposal.note} for proposal in proposals]
            return self._done(acting, Verb.PROPOSE, cases, details, at)

    def approve(self, bulk: Bulk, *, note: str = "") -> Bulk:
        """Approve what another person proposed, for every case of the bulk, about exactly the members frozen.

        Raises:
            NotAllowed: the actor proposed one of them, or is no approver.
            UsageError: a case waits for no approval, or the snapshot does not hold its members.
        """
        self._home.require(Permission.APPROVE)
        details = []
        for case in bulk.cases:
            if case.proposal is None:
                raise UsageError(f"case {case.case_id} is {case.status}: nothing waits for approval")
            details.append({"scope_digest": case.proposal.scope.digest, "note": note.strip()})
        self._book.recheck(*(case.proposal.scope for case in bulk.cases if case.proposal is not None))
        return self._act(bulk, Verb.APPROVE, details)

    def return_(self, bulk: Bulk, note: str) -> Bulk:
        """Send every proposal of the bulk back; who proposed all of them may take them back, too.

        Raises:
            NotAllowed: the actor is no approver, and did not propose all of them.
        """
        actor = self._home.actor
        if not all(case.proposed_by is not None and same_person(actor, case.proposed_by) for case in bulk.cases):
            self._home.require(Permission.APPROVE)
        return self._noted(bulk, Verb.RETURN, note, "proposals are returned")

    def reopen(self, bulk: Bulk, note: str) -> Bulk:
        """Take every case of the bulk up again: how an approved bulk is undone."""
        return self._noted(bulk, Verb.REOPEN, note, "cases are reopened", appeal=False)

    def close(self, bulk: Bulk, *, note: str = "") -> Bulk:
        """Close every case of the bulk."""
        self._home.require(Permission.WORK)
        return self._act(bulk, Verb.CLOSE, [{"note": note.strip()}] * len(bulk.cases))

    def assign(self, bulk: Bulk, to: str | None) -> Bulk:
        """Give every case of the bulk to somebody, or to nobody."""
        self._home.require(Permission.WORK)
        return self._act(bulk, Verb.ASSIGN, [{"assignee": to}] * len(bulk.cases))

    # --- inside -------------------------------------------------------------------------------------------------

    def _noted(self, bulk: Bulk, verb: Verb, note: str, said: str, **detail: Any) -> Bulk:
        self._home.require(Permission.WORK)
        if not note.strip():
            raise UsageError(f"{said} with a note that says why")
        return self._act(bulk, verb, [{"note": note.strip(), **detail}] * len(bulk.cases))

    def _act(self, bulk: Bulk, verb: Verb, details: Sequence[Mapping[str, Any]]) -> Bulk:
        _bounded(bulk.cases)
        at = now()
        with self._home.cases_to_write().acting(self._home.actor, at) as acting:
            cases = [acting.get(case.case_id, case.revision) for case in bulk.cases]
            return self._done(acting, verb, cases, details, at)

    def _done(
        self, acting: Acting, verb: Verb, cases: Sequence[Case], details: Sequence[Mapping[str, Any]], at: datetime
    ) -> Bulk:
        seen = Bulk(tuple(cases))
        bulk_id = f"b-{digest_of([verb, self._home.actor, at.isoformat(), seen.digest])[:12]}"
        after = [
            acting.add(case, verb, {**detail, "bulk": bulk_id}) for case, detail in zip(cases, details, strict=True)
        ]
        done = Bulk(tuple(after), bulk_id)
        counts = {"cases": len(after), "accounts": done.affected, "excluded": done.excluded, "digest": seen.digest}
        acting.audit(f"bulk.{verb}", bulk_id, counts)
        return done


def _standing(acting: Acting, clusters: Sequence[str], revisions: Mapping[str, int] | None) -> dict[str, Case]:
    """Cluster → the case of it that a verdict is proposed in, for those of ``clusters`` that have one.

    A case that knew a cluster and has gone elsewhere is none of it.
    """
    for case_id, revision in (revisions or {}).items():
        acting.get(case_id, revision)
    every = by_cluster(acting.all())
    found = {name: every[name] for name in clusters if name in every and name in every[name].clusters}
    for cluster, case in found.items():
        if revisions is not None and case.case_id not in revisions:
            last = case.acts[-1]
            raise Stale(f"cluster {cluster} has case {case.case_id} now: {last.actor} did {last.verb}")
        if case.status not in WORKED_ON:
            raise UsageError(
                f"case {case.case_id} of cluster {cluster} is {case.status}",
                hint="Reopen it, and then propose." if case.allows(Verb.REOPEN) else "It waits for another person.",
            )
    for case_id, number in Counter(case.case_id for case in found.values()).items():
        if number > 1:
            raise UsageError(f"case {case_id} is of several of these clusters", hint="Propose about one at a time.")
    return found


def _bounded(subjects: Sequence[object]) -> None:
    if not subjects:
        raise UsageError("there is nothing to act on")
    if len(subjects) > MOST:
        raise UsageError(f"at most {MOST:,} cases are acted on at once, and these are {len(subjects):,}")
