"""The tables of a snapshot that explain: evidence, terms, waterfalls, what was left out and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from linkage import engine
from linkage.communities.decisions import APART, HELD
from linkage.communities.stands import NEAR, share_bits, trusted_bits
from linkage.findings.tables import arrow
from linkage.model.decided import BY_VERDICT
from linkage.model.kinds import a_noun
from linkage.scoring.followers import FOLLOWERS
from linkage.scoring.watch_list import WATCH_LIST

if TYPE_CHECKING:
    import duckdb
    import pyarrow
    from numpy.typing import NDArray

    from linkage.config import MembershipSettings
    from linkage.findings.tables import Outcome
    from linkage.model.tables import Table

#: A popular identifier is named as discounted when at least this share of the members used it.
DISCOUNTED_SHARE = 0.1
#: Terms that are told among the reasons; what somebody reported or decided is told besides.
_TOLD = 5


def cluster_identifiers(
    table: Table, outcome: Outcome, connection: duckdb.DuckDBPyConnection, settings: MembershipSettings
) -> pyarrow.Table:
    """Identifiers that members share: evidence, strongest first, then what was discounted."""
    incidence, found = outcome.population.incidence, outcome.found
    raw = engine.run(connection, "linkage.findings", "cluster_sightings").fetchnumpy()
    by_surrogate = np.argsort(outcome.population.identifier, kind="stable")
    surrogates = np.asarray(raw["identifier"], dtype=np.int64)
    position = by_surrogate[np.searchsorted(outcome.population.identifier[by_surrogate], surrogates)]
    number = {cluster_id: cluster for cluster, cluster_id in enumerate(outcome.named.ids)}
    cluster = np.array([number[str(cluster_id)] for cluster_id in raw["cluster_id"]], dtype=np.int64)
    members_on = np.asarray(raw["members_on"], dtype=np.int64)
    size = found.size[cluster]
    degree = incidence.degree[position]
    bits = share_bits(members_on, size, degree - members_on, incidence.accounts - size)
    evidence = bits >= settings.enriched_bits
    theta = found.trust.theta[position]
    if found.aside is not None:
        put_aside = found.aside.of(found.origin[cluster], position)
        theta, evidence = np.where(put_aside, 0.0, theta), evidence & ~put_aside
    kept = evidence | (members_on >= np.maximum(3, DISCOUNTED_SHARE * size))
    worth = trusted_bits(bits, theta)
    order = np.lexsort((position, -worth * members_on, ~evidence, outcome.rank[cluster]))
    order = order[kept[order]]
    return arrow(
        table,
        {
            "cluster_id": outcome.ids[cluster[order]],
            "identifier": surrogates[order],
            "kind": np.array(incidence.kinds, dtype=object)[incidence.kind[position[order]]] if len(order) else [],
            "members_on": members_on[order],
            "degree": degree[order],
            "trust": theta[order],
            "bits": worth[order],
            "events": np.asarray(raw["events"], dtype=np.int64)[order],
            "first_seen": np.asarray(raw["first_seen"]).astype("datetime64[us]")[order],
            "last_seen": np.asarray(raw["last_seen"]).astype("datetime64[us]")[order],
            "role": np.where(evidence, "evidence", "discounted").astype(object)[order],
        },
    )


def kind_support(outcome: Outcome) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Per cluster and kind (K × T): members tied by it, mean bits from it, members that stay without it."""
    found, considered = outcome.found, outcome.found.membership
    rows = found.rows()
    cluster = found.label[considered.account[rows]]
    by_kind = considered.kinds[rows]
    shape = (found.clusters, by_kind.shape[1])
    tied, bits, stay = np.zeros(shape, np.int64), np.zeros(shape), np.zeros(shape, np.int64)
    np.add.at(tied, cluster, (by_kind > 0).astype(np.int64))
    np.add.at(bits, cluster, by_kind)
    np.add.at(stay, cluster, (considered.score[rows, None] - by_kind >= 0.0).astype(np.int64))
    return tied, bits / np.maximum(found.size, 1)[:, None], stay


def corroborating(outcome: Outcome) -> NDArray[np.bool_]:
    """Whether a kind is evidence of its own (K × T): it ties a quarter of a cluster's members, by 2 bits or more."""
    tied, bits, _stay = kind_support(outcome)
    return (tied >= 0.25 * np.maximum(outcome.found.size, 1)[:, None]) & (bits >= 2.0)


