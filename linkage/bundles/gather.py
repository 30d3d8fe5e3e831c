"""A snapshot and the lake → what a bundle is made of."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from linkage import engine
from linkage import window as windows
from linkage.bundles.cluster_tables import ClusterTables
from linkage.bundles.given import touching_kinds
from linkage.bundles.profiles import Names, Profile, told_outside
from linkage.errors import UsageError
from linkage.window import Window

if TYPE_CHECKING:
    import pyarrow

    from linkage.config import EngineSettings
    from linkage.model.run import RunRecord
    from linkage.stores.lake import LakeView
    from linkage.stores.snapshots import Snapshot

_SNAPSHOT = (
    "accounts",
    "account_bits",
    "candidates",
    "cluster_identifiers",
    "identifiers",
    "links",
    "members",
    "sightings",
)


@dataclass(frozen=True, slots=True)
class Material:
    """What a bundle is made of.

    ``cluster``: its row in the snapshot. ``lists``, ``records``: tables by name, see linkage.bundles.tables.
    ``uses``: account, identifier, events of members on the strongest of what they share. ``excluded``: names of members
    whom the verdict is not about. ``left_out``: identifiers of the cluster that are no indicators for others.
    """

    run: RunRecord
    kinds: tuple[str, ...]
    accounts: int
    cluster: dict[str, Any]
    lists: dict[str, pyarrow.Table]
    records: dict[str, pyarrow.Table]
    uses: pyarrow.Table | None
    excluded: tuple[str, ...]
    left_out: int


def gather(
    snapshot: Snapshot,
    view: LakeView,
    settings: EngineSettings,
    cluster: str,
    profile: Profile,
    names: Names,
    exchange: bytes | None = None,
    excluded: Collection[int] = (),
) -> Material:
    """Everything that a bundle of ``cluster`` may hold under ``profile``; indicators where there is an exchange key.

    ``excluded``: members whom a verdict is not about (surrogate ids).

    Raises:
        UsageError: there is no such cluster, or the snapshot was written before there were bundles.
        SnapshotDamaged: a stored file differs from its recorded digest.
    """
    row = row_of(snapshot, cluster)
    if not profile.events:
        row["top_reasons"] = [told_outside(reason) for reason in row["top_reasons"]]
    # Tables that came, or were given a column, after there were snapshots.
    older = "candidates.parquet" not in snapshot.run.files
    if older or "kind" not in snapshot.table("null_maxima").column_names:
        raise UsageError(
            f"refresh {snapshot.refresh_id} was written by an older linkage and cannot be computed again from a bundle",
            hint="Run `linkage refresh`, and export from the new refresh.",
        )
    baseline = snapshot.table("baseline")
    kinds = touching_kinds(baseline, cluster)
    with engine.connect(memory_limit=settings.memory_limit, threads=settings.threads) as connection:
        run = snapshot.run
        windows.relations(connection, view, Window(run.window, run.window_first, run.window_last, run.as_of), kinds)
        for name in _SNAPSHOT:
            path = str(snapshot.path(name))
            connection.read_parquet([path], hive_partitioning=False, file_row_number=True).create_view(
                f"snapshot_{name}"
            )
        engine.run(connection, "linkage.bundles", "window_sightings")
        gathered = ClusterTables(connection, snapshot, view, cluster, kinds, profile, names)
        lists = gathered.lists()
        left_out = 0
        if exchange is not None:
            lists["indicators"], left_out = gathered.indicators(exchange)
        records = gathered.records() if profile.records else {}
        uses = gathered.uses() if profile.records else None
        named = gathered.named(excluded)
    return Material(
        run=snapshot.run,
        kinds=kinds,
        accounts=int(snapshot.run.counts["accounts"]),
        cluster=row,
        lists=lists,
        records=records,
        uses=uses,
        excluded=named,
        left_out=left_out,
    )


def row_of(snapshot: Snapshot, cluster: str) -> dict[str, Any]:
    """Row of the cluster in the snapshot's table of them.

    Raises:
        UsageError: there is no such cluster.
    """
    from linkage.model.rows import rows_of

    for row in rows_of(snapshot.table("clusters")):
        if row["cluster_id"] == cluster:
            return row
    raise UsageError(
        f"there is no such cluster at refresh {snapshot.refresh_id}",
        hint="`linkage clusters` lists them; `linkage lineage` says what became of earlier ones.",
    )
