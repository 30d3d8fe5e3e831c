"""Record linkage with weights set by hand, after Fellegi and Sunter 1969 (doi 10.1080/01621459.1969.10501049).

Splink, which estimates them, is measured by the benchmarks (``benchmarks/peers``): it is no dependency of linkage.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from linkage.evaluation.baselines import oracle, pairs
from linkage.evaluation.baselines.edges import Baseline, Edges

if TYPE_CHECKING:
    from linkage.evaluation.baselines.edges import Mask

#: Chance that two accounts of one operator share a given kind (m), as a hand-set record linkage would have it.
_MATCH = 0.5
#: Quantiles of the weights of all pairs at which they are tried as thresholds; of the last hundredth so many more, down
#: to a handful of pairs. Among many millions those are the ones that count.
_QUANTILES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
_HIGH, _HANDFUL = 24, 5


def run(edges: Edges, malicious: Mask) -> Iterator[Baseline]:
    """Sum of log₂ m/u over shared identifiers, u = (d/N)²; components of the pairs above the best threshold."""
    count = len(edges.accounts)
    found = pairs.within_blocks(edges.account, edges.identifier, count)
    name = f"Fellegi–Sunter and components{pairs.identifiers_to(found.cap)}"
    if len(found.first) == 0:
        yield oracle.none(name, count)
        return
    degree = np.bincount(edges.identifier)[edges.identifier]
    bits = np.log2(_MATCH / np.maximum((degree / count) ** 2, 1e-12))
    weight = pairs.shared(found, edges, np.where(degree <= found.cap, bits, 0.0))
    highest = 1.0 - np.geomspace(0.01, min(0.01, _HANDFUL / len(weight)), _HIGH)
    thresholds = np.unique(np.quantile(weight, [*_QUANTILES, *highest]))
    yield oracle.best(name, pairs.single_linkage(found, weight, count, thresholds), malicious)
