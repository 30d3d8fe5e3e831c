"""Plain ways to find campaigns, each at the threshold that suits it best: what a population must withstand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from linkage.synthetic import Population

KINDS = ("ip_address", "payment_instrument", "template_hash")
Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Sight:
    """Who was seen with what: one boolean account × identifier matrix a kind, exchanges and truth of every account."""

    matrices: dict[str, sparse.csr_matrix]
    events: Array
    days: Array
    malicious: Array
    group: Array


def look(population: Population) -> Sight:
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE truth AS SELECT row_number() OVER (ORDER BY account_id) - 1 AS a, * FROM read_csv(?)",
            [str(population.truth)],
        )
        connection.execute(
            "CREATE TABLE seen AS SELECT a, e.* FROM read_parquet(?) e JOIN truth USING (account_id)",
            [str(population.events / "*.parquet")],
        )
        truth = connection.execute("SELECT malicious, coalesce(group_id, '') FROM truth ORDER BY a").fetchnumpy()
        malicious, group = (np.asarray(values) for values in truth.values())
        count = len(malicious)
        per = connection.execute(
            "SELECT a, count(*) AS n, count(DISTINCT event_time::DATE) AS d FROM seen GROUP BY a"
        ).fetchnumpy()
        events, days = np.zeros(count), np.zeros(count)
        events[per["a"]], days[per["a"]] = per["n"], per["d"]
        matrices = {}
        for kind in KINDS:
            pairs = connection.execute(
                f"SELECT DISTINCT a, dense_rank() OVER (ORDER BY {kind}) - 1 AS j FROM seen WHERE {kind} IS NOT NULL"
            ).fetchnumpy()
            matrix = sparse.csr_matrix(
                (np.ones(len(pairs["a"]), np.float32), (pairs["a"], pairs["j"])),
                shape=(count, int(pairs["j"].max()) + 1),
            )
            degree = np.asarray(matrix.sum(axis=0)).ravel()
            matrices[kind] = matrix[:, degree > 1]
    return Sight(matrices, events, days, malicious.astype(bool), group)


def best_f1(score: Array, malicious: Array) -> float:
    """F1 of flagging all accounts above the threshold of ``score`` that gives the most."""
    order = np.argsort(-score, kind="stable")
    found = np.cumsum(malicious[order])
    flagged = np.arange(1, len(order) + 1)
    ranked = score[order]
    ends = np.append(ranked[1:] != ranked[:-1], True) & (ranked > -np.inf)
    f1 = 2 * found / (flagged + malicious.sum())
    return float(f1[ends].max(initial=0.0))


def cut(matrix: sparse.csr_matrix, hub: float) -> sparse.csr_matrix:
    """Without identifiers of more than ``hub`` accounts."""
    return matrix[:, np.asarray(matrix.sum(axis=0)).ravel() <= hub]


def clusters_f1(sight: Sight, label: Array) -> dict[str, float]:
    """Best F1 of flagging whole clusters, ranked by size, by exchanges a day, by both, and by an oracle.

    The oracle flags exactly the clusters in which most are malicious: no score over these clusters can do better.
    """
    _, label = np.unique(label, return_inverse=True)
    size = np.bincount(label)
    drip = np.bincount(label, np.where(sight.days > 0, sight.events / np.maximum(sight.days, 1), 0)) / size
    several = size >= 3
    share = np.bincount(label, sight.malicious) / size
    scores = {
        "size": np.where(several, size, -np.inf),
        "drip": np.where(several, drip, -np.inf),
        "size and drip": np.where(several, np.log(size) * drip, -np.inf),
        "oracle": np.where(several & (share >= 0.5), 1.0, -np.inf),
    }
    return {name: best_f1(score[label], sight.malicious) for name, score in scores.items()}


def components(sight: Sight, kinds: tuple[str, ...], hub: float) -> Array:
    """Connected components on shared identifiers of some kinds, hubs left out."""
    joined = sparse.hstack([cut(sight.matrices[kind], hub) for kind in kinds], format="csr")
    accounts = joined.shape[0]
    both = sparse.bmat([[None, joined], [joined.T, None]], format="csr")
    return connected_components(both, directed=False)[1][:accounts]


def shared(sight: Sight, hub: float, *, bits: bool) -> sparse.csr_matrix:
    """Pairs of accounts with the number of identifiers they share, or with the bits these are worth."""
    total = sparse.csr_matrix((len(sight.events), len(sight.events)), dtype=np.float32)
    for matrix in sight.matrices.values():
        part = cut(matrix, hub)
        if bits:
            degree = np.asarray(part.sum(axis=0)).ravel()
            part = part @ sparse.diags(np.sqrt(np.log2(len(sight.events) / degree))).astype(np.float32)
        total = total + part @ part.T
    return sparse.triu(total, 1, format="coo")


def louvain(sight: Sight, hub: float) -> Array:
    """Modularity on raw shared counts."""
    import graspologic_native

    pairs = shared(sight, hub, bits=False)
    edges = [(str(a), str(b), float(w)) for a, b, w in zip(pairs.row, pairs.col, pairs.data, strict=True)]
    _, found = graspologic_native.leiden(edges, seed=1)
    label = np.arange(len(sight.events)) + len(sight.events)
    for name, community in found.items():
        label[int(name)] = community
    return label


def linked(sight: Sight, hub: float, threshold: float) -> Array:
    """Fellegi–Sunter-like: components of pairs whose bits exceed a threshold."""
    pairs = shared(sight, hub, bits=True)
    keep = pairs.data >= threshold
    graph = sparse.coo_matrix((pairs.data[keep], (pairs.row[keep], pairs.col[keep])), shape=pairs.shape)
    return connected_components(graph, directed=False)[1]


def volume(sight: Sight) -> float:
    """Best F1 of a rule on exchanges an account, or on exchanges an active day."""
    return max(
        best_f1(sight.events, sight.malicious), best_f1(sight.events / np.maximum(sight.days, 1), sight.malicious)
    )
