"""What the pages show of a snapshot, as frames: read by column and cluster, never changed after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from linkage.errors import LinkageError, UsageError
from linkage.model.tables import DECIDED, FOLLOWED, WATCHED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from linkage.workspace import Workspace


@dataclass(frozen=True, slots=True)
class ClusterFrames:
    """One cluster at one refresh of a workspace.

    ``row`` is its row of ``clusters``; the frames are its rows of the tables of the same names. ``identifiers`` are
    strongest first, with ``note`` and ``hub`` of the identifier; ``members`` surest first, with ``name``.
    """

    workspace: str
    refresh_id: str
    cluster_id: str
    rank: int
    clusters: int
    row: Mapping[str, Any]
    members: pd.DataFrame
    identifiers: pd.DataFrame
    kinds: pd.DataFrame
    terms: pd.DataFrame
    left_out: pd.DataFrame
    timeline: pd.DataFrame
    lineage: pd.DataFrame

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells these frames from any others: a snapshot never changes."""
        return self.workspace, self.refresh_id, self.cluster_id

    @property
    def evidence(self) -> pd.DataFrame:
        """Identifiers that count for the cluster."""
        return self.identifiers[self.identifiers["role"] == "evidence"]

    @property
    def discounted(self) -> pd.DataFrame:
        """Identifiers that members share with many outside, and that count for little."""
        return self.identifiers[self.identifiers["role"] != "evidence"]


