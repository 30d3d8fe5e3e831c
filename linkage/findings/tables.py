"""The tables of a snapshot that describe accounts, identifiers, clusters and members."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from linkage.model.tables import DIGITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow
    from numpy.typing import NDArray

    from linkage.communities.decisions import Group
    from linkage.detection import Found
    from linkage.evidence.load import Population
    from linkage.lineage.match import LineageRow, Named
    from linkage.model.tables import Table
    from linkage.model.watch import Watched
    from linkage.scoring.assess import Assessment
    from linkage.scoring.baseline import Baseline
    from linkage.scoring.features import Features
    from linkage.scoring.followers import Followed
    from linkage.scoring.significance import Null
    from linkage.scoring.term import Term
    from linkage.scoring.watch_list import Listed

_ARROW = {
    "BIGINT": "int64",
    "INTEGER": "int32",
    "DOUBLE": "float64",
    "VARCHAR": "string",
    "BOOLEAN": "bool_",
    "DATE": "date32",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that was found, in one place for the builders below.

    ``order`` (K): cluster numbers by falling score. ``linkage``, ``q_value`` (K). ``scheduled`` (K): by how much chance
    the schedule of most members came about, 1 where they keep none.
    """

    population: Population
    features: Features
    found: Found
    terms: Sequence[Term]
    assessment: Assessment
    linkage: NDArray[np.float64]
    q_value: NDArray[np.float64]
    scheduled: NDArray[np.float64]
    named: Named
    order: NDArray[np.int64]
    hub_degree: int
    baseline: Baseline
    allowed_organizations: tuple[int, ...]
    listed: Listed | None = None
    followed: Followed | None = None
    groups: Sequence[Group] = ()

    @property
    def ids(self) -> NDArray[Any]:
        """Stable id of each cluster number (K)."""
        return np.array(self.named.ids, dtype=object)

    @property
    def cluster_of(self) -> NDArray[np.int64]:
        """Cluster number of each community, −1 for one that became none."""
        considered = self.found.membership
        highest = max(column.max(initial=0) for column in (considered.community, considered.core, considered.label))
        cluster_of = np.full(int(highest) + 1, -1, np.int64)
        cluster_of[self.found.origin] = np.arange(self.found.clusters)
        return cluster_of

    @property
    def rank(self) -> NDArray[np.int64]:
        """Place of each cluster number in the ranking (K)."""
        rank = np.empty(len(self.order), np.int64)
        rank[self.order] = np.arange(len(self.order))
        return rank


def arrow(table: Table, columns: dict[str, Any]) -> pyarrow.Table:
    """An Arrow table with exactly the columns and types of ``table``."""
    import pyarrow as pa

    types = {name: getattr(pa, function)() for name, function in _ARROW.items()}
    types["TIMESTAMP"] = pa.timestamp("us")
    types["VARCHAR[]"] = pa.list_(pa.string())
    arrays = []
    for column in table.columns:
        values = columns[column.name]
        if isinstance(values, np.ndarray) and values.dtype.kind == "f":
            values = np.round(values, DIGITS) + 0.0
            arrays.append(pa.array(values, type=types[column.type], from_pandas=column.null))
        else:
            arrays.append(pa.array(values, type=types[column.type]))
    return pa.table(arrays, schema=pa.schema([pa.field(c.name, types[c.type]) for c in table.columns]))


def accounts(table: Table, outcome: Outcome) -> pyarrow.Table:
    """Every account of the window, in canonical order."""
    features = outcome.features
    return arrow(
        table,
        {
            "account": features.account,
            "events": features.events.astype(np.int64),
            "tokens": features.tokens,
            "cost_usd_micros": features.cost,
            "active_days": features.active_days.astype(np.int64),
            "first_seen": features.first_seen,
            "last_seen": features.last_seen,
        },
    )


def identifiers(table: Table, outcome: Outcome) -> pyarrow.Table:
    """What sharing each identifier is worth."""
    incidence, trust = outcome.population.incidence, outcome.found.trust
    degree = incidence.degree
    hub = degree > outcome.hub_degree
    explained = trust.theta < 0.25 * trust.prior
    notes = np.full(len(degree), None, dtype=object)
    notes[explained] = "its accounts are hardly ever tied by anything else"
    notes[hub] = "a hub: judged on a sample of its pairs"
    notes[hub & explained] = "a hub whose accounts are hardly ever tied by anything else"
    return arrow(
        table,
        {
            "identifier": outcome.population.identifier,
            "kind": np.array(incidence.kinds, dtype=object)[incidence.kind] if len(degree) else [],
            "degree": degree,
            "trust": trust.theta,
            "bits": trust.bits,
            "hub": hub,
            "note": notes,
        },
    )


def links(table: Table, outcome: Outcome) -> pyarrow.Table:
    """Every link, in canonical order of its accounts."""
    account, found = outcome.population.account, outcome.found.links
    kinds = outcome.population.incidence.kinds
    masks, which = np.unique(found.kinds, return_inverse=True)
    named = np.empty(len(masks), dtype=object)
    for position, mask in enumerate(masks.tolist()):
        named[position] = [kind for bit, kind in enumerate(kinds) if mask >> bit & 1]
    return arrow(
        table,
        {
            "account_a": account[found.first],
            "account_b": account[found.second],
            "weight_bits": found.weight,
            "kinds": named[which],
        },
    )


