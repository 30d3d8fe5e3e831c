"""What each action of `linkage case` does: one call of the casebook, and the case as it stands then."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable
from typing import Any

from linkage.cli import show
from linkage.cli.log import say
from linkage.cli.output import Rows, chosen_format
from linkage.errors import UsageError
from linkage.model.bulk import Bulk
from linkage.model.case import Case, CaseAct
from linkage.model.verdict import Proposal
from linkage.workspace import Workspace
from linkage.workspace.bulk import BulkActs
from linkage.workspace.casebook import Casebook

_COLUMNS = (
    "case_id", "status", "clusters", "verdict", "reasons", "members", "excluded", "refresh_id", "scope_digest",
    "proposed_by", "approved_by", "expires_at", "assignee", "opened_by", "opened_at", "changed_at", "revision",
)  # fmt: skip
#: What a table for people has room for.
_BRIEF = (
    "case_id", "status", "clusters", "verdict", "reasons", "members", "proposed_by", "approved_by", "assignee",
    "changed_at", "revision",
)  # fmt: skip


def case_open(arguments: Namespace) -> int:
    """Open a case."""
    return _said(arguments, _book(arguments).open(arguments.cluster, note=arguments.note, refresh=arguments.refresh))


def case_list(arguments: Namespace) -> int:
    """List the cases."""
    chosen_format(arguments.format, arguments.output)
    book = _book(arguments)
    cases: Iterable[Case] = book.list()
    if arguments.bulk is not None:
        bulk = _acts(arguments).of([arguments.bulk])
        say(f"{len(bulk.cases)} cases, {bulk.affected} accounts, {bulk.excluded} excluded; digest {bulk.digest[:16]}")
        cases = bulk.cases
    cases = [
        case
        for case in cases
        if arguments.status in (None, case.status) and arguments.assignee in (None, case.assignee)
    ]
    return _cases(arguments, cases, "No case.")


def case_show(arguments: Namespace) -> int:
    """What was done to a case."""
    format_ = chosen_format(arguments.format, arguments.output)
    case = _book(arguments).show(arguments.case)
    if format_ == "table" and arguments.output is None:
        _cases(arguments, [case])
        print()
    return show.listed(Rows.of(map(_act, case.acts)), arguments, empty="")


def case_followers(arguments: Namespace) -> int:
    """Who came to what was a confirmed case's own."""
    return show.listed(
        _book(arguments).followers(arguments.case, arguments.refresh),
        arguments,
        empty="Nobody has come to what was a confirmed case's own.",
    )


def case_assign(arguments: Namespace) -> int:
    """Give a case to somebody."""
    workspace = Workspace(arguments.workspace)
    to = None if arguments.nobody else arguments.person or workspace.actor
    return _said(arguments, workspace.case.assign(arguments.case, to, revision=arguments.revision))


def case_note(arguments: Namespace) -> int:
    """Add a note."""
    return _said(arguments, _book(arguments).note(arguments.case, arguments.text, revision=arguments.revision))


def case_propose(arguments: Namespace) -> int:
    """Propose a verdict, or the same about each of several clusters."""
    book = _book(arguments)
    if len(arguments.cases) > 1:
        _one_only(arguments, "revision", "cluster", "allow")
        return _together(
            arguments,
            _acts(arguments).propose(
                arguments.cases, arguments.verdict, arguments.reasons, note=arguments.note, exclude=arguments.exclude,
                expires=arguments.expires, refresh=arguments.refresh,
            ),
        )  # fmt: skip
    case = book.propose(
        arguments.cases[0],
        arguments.verdict,
        arguments.reasons,
        note=arguments.note,
        exclude=arguments.exclude,
        expires=arguments.expires,
        allow=[(kind, value) for kind, value in arguments.allow],
        cluster=arguments.cluster,
        refresh=arguments.refresh,
        revision=arguments.revision,
    )
    return _said(arguments, case)


def case_approve(arguments: Namespace) -> int:
    """Approve what another person proposed."""
    book = _book(arguments)
    if (bulk := _bulk(arguments)) is not None:
        return _together(arguments, _acts(arguments).approve(bulk, note=arguments.note))
    return _said(arguments, book.approve(arguments.cases[0], note=arguments.note, revision=arguments.revision))


