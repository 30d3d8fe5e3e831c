"""What a refresh found on watch lists: identifiers, their sources, and the accounts and clusters on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from linkage.reading.masking import masked
from linkage.reading.source import Questions

if TYPE_CHECKING:
    import pyarrow

TABLES = ("members", "sightings", "watched")


def rows(
    questions: Questions, *, source: str | None = None, cluster: str | None = None, account: int | None = None
) -> list[dict[str, Any]]:
    """Listed identifiers, of one source, or that a cluster or account (surrogate id) used. Reads: TABLES."""
    return questions.rows("watch_matches", {"source": source, "cluster": cluster, "account": account})


def matches(questions: Questions, source: str | None) -> pyarrow.Table:
    """Listed identifiers, values masked, with the accounts on them and their clusters. Reads: TABLES."""
    import pyarrow

    text, number, time = pyarrow.string(), pyarrow.int64(), pyarrow.timestamp("us", "UTC")
    schema = pyarrow.schema(
        [
            ("source", text),
            ("kind", text),
            ("identifier", text),
            ("identifier_id", number),
            ("accounts", number),
            ("account_ids", pyarrow.list_(text)),
            ("clusters", pyarrow.list_(text)),
            ("first_seen", time),
            ("last_seen", time),
            ("reported_first", time),
            ("reported_last", time),
        ]
    )
    found = [
        {**row, "identifier": shown(row), "clusters": row["clusters"] or []} for row in rows(questions, source=source)
    ]
    return pyarrow.Table.from_pylist([{name: row[name] for name in schema.names} for row in found], schema=schema)


def by_cluster(questions: Questions) -> dict[str, tuple[str, ...]]:
    """Cluster → sources on whose lists identifiers of its own are. Reads: TABLES."""
    found: dict[str, tuple[str, ...]] = {}
    # A snapshot goes by its own settings, which those of today may differ from.
    share = float(questions.run.settings["scoring"]["exclusive_share"])
    for row in questions.rows("watch_clusters", {"share": share}):
        found[row["cluster_id"]] = (*found.get(row["cluster_id"], ()), row["source"])
    return found


def shown(row: Mapping[str, Any]) -> str:
    """The value of an identifier as anybody may see it."""
    if row["value"] is None:
        return f"purged:{row['identifier_id']}"
    return masked(str(row["kind"]), str(row["value"]))
