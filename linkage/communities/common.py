"""Communities that many things tie to each other which nobody else uses: one operator's, of whom each part works apart.

Whoever hands out two sets of prompts and a third to everybody makes two communities. An account of one meets the other
on a third of what ties it to its own, which is not enough to be taken for a member of both. But a dozen prompts that
half of the one and half of the other use, and nobody in the rest of the population, are no coincidence of two groups.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from linkage.communities.stands import Enriched
    from linkage.evidence.incidence import Incidence
    from linkage.evidence.trust import Trust

#: Share of an identifier's accounts that two communities have together, from which it is theirs.
_THEIRS = 0.8
#: Share of the members of each that use any of what is theirs, from which they belong together.
_USE = 0.25
#: Part of these things that one who uses any uses at most: else they come together, as the prompts of a tool do.
_IN_TURN = 0.5


def in_common(
    incidence: Incidence,
    stands: Enriched,
    label: NDArray[np.int64],
    size: NDArray[np.int64],
    trust: Trust,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of communities (P, P) that belong together by what nobody else uses.

    Of the members of each, at least a quarter use something that both stand on and hardly anyone else has, the most
    common of these things left out: a stolen card makes no operator. Nor does a tool, whose prompts come together: of
    as many things as would be used equally, those who use any use half at most. Addresses do not count.

    ``stands``: of the communities of ``label`` (N, −1 for none), which have ``size`` (C) members.
    """
    communities = len(size)
    pair, identifier, on = _theirs(incidence, stands, communities, trust)
    # Without the most common one of each pair.
    order = np.lexsort((identifier, -on, pair))
    pair, identifier = pair[order], identifier[order]
    further = np.zeros(len(pair), dtype=np.bool_)
    further[1:] = pair[1:] == pair[:-1]
    pair, identifier, on = pair[further], identifier[further], on[further]
    edges = incidence.degree[identifier]
    begins = np.repeat(incidence.identifier_start[identifier] - (np.cumsum(edges) - edges), edges)
    account = incidence.edge_account[incidence.identifier_edge[begins + np.arange(len(begins))]].astype(np.int64)
    of_pair, home = np.repeat(pair, edges), label[account]
    member = (home == of_pair // communities) | (home == of_pair % communities)
    seen, things = np.unique(of_pair[member] * incidence.accounts + account[member], return_counts=True)
    of_pair, home = seen // incidence.accounts, label[seen % incidence.accounts]
    pairs, at = np.unique(of_pair, return_inverse=True)
    left, right = pairs // communities, pairs % communities
    both = [
        np.bincount(at[home == side[at]], minlength=len(pairs)) / np.maximum(size, 1)[side] for side in (left, right)
    ]
    pair, on = pair[np.isin(pair, pairs)], on[np.isin(pair, pairs)]
    number = np.searchsorted(pairs, pair)
    varied = np.bincount(number, on, len(pairs)) ** 2 / np.bincount(number, on.astype(np.float64) ** 2, len(pairs))
    used = np.bincount(at, things, len(pairs)) / np.bincount(at, minlength=len(pairs))
    chosen = (np.minimum(both[0], both[1]) >= _USE) & (used <= _IN_TURN * varied)
    return left[chosen], right[chosen]


def _theirs(
    incidence: Incidence, stands: Enriched, communities: int, trust: Trust
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Pair (low × C + high), identifier and members on it, of what two communities stand on and nobody else (R).

    It has to be worth no less than is usual for its kind and degree. The community with most members on an identifier
    is paired with every other that stands on it.
    """
    counts = ~trust.network[incidence.kind[stands.identifier]]
    counts &= (trust.theta >= trust.prior)[stands.identifier]
    rows = np.flatnonzero(counts)
    rows = rows[np.lexsort((stands.community[rows], -stands.inside[rows], stands.identifier[rows]))]
    identifier, community, inside = stands.identifier[rows], stands.community[rows], stands.inside[rows]
    begins = np.ones(len(rows), dtype=np.bool_)
    begins[1:] = identifier[1:] != identifier[:-1]
    leading = np.maximum.accumulate(np.where(begins, np.arange(len(rows)), 0))
    on = inside + inside[leading]
    theirs = ~begins & (on >= _THEIRS * incidence.degree[identifier])
    low, high = np.minimum(community, community[leading]), np.maximum(community, community[leading])
    return (low * communities + high)[theirs], identifier[theirs], on[theirs]
