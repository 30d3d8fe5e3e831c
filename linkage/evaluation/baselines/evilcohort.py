"""EvilCohort: accounts that a common set of machines accesses (Stringhini et al., USENIX Security 2015).

Accounts that share addresses are joined by an edge, weighted by how many they share; edges below a threshold are
dropped; what is left is partitioned by modularity; small communities are dropped. The paper partitions by Louvain and
looks at one day of logins at a time; here it is Leiden, which improves on that, over the window, as for every method.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from linkage import leiden
from linkage.evaluation.baselines import oracle, pairs
from linkage.evaluation.baselines.edges import Baseline, Edges

if TYPE_CHECKING:
    from linkage.evaluation.baselines.edges import FloatArray, IntArray, Mask

#: The kind of identifiers that the method looks at.
ADDRESS = "ip_address"
#: Addresses that a pair shares from which it is an edge; the paper tries up to 10.
THRESHOLDS = (1, 2, 3, 5, 10, 20)


def run(edges: Edges, malicious: Mask) -> Iterator[Baseline]:
    """The threshold and the range of community sizes that are best on the truth."""
    count = len(edges.accounts)
    addresses = edges.where(edges.kind == ADDRESS)
    # Pairs meet on an address that few enough use; what each of them shares is then counted on every address.
    found = pairs.within_blocks(addresses.account, addresses.identifier, count)
    weight = pairs.shared(found, addresses, np.ones(len(addresses.account)))
    present = [threshold for threshold in THRESHOLDS if (weight >= threshold).any()]
    labels = (cohorts(found, weight, threshold, count) for threshold in present)
    yield oracle.best(f"EvilCohort{pairs.identifiers_to(found.cap)}", labels, malicious)


def cohorts(found: pairs.Pairs, weight: FloatArray, threshold: float, accounts: int) -> IntArray:
    """Communities of the edges of ``weight`` (P) at least ``threshold``: label by account, −1 for none."""
    kept = weight >= threshold
    part = leiden.partition(found.first[kept], found.second[kept], weight[kept], accounts, seed=1)
    return pairs.without_single(part)
