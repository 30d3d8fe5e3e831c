"""Which events count: the window ends with as_of's day, and that day is cut."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from linkage import Workspace
from linkage.errors import UsageError
from tests.lib.refreshed import events, refreshed, taken_in

NAME = "proxy_pool"
#: The middle of a busy day of the fixture, and its first day.
AS_OF = datetime(2026, 1, 20, 13, 30, tzinfo=UTC)
FIRST = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Everything is in; each test refreshes as it needs."""
    return taken_in(tmp_path_factory.mktemp("windows") / "w", NAME)


@pytest.fixture(scope="module")
def then(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """As if nothing after as_of had been taken in."""
    folder = tmp_path_factory.mktemp("then")
    return taken_in(folder / "w", NAME, up_to(AS_OF, folder))


def up_to(moment: datetime, folder: Path, *, since: datetime = FIRST) -> Path:
    table = events(NAME)
    time = table["event_time"]
    inside = pc.and_(
        pc.less_equal(time, pa.scalar(moment, type=time.type)), pc.greater_equal(time, pa.scalar(since, type=time.type))
    )
    path = folder / "events.parquet"
    pq.write_table(table.filter(inside), path)
    return path


def figures(workspace: Workspace) -> list[tuple[object, ...]]:
    """What the lists say, but for ids, which name the refresh."""
    members = workspace.members()
    rank = {cluster: at for at, cluster in enumerate(workspace.clusters()["cluster_id"])}
    columns = ["account_id", "membership", "role", "cluster_score", "q_value", "tier", "flagged"]
    rows = [tuple(row) for row in members[columns].itertuples(index=False)]
    return [(rank[cluster], *row) for cluster, row in zip(members["cluster_id"], rows, strict=True)]


@pytest.mark.parametrize("window", ["all", "7d", "1d"])
def test_as_of_gives_what_was_known_then(whole: Workspace, then: Workspace, window: str) -> None:
    whole.refresh(as_of=AS_OF, window=window)
    then.refresh(as_of=AS_OF, window=window)
    assert figures(whole) == figures(then)
    here, there = whole.snapshot(), then.snapshot()
    for table in ("accounts", "identifiers", "sightings", "clusters", "members"):
        assert here.table(table).num_rows == there.table(table).num_rows, table
    assert here.table("accounts")["events"].to_pylist() == there.table("accounts")["events"].to_pylist()


def test_seven_days_are_the_utc_days_that_end_with_the_last_event(whole: Workspace, tmp_path: Path) -> None:
    whole.refresh(window="7d")
    run = whole.snapshot().run
    last = max(events(NAME)["event_time"].to_pylist())
    assert (run.as_of, run.window_last) == (last, last.date())
    assert run.window_first == last.date() - timedelta(days=6)
    since = datetime.combine(run.window_first, datetime.min.time(), tzinfo=UTC)
    week = taken_in(tmp_path / "w", NAME, up_to(last, tmp_path, since=since))
    week.refresh(window="all")
    assert figures(whole) == figures(week)
    seen = whole.snapshot().table("accounts")["first_seen"].to_pylist()
    assert min(seen).date() >= run.window_first


def test_a_window_longer_than_the_data_holds_all_of_it(
    whole: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    whole.refresh(window="90d")
    assert figures(whole) == figures(refreshed(tmp_path_factory, NAME))


def test_as_of_after_the_last_event_holds_all_of_it(whole: Workspace) -> None:
    later = datetime(2026, 2, 20, tzinfo=UTC)
    whole.refresh(as_of=later, window="90d")
    snapshot = whole.snapshot()
    assert snapshot.run.as_of == later
    assert snapshot.table("accounts").num_rows == len(set(events(NAME)["account_id"].to_pylist()))


def test_as_of_in_another_zone_is_the_same_moment(whole: Workspace) -> None:
    first = whole.refresh(as_of=AS_OF, window="10d")
    second = whole.refresh(as_of=AS_OF.astimezone(timezone(timedelta(hours=5, minutes=30))), window="10d")
    assert (second.status, second.refresh_id) == ("unchanged", first.refresh_id)


@pytest.mark.parametrize("window", ["", "0d", "7", "d", "-3d", "1.5d", "7D", "all ", "123456d"])
def test_a_malformed_window_is_refused(whole: Workspace, window: str) -> None:
    with pytest.raises(UsageError):
        whole.refresh(window=window)


@pytest.mark.parametrize(
    ("as_of", "window"),
    [
        (datetime(2025, 6, 1, tzinfo=UTC), "all"),
        (FIRST, "all"),
        (datetime(2026, 1, 20, 12), "all"),  # noqa: DTZ001 - a naive time is what is refused
        (datetime(2026, 6, 1, tzinfo=UTC), "7d"),
    ],
    ids=["before the first day", "before the first event of its day", "naive", "long after the last event"],
)
def test_a_window_without_an_event_is_refused(whole: Workspace, as_of: datetime, window: str) -> None:
    with pytest.raises(UsageError):
        whole.refresh(as_of=as_of, window=window)
