"""Communities of the projection on accounts, weighted by how many identifiers a pair shares."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from linkage import leiden
from linkage.evaluation.baselines import oracle, pairs
from linkage.evaluation.baselines.edges import Baseline, Edges

if TYPE_CHECKING:
    from linkage.evaluation.baselines.edges import Mask


def run(edges: Edges, malicious: Mask) -> Iterator[Baseline]:
    """Partition by modularity; the range of sizes that is best on the truth is flagged."""
    count = len(edges.accounts)
    found = pairs.within_blocks(edges.account, edges.identifier, count)
    degree = np.bincount(edges.identifier) if len(edges.identifier) else edges.identifier
    counted = (degree[edges.identifier] <= found.cap).astype(np.float64)
    weight = pairs.shared(found, edges, counted)
    label = pairs.without_single(leiden.partition(found.first, found.second, weight, count, seed=1))
    yield oracle.sized(f"modularity on raw shared counts{pairs.identifiers_to(found.cap)}", label, malicious)
