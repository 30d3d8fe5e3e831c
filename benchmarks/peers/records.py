"""Splink beside linkage: from who used what to its clusters, at the threshold that is best on the truth."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
from numpy.typing import NDArray

from benchmarks import processes
from benchmarks.peers import environment
from benchmarks.processes import Cost
from linkage.evaluation import Baseline, Edges
from linkage.evaluation.baselines import oracle, pairs

SCRIPT = Path(__file__).parent / "splink_script.py"
#: Pairs that Splink scores at most; the cap on identifiers that keeps it is part of the method's name.
MOST_PAIRS = 5_000_000
#: Accounts on an identifier up to which it is a deterministic rule.
FEW = 5


def run(edges: Edges, malicious: NDArray[np.bool_], folder: Path) -> tuple[Baseline, Cost]:
    """Clusters at their best, by way of files in ``folder``, and what Splink's own process cost."""
    count = len(edges.accounts)
    degree = np.bincount(edges.identifier, minlength=1)
    cap = pairs.largest_block(degree, MOST_PAIRS)
    columns = write(edges, degree, cap, folder)
    _, cost = processes.run(environment.PYTHON, SCRIPT, folder)
    name = f"Splink {environment.version('splink')}, {len(columns)} kinds{pairs.identifiers_to(cap)}"
    return oracle.best(name, labels(folder / "clusters.parquet", count), malicious), cost


def write(edges: Edges, degree: NDArray[np.int64], cap: int, folder: Path) -> list[str]:
    """``accounts.parquet``, a row an account, and ``kinds.json``, the names of its columns of kinds.

    Each kind has its ``column``, the identifiers that others use as well with the share of accounts on each (null where
    the account has none of the kind, empty where all are its own alone); ``column_block``, those with ``cap`` accounts
    or fewer; ``column_main``, the one of them that it uses most; ``column_rare``, the same of those with FEW or fewer.
    """
    count = len(edges.accounts)
    uses = np.ones(len(edges.account)) if edges.uses is None else edges.uses
    table = {"account": pa.array(range(count), pa.int64())}
    columns = []
    for number, kind in enumerate(edges.kinds):
        of_kind = edges.kind == kind
        has = np.bincount(edges.account[of_kind], minlength=count) > 0
        shared = of_kind & (degree[edges.identifier] >= 2)
        column = f"kind_{number}"
        columns.append(column)
        rows = np.flatnonzero(shared)
        rows = rows[np.lexsort((edges.identifier[rows], edges.account[rows]))]
        values = pa.StructArray.from_arrays(
            [pa.array(edges.identifier[rows]), pa.array(degree[edges.identifier[rows]] / count)],
            ["identifier", "frequency"],
        )
        table[column] = _lists(edges.account[rows], values, count, has)
        few = rows[degree[edges.identifier[rows]] <= cap]
        table[f"{column}_block"] = _lists(edges.account[few], pa.array(edges.identifier[few]), count, has)
        table[f"{column}_main"] = _most_used(edges, uses, few, count)
        table[f"{column}_rare"] = _most_used(edges, uses, few[degree[edges.identifier[few]] <= FEW], count)
    folder.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.table(table), folder / "accounts.parquet")
    (folder / "kinds.json").write_text(json.dumps(columns), encoding="utf-8")
    return columns


def labels(path: Path, accounts: int) -> Iterator[NDArray[np.int64]]:
    """Clusters of each threshold, by account; −1 for who is alone."""
    found = parquet.read_table(path).to_pandas()
    for _, rows in found.groupby("threshold"):
        label = np.arange(accounts, 2 * accounts)
        label[rows["account"].to_numpy()] = rows["cluster"].to_numpy()
        yield pairs.without_single(np.unique(label, return_inverse=True)[1].astype(np.int64))


def _lists(account: NDArray[np.int64], values: pa.Array, count: int, has: NDArray[np.bool_]) -> pa.Array:
    offsets = np.r_[0, np.cumsum(np.bincount(account, minlength=count))].astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), values, mask=pa.array(~has))


def _most_used(edges: Edges, uses: NDArray[np.float64], rows: NDArray[np.int64], count: int) -> pa.Array:
    order = rows[np.lexsort((edges.identifier[rows], -uses[rows], edges.account[rows]))]
    first = order[np.r_[True, np.diff(edges.account[order]) > 0]] if len(order) else order
    main = np.zeros(count, np.int64)
    main[edges.account[first]] = edges.identifier[first]
    absent = np.ones(count, dtype=bool)
    absent[edges.account[first]] = False
    return pa.array(main, mask=absent)
