"""Clusters that were found, and those of earlier refreshes, as lineage matches them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from linkage import engine
from linkage.communities.stands import enriched
from linkage.lineage import match

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from linkage.communities.decisions import Group
    from linkage.config import Settings
    from linkage.detection import Found
    from linkage.evidence.load import Population
    from linkage.lineage.match import Ancestor, Evidence, Named
    from linkage.stores.snapshots import Snapshot


def name(
    connection: duckdb.DuckDBPyConnection,
    refresh_id: str,
    population: Population,
    found: Found,
    earlier: Sequence[Snapshot],
    settings: Settings,
    groups: Sequence[Group] = (),
) -> Named:
    """Stable ids of the clusters of ``found``, and what became of those of ``earlier`` (newest first).

    ``groups``: operators that people confirmed. Reads relations ``account_position`` and ``identities``. A cluster that
    is new is founded in ``refresh_id``.
    """
    accounts = engine.run(connection, "linkage.findings", "account_names").fetchnumpy()["name"]
    inside = np.flatnonzero(found.label >= 0)
    inside = inside[np.argsort(found.label[inside], kind="stable")]
    members = np.split(inside, np.cumsum(found.size)[:-1]) if found.clusters else []
    return match.name(
        [frozenset(population.account[rows].tolist()) for rows in members],
        [match.founding_id(refresh_id, [str(account) for account in accounts[rows]]) for rows in members],
        [_ancestor(snapshot, parent=number == 0) for number, snapshot in enumerate(earlier)],
        settings.lineage,
        _evidence(population, found, settings),
        {int(found.label[group.accounts[0]]): group.cluster_id for group in groups},
    )


def _evidence(population: Population, found: Found, settings: Settings) -> list[Evidence]:
    """What each cluster stands on (K)."""
    stands = enriched(population.incidence, found.label, settings.membership)
    weight = stands.inside * found.trust.theta[stands.identifier]
    out: list[dict[int, float]] = [{} for _ in range(found.clusters)]
    rows = (stands.community, population.identifier[stands.identifier], weight)
    for cluster, identifier, value in zip(*(column.tolist() for column in rows), strict=True):
        out[cluster][identifier] = value
    return [_lasting(evidence) for evidence in out]


def _ancestor(snapshot: Snapshot, *, parent: bool) -> Ancestor:
    """The clusters of an earlier refresh; what they stand on is asked of the parent only."""
    members: dict[str, set[int]] = {}
    table = snapshot.table("members")
    for cluster, account in zip(table["cluster_id"].to_pylist(), table["account"].to_pylist(), strict=True):
        members.setdefault(cluster, set()).add(account)
    clusters = {cluster: frozenset(accounts) for cluster, accounts in members.items()}
    return match.Ancestor(snapshot.refresh_id, clusters, _stood_on(snapshot) if parent else {})


def _stood_on(snapshot: Snapshot) -> dict[str, Evidence]:
    """As :func:`_evidence`, by cluster id."""
    out: dict[str, dict[int, float]] = {}
    table = snapshot.table("cluster_identifiers").select(["cluster_id", "identifier", "members_on", "trust", "role"])
    for cluster, identifier, on, trust, role in zip(*(column.to_pylist() for column in table.columns), strict=True):
        if role == "evidence":
            out.setdefault(cluster, {})[identifier] = on * trust
    return {cluster: _lasting(evidence) for cluster, evidence in out.items()}


def _lasting(evidence: Evidence) -> Evidence:
    """Without schedules, whose numbers are of one refresh."""
    return {identifier: weight for identifier, weight in evidence.items() if identifier > 0}
