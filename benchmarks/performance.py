"""``python -m benchmarks.performance``: seconds and memory of ingest and refresh, beside a plain aggregation."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pyarrow.parquet

from benchmarks import processes, results
from benchmarks.processes import Cost, say
from linkage.synthetic import SCENARIOS, SIZES

#: Medium size on two cores: ingest and refresh together take less than this.
BAR_SECONDS, BAR_MEBIBYTES = 180.0, 4096.0


def once(population: Path, folder: Path) -> dict[str, Cost]:
    """Costs by step of one run over a population, in a new workspace."""
    workspace = folder / "workspace"
    costs = {}
    _, costs["yardstick"] = processes.run(sys.executable, "-m", "benchmarks.yardstick", population / "events")
    costs["ingest"] = processes.ingest(workspace, population)
    _, costs["refresh"] = processes.linkage(workspace, "refresh")
    shutil.rmtree(workspace)
    return costs


def page(rows: list[dict[str, str]]) -> str:
    """The tables of every size that was measured, newest figures of each."""
    newest = {(row["size"], row["scenario"], row["step"]): row for row in rows}
    head = ("size", "step", "wall s", "CPU s", "× yardstick (CPU)", "peak MiB", "runs", "cores", "date", "commit")
    columns = ("size", "step", "wall_seconds", "cpu_seconds", "times_yardstick", "peak_mebibytes")
    lines = [
        [*(row[name] for name in columns), row["runs"], row["cores"], row["date"], f"`{row['commit']}`"]
        for row in newest.values()
    ]
    lines = [
        [f"{line[0]} ({row['accounts']} accounts, {row['events']} events)", *line[1:]]
        for line, row in zip(lines, newest.values(), strict=True)
    ]
    return "# Seconds and memory\n\n" + results.table(head, lines)


def main(arguments: list[str] | None = None) -> int:
    """Measure one size and print the table of all that were measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.performance", description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="medium", help=f"{', '.join(SIZES)}, or a number of accounts")
    parser.add_argument("--scenario", default="mixed", choices=SCENARIOS, metavar="NAME", help="default: mixed")
    parser.add_argument("--seed", type=int, default=101)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--runs", type=int, default=1, help="medians over this many runs (default: 1)")
    parser.add_argument("--data", type=Path, help="a population that is there already, in place of a new one")
    parser.add_argument("--results", type=Path, default=results.RESULTS)
    options = parser.parse_args(arguments)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="linkage-bench-")))
        population = options.data or folder / "data"
        if options.data is None:
            say(f"generating {options.scenario} {options.size}")
            processes.generate(options.scenario, options.size, options.seed, options.days, population)
        accounts = pyarrow.parquet.read_metadata(population / "accounts.parquet").num_rows
        files = sorted((population / "events").glob("*.parquet"))
        events = sum(pyarrow.parquet.read_metadata(file).num_rows for file in files)
        runs = []
        for number in range(options.runs):
            say(f"run {number + 1} of {options.runs}")
            runs.append(once(population, folder))
    costs = {step: processes.median([run[step] for run in runs]) for step in runs[0]}
    both = Cost(
        costs["ingest"].wall + costs["refresh"].wall,
        costs["ingest"].cpu + costs["refresh"].cpu,
        max(costs["ingest"].mebibytes, costs["refresh"].mebibytes),
    )
    rows = [
        results.stamp(results.SPENDING)
        | {
            "size": options.size,
            "scenario": options.scenario,
            "accounts": f"{accounts:,}",
            "events": f"{events:,}",
            "runs": str(options.runs),
            "step": step,
            "wall_seconds": f"{cost.wall:.1f}",
            "cpu_seconds": f"{cost.cpu:.1f}",
            "times_yardstick": f"{cost.cpu / costs['yardstick'].cpu:.1f}",
            "peak_mebibytes": f"{cost.mebibytes:.0f}",
        }
        for step, cost in {**costs, "ingest + refresh": both}.items()
    ]
    kept = options.results / "performance.csv"
    results.put(kept, rows, ("size", "scenario", "step", "commit"))
    results.save(options.results / "performance.md", page(results.read(kept)))
    if options.size == "medium":
        met = both.wall < BAR_SECONDS and both.mebibytes < BAR_MEBIBYTES
        say(f"bar of {BAR_SECONDS:.0f} s and {BAR_MEBIBYTES:.0f} MiB: {'met' if met else 'missed'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
