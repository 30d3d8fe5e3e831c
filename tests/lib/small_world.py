"""A workspace with thirty accounts and three clusters, written by hand through the real stores.

``ring`` is run by one operator: cards and addresses rotate over its twelve accounts, on one template. ``office`` is
eight accounts behind one address, linked and benign. ``names`` is five accounts whose names are hostile to whatever
prints them. Five more accounts are on their own; one of them was considered for the ring and left out.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from linkage import Workspace
from linkage.model.run import RunRecord
from linkage.model.tables import IDENTITIES, SNAPSHOT_TABLES
from linkage.stores.lake import Lake
from linkage.stores.snapshots import Snapshots
from linkage.workspace.home import Home

RING, OFFICE, NAMES = "c-a1a1a1a1a1a1", "c-b2b2b2b2b2b2", "c-c3c3c3c3c3c3"
HOSTILE = ("=cmd|' /C calc'!A0", 'quote"and,comma', "\u202eltr.exe", "'; DROP TABLE members; --", "{{7*7}}<script>é")
RING_ACCOUNTS = tuple(f"ring-{number:02}" for number in range(1, 13))
OFFICE_ACCOUNTS = tuple(f"office-{number:02}" for number in range(1, 9))
LONERS = tuple(f"loner-{number:02}" for number in range(1, 6))
ACCOUNTS = (*RING_ACCOUNTS, *OFFICE_ACCOUNTS, *HOSTILE, *LONERS)

START = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 20
N = len(ACCOUNTS)

CARDS = ("fp_ring_card_0001", "fp_ring_card_0002", "fp_ring_card_0003")
ADDRESSES = ("198.51.100.10", "198.51.100.11", "203.0.113.7", "2001:db8:0:7::1")
TEMPLATE = "tpl_ring\r\nsecond line"
OFFICE_ADDRESS, NAMES_ADDRESS, HUB = "192.0.2.55", "192.0.2.80", "100.64.0.1"

ARROW = {
    "BIGINT": pa.int64(),
    "INTEGER": pa.int32(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "VARCHAR": pa.string(),
    "VARCHAR[]": pa.list_(pa.string()),
    "TIMESTAMP": pa.timestamp("us"),
    "DATE": pa.date32(),
}


def _uses() -> dict[str, list[tuple[str, str]]]:
    """Account → (kind, value) of what it used."""
    uses: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for position, account in enumerate(RING_ACCOUNTS):
        uses[account] += [
            ("payment_instrument", CARDS[position % 3]),
            ("ip_address", ADDRESSES[position % 4]),
            ("ip_address", ADDRESSES[(position + 1) % 4]),
            ("prompt_template", TEMPLATE),
            ("ip_address", HUB),
        ]
    for account in OFFICE_ACCOUNTS:
        uses[account].append(("ip_address", OFFICE_ADDRESS))
    for account in HOSTILE:
        uses[account] += [("ip_address", NAMES_ADDRESS), ("payment_instrument", "fp_names_card_77")]
    for account in LONERS:
        uses[account] += [("ip_address", f"203.0.113.{100 + LONERS.index(account)}"), ("ip_address", HUB)]
    uses[LONERS[0]].append(("ip_address", ADDRESSES[0]))
    return uses


USES = _uses()
VALUES = tuple(dict.fromkeys(use for account in ACCOUNTS for use in USES[account]))
#: Surrogate ids: accounts from 1, identifiers from 1001.
ACCOUNT_ID = {account: number for number, account in enumerate(ACCOUNTS, start=1)}
IDENTIFIER_ID = {use: number for number, use in enumerate(VALUES, start=1001)}


@dataclass(frozen=True)
class World:
    """Where the workspace lies, and the tables its snapshot was written from."""

    path: Path
    workspace: Workspace
    refresh_id: str
    tables: dict[str, pa.Table]


def build(path: Path, refresh_id: str = "r-000000000001") -> World:
    """Make the workspace at ``path`` with one published snapshot."""
    home = Home(path, None)
    home.create()
    write_identities(home.layout.lake)
    tables = snapshot_tables()
    publish(path, refresh_id, tables)
    return World(path, Workspace(path), refresh_id, tables)


def publish(
    path: Path, refresh_id: str, tables: dict[str, pa.Table], parent: str | None = None, *, current: bool = True
) -> None:
    """Write another snapshot, and make it current unless told otherwise."""
    casework = Home(path, None).casework_to_write()
    head, length = casework.audit_head()
    snapshots = Snapshots(path)
    snapshots.write(
        replace(run_record(refresh_id, parent), audit_head=head, audit_length=length, counts={"clusters": 3}), tables
    )
    if current:
        snapshots.publish(refresh_id)
    casework.record_run(
        verb="refresh",
        status="new",
        refresh_id=refresh_id,
        started_at=START,
        finished_at=START + timedelta(seconds=1),
        actor="tester",
        timings={"total": 1.0},
        counts={"clusters": 3},
    )


def run_record(refresh_id: str, parent: str | None = None) -> RunRecord:
    """A record as a refresh would hand over."""
    return RunRecord(
        refresh_id=refresh_id,
        parent_refresh_id=parent,
        as_of=START + timedelta(days=DAYS, microseconds=250_000),
        window="90d",
        window_first=date(2025, 12, 22),
        window_last=date(2026, 3, 21),
        settings={"seed": 1},
        settings_digest=hashlib.sha256(b"settings").hexdigest(),
        input_digest=hashlib.sha256(refresh_id.encode()).hexdigest(),
        seed=1,
    )


def write_identities(lake: Path, without: tuple[str, ...] = ()) -> None:
    """Write the table of raw values into the lake; accounts in ``without`` are purged."""
    rows: list[dict[str, Any]] = [
        {"kind": "account", "id": number, "value": account, "prefix": None, "private": None}
        for account, number in ACCOUNT_ID.items()
        if account not in without
    ]
    for (kind, value), number in IDENTIFIER_ID.items():
        rows.append({"kind": kind, "id": number, "value": value, "prefix": None, "private": None})
    with Lake(lake).begin() as writing:
        prepared = writing.folder / "identities.parquet"
        pq.write_table(table_of(IDENTITIES.columns, rows), prepared)
        writing.drop(writing.pending("identities"))
        writing.place("identities", prepared)
        writing.commit(next_id=2000)


def snapshot_tables() -> dict[str, pa.Table]:
    """Every table of a snapshot, in agreement with each other."""
    on: dict[tuple[str, str], list[str]] = defaultdict(list)
    for account in ACCOUNTS:
        for use in USES[account]:
            on[use].append(account)
    members = {
        **dict.fromkeys(RING_ACCOUNTS, (RING, 0.97, "core")),
        **dict.fromkeys(OFFICE_ACCOUNTS, (OFFICE, 0.8, "core")),
        **dict.fromkeys(HOSTILE, (NAMES, 0.9, "core")),
        RING_ACCOUNTS[-1]: (RING, 0.4, "periphery"),
    }
    first, last = START.replace(tzinfo=None), (START + timedelta(days=DAYS)).replace(tzinfo=None)
    rows: dict[str, list[dict[str, Any]]] = {table.name: [] for table in SNAPSHOT_TABLES}
    for account, number in ACCOUNT_ID.items():
        events = 100 * len(USES[account])
        rows["accounts"].append(
            _row(account=number, events=events, tokens=events * 50, cost_usd_micros=events * 7, active_days=DAYS,
                 first_seen=first, last_seen=last)
        )  # fmt: skip
        for use in USES[account]:
            rows["sightings"].append(
                _row(account=number, identifier=IDENTIFIER_ID[use], kind=use[0], events=100, tokens=5000,
                     active_days=DAYS, first_seen=first, last_seen=last)
            )  # fmt: skip
    worth = {}
    for use, accounts in on.items():
        degree = len(accounts)
        worth[use] = round(math.log2(N / degree), 3)
        if degree > 1:
            rows["identifiers"].append(
                _row(identifier=IDENTIFIER_ID[use], kind=use[0], degree=degree, trust=round(1 / degree, 3),
                     bits=worth[use], hub=use[1] == HUB, note="shared by unrelated accounts" if use[1] == HUB else None)
            )  # fmt: skip
    for first_account, second_account in pairwise(RING_ACCOUNTS):
        rows["links"].append(
            _row(account_a=ACCOUNT_ID[first_account], account_b=ACCOUNT_ID[second_account], weight_bits=4.5,
                 kinds=["ip_address", "prompt_template"])
        )  # fmt: skip
    for account, (cluster, membership, role) in members.items():
        rows["members"].append(_row(cluster_id=cluster, account=ACCOUNT_ID[account], membership=membership, role=role))
        rows["account_bits"].append(_step(cluster, account, "prior", None, -4.5))
        for use in USES[account]:
            rows["account_bits"].append(_step(cluster, account, "identifier", use, worth[use]))
            if use[1] == HUB:
                rows["account_bits"].append(_step(cluster, account, "discount", use, -worth[use]))
    rows["left_out"].append(
        _row(cluster_id=RING, account=ACCOUNT_ID[LONERS[0]], membership=0.2, reason="one tie, and work of its own")
    )
    rows["account_bits"] += [
        _step(RING, LONERS[0], "prior", None, -4.5),
        _step(RING, LONERS[0], "identifier", ("ip_address", ADDRESSES[0]), worth[("ip_address", ADDRESSES[0])]),
        _step(RING, LONERS[0], "absence", None, -1.25),
    ]
    terms = {
        RING: (("rotating_cards", "payment", 4.0), ("one_template", "content", 2.5), ("small_size", "against", -0.5)),
        OFFICE: (("one_site", "against", -3.0),),
        NAMES: (("young_accounts", "account", 0.75),),
    }
    for cluster, score, tier, kinds in (
        (RING, 0.98, 1, ["ip_address", "payment_instrument", "prompt_template"]),
        (NAMES, 0.41, 2, ["ip_address", "payment_instrument"]),
        (OFFICE, 0.05, 3, ["ip_address"]),
    ):
        inside = [account for account, (of, _, _) in members.items() if of == cluster]
        events = sum(100 * len(USES[account]) for account in inside)
        points = sum(term[2] for term in terms[cluster])
        rows["clusters"].append(
            _row(cluster_id=cluster, size=len(inside), score=score, linkage_score=6.25, abuse_score=points,
                 q_value=0.001 if tier < 3 else 0.04, tier=tier, flagged=tier == 1, events=events, tokens=events * 50,
                 cost_usd_micros=events * 7, first_seen=first, last_seen=last, kinds=kinds,
                 top_reasons=[f"{name.replace('_', ' ')} ({value:+})" for name, _, value in terms[cluster]],
                 lineage="new")
        )  # fmt: skip
        for name, evidence, value in terms[cluster]:
            rows["cluster_terms"].append(
                _row(cluster_id=cluster, term=name, evidence=evidence, observed=1.0, expected=0.5, effect=value * 2,
                     points=value, sentence=f"{name} is worth {value:+} points")
            )  # fmt: skip
        for kind in kinds:
            rows["cluster_kinds"].append(
                _row(cluster_id=cluster, kind=kind, members_tied=len(inside), bits=2.0, corroborates=True,
                     linkage_score_without=4.25, members_without=len(inside) - 1)
            )  # fmt: skip
        for use, accounts in on.items():
            here = [account for account in accounts if account in inside]
            if len(here) > 1:
                rows["cluster_identifiers"].append(
                    _row(cluster_id=cluster, identifier=IDENTIFIER_ID[use], kind=use[0], members_on=len(here),
                         degree=len(accounts), trust=0.9, bits=worth[use], events=100 * len(here), first_seen=first,
                         last_seen=last, role="discounted" if use[1] == HUB else "evidence")
                )  # fmt: skip
        rows["lineage"].append(
            _row(cluster_id=cluster, event="new", parent_refresh_id=None, parent_cluster_id=None, overlap=None)
        )
        for day in range(DAYS):
            rows["timeline"].append(
                _row(cluster_id=cluster, day=(START + timedelta(days=day)).date(), accounts=len(inside),
                     events=events // DAYS, tokens=events // DAYS * 50, expected_events=events / DAYS)
            )  # fmt: skip
    rows["null_maxima"] = [
        _row(replicate=number, size_class=3, kind=None, statistic=1.5 + number) for number in range(3)
    ]
    return {table.name: table_of(table.columns, rows[table.name]) for table in SNAPSHOT_TABLES}


def _step(cluster: str, account: str, step: str, use: tuple[str, str] | None, bits: float) -> dict[str, Any]:
    return _row(
        cluster_id=cluster,
        account=ACCOUNT_ID[account],
        step=step,
        kind=use[0] if use else None,
        identifier=IDENTIFIER_ID[use] if use else None,
        bits=bits,
    )


def _row(**values: Any) -> dict[str, Any]:
    return values


def table_of(columns: Any, rows: list[dict[str, Any]]) -> pa.Table:
    schema = pa.schema([(column.name, ARROW[column.type]) for column in columns])
    return pa.Table.from_pylist(rows, schema=schema)
