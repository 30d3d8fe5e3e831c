"""``python -m benchmarks.detection``: what is found in every made-up scenario, beside other methods.

Each scenario and seed goes from events to measured clusters through the command line, and each method is a process of
its own. Splink takes part where its environment is there (``--splink`` makes it). Runs whose figures are in the results
already, for the commit at hand, are not repeated.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pyarrow.parquet

from benchmarks import detection_page, processes, results
from benchmarks.peers import environment, records
from benchmarks.processes import Cost, say
from linkage.evaluation import METHODS, QUICK, malicious_of
from linkage.evaluation import measure as measured
from linkage.synthetic import SCENARIOS, SIZES
from linkage.workspace.beside import edges_of
from linkage.workspace.home import Home
from linkage.workspace.measuring import read_truth

Row = dict[str, str]
#: A run, in both files of results.
RUN = ("size", "days", "scenario", "seed")


def frame(workspace: Path, verb: str) -> pd.DataFrame:
    """What a verb lists."""
    output, _ = processes.linkage(workspace, verb, "--format", "csv")
    return pd.read_csv(io.StringIO(output))


def prepare(run: Row, folder: Path) -> dict[str, Cost]:
    """Generate and ingest a population, in ``folder``; what both cost. What an earlier run left there is taken."""
    done = folder / "costs.json"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        data = folder / "data"
        generated = processes.generate(run["scenario"], run["size"], int(run["seed"]), int(run["days"]), data)
        ingested = processes.ingest(folder / "workspace", data)
        done.write_text(json.dumps({"generate": asdict(generated), "ingest": asdict(ingested)}), encoding="utf-8")
    return {step: Cost(**cost) for step, cost in json.loads(done.read_text(encoding="utf-8")).items()}


def measure(run: Row, prepared: Path, folder: Path, families: Sequence[str]) -> tuple[list[Row], list[Row]]:
    """Figures of every method, and the clusters that hold a campaign or are flagged wrongly, of one run."""
    data, workspace = prepared / "data", folder / "workspace"
    costs = prepare(run, prepared)
    shutil.copytree(prepared / "workspace", workspace)
    _, costs["refresh"] = processes.linkage(workspace, "refresh")
    methods = [run | row for row in figures(workspace, data / "truth.csv", families)]
    clusters, members = frame(workspace, "clusters"), frame(workspace, "members")
    truth = pd.read_csv(data / "truth.csv", dtype={"account_id": str})
    methods[0] |= {
        "accounts": str(len(truth)),
        "events": str(
            sum(pyarrow.parquet.read_metadata(file).num_rows for file in (data / "events").glob("*.parquet"))
        ),
        "clusters": str(len(clusters)),
        "tier_2": str(int((clusters["tier"] == 2).sum())),
        **{f"{step}_seconds": f"{cost.wall:.1f}" for step, cost in costs.items()},
        **{f"{step}_mebibytes": f"{cost.mebibytes:.0f}" for step, cost in costs.items()},
    }
    return methods, [run | row for row in told(clusters, members.astype({"account_id": str}), truth)]


def figures(workspace: Path, truth: Path, families: Sequence[str]) -> list[Row]:
    """Figures of linkage, of ``families`` of METHODS and, where all are asked for and it is there, of Splink.

    ``family``: the name that a method is asked for with. ``seconds``, ``mebibytes``: of the process that measured all
    rows of a family, its start and the reading of the snapshot included; of linkage they are those of its refresh.
    """
    evaluate = ("evaluate", "--truth", truth, "--format", "csv")
    output, _ = processes.linkage(workspace, *evaluate, "--no-baselines")
    rows = [{**row, "family": "linkage"} for row in csv.DictReader(io.StringIO(output))]
    for method in families:
        output, cost = processes.linkage(workspace, *evaluate, "--baselines", method)
        beside = list(csv.DictReader(io.StringIO(output)))[1:]
        rows += [{**row, "family": method, **_spent(cost)} for row in beside]
    if _with_splink(families):
        known = read_truth(truth)
        edges = edges_of(Home(workspace, None), None)
        baseline, cost = records.run(edges, malicious_of(edges.accounts, known), workspace.parent / "splink")
        found = asdict(measured(baseline, edges.accounts, known))
        rows.append({**{name: _text(value) for name, value in found.items()}, "family": "splink", **_spent(cost)})
    return rows


def _with_splink(families: Sequence[str]) -> bool:
    return set(families) == set(METHODS) and environment.present()


def _spent(cost: Cost) -> Row:
    return {"seconds": f"{cost.wall:.1f}", "mebibytes": f"{cost.mebibytes:.0f}"}


def _text(value: object) -> str:
    return "" if value is None else str(value)


def told(clusters: pd.DataFrame, members: pd.DataFrame, truth: pd.DataFrame) -> list[Row]:
    """For each campaign the cluster that holds it best, and each flagged cluster that holds none."""
    truth = truth.assign(group_kind=truth["group_kind"].fillna("ordinary"))
    joined = members[["account_id", "cluster_id", "flagged"]].merge(truth, on="account_id")
    by_id = clusters.set_index("cluster_id")
    rows = []
    holding = set()
    for (group, kind), accounts in truth[truth["malicious"]].groupby(["group_id", "group_kind"]):
        inside = joined[joined["group_id"] == group]["cluster_id"].value_counts()
        sizes = by_id.loc[inside.index, "size"]
        overlap = inside / (sizes + len(accounts) - inside)
        best = str(overlap.idxmax()) if len(overlap) else ""
        holding |= set(inside.index[inside >= 2])
        rows.append(
            {
                "what": "campaign",
                "group": str(group),
                "kind": str(kind),
                "accounts": str(len(accounts)),
                "in_clusters": str(int(inside.sum())),
                "pieces": str(len(inside)),
                "jaccard": f"{overlap.max():.3f}" if best else "0.000",
                **_cluster(by_id, best),
            }
        )
    for cluster_id in clusters.loc[clusters["flagged"], "cluster_id"]:
        if cluster_id in holding:
            continue
        kinds = joined[joined["cluster_id"] == cluster_id]["group_kind"].value_counts()
        rows.append(
            {
                "what": "false flag",
                "kind": ", ".join(f"{count} {kind}" for kind, count in kinds.items()),
                **_cluster(by_id, cluster_id),
            }
        )
    return rows


def _cluster(by_id: pd.DataFrame, cluster_id: str) -> Row:
    if not cluster_id:
        return {}
    cluster = by_id.loc[cluster_id]
    return {
        "size_found": str(cluster["size"]),
        "tier": str(cluster["tier"]),
        "q_value": f"{cluster['q_value']:.3g}",
        "linkage_score": f"{cluster['linkage_score']:.1f}",
        "abuse_score": f"{cluster['abuse_score']:.2f}",
        "top_reasons": str(cluster["top_reasons"]),
    }


def sweep(runs: Sequence[Row], folder: Path, keep: Path | None, families: Sequence[str], *, again: bool) -> None:
    """Measure the runs that the results lack, and keep what comes out of each at once.

    ``families``: the methods of METHODS that stand beside linkage.
    ``keep``: folder in which ingested populations stay for the next time, by the code that made them.
    """
    made_by = results.last_change(("synthetic", "ingest", "stores/lake.py", "model/tables"))
    methods_file, clusters_file = folder / "detection.csv", folder / "detection-clusters.csv"
    for number, run in enumerate(runs, start=1):
        stamp = results.stamp()
        of_run = [row for row in results.read(methods_file) if all(row[key] == run[key] for key in RUN)]
        done = {row["commit"] for row in of_run}
        wanted = {*families, *(("splink",) if _with_splink(families) else ())}
        if not wanted <= {row.get("family") for row in of_run}:
            done = set()
        name = f"{number} of {len(runs)}: {run['scenario']} {run['size']}, seed {run['seed']}"
        if not again and stamp["commit"] in done:
            say(f"{name}: in the results already")
            continue
        with tempfile.TemporaryDirectory(prefix="linkage-bench-") as place:
            prepared = Path(place) / "prepared"
            if keep is not None:
                prepared = keep / "-".join((made_by, *(run[key] for key in RUN)))
            methods, clusters = measure(stamp | run, prepared, Path(place), families)
        results.put(methods_file, methods, RUN)
        # A run without any such cluster must not leave those of an earlier commit behind.
        kept = [row for row in results.read(clusters_file) if any(row[key] != run[key] for key in RUN)]
        results.write(clusters_file, [*kept, *clusters])
        own = methods[0]
        say(f"{name}: F1 {float(own['f1']):.3f}, {own['flagged_accounts']} flagged; {own['refresh_seconds']} s refresh")


def main(arguments: list[str] | None = None) -> int:
    """Measure the chosen scenarios and print the tables of the size."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detection", description=__doc__.splitlines()[0])
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=f"of {', '.join(SCENARIOS)} (default: all)")
    parser.add_argument("--size", default="5000", help=f"{', '.join(SIZES)}, or a number of accounts (default: 5000)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[101])
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--again", action="store_true", help="measure also what is in the results already")
    parser.add_argument("--null", type=int, metavar="N", help="N populations without a campaign, in place of scenarios")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="ingested populations stay here for the next time")
    parser.add_argument("--quick", action="store_true", help=f"beside {', '.join(QUICK)} only")
    parser.add_argument("--splink", action="store_true", help="make the environment of Splink first, from an index")
    parser.add_argument("--results", type=Path, default=results.RESULTS)
    options = parser.parse_args(arguments)
    unknown = set(options.scenarios) - set(SCENARIOS)
    if unknown:
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    if options.splink:
        environment.make()
    if options.null:
        # Seeds that no other table uses.
        chosen = [("none", seed) for seed in range(9_001, 9_001 + options.null)]
    else:
        chosen = [(name, seed) for name in options.scenarios or SCENARIOS for seed in options.seeds]
    runs = [
        {"size": options.size, "days": str(options.days), "scenario": name, "seed": str(seed)} for name, seed in chosen
    ]
    sweep(runs, options.results, options.keep, QUICK if options.quick else tuple(METHODS), again=options.again)
    rows = [row for row in results.read(options.results / "detection.csv") if row["size"] == options.size]
    clusters = results.read(options.results / "detection-clusters.csv")
    clusters = [row for row in clusters if row["size"] == options.size]
    page = detection_page.page(options.size, rows, clusters)
    results.save(options.results / f"detection-{options.size}.md", page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
