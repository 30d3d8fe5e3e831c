"""Communities → members: who belongs, who is core, and who was only passing through.

What a community stands on gives an account log-odds of membership (:mod:`linkage.communities.stands`). Kinds that the
members have and the account lacks count against it, and so does ordinary private work of its own. Customers of the same
proxy, families and owners of a stolen card fail here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from linkage.communities import kernels
from linkage.communities.stands import PRIVATE_FOR, Enriched, enriched, share_bits, trusted_bits, weighed
from linkage.communities.tails import DIGITS, LOWEST, followed
from linkage.communities.teams import in_common
from linkage.sites import apart
from linkage.sorted_keys import first_of_each

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from linkage.communities.aside import Aside
    from linkage.config import MembershipSettings
    from linkage.evidence.incidence import Incidence
    from linkage.evidence.trust import Trust

#: Quarters of the population by private work, and one for those of whom it is unknown.
BANDS = 5
#: Bits from which something that an account shares tells that it is a member.
_TELLS = 1.0


@dataclass(frozen=True, slots=True)
class Membership:
    """Considered accounts: one row per account and community, as far as its score may be near or it was measured on.

    ``score``: bits; ``bar``: what it had to reach. ``label`` (N): community, −1 for none;
    ``core`` (N): as before the last scoring, that is those whom the evidence was measured on.
    The waterfall of a row: ``prior``, ``kinds`` (bits by kind, those of the network capped), ``absence`` and
    ``private`` sum to ``score``.
    ``entry_row``, ``entry_identifier``, ``entry_bits``: the identifiers behind ``kinds``, discounted, before the cap.
    ``covered``, ``touching`` (C × K): accounts with evidence of each kind for each community, of those that it was
    measured on and of all, also where no row is kept of them.
    """

    label: NDArray[np.int64]
    core: NDArray[np.int64]
    account: NDArray[np.int64]
    community: NDArray[np.int64]
    score: NDArray[np.float64]
    bar: NDArray[np.float64]
    prior: NDArray[np.float64]
    kinds: NDArray[np.float64]
    absence: NDArray[np.float64]
    private: NDArray[np.float64]
    entry_row: NDArray[np.int64]
    entry_identifier: NDArray[np.int64]
    entry_bits: NDArray[np.float64]
    enriched: Enriched
    covered: NDArray[np.int64]
    touching: NDArray[np.int64]

    def share(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """How surely the account of each of ``rows`` is a member, 0–1: one half at the bar."""
        return np.asarray(1.0 / (1.0 + np.exp2(-np.clip(self.score[rows] - self.bar[rows], -60, 60))))


def assign(
    incidence: Incidence,
    trust: Trust,
    label: NDArray[np.int64],
    private_share: NDArray[np.float64],
    settings: MembershipSettings,
    whole: Incidence | None = None,
    cut: Callable[[NDArray[np.int64]], NDArray[np.int64]] | None = None,
) -> Membership:
    """Reduce communities to their core in at most ``settings.rounds`` rounds, then admit whom its evidence fits.

    Measured on a core, evidence is free of passengers: those who merely met the members no longer vouch for each other.

    ``private_share`` (N): share of an account's exchanges that nobody else's identifiers explain, NaN where unknown.
    ``whole``: the graph that ``incidence`` is a part of. What is no reason to link accounts still shows who is at home
    where. ``cut``: takes communities apart once passengers are out for the first time; without it they stay whole.
    """
    band = banded(private_share)
    everything = incidence if whole is None else whole
    for at in range(settings.rounds):
        scored = score(incidence, trust, label, band, settings.core_share, settings, tails=False)
        core = apart(everything, _merged(incidence, scored, label, trust, settings))
        if at == 0 and cut is not None and settings.rounds > 1:
            # Also what was joined just now, on evidence with passengers in it. What belongs together all the same is
            # joined in the rounds that follow.
            core = cut(core)
        core = number(core, settings.smallest)
        if (at > 0 or cut is None) and np.array_equal(core, label):
            break
        label = core
    return score(incidence, trust, label, band, settings.admit_share, settings)


def _merged(
    incidence: Incidence,
    scored: Membership,
    label: NDArray[np.int64],
    trust: Trust,
    settings: MembershipSettings,
) -> NDArray[np.int64]:
    """Cores after joining those whose members would as well be members of another.

    A community joins the one for which the largest share of its members, at least ``merge_share``, has evidence enough
    without any network identifier: customers of one exit provider are not one operator. Enough is ``merge_fit`` of what
    ties the account to its own: a class and a campaign that meet on a public tool's templates have more at home. And
    the other must answer, by at least ``merge_back`` of its members: a firm whose card was stolen fits the thieves, and
    they do not fit the firm. Communities that have several things to themselves join as well: :func:`in_common`.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    core = scored.label
    communities = int(label.max(initial=-1)) + 1
    size = np.bincount(core[core >= 0], minlength=communities)
    home = core[scored.account]
    speaks = ~trust.network[incidence.kind[scored.entry_identifier]] & (
        trust.theta[scored.entry_identifier] >= settings.merge_trust
    )
    entry_bits = scored.entry_bits * _undivided(incidence, scored, trust, label)
    bits = np.bincount(scored.entry_row[speaks], weights=entry_bits[speaks], minlength=len(scored.account))
    at_home = np.zeros(len(core))
    at_home[scored.account[home == scored.community]] = bits[home == scored.community]
    enough = (scored.prior + bits >= settings.bar_bits) & (bits >= settings.merge_fit * at_home[scored.account])
    fits = (home >= 0) & (home != scored.community) & enough & (size[scored.community] > 0)
    cell, count = np.unique(home[fits] * communities + scored.community[fits], return_counts=True)
    source, target = cell // communities, cell % communities
    share = count / np.maximum(size[source], 1)
    back = np.searchsorted(cell, target * communities + source)
    back = np.where(
        (back < len(cell)) & (cell[np.minimum(back, len(cell) - 1)] == target * communities + source), back, -1
    )
    returned = np.where(back >= 0, share[back], 0.0)
    joins = (share >= settings.merge_share) & (returned >= settings.merge_back) & (count >= 2)
    joins &= size[source] <= size[target]
    order = np.lexsort((target, -share, source))
    order = order[joins[order]]
    first = order[first_of_each(source[order])]
    left, right = in_common(incidence, scored.enriched, core, communities, trust)
    left, right = np.concatenate([source[first], left]), np.concatenate([target[first], right])
    if len(left) == 0:
        return core
    graph = coo_matrix((np.ones(len(left)), (left, right)), shape=(communities, communities))
    whole = connected_components(graph, directed=False)[1]
    return np.where(core >= 0, whole[np.maximum(core, 0)], -1).astype(np.int64)


