"""Workspaces for tests of the screen: snapshots with clusters of any size, written by the store that serves them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow

from linkage.model.decided import BY_VERDICT
from linkage.model.explanation import NO_FLAG
from linkage.model.kinds import SCHEDULE
from linkage.model.run import RunRecord
from linkage.model.tables import OPTIONAL_TABLES, SNAPSHOT_TABLES, Table
from linkage.stores.layout import Layout
from linkage.stores.snapshots import Snapshots

FIRST = date(2026, 1, 1)
DAYS = 30
KINDS = ("payment_instrument", "prompt_template", "ip_address")
_TYPES = {
    "BIGINT": pyarrow.int64(),
    "INTEGER": pyarrow.int32(),
    "DOUBLE": pyarrow.float64(),
    "VARCHAR": pyarrow.string(),
    "VARCHAR[]": pyarrow.list_(pyarrow.string()),
    "BOOLEAN": pyarrow.bool_(),
    "DATE": pyarrow.date32(),
    "TIMESTAMP": pyarrow.timestamp("us"),
}


@dataclass(frozen=True)
class Spec:
    """A cluster to make. ``base`` keeps its surrogate ids the same from one refresh to the next.

    ``reported``: on whose watch list its first two identifiers are. ``in_step``: how many of its members keep a
    schedule, each with a moment in ten crowds; what that is worth to the cluster is left out.
    ``reported``: on whose watch list its first two identifiers are. ``decided``: the case that keeps its last two
    members in it, and whose own its first identifier was before its first three members came to it. ``held``: why it is
    no flag.
    """

    cluster_id: str
    size: int
    tier: int = 1
    score: float = 0.9
    identifiers: int = 12
    hubs: int = 1
    lineage: str = "new"
    parent: str | None = None
    left_out: int = 2
    reasons: tuple[str, ...] = ("cards rotate over the members", "no private work", "made within three days")
    base: int = 1_000
    days: int = DAYS
    recorded: bool = True
    reported: str = ""
    in_step: int = 0
    decided: str = ""
    held: str = ""


@dataclass
class _Draft:
    rows: dict[str, list[pd.DataFrame]] = field(default_factory=dict)

    def add(self, name: str, **columns: Any) -> None:
        self.rows.setdefault(name, []).append(pd.DataFrame(columns))


def publish(root: Path, refresh_id: str, specs: tuple[Spec, ...], parent: str | None = None) -> None:
    """Write a snapshot of these clusters into the workspace at ``root`` and make it the current one."""
    draft = _Draft()
    for spec in sorted(specs, key=lambda spec: -spec.score):
        _cluster(draft, spec, parent)
    tables = {table.name: _table(table, draft.rows.get(table.name, [])) for table in SNAPSHOT_TABLES}
    tables |= {
        table.name: _table(table, draft.rows[table.name]) for table in OPTIONAL_TABLES if table.name in draft.rows
    }
    last = FIRST + timedelta(days=DAYS - 1)
    run = RunRecord(
        refresh_id=refresh_id,
        parent_refresh_id=parent,
        as_of=datetime(last.year, last.month, last.day, 23, 59, tzinfo=UTC),
        window="30d",
        window_first=FIRST,
        window_last=last,
        settings={"scoring": {"exclusive_share": 0.6}},
        settings_digest="0" * 64,
        input_digest="0" * 64,
        seed=1,
        counts={"clusters": len(specs)},
    )
    Layout(root).create()
    store = Snapshots(root)
    store.write(run, tables)
    store.publish(refresh_id)


def _table(table: Table, frames: list[pd.DataFrame]) -> pyarrow.Table:
    schema = pyarrow.schema([(column.name, _TYPES[column.type]) for column in table.columns])
    if not frames:
        return schema.empty_table()
    frame = pd.concat(frames, ignore_index=True)
    if table.name in {"identifiers", "accounts", "sightings"}:
        frame = frame.drop_duplicates(subset=[name for name in ("account", "identifier") if name in frame])
    return pyarrow.Table.from_pandas(frame[list(table.names)], schema=schema, preserve_index=False)


def _cluster(draft: _Draft, spec: Spec, parent: str | None) -> None:
    random = np.random.default_rng(spec.base)
    accounts = np.arange(spec.base, spec.base + spec.size)
    numbers = np.arange(spec.base + 500_000, spec.base + 500_000 + spec.identifiers + spec.hubs)
    kinds = np.array([KINDS[at % len(KINDS)] for at in range(len(numbers))])
    hub = np.arange(len(numbers)) >= spec.identifiers
    links = _links(random, accounts, numbers, spec)
    on = links.groupby("identifier").agg(members_on=("account", "size"), events=("events", "sum")).reindex(numbers)
    on = on.fillna(0).astype(int)
    start, end = pd.Timestamp(FIRST), pd.Timestamp(FIRST) + pd.Timedelta(days=spec.days)
    one = {"cluster_id": spec.cluster_id}
    draft.add(
        "sightings", **links.to_dict("series"), kind=links["identifier"].map(dict(zip(numbers, kinds, strict=True))),
        tokens=links["events"] * 900, active_days=1, first_seen=start, last_seen=end,
    )  # fmt: skip
    events = links.groupby("account")["events"].sum().reindex(accounts).fillna(1).astype(int).to_numpy()
    draft.add(
        "accounts", account=accounts, events=events, tokens=events * 900, cost_usd_micros=events * 4_000,
        active_days=np.minimum(events, spec.days), first_seen=start, last_seen=end,
    )  # fmt: skip
    degree = on["members_on"].to_numpy() + np.where(hub, 4_000, 1)
    trust = np.where(hub, 0.01, 0.9)
    worth = np.where(hub, 0.05, 6.0 - np.arange(len(numbers)) / len(numbers))
    draft.add(
        "identifiers", identifier=numbers, kind=kinds, degree=degree, trust=trust, bits=worth, hub=hub,
        note=np.where(hub, "on more accounts than the cap", None),
    )  # fmt: skip
    draft.add(
        "cluster_identifiers", **one, identifier=numbers, kind=kinds, members_on=on["members_on"].to_numpy(),
        degree=degree, trust=trust, bits=worth, events=on["events"].to_numpy(), first_seen=start, last_seen=end,
        role=np.where(hub, "discounted", "evidence"),
    )  # fmt: skip
    if spec.reported:
        draft.add(
            "watched", identifier=numbers[:2], kind=kinds[:2], source=spec.reported, accounts=degree[:2],
            reported_first=start, reported_last=None,
        )  # fmt: skip
    if spec.in_step:
        draft.add(
            "sightings", account=accounts[: spec.in_step], identifier=-1, kind=SCHEDULE, events=10, tokens=0,
            active_days=10, first_seen=start, last_seen=end,
        )  # fmt: skip
        draft.add(
            "crowds", identifier=-1, moment=pd.date_range(start + pd.Timedelta(hours=9), periods=10, freq="D"),
            accounts=spec.in_step, expected=1.5,
        )  # fmt: skip
    if spec.decided:
        draft.add("decided", **one, account=accounts[-2:], case_id=spec.decided, stands="kept")
        draft.add(
            "followed", identifier=numbers[:1].repeat(3), kind=kinds[0], case_id=spec.decided, account=accounts[:3],
            new=True, accounts=5, confirmed=2, events=4, first_seen=start, last_seen=end,
        )  # fmt: skip
    membership = np.round(np.linspace(0.99, 0.51, spec.size), 3)
    draft.add(
        "members", **one, account=accounts, membership=membership, role=np.where(membership >= 0.8, "core", "periphery")
    )
    _verdict(draft, spec, parent, int(events.sum()), start, end)
    prior = pd.DataFrame({"account": accounts, "step": "prior", "kind": None, "identifier": None, "bits": -9.0})
    steps = links[["account", "identifier"]].assign(
        step="identifier", kind=links["identifier"].map(dict(zip(numbers, kinds, strict=True))), bits=4.5
    )
    draft.add("account_bits", **one, **pd.concat([prior, steps], ignore_index=True).to_dict("series"))
    if not spec.days:
        return
    days = [FIRST + timedelta(days=at) for at in range(spec.days)]
    wave = np.maximum(1, (np.sin(np.arange(spec.days) / 4) + 1.2) * events.sum() / spec.days / 1.2).astype(int)
    draft.add(
        "timeline", **one, day=days, accounts=np.minimum(spec.size, wave), events=wave, tokens=wave * 900,
        expected_events=events.sum() / max(spec.days, 1) * 1.0,
    )  # fmt: skip


def _links(random: np.random.Generator, accounts: Any, numbers: Any, spec: Spec) -> pd.DataFrame:
    """Each account on its own group's identifiers, some on others, and half of them on the hubs."""
    own = spec.identifiers
    picks = []
    for turn in range(3):
        at = (np.arange(spec.size) * 7 // max(spec.size // max(own // 3, 1), 1) + turn) % own
        stray = random.random(spec.size) < 0.15
        picks.append(np.where(stray, random.integers(0, own, spec.size), at))
    account = np.tile(accounts, 3)
    identifier = numbers[np.concatenate(picks)]
    if spec.hubs:
        half = accounts[::2]
        account = np.concatenate([account, half])
        identifier = np.concatenate([identifier, numbers[own + np.arange(len(half)) % spec.hubs]])
    links = pd.DataFrame({"account": account, "identifier": identifier}).drop_duplicates(ignore_index=True)
    return links.assign(events=random.integers(1, 40, len(links)))


def _verdict(draft: _Draft, spec: Spec, parent: str | None, events: int, start: Any, end: Any) -> None:
    one = {"cluster_id": spec.cluster_id}
    flagged = spec.tier == 1
    draft.add(
        "clusters", **one, size=[spec.size], score=spec.score, linkage_score=7.25, abuse_score=6.5 if flagged else -1.5,
        q_value=0.004, tier=spec.tier, flagged=flagged, events=events, tokens=events * 900 * spec.recorded,
        cost_usd_micros=events * 4_000 * spec.recorded, first_seen=start, last_seen=end, kinds=[list(KINDS[:2])],
        top_reasons=[[
            *spec.reasons,
            *([f"{BY_VERDICT}{spec.decided} keeps 2 in it"] if spec.decided else []),
            *([NO_FLAG + spec.held] if spec.held else []),
        ]],
        lineage=spec.lineage,
    )  # fmt: skip
    draft.add(
        "lineage", **one, event=[spec.lineage], parent_refresh_id=parent if spec.parent else None,
        parent_cluster_id=spec.parent, overlap=0.8 if spec.parent else None,
    )  # fmt: skip
    for name, evidence, points, sentence in (
        ("rotating_cards", "payment", 3.0, spec.reasons[0] if spec.reasons else "cards rotate"),
        ("no_private_work", "work", 2.5, "2% of their exchanges are on prompts of their own; ordinary accounts: 64%"),
        ("one_capability", "taste", 2.0, "81% of exchanges draw on agentic_reasoning; matched ordinary accounts: 12%"),
        ("office_days", "timing", -1.0, "4% of active days fall on a weekend; matched ordinary accounts: 24%"),
    ):
        draft.add(
            "cluster_terms", **one, term=[name], evidence=evidence, observed=0.02, expected=0.64, effect=4.1,
            points=points, sentence=sentence,
        )  # fmt: skip
    if spec.reported:
        draft.add(
            "cluster_terms", **one, term=["watch_list"], evidence="watch_list", observed=2.0, expected=None,
            effect=None, points=1.6, sentence=f"2 identifiers of their own are on the watch list of {spec.reported}",
        )  # fmt: skip
    if spec.decided:
        draft.add(
            "cluster_terms", **one, term=["followers"], evidence="followers", observed=1.0, expected=None, effect=None,
            points=1.0, sentence=f"1 identifier that was the own of case {spec.decided}, confirmed: 3 have come to it",
        )  # fmt: skip
    for at, kind in enumerate(KINDS):
        draft.add(
            "cluster_kinds", **one, kind=[kind], members_tied=max(2, spec.size - 2 * at), bits=6.0 / (at + 1),
            corroborates=at < 2, linkage_score_without=7.25 - 6.0 / (at + 1), members_without=spec.size // (3 - at),
        )  # fmt: skip
    if spec.left_out:
        draft.add(
            "left_out", **one, account=np.arange(spec.base + 400_000, spec.base + 400_000 + spec.left_out),
            membership=0.31, reason="one shared address, and nothing else",
        )  # fmt: skip
    draft.add("null_maxima", replicate=[0], size_class=int(np.log2(max(spec.size, 2))), kind=[None], statistic=0.4)


HOSTILE = "<img src=x onerror=alert(1)> **bold** [link](https://example.com) :red[x] $a$"

USUAL = (
    Spec(
        "c-aaaa000011112222",
        220,
        tier=1,
        score=0.96,
        identifiers=40,
        hubs=3,
        lineage="grew",
        parent="c-aaaa000011112222",
        reported="Lab A",
        in_step=60,
    ),
    Spec(
        "c-bbbb000011112222",
        24,
        tier=2,
        score=0.61,
        base=20_000,
        reasons=("one kind of evidence only: cards", "a second reason", "a third", "a fourth"),
        decided="k-0123456789ab",
        held="what the members do adds 0.1 points, and 0.5 are asked",
    ),
    Spec("c-cccc000011112222", 9, tier=3, score=0.12, base=30_000, hubs=0, left_out=0, reasons=(HOSTILE,)),
    Spec("c-dddd000011112222", 3, tier=3, score=0.02, base=40_000, identifiers=3, hubs=0, reasons=()),
)
