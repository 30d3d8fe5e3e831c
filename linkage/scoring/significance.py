"""Is a cluster more tied together than search finds in rewired data? Family-wise.

Clusters were found by search, so their own tails mean nothing. The null keeps how many identifiers of each kind an
account has and how many accounts each identifier has, and rewires who shares with whom. The largest cluster statistic
of the same search over each rewired copy follows a Gumbel law, which gives q (extreme value theory: Coles 2001,
doi 10.1007/978-1-4471-3675-0). There is a law of all bits, and one of each kind alone: the busiest accounts of a
population hang together by their prompts, rewired or not, which says nothing of cards that go round.
Significance concerns linkage only; it is necessary for a flag and never sufficient.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from linkage.model.kinds import SCHEDULE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from linkage.evidence.incidence import Alone, Incidence

    Whole = NDArray[np.int64]
    Edges = tuple[Whole, Whole, Whole, Whole, Whole]

#: Least scale of the law, log2 of bits. A null that finds next to nothing leaves no spread to estimate; with this scale
#: a cluster needs nearly three times the bits of the null's largest for a family-wise p of .05.
LEAST_SCALE = 0.5
#: Largest size class of a few accounts, up to fifteen.
_FEW = 3
#: Least scale that a few replicates can tell.
_LEAST_FITTED = 0.05

#: Share of the members who keep a schedule, from which it validates a cluster.
_MOST_KEEP = 0.6
#: Euler–Mascheroni constant: mean of a standard Gumbel variable.
_EULER = 0.5772156649015329


@dataclass(frozen=True, slots=True)
class Null:
    """Gumbel laws of the largest statistics in rewired data, one location for each size class and each statistic.

    ``location``, ``scale`` and ``fitted`` (size classes × statistics), the scale with and without its floor, and
    ``error``, the largest standard error of a location: log2 of bits.
    ``maxima`` (R × size classes × statistics): the largest statistic of each class, 0 where none.
    """

    location: NDArray[np.float64]
    scale: NDArray[np.float64]
    fitted: NDArray[np.float64]
    error: float
    maxima: NDArray[np.float64]


def statistic(tied_bits: NDArray[np.float64], kinds: Sequence[str]) -> NDArray[np.float64]:
    """log2 of all bits that tie the members of a cluster, and of those of each kind (K × 1 + kinds).

    It grows with size at equal strength, as surprise does. A cluster meets the null's clusters of its own size class
    and of smaller ones: the same bits among fewer accounts are tighter, and a diffuse giant says nothing of them.

    Schedules are left out: they have no null here (see :func:`of_schedules`).
    """
    counted = np.where(np.array([kind != SCHEDULE for kind in kinds], dtype=np.bool_), tied_bits[:, 1:], 0.0)
    return np.asarray(np.log2(1.0 + np.column_stack([counted.sum(axis=1), counted])))


def rewired(incidence: Incidence, alone: Alone, seed: int, replicate: int) -> Edges:
    """Account, identifier, first and last day and events of each edge after rewiring within each kind.

    Where an account draws the same identifier twice, one edge is kept.

    ``alone``: uses that shared ones change places with. An account has a card or two, most often its own, and whoever
    shares one at all is no chance pick: rewired among sharers only, cards of two and three accounts each hang together
    in chains as long as any campaign's. Addresses and prompts are many, and are rewired among those that are shared.

    Not within activity as well: where a campaign makes most of the busy accounts, such a stratum would hold the signal.
    """
    random = np.random.default_rng([seed, replicate, 7])
    shared = incidence.edge_identifier.astype(np.int64)
    kind = np.concatenate([incidence.kind[shared], alone.kind])
    # Edges first, so that a kind without uses by one account alone is rewired as it stands.
    identifier = np.concatenate([shared, np.full(len(alone.account), -1, np.int64)])
    order = np.argsort(kind, kind="stable")
    drawn = identifier[order]
    bounds = np.flatnonzero(np.r_[True, kind[order][1:] != kind[order][:-1], True])
    for low, high in pairwise(bounds.tolist()):
        random.shuffle(drawn[low:high])
    identifier[order] = drawn
    account = np.concatenate([incidence.edge_account.astype(np.int64), alone.account])
    kept = np.flatnonzero(identifier >= 0)
    key, at = np.unique(account[kept] * np.int64(incidence.identifiers) + identifier[kept], return_index=True)
    at = kept[at]
    first, last, events = (
        np.concatenate([edge.astype(np.int64), use])[at]
        for edge, use in (
            (incidence.edge_first, alone.first),
            (incidence.edge_last, alone.last),
            (incidence.edge_events, alone.events),
        )
    )
    return key // incidence.identifiers, key % incidence.identifiers, first, last, events


def maxima(found: NDArray[np.float64], size: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    """Largest of each statistic (K × S) among the clusters of each size class, floor(log2 size); 0 where there is none.

    Size classes × S.
    """
    out = np.zeros((classes, found.shape[1]))
    if len(size):
        np.maximum.at(out, np.minimum(size_class(size), classes - 1), found)
    return out


def size_class(size: NDArray[np.int64]) -> NDArray[np.int64]:
    """floor(log2 size)."""
    return np.floor(np.log2(np.maximum(size, 1))).astype(np.int64)


def fit(replicates: Sequence[NDArray[np.float64]], accounts: int) -> Null:
    """Fit the laws to the largest statistics of each replicate up to each size class (each classes × S), by moments.

    A replicate that found nothing counts as the weakest cluster that the search can return at all: three accounts,
    each tied just strongly enough to outweigh the prior odds among ``accounts``. And what chance ties of a few accounts
    by all kinds, it may tie by any one, though five replicates did not show it.
    """
    table = np.stack(list(replicates))
    weakest = np.log2(1.0 + 3.0 * np.log2(max(accounts, 4) / 3.0))
    largest = np.maximum(np.maximum.accumulate(table, axis=1), weakest)
    of_few = largest[:, : _FEW + 1, :1]
    largest[:, : _FEW + 1] = np.maximum(largest[:, : _FEW + 1], of_few)
    largest[:, _FEW + 1 :] = np.maximum(largest[:, _FEW + 1 :], of_few[:, -1:])
    fitted = largest.std(axis=0, ddof=1) * np.sqrt(6.0) / np.pi
    scale = np.maximum(fitted, LEAST_SCALE)
    location = largest.mean(axis=0) - _EULER * scale
    return Null(location, scale, fitted, float(scale.max() * np.pi / np.sqrt(6.0 * len(table))), table)


def of_schedules(
    incidence: Incidence, label: Whole, groups: int, by_chance: NDArray[np.float64], exclusive_share: float
) -> NDArray[np.float64]:
    """Probability by chance of the schedule that most members of each group keep (K); 1 where they keep none.

    Rewiring says nothing of schedules: they were found by a test of their own. ``by_chance`` (M): of each identifier,
    for all who keep it, of whom at least ``exclusive_share`` are members.
    """
    found = np.ones(groups)
    if SCHEDULE not in incidence.kinds:
        return found
    keeps = incidence.kind[incidence.edge_identifier] == incidence.kinds.index(SCHEDULE)
    edge = np.flatnonzero(keeps & (label[incidence.edge_account] >= 0))
    cell, count = np.unique(
        label[incidence.edge_account[edge]] * np.int64(incidence.identifiers) + incidence.edge_identifier[edge],
        return_counts=True,
    )
    group, identifier = cell // incidence.identifiers, cell % incidence.identifiers
    most = count >= _MOST_KEEP * np.bincount(label[label >= 0], minlength=groups)[group] - 1e-9
    most &= count >= exclusive_share * incidence.degree[identifier]
    np.minimum.at(found, group[most], by_chance[identifier[most]])
    return found


def q_values(null: Null, found: NDArray[np.float64], size: NDArray[np.int64]) -> NDArray[np.float64]:
    """Family-wise p of each cluster's statistics (K × S), over all clusters that a search finds up to its size (K).

    By the statistic that says most. Each is corrected for how many there are (Bonferroni) by the law as it was fitted,
    and is no surer than by the law with the least scale, which asks for so many more bits and not for how many laws.

    What is beyond all that is found up to a larger size is beyond what is found up to its own. The law of the next size
    class is the one to ask where the null's largest is now just below the end of a class and now above: its spread is
    none.
    """
    classes = len(null.location)
    own = np.minimum(size_class(size), classes - 1)
    scale = np.maximum(null.fitted, _LEAST_FITTED)
    location = null.location + _EULER * (null.scale - scale)
    out = np.ones(len(found))
    for law in range(classes):
        fitted = np.minimum(1.0, found.shape[1] * _tail(found, location[law], scale[law]))
        p = np.maximum(fitted, _tail(found, null.location[law], null.scale[law])).min(axis=1)
        out = np.where((own == law) | (own == law - 1), np.minimum(out, p), out)
    return out


def _tail(found: NDArray[np.float64], location: NDArray[np.float64], scale: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability that a Gumbel variable is larger."""
    z = np.clip((found - location) / scale, -30.0, 700.0)
    return np.asarray(-np.expm1(-np.exp(-z)))
