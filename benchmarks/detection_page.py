"""Tables of detection figures: linkage by scenario, beside other methods, and what was lost or flagged wrongly."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from benchmarks import results
from linkage.synthetic import SCENARIOS

Row = dict[str, str]

#: Seeds from here on are populations without a campaign, in a table of their own.
NULL_SEEDS = 9_001
#: The degree at which some simpler methods cut is chosen for each population, and part of their name in the CSV.
_THRESHOLD = re.compile(r", (?:identifiers|moments) to \d+ accounts$")


def page(size: str, rows: list[Row], clusters: list[Row]) -> str:
    """Every table of a size, in Markdown."""
    null = [row for row in rows if int(row["seed"]) >= NULL_SEEDS]
    named = [row for row in rows if int(row["seed"]) < NULL_SEEDS]
    parts = [f"# Detection: {size}", _taken_on(rows)]
    if named:
        parts += ["## linkage, means over seeds", _linkage(named)]
        parts += ["## F1 of flagged accounts, beside other methods", _methods(named, "f1"), _absent(named)]
        parts += ["## B-cubed F1 of the grouping", _methods(named, "b_cubed_f1")]
        parts += ["## What each method costs", _costs(named)]
    lost = [row for row in clusters if row["what"] == "campaign" and float(row["jaccard"]) < 0.8]
    unflagged = [
        row for row in clusters if row["what"] == "campaign" and float(row["jaccard"]) >= 0.8 and row["tier"] != "1"
    ]
    wrong = [row for row in clusters if row["what"] == "false flag"]
    parts += [f"## Campaigns that no cluster holds at a Jaccard overlap of .8: {len(lost)}", _campaigns(lost)]
    parts += [f"## Campaigns found and not flagged: {len(unflagged)}", _campaigns(unflagged)]
    parts += [f"## Flagged clusters without a campaign: {len(wrong)}", _wrong(wrong)]
    if null:
        parts += ["## Populations without a campaign", _null(null)]
    return "\n\n".join(part for part in parts if part)


def _taken_on(rows: list[Row]) -> str:
    said = sorted({(row["date"], row["version"], row["commit"], row["cores"], row["days"]) for row in rows})
    return "\n".join(
        f"- {date}, linkage {version} at `{commit}`, {cores} cores, {days} days of events"
        for date, version, commit, cores, days in said
    )


def _mean(rows: Iterable[Row], column: str) -> float | None:
    values = [float(row[column]) for row in rows if row.get(column)]
    return sum(values) / len(values) if values else None


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _whole(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _scenarios(rows: list[Row]) -> list[tuple[str, list[Row]]]:
    grouped = [(name, [row for row in rows if row["scenario"] == name]) for name in SCENARIOS]
    return [(name, those) for name, those in grouped if those]


_LINKAGE_HEAD = (
    *("scenario", "seeds", "F1", "precision", "recall", "AP", "B-cubed F1", "campaigns recovered", "flagged"),
    *("false flags by kind", "tier 2", "ingest s", "refresh s", "refresh MiB"),
)
_SHARES = ("f1", "precision", "recall", "average_precision", "b_cubed_f1")
_COSTS = ("ingest_seconds", "refresh_seconds", "refresh_mebibytes")


def _linkage(rows: list[Row]) -> str:
    lines = []
    for name, those in _scenarios([row for row in rows if row["method"] == "linkage"]):
        campaigns = sum(int(row["campaigns"]) for row in those)
        recovered = sum(int(row["campaigns_recovered"]) for row in those)
        lines.append(
            (
                name,
                str(len({row["seed"] for row in those})),
                # Without a campaign there is nothing to find, and shares of nothing say nothing.
                *(_share(_mean(those, column) if campaigns else None) for column in _SHARES),
                f"{recovered} of {campaigns}" if campaigns else "–",
                _whole(_mean(those, "flagged_accounts")),
                "; ".join(row["flagged_benign"] for row in those if row["flagged_benign"]) or "none",
                _whole(_mean(those, "tier_2")),
                *(_whole(_mean(those, column)) for column in _COSTS),
            )
        )
    return results.table(_LINKAGE_HEAD, lines)


def _methods(rows: list[Row], column: str) -> str:
    """Methods down, scenarios across: there are more of the former."""
    rows = [row | {"method": _THRESHOLD.sub("", row["method"])} for row in rows]
    methods = list(dict.fromkeys(row["method"] for row in rows))
    scenarios = [(name, those) for name, those in _scenarios(rows) if any(int(row["campaigns"]) for row in those)]
    lines = [
        (method, *(_share(_mean([row for row in those if row["method"] == method], column)) for _, those in scenarios))
        for method in methods
    ]
    return results.table(("method", *(name for name, _ in scenarios)), lines) if scenarios else ""


def _absent(rows: list[Row]) -> str:
    if any(row.get("family") == "splink" for row in rows):
        return ""
    return "Splink was not measured: `python -m benchmarks.detection --splink` makes its environment."


def _costs(rows: list[Row]) -> str:
    """Means over populations: a method's own process, and for linkage a refresh."""
    lines = []
    for family in dict.fromkeys(row["family"] for row in rows if row.get("family")):
        those = [row for row in rows if row.get("family") == family]
        prefix = "refresh_" if family == "linkage" else ""
        lines.append((family, *(_whole(_mean(those, f"{prefix}{of}")) for of in ("seconds", "mebibytes"))))
    return results.table(("method", "s", "MiB"), lines) if lines else ""


def _reasons(row: Row, number: int) -> str:
    return "; ".join(json.loads(row["top_reasons"])[:number]) if row.get("top_reasons") else ""


def _campaigns(rows: list[Row]) -> str:
    if not rows:
        return ""
    head = ("scenario", "seed", "kind", "accounts", "in clusters", "pieces", "best Jaccard", "its size", "tier", "q")
    columns = (
        "scenario",
        "seed",
        "kind",
        "accounts",
        "in_clusters",
        "pieces",
        "jaccard",
        "size_found",
        "tier",
        "q_value",
    )
    lines = [(*(row[name] or "–" for name in columns), row["abuse_score"] or "–") for row in rows]
    return results.table((*head, "abuse points"), lines)


def _wrong(rows: list[Row]) -> str:
    if not rows:
        return ""
    head = ("scenario", "seed", "members", "size", "q", "abuse points", "why")
    columns = ("scenario", "seed", "kind", "size_found", "q_value", "abuse_score")
    return results.table(head, [(*(row[name] for name in columns), _reasons(row, 4)) for row in rows])


def _null(rows: list[Row]) -> str:
    own = [row for row in rows if row["method"] == "linkage"]
    flagged = [int(row["flagged_accounts"]) for row in own]
    accounts = sum(int(row["accounts"]) for row in own)
    head = ("populations", "accounts", "with a flag", "accounts flagged", "clusters of tier 2")
    line = (
        len(own),
        f"{accounts:,}",
        sum(1 for count in flagged if count),
        f"{sum(flagged):,}",
        sum(int(row["tier_2"]) for row in own),
    )
    return results.table(head, [line])
