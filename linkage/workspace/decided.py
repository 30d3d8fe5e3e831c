"""The verdicts of the casebook as a refresh goes by them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from linkage.errors import NoSnapshot, SnapshotDamaged, UsageError
from linkage.model.decided import SPEAKING, Decided, Ruling
from linkage.model.decided import decided as together
from linkage.model.verdict import Verdict
from linkage.workspace.casebook import Casebook
from linkage.workspace.home import Home

if TYPE_CHECKING:
    from linkage.model.case import Decision


def decided(home: Home, at: datetime) -> Decided:
    """What the verdicts that hold at ``at`` say together; nothing where none of them confirms a cluster.

    Of each case the one that was approved last counts, as long as nobody has taken the case up again. Members are read
    from the snapshots that the verdicts were made at; a case whose snapshot is gone is named as unread.
    """
    cases = home.cases()
    standing = [(case.case_id, case.standing(at)) for case in (cases.all() if cases is not None else ())]
    speaking = [
        (case_id, decision)
        for case_id, decision in standing
        if decision is not None and decision.proposal.verdict in SPEAKING
    ]
    if all(decision.proposal.verdict is not Verdict.CONFIRMED for _case, decision in speaking):
        return together(())
    return together(_ruling(home, case_id, decision) for case_id, decision in speaking)


def _ruling(home: Home, case_id: str, decision: Decision) -> Ruling:
    from linkage.reading.decided import traces

    scope, verdict = decision.proposal.scope, decision.proposal.verdict
    excluded = frozenset(scope.excluded)
    ruling = Ruling(
        case_id, scope.cluster_id, verdict, decision.approved_at, scope.digest, frozenset(), excluded, read=False
    )
    try:
        snapshot = home.snapshot(scope.refresh_id)
        members = Casebook.members(snapshot, [scope.cluster_id])[scope.cluster_id]
    except (NoSnapshot, SnapshotDamaged, UsageError):
        return ruling
    accounts = frozenset(members) - excluded
    confirmed = verdict is Verdict.CONFIRMED
    return replace(
        ruling, accounts=accounts, traces=traces(snapshot, accounts, home.settings) if confirmed else {}, read=True
    )
