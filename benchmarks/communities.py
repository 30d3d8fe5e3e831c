"""``python -m benchmarks.communities``: Leiden in process beside Leiden of Graph Data Science, in quality and time."""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import results
from benchmarks.processes import say
from linkage import Workspace, leiden
from linkage.communities.detect import communities
from linkage.config import CommunitySettings, Neo4jSettings
from linkage.evidence.links import Links
from linkage.stores.neo4j.connection import access, connect
from linkage.stores.neo4j.science import Science

Whole = NDArray[np.int64]


def links_of(workspace: Workspace) -> tuple[Links, int]:
    """Links of the current snapshot between accounts numbered from 0, and how many accounts that is."""
    table = workspace.snapshot().table("links")
    ends = [table.column(name).to_numpy() for name in ("account_a", "account_b")]
    accounts, numbered = np.unique(np.concatenate(ends), return_inverse=True)
    first, second = np.split(numbered.astype(np.int32), 2)
    weight = table.column("weight_bits").to_numpy()
    kinds = np.zeros(len(weight), dtype=np.int32)
    return Links(first, second, weight, weight, kinds, len(weight)), len(accounts)


def modularity(links: Links, part: Whole) -> float:
    """Newman 2004, doi 10.1103/PhysRevE.69.066133, weighted: Σ over parts of (inside / m − (strength / 2m)²)."""
    total = links.weight.sum()
    inside = links.weight[part[links.first] == part[links.second]].sum() / total
    strength = np.bincount(
        np.concatenate([part[links.first], part[links.second]]), np.concatenate([links.weight, links.weight])
    )
    return float(inside - ((strength / (2 * total)) ** 2).sum())


def agreement(one: Whole, other: Whole) -> float:
    """Adjusted Rand index (Hubert and Arabie 1985, doi 10.1007/BF01908075) of two partitions of the same nodes."""

    def pairs(counts: Whole) -> float:
        return float((counts * (counts - 1) / 2).sum())

    both = pairs(np.unique(one * (int(other.max()) + 1) + other, return_counts=True)[1])
    alone = pairs(np.bincount(one)), pairs(np.bincount(other))
    chance = alone[0] * alone[1] / math.comb(len(one), 2)
    return (both - chance) / ((alone[0] + alone[1]) / 2 - chance)


def measure(links: Links, nodes: int, engine: leiden.Engine, seed: int) -> tuple[dict[str, str], Whole, Whole]:
    """Figures of one engine: the first partition of the whole, and the communities after every cut."""

    def timed(ask: Callable[[], Whole]) -> tuple[Whole, float]:
        started = time.perf_counter()
        return ask(), time.perf_counter() - started

    ends = links.first.astype(np.int64), links.second.astype(np.int64)
    part, seconds = timed(lambda: engine(*ends, links.weight, nodes, seed))
    again = engine(*ends, links.weight, nodes, seed)
    cut, whole = timed(lambda: communities(links, nodes, CommunitySettings(), seed, engine))
    return (
        {
            "parts": f"{int(part.max()) + 1:,}",
            "modularity": f"{modularity(links, part):.4f}",
            "repeats": "yes" if np.array_equal(part, again) else "no",
            "partition_seconds": f"{seconds:.1f}",
            "communities": f"{int(cut.max()) + 1:,}",
            "communities_seconds": f"{whole:.1f}",
        },
        part,
        cut,
    )


def page(rows: list[dict[str, str]]) -> str:
    """The table of every graph that was measured."""
    head = ("engine", "links", "parts", "modularity", "same seed, same parts", "seconds", "communities after all cuts",
            "seconds with cuts", "parts agree (ARI)", "communities agree (ARI)", "date", "commit")  # fmt: skip
    columns = ("engine", "links", "parts", "modularity", "repeats", "partition_seconds", "communities",
               "communities_seconds", "parts_agree", "communities_agree", "date", "commit")  # fmt: skip
    return "# Engines of community detection\n\n" + results.table(
        head, [[row[name] for name in columns] for row in rows]
    )


def main(arguments: list[str] | None = None) -> int:
    """Compare both engines on the links of one workspace; NEO4J_URI and NEO4J_PASSWORD say where the server is."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.communities", description=__doc__.splitlines()[0])
    parser.add_argument("workspace", type=Path, help="a refreshed workspace")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--results", type=Path, default=results.RESULTS)
    options = parser.parse_args(arguments)
    links, nodes = links_of(Workspace(options.workspace))
    rows, found = [], []
    with connect(access(Neo4jSettings(timeout_seconds=600.0), os.environ)) as store:
        for name, engine in (("native", leiden.partition), ("gds", Science(store))):
            figures, part, cut = measure(links, nodes, engine, options.seed)
            say(f"{name}: {figures}")
            found.append((part, cut))
            agree = [f"{agreement(one, other):.3f}" for one, other in zip(found[0], (part, cut), strict=True)]
            rows.append(
                results.stamp()
                | {"engine": name, "links": f"{len(links.first):,}", "accounts": f"{nodes:,}"}
                | figures
                | {"parts_agree": agree[0], "communities_agree": agree[1]}
            )
    kept = options.results / "communities.csv"
    results.put(kept, rows, ("engine", "links"))
    results.save(options.results / "communities.md", page(results.read(kept)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
