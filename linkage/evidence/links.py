"""Trusted identifiers → links: the pairs of accounts that one operator has rather than not.

Pairs are formed on trusted identifiers only, and never as the clique of a hub; what else a candidate pair shares, hubs
included, is then read off for free.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from linkage.evidence import kernels
from linkage.evidence.trust import log_odds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from linkage.config import EvidenceSettings
    from linkage.evidence.incidence import Incidence
    from linkage.evidence.trust import Trust

#: Beyond posterior odds of 4,096 to 1 a link is as good as certain; more bits must not drown its neighbours.
MOST_BITS = 12.0

#: A pair is formed on an identifier only when sharing it gives at least this part of the bits that a link needs. Below
#: it a pair would have to share three more identifiers of other kinds, and then meets on one of those.
_FORMING_PART = 1 / 3
#: How far an address is one of a pool of exits from which it links as such.
_POOL = 0.25


@dataclass(frozen=True, slots=True)
class Links:
    """Linked accounts (a, b), a < b, sorted, each once.

    ``bits``: evidence over the prior odds. ``weight``: posterior log-odds, bits, capped. ``kinds``: bit mask of the
    kinds. ``candidates``: pairs that were looked at.
    """

    first: NDArray[np.int32]
    second: NDArray[np.int32]
    bits: NDArray[np.float64]
    weight: NDArray[np.float64]
    kinds: NDArray[np.int32]
    candidates: int


def links(incidence: Incidence, trust: Trust, settings: EvidenceSettings, seed: int) -> Links:
    """Pairs whose posterior probability is at least ``settings.link_probability``.

    Network identifiers alone never link a pair: twenty addresses of one exit provider are one fact. Those of a pool do,
    where two of different operators are shared.
    """
    needed = float(log_odds(settings.link_probability)) - trust.prior_log_odds
    forming = trust.bits >= _FORMING_PART * needed
    first, second = kernels.form_pairs(
        incidence.identifier_start,
        incidence.identifier_edge,
        incidence.edge_account,
        forming,
        settings.partners,
        seed,
    )
    key = np.sort(first.astype(np.int64) * incidence.accounts + second)
    # As numpy.unique, which hashes first: that takes ten times as long here.
    key = key[np.r_[True, key[1:] != key[:-1]]] if len(key) else key
    first = (key // incidence.accounts).astype(np.int32)
    second = (key % incidence.accounts).astype(np.int32)
    bits, kinds = kernels.pair_evidence(
        first,
        second,
        incidence.account_start,
        incidence.edge_identifier,
        incidence.edge_first,
        incidence.edge_last,
        incidence.kind,
        trust.bits,
        trust.further,
        trust.discount,
        trust.network,
    )
    enough = bits >= needed
    networks = np.int32(sum(1 << t for t in range(len(incidence.kinds)) if trust.network[t]))
    linked = enough & ((kinds & ~networks) != 0)
    only = np.flatnonzero(enough & ~linked)
    linked[only] = kernels.meet_twice(
        first[only],
        second[only],
        incidence.account_start,
        incidence.edge_identifier,
        incidence.edge_first,
        incidence.edge_last,
        np.where(trust.pool >= _POOL, incidence.operator, -1),
    )
    weight = np.minimum(bits[linked] + trust.prior_log_odds, MOST_BITS)
    return Links(first[linked], second[linked], bits[linked], weight, kinds[linked], len(key))