def _undivided(incidence: Incidence, scored: Membership, trust: Trust, label: NDArray[np.int64]) -> NDArray[np.float64]:
    """How many times as much the entries of ``scored`` say about an account when communities that stand on the same
    identifier are not held against each other.

    The parts that a hub's accounts were cut into all stand on it, and each part alone finds it common outside.
    """
    stands = scored.enriched
    size = np.bincount(label[label >= 0], minlength=int(label.max(initial=-1)) + 1)
    inside = np.bincount(stands.identifier, stands.inside, incidence.identifiers)
    of_parts = np.bincount(stands.identifier, size[stands.community], incidence.identifiers)
    at = stands.identifier
    outside = np.maximum(incidence.degree[at] - inside[at], 0)
    bits = share_bits(stands.inside, size[stands.community], outside, incidence.accounts - of_parts[at])
    theta = trust.theta[at]
    before, after = trusted_bits(stands.bits, theta), trusted_bits(np.maximum(bits, stands.bits), theta)
    ratio = np.divide(after, before, out=np.ones(len(at)), where=before > 0)
    key = stands.community * incidence.identifiers + at
    wanted = scored.community[scored.entry_row] * incidence.identifiers + scored.entry_identifier
    return np.asarray(ratio[np.searchsorted(key, wanted)])


