"""Organizations inside a group: firms that a tool or a timetable has brought together are still firms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from linkage.sites import apartness, firms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from linkage.config import ScoringSettings
    from linkage.evidence.incidence import Incidence
    from linkage.scoring.features import Features
    from linkage.scoring.term import FloatArray, IntArray

#: Least share of an organization's accounts that are in a group, for it to be the group's: a group may be a part of it,
#: and nobody's who has a mail address where everybody has one.
PART = 0.25
#: Members from which several accounts of one organization are more than chance.
_LEAST = 3
#: Organizations from which a group is many firms.
SEVERAL = 3


@dataclass(frozen=True, slots=True)
class Firms:
    """Organizations, and mail domains, that are firms' (:func:`linkage.sites.firms`): surrogate ids, rising."""

    organizations: IntArray
    domains: IntArray

    @staticmethod
    def of(incidence: Incidence, features: Features, exclusive_share: float) -> Firms:
        """Those of a population."""
        return Firms(
            firms(incidence, features.organization, exclusive_share), firms(incidence, features.domain, exclusive_share)
        )

    def has(self, organization: IntArray) -> NDArray[np.bool_]:
        """Whether each ``organization`` is one."""
        return np.isin(organization, self.organizations)

    def has_domain(self, domain: IntArray) -> NDArray[np.bool_]:
        """Whether each ``domain`` is one's."""
        return np.isin(domain, self.domains)


@dataclass(frozen=True, slots=True)
class Organizations:
    """``part`` (N): organization within its group that an account belongs to, numbered from 0; −1 for none.

    ``registered``, ``by_domain``: share of each group's members (K) that belong to organizations which the provider
    knows, or which a mail domain tells. ``number`` (K): how many these are.
    ``apart`` (K, 0–1): how far the group is three of them or more; what members have in common is nobody's own then.
    """

    part: IntArray
    registered: FloatArray
    by_domain: FloatArray
    number: IntArray
    apart: FloatArray


def organizations(
    incidence: Incidence,
    features: Features,
    label: IntArray,
    groups: int,
    known: Firms,
    settings: ScoringSettings,
) -> Organizations:
    """Organizations with three members or more in a group, which keep to themselves.

    A quarter of its accounts or more are in the group; at least half of its members pay with, or work from, something
    that hardly anyone outside it uses; and few share cards or addresses of the group with other members. Anyone can
    spread accounts over names; cards and addresses that go round among the names show them to be one.

    Of firms that are ``known`` as few members count as there are, and as small a part of each, where that makes three
    or more in a group: a benchmark brings together some people of many laboratories.
    """
    size = np.maximum(np.bincount(label[label >= 0], minlength=groups), 1)
    name = _names(features)
    member = (label >= 0) & (name >= 0)
    if not member.any():
        nobody = np.zeros(groups)
        return Organizations(np.full(len(label), -1, np.int64), nobody, nobody, np.zeros(groups, np.int64), nobody)
    names = int(name.max()) + 1
    cell, back, count = np.unique(label[member] * names + name[member], return_inverse=True, return_counts=True)
    candidate = np.full(len(label), -1, np.int64)
    candidate[member] = back
    everywhere = np.bincount(name[name >= 0], minlength=names)[cell % names]
    settled = (count >= _LEAST) & (count >= PART * everywhere)
    own, keeps = apartness(incidence, label, candidate, len(cell), settings.exclusive_share)
    settled &= own & keeps
    of_firm = np.where(features.organization >= 0, known.has(features.organization), known.has_domain(features.domain))
    some = settled | (keeps & (2 * np.bincount(back, of_firm[member], minlength=len(cell)) >= count))
    settled |= some & (np.bincount(cell[some] // names, minlength=groups) >= SEVERAL)[cell // names]
    chosen = (candidate >= 0) & settled[np.maximum(candidate, 0)]
    part = np.where(chosen, (np.cumsum(settled) - 1)[np.maximum(candidate, 0)], -1)
    set_up = features.organization >= 0
    registered, by_domain = (np.bincount(label[chosen & which], minlength=groups) / size for which in (set_up, ~set_up))
    number = np.bincount(cell[settled] // names, minlength=groups)
    # Anyone can have a mail domain; an organization was set up with the provider.
    several = np.where(number >= SEVERAL, most(registered + 0.5 * by_domain), 0.0)
    return Organizations(part, registered, by_domain, number, several)


def most(share: FloatArray) -> FloatArray:
    """How far a share of the members is most of them (0–1): from half on, wholly from four in five."""
    return np.clip((share - 0.5) / 0.3, 0.0, 1.0)


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
