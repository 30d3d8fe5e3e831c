"""``python -m benchmarks.incremental``: what one further day costs, as a share of everything anew, and how far the two
agree.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks import processes, results
from benchmarks.processes import Cost, say
from linkage.synthetic import SCENARIOS, SIZES

#: Shares of the CPU of a full rebuild that one further day may take: ingest, and the whole of it.
BAR_EVENTS, BAR_WHOLE = 0.05, 0.15


def split(events: Path, folder: Path) -> None:
    """``before`` and ``last``: the events of all days but the last, and those of the last."""
    paths = sorted(events.glob("*.parquet"))
    time = pq.read_schema(paths[0]).field("event_time").type
    latest = max(pc.max(pq.read_table(path, columns=["event_time"])["event_time"]).as_py() for path in paths)
    midnight = pa.scalar(latest.replace(hour=0, minute=0, second=0, microsecond=0), type=time)
    for name, keeps in (("before", pc.less), ("last", pc.greater_equal)):
        (folder / name).mkdir()
        for path in paths:
            table = pq.read_table(path)
            pq.write_table(table.filter(keeps(table["event_time"], midnight)), folder / name / path.name)


def measure(population: Path, folder: Path) -> tuple[dict[str, Cost], dict[str, str]]:
    """Costs by step, and how far the flagged clusters of a further day agree with those of a full refresh."""
    split(population / "events", folder)
    costs: dict[str, Cost] = {}
    grown, whole = folder / "grown", folder / "whole"
    known = (
        *("--accounts", population / "accounts.parquet", "--address-ranges", population / "address_ranges.csv"),
        *("--model-releases", population / "model_releases.csv"),
    )
    say("ingest and refresh of all days but one")
    processes.linkage(grown, "ingest", folder / "before", *known)
    processes.linkage(grown, "refresh")
    say("the last day")
    _, costs["ingest, one further day"] = processes.linkage(grown, "ingest", folder / "last")
    _, costs["refresh, one further day"] = processes.linkage(grown, "refresh")
    flagged = _flagged(grown)
    say("everything anew")
    costs["ingest, all days"] = processes.ingest(whole, population)
    _, costs["refresh, full"] = processes.linkage(whole, "refresh")
    processes.linkage(grown, "refresh", "--full")
    anew = _flagged(grown)
    overlaps = [
        len(members & anew.get(cluster, set())) / len(members | anew.get(cluster, set()))
        for cluster, members in flagged.items()
    ]
    agreement = {
        "flagged_clusters": str(len(flagged)),
        "same_ids": str(len(set(flagged) & set(anew))),
        "least_overlap": f"{min(overlaps, default=1.0):.4f}",
    }
    return costs, agreement


def _flagged(workspace: Path) -> dict[str, set[str]]:
    """Flagged members by cluster id."""
    text, _ = processes.linkage(workspace, "members", "--format", "json")
    found: dict[str, set[str]] = {}
    for row in json.loads(text):
        if row["flagged"]:
            found.setdefault(row["cluster_id"], set()).add(row["account_id"])
    return found


def page(rows: list[dict[str, str]]) -> str:
    """Newest figures of every size."""
    newest = {(row["size"], row["scenario"], row["step"]): row for row in rows}
    head = ("size", "step", "CPU s", "wall s", "share of full", "date", "commit")
    lines = [
        [
            f"{row['size']} ({row['accounts']} accounts, {row['scenario']})",
            *(row[name] for name in ("step", "cpu_seconds", "wall_seconds", "share")),
            row["date"],
            f"`{row['commit']}`",
        ]
        for row in newest.values()
    ]
    return "# One further day\n\n" + results.table(head, lines)


def main(arguments: list[str] | None = None) -> int:
    """Measure one size and write the table of all that were measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.incremental", description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="small", help=f"{', '.join(SIZES)}, or a number of accounts")
    parser.add_argument(
        "--scenario", default="proxy_pool", choices=SCENARIOS, metavar="NAME", help="default: proxy_pool"
    )
    parser.add_argument("--seed", type=int, default=101)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--data", type=Path, help="a population that is there already, in place of a new one")
    parser.add_argument("--results", type=Path, default=results.RESULTS)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="linkage-bench-") as scratch:
        folder = Path(scratch)
        population = options.data or folder / "data"
        if options.data is None:
            say(f"generating {options.scenario} {options.size}")
            processes.generate(options.scenario, options.size, options.seed, options.days, population)
        accounts = pq.read_metadata(population / "accounts.parquet").num_rows
        costs, agreement = measure(population, folder)
    for which in ("one further day", "all days"):
        refresh = costs[f"refresh, {'full' if which == 'all days' else which}"]
        ingest = costs[f"ingest, {which}"]
        costs[f"both, {which}"] = Cost(
            ingest.wall + refresh.wall, ingest.cpu + refresh.cpu, max(ingest.mebibytes, refresh.mebibytes)
        )
    full = {"ingest": "ingest, all days", "refresh": "refresh, full", "both": "both, all days"}
    rows = [
        results.stamp(results.SPENDING)
        | {"size": options.size, "scenario": options.scenario, "accounts": f"{accounts:,}", "step": step}
        | {
            "cpu_seconds": f"{cost.cpu:.1f}",
            "wall_seconds": f"{cost.wall:.1f}",
            "share": f"{cost.cpu / costs[full[step.split(',')[0]]].cpu:.3f}",
        }
        | agreement
        for step, cost in costs.items()
    ]
    kept = options.results / "incremental.csv"
    results.put(kept, rows, ("size", "scenario", "step", "commit"))
    results.save(options.results / "incremental.md", page(results.read(kept)))
    whole = costs["both, all days"].cpu
    events, further = costs["ingest, one further day"].cpu / whole, costs["both, one further day"].cpu / whole
    say(
        f"flagged clusters {agreement['flagged_clusters']}, same id {agreement['same_ids']}, least overlap "
        f"{agreement['least_overlap']}; of everything anew, events {events:.3f} (bar {BAR_EVENTS}), all of it "
        f"{further:.3f} (bar {BAR_WHOLE})"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
