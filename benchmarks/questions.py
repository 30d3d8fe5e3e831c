"""``python -m benchmarks.questions``: what a question to the graph takes, from the snapshot and from a Neo4j server."""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import results
from benchmarks.processes import say
from linkage import Workspace

HUB = "page of the largest hub"
#: Milliseconds that 95 of 100 questions of a sort should stay below, and pages of a hub.
BAR_MILLISECONDS, HUB_MILLISECONDS = 50.0, 250.0
#: Parts of linkage that the figures depend on.
ASKING = ("model/graph.py", "reading", "stores", "workspace")

Question = Callable[[], object]


def questions(workspace: Workspace, seed: int, number: int) -> Iterator[tuple[str, list[Question]]]:
    """Name and ``number`` questions of each sort, drawn from ``seed``; the same for every store."""
    draw = random.Random(seed)
    snapshot = workspace.snapshot()
    names = list(workspace.names(draw.sample(snapshot.table("accounts").column("account").to_pylist(), 400)).values())
    shared = snapshot.table("identifiers")
    identifiers = shared.column("identifier").to_pylist()
    hub = shared.sort_by([("degree", "descending")]).column("identifier")[0].as_py()
    numbers = snapshot.table("accounts").column("account").to_pylist()
    members = workspace.table("members")
    inside: dict[str, list[str]] = {}
    for cluster, account in zip(
        members.column("cluster_id").to_pylist(), members.column("account_id").to_pylist(), strict=True
    ):
        inside.setdefault(cluster, []).append(account)
    large = sorted(inside, key=lambda cluster: (-len(inside[cluster]), cluster))

    def many(make: Callable[[], Question]) -> list[Question]:
        return [make() for _ in range(number)]

    def of(ask: Callable[..., object], *arguments: object, **options: object) -> Question:
        return lambda: ask(*arguments, **options)

    around, pages = workspace.neighbourhood, workspace.accounts_on
    yield "neighbourhood of an account, depth 1", many(lambda: of(around, account=draw.choice(names), depth=1))
    yield "neighbourhood of an account, depth 2", many(lambda: of(around, account=draw.choice(names)))
    yield "neighbourhood of an identifier, depth 2", many(lambda: of(around, identifier=draw.choice(identifiers)))
    yield HUB, many(lambda: of(pages, hub, after=draw.choice(numbers)))
    yield "common identifiers of two accounts", many(lambda: of(workspace.common, *draw.sample(names, 2)))
    yield "path between any two accounts", many(lambda: of(workspace.paths, *draw.sample(names, 2)))
    yield "path inside the largest cluster", many(lambda: of(workspace.paths, *draw.sample(inside[large[0]], 2)))
    yield "search for the start of a name", many(lambda: of(workspace.search, draw.choice(names)[:6]))
    yield "graph of any cluster", many(lambda: of(workspace.cluster_graph, draw.choice(large)))
    yield "graph of the largest cluster", many(lambda: of(workspace.cluster_graph, large[0]))
    yield "subgraph of any cluster", many(lambda: of(workspace.subgraph, draw.choice(large)))


def measure(workspace: Workspace, seed: int, number: int, before: int) -> list[dict[str, str]]:
    """A row of figures for opening the graph, and for each sort of question after that.

    A server compiles what it is asked often, in seconds that a team's server has long behind it: ``before`` other
    questions of each sort come first, and all of them are one row of their own.
    """
    started = time.perf_counter()
    workspace.search("opening")
    rows = [{"question": "opening", "runs": "1", "p50_ms": f"{(time.perf_counter() - started) * 1e3:.0f}"}]
    first = [question for _, asked in questions(workspace, seed + 1, before) for question in asked]
    for name, asked in [("the first ones of all sorts", first), *questions(workspace, seed, number)]:
        taken, busy = [], time.process_time()
        for question in asked:
            started = time.perf_counter()
            question()
            taken.append((time.perf_counter() - started) * 1e3)
        busy = (time.process_time() - busy) * 1e3 / len(asked)
        taken.sort()
        figures = {"p50_ms": taken[len(taken) // 2], "p95_ms": taken[int(len(taken) * 0.95)], "max_ms": taken[-1]}
        rows.append(
            {"question": name, "runs": str(len(asked))}
            | {key: f"{value:.1f}" for key, value in figures.items()}
            | {"cpu_ms": f"{busy:.1f}"}
        )
    return rows


def page(rows: list[dict[str, str]]) -> str:
    """The table of every store that was measured."""
    columns = (
        "accounts",
        "reader",
        "question",
        "runs",
        "p50_ms",
        "p95_ms",
        "max_ms",
        "cpu_ms",
        "load",
        "date",
        "commit",
    )
    head = (
        "accounts",
        "reader",
        "question",
        "runs",
        "p50 ms",
        "p95 ms",
        "max ms",
        "mean CPU ms of ours",
        "load",
        "date",
        "commit",
    )
    note = "Milliseconds; *cpu* is the mean of our own process, the server's not counted."
    return f"# Questions to the graph\n\n{note}\n\n" + results.table(
        head, [[row[name] for name in columns] for row in rows]
    )


def main(arguments: list[str] | None = None) -> int:
    """Measure one workspace by the store that its settings name."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.questions", description=__doc__.splitlines()[0])
    parser.add_argument("workspace", type=Path, help="a refreshed workspace; its linkage.toml says what answers")
    parser.add_argument("--runs", type=int, default=200, help="questions of each sort (default: 200)")
    parser.add_argument("--before", type=int, default=100, help="others of each sort before them (default: 100)")
    parser.add_argument("--seed", type=int, default=101)
    parser.add_argument("--results", type=Path, default=results.RESULTS)
    options = parser.parse_args(arguments)
    if options.before < 1 or options.runs < 1:
        parser.error("at least one question of each sort")
    workspace = Workspace(options.workspace)
    reader = workspace.settings.store.reader
    accounts = f"{workspace.snapshot().table('accounts').num_rows:,}"
    common = {"reader": reader, "accounts": accounts}
    rows = []
    for row in measure(workspace, options.seed, options.runs, options.before):
        say(f"{reader}: {row['question']}: p50 {row['p50_ms']} ms, p95 {row.get('p95_ms', '–')} ms")
        load = {"load": f"{os.getloadavg()[0]:.0f}"}
        rows.append(results.stamp(ASKING) | common | load | {"p95_ms": "", "max_ms": "", "cpu_ms": ""} | row)
    kept = options.results / "questions.csv"
    results.put(kept, rows, ("reader", "question", "accounts"))
    results.save(options.results / "questions.md", page(results.read(kept)))
    missed = [
        row["question"]
        for row in rows[2:]
        if float(row["p95_ms"]) >= (HUB_MILLISECONDS if row["question"] == HUB else BAR_MILLISECONDS)
    ]
    bars = f"{BAR_MILLISECONDS:.0f} ms, {HUB_MILLISECONDS:.0f} ms for a hub"
    say(f"{reader}: bar of {bars}: {'missed by ' + ', '.join(missed) if missed else 'met'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
