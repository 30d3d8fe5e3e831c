"""Whatever days and late events come when: an incremental refresh finds what a full one of the same parents finds."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkage.config import Settings
from linkage.refresh import Result, refresh
from linkage.stores.snapshots import Snapshots
from tests.lib.refreshed import events, taken_in

NAME = "proxy_pool"
SETTINGS = Settings.model_validate({"refresh": {"full_change": 0.5}})
#: Days of the fixture from which histories are dealt, and what is equal to the byte.
FIRST, DAYS = datetime(2026, 1, 1, tzinfo=UTC), 30
EQUAL = ("accounts", "identifiers", "sightings", "links", "timeline")

#: How many days come with each ingest after the first, and the share of events that come late, by an ingest or two.
histories = st.tuples(
    st.integers(14, 24),
    st.lists(st.integers(1, 3), min_size=1, max_size=3),
    st.sampled_from([0.0, 0.02, 0.2]),
    st.integers(0, 2**32 - 1),
)


def dealt(history: tuple[int, list[int], float, int], folder: Path) -> list[Path]:
    """Events by the ingest that they come with."""
    first, steps, late, seed = history
    table = events(NAME)
    day = (
        table["event_time"].cast(pa.timestamp("us")).to_numpy() - np.datetime64(FIRST.date(), "us")
    ) // np.timedelta64(1, "D")
    ends = np.cumsum([first, *steps])
    comes = np.searchsorted(ends, day, side="right")
    draw = np.random.default_rng(seed)
    comes = comes + np.where(draw.random(len(comes)) < late, draw.integers(1, 3, len(comes)), 0)
    paths = []
    for number in range(len(ends)):
        paths.append(folder / f"{number}.parquet")
        pq.write_table(table.filter(pa.array(comes == number)), paths[-1])
    return paths


def flagged(members: pa.Table, clusters: pa.Table) -> dict[str, set[int]]:
    """Members of each flagged cluster."""
    frame, rank = members.to_pandas(), clusters.to_pandas()
    inside = frame[frame["cluster_id"].isin(rank.loc[rank["flagged"], "cluster_id"])]
    return {str(cluster): set(rows) for cluster, rows in inside.groupby("cluster_id")["account"]}


def q_values(clusters: pa.Table) -> dict[str, float]:
    return dict(zip(clusters["cluster_id"].to_pylist(), clusters["q_value"].to_pylist(), strict=True))


def check(history: tuple[int, list[int], float, int]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        first, *others = dealt(history, folder)
        workspace = taken_in(folder / "w", NAME, first)
        snapshots = Snapshots(folder)
        for path in (None, *others):
            if path is not None:
                workspace.ingest(path)
            view, earlier = workspace._home.lake.view(), snapshots.ancestors()
            found = refresh(view, earlier, SETTINGS)
            assert isinstance(found, Result)
            if earlier:
                agree(found, refresh(view, earlier, SETTINGS, full=True))
            snapshots.publish(snapshots.write(found.run, found.tables).refresh_id)


def agree(found: Result, full: object) -> None:
    assert isinstance(full, Result)
    for name in EQUAL:
        keys = [(column, "ascending") for column in found.tables[name].column_names if column != "kinds"]
        assert found.tables[name].sort_by(keys).equals(full.tables[name].sort_by(keys)), name
    order = [("cluster_id", "ascending"), ("account", "ascending")]
    assert found.tables["members"].sort_by(order).equals(full.tables["members"].sort_by(order))
    mine, other = (flagged(result.tables["members"], result.tables["clusters"]) for result in (found, full))
    q = [q_values(result.tables["clusters"]) for result in (found, full)]
    # The members are the same; a flag differs at most where the bar lies between what the two nulls say of it.
    bar = SETTINGS.scoring.q_bar
    for cluster in set(mine) ^ set(other):
        assert min(q[0][cluster], q[1][cluster]) <= bar < max(q[0][cluster], q[1][cluster])


@given(histories)
@settings(max_examples=3, deadline=None)
def test_an_incremental_refresh_agrees_with_a_full_one(history: tuple[int, list[int], float, int]) -> None:
    check(history)


@pytest.mark.soak
@given(histories)
@settings(max_examples=100, deadline=None)
def test_a_hundred_histories(history: tuple[int, list[int], float, int]) -> None:
    check(history)