class UnknownCluster(UsageError):
    """There is no such cluster at this refresh. ``became`` are the ids of clusters that follow from it, if known."""

    default_hint = "The queue lists the clusters of this refresh."

    def __init__(self, message: str, became: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.became = tuple(became)


def cluster_frames(workspace: Workspace, refresh_id: str, cluster_id: str) -> ClusterFrames:
    """Read everything that the cluster page shows, but for sightings and account bits.

    Raises:
        UnknownCluster: there is no such cluster at this refresh.
        NoSnapshot: the refresh is not kept.
        SnapshotDamaged: a file differs from its recorded digest.
    """
    snapshot = workspace.snapshot(refresh_id)
    ids: list[str] = snapshot.table("clusters").column("cluster_id").to_pylist()
    if cluster_id not in ids:
        raise UnknownCluster("There is no such cluster at this refresh.", _became(workspace, refresh_id, cluster_id))
    rank = ids.index(cluster_id)
    row = snapshot.table("clusters").slice(rank, 1).to_pylist()[0]
    members = _rows_of(workspace, refresh_id, "members", cluster_id)
    members = members.sort_values(["membership", "account"], ascending=[False, True], ignore_index=True)
    identifiers = _rows_of(workspace, refresh_id, "cluster_identifiers", cluster_id)
    known = _where(workspace, refresh_id, "identifiers", "identifier", identifiers, ["identifier", "hub", "note"])
    identifiers = identifiers.merge(known, on="identifier", how="left")
    terms = _rows_of(workspace, refresh_id, "cluster_terms", cluster_id)
    left_out = _rows_of(workspace, refresh_id, "left_out", cluster_id)
    names = workspace.names([*members["account"].tolist(), *left_out["account"].tolist()])
    return ClusterFrames(
        workspace=str(workspace.path),
        refresh_id=refresh_id,
        cluster_id=cluster_id,
        rank=rank + 1,
        clusters=len(ids),
        row=row,
        members=members.assign(name=members["account"].map(names)),
        identifiers=identifiers.sort_values(["bits", "identifier"], ascending=[False, True], ignore_index=True),
        kinds=_rows_of(workspace, refresh_id, "cluster_kinds", cluster_id).sort_values(
            ["bits", "kind"], ascending=[False, True], ignore_index=True
        ),
        terms=terms.sort_values(["points", "term"], ascending=[False, True], ignore_index=True),
        left_out=left_out.assign(name=left_out["account"].map(names)).sort_values(
            ["membership", "account"], ascending=[False, True], ignore_index=True
        ),
        timeline=_rows_of(workspace, refresh_id, "timeline", cluster_id).sort_values("day", ignore_index=True),
        lineage=_rows_of(workspace, refresh_id, "lineage", cluster_id),
    )


def links(sightings: Path, cluster: ClusterFrames) -> pd.DataFrame:
    """Which member touched which identifier of the cluster, and how often: account, identifier, kind, events, times.

    ``sightings``: file of that table of the refresh of the cluster.

    Raises:
        LinkageError: the file cannot be read.
    """
    columns = ["account", "identifier", "kind", "events", "active_days", "first_seen", "last_seen"]
    # There are fewer members than identifiers in all of any size, and fewer rows are theirs.
    found = _read_file(sightings, cluster.refresh_id, columns, _among("account", cluster.members))
    return found[found["identifier"].isin(cluster.identifiers["identifier"])].reset_index(drop=True)


def account_facts(workspace: Workspace, cluster: ClusterFrames) -> pd.DataFrame:
    """Volume of each member in the window: account, events, tokens, cost, days, first and last seen."""
    return _where(workspace, cluster.refresh_id, "accounts", "account", cluster.members, None)


def watched(workspace: Workspace, cluster: ClusterFrames) -> pd.DataFrame:
    """What of the members' identifiers was on watch lists: source, kind, members and accounts on it, reported times.

    ``own``: whether most accounts on it are members, by the settings that the refresh went by.
    """
    import pandas as pd

    snapshot = workspace.snapshot(cluster.refresh_id)
    if not snapshot.has("watched"):
        return pd.DataFrame(columns=[*WATCHED.names, "members_on", "own"])
    listed = _read(workspace, cluster.refresh_id, "watched", None, None)
    used = _where(workspace, cluster.refresh_id, "sightings", "identifier", listed, ["account", "identifier"])
    used = used[used["account"].isin(cluster.members["account"])]
    count = used.groupby("identifier").size().rename("members_on").reset_index()
    found = listed.merge(count, on="identifier", how="inner")
    share = snapshot.run.settings["scoring"]["exclusive_share"]
    found = found.assign(own=found["members_on"] >= share * found["accounts"])
    order = ["members_on", "source", "identifier"]
    return found.sort_values(order, ascending=[False, True, True], ignore_index=True)


def followed(workspace: Workspace, cluster: ClusterFrames) -> pd.DataFrame:
    """Uses by the members of what was a confirmed case's own: rows of ``followed``."""
    import pandas as pd

    if not workspace.snapshot(cluster.refresh_id).has("followed"):
        return pd.DataFrame(columns=FOLLOWED.names)
    return _where(workspace, cluster.refresh_id, "followed", "account", cluster.members, None)


def decided(workspace: Workspace, cluster: ClusterFrames) -> pd.DataFrame:
    """Whom verdicts keep in the cluster or out of it: account, its ``name``, case, how it stands."""
    import pandas as pd

    if not workspace.snapshot(cluster.refresh_id).has("decided"):
        return pd.DataFrame(columns=[*DECIDED.names, "name"]).drop(columns="cluster_id")
    found = _rows_of(workspace, cluster.refresh_id, "decided", cluster.cluster_id)
    return found.assign(name=found["account"].map(workspace.names(found["account"].tolist())))


def account_bits(workspace: Workspace, cluster: ClusterFrames) -> pd.DataFrame:
    """Bits per member and step, of this cluster."""
    return _rows_of(workspace, cluster.refresh_id, "account_bits", cluster.cluster_id)


def whereabouts(workspace: Workspace, refresh_id: str, accounts: pd.DataFrame) -> dict[int, str]:
    """Account → its cluster at a refresh, for those of the column ``account`` that are in one."""
    found = _where(workspace, refresh_id, "members", "account", accounts, ["account", "cluster_id"])
    return dict(zip(found["account"].tolist(), found["cluster_id"].tolist(), strict=True))


def null_maxima(workspace: Workspace, cluster: ClusterFrames) -> pd.DataFrame:
    """The largest statistic of each rewired copy and size class, of the cluster's refresh."""
    return _read(workspace, cluster.refresh_id, "null_maxima", None, None)


def clusters(workspace: Workspace, refresh_id: str) -> pd.DataFrame:
    """Every cluster of the refresh in its rank order, with ``rank`` from 1."""
    frame = workspace.snapshot(refresh_id).table("clusters").to_pandas()
    frame.insert(0, "rank", range(1, len(frame) + 1))
    return frame


def rows_of_clusters(workspace: Workspace, refresh_id: str, ids: Sequence[str], columns: list[str]) -> pd.DataFrame:
    """``columns`` of ``clusters`` of the refresh for those of ``ids`` that are in it, in its rank order."""
    return _read(workspace, refresh_id, "clusters", columns, [("cluster_id", "in", list(ids))])


def _became(workspace: Workspace, refresh_id: str, cluster_id: str) -> list[str]:
    """Clusters of the refresh that follow from a cluster of an earlier one."""
    lineage = workspace.snapshot(refresh_id).table("lineage")
    parents, ids = lineage.column("parent_cluster_id").to_pylist(), lineage.column("cluster_id").to_pylist()
    present = set(workspace.snapshot(refresh_id).table("clusters").column("cluster_id").to_pylist())
    return sorted({own for parent, own in zip(parents, ids, strict=True) if parent == cluster_id and own in present})


def _rows_of(workspace: Workspace, refresh_id: str, table: str, cluster_id: str) -> pd.DataFrame:
    """Rows of one cluster; row groups that cannot hold it are not read."""
    return _read(workspace, refresh_id, table, None, [("cluster_id", "=", cluster_id)])


def _where(
    workspace: Workspace, refresh_id: str, table: str, key: str, wanted: pd.DataFrame, columns: list[str] | None
) -> pd.DataFrame:
    """Rows of ``table`` whose ``key`` stands in the column of that name of ``wanted``."""
    values = wanted[key].unique()
    if not len(values):
        return _read(workspace, refresh_id, table, columns, None).iloc[:0]
    return _read(workspace, refresh_id, table, columns, _among(key, wanted))


def _among(key: str, wanted: pd.DataFrame) -> list[tuple[str, str, object]]:
    """A filter for rows whose ``key`` stands in the column of that name of ``wanted``."""
    return [(key, "in", wanted[key].unique().tolist())]


def _read(
    workspace: Workspace,
    refresh_id: str,
    table: str,
    columns: list[str] | None,
    filters: list[tuple[str, str, object]] | None,
) -> pd.DataFrame:
    return _read_file(workspace.snapshot(refresh_id).path(table), refresh_id, columns, filters)


def _read_file(
    path: Path, refresh_id: str, columns: list[str] | None, filters: list[tuple[str, str, object]] | None
) -> pd.DataFrame:
    import pyarrow
    import pyarrow.parquet as parquet

    try:
        return parquet.read_table(path, columns=columns, filters=filters, partitioning=None).to_pandas()
    except (OSError, pyarrow.ArrowException) as fault:
        said = f"table {path.stem} of refresh {refresh_id} cannot be read ({type(fault).__name__})"
        raise LinkageError(said) from fault