def band_cuts(private_share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Quartiles of the population's private work (3); none where it is known of nobody."""
    known = np.isfinite(private_share)
    return np.quantile(private_share[known], [0.25, 0.5, 0.75]) if known.any() else np.zeros(0)


def banded(private_share: NDArray[np.float64]) -> NDArray[np.int64]:
    """Quarter of this very population that each account's private work falls in (N): see :func:`bands`."""
    return bands(private_share, band_cuts(private_share))


def bands(private_share: NDArray[np.float64], cuts: NDArray[np.float64]) -> NDArray[np.int64]:
    """Quarter of the population that an account's private work falls in, 0–3; 4 where unknown."""
    known = np.isfinite(private_share)
    return np.where(known, np.searchsorted(cuts, private_share, side="right"), BANDS - 1).astype(np.int64)


def score(
    incidence: Incidence,
    trust: Trust,
    label: NDArray[np.int64],
    band: NDArray[np.int64],
    bar_share: float,
    settings: MembershipSettings,
    aside: Aside | None = None,
    every: NDArray[np.bool_] | None = None,
    *,
    tails: bool = True,
    known: int | None = None,
) -> Membership:
    """Score every account on what communities stand on, and give each to the one that it fits best, if it fits.

    ``label`` (N): the communities that evidence is measured on. ``band`` (N): see :func:`bands`. ``bar_share``: part of
    what the upper quartile of a community's members score that an account has to reach. ``aside``: what is no evidence
    for which communities. ``every`` (N): accounts of which all rows are kept, however far from any score that counts.
    ``tails``: follow the members' own scores below the bar (:func:`linkage.communities.tails.followed`), which only the
    first ``known`` accounts tell of where others stand in for a population.
    """
    accounts = incidence.accounts
    stands = enriched(incidence, label, settings, aside)
    communities = max(1, int(label.max()) + 1)
    size = np.bincount(label[label >= 0], minlength=communities)

    # Every account on an enriched identifier of a community is considered for it; bits without the account itself.
    own = np.array([[1], [0]])
    size_of, degree = size[stands.community], incidence.degree[stands.identifier]
    inside = stands.inside - own
    # Where everybody on it is a member there is no other account that the second row could be of.
    outside = np.maximum(degree - inside - 1, 0)
    bits = share_bits(inside, size_of - own, outside, accounts - size_of + own - 1)
    bits = np.where(inside > 0, trusted_bits(bits, trust.theta[stands.identifier]), 0.0)
    rows = weighed(incidence, trust, stands, bits, label, size, every, settings)
    considered, towards, by_kind = rows.account, rows.community, rows.kinds
    prior = np.log2(np.maximum(size[towards], 1) / accounts)
    absence = absence_bits(by_kind > 0, towards, size, rows.covered, rows.touching, accounts, settings)
    private = private_bits(band, considered, towards, label, communities, settings)
    total = prior + by_kind.sum(axis=1) + absence + private

    best = np.full(accounts, -1, np.int64)
    bars = _bars(total, considered, towards, label, communities, settings.bar_bits, bar_share)
    if tails:
        told = considered < (accounts if known is None else known)
        bars = followed(total[told], towards[told], bars)
    bar = bars[towards]
    if tails:
        # What an account shares beside exits speaks for itself, however much more others share who do more; on one
        # thing alone there is also whose card was stolen.
        beside = ~trust.network[incidence.kind[stands.identifier[rows.entry_stand]]]
        tells = beside & (np.round(rows.entry_bits, DIGITS) >= _TELLS)
        things = np.bincount(rows.entry_row[tells], minlength=len(considered))
        by_itself = np.round(total - by_kind[:, trust.network].sum(axis=1), DIGITS)
        speaks = (by_itself >= max(LOWEST, settings.bar_bits)) & (things >= 2)
        # It is a member, and no surer than the least sure of the others.
        bar = np.where(speaks, np.minimum(bar, total), bar)
    wanted = total if aside is None else aside.preferred(total, considered, towards, bar)
    winner = winners(wanted, considered)
    winner = winner[(total[winner] >= bar[winner]) & (wanted[winner] > -np.inf)]
    best[considered[winner]] = towards[winner]
    return Membership(
        label=best,
        core=label,
        account=considered,
        community=towards,
        score=total,
        bar=bar,
        prior=prior,
        kinds=by_kind,
        absence=absence,
        private=private,
        entry_row=rows.entry_row,
        entry_identifier=stands.identifier[rows.entry_stand],
        entry_bits=rows.entry_bits,
        enriched=stands,
        covered=rows.covered,
        touching=rows.touching,
    )


def winners(score: NDArray[np.float64], account: NDArray[np.int64]) -> NDArray[np.int64]:
    """Row of the highest ``score`` of each account, the first of equal ones; rows come by ``account``."""
    if len(account) == 0:
        return np.zeros(0, np.int64)
    starts = np.flatnonzero(first_of_each(account))
    highest = np.maximum.reduceat(score, starts)
    top = np.flatnonzero(score == np.repeat(highest, np.diff(np.append(starts, len(account)))))
    return top[first_of_each(account[top])]


def _bars(
    score: NDArray[np.float64],
    account: NDArray[np.int64],
    community: NDArray[np.int64],
    label: NDArray[np.int64],
    communities: int,
    least: float,
    share: float,
) -> NDArray[np.float64]:
    """Score from which an account is a member, by community: a part of what the upper quartile of its members has.

    Passengers stand on one or two things that the members also use, members on many; a bar that follows the members
    tells them apart where a fixed one would let through whoever meets a large campaign once. The upper quartile, and
    not the median, because passengers may be more than half of a community before they are left out.
    """
    member = label[account] == community
    order = np.lexsort((score[member], community[member]))
    values, groups = score[member][order], community[member][order]
    bounds = np.searchsorted(groups, np.arange(communities + 1))
    quartile = (bounds[:-1] + 3 * bounds[1:]) // 4
    filled = bounds[1:] > bounds[:-1]
    bar = np.full(communities, least)
    bar[filled] = np.maximum(least, share * values[quartile[filled]])
    return bar


def absence_bits(
    has: NDArray[np.bool_],
    community: NDArray[np.int64],
    size: NDArray[np.int64],
    covered: NDArray[np.int64],
    touching: NDArray[np.int64],
    accounts: int,
    settings: MembershipSettings,
) -> NDArray[np.float64]:
    """Bits against the account of each row for every kind that members have and it lacks, which is none it ``has``.

    ``size`` (C), ``covered`` and ``touching`` (C × K): as in :class:`Membership`.
    """
    of = size.astype(np.float64)[:, None]
    lacks_in = (of - covered + 0.5) / (of + 1.0)
    lacks_out = (accounts - of - (touching - covered) + 0.5) / (accounts - of + 1.0)
    against = np.clip(np.log2(np.maximum(lacks_in, 1e-12) / lacks_out), -settings.absence_cap_bits, 0.0)
    return np.asarray(kernels.lacking(has, community, against))


def private_bits(
    band: NDArray[np.int64],
    account: NDArray[np.int64],
    community: NDArray[np.int64],
    label: NDArray[np.int64],
    communities: int,
    settings: MembershipSettings,
) -> NDArray[np.float64]:
    """Bits for or against an account by how much private work it has, compared with the members'."""
    member = label >= 0
    table = np.bincount(label[member] * BANDS + band[member], minlength=communities * BANDS).reshape(communities, BANDS)
    everyone = np.bincount(band, minlength=BANDS) + 1.0
    inside = (table + 1.0) / (table.sum(axis=1, keepdims=True) + BANDS)
    bits = np.log2(inside / (everyone / everyone.sum()))
    most = settings.private_cap_bits
    return np.asarray(np.clip(bits, -most, most / PRIVATE_FOR)[community, band[account]])


def number(label: NDArray[np.int64], smallest: int) -> NDArray[np.int64]:
    """Number the communities of at least ``smallest`` members anew by their first account; the rest have none."""
    out = np.full(len(label), -1, np.int64)
    inside = np.flatnonzero(label >= 0)
    if len(inside) == 0:
        return out
    values, first_at, inverse, count = np.unique(
        label[inside], return_index=True, return_inverse=True, return_counts=True
    )
    order = [v for v in np.argsort(first_at, kind="stable") if count[v] >= smallest]
    rank = np.full(len(values), -1, np.int64)
    rank[order] = np.arange(len(order))
    out[inside] = rank[inverse]
    return out
