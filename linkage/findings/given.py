"""The tables of a snapshot that a re-run is given: whom a cluster was judged on, and what everybody else shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from linkage import engine
from linkage.communities import membership
from linkage.communities.stands import NEAR
from linkage.findings.tables import arrow
from linkage.model import given
from linkage.model.tables import DIGITS
from linkage.scoring.effects import matched_cells

if TYPE_CHECKING:
    import duckdb
    import pyarrow
    from numpy.typing import NDArray

    from linkage.findings.tables import Outcome
    from linkage.model.tables import Table
    from linkage.scoring.effects import Expected

#: (measure, cluster, item, number, value)
Row = tuple[str, str | None, str | None, int | None, float]


def candidates(table: Table, outcome: Outcome) -> pyarrow.Table:
    """Accounts whom a cluster was measured on, and accounts that were scored for it and came near."""
    cluster, account, rows, core = _candidates(outcome)
    considered = outcome.found.membership
    unknown = np.full(len(cluster) - len(rows), np.nan)
    order = np.lexsort((account, outcome.rank[cluster]))
    return arrow(
        table,
        {
            "cluster_id": outcome.ids[cluster[order]],
            "account": outcome.population.account[account[order]],
            "core": core[order],
            "score": np.concatenate([considered.score[rows], unknown])[order],
            "elsewhere": np.concatenate([_claimed(outcome)[rows], unknown])[order],
        },
    )


def aside(table: Table, outcome: Outcome) -> pyarrow.Table:
    """What candidates of clusters used, and what was put aside for these."""
    cluster, account, _, _ = _candidates(outcome)
    incidence, found = outcome.population.incidence, outcome.found
    low, high = incidence.account_start[account], incidence.account_start[account + 1]
    edge = np.repeat(low - np.cumsum(high - low) + (high - low), high - low) + np.arange((high - low).sum())
    of_edge = np.repeat(cluster, high - low)
    identifier = incidence.edge_identifier[edge].astype(np.int64)
    put = found.aside.of(found.origin[of_edge], identifier) if found.aside is not None else np.zeros(0, np.bool_)
    cell = np.unique(of_edge[put] * incidence.identifiers + identifier[put])
    of_cell, at = cell // incidence.identifiers, cell % incidence.identifiers
    order = np.lexsort((at, outcome.rank[of_cell]))
    return arrow(
        table,
        {
            "cluster_id": outcome.ids[of_cell[order]],
            "identifier": outcome.population.identifier[at[order]],
        },
    )


def _candidates(
    outcome: Outcome,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Cluster, account, and whether it was measured on; the first are of these rows of those considered."""
    found, considered = outcome.found, outcome.found.membership
    of_row = outcome.cluster_of[considered.community]
    of_account = np.where(considered.core >= 0, outcome.cluster_of[np.maximum(considered.core, 0)], -1)
    core = of_account[considered.account] == of_row
    inside = found.label[considered.account] == of_row
    rows = np.flatnonzero((of_row >= 0) & (core | inside | (considered.score >= NEAR)))
    # Whom evidence was measured on, and who shares none of it.
    scored = np.zeros(len(of_account), dtype=np.bool_)
    scored[considered.account[rows[core[rows]]]] = True
    silent = np.flatnonzero((of_account >= 0) & ~scored)
    return (
        np.concatenate([of_row[rows], of_account[silent]]),
        np.concatenate([considered.account[rows], silent]),
        rows,
        np.concatenate([core[rows], np.ones(len(silent), dtype=np.bool_)]),
    )


def baseline(table: Table, outcome: Outcome, connection: duckdb.DuckDBPyConnection) -> pyarrow.Table:
    """Counts and means over everybody that scores of the clusters depend on."""
    rows = [
        *_bands(outcome),
        *_touching(outcome),
        *_searches(outcome),
        *_scheduled(outcome),
        *_expected(outcome),
        *_counts(outcome),
        *_prices(connection),
    ]
    return arrow(
        table,
        {
            "measure": [row[0] for row in rows],
            "cluster_id": [row[1] for row in rows],
            "item": [row[2] for row in rows],
            "number": [row[3] for row in rows],
            "value": np.array([row[4] for row in rows], dtype=np.float64),
        },
    )


def _claimed(outcome: Outcome) -> NDArray[np.float64]:
    """Of each considered row: the score by which the account is, or would be, of another community, else NaN."""
    considered = outcome.found.membership
    first = membership.winners(considered.score, considered.account)
    best = np.full(outcome.population.incidence.accounts, -1, np.int64)
    best[considered.account[first]] = first
    belongs = np.flatnonzero(considered.label[considered.account] == considered.community)
    best[considered.account[belongs]] = belongs
    winner = best[considered.account]
    claimed = np.where(winner == np.arange(len(winner)), np.nan, considered.score[winner])
    # Over the bar, and still no member: a community of a further look has whom that found, and nobody else.
    fits = (considered.score >= considered.bar) & (considered.label[considered.account] != considered.community)
    return np.where(fits & np.isnan(claimed), considered.score, claimed)


