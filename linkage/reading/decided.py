"""What the snapshot that a verdict was made at says about its accounts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from linkage import engine

if TYPE_CHECKING:
    from linkage.config import Settings
    from linkage.stores.snapshots import Snapshot


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
