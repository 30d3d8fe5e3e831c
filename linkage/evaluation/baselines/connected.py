"""Connected components of the account–identifier graph: whoever shares anything is together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from linkage.evaluation.baselines import oracle, pairs
from linkage.evaluation.baselines.edges import Baseline, Edges

if TYPE_CHECKING:
    from linkage.evaluation.baselines.edges import IntArray, Mask

#: Degree above which the usual hub list cuts an identifier.
HUB = 50


def run(edges: Edges, malicious: Mask) -> Iterator[Baseline]:
    """Components over everything, with hubs cut, and of each kind of identifiers."""
    degree = np.bincount(edges.identifier)[edges.identifier] if len(edges.identifier) else edges.identifier
    everything = np.ones(len(edges.account), dtype=np.bool_)
    yield oracle.sized("connected components", components(edges, everything), malicious)
    yield oracle.sized(f"connected components, hubs over {HUB} cut", components(edges, degree <= HUB), malicious)
    for kind in edges.kinds:
        yield oracle.sized(f"connected components, {kind}", components(edges, edges.kind == kind), malicious)


def components(edges: Edges, used: Mask) -> IntArray:
    """Component of every account over the ``used`` edges (E), −1 for an account on its own."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    count = len(edges.accounts)
    account, identifier = edges.account[used], edges.identifier[used]
    nodes = count + (int(identifier.max()) + 1 if len(identifier) else 0)
    graph = coo_matrix((np.ones(len(account), np.int8), (account, identifier + count)), shape=(nodes, nodes))
    return pairs.without_single(connected_components(graph, directed=False)[1][:count].astype(np.int64))
