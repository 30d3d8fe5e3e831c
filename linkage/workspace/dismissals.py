"""Dismissed clusters of a refresh, each beside what people looked at when they dismissed it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from linkage.errors import NoSnapshot, SnapshotDamaged
from linkage.model.case import by_cluster
from linkage.model.dismissal import Dismissal, Look, changed
from linkage.workspace.home import Home

if TYPE_CHECKING:
    from collections.abc import Collection

    from linkage.stores.snapshots import Snapshot


def dismissals(home: Home, snapshot: Snapshot, at: datetime) -> dict[str, Dismissal]:
    """Cluster of ``snapshot`` → the verdict of benign that speaks for it at ``at``, and what has changed since.

    A cluster that it merged into, or that split off, was not what people looked at, and is not among them.
    """
    cases = home.cases()
    said = {}
    for cluster, case in by_cluster(cases.all() if cases is not None else ()).items():
        if case.decision is not None and case.dismisses(cluster, at):
            said[cluster] = (case.case_id, case.decision.proposal.scope)
    if not said:
        return {}
    now = _looks(snapshot, said)
    found: dict[str, Dismissal] = {}
    then: dict[str, dict[str, Look]] = {}
    for cluster in now:
        case_id, scope = said[cluster]
        if scope.refresh_id not in then:
            looked_at = [name for name, (_case, one) in said.items() if one.refresh_id == scope.refresh_id]
            then[scope.refresh_id] = _before(home, scope.refresh_id, looked_at)
        before = then[scope.refresh_id].get(cluster)
        points = home.settings.scoring.kind_points
        why = (
            ("what people looked at cannot be read any more",)
            if before is None
            else changed(before, now[cluster], points)
        )
        found[cluster] = Dismissal(case_id, why)
    return found


def _before(home: Home, refresh_id: str, clusters: Collection[str]) -> dict[str, Look]:
    try:
        return _looks(home.snapshot(refresh_id), clusters)
    except (NoSnapshot, SnapshotDamaged):
        return {}


def _looks(snapshot: Snapshot, clusters: Collection[str]) -> dict[str, Look]:
    """Those of ``clusters`` that are there, as the snapshot shows them."""
    import pyarrow
    import pyarrow.compute as compute

    wanted = pyarrow.array(sorted(clusters), pyarrow.string())

    def rows(name: str, *columns: str) -> list[dict[str, Any]]:
        table = snapshot.table(name).select(["cluster_id", *columns])
        listed: list[dict[str, Any]] = table.filter(compute.is_in(table["cluster_id"], value_set=wanted)).to_pylist()
        return listed

    members: dict[str, set[int]] = {}
    for row in rows("members", "account"):
        members.setdefault(row["cluster_id"], set()).add(row["account"])
    kinds: dict[str, dict[str, float]] = {}
    for row in rows("cluster_terms", "evidence", "points"):
        of = kinds.setdefault(row["cluster_id"], {})
        of[row["evidence"]] = of.get(row["evidence"], 0.0) + max(row["points"], 0.0)
    return {
        row["cluster_id"]: Look(
            frozenset(members.get(row["cluster_id"], ())), row["tier"], kinds.get(row["cluster_id"], {})
        )
        for row in rows("clusters", "tier")
    }
