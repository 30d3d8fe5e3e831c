"""A graph drawn at random, as snapshots: 500,000 accounts, 300,000 identifiers, 5,000,000 relationships, times a scale.

One identifier is used by two accounts of five, a few have thousands, most about ten. Members are in clusters of about
forty, one of them large; half of what a member uses is among what its cluster shares.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from linkage.model.run import RunRecord
from linkage.model.tables import SNAPSHOT_TABLES
from linkage.stores.snapshots import Snapshot, Snapshots

KINDS = ("ip_address", "payment_instrument", "prompt_template")
START = 1_775_000_000_000_000
#: Of all relationships: uses, links; the rest are members.
USES, LINKS = 0.9, 0.08
#: Share of all accounts that are on the one hub, and of all members that are in the largest cluster.
HUB, LARGE = 0.4, 0.05
#: Identifiers that the members of the largest cluster share, and those of every other.
SHARED = (500, 20)
#: Refreshes that follow the first one.
REFRESHES = 5
#: Share of the accounts whose uses say something new in the next refresh.
CHANGED = 0.02

_ARROW = {
    "BIGINT": pa.int64(),
    "INTEGER": pa.int32(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "VARCHAR": pa.string(),
    "VARCHAR[]": pa.list_(pa.string()),
    "TIMESTAMP": pa.timestamp("us"),
    "DATE": pa.date32(),
}


def drawn(scale: float, seed: int) -> dict[str, pa.Table]:
    """Tables of a snapshot; only those that the graph is made of have rows."""
    chance = np.random.default_rng(seed)
    accounts, identifiers, ties = (round(scale * size) for size in (500_000, 300_000, 5_000_000))
    uses, links = round(USES * ties), round(LINKS * ties)
    members = min(accounts, round((1 - USES - LINKS) * ties))
    clusters = max(1, members // 40)
    # The first cluster is large; the others have about forty members.
    large = round(LARGE * members)
    cluster = np.concatenate([np.zeros(large, np.int64), np.arange(members - large) % clusters])
    hub = chance.choice(accounts, round(HUB * accounts), replace=False) * identifiers
    user = chance.integers(accounts, size=round(uses * 1.1))
    # Squared, so that few identifiers have thousands of accounts and most have about ten.
    thing = (identifiers * chance.random(len(user)) ** 2).astype(np.int64)
    # Half of what a member uses is among what its cluster shares.
    inside = np.flatnonzero((user < members) & (chance.random(len(user)) < 0.5))
    of = cluster[user[inside]]
    shared = 97 * of + chance.integers(np.where(of == 0, SHARED[0], SHARED[1]))
    thing[inside] = (shared + identifiers // 2) % identifiers
    pair = np.setdiff1d(user * identifiers + thing, hub)
    pair = np.sort(np.concatenate([hub, chance.permutation(pair)[: uses - len(hub)]]))
    account, identifier = pair // identifiers, pair % identifiers
    degree = np.bincount(identifier, minlength=identifiers)
    seen = np.flatnonzero(degree)
    link = np.unique(chance.integers(accounts * (accounts - 1), size=links))
    left, right = link // (accounts - 1), link % (accounts - 1)
    keep = left < right
    names = np.array([f"c-{number:012x}" for number in range(clusters)])
    kind = np.array(KINDS)[np.arange(identifiers) % 3]
    # What at least two members of a cluster used.
    of_member = account < members
    tied, on = np.unique(cluster[account[of_member]] * identifiers + identifier[of_member], return_counts=True)
    tied, on = tied[on > 1], on[on > 1]
    tied_to, tie = tied // identifiers, tied % identifiers
    worth = chance.random(identifiers)

    def times(size: int) -> dict[str, object]:
        first = START + chance.integers(10**12, size=size)
        return {"first_seen": first, "last_seen": first + chance.integers(10**12, size=size)}

    def some(size: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return chance.integers(1, 1_000, size=size)

    columns: dict[str, dict[str, object]] = {
        "accounts": {
            "account": np.arange(accounts),
            "events": some(accounts),
            "tokens": some(accounts),
            "cost_usd_micros": some(accounts),
            "active_days": some(accounts),
            **times(accounts),
        },
        "identifiers": {
            "identifier": seen,
            "kind": kind[seen],
            "degree": degree[seen],
            "trust": chance.random(len(seen)),
            "bits": worth[seen],
            "hub": degree[seen] > 60,
            "note": [None] * len(seen),
        },
        "sightings": {
            "account": account,
            "identifier": identifier,
            "kind": kind[identifier],
            "events": some(len(pair)),
            "tokens": some(len(pair)),
            "active_days": some(len(pair)) % 90 + 1,
            **times(len(pair)),
        },
        "links": {
            "account_a": left[keep],
            "account_b": right[keep],
            "weight_bits": chance.random(int(keep.sum())),
            "kinds": [["payment_instrument"]] * int(keep.sum()),
        },
        "members": {
            "cluster_id": names[cluster],
            "account": np.arange(members),
            "membership": chance.random(members),
            "role": ["core"] * members,
        },
        "cluster_identifiers": {
            "cluster_id": names[tied_to],
            "identifier": tie,
            "kind": kind[tie],
            "members_on": on,
            "degree": degree[tie],
            "trust": worth[tie],
            "bits": worth[tie],
            "events": some(len(tie)),
            **times(len(tie)),
            "role": np.where(degree[tie] > 60, "discounted", "evidence"),
        },
        "clusters": {
            "cluster_id": names,
            "size": some(clusters),
            "score": chance.random(clusters),
            **{name: chance.random(clusters) for name in ("linkage_score", "abuse_score", "q_value")},
            "tier": [3] * clusters,
            "flagged": [False] * clusters,
            "events": some(clusters),
            "tokens": some(clusters),
            "cost_usd_micros": some(clusters),
            **times(clusters),
            "kinds": [["ip_address"]] * clusters,
            "top_reasons": [["a reason"]] * clusters,
            "lineage": ["new"] * clusters,
        },
    }
    return {table.name: _table(table, columns.get(table.name, {})) for table in SNAPSHOT_TABLES}


def changed(tables: dict[str, pa.Table], seed: int) -> dict[str, pa.Table]:
    """The same a refresh later: 2 % of the accounts were active, and every use of theirs says something new."""
    chance = np.random.default_rng(seed)
    accounts = tables["accounts"].num_rows
    active = np.zeros(accounts, np.bool_)
    active[chance.choice(accounts, round(CHANGED * accounts), replace=False)] = True
    out = dict(tables)
    for name, figure in (("accounts", "events"), ("sightings", "events")):
        table = tables[name]
        more = table[figure].to_numpy() + active[table["account"].to_numpy()]
        out[name] = table.set_column(table.column_names.index(figure), figure, pa.array(more))
    return out


def snapshots(folder: Path, scale: float) -> list[Snapshot]:
    """A first refresh and ``REFRESHES`` that follow."""
    store, tables, made = Snapshots(folder), drawn(scale, 1), []
    for number in range(1, REFRESHES + 2):
        made.append(store.write(record(f"r-{number:012x}"), tables))
        tables = changed(tables, number)
    return made


def record(refresh_id: str) -> RunRecord:
    """What a run of nothing but this graph says of itself."""
    digest = hashlib.sha256(refresh_id.encode()).hexdigest()
    return RunRecord(
        refresh_id=refresh_id,
        parent_refresh_id=None,
        as_of=datetime(2026, 4, 1, tzinfo=UTC),
        window="all",
        window_first=date(2026, 1, 1),
        window_last=date(2026, 4, 1),
        settings={},
        settings_digest=digest,
        input_digest=digest,
        seed=1,
    )


def _table(spec: object, columns: dict[str, object]) -> pa.Table:
    schema = pa.schema([(column.name, _ARROW[column.type]) for column in spec.columns])
    if not columns:
        return schema.empty_table()
    arrays = [pa.array(columns[field.name]).cast(field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)