def cluster_kinds(table: Table, outcome: Outcome) -> pyarrow.Table:
    """What each kind contributes, and what is left without it."""
    tied, bits, stay = kind_support(outcome)
    counts = corroborating(outcome)
    cluster, kind = np.nonzero(tied > 0)
    order = np.lexsort((-bits[cluster, kind], outcome.rank[cluster]))
    cluster, kind = cluster[order], kind[order]
    names = np.array(outcome.population.incidence.kinds, dtype=object)
    return arrow(
        table,
        {
            "cluster_id": outcome.ids[cluster],
            "kind": names[kind],
            "members_tied": tied[cluster, kind],
            "bits": bits[cluster, kind],
            "corroborates": counts[cluster, kind],
            "linkage_score_without": outcome.linkage[cluster] - bits[cluster, kind],
            "members_without": stay[cluster, kind],
        },
    )


def cluster_terms(table: Table, outcome: Outcome) -> pyarrow.Table:
    """Every abuse term of every cluster, the weightiest first."""
    rank = outcome.rank
    rows = [
        (rank[cluster], -abs(float(term.points[cluster])), at, int(cluster))
        for at, term in enumerate(outcome.terms)
        for cluster in range(outcome.found.clusters)
    ]
    rows.sort()
    chosen = [(outcome.terms[at], cluster) for _rank, _points, at, cluster in rows]
    return arrow(
        table,
        {
            "cluster_id": [outcome.named.ids[cluster] for _term, cluster in chosen],
            "term": [term.name for term, _cluster in chosen],
            "evidence": [term.evidence for term, _cluster in chosen],
            "observed": np.array([term.observed[cluster] for term, cluster in chosen], dtype=np.float64),
            "expected": np.array([term.expected[cluster] for term, cluster in chosen], dtype=np.float64),
            "effect": np.array([term.effect[cluster] for term, cluster in chosen], dtype=np.float64),
            "points": np.array([term.points[cluster] for term, cluster in chosen], dtype=np.float64),
            "sentence": [term.sentence(cluster) for term, cluster in chosen],
        },
    )


def reasons(outcome: Outcome) -> list[list[str]]:
    """Strongest reasons of each cluster, for people: what ties it, then the weightiest terms for and against.

    The last ones say what people's verdicts did to it, and why it is no flag though its points reach the bar.
    """
    tied, _bits, _stay = kind_support(outcome)
    counts = corroborating(outcome)
    names = outcome.population.incidence.kinds
    by_decision = _by_decision(outcome)
    size = outcome.found.size
    out = []
    for cluster in range(outcome.found.clusters):
        ties = [
            f"{int(tied[cluster, kind])} of {int(size[cluster])} members share {a_noun(names[kind])} with another"
            for kind in np.argsort(-tied[cluster], kind="stable")
            if counts[cluster, kind]
        ]
        ranked = sorted(
            (term for term in outcome.terms if abs(float(term.points[cluster])) >= 0.25),
            key=lambda term: -abs(float(term.points[cluster])),
        )
        told = [
            f"{'+' if term.points[cluster] > 0 else '−'}{abs(float(term.points[cluster])):.1f} {term.sentence(cluster)}"
            for place, term in enumerate(ranked)
            if place < _TOLD or term.name in (WATCH_LIST, FOLLOWERS)
        ]
        held = outcome.assessment.held[cluster]
        out.append(
            [*(["; ".join(ties)] if ties else []), *told, *by_decision.get(cluster, ()), *([held] if held else [])]
        )
    return out


def _by_decision(outcome: Outcome) -> dict[int, list[str]]:
    """Of each cluster that verdicts changed: whom they keep in it, and how many out of it."""
    moved = outcome.found.moved
    counts: dict[tuple[int, str, bool], int] = {}
    if moved is not None:
        cluster = outcome.cluster_of[moved.community]
        for row in np.flatnonzero((cluster >= 0) & (moved.stands != HELD)).tolist():
            case, inside = outcome.groups[int(moved.group[row])].case_id, moved.stands[row] != APART
            key = (int(cluster[row]), case, bool(inside))
            counts[key] = counts.get(key, 0) + 1
    told: dict[int, list[str]] = {}
    for (number, case, inside), count in sorted(counts.items()):
        noun = "account" if count == 1 else "accounts"
        what = f"in it, and counts {'it' if count == 1 else 'them'} for nothing" if inside else "out of it"
        told.setdefault(number, []).append(f"{BY_VERDICT}{case} keeps {count} {noun} {what}")
    return told


