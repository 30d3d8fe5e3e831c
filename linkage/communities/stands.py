"""What communities stand on, and every account that some of it may bring near.

A community's *enriched* identifiers are those that its members use far more often than everybody else. Each gives an
account log-odds of membership, ``log₂ (share of members on it / share of others on it)``, measured without the account
itself, as far as the identifier is trusted.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from linkage.communities import kernels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from linkage.communities.aside import Aside
    from linkage.config import MembershipSettings
    from linkage.evidence.incidence import Incidence
    from linkage.evidence.trust import Trust

#: What private work may speak for an account is so many times less than what it may speak against it.
PRIVATE_FOR = 3.0
#: Score from which an account that is no member is told of as one that was considered.
NEAR = -3.0
#: Identifiers of accounts that are weighed at once: what bounds memory where hubs make everybody a candidate.
_AT_ONCE = 1 << 22


@dataclass(frozen=True, slots=True)
class Enriched:
    """Identifiers on which communities stand, one row per community and identifier, sorted by community.

    ``inside``: members on it, x. ``bits``: log₂ of the ratio of shares inside and outside.
    """

    community: NDArray[np.int64]
    identifier: NDArray[np.int64]
    inside: NDArray[np.int64]
    bits: NDArray[np.float64]


def enriched(
    incidence: Incidence, label: NDArray[np.int64], settings: MembershipSettings, aside: Aside | None = None
) -> Enriched:
    """Identifiers that two or more members use, at ``settings.enriched_bits`` or more above everybody else."""
    communities = int(label.max()) + 1
    of_edge = label[incidence.edge_account]
    inside = of_edge >= 0
    key = of_edge[inside] * incidence.identifiers + incidence.edge_identifier[inside]
    cell, count = np.unique(key, return_counts=True)
    several = count >= 2
    cell, count = cell[several], count[several]
    community, identifier = cell // incidence.identifiers, cell % incidence.identifiers
    size = np.bincount(label[label >= 0], minlength=communities)[community]
    degree = incidence.degree[identifier]
    bits = share_bits(count, size, degree - count, incidence.accounts - size)
    kept = bits >= settings.enriched_bits
    if aside is not None:
        kept &= ~aside.of(community, identifier)
    return Enriched(community[kept], identifier[kept], count[kept], bits[kept])


def share_bits(
    inside: NDArray[np.int64], size: NDArray[np.int64], outside: NDArray[np.int64], others: NDArray[np.int64]
) -> NDArray[np.float64]:
    """log₂ of two shares, each with half a count added (Haldane 1956, Anscombe 1956)."""
    return np.asarray(np.log2((inside + 0.5) / (size + 1.0)) - np.log2((outside + 0.5) / (others + 1.0)))


def trusted_bits(bits: NDArray[np.float64], theta: NDArray[np.float64]) -> NDArray[np.float64]:
    """``bits`` of a shared identifier that are left when sharing it means something with probability ``theta``.

    A mixture: with that probability the ratio of shares is what it is, else it is 1.
    """
    return np.asarray(np.log2(1.0 - theta + theta * np.exp2(bits)))


@dataclass(frozen=True, slots=True)
class Rows:
    """As in :class:`Membership`; ``entry_stand``: rows of :class:`Enriched`."""

    account: NDArray[np.int64]
    community: NDArray[np.int64]
    kinds: NDArray[np.float64]
    entry_row: NDArray[np.int64]
    entry_stand: NDArray[np.int64]
    entry_bits: NDArray[np.float64]
    covered: NDArray[np.int64]
    touching: NDArray[np.int64]


def weighed(
    incidence: Incidence,
    trust: Trust,
    stands: Enriched,
    bits: NDArray[np.float64],
    label: NDArray[np.int64],
    size: NDArray[np.int64],
    every: NDArray[np.bool_] | None,
    settings: MembershipSettings,
) -> Rows:
    """Accounts on the ``stands`` of communities (C, of ``size``), with ``bits`` (2 × S) for members and for others.

    A hub on which a community stands makes everybody on it a candidate. Of nearly all of them it is clear at once that
    nothing else could bring them near: they are counted, and no row is kept. Accounts are weighed a part at a time.
    """
    kind = incidence.kind.astype(np.int64)
    order = np.lexsort((-bits[1], kind[stands.identifier], stands.community))
    on = incidence.edge_account[incidence.identifier_edge]
    prior = np.log2(np.maximum(size, 1) / incidence.accounts)
    # What an account lacks never speaks for it, and private work at most so much.
    floor = min(NEAR, settings.bar_bits) - settings.private_cap_bits / PRIVATE_FOR
    covered = np.zeros((len(size), len(trust.discount)), np.int64)
    touching = np.zeros_like(covered)
    parts: list[tuple[NDArray[np.int64] | NDArray[np.float64], ...]] = []
    rows = 0
    for low, high in pairwise(_parts(incidence, stands)):
        account, stand, given = kernels.considered(
            order, stands.community, stands.identifier, bits[0], bits[1], label,
            incidence.identifier_start, on, kind, low, high,
        )  # fmt: skip
        of_account, community, kinds, row, counted = kernels.weighed(
            account, stand, given, stands.community, stands.identifier, kind, trust.discount, trust.network, trust.bits
        )
        measured, everyone = kernels.having(kinds > 0, of_account, community, label, len(size))
        covered += measured
        touching += everyone
        kept = (prior[community] + kinds.sum(axis=1) >= floor) | (label[of_account] == community)
        if every is not None:
            kept |= every[of_account]
        entry = kept[row]
        place = np.cumsum(kept) - 1 + rows
        parts.append((of_account[kept], community[kept], kinds[kept], place[row[entry]], stand[entry], counted[entry]))
        rows += int(kept.sum())
    found = [np.concatenate([part[at] for part in parts]) for at in range(6)]
    return Rows(found[0], found[1], found[2], found[3], found[4], found[5], covered, touching)


def _parts(incidence: Incidence, stands: Enriched) -> list[int]:
    """Bounds of parts of the accounts, in order, that hold about _AT_ONCE identifiers on which communities stand."""
    times = np.bincount(stands.identifier, minlength=incidence.identifiers)
    before = np.concatenate([[0], np.cumsum(times[incidence.edge_identifier])])[incidence.account_start]
    wanted = np.arange(0, int(before[-1]), _AT_ONCE)
    return sorted({0, incidence.accounts, *np.searchsorted(before, wanted).tolist()})
