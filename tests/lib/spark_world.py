"""A population with every scenario and every fault, by both ways: ingested here, and aggregated on Spark."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from linkage import Workspace
from linkage.synthetic import SCENARIOS, generate
from linkage.synthetic.write import EVENT_SCHEMA

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from linkage.spark.aggregate import Aggregated

#: Accounts and days of each scenario: enough for clusters, and few enough files for a test.
ACCOUNTS, DAYS = 300, 14
NOW = datetime(2026, 6, 1, tzinfo=UTC)
CARD, PROMPT = "4111 1111 1111 1111", "Translate order 4711 for kim@example.org, secret-word"


@dataclass(frozen=True)
class World:
    """The same events by both ways: ``embedded`` and ``aggregated`` are refreshed workspaces."""

    events: Path
    output: Path
    done: Aggregated
    embedded: Workspace
    aggregated: Workspace


def odd_rows() -> pa.Table:
    """Rows of every fate, with columns that the other files do not have."""
    at = datetime(2026, 1, 3, 12, tzinfo=UTC)

    def row(event_id: str | None, account: str, **more: object) -> dict[str, object]:
        return {"event_id": event_id, "account_id": account, "event_time": at, "ip_address": "192.0.2.7", **more}

    rows = [
        row("a", "odd-1", prompt=PROMPT, ip_address="2001:DB8:0::1", asn=64500, country="de"),
        row("b", "odd-2", prompt=PROMPT.upper(), ip_address="::ffff:192.0.2.1", country="DE", device_id="device-9"),
        row("c", "odd-3", payment_instrument="tok_1"),
        row("c", "odd-3", payment_instrument="tok_1"),
        row("c", "odd-4", payment_instrument="tok_2"),
        row("c", "odd-5", payment_instrument="tok_3"),
        row(None, "odd-6", input_tokens=2**62, output_tokens=2**62, cost_usd_micros=-5),
        row(None, "odd-6", input_tokens=2**62, output_tokens=2**62, cost_usd_micros=-5),
        row("d", "odd-7", payment_instrument=CARD),
        row("e", "odd-8", ip_address="300.1.2.3"),
        row("f", "odd-9", input_tokens=-1),
        row("g", "odd-10", country="Germany"),
        row("h", "odd\x07"),
        row("i", "x" * 257),
        row("j", ""),
        row("k", "odd-11", event_type="unheard-of"),
        {**row("l", "odd-12"), "event_time": datetime(2299, 1, 1, tzinfo=UTC)},
        {**row("m", "odd-13"), "event_time": None},
        {**row("n", "odd-14"), "event_time": datetime(2026, 1, 3, 23, 59, 59, 999_999, tzinfo=UTC)},
        {**row("n", "odd-14"), "event_time": datetime(2026, 1, 4, tzinfo=UTC)},
    ]
    more = [("prompt", pa.string()), ("device_id", pa.string()), ("api_key_id", pa.string())]
    return pa.Table.from_pylist(rows, pa.schema([*EVENT_SCHEMA, *more]))


def make(spark: SparkSession, root: Path) -> World:
    """Every scenario, a file of odd rows and some of them again, by both ways, in the folder ``root``."""
    from linkage.spark.aggregate import aggregate

    events = root / "events"
    events.mkdir()
    for seed, scenario in enumerate(SCENARIOS):
        generate(scenario, ACCOUNTS, seed, root / scenario, DAYS)
        for number, path in enumerate(sorted((root / scenario / "events").glob("*.parquet"))):
            path.rename(events / f"{scenario}-{number}.parquet")
    pq.write_table(odd_rows(), events / "odd.parquet", row_group_size=7)
    pq.write_table(odd_rows().slice(2, 6), events / "odd-again.parquet")
    embedded, aggregated = Workspace(root / "embedded"), Workspace(root / "aggregated")
    embedded.ingest(events)
    key = (root / "embedded" / "secret.key").read_bytes()
    output = root / "output"
    done = aggregate(spark, [str(events)], str(output), key=key, now=NOW)
    aggregated.ingest(output)
    for workspace in (embedded, aggregated):
        workspace.refresh()
    return World(events, output, done, embedded, aggregated)
