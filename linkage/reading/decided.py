"""What snapshots say about verdicts: what was the accounts' own when people looked, and who came to it since."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from linkage import engine
from linkage.reading.source import Questions
from linkage.reading.watch import shown

if TYPE_CHECKING:
    import pyarrow

    from linkage.config import Settings
    from linkage.stores.snapshots import Snapshot

TABLES = ("clusters", "followed", "members")


def traces(snapshot: Snapshot, accounts: Collection[int], settings: Settings) -> Mapping[int, frozenset[int]]:
    """Identifiers that were the ``accounts``' own at ``snapshot`` → other accounts that were on each; surrogate ids."""
    import pyarrow

    kinds = snapshot.table("identifiers").column("kind").unique().to_pylist()
    networks = sorted(kind for kind in kinds if settings.evidence.prior_of(kind).network)
    limits = settings.engine
    with engine.connect(memory_limit=limits.memory_limit, threads=limits.threads) as connection:
        connection.read_parquet([str(snapshot.path("sightings"))], hive_partitioning=False).create_view("sightings")
        connection.register(
            "decided_accounts", pyarrow.table({"account": pyarrow.array(sorted(accounts), pyarrow.int64())})
        )
        rows = engine.run(
            connection,
            "linkage.reading",
            "decided_traces",
            {"share": settings.scoring.exclusive_share, "networks": networks},
        ).fetchall()
    return {int(identifier): frozenset(others) for identifier, others in rows}


def followers(questions: Questions, case: str | None = None, cluster: str | None = None) -> pyarrow.Table:
    """Accounts that came to what was a confirmed case's own since people looked: of a case, or in a cluster, or all.

    ``identifiers`` are what each uses of it, values masked; ``rarest``: accounts on the one that fewest use. Those who
    use most of it come first. Reads: TABLES.
    """
    import pyarrow

    text, number, time = pyarrow.string(), pyarrow.int64(), pyarrow.timestamp("us", "UTC")
    schema = pyarrow.schema(
        [
            ("refresh_id", text),
            ("case_id", text),
            ("account_id", text),
            ("cluster_id", text),
            ("flagged", pyarrow.bool_()),
            ("kinds", pyarrow.list_(text)),
            ("identifiers", pyarrow.list_(text)),
            ("identifier_ids", pyarrow.list_(number)),
            ("rarest", number),
            ("events", number),
            ("first_seen", time),
            ("last_seen", time),
        ]
    )
    found = [
        {
            **row,
            "refresh_id": questions.refresh_id,
            "identifiers": [shown(use) for use in row["uses"]],
            "identifier_ids": [use["identifier_id"] for use in row["uses"]],
        }
        for row in questions.rows("followers", {"case": case, "cluster": cluster})
    ]
    return pyarrow.Table.from_pylist([{name: row[name] for name in schema.names} for row in found], schema=schema)