def case_return(arguments: Namespace) -> int:
    """Send a proposal back."""
    book = _book(arguments)
    if (bulk := _bulk(arguments)) is not None:
        return _together(arguments, _acts(arguments).return_(bulk, arguments.note))
    return _said(arguments, book.return_(arguments.cases[0], arguments.note, revision=arguments.revision))


def case_reopen(arguments: Namespace) -> int:
    """Take a case up again."""
    book = _book(arguments)
    if (bulk := _bulk(arguments)) is not None:
        _one_only(arguments, "appeal")
        return _together(arguments, _acts(arguments).reopen(bulk, arguments.note))
    note, appeal = arguments.note, arguments.appeal
    return _said(arguments, book.reopen(arguments.cases[0], note, appeal=appeal, revision=arguments.revision))


def case_close(arguments: Namespace) -> int:
    """Close a case."""
    book = _book(arguments)
    if (bulk := _bulk(arguments)) is not None:
        return _together(arguments, _acts(arguments).close(bulk, note=arguments.note))
    return _said(arguments, book.close(arguments.cases[0], note=arguments.note, revision=arguments.revision))


def _bulk(arguments: Namespace) -> Bulk | None:
    """The cases that are named, where the act is not on a single one."""
    if arguments.digest is None and len(arguments.cases) == 1 and not arguments.cases[0].startswith("b-"):
        return None
    _one_only(arguments, "revision")
    return _acts(arguments).of(arguments.cases, arguments.digest)


def _one_only(arguments: Namespace, *options: str) -> None:
    for option in options:
        if getattr(arguments, option):
            raise UsageError(f"--{option} is for an act on one case")


def _together(arguments: Namespace, bulk: Bulk) -> int:
    say(f"done together as {bulk.bulk_id}: {len(bulk.cases)} cases, {bulk.affected} accounts, {bulk.excluded} excluded")
    return _cases(arguments, bulk.cases)


def row(case: Case) -> dict[str, Any]:
    """A case as a row: what waits for approval where something does, else what was decided."""
    decision = case.decision
    proposal: Proposal | None = case.proposal or (decision.proposal if decision is not None else None)
    waits = case.proposal is not None
    return {
        "case_id": case.case_id,
        "status": str(case.status),
        "clusters": list(case.clusters),
        "verdict": str(proposal.verdict) if proposal is not None else None,
        "reasons": list(proposal.reasons) if proposal is not None else [],
        "members": proposal.scope.affected if proposal is not None else None,
        "excluded": len(proposal.scope.excluded) if proposal is not None else None,
        "refresh_id": proposal.scope.refresh_id if proposal is not None else case.acts[0].detail["refresh_id"],
        "scope_digest": proposal.scope.digest if proposal is not None else None,
        "proposed_by": case.proposed_by if waits else decision.proposed_by if decision is not None else None,
        "approved_by": None if waits or decision is None else decision.approved_by,
        "expires_at": proposal.expires_at if proposal is not None else None,
        "assignee": case.assignee,
        "opened_by": case.opened_by,
        "opened_at": case.opened_at,
        "changed_at": case.changed_at,
        "revision": case.revision,
    }


def _act(act: CaseAct) -> dict[str, Any]:
    return {
        "revision": act.revision,
        "at": act.at,
        "actor": act.actor,
        "act": str(act.verb),
        "said": list(act.said),
        "note": act.note,
    }


def _book(arguments: Namespace) -> Casebook:
    chosen_format(arguments.format, arguments.output)
    return Workspace(arguments.workspace).case


def _acts(arguments: Namespace) -> BulkActs:
    return Workspace(arguments.workspace).bulk


def _said(arguments: Namespace, case: Case) -> int:
    return _cases(arguments, [case])


def _cases(arguments: Namespace, cases: Iterable[Case], empty: str = "") -> int:
    people = chosen_format(arguments.format, arguments.output) == "table"
    return show.listed(Rows(_BRIEF if people else _COLUMNS, tuple(map(row, cases))), arguments, empty=empty)
