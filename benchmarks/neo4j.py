"""``python -m benchmarks.neo4j``: publishing into Neo4j servers of our own, beside a bare loop of the same rows.

The graph is drawn at random: 500,000 accounts, 300,000 identifiers and 5,000,000 relationships, times ``--scale``. The
driver's publication and the bare loop go to two new servers in turns, batch by batch, so that whatever else the machine
does meets both. Needs Java 17 and Maven.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
from neo4j import GraphDatabase

from benchmarks import results
from benchmarks.processes import say
from linkage.config import EngineSettings
from linkage.model.progress import Progress
from linkage.model.run import RunRecord
from linkage.model.tables import SNAPSHOT_TABLES
from linkage.stores.neo4j.bulk import fill
from linkage.stores.neo4j.changes import changes
from linkage.stores.neo4j.connection import connect
from linkage.stores.neo4j.graph import labels
from linkage.stores.neo4j.local import LocalServer
from linkage.stores.neo4j.publishing import Publisher
from linkage.stores.snapshots import Snapshot, Snapshots

ENGINE = EngineSettings()
WORKSPACE = "benchmark"
KINDS = ("ip_address", "payment_instrument", "prompt_template")
START = 1_775_000_000_000_000
ROWS = 10_000
#: Of all relationships: uses, links; the rest are members.
USES, LINKS = 0.9, 0.08
#: Share of all accounts that are on the one hub, and of all members that are in the largest cluster.
HUB, LARGE = 0.4, 0.05
#: Identifiers that the members of the largest cluster share, and those of every other.
SHARED = (500, 20)
#: Bars: relationships a second of the import; the driver's rate over the bare loop's; a refresh that changed 2 % of the
#: edges over a first publication.
BAR_IMPORT, BAR_BARE, BAR_CHANGE = 40_000.0, 0.8, 0.05
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

#: The bare loop: the same nodes, relationships and properties, written as plainly as Cypher allows.
_TIME = "datetime({{epochSeconds: row[{0}] / 1000000, nanosecond: row[{0}] % 1000000 * 1000}})".format
_BARE = {
    "account": "CREATE (:Account {account: row[0], events: row[1], tokens: row[2], cost_usd_micros: row[3], "
    f"active_days: row[4], first_seen: {_TIME(5)}, last_seen: {_TIME(6)}, valid_from: 1}})",
    "identifier": "CREATE (i:Identifier {identifier: row[0], kind: row[1], degree: row[2], trust: row[3], "
    "bits: row[4], hub: row[5], note: row[6], valid_from: 1}) SET i:$($labels[row[1]])",
    "cluster": "CREATE (:Cluster {cluster_id: row[0], rank: row[1], size: row[2], score: row[3], "
    "linkage_score: row[4], abuse_score: row[5], q_value: row[6], tier: row[7], flagged: row[8], events: row[9], "
    f"tokens: row[10], cost_usd_micros: row[11], first_seen: {_TIME(12)}, last_seen: {_TIME(13)}, kinds: row[14], "
    "top_reasons: row[15], lineage: row[16], valid_from: 1})",
    "used": "MATCH (a:Account {account: row[0]}) MATCH (b:Identifier {identifier: row[1]}) "
    f"CREATE (a)-[:USED {{count: row[2], active_days: row[3], first_seen: {_TIME(4)}, last_seen: {_TIME(5)}, "
    "valid_from: 1}]->(b)",
    "linked": "MATCH (a:Account {account: row[0]}) MATCH (b:Account {account: row[1]}) "
    "CREATE (a)-[:LINKED {weight_bits: row[2], kinds: row[3], valid_from: 1}]->(b)",
    "member_of": "MATCH (a:Account {account: row[0]}) MATCH (b:Cluster {cluster_id: row[1]}) "
    "CREATE (a)-[:MEMBER_OF {membership: row[2], role: row[3], valid_from: 1}]->(b)",
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
    """A first refresh and two that follow."""
    store, tables, made = Snapshots(folder), drawn(scale, 1), []
    for number in range(1, 4):
        made.append(store.write(_record(f"r-{number:012x}"), tables))
        tables = changed(tables, number)
    return made


class Bare:
    """The loop to compare with: one writer, managed transactions, rows that are in memory already."""

    def __init__(self, server: LocalServer, snapshot: Snapshot, stack: ExitStack) -> None:
        access = server.access
        self._driver = stack.enter_context(closing(GraphDatabase.driver(access.uri, auth=("neo4j", access.password))))
        self.seconds, self.rows = 0.0, 0
        with changes(snapshot, None, ENGINE, lambda _stage: None) as found:
            self._labels = labels(found.kinds())
            self._batches = [
                (_BARE[step.part.name], rows) for step in found.steps for rows in found.batches(step, 0, ROWS)
            ]
        self._next = iter(self._batches)

    def batch(self) -> None:
        """Write the next batch."""
        text, rows = next(self._next)
        started = time.perf_counter()
        with self._driver.session(database="neo4j") as session:
            session.execute_write(
                lambda transaction: transaction.run(
                    f"UNWIND $rows AS row {text}", rows=rows, labels=self._labels
                ).consume()
            )
        self.seconds += time.perf_counter() - started
        self.rows += len(rows)


def by_driver(server: LocalServer, made: list[Snapshot], bare: Bare) -> Iterator[tuple[str, int, float]]:
    """(what, rows, seconds) of a first publication and of two refreshes that changed 2 % of the uses."""

    def turn(progress: Progress) -> None:
        if progress.stage == "publishing":
            bare.batch()

    kept = {snapshot.refresh_id: snapshot for snapshot in made}
    with connect(server.access) as store:
        publisher = Publisher(store, WORKSPACE, ENGINE, ROWS)
        started = time.perf_counter()
        report = replace(publisher, progress=turn).publish(made[0], kept.__getitem__)
        yield "first publication, driver", report.rows, time.perf_counter() - started - bare.seconds
        for number, snapshot in enumerate(made[1:], start=1):
            started = time.perf_counter()
            report = publisher.publish(snapshot, kept.__getitem__)
            yield f"refresh {number} that changed 2 %, driver", report.rows, time.perf_counter() - started
        assert publisher.status(made[-1]).in_step


def by_import(server: LocalServer, snapshot: Snapshot) -> tuple[int, int, float, float]:
    """Rows, relationships, seconds of the import, and seconds until the started server has its indexes."""
    started = time.perf_counter()
    counts = fill(server, WORKSPACE, snapshot, ENGINE, None)
    filled = time.perf_counter()
    server.start()
    with connect(server.access) as store:
        publisher = Publisher(store, WORKSPACE, ENGINE, ROWS)
        assert publisher.publish(snapshot, {}.__getitem__).status == "unchanged"
        indexed = time.perf_counter()
        assert publisher.status(snapshot).in_step
    ties = sum(counts[part] for part in ("used", "linked", "member_of"))
    return sum(counts.values()), ties, filled - started, indexed - filled


def main(arguments: list[str] | None = None) -> int:
    """Measure, print and keep one run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.neo4j", description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0, help="1 is 5,000,000 relationships (default)")
    parser.add_argument("--only", choices=("import", "driver"), help="one of the two ways")
    parser.add_argument("--results", type=Path, default=results.RESULTS)
    options = parser.parse_args(arguments)
    lines: list[tuple[str, int, float, str]] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="linkage-neo4j-")))
        say("drawing")
        made = snapshots(folder / "workspace", options.scale)
        if options.only != "driver":
            say("bulk import")
            server = LocalServer(folder / "imported", memory="1g")
            stack.callback(server.kill)
            rows, ties, seconds, after = by_import(server, made[0])
            lines.append(("first fill, import", rows, seconds, f"{ties / seconds:,.0f} relationships/s"))
            lines.append(("… start and indexes", 0, after, ""))
            server.kill()
        if options.only != "import":
            say("driver and bare loop, in turns")
            servers = [LocalServer(folder / name, memory="1g") for name in ("published", "bare")]
            for each in servers:
                stack.callback(each.kill)
                each.start()
            with connect(servers[1].access) as store:
                for name in ("account", "identifier", "cluster", "used_closed", "used_last_seen", "linked_closed"):
                    store.change(f"schema/{name}")
            bare = Bare(servers[1], made[0], stack)
            first = 0.0
            for what, count, seconds in by_driver(servers[0], made, bare):
                first = first or seconds
                note = f"{seconds / first:.3f} of a first publication"
                if seconds == first:
                    note = f"{bare.seconds / seconds * count / bare.rows:.2f} of the bare loop's rate"
                lines.append((what, count, seconds, note))
            lines.append(("bare loop, one writer", bare.rows, bare.seconds, ""))
    rows_ = [
        {
            **results.stamp(results.SPENDING),
            "scale": f"{options.scale:g}",
            "step": what,
            "rows": str(rows),
            "wall_seconds": f"{seconds:.1f}",
            "rows_per_second": f"{rows / seconds:.0f}" if rows else "",
            "note": note,
            "load": f"{os.getloadavg()[1]:.1f}",
        }
        for what, rows, seconds, note in lines
    ]
    path = options.results / "neo4j.csv"
    results.put(path, rows_, ("scale", "step"))
    results.save(options.results / "neo4j.md", page(results.read(path)))
    return 0


def page(rows: list[dict[str, str]]) -> str:
    """The table of every run."""
    columns = ("scale", "step", "rows", "wall_seconds", "rows_per_second", "note", "load", "cores", "date", "commit")
    head = ("scale", "step", "rows", "wall s", "rows/s", "", "load", "cores", "date", "commit")
    bars = (
        f"Bars: the import at {BAR_IMPORT:,.0f} relationships/s; the driver at {BAR_BARE} of the bare loop's rate; a "
        f"refresh that changed 2 % of the uses in {BAR_CHANGE} of a first publication. *Load* is the machine's mean "
        "over the last five minutes: with more than the cores, other work took part of them."
    )
    lines = [[row[name] for name in columns] for row in rows]
    return f"# Publishing into Neo4j\n\n{bars}\n\n" + results.table(head, lines)


def _record(refresh_id: str) -> RunRecord:
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


if __name__ == "__main__":
    raise SystemExit(main())
