"""``python -m benchmarks.real_data p2p|elections``: trials on public data without labels of who belongs together.

Both are checked against something that linkage does not read: money that accounts send each other, and links that
accounts post within the same minute.
"""

from __future__ import annotations

import argparse
import importlib
import io
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from benchmarks import processes, results
from benchmarks.processes import ROOT, Cost, say
from tests.lib.real_data import REAL_DATA

#: Module of each set, and its folder in the real data.
SETS = {"p2p": ("benchmarks.p2p", "p2p_neo4j"), "elections": ("benchmarks.elections", "coortweet")}


@dataclass(frozen=True, slots=True)
class Trial:
    """A set after its first refresh: what the steps cost, and the listed clusters and members."""

    data: Path
    costs: dict[str, Cost]
    clusters: pd.DataFrame
    members: pd.DataFrame

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A connection with the tables ``clusters``, ``members`` and ``comembers``: pairs a < b of one cluster."""
        connection = duckdb.connect()
        for name, frame in (("clusters", self.clusters), ("members", self.members)):
            connection.register(f"{name}_listed", frame)
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM {name}_listed")
        connection.execute(
            """CREATE TABLE comembers AS SELECT x.account_id AS a, y.account_id AS b, cluster_id
            FROM members AS x JOIN members AS y USING (cluster_id) WHERE x.account_id < y.account_id"""
        )
        return connection


def trial(data: Path, file: str, mapping: str, settings: str, folder: Path) -> Trial:
    """Ingest a file of a set under ``settings`` (linkage.toml), refresh over all days, and list."""
    workspace = folder / "workspace"
    workspace.mkdir(parents=True)
    (workspace / "linkage.toml").write_text(settings, encoding="utf-8")
    costs = {}
    say(f"ingest {file}")
    mapping_file = ROOT / "docs" / "how-to" / "mappings" / mapping
    _, costs["ingest"] = processes.linkage(workspace, "ingest", data / file, "--mapping", mapping_file)
    say("refresh")
    _, costs["refresh"] = processes.linkage(workspace, "refresh", "--window", "all")
    return Trial(data, costs, listed(workspace, "clusters"), listed(workspace, "members"))


def listed(workspace: Path, verb: str) -> pd.DataFrame:
    """What a verb lists, account ids as text."""
    output, _ = processes.linkage(workspace, verb, "--format", "csv")
    return pd.read_csv(io.StringIO(output), dtype={"account_id": str})


def facts(name: str, done: Trial) -> list[dict[str, str]]:
    """What every trial reports: costs, clusters by tier and by size."""
    clusters = done.clusters
    validated = clusters["q_value"] <= 0.05
    figures: list[tuple[str, str]] = []
    for step, cost in done.costs.items():
        figures.append((step, f"{cost.wall:.1f} s wall, {cost.cpu:.1f} s CPU, {cost.mebibytes:.0f} MiB at most"))
    figures.append(("clusters", f"{len(clusters):,} of {clusters['size'].sum():,} accounts"))
    for tier in (1, 2, 3):
        chosen = clusters[clusters["tier"] == tier]["size"]
        figures.append((f"tier {tier}", f"{len(chosen):,} of {chosen.sum():,} accounts"))
    figures.append(
        ("linkage validated (q ≤ .05)", f"{validated.sum():,} of {clusters['size'][validated].sum():,} accounts")
    )
    largest = ", ".join(f"{size:,}" for size in sorted(clusters["size"], reverse=True)[:6])
    figures.append(("largest clusters", largest))
    return [results.stamp() | {"set": name, "table": "facts", "row": row, "figure": figure} for row, figure in figures]


def main(arguments: list[str] | None = None) -> int:
    """Run a trial, keep its tables and print them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.real_data", description=__doc__.splitlines()[0])
    parser.add_argument("set", choices=SETS)
    parser.add_argument("--results", type=Path, default=results.RESULTS)
    options = parser.parse_args(arguments)
    module, name = SETS[options.set]
    data = REAL_DATA / name
    if not data.exists():
        print(f"This set is not beside the checkout: ../shared/data/{name}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="linkage-bench-") as folder:
        page = importlib.import_module(module).page(data, Path(folder))
    results.save(options.results / f"real-{options.set}.md", page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