def left_out(table: Table, outcome: Outcome) -> pyarrow.Table:
    """Accounts that were linked to a cluster, or nearly reached it, and are not in it: with the reason."""
    found, considered = outcome.found, outcome.found.membership
    cluster = outcome.cluster_of[considered.community]
    inside = found.label[considered.account] == cluster
    near = (considered.score >= NEAR) & (cluster >= 0) & ~inside
    rows = np.flatnonzero(near)
    order = np.lexsort((considered.account[rows], -considered.score[rows], outcome.rank[cluster[rows]]))
    rows = rows[order]
    elsewhere = found.label[considered.account[rows]]
    network = outcome.found.trust.network
    by_kind = considered.kinds[rows]
    only_network = np.asarray((by_kind[:, ~network] <= 0).all(axis=1), dtype=np.bool_).reshape(-1)
    apart = _kept_apart(outcome)
    why = []
    for at, row in enumerate(rows):
        case = apart.get((int(considered.account[row]), int(considered.community[row])))
        if case is not None and elsewhere[at] >= 0:
            why.append(f"is in {outcome.named.ids[int(elsewhere[at])]} by the verdict of case {case}")
        elif case is not None:
            why.append(f"is kept apart by the verdict of case {case}")
        elif elsewhere[at] >= 0:
            why.append(f"belongs more strongly to {outcome.named.ids[int(elsewhere[at])]}")
        elif considered.score[row] >= considered.bar[row]:
            why.append("was not found with the members where what other groups explain was put aside")
        elif considered.private[row] <= -1.0:
            why.append("has ordinary work of its own that the members do not have")
        elif only_network[at]:
            why.append("shares only addresses with the members: a fellow customer of the same network is as likely")
        elif considered.absence[row] <= -1.0:
            why.append("lacks a kind of evidence that nearly all members have")
        else:
            why.append("what it shares with the members is too common to tell")
    return arrow(
        table,
        {
            "cluster_id": outcome.ids[cluster[rows]],
            "account": outcome.population.account[considered.account[rows]],
            "membership": considered.share(rows),
            "reason": why,
        },
    )


def _kept_apart(outcome: Outcome) -> dict[tuple[int, int], str]:
    """(Account, community) that evidence has it in, and a decision has not → case of the decision."""
    moved = outcome.found.moved
    if moved is None:
        return {}
    rows = np.flatnonzero(moved.stands == APART).tolist()
    return {
        (int(moved.account[row]), int(moved.community[row])): outcome.groups[int(moved.group[row])].case_id
        for row in rows
    }


def account_bits(table: Table, outcome: Outcome) -> pyarrow.Table:
    """The waterfall of every member and of every account that was left out."""
    found, considered = outcome.found, outcome.found.membership
    cluster = outcome.cluster_of[considered.community]
    inside = found.label[considered.account] == cluster
    shown = (cluster >= 0) & (inside | (considered.score >= NEAR))
    rows = np.flatnonzero(shown)
    entry = np.flatnonzero(shown[considered.entry_row])
    names = np.array(outcome.population.incidence.kinds, dtype=object)
    kind_of_entry = outcome.population.incidence.kind[considered.entry_identifier[entry]].astype(np.int64)
    place = np.cumsum(shown) - 1
    summed = np.zeros((len(rows), considered.kinds.shape[1]))
    np.add.at(summed, (place[considered.entry_row[entry]], kind_of_entry), considered.entry_bits[entry])
    cap_row, cap_kind = np.nonzero((summed - considered.kinds[rows]) > 1e-9)
    row = np.concatenate([rows, considered.entry_row[entry], rows[cap_row], rows, rows])
    nothing = np.full(len(rows), None, dtype=object)
    kind = np.concatenate([nothing, names[kind_of_entry], names[cap_kind], nothing, nothing])
    identifier = np.full(len(row), None, dtype=object)
    identifier[len(rows) : len(rows) + len(entry)] = outcome.population.identifier[considered.entry_identifier[entry]]
    step = np.concatenate(
        [
            np.full(len(rows), "prior", dtype=object),
            np.full(len(entry), "identifier", dtype=object),
            np.full(len(cap_row), "cap of the kind", dtype=object),
            np.full(len(rows), "absence", dtype=object),
            np.full(len(rows), "private work", dtype=object),
        ]
    )
    bits = np.concatenate(
        [
            considered.prior[rows],
            considered.entry_bits[entry],
            considered.kinds[rows[cap_row], cap_kind] - summed[cap_row, cap_kind],
            considered.absence[rows],
            considered.private[rows],
        ]
    )
    stage = np.concatenate([np.full(len(part), at) for at, part in enumerate((rows, entry, cap_row, rows, rows))])
    order = np.lexsort((-bits, stage, considered.account[row], outcome.rank[cluster[row]]))
    return arrow(
        table,
        {
            "cluster_id": outcome.ids[cluster[row[order]]],
            "account": outcome.population.account[considered.account[row[order]]],
            "step": step[order],
            "kind": kind[order],
            "identifier": list(identifier[order]),
            "bits": bits[order],
        },
    )