def _bands(outcome: Outcome) -> Iterator[Row]:
    private = outcome.features.values["private_work"]
    cuts = membership.band_cuts(private)
    counts = np.bincount(membership.bands(private, cuts), minlength=membership.BANDS)
    for number, count in enumerate(counts.tolist()):
        yield given.BAND, None, None, number, count
    # Rounded down: an account that lies on a cut stays above it.
    for number, cut in enumerate((np.floor(cuts * 10**DIGITS) / 10**DIGITS).tolist()):
        yield given.BAND_CUT, None, None, number, cut


def _touching(outcome: Outcome) -> Iterator[Row]:
    considered, kinds = outcome.found.membership, outcome.population.incidence.kinds
    cluster = outcome.cluster_of[: len(considered.touching)]
    counted = np.zeros((outcome.found.clusters, len(kinds)), np.int64)
    np.add.at(counted, cluster[cluster >= 0], considered.touching[cluster >= 0])
    for at, kind in enumerate(kinds):
        for number, count in enumerate(counted[:, at].tolist()):
            yield given.TOUCHING, outcome.named.ids[number], kind, None, count


def _searches(outcome: Outcome) -> Iterator[Row]:
    for number, searches in enumerate(outcome.found.searches.tolist()):
        if searches > 1:
            yield given.SEARCHES, outcome.named.ids[number], None, None, searches


def _scheduled(outcome: Outcome) -> Iterator[Row]:
    for number, by_chance in enumerate(outcome.scheduled.tolist()):
        if by_chance < 1.0:
            yield given.SCHEDULED, outcome.named.ids[number], None, None, by_chance


def _expected(outcome: Outcome) -> Iterator[Row]:
    everyone = outcome.baseline
    cells = np.unique(matched_cells(outcome.features)[outcome.found.label >= 0])
    yield from _of(everyone.features, cells, (given.MEAN, given.DEVIATION, given.SPREAD))
    names = (given.CAPABILITY_MEAN, given.CAPABILITY_DEVIATION, given.CAPABILITY_SPREAD)
    yield from _of(everyone.capabilities, cells, names)
    yield given.USUAL, None, None, None, everyone.usual
    if everyone.volume is not None:
        yield given.VOLUME_SPREAD, None, None, None, everyone.volume
    if everyone.sizes is not None:
        yield given.SIZES_SPREAD, None, None, None, everyone.sizes
    for among, middle, spread in (
        (everyone.varied, given.VARIED_MIDDLE, given.VARIED_SPREAD),
        (everyone.alike, given.ALIKE_MIDDLE, given.ALIKE_SPREAD),
        (everyone.handed, given.HANDED_MIDDLE, given.HANDED_SPREAD),
    ):
        if among is not None:
            yield middle, None, None, None, among.middle
            yield spread, None, None, None, among.spread


def _of(features: Mapping[str, Expected], cells: NDArray[np.int64], measures: tuple[str, str, str]) -> Iterator[Row]:
    mean, deviation, spread = measures
    for name, expected in sorted(features.items()):
        yield spread, None, name, None, float(np.sqrt(expected.spread))
        for cell in cells[np.isfinite(expected.mean[cells])].tolist():
            yield mean, None, name, cell, float(expected.mean[cell])
            yield deviation, None, name, cell, float(np.sqrt(expected.variance[cell]))


def _counts(outcome: Outcome) -> Iterator[Row]:
    features, inside = outcome.features, outcome.found.label >= 0
    yield given.CLOSED, None, None, None, int(features.closed.sum())
    yield given.KNOWN, None, "created", None, int(np.isfinite(features.created).sum())
    firms = outcome.baseline.firms
    groups: tuple[tuple[str, NDArray[Any], str, NDArray[np.int64]], ...] = (
        (given.DOMAIN, features.domain, given.FIRM_DOMAIN, firms.domains),
        (given.ORGANIZATION, features.organization, given.FIRM, firms.organizations),
    )
    for measure, value, of_firm, known in groups:
        yield given.KNOWN, None, measure, None, int((value >= 0).sum())
        wanted = np.unique(value[inside & (value >= 0)])
        numbers, count = np.unique(value[np.isin(value, wanted)], return_counts=True)
        for number, accounts in zip(numbers.tolist(), count.tolist(), strict=True):
            yield measure, None, None, number, accounts
        for number in np.intersect1d(known, wanted).tolist():
            yield of_firm, None, None, number, 1
    for number in outcome.allowed_organizations:
        yield given.ALLOWED_ORGANIZATION, None, None, number, 1


def _prices(connection: duckdb.DuckDBPyConnection) -> Iterator[Row]:
    for model, rank in engine.run(connection, "linkage.findings", "model_prices").fetchall():
        yield given.PRICE_RANK, None, model, None, rank
