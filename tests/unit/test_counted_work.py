"""The work of the event stages and of pairs is counted on a fixed population, and bounded: no seconds are looked at.

A bound that is passed means that somebody reads or writes more than before. Where that is wanted, measure, and set the
bound anew with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage import engine
from linkage.config import Settings
from linkage.evidence import incidence as graph
from linkage.evidence import kernels
from linkage.ingest import ingest
from linkage.refresh import Result, refresh
from linkage.stores.lake import Lake, LakeView
from linkage.synthetic import generate

#: Scans of (about) all the events. One each for addresses that are no dotted quad, the projection, days in hand, keys
#: that occur twice, accepted rows by file, ids in the place of values and the days' sums; four for surrogate ids, one
#: per column of identifiers and one for accounts; six for what is written: events, activity, usage, and sightings of
#: each of three kinds.
PASSES = 17
#: Rows read per event over all statements: the passes, and .7 for surrogate ids and a hash join's second side.
ROWS_READ = 17.9
#: Of that, what a refresh reads of the events themselves (the moments at which accounts begin), plus accounts.
EVENTS_OF_A_REFRESH = 1.1
#: Rows that a refresh reads besides, over those of the daily tables: 6.63, of what it made itself included.
DAILY_ROWS_OF_A_REFRESH = 6.8
#: Bytes in the lake per event, of this population: 57.5 of events, 15 of sightings, 5.6 of usage, 4.7 of activity and
#: 4.4 of identities, which weigh more here than in a population with more days. Threads order rows in their own way.
BYTES = {"events": 60.0, "sightings": 16.0, "usage": 6.0, "activity": 5.1, "identities": 4.8}


@dataclass(frozen=True)
class Counted:
    """What an ingest, and a refresh after it, read."""

    events: int
    lake: LakeView
    ingest: list[engine.Scan]
    refresh: list[engine.Scan]
    found: Result


def counted(root: Path, accounts: int) -> Counted:
    population = generate("mixed", accounts, 7, root / "population", 20)
    with engine.counted() as reading:
        report = ingest(
            [root / "population" / "events"],
            lake=Lake(root / "lake"),
            settings=Settings(),
            key=bytes(32),
            now=datetime(2026, 6, 1, tzinfo=UTC),
        )
    assert report.accepted == population.event_count
    view = Lake(root / "lake").view()
    with engine.counted() as searching:
        found = refresh(view, (), Settings())
    assert isinstance(found, Result)
    return Counted(population.event_count, view, reading, searching, found)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Counted:
    return counted(tmp_path_factory.mktemp("work"), 600)


def rows(scans: list[engine.Scan]) -> int:
    return sum(scan.rows for scan in scans)


def test_ingest_goes_through_the_events_so_often_and_no_more(work: Counted) -> None:
    passes = [scan.statement for scan in work.ingest if scan.rows >= work.events / 2]
    assert len(passes) <= PASSES, sorted(passes)
    assert rows(work.ingest) <= ROWS_READ * work.events


def test_the_counter_sees_what_there_is_to_read(work: Counted) -> None:
    # Without this the bounds would hold when nothing is counted.
    assert rows(work.ingest) >= 10 * work.events
    assert rows(work.refresh) >= work.events
    assert {"stage", "identify", "write_days"} <= {scan.statement for scan in work.ingest}


def check_refresh(done: Counted) -> None:
    """The events once, and the daily tables a few times."""
    of_events = rows([scan for scan in done.refresh if scan.statement == "moments"])
    assert of_events <= EVENTS_OF_A_REFRESH * done.events
    daily = sum(done.lake.rows(table) for table in ("sightings", "activity", "usage"))
    assert rows(done.refresh) - of_events <= DAILY_ROWS_OF_A_REFRESH * daily


def test_a_refresh_goes_through_the_events_once(work: Counted) -> None:
    check_refresh(work)


@pytest.mark.parametrize("table", BYTES)
def test_the_lake_has_so_many_bytes_per_event_and_no_more(work: Counted, table: str) -> None:
    size = sum(entry.size for entry in work.lake.of(table))
    assert 0 < size <= BYTES[table] * work.events


def test_rows_read_grow_as_the_events_do(work: Counted, tmp_path: Path) -> None:
    more = counted(tmp_path, 2_400)
    assert more.events > 1.8 * work.events
    assert rows(more.ingest) / more.events <= 1.02 * rows(work.ingest) / work.events
    check_refresh(more)


@pytest.mark.parametrize("accounts", [1_000, 10_000, 100_000])
def test_an_identifier_of_many_accounts_forms_pairs_by_their_number_and_not_its_square(accounts: int) -> None:
    partners = Settings().evidence.partners
    one = np.zeros(accounts, np.int64)
    hub = graph.build(
        accounts, ("ip_address",), one[:1].astype(np.int8), np.arange(accounts), one, one, one, one + 1, one + 1.0
    )
    first, _ = kernels.form_pairs(
        hub.identifier_start, hub.identifier_edge, hub.edge_account, np.ones(1, np.bool_), partners, 1
    )
    assert accounts <= len(first) <= partners * accounts


def test_an_address_that_everybody_shares_adds_a_row_per_account_and_few_links(work: Counted, tmp_path: Path) -> None:
    source = work.lake.root.parent / "population" / "events"
    table = pa.concat_tables(pq.read_table(path) for path in sorted(source.glob("*.parquet")))
    first = table.group_by("account_id").aggregate([("event_time", "min")])
    shared = pa.table(
        {
            "account_id": first["account_id"],
            "event_time": first["event_time_min"],
            "ip_address": pa.array(["192.0.2.99"] * first.num_rows),
        }
    )
    (tmp_path / "events").mkdir()
    pq.write_table(table, tmp_path / "events/all.parquet")
    pq.write_table(shared, tmp_path / "events/hub.parquet")
    lake = Lake(tmp_path / "lake")
    ingest([tmp_path / "events"], lake=lake, settings=Settings(), key=bytes(32), now=datetime(2026, 6, 1, tzinfo=UTC))
    accounts = first.num_rows
    assert lake.view().rows("sightings") == work.lake.rows("sightings") + accounts
    found = refresh(lake.view(), (), Settings())
    assert isinstance(found, Result)
    pairs = accounts * (accounts - 1) / 2
    more = int(found.run.counts["links"]) - int(work.found.run.counts["links"])
    # Sixteen partners each at most; all pairs would be a hundred and twenty thousand.
    assert more <= 16 * accounts < pairs / 10
