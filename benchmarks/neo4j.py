"""``python -m benchmarks.neo4j``: publishing into Neo4j servers of our own, beside a bare loop of the same rows.

The graph is that of :mod:`benchmarks.drawn_graph`, times ``--scale``. The driver's publication and the bare loop go to
two new servers in turns, batch by batch, so that whatever else the machine does meets both. ``--only questions`` puts
what investigators ask to both stores of that graph, instead. Needs Java 17 and Maven.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

from neo4j import GraphDatabase

from benchmarks import questions, results
from benchmarks.drawn_graph import drawn, record, snapshots
from benchmarks.processes import say
from linkage import Workspace
from linkage.config import EngineSettings
from linkage.model.progress import Progress
from linkage.stores.layout import Layout
from linkage.stores.neo4j.bulk import fill
from linkage.stores.neo4j.cases import case_rows
from linkage.stores.neo4j.changes import changes
from linkage.stores.neo4j.connection import connect
from linkage.stores.neo4j.graph import labels
from linkage.stores.neo4j.local import LocalServer
from linkage.stores.neo4j.publishing import Publisher
from linkage.stores.snapshots import Snapshot, Snapshots

ENGINE = EngineSettings()
WORKSPACE = "benchmark"
ROWS = 10_000
#: Bars: relationships a second of the import; the driver's rate over the bare loop's; a refresh that changed 2 % of the
#: edges over a first publication.
BAR_IMPORT, BAR_BARE, BAR_CHANGE = 40_000.0, 0.8, 0.05

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
    "top_reasons: row[15], lineage: row[16], drawn: row[17], drawn_uses: row[18], "
    "drawn_accounts: row[19], valid_from: 1})",
    "used": "MATCH (a:Account {account: row[0]}) MATCH (b:Identifier {identifier: row[1]}) "
    f"CREATE (a)-[:USED {{count: row[2], active_days: row[3], first_seen: {_TIME(4)}, last_seen: {_TIME(5)}, "
    "wide_identifier: CASE WHEN row[6] THEN row[1] END, wide_account: CASE WHEN row[6] THEN row[0] END, "
    "valid_from: 1}]->(b)",
    "linked": "MATCH (a:Account {account: row[0]}) MATCH (b:Account {account: row[1]}) "
    "CREATE (a)-[:LINKED {weight_bits: row[2], kinds: row[3], valid_from: 1}]->(b)",
    "member_of": "MATCH (a:Account {account: row[0]}) MATCH (b:Cluster {cluster_id: row[1]}) "
    "CREATE (a)-[:MEMBER_OF {membership: row[2], role: row[3], valid_from: 1}]->(b)",
}


class Bare:
    """The loop to compare with: one writer, managed transactions, rows that are in memory already."""

    def __init__(self, server: LocalServer, snapshot: Snapshot, stack: ExitStack) -> None:
        access = server.access
        self._driver = stack.enter_context(closing(GraphDatabase.driver(access.uri, auth=("neo4j", access.password))))
        self.seconds, self.rows = 0.0, 0
        with changes(snapshot, case_rows(()), None, ENGINE, lambda _stage: None) as found:
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
    """(what, rows, seconds) of a first publication and of the refreshes after it, that changed 2 % of the uses each."""

    def turn(progress: Progress) -> None:
        if progress.stage == "publishing":
            bare.batch()

    kept = {snapshot.refresh_id: snapshot for snapshot in made}
    with connect(server.access) as store:
        publisher = Publisher(store, WORKSPACE, ENGINE, ROWS)
        started = time.perf_counter()
        report = replace(publisher, progress=turn).publish(made[0], (), kept.__getitem__)
        yield "first publication, driver", report.rows, time.perf_counter() - started - bare.seconds
        for number, snapshot in enumerate(made[1:], start=1):
            started = time.perf_counter()
            report = publisher.publish(snapshot, (), kept.__getitem__)
            yield f"refresh {number} that changed 2 %, driver", report.rows, time.perf_counter() - started
        assert publisher.status(made[-1], ()).in_step


def by_import(server: LocalServer, snapshot: Snapshot) -> tuple[int, int, float, float, float]:
    """Rows, relationships, seconds of a first fill, those until neo4j-admin began, and those until indexes are made."""
    began = started = time.perf_counter()

    def stage(progress: Progress) -> None:
        nonlocal began
        if progress.stage == "importing":
            began = time.perf_counter()

    counts = fill(server, WORKSPACE, snapshot, (), ENGINE, stage)
    filled = time.perf_counter()
    server.start()
    with connect(server.access) as store:
        publisher = Publisher(store, WORKSPACE, ENGINE, ROWS)
        assert publisher.publish(snapshot, (), {}.__getitem__).status == "unchanged"
        indexed = time.perf_counter()
        assert publisher.status(snapshot, ()).in_step
    ties = sum(counts[part] for part in ("used", "linked", "member_of"))
    return sum(counts.values()), ties, filled - started, began - started, indexed - filled


def by_question(folder: Path, scale: float, runs: int) -> None:
    """What questions to the same graph take, from the snapshot and from a server that was filled with it."""
    root = folder / "asked"
    Layout(root).create()
    store = Snapshots(root)
    store.publish(store.write(record("r-000000000001"), drawn(scale, 1)).refresh_id)
    server = LocalServer(folder / "server", memory="1g")
    try:
        Workspace(root).store.fill(server.home)
        server.start()
        os.environ |= {"NEO4J_URI": server.access.uri, "NEO4J_PASSWORD": server.access.password}
        Workspace(root).store.publish()
        for reader in ("neo4j", "embedded"):
            (root / "linkage.toml").write_text(f'[store]\nreader = "{reader}"\n', encoding="utf-8")
            questions.main([str(root), "--runs", str(runs)])
    finally:
        server.kill()


def main(arguments: list[str] | None = None) -> int:
    """Measure, print and keep one run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.neo4j", description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0, help="1 is 5,000,000 relationships (default)")
    parser.add_argument("--only", choices=("import", "driver", "questions"), help="one part")
    parser.add_argument("--runs", type=int, default=200, help="questions of each sort (default: 200)")
    parser.add_argument("--results", type=Path, default=results.RESULTS)
    options = parser.parse_args(arguments)
    lines: list[tuple[str, int, float, str]] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="linkage-neo4j-")))
        if options.only == "questions":
            by_question(folder, options.scale, options.runs)
            return 0
        say("drawing")
        made = snapshots(folder / "workspace", options.scale)
        if options.only in (None, "import"):
            say("bulk import")
            server = LocalServer(folder / "imported", memory="1g")
            stack.callback(server.kill)
            rows, ties, seconds, before, after = by_import(server, made[0])
            lines.append(("first fill, import", rows, seconds, f"{ties / seconds:,.0f} relationships/s"))
            lines.append(("… of it, files for neo4j-admin", 0, before, f"{before / seconds:.2f} of it"))
            lines.append(("… start and indexes", 0, after, ""))
            server.kill()
        if options.only in (None, "driver"):
            say("driver and bare loop, in turns")
            servers = [LocalServer(folder / name, memory="1g") for name in ("published", "bare")]
            for each in servers:
                stack.callback(each.kill)
                each.start()
            with connect(servers[1].access) as store:
                for name in (
                    "account",
                    "identifier",
                    "cluster",
                    "used_closed",
                    "used_last_seen",
                    "used_wide",
                    "linked_closed",
                ):
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


if __name__ == "__main__":
    raise SystemExit(main())
