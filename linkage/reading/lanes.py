"""When accounts of a cluster begin to work, side by side: those in step show as stripes.

Who keeps which schedule, and the moments at which its accounts are a crowd, are taken from the snapshot; when an
account begins is read from the events of the lake, by the function that a refresh reads it with. First the accounts
and days are chosen, and then only their events are read, however large the cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linkage import engine, window
from linkage.errors import UsageError
from linkage.evidence import moments as beginnings
from linkage.model.lanes import MOST_DAYS, MOST_LANES, Lanes, counted
from linkage.model.tables import CROWDS, EVENTS, SLOTS

if TYPE_CHECKING:
    import pandas as pd

    from linkage.config import EngineSettings
    from linkage.stores.snapshots import Snapshot

#: A moment is a slot of so long.
_SLOT = timedelta(minutes=10)
_MICROSECONDS = 600_000_000
#: Members from which a schedule is one of the cluster: one alone is in step with nobody here.
_TOGETHER = 2


@dataclass(frozen=True, slots=True)
class Asked:
    """Which lanes are asked for: members (surrogate ids; None for all), days, and how many after how many."""

    accounts: Collection[int] | None = None
    first: date | None = None
    last: date | None = None
    skip: int = 0
    limit: int = MOST_LANES


@dataclass(frozen=True, slots=True)
class Events:
    """The lake: files of a table of days from one to another, days that there are any of, and limits for reading."""

    files: Callable[[str, date, date], tuple[Path, ...]]
    days: Collection[date]
    settings: EngineSettings


def lanes(
    snapshot: Snapshot, cluster: str, asked: Asked, events: Events, names: Callable[[Sequence[int]], Mapping[int, str]]
) -> Lanes:
    """Lanes of members of ``cluster``: who has most moments in crowds first, then the surest members.

    The days are those asked for, at most MOST_DAYS in a row: of more, those with most moments in crowds, and without a
    schedule those with most members active. ``names``: surrogate ids → account ids.

    Raises:
        UsageError: there is no such cluster, an account is no member, a limit is out of range, or no day asked for is
            in the window.
    """
    if not 1 <= asked.limit <= MOST_LANES or asked.skip < 0:
        raise UsageError(f"lanes are from 1 to {MOST_LANES} at a time")
    order, keepers = _order(snapshot, cluster)
    wanted = order if asked.accounts is None else order[order["account"].isin(list(asked.accounts))]
    if asked.accounts is not None and len(wanted) < len(set(asked.accounts)):
        raise UsageError("an account that lanes are asked for is no member of this cluster")
    chosen = wanted.iloc[asked.skip : asked.skip + asked.limit].reset_index(drop=True)
    every = _crowds(snapshot, keepers)
    timeline = _read(snapshot, "timeline", ["day", "accounts"], [("cluster_id", "=", cluster)])
    weight = (
        every.groupby(every["moment"].dt.date)["accounts"].sum()
        if len(every)
        else timeline.set_index("day")["accounts"]
    )
    first, last = _days(snapshot, asked, weight, events.days)
    within = every["moment"].dt.date
    crowds = every[(within >= first) & (within <= last)].reset_index(drop=True)
    moments = _moments(snapshot, chosen["account"].tolist(), first, last, events)
    moments = _marked(moments, keepers, crowds)
    named = chosen.assign(account_id=chosen["account"].map(names(chosen["account"].tolist())))
    active = {day for day in timeline["day"] if first <= day <= last}
    return Lanes(
        refresh_id=snapshot.refresh_id,
        cluster_id=cluster,
        first=first,
        last=last,
        members=len(order),
        asked=len(wanted),
        skipped=asked.skip,
        schedules=keepers["identifier"].nunique(),
        marked=keepers.empty or len(every) > 0,
        accounts=counted(named, moments),
        moments=moments,
        crowds=crowds,
        active=len(active),
        gone=tuple(sorted(active - set(events.days))),
    )


def crowds(snapshot: Snapshot, cluster: str) -> pd.DataFrame:
    """Crowds of the schedules of ``cluster``, over the whole window: as the table of that name, times in UTC.

    Raises:
        UsageError: there is no such cluster.
    """
    return _crowds(snapshot, _order(snapshot, cluster)[1])


def _order(snapshot: Snapshot, cluster: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Members (``account``, ``in_crowds_of_window``) in the order of lanes; and who of them is on which schedule."""
    members = _read(snapshot, "members", ["account", "membership"], [("cluster_id", "=", cluster)])
    if members.empty:
        raise UsageError(
            f"there is no such cluster at refresh {snapshot.refresh_id}", hint="`linkage clusters` lists them."
        )
    derived = _read(snapshot, "sightings", ["account", "identifier", "events"], [("identifier", "<", 0)])
    keepers = derived[derived["account"].isin(members["account"])]
    together = keepers.groupby("identifier")["account"].transform("size") >= _TOGETHER
    keepers = keepers[together]
    in_crowds = keepers.groupby("account")["events"].sum().rename("in_crowds_of_window").reset_index()
    order = members.merge(in_crowds, on="account", how="left")
    order["in_crowds_of_window"] = order["in_crowds_of_window"].fillna(0).astype("int64")
    order = order.sort_values(
        ["in_crowds_of_window", "membership", "account"], ascending=[False, False, True], ignore_index=True
    )
    return order[["account", "in_crowds_of_window"]], keepers[["account", "identifier"]]


