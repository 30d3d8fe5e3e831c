"""Cases: what people decide about clusters, each act by somebody whose role allows it, and written into the audit."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from linkage.errors import UnknownRefresh, UsageError
from linkage.model.access import Permission
from linkage.model.case import Case, Verb, by_cluster, same_person, went
from linkage.model.verdict import Benign, Proposal, Scope, Verdict
from linkage.workspace.home import Home, now

if TYPE_CHECKING:
    import pyarrow

    from linkage.model.dismissal import Dismissal
    from linkage.stores.cases import Acting
    from linkage.stores.snapshots import Snapshot


class Casebook:
    """The cases of a workspace. Every act takes the ``revision`` that was looked at, and is refused once it is stale.

    Everything that writes raises ``NotAllowed`` where the actor's role does not suffice, ``Stale`` where somebody acted
    meanwhile, and ``UsageError`` where the case's status does not let it be done.
    """

    def __init__(self, home: Home) -> None:
        self._home = home

    # --- reading ------------------------------------------------------------------------------------------------

    def list(self) -> tuple[Case, ...]:
        """Every case, the one changed last first."""
        cases = self._home.cases()
        return cases.all() if cases is not None else ()

    def show(self, case: str) -> Case:
        """One case with everything that was done to it.

        Raises:
            UsageError: there is none of this id.
        """
        cases = self._home.cases()
        if cases is None:
            raise UsageError("there is no case yet", hint="`linkage case open CLUSTER` opens one.")
        return cases.get(case)

    def by_cluster(self) -> dict[str, Case]:
        """Cluster → the case that speaks for it: the one that asks for somebody most, and of those the latest."""
        return by_cluster(self.list())

    def followers(self, case: str | None = None, refresh: str | None = None) -> pyarrow.Table:
        """Accounts that came to what was a confirmed case's own after people had looked; of all cases, or of one.

        Raises:
            UsageError: there is no case of this id.
            NoSnapshot: nothing was refreshed yet, or the refresh is not kept.
        """
        from linkage.reading import decided

        if case is not None:
            self.show(case)
        with self._home.ask(refresh, decided.TABLES) as questions:
            return decided.followers(questions, case)

    def dismissals(self, refresh: str | None = None) -> dict[str, Dismissal]:
        """Cluster of ``refresh`` that a verdict of benign is about → that dismissal, and why it holds no more, if so.

        Raises:
            NoSnapshot: nothing was refreshed yet, or the refresh is not kept.
        """
        from linkage.workspace.dismissals import dismissals

        return dismissals(self._home, self._home.snapshot(refresh), now())

    def scope(self, cluster: str, exclude: Sequence[str] = (), refresh: str | None = None) -> Scope:
        """The members of ``cluster`` at ``refresh``, frozen, but for the accounts to ``exclude``.

        Raises:
            UsageError: there is no such cluster, an account is no member of it, or nobody is left.
        """
        snapshot = self._home.snapshot(refresh)
        members = self.members(snapshot, [cluster])[cluster]
        excluded = self.surrogates(exclude) if exclude else ()
        return Scope.of(snapshot.refresh_id, cluster, members, excluded)

    @staticmethod
    def members(snapshot: Snapshot, clusters: Collection[str]) -> Mapping[str, Sequence[int]]:
        """Cluster → its members (surrogate ids), for each of ``clusters``.

        Raises:
            UsageError: one of them is not there.
        """
        import pyarrow as pa
        import pyarrow.compute as compute

        table = snapshot.table("members").select(["cluster_id", "account"])
        wanted = pa.array(list(clusters), table.schema.field("cluster_id").type)
        table = table.filter(compute.is_in(table.column("cluster_id"), value_set=wanted))
        found: dict[str, Any] = {}
        for cluster, account in zip(*(table.column(at).to_pylist() for at in (0, 1)), strict=True):
            found.setdefault(cluster, []).append(account)
        if missing := [cluster for cluster in clusters if cluster not in found]:
            said = (
                "there is no such cluster" if len(clusters) == 1 else f"{len(missing)} of these clusters are not there"
            )
            raise UsageError(
                f"{said} at refresh {snapshot.refresh_id}",
                hint="`linkage clusters` lists them; `linkage lineage` says what became of earlier ones.",
            )
        return found

    def recheck(self, *scopes: Scope) -> None:
        """Raise unless the snapshots still say what was frozen.

        Raises:
            UsageError: a refresh is not kept, or its members are others.
        """
        for refresh_id in dict.fromkeys(scope.refresh_id for scope in scopes):
            try:
                snapshot = self._home.snapshot(refresh_id)
            except UnknownRefresh as fault:
                raise UsageError(
                    f"refresh {refresh_id}, at which the members were frozen, is not kept",
                    hint="Return the case, and propose at the current refresh.",
                ) from fault
            own = [scope for scope in scopes if scope.refresh_id == refresh_id]
            members = self.members(snapshot, {scope.cluster_id for scope in own})
            for scope in own:
                cluster = scope.cluster_id
                found = Scope.of(snapshot.refresh_id, cluster, members[cluster], scope.excluded)
                if found.digest != scope.digest:
                    raise UsageError(f"the members of {cluster} at {refresh_id} are not those that were frozen")

    # --- acts ---------------------------------------------------------------------------------------------------

    def open(self, cluster: str, *, note: str = "", refresh: str | None = None) -> Case:
        """Open a case on ``cluster``, which nobody works on yet."""
        self._home.require(Permission.WORK)
        scope = self.scope(cluster, refresh=refresh)
        with self._home.cases_to_write().acting(self._home.actor, now()) as acting:
            return self.opened(acting, scope, note)

    def assign(self, case: str, to: str | None, *, revision: int | None = None) -> Case:
        """Give the case to somebody, or to nobody."""
        return self._do(case, Verb.ASSIGN, {"assignee": to}, revision)

    def note(self, case: str, note: str, *, revision: int | None = None) -> Case:
        """Add a note."""
        if not note.strip():
            raise UsageError("a note needs words")
        return self._do(case, Verb.NOTE, {"note": note}, revision)

    def propose(
        self,
        case: str,
        verdict: Verdict | str,
        reasons: Sequence[str],
        *,
        note: str = "",
        exclude: Sequence[str] = (),
        expires: datetime | None = None,
        allow: Sequence[tuple[str, str]] = (),
        cluster: str | None = None,
        refresh: str | None = None,
        revision: int | None = None,
    ) -> Case:
        """Propose a verdict about the members at ``refresh`` but for the accounts to ``exclude``, frozen as they are.

        ``case`` may be a cluster, which then gets a case in the same transaction. ``allow``: (kind, value) of what goes
        onto the allow-list with the approval; only with a verdict of benign. ``cluster``: which one, where the case is
        of several.

        Raises:
            UsageError: the verdict or a reason is unknown, or the cluster is not there any more.
        """
        self._home.require(Permission.WORK)
        at = now()
        ahead(expires, at)
        benign = tuple(self._benign(kind, value) for kind, value in allow)
        known = None if case.startswith("c-") else self.show(case)
        scope = self.scope(case if known is None else self._cluster(known, cluster, refresh), exclude, refresh)
        proposal = Proposal(verdict_named(verdict), tuple(dict.fromkeys(reasons)), scope, note.strip(), expires, benign)
        with self._home.cases_to_write().acting(self._home.actor, at) as acting:
            found = self.opened(acting, scope) if known is None else acting.get(known.case_id, revision)
            return acting.add(found, Verb.PROPOSE, {"proposal": proposal.to_dict(), "note": proposal.note})

    def approve(self, case: str, *, note: str = "", revision: int | None = None) -> Case:
        """Approve the verdict that another person proposed, about exactly the members that were frozen.

        Raises:
            NotAllowed: the actor proposed it, or is no approver.
            UsageError: the snapshot does not hold those members.
        """
        self._home.require(Permission.APPROVE)
        waiting = self.show(case)
        if waiting.proposal is None:
            raise UsageError(f"case {case} is {waiting.status}: nothing waits for approval")
        self.recheck(waiting.proposal.scope)
        detail = {"scope_digest": waiting.proposal.scope.digest, "note": note.strip()}
        return self._act(case, Verb.APPROVE, detail, waiting.revision if revision is None else revision)

    def return_(self, case: str, note: str, *, revision: int | None = None) -> Case:
        """Send a proposal back with what is missing; its proposer may take it back, too.

        Raises:
            NotAllowed: the actor is neither an approver nor the proposer.
        """
        waiting = self.show(case)
        if waiting.proposed_by is None or not same_person(self._home.actor, waiting.proposed_by):
            self._home.require(Permission.APPROVE)
        if not note.strip():
            raise UsageError("a proposal is returned with a note that says why")
        return self._do(case, Verb.RETURN, {"note": note.strip()}, waiting.revision if revision is None else revision)

    def reopen(self, case: str, note: str, *, appeal: bool = False, revision: int | None = None) -> Case:
        """Take a decided or closed case up again; an ``appeal`` is by those whom its verdict is about."""
        if not note.strip():
            raise UsageError("a case is reopened with a note that says why")
        return self._do(case, Verb.REOPEN, {"appeal": appeal, "note": note.strip()}, revision)

    def close(self, case: str, *, note: str = "", revision: int | None = None) -> Case:
        """Close a case that is decided, or that nothing came of."""
        return self._do(case, Verb.CLOSE, {"note": note.strip()}, revision)

    # --- inside -------------------------------------------------------------------------------------------------

    def _do(self, case: str, verb: Verb, detail: Mapping[str, Any], revision: int | None) -> Case:
        self._home.require(Permission.WORK)
        return self._act(case, verb, detail, revision)

    def opened(self, acting: Acting, scope: Scope, note: str = "") -> Case:
        """Within a transaction: a new case, where its cluster is now: somebody may look at an earlier refresh."""
        case, clusters = acting.open(scope, note), [scope.cluster_id]
        for snapshot in _since(self._home, scope.refresh_id):
            clusters = went(clusters, _became(snapshot))
        if clusters == list(case.clusters):
            return case
        return acting.add(case, Verb.FOLLOW, {"refresh_id": self._home.snapshot(None).refresh_id, "clusters": clusters})

    def _act(self, case: str, verb: Verb, detail: Mapping[str, Any], revision: int | None) -> Case:
        self.show(case)
        with self._home.cases_to_write().acting(self._home.actor, now()) as acting:
            return acting.add(acting.get(case, revision), verb, detail)

    def _cluster(self, case: Case, named: str | None, refresh: str | None) -> str:
        """The cluster of the case at ``refresh`` that is ``named``, or the only one."""
        if named is not None:
            if named not in case.known_as:
                raise UsageError(
                    f"case {case.case_id} is not of that cluster", hint=f"It is of {', '.join(case.clusters)}."
                )
            return named
        snapshot = self._home.snapshot(refresh)
        there = set(snapshot.table("clusters").column("cluster_id").to_pylist())
        found = [cluster for cluster in case.clusters if cluster in there] or sorted(case.known_as & there)
        if len(found) == 1:
            return found[0]
        if not found:
            raise UsageError(
                f"the cluster of case {case.case_id} is not there at refresh {snapshot.refresh_id}",
                hint="Name with --refresh one that has it, or close the case.",
            )
        raise UsageError(
            f"case {case.case_id} is of several clusters now: {', '.join(found)}", hint="Say which: --cluster ID."
        )

    def surrogates(self, accounts: Sequence[str]) -> tuple[int, ...]:
        """Surrogate ids of these accounts."""
        from linkage.reading.frames import surrogate_of
        from linkage.reading.source import ask

        with ask(None, self._home.identities(), self._home.settings.engine, ()) as questions:
            return tuple(surrogate_of(questions, account) for account in accounts)

    def _benign(self, kind: str, value: str) -> Benign:
        from linkage.workspace.allow import AllowList

        return AllowList(self._home).benign(kind, value)


def follow(home: Home) -> int:
    """Take the cases along to the current refresh, over every refresh that they have not followed; how many moves."""
    cases = home.cases_to_write()
    done, moved = cases.followed(), 0
    steps = list(takewhile(lambda snapshot: snapshot.refresh_id not in done, home.snapshots.ancestors()))[::-1]
    for at, snapshot in enumerate(steps):
        # A case that was opened at this refresh, or at a later one, knows its cluster as it is there.
        ahead = frozenset(later.refresh_id for later in steps[at:])
        with cases.acting(home.actor, now()) as acting:
            moved += acting.follow(snapshot.refresh_id, _became(snapshot), ahead)
    return moved


def _since(home: Home, refresh_id: str) -> list[Snapshot]:
    """Snapshots after that refresh up to the current one, oldest first; none where it is no ancestor."""
    line = home.snapshots.ancestors()
    after = list(takewhile(lambda snapshot: snapshot.refresh_id != refresh_id, line))
    return after[::-1] if len(after) < len(line) else []


def _became(snapshot: Snapshot) -> dict[str, list[str]]:
    """Cluster of the refresh before → clusters that it went into; one that dissolved is not there."""
    became: dict[str, list[str]] = {}
    lineage = snapshot.table("lineage")
    columns = (lineage.column(name).to_pylist() for name in ("parent_cluster_id", "cluster_id", "event"))
    for parent, cluster, event in zip(*columns, strict=True):
        if parent is not None and event != "dissolved":
            became.setdefault(parent, []).append(cluster)
    return became


def referred(home: Home) -> frozenset[str]:
    """Refreshes that a case stands on: they are kept."""
    cases = home.cases()
    return frozenset(
        scope.refresh_id
        for case in (cases.all() if cases is not None else ())
        for proposal in (case.proposal, case.decision.proposal if case.decision is not None else None)
        if proposal is not None
        for scope in (proposal.scope,)
    )


def ahead(expires: datetime | None, at: datetime) -> None:
    """Raise unless a verdict that ends at ``expires`` ends after ``at``.

    Raises:
        UsageError: it does not.
    """
    if expires is not None and (expires.tzinfo is None or expires <= at):
        raise UsageError("the end of a verdict lies ahead, and states Z or an offset")


def verdict_named(verdict: Verdict | str) -> Verdict:
    """The verdict of this name.

    Raises:
        UsageError: there is none.
    """
    try:
        return Verdict(verdict)
    except ValueError as fault:
        raise UsageError(f"a verdict is one of: {', '.join(Verdict)}") from fault
