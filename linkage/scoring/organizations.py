"""Organizations inside a group: firms that a tool or a timetable has brought together are still firms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from linkage.config import ScoringSettings
    from linkage.evidence.incidence import Incidence
    from linkage.scoring.features import Features
    from linkage.scoring.term import FloatArray, IntArray

#: Members from which several accounts of one organization are more than chance.
_LEAST = 3
#: Kinds that an organization has for itself: what pays, and where it works.
_OWN = ("payment_instrument", "ip_address")


@dataclass(frozen=True, slots=True)
class Organizations:
    """``part`` (N): organization within its group that an account belongs to, numbered from 0; −1 for none.

    ``registered``, ``by_domain``: share of each group's members (K) that belong to organizations which the provider
    knows, or which a mail domain tells. ``number`` (K): how many these are.
    """

    part: IntArray
    registered: FloatArray
    by_domain: FloatArray
    number: IntArray


def organizations(
    incidence: Incidence, features: Features, label: IntArray, groups: int, settings: ScoringSettings
) -> Organizations:
    """Organizations with three members or more in a group, which keep to themselves.

    Most of its accounts are in the group, and at least half of its members pay with, or work from, something that
    hardly anyone outside it uses. Anyone can spread accounts over names; cards and addresses that go round among the
    names show them to be one.
    """
    size = np.maximum(np.bincount(label[label >= 0], minlength=groups), 1)
    part = np.full(len(label), -1, np.int64)
    share = [np.zeros(groups), np.zeros(groups)]
    number = np.zeros(groups, np.int64)
    fresh = 0
    own = np.isin(incidence.kind, [incidence.kinds.index(kind) for kind in _OWN if kind in incidence.kinds])
    for at, value in enumerate((features.organization, features.domain)):
        known = (value >= 0) & (part < 0)
        inside = known & (label >= 0)
        if not inside.any():
            continue
        names, code = np.unique(value[value >= 0], return_inverse=True)
        of = np.full(len(value), -1, np.int64)
        of[value >= 0] = code
        everywhere = np.bincount(code)
        cell, back, count = np.unique(label[inside] * len(names) + of[inside], return_inverse=True, return_counts=True)
        settled = (count >= _LEAST) & (count >= settings.exclusive_share * everywhere[cell % len(names)])
        candidate = np.full(len(label), -1, np.int64)
        candidate[inside] = np.where(settled[back], back, -1)
        kept = _apart(incidence, candidate, len(cell), own, settings.exclusive_share)
        kept &= settled
        chosen = (candidate >= 0) & kept[np.maximum(candidate, 0)]
        renumbered = np.cumsum(kept) - 1
        part[chosen] = fresh + renumbered[candidate[chosen]]
        fresh += int(kept.sum())
        share[at] = np.bincount(label[chosen], minlength=groups) / size
        number += np.bincount(cell[kept] // len(names), minlength=groups)
    return Organizations(part, share[0], share[1], number)


def _apart(
    incidence: Incidence, candidate: IntArray, candidates: int, own: NDArray[np.bool_], exclusive_share: float
) -> NDArray[np.bool_]:
    """Which candidates have at least half of their accounts on something that hardly anyone else uses."""
    edge = np.flatnonzero((candidate[incidence.edge_account] >= 0) & own[incidence.edge_identifier])
    account = incidence.edge_account[edge]
    key = candidate[account] * incidence.identifiers + incidence.edge_identifier[edge]
    cell, back, count = np.unique(key, return_inverse=True, return_counts=True)
    alone = (count >= 2) & (count >= exclusive_share * incidence.degree[cell % incidence.identifiers])
    on = np.unique(account[alone[back]])
    covered = np.bincount(candidate[on], minlength=candidates)
    every = np.bincount(candidate[candidate >= 0], minlength=candidates)
    return np.asarray((every > 0) & (covered >= 0.5 * every))
