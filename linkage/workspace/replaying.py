"""A workspace's days lived through again, in a folder of their own: what would have been found when."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from linkage.errors import NoSnapshot, UsageError
from linkage.model.allowed import allowed
from linkage.model.progress import Progress, ProgressSink
from linkage.stores.snapshots import Snapshots
from linkage.workspace.home import now

if TYPE_CHECKING:
    import pandas

    from linkage.evaluation.replay import Day, Replay
    from linkage.stores.lake import LakeView
    from linkage.stores.snapshots import Snapshot
    from linkage.workspace.home import Home

#: The last moment of a day that a time can state.
_LAST_MOMENT = time.max


def replay(
    home: Home, truth: pandas.DataFrame, first: date | None, step: int, window: str, progress: ProgressSink | None
) -> Replay:
    """See :meth:`linkage.workspace.measuring.Measurements.replay`."""
    import linkage.refresh
    from linkage.evaluation import replay as measuring

    home.layout.check()
    view = home.lake.view()
    days = [day for day in view.days() if first is None or day >= first]
    if not view.days():
        raise NoSnapshot("nothing was ingested yet")
    if not days:
        raise UsageError("no event was accepted from that day on")
    ends = [days[0] + timedelta(days=at) for at in range(0, (days[-1] - days[0]).days + 1, step)]
    casework = home.casework()
    benign = allowed(casework.allowed(), now()) if casework is not None else linkage.refresh.NOTHING_ALLOWED
    told: list[Day] = []
    with tempfile.TemporaryDirectory(prefix="linkage-replay-") as folder, home.detecting() as partition:
        known = _without_status(view, Path(folder))
        snapshots = Snapshots(Path(folder))
        for at, day in enumerate(ends):
            if progress is not None:
                progress(Progress("living through the days again", at, len(ends), "refreshes"))
            moment = datetime.combine(day, _LAST_MOMENT, UTC)
            result = linkage.refresh.refresh(
                known.until(day),
                snapshots.ancestors(),
                home.settings,
                moment,
                window,
                allowed=benign,
                partition=partition,
            )
            if isinstance(result, linkage.refresh.Result):
                snapshots.publish(snapshots.write(result.run, result.tables).refresh_id)
                snapshots.prune(home.settings.snapshots.keep, ())
            told.append(_told(day, snapshots.ancestors()[0]))
    return measuring.replay(told, _by_surrogate(home, truth), _activity(view, ends[-1]))


def _without_status(view: LakeView, folder: Path) -> LakeView:
    """``view`` without the states of accounts: they are of today, and would give away who was closed later."""
    import pyarrow
    import pyarrow.parquet as parquet

    from linkage.model.tables import ACCOUNTS
    from linkage.stores.files import sha256_of

    entries = []
    for number, entry in enumerate(view.entries):
        if entry.table == ACCOUNTS.name:
            table = parquet.read_table(view.root / entry.path, partitioning=None)
            at = table.schema.get_field_index("status")
            path = folder / f"{ACCOUNTS.name}-{number}.parquet"
            parquet.write_table(table.set_column(at, "status", pyarrow.nulls(table.num_rows, pyarrow.string())), path)
            entry = replace(entry, path=str(path), sha256=sha256_of(path), size=path.stat().st_size)
        entries.append(entry)
    return replace(view, entries=tuple(entries))


def _told(day: date, snapshot: Snapshot) -> Day:
    from linkage.evaluation.replay import Day

    clusters = snapshot.table("clusters").select(["cluster_id", "flagged"]).to_pandas()
    members = snapshot.table("members").select(["cluster_id", "account", "membership"]).to_pandas()
    flagged = members["cluster_id"].isin(clusters.loc[clusters["flagged"], "cluster_id"]) & (
        members["membership"] >= 0.5
    )
    return Day(day, snapshot.run.window_first, members[["account", "cluster_id"]].assign(flagged=flagged))


def _by_surrogate(home: Home, truth: pandas.DataFrame) -> pandas.DataFrame:
    """``truth`` with ``account``, the surrogate id, in place of ``account_id``; without accounts that have no event."""
    from linkage.reading.source import ask

    with ask(None, home.identities(), home.settings.engine, ()) as questions:
        values = truth["account_id"].astype(str).tolist()
        rows = questions.rows("lookup_values", {"values": values, "ids": []})
    number = {row["value"]: row["id"] for row in rows if row["kind"] == "account"}
    account = truth["account_id"].astype(str).map(number)
    return truth.assign(account=account)[account.notna()].astype({"account": "int64"})


def _activity(view: LakeView, last: date) -> pandas.DataFrame:
    """Account, day and events, up to ``last``."""
    import pyarrow
    import pyarrow.parquet as parquet

    schema = pyarrow.schema([("account", pyarrow.int64()), ("day", pyarrow.date32()), ("events", pyarrow.int64())])
    files = view.files("activity", None, last)
    tables = [parquet.read_table(file, columns=schema.names, partitioning=None).cast(schema) for file in files]
    table = pyarrow.concat_tables([schema.empty_table(), *tables])
    days = table.group_by(["account", "day"]).aggregate([("events", "sum")])
    frame: pandas.DataFrame = days.rename_columns(["account", "day", "events"]).to_pandas()
    return frame