def members(table: Table, outcome: Outcome) -> pyarrow.Table:
    """Members: clusters by rank, surest members first."""
    found, considered = outcome.found, outcome.found.membership
    rows = found.rows()
    account = considered.account[rows]
    cluster = found.label[account]
    probability = considered.share(rows)
    mean = np.bincount(cluster, weights=considered.score[rows], minlength=found.clusters) / np.maximum(found.size, 1)
    order = np.lexsort((account, -np.round(probability, DIGITS), outcome.rank[cluster]))
    core = (considered.score[rows] >= 0.5 * mean[cluster]) & found.counted[account]
    return arrow(
        table,
        {
            "cluster_id": outcome.ids[cluster[order]],
            "account": outcome.population.account[account[order]],
            "membership": probability[order],
            "role": np.where(core, "core", "periphery").astype(object)[order],
        },
    )


def clusters(table: Table, outcome: Outcome, kinds: list[list[str]], reasons: list[list[str]]) -> pyarrow.Table:
    """Clusters, highest score first."""
    found, features, order = outcome.found, outcome.features, outcome.order
    inside = np.flatnonzero(found.label >= 0)
    label = found.label[inside]

    def total(values: NDArray[Any]) -> NDArray[np.int64]:
        out = np.zeros(found.clusters, np.int64)
        np.add.at(out, label, values[inside].astype(np.int64))
        return out[order]

    first = np.full(found.clusters, np.datetime64("9999-12-31", "us"))
    last = np.full(found.clusters, np.datetime64("0001-01-01", "us"))
    np.minimum.at(first, label, features.first_seen[inside])
    np.maximum.at(last, label, features.last_seen[inside])
    tier = outcome.assessment.tier[order]
    return arrow(
        table,
        {
            "cluster_id": outcome.ids[order],
            "size": found.size[order],
            "score": outcome.assessment.score[order],
            "linkage_score": outcome.linkage[order],
            "abuse_score": outcome.assessment.abuse[order],
            "q_value": outcome.q_value[order],
            "tier": tier,
            "flagged": tier == 1,
            "events": total(features.events),
            "tokens": total(features.tokens),
            "cost_usd_micros": total(features.cost),
            "first_seen": first[order],
            "last_seen": last[order],
            "kinds": [kinds[number] for number in order],
            "top_reasons": [reasons[number] for number in order],
            "lineage": [outcome.named.events[number] for number in order],
        },
    )


def lineage(table: Table, rows: Sequence[LineageRow]) -> pyarrow.Table:
    """Rows of the lineage table."""
    return arrow(table, {name: [getattr(row, name) for row in rows] for name in table.names})


def null_maxima(table: Table, null: Null, kinds: Sequence[str]) -> pyarrow.Table:
    """What the null's laws were fitted to; ``kinds`` in their order."""
    replicate, size_class, statistic = np.nonzero(null.maxima > 0)
    names = [None, *kinds]
    return arrow(
        table,
        {
            "replicate": replicate.astype(np.int32),
            "size_class": size_class.astype(np.int32),
            "kind": [names[place] for place in statistic.tolist()],
            "statistic": null.maxima[replicate, size_class, statistic],
        },
    )


def watched(table: Table, listed: Listed, watched: Sequence[Watched]) -> pyarrow.Table:
    """Identifiers of the window that are on watch lists, by surrogate id and source."""
    degree = dict(zip(listed.surrogate.tolist(), listed.degree.tolist(), strict=True))
    rows = sorted((entry.identifier, entry.source, entry) for entry in watched if entry.identifier in degree)
    entries = [entry for _identifier, _source, entry in rows]
    return arrow(
        table,
        {
            "identifier": [entry.identifier for entry in entries],
            "kind": [entry.kind for entry in entries],
            "source": [entry.source for entry in entries],
            "accounts": [degree[entry.identifier] for entry in entries],
            "reported_first": [_naive(entry.first_seen) for entry in entries],
            "reported_last": [_naive(entry.last_seen) for entry in entries],
        },
    )


def decided(table: Table, outcome: Outcome) -> pyarrow.Table:
    """Where decisions differ from evidence: clusters by rank."""
    moved = outcome.found.moved
    if moved is None:
        return arrow(table, {name: [] for name in table.names})
    cluster = outcome.cluster_of[moved.community]
    rows = np.flatnonzero(cluster >= 0)
    rows = rows[np.lexsort((moved.account[rows], outcome.rank[cluster[rows]]))]
    cases = np.array([group.case_id for group in outcome.groups], dtype=object)
    return arrow(
        table,
        {
            "cluster_id": outcome.ids[cluster[rows]],
            "account": outcome.population.account[moved.account[rows]],
            "case_id": cases[moved.group[rows]],
            "stands": moved.stands[rows],
        },
    )


def followed(table: Table, followed: Followed, account: NDArray[np.int64]) -> pyarrow.Table:
    """Uses of what was a confirmed case's own, by identifier. ``account`` (N): surrogate ids by position."""
    at = followed.identifier
    return arrow(
        table,
        {
            "identifier": followed.surrogate[at],
            "kind": followed.kind[at],
            "case_id": followed.case[at],
            "account": account[followed.account],
            "new": followed.new,
            "accounts": followed.degree[at],
            "confirmed": followed.confirmed[at],
            "events": followed.events,
            "first_seen": followed.first,
            "last_seen": followed.last,
        },
    )


def _naive(moment: datetime | None) -> datetime | None:
    """A time as tables hold it: UTC, and not said."""
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None)