def _crowds(snapshot: Snapshot, keepers: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    if snapshot.has("crowds") and len(keepers):
        numbers = keepers["identifier"].unique().tolist()
        found = _read(snapshot, "crowds", list(CROWDS.names), [("identifier", "in", numbers)])
    else:
        found = pd.DataFrame({name: [] for name in CROWDS.names}).astype(
            {"identifier": "int64", "moment": "datetime64[us]", "accounts": "int64"}
        )
    return found.assign(moment=found["moment"].dt.tz_localize("UTC")).sort_values(
        ["moment", "identifier"], ignore_index=True
    )


def _days(snapshot: Snapshot, asked: Asked, weight: pd.Series, held: Collection[date]) -> tuple[date, date]:
    """First and last of the days that are drawn; ``weight``: day → how much there is to see."""
    import pandas as pd

    run = snapshot.run
    first = max(asked.first or run.window_first, run.window_first)
    last = min(asked.last or run.window_last, run.window_last)
    if first > last:
        raise UsageError(f"no such day is in the window, {run.window_first} to {run.window_last}")
    days = pd.date_range(first, last, freq="D").date
    if len(days) <= MOST_DAYS:
        return first, last
    known = weight.reindex(days).fillna(0)
    there = known.where([day in held for day in days], 0)
    sums = (there if there.any() else known).rolling(MOST_DAYS).sum().dropna().to_numpy()
    # Of several that have as much, the latest.
    start = len(sums) - 1 - int(sums[::-1].argmax())
    return days[start], days[start + MOST_DAYS - 1]


def _moments(snapshot: Snapshot, accounts: list[int], first: date, last: date, events: Events) -> pd.DataFrame:
    """When ``accounts`` begin: ``account``, ``moment``; sessions that began before ``first`` are none of it."""
    import pandas as pd
    import pyarrow as pa

    midnight = datetime.combine(first, time(), UTC).replace(tzinfo=None)
    # Whoever was at work in the last slot of the day before does not begin in the first one of this.
    earlier = first > snapshot.run.window_first
    until = snapshot.run.as_of.astimezone(UTC).replace(tzinfo=None)
    of_day = datetime.combine(last, time.max, UTC).replace(tzinfo=None)
    bounds = {"since": midnight - _SLOT if earlier else midnight, "until": min(until, of_day)}
    with closing(engine.connect(memory_limit=events.settings.memory_limit, threads=events.settings.threads)) as found:
        found.register("account_position", pa.table({"account": accounts, "position": range(len(accounts))}))
        with engine.faults("reading the events of lanes"):
            for table in (EVENTS, SLOTS):
                paths = events.files(table.name, first - timedelta(days=1) if earlier else first, last)
                window.read(found, table, paths).create_view(f"lake_{table.name}")
        found.register(SLOTS.name, engine.arrow(found, "linkage.reading", "lane_slots", bounds))
        begun = beginnings.load(found)
    moments = pd.DataFrame(
        {
            "account": pd.Series(accounts, dtype="int64").take(begun.account).to_numpy(),
            "moment": pd.to_datetime(begun.slot * _MICROSECONDS, unit="us", utc=True).as_unit("us"),
        }
    )
    return moments[moments["moment"] >= pd.Timestamp(midnight, tz="UTC")].reset_index(drop=True)


def _marked(moments: pd.DataFrame, keepers: pd.DataFrame, crowds: pd.DataFrame) -> pd.DataFrame:
    """``moments`` with the ``identifier`` of the schedule that the account keeps, where it is ``in_crowd`` of that."""
    pairs = keepers.merge(crowds[["identifier", "moment"]], on="identifier").drop_duplicates(["account", "moment"])
    found = moments.merge(pairs, on=["account", "moment"], how="left")
    return found.assign(identifier=found["identifier"].astype("Int64"), in_crowd=found["identifier"].notna())


def _read(snapshot: Snapshot, table: str, columns: list[str], filters: list[tuple[str, str, Any]]) -> pd.DataFrame:
    import pyarrow.parquet as parquet

    frame: pd.DataFrame = parquet.read_table(
        snapshot.path(table), columns=columns, filters=filters, partitioning=None
    ).to_pandas()
    return frame
