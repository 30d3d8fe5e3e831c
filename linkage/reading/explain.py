"""Why a cluster is one, why an account is in it, and what ties two accounts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from linkage.errors import UsageError
from linkage.evidence.pair import SharedIdentifier, pair_bits
from linkage.model.explanation import Explanation, Section
from linkage.model.watch import on_lists_of
from linkage.reading import watch
from linkage.reading.frames import require_cluster, surrogate_of
from linkage.reading.masking import masked
from linkage.reading.source import Questions, evidence_settings

CLUSTER_TABLES = (
    "clusters",
    "cluster_identifiers",
    "cluster_kinds",
    "cluster_terms",
    "decided",
    "identifiers",
    "left_out",
    "lineage",
    "timeline",
    *watch.TABLES,
)
ACCOUNT_TABLES = ("accounts", "account_bits", "clusters", "decided", "identifiers", "left_out", *watch.TABLES)
PAIR_TABLES = ("accounts", "clusters", "identifiers", "members", "sightings")


@dataclass(frozen=True, slots=True)
class View:
    """How much is shown: whether identifier values are, and how many rows of a section (None: all)."""

    reveal: bool = False
    limit: int | None = None

    def section(
        self,
        name: str,
        title: str,
        rows: Iterable[Mapping[str, Any]],
        columns: Sequence[str],
        sentences: Sequence[str] = (),
    ) -> Section:
        """A section of ``rows``, cut to the limit, identifier values masked unless revealed."""
        kept = [self._shown(row, columns) for row in rows]
        cut = kept if self.limit is None else kept[: self.limit]
        return Section(name, title, tuple(sentences), tuple(columns), tuple(cut), len(kept))

    def _shown(self, row: Mapping[str, Any], columns: Sequence[str]) -> dict[str, Any]:
        shown = {column: row.get(column) for column in columns if column != "identifier"}
        if "identifier" in columns:
            shown["identifier"] = self._value(row)
        return {column: shown[column] for column in columns}

    def _value(self, row: Mapping[str, Any]) -> str | None:
        if row.get("identifier_id") is None:
            return None
        value = row.get("value")
        if value is None:
            return f"purged:{row['identifier_id']}"
        return str(value) if self.reveal else masked(str(row["kind"]), str(value))


_EVIDENCE = (
    "kind", "identifier", "identifier_id", "members_on", "size", "degree", "trust", "bits", "events",
    "first_seen", "last_seen",
)  # fmt: skip
_TERMS = ("term", "evidence", "points", "observed", "expected", "effect", "sentence")
_LISTED = (
    "source", "kind", "identifier", "identifier_id", "members_on", "accounts", "first_seen", "last_seen",
    "reported_first", "reported_last",
)  # fmt: skip
_STEPS = ("cluster_id", "step", "kind", "identifier", "identifier_id", "bits", "running_total")


def explain_cluster(questions: Questions, cluster: str, view: View) -> Explanation:
    """Why ``cluster`` is one and why it ranks where it does. Reads: CLUSTER_TABLES.

    Raises:
        UsageError: there is no such cluster.
    """
    row = require_cluster(questions, cluster)
    size = row["size"]
    chosen = {"cluster": cluster}
    evidence = [
        {**item, "size": size} for item in questions.rows("cluster_identifiers", {**chosen, "role": "evidence"})
    ]
    hubs = [{**item, "size": size} for item in questions.rows("cluster_identifiers", {**chosen, "role": "discounted"})]
    terms = questions.rows("cluster_terms", chosen)
    points = math.fsum(term["points"] for term in terms)
    reasons = row.pop("top_reasons")
    return Explanation(
        subject=chosen,
        refresh_id=questions.refresh_id,
        masked=not view.reveal,
        facts={key: value for key, value in row.items() if key != "cluster_id"},
        sections=(
            Section("reasons", "Reasons", tuple(reasons if isinstance(reasons, list) else ())),
            *_listed(view, watch.rows(questions, cluster=cluster), _LISTED),
            *_decided(view, questions, cluster=cluster),
            view.section("evidence", f"Identifiers it stands on (x of {size} members)", evidence, _EVIDENCE),
            view.section(
                "kinds",
                "What each kind gives, and what is left without it",
                questions.rows("cluster_kinds", chosen),
                ("kind", "corroborates", "bits", "members_tied", "linkage_score_without", "members_without"),
            ),
            view.section("discounted", "Shared with many outside, and discounted", hubs, (*_EVIDENCE, "note")),
            view.section(
                "terms_for",
                "Speaks for abuse",
                (term for term in terms if term["points"] > 0),
                _TERMS,
                (f"All terms together: {points:+.2f} points.",),
            ),
            view.section("terms_against", "Speaks against", (term for term in terms if term["points"] < 0), _TERMS),
            view.section(
                "terms_neither",
                "Measured, and speaks neither way",
                (term for term in terms if not term["points"]),
                _TERMS,
            ),
            view.section(
                "left_out",
                "Considered and left out",
                questions.rows("cluster_left_out", chosen),
                ("account_id", "membership", "reason"),
            ),
            view.section(
                "lineage",
                "Where it comes from",
                questions.rows("cluster_lineage", chosen),
                ("event", "parent_refresh_id", "parent_cluster_id", "overlap"),
            ),
            view.section(
                "timeline",
                "What it did each day (UTC)",
                questions.rows("cluster_timeline", chosen),
                ("day", "accounts", "events", "tokens", "expected_events"),
            ),
        ),
    )


def explain_account(questions: Questions, account: str, view: View) -> Explanation:
    """Which cluster ``account`` is in and the bits that put it there, or why it is in none. Reads: ACCOUNT_TABLES.

    Raises:
        UsageError: the account is not in the snapshot's window.
    """
    surrogate = surrogate_of(questions, account)
    facts = questions.rows("account_facts", {"account": surrogate})
    if not facts:
        raise UsageError(
            f"that account has no event in the window of refresh {questions.refresh_id}",
            hint="Refresh with a longer --window, or name another refresh with --refresh.",
        )
    row = facts[0]
    refused = questions.rows("account_left_out", {"account": surrogate})
    identifiers = questions.rows("account_identifiers", {"account": surrogate})
    own_first = sorted(
        questions.rows("account_steps", {"account": surrogate}),
        key=lambda step: step["cluster_id"] != row["cluster_id"],
    )
    steps, totals = _waterfall(own_first)
    return Explanation(
        subject={"account": account},
        refresh_id=questions.refresh_id,
        masked=not view.reveal,
        facts={**row, "total_bits": totals.get(row["cluster_id"])},
        sections=(
            Section("reasons", "Where it stands", (_standing(row, refused, identifiers),)),
            *_listed(
                view,
                watch.rows(questions, account=surrogate),
                tuple(column for column in _LISTED if column != "members_on"),
            ),
            *_decided(view, questions, account=surrogate),
            view.section(
                "waterfall",
                "From the prior to the total, in bits",
                steps,
                _STEPS,
                [f"{cluster}: {total:+.2f} bits in all." for cluster, total in totals.items()],
            ),
            view.section("left_out", "Considered for, and left out", refused, ("cluster_id", "membership", "reason")),
            view.section(
                "identifiers",
                "What it used (degree: accounts that used it)",
                identifiers,
                ("kind", "identifier", "identifier_id", "degree", "trust", "bits", "hub", "note", "events",
                 "active_days", "first_seen", "last_seen"),
            ),
        ),
    )  # fmt: skip


def explain_pair(questions: Questions, first: str, second: str, view: View) -> Explanation:
    """What ties two accounts: each shared identifier, the discounts, and their sum in bits. Reads: PAIR_TABLES.

    Raises:
        UsageError: an account is unknown, or both are the same.
    """
    if first == second:
        raise UsageError("a pair is two different accounts")
    a, b = surrogate_of(questions, first), surrogate_of(questions, second)
    rows = questions.rows("pair", {"a": a, "b": b})
    values = {row["identifier_id"]: row["value"] for row in rows}
    steps = pair_bits(
        [
            SharedIdentifier(
                row["kind"], row["identifier_id"], row["degree"], row["trust"], row["bits"], row["overlapping"]
            )
            for row in rows
        ],
        evidence_settings(questions.run),
    )
    waterfall, running = [], 0.0
    for step in steps:
        running += step.bits
        waterfall.append(
            {
                "step": step.label,
                "kind": step.kind,
                "identifier_id": step.identifier,
                "value": values.get(step.identifier),
                "bits": step.bits,
                "running_total": running,
            }
        )
    total = math.fsum(step.bits for step in steps)
    standing = {}
    for name, surrogate in (("cluster_a", a), ("cluster_b", b)):
        found = questions.rows("account_facts", {"account": surrogate})
        standing[name] = found[0]["cluster_id"] if found else None
    together = standing["cluster_a"] is not None and standing["cluster_a"] == standing["cluster_b"]
    return Explanation(
        subject={"pair": [first, second]},
        refresh_id=questions.refresh_id,
        masked=not view.reveal,
        facts={**standing, "same_cluster": together, "shared": len(rows), "total_bits": total},
        sections=(
            Section("reasons", "What ties them", (_tie(len(rows), total, together),)),
            view.section(
                "waterfall",
                "What they share, in bits",
                waterfall,
                ("step", "kind", "identifier", "identifier_id", "bits", "running_total"),
            ),
            view.section(
                "shared",
                "Identifiers that both used",
                rows,
                ("kind", "identifier", "identifier_id", "degree", "trust", "bits", "hub", "note", "events_a",
                 "events_b", "first_shared", "last_shared"),
            ),
        ),
    )  # fmt: skip


def _listed(view: View, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> tuple[Section, ...]:
    """A section about watch lists, where anything is on one."""
    if not rows:
        return ()
    said = on_lists_of({row["source"] for row in rows})
    return (view.section("watch_lists", "What partners reported", rows, columns, (f"{said[0].upper()}{said[1:]}.",)),)


def _decided(
    view: View, questions: Questions, *, cluster: str | None = None, account: int | None = None
) -> tuple[Section, ...]:
    """A section about whom verdicts keep in a cluster or out of it, where any does."""
    rows = questions.rows("decided", {"cluster": cluster, "account": account})
    if not rows:
        return ()
    said = "Not evidence but a verdict of two people says so; it counts for nothing in score and q."
    columns = ("cluster_id", "account_id", "case_id", "stands")
    return (view.section("decided", "What people decided", rows, columns, (said,)),)


def _waterfall(rows: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Steps with the running total of their cluster, and each cluster's total."""
    by_cluster: dict[str, list[float]] = {}
    steps = []
    for row in rows:
        so_far = by_cluster.setdefault(row["cluster_id"], [])
        so_far.append(row["bits"])
        steps.append({**row, "running_total": math.fsum(so_far)})
    return steps, {cluster: math.fsum(bits) for cluster, bits in by_cluster.items()}


def _standing(row: Mapping[str, Any], refused: Sequence[Any], identifiers: Sequence[Mapping[str, Any]]) -> str:
    if row["cluster_id"] is not None:
        flag = "flagged" if row["flagged"] else "not flagged"
        return (
            f"In {row['cluster_id']} (tier {row['tier']}) as {row['role']}, membership {row['membership']:.2f}; {flag}."
        )
    if refused:
        return f"In no cluster: considered for {len(refused)} and left out."
    shared = [item for item in identifiers if item["degree"] > 1]
    if not shared:
        return "In no cluster: it shares no identifier with another account."
    hubs = sum(1 for item in shared if item["hub"])
    return (
        f"In no cluster: it shares {len(shared)} of its {len(identifiers)} identifiers with others "
        f"({hubs} of them hubs), and that does not tie it to any group."
    )


def _tie(shared: int, total: float, together: bool) -> str:
    if not shared:
        tie = "They share no identifier in the window"
    else:
        tie = f"They share {shared} identifier{'s' if shared != 1 else ''}, worth {total:+.2f} bits in all"
    return f"{tie}; {'both are in one cluster' if together else 'they are not in one cluster'}."
