"""``python -m benchmarks.spark``: the event stages on a local Spark beside the embedded ones, and bytes a row takes.

Spark on one machine says whether the two agree, and what a cluster has to bring; it does not say how a cluster scales.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks import processes, results
from benchmarks.processes import Cost, say
from linkage.synthetic import SCENARIOS, SIZES

TABLES = ("events", "sightings", "activity", "usage", "slots", "identities")


def measure(population: Path, folder: Path) -> dict[str, Cost]:
    """Costs by step of both ways into workspaces ``embedded`` and ``aggregated`` of ``folder``."""
    costs = {}
    say("embedded")
    costs["ingest of events"] = processes.ingest(folder / "embedded", population)
    _, costs["refresh"] = processes.linkage(folder / "embedded", "refresh")
    say("Spark")
    costs["aggregation on local Spark"] = aggregated(population / "events", folder / "output")
    _, costs["ingest of aggregates"] = processes.linkage(
        folder / "aggregated",
        *("ingest", folder / "output", "--accounts", population / "accounts.parquet"),
        *("--address-ranges", population / "address_ranges.csv"),
        *("--model-releases", population / "model_releases.csv"),
    )
    _, costs["refresh after aggregates"] = processes.linkage(folder / "aggregated", "refresh")
    return costs


def aggregated(events: Path, output: Path) -> Cost:
    """Cost of an aggregation, with the start of Spark; CPU of its processes, which nobody waits for, and no memory."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    from pyspark.sql import SparkSession

    from linkage.spark.aggregate import aggregate

    started, before = time.perf_counter(), _cpu_of_descendants()
    spark = SparkSession.builder.config("spark.ui.enabled", "false").getOrCreate()
    aggregate(spark, [str(events)], str(output), now=datetime.now(UTC))
    cost = Cost(time.perf_counter() - started, _cpu_of_descendants() - before, 0.0)
    spark.stop()
    return cost


def _cpu_of_descendants() -> float:
    """CPU seconds of every process below this one, those that have ended and been waited for included."""
    parent: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text(encoding="latin-1").rsplit(")", 1)[1].split()
        except OSError:
            continue  # it has ended meanwhile
        number = int(path.parent.name)
        parent[number] = int(fields[1])
        ticks[number] = sum(map(int, fields[11:15]))
    found, wanted = 0, {os.getpid()}
    while wanted:
        wanted = {number for number, of in parent.items() if of in wanted}
        found += sum(ticks[number] for number in wanted)
    return found / os.sysconf("SC_CLK_TCK")


def agree(folder: Path) -> bool:
    """Whether both workspaces have the same clusters and members, row for row."""
    return all(
        processes.linkage(folder / "embedded", verb, "--format", "csv")[0]
        == processes.linkage(folder / "aggregated", verb, "--format", "csv")[0]
        for verb in ("clusters", "members")
    )


def sizes(workspace: Path) -> dict[str, tuple[int, int]]:
    """Rows and bytes of the lake's tables."""
    files = json.loads((workspace / "lake" / "MANIFEST.json").read_text(encoding="utf-8"))["manifest"]["files"]
    found = {table: [file for file in files if file["table"] == table] for table in TABLES}
    return {table: (sum(f["rows"] for f in of), sum(f["size"] for f in of)) for table, of in found.items() if of}


def page(rows: list[dict[str, str]]) -> str:
    """Newest figures of every size."""
    newest = {(row["size"], row["step"]): row for row in rows}
    head = ("size", "what", "rows", "bytes", "bytes a row", "CPU s", "wall s", "peak MiB", "agree", "date", "commit")
    columns = ("step", "rows", "bytes", "bytes_a_row", "cpu_seconds", "wall_seconds", "peak_mebibytes", "agree", "date")
    lines = [
        [f"{row['size']} ({row['accounts']} accounts, {row['events']} events)"]
        + [row[name] for name in columns]
        + [f"`{row['commit']}`"]
        for row in newest.values()
    ]
    return "# Spark beside the embedded engine\n\n" + results.table(head, lines)


def main(arguments: list[str] | None = None) -> int:
    """Measure one size and print the table of all that were measured; 1 where the two ways disagree."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.spark", description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="medium", help=f"{', '.join(SIZES)}, or a number of accounts")
    parser.add_argument("--scenario", default="mixed", choices=SCENARIOS, metavar="NAME", help="default: mixed")
    parser.add_argument("--seed", type=int, default=101)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--results", type=Path, default=results.RESULTS)
    options = parser.parse_args(arguments)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="linkage-bench-")))
        say(f"generating {options.scenario} {options.size}")
        processes.generate(options.scenario, options.size, options.seed, options.days, folder / "data")
        accounts = pq.read_metadata(folder / "data" / "accounts.parquet").num_rows
        events = sum(pq.read_metadata(path).num_rows for path in (folder / "data" / "events").glob("*.parquet"))
        source = sum(path.stat().st_size for path in (folder / "data" / "events").glob("*.parquet"))
        costs = measure(folder / "data", folder)
        same = agree(folder)
        stored = {"source files": (events, source), **sizes(folder / "embedded")}
        stored["slots"] = sizes(folder / "aggregated")["slots"]
    about = results.stamp((*results.SPENDING, "spark")) | {
        "size": options.size,
        "scenario": options.scenario,
        "accounts": f"{accounts:,}",
        "events": f"{events:,}",
    }
    blank = dict.fromkeys(
        ("rows", "bytes", "bytes_a_row", "cpu_seconds", "wall_seconds", "peak_mebibytes", "agree"), ""
    )
    rows = [
        {
            **about,
            "step": step,
            **blank,
            "cpu_seconds": f"{cost.cpu:.1f}",
            "wall_seconds": f"{cost.wall:.1f}",
            "peak_mebibytes": f"{cost.mebibytes:.0f}" if cost.mebibytes else "",
        }
        for step, cost in costs.items()
    ]
    rows[-1]["agree"] = "yes" if same else "no"
    rows += [
        {**about, "step": step, **blank, "rows": f"{n:,}", "bytes": f"{size:,}", "bytes_a_row": f"{size / n:.1f}"}
        for step, (n, size) in stored.items()
    ]
    kept = options.results / "spark.csv"
    results.put(kept, rows, ("size", "scenario", "step", "commit"))
    results.save(options.results / "spark.md", page(results.read(kept)))
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
