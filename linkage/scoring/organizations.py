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
#: Least share of an organization's members on something of its own, and most on what other members use as well.
_APART, _CROSSING = 0.5, 0.25
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

    Most of its accounts are in the group; at least half of its members pay with, or work from, something that hardly
    anyone outside it uses; and few share cards or addresses of the group with other members. Anyone can spread
    accounts over names; cards and addresses that go round among the names show them to be one.
    """
    size = np.maximum(np.bincount(label[label >= 0], minlength=groups), 1)
    name = _names(features)
    member = (label >= 0) & (name >= 0)
    if not member.any():
        nobody = np.zeros(groups)
        return Organizations(np.full(len(label), -1, np.int64), nobody, nobody, np.zeros(groups, np.int64))
    names = int(name.max()) + 1
    cell, back, count = np.unique(label[member] * names + name[member], return_inverse=True, return_counts=True)
    candidate = np.full(len(label), -1, np.int64)
    candidate[member] = back
    everywhere = np.bincount(name[name >= 0], minlength=names)[cell % names]
    settled = (count >= _LEAST) & (count >= settings.exclusive_share * everywhere)
    settled &= _keeps_to_itself(incidence, label, candidate, len(cell), settings.exclusive_share)
    chosen = (candidate >= 0) & settled[np.maximum(candidate, 0)]
    part = np.where(chosen, (np.cumsum(settled) - 1)[np.maximum(candidate, 0)], -1)
    known = features.organization >= 0
    registered, by_domain = (np.bincount(label[chosen & which], minlength=groups) / size for which in (known, ~known))
    return Organizations(part, registered, by_domain, np.bincount(cell[settled] // names, minlength=groups))


def _names(features: Features) -> IntArray:
    """Organization of every account (N) as a number, else its mail domain as another; −1 for neither.

    A domain that most registered accounts on it have from one organization is that organization's.
    """
    organization, registered = _codes(features.organization)
    domain, domains = _codes(features.domain)
    of_domain = np.arange(domains + 1) + registered
    both = (organization >= 0) & (domain >= 0)
    if both.any():
        pair, count = np.unique(domain[both] * registered + organization[both], return_counts=True)
        most = count > 0.5 * np.bincount(domain[both])[pair // registered]
        of_domain[pair[most] // registered] = pair[most] % registered
    return np.where(organization >= 0, organization, np.where(domain >= 0, of_domain[np.maximum(domain, 0)], -1))


def _codes(value: IntArray) -> tuple[IntArray, int]:
    """Known values as 0, 1, … (−1 stays), and how many there are."""
    known = value >= 0
    values, back = np.unique(value[known], return_inverse=True)
    code = np.full(len(value), -1, np.int64)
    code[known] = back
    return code, len(values)


def _keeps_to_itself(
    incidence: Incidence, label: IntArray, candidate: IntArray, candidates: int, exclusive_share: float
) -> NDArray[np.bool_]:
    """Which candidates have enough of their accounts on something of their own, and few on what goes round."""
    own = np.isin(incidence.kind, [incidence.kinds.index(kind) for kind in _OWN if kind in incidence.kinds])
    group = label[incidence.edge_account]
    edge = np.flatnonzero((group >= 0) & own[incidence.edge_identifier])
    account, identifier = incidence.edge_account[edge], incidence.edge_identifier[edge].astype(np.int64)
    degree = incidence.degree[identifier]
    in_group = _users(group[edge] * incidence.identifiers + identifier)
    here = candidate[account]
    in_candidate = np.where(here >= 0, _users(here * incidence.identifiers + identifier), 0)
    alone = (here >= 0) & (in_candidate >= 2) & (in_candidate >= exclusive_share * degree)
    # Of the group, and not of the candidate: other members use it as well.
    around = (here >= 0) & ~alone & (in_group > in_candidate) & (in_group >= exclusive_share * degree)
    every = np.maximum(np.bincount(candidate[candidate >= 0], minlength=candidates), 1)
    on_own, on_others = (
        np.bincount(candidate[np.unique(account[which])], minlength=candidates) / every for which in (alone, around)
    )
    return np.asarray((on_own >= _APART) & (on_others <= _CROSSING))


def _users(key: IntArray) -> IntArray:
    """How often each key (E) is there."""
    _, back, count = np.unique(key, return_inverse=True, return_counts=True)
    return np.asarray(count[back])
