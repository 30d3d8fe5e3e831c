"""A campaign whose accounts are all replaced, on the cards, addresses and templates of those before, keeps its id."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tests.lib.refreshed import FIXTURES, events, taken_in

NAME = "proxy_pool"
#: In ten days from here everybody does what they did in the ten before, the campaigns from accounts that are all new.
CHANGE, SPAN = datetime(2026, 1, 21, tzinfo=UTC), timedelta(days=10)


def lived_twice(folder: Path, malicious: set[str]) -> Path:
    table = events(NAME)
    time = table["event_time"]
    inside = pc.and_(
        pc.greater_equal(time, pa.scalar(CHANGE - SPAN, type=time.type)),
        pc.less(time, pa.scalar(CHANGE, type=time.type)),
    )
    first = table.filter(inside)
    replaced = pc.is_in(first["account_id"], pa.array(sorted(malicious)))
    names = pc.if_else(replaced, pc.binary_join_element_wise(first["account_id"], "new", "-"), first["account_id"])
    moved = pc.add(first["event_time"], pa.scalar(SPAN, type=pa.duration("us"))).cast(time.type)
    again = {
        "event_time": moved,
        "account_id": names,
        "event_id": pc.binary_join_element_wise("again", first["event_id"], "-"),
    }
    second = first
    for name, column in again.items():
        second = second.set_column(second.schema.get_field_index(name), name, column)
    path = folder / "events.parquet"
    pq.write_table(pa.concat_tables([first, second.cast(first.schema)]), path)
    return path


def test_all_new_accounts_on_the_same_ground_are_the_same_cluster(tmp_path: Path) -> None:
    truth = pd.read_csv(FIXTURES / NAME / "truth.csv", dtype=str, keep_default_na=False)
    malicious = set(truth.loc[truth["malicious"] == "true", "account_id"])
    workspace = taken_in(tmp_path / "w", NAME, lived_twice(tmp_path, malicious))
    moment = timedelta(microseconds=1)
    first = workspace.refresh(as_of=CHANGE - moment, window="10d").refresh_id
    workspace.refresh(as_of=CHANGE + SPAN - moment, window="10d")

    before, after = workspace.members(refresh=first), workspace.members()
    campaigns = before.loc[before["account_id"].isin(malicious), "cluster_id"].value_counts()
    assert campaigns.iloc[0] >= 5
    for cluster in campaigns.index:
        old = set(before.loc[before["cluster_id"] == cluster, "account_id"])
        if old <= malicious:
            assert set(after.loc[after["cluster_id"] == cluster, "account_id"]) == {f"{account}-new" for account in old}
            row = workspace.lineage().set_index("cluster_id").loc[cluster]
            assert (row["event"], row["overlap"]) == ("continued", 0.0)
    assert set(after["cluster_id"]) == set(before["cluster_id"])
