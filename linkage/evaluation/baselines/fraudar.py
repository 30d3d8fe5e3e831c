"""FRAUDAR: the densest block of accounts and identifiers, whatever the camouflage (Hooi et al., KDD 2016,
doi 10.1145/2939672.2939747).

The suspiciousness of a set of accounts and identifiers is the weight of the edges inside over the number of its nodes.
An edge weighs 1 / log(d + 5), d the accounts on its identifier, so that edges to popular ones, which hide a block, add
to nothing but themselves. The set is found by taking the node off whose edges inside weigh least, again and again, and
going back to where the ratio was highest: at least half of the highest there is (the paper's theorem 1). Several blocks
come one after another, as in the authors' code: the edges of the block go, the weights are taken anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from linkage.evaluation.baselines import kernels, oracle, pairs
from linkage.evaluation.baselines.edges import Baseline, Edges

if TYPE_CHECKING:
    from linkage.evaluation.baselines.edges import FloatArray, IntArray, Mask

#: The paper's constant in the weight of an edge, c.
_SMALL_COUNTS = 5.0
#: Blocks that are looked for, each at the cost of going through every edge that is left.
BLOCKS = 30


@dataclass(frozen=True, slots=True)
class Block:
    """``accounts`` and ``identifiers`` of a dense block, rising, and its weight over its nodes."""

    accounts: IntArray
    identifiers: IntArray
    suspiciousness: float


def run(edges: Edges, malicious: Mask) -> Iterator[Baseline]:
    """The first blocks, as many as are best on the truth; an account belongs to the first one that holds it."""
    count = len(edges.accounts)
    name = f"FRAUDAR, of {BLOCKS} blocks"
    label = np.full(count, -1, np.int64)
    flagged = np.zeros(count, dtype=np.bool_)
    best, reached = flagged, 0.0
    for number, block in enumerate(blocks(edges, BLOCKS)):
        new = block.accounts[label[block.accounts] < 0]
        label[new] = number
        flagged = flagged.copy()
        flagged[new] = True
        score = oracle.f1(flagged, malicious)
        if score > reached:
            best, reached = flagged, score
    yield Baseline(name, label, best)


def blocks(edges: Edges, most: int) -> Iterator[Block]:
    """Up to ``most`` blocks one after another; fewer where no edge is left."""
    account, identifier = edges.account, edges.identifier
    for _ in range(most):
        if len(account) == 0:
            return
        block = densest(account, identifier)
        yield block
        inside = np.isin(account, block.accounts) & np.isin(identifier, block.identifiers)
        account, identifier = account[~inside], identifier[~inside]


def weights(identifier: IntArray) -> FloatArray:
    """Weight of each edge (E): 1 / log(d + 5), d the edges of its ``identifier``."""
    return np.asarray(1.0 / np.log(np.bincount(identifier)[identifier] + _SMALL_COUNTS))


def densest(account: IntArray, identifier: IntArray) -> Block:
    """The most suspicious block of the graph with these edges (E ≥ 1, distinct)."""
    # Numbered anew: nodes without an edge are in no block.
    accounts, row = np.unique(account, return_inverse=True)
    identifiers, column = np.unique(identifier, return_inverse=True)
    nodes = len(accounts) + len(identifiers)
    ends = np.concatenate([row, column + len(accounts)])
    entries = pairs.rows(ends, nodes)
    weight = weights(identifier)
    order, off = kernels.peel(
        entries.start,
        np.concatenate([column + len(accounts), row])[entries.order],
        np.concatenate([weight, weight])[entries.order],
    )
    left = np.zeros(nodes, dtype=np.bool_)
    left[order[off:]] = True
    inside = left[row] & left[column + len(accounts)]
    return Block(
        accounts[left[: len(accounts)]],
        identifiers[left[len(accounts) :]],
        float(weight[inside].sum() / left.sum()),
    )
