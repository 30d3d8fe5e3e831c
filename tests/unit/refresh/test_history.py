"""A refresh after more data: clusters keep their ids, and lineage says what became of them."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from linkage import Workspace
from tests.lib.refreshed import events, taken_in

NAME = "proxy_pool"
CUTS = [datetime(2026, 1, 21, tzinfo=UTC), datetime(2026, 1, 26, tzinfo=UTC)]


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, list[str]]:
    """Three weeks, five days more, and the rest; a refresh after each."""
    folder = tmp_path_factory.mktemp("history")
    table = events(NAME)
    time = table["event_time"]
    cuts = [pa.scalar(cut, type=time.type) for cut in CUTS]
    pieces = [
        table.filter(pc.less(time, cuts[0])),
        table.filter(pc.and_(pc.greater_equal(time, cuts[0]), pc.less(time, cuts[1]))),
        table.filter(pc.greater_equal(time, cuts[1])),
    ]
    workspace, refreshes = None, []
    for number, piece in enumerate(pieces):
        path = folder / f"{number}.parquet"
        pq.write_table(piece, path)
        if workspace is None:
            workspace = taken_in(folder / "w", NAME, path)
        else:
            workspace.ingest(path)
        report = workspace.refresh(window="all")
        assert report.status == "new"
        refreshes.append(str(report.refresh_id))
    assert workspace is not None
    return workspace, refreshes


def members(workspace: Workspace, refresh: str) -> dict[str, set[str]]:
    frame = workspace.members(refresh=refresh)
    return {str(cluster): set(rows) for cluster, rows in frame.groupby("cluster_id")["account_id"]}


def test_clusters_that_stay_keep_their_ids(history: tuple[Workspace, list[str]]) -> None:
    workspace, refreshes = history
    kept = 0
    for before, after in pairwise(refreshes):
        old, new = members(workspace, before), members(workspace, after)
        for cluster, accounts in new.items():
            overlap, best = max((len(accounts & then) / len(accounts | then), was) for was, then in old.items())
            if overlap > 0.5:
                assert cluster == best
                kept += 1
    assert kept >= 5


def test_lineage_says_what_became_of_each(history: tuple[Workspace, list[str]]) -> None:
    workspace, refreshes = history
    first = workspace.lineage(refresh=refreshes[0])
    assert set(first["event"]) == {"new"}
    for before, after in pairwise(refreshes):
        old, new = members(workspace, before), members(workspace, after)
        rows = workspace.lineage(refresh=after)
        assert set(rows["cluster_id"]) >= set(new)
        told = set(rows.loc[rows["parent_refresh_id"] == before, "parent_cluster_id"])
        assert told == set(old)
        gone = set(rows.loc[rows["event"] == "dissolved", "cluster_id"])
        assert not gone & set(new)
        for row in rows.itertuples():
            if row.event in ("continued", "grew", "shrank"):
                accounts, then = new[row.cluster_id], old[row.parent_cluster_id]
                assert row.overlap == pytest.approx(len(accounts & then) / len(accounts | then))


def test_each_refresh_names_its_parent(history: tuple[Workspace, list[str]]) -> None:
    workspace, refreshes = history
    parents = [workspace.snapshot(refresh).run.parent_refresh_id for refresh in refreshes]
    assert parents == [None, *refreshes[:-1]]
    assert len(set(refreshes)) == 3


def test_lineage_between_two_refreshes_goes_step_by_step(history: tuple[Workspace, list[str]]) -> None:
    workspace, refreshes = history
    steps = workspace.lineage(from_refresh=refreshes[0], to_refresh=refreshes[2])
    assert set(steps["refresh_id"]) == set(refreshes[1:])


def test_the_same_history_gives_the_same_ids(history: tuple[Workspace, list[str]], tmp_path: Path) -> None:
    """Ids depend on what was refreshed before and on the data, not on how the data came."""
    workspace, refreshes = history
    table = events(NAME)
    again: Workspace | None = None
    for number, cut in enumerate(CUTS):
        path = tmp_path / f"{number}.parquet"
        rows = table.filter(pc.less(table["event_time"], pa.scalar(cut, type=table["event_time"].type)))
        pq.write_table(rows.take(pa.array(range(rows.num_rows - 1, -1, -1))), path)
        if again is None:
            again = taken_in(tmp_path / "w", NAME, path)
        else:
            again.ingest(path)
        assert again.refresh(window="all").refresh_id == refreshes[number]
    assert again is not None
    for mine, theirs in (
        (again.members(), workspace.members(refresh=refreshes[1])),
        (again.clusters(), workspace.clusters(refresh=refreshes[1])),
        (again.lineage(), workspace.lineage(refresh=refreshes[1])),
    ):
        assert mine.equals(theirs)
