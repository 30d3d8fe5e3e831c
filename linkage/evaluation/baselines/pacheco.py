"""Coordinated networks by likeness (Pacheco et al., ICWSM 2021, doi 10.1609/icwsm.v15i1.18075).

Accounts are documents and identifiers their words: TF-IDF weights discount the popular ones, cosine likeness joins
accounts, a percentile of all edges is kept, and what is connected is a network. As in the authors' code for shared
retweets, a word's frequency is its uses by the account, and its inverse document frequency is smoothed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from linkage.evaluation.baselines import oracle, pairs
from linkage.evaluation.baselines.edges import Baseline, Edges

if TYPE_CHECKING:
    from linkage.evaluation.baselines.edges import FloatArray, IntArray, Mask

#: Percentiles of edge weights up to which edges are dropped, in parts of 1; the paper keeps the top .5 % in places.
PERCENTILES = (0.0, 0.5, 0.8, 0.9, 0.95, 0.99, 0.995, 0.999)
#: Uses from which an account is looked at: the paper leaves those with fewer than ten out in places.
SUPPORT = (1, 10)


def run(edges: Edges, malicious: Mask) -> Iterator[Baseline]:
    """Over all kinds, and over each; support, percentile and range of sizes are those best on the truth."""
    for kind in (None, *edges.kinds):
        of_kind = edges if kind is None else edges.where(edges.kind == kind)
        count = len(of_kind.accounts)
        found = pairs.within_blocks(of_kind.account, of_kind.identifier, count)
        name = f"Pacheco et al.{'' if kind is None else f', {kind}'}{pairs.identifiers_to(found.cap)}"
        yield oracle.best(name, _networks(of_kind, found), malicious)


def likeness(edges: Edges, found: pairs.Pairs) -> FloatArray:
    """Cosine of the TF-IDF vectors of each pair (P): tf = uses, idf = ln((1 + N) / (1 + d)) + 1."""
    uses = np.ones(len(edges.account)) if edges.uses is None else edges.uses
    degree = np.bincount(edges.identifier)[edges.identifier] if len(edges.identifier) else edges.identifier
    documents = len(np.unique(edges.account))
    return pairs.cosine(found, edges, uses * (np.log((1 + documents) / (1 + degree)) + 1))


def _networks(edges: Edges, found: pairs.Pairs) -> Iterator[IntArray]:
    count = len(edges.accounts)
    support = np.bincount(edges.account, weights=edges.uses, minlength=count)
    weight = likeness(edges, found)
    for least in SUPPORT:
        supported = (support[found.first] >= least) & (support[found.second] >= least)
        if supported.any():
            thresholds = np.unique(np.quantile(weight[supported], PERCENTILES))
            yield from pairs.single_linkage(found.where(supported), weight[supported], count, thresholds)
