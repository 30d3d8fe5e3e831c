"""Sites inside a group: members around a card or an address of their own, who hardly meet the other members.

Firms that something brought together are as many cards, addresses and prompts as there are firms, and still one each.
What varies is measured within a site, then. An operator hands its cards and exits around: its members meet everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from linkage.evidence.incidence import Incidence

    IntArray = NDArray[np.int64]

#: Share of an identifier's accounts that are of a group, from which it is the group's own; and of a group's members
#: that are of one site, from which the group is that site.
_EXCLUSIVE, _HALF = 0.6, 0.5
#: Kinds that people have for themselves: what pays, and where they work.
OWN = ("payment_instrument", "ip_address")
#: Least share of a site's members on something of its own, and most on what other members use as well.
_APART, _CROSSING = 0.5, 0.25
#: Members on one card or address from which it may be a site's.
_LEAST = 3
#: Kind of identifier that is a place where people work.
PLACE = "ip_address"
#: Identifiers of a member, those with most members, by which sites are found.
_FIRST = 5
#: Share of the members on the smaller of two identifiers that use the other as well, from which both are one site's.
_SAME = 0.5


def apart(incidence: Incidence, label: IntArray) -> IntArray:
    """``label`` (N) with sites as groups of their own, but for one that is half of its group or more."""
    site = sites(incidence, label, _EXCLUSIVE)
    inside = site >= 0
    if not inside.any():
        return label
    size = np.bincount(site[inside])
    group = np.full(len(size), -1, np.int64)
    group[site[inside]] = label[inside]
    leaves = size < _HALF * np.bincount(label[label >= 0])[group]
    out = label.copy()
    chosen = inside & leaves[np.maximum(site, 0)]
    out[chosen] = label.max() + 1 + site[chosen]
    return out


def sites(incidence: Incidence, label: IntArray, exclusive_share: float) -> IntArray:
    """Site within its group that each account (N) belongs to, numbered from 0; −1 for none.

    ``label`` (N): group of each account, −1 for none. ``exclusive_share``: of an identifier's accounts that are
    members, from which it is the group's own.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    nowhere = np.full(len(label), -1, np.int64)
    own = np.isin(incidence.kind, [incidence.kinds.index(kind) for kind in OWN if kind in incidence.kinds])
    group = label[incidence.edge_account]
    edge = np.flatnonzero((group >= 0) & own[incidence.edge_identifier])
    account = incidence.edge_account[edge].astype(np.int64)
    identifier = incidence.edge_identifier[edge].astype(np.int64)
    cell, back, count = np.unique(
        group[edge] * incidence.identifiers + identifier, return_inverse=True, return_counts=True
    )
    members = count[back]
    kept = (members >= _LEAST) & (members >= exclusive_share * incidence.degree[identifier])
    account, cell, members = account[kept], back[kept], members[kept]
    if len(account) == 0:
        return nowhere
    # The identifiers of each account with most members first, and of equal ones those that come first.
    order = np.lexsort((cell, -members, account))
    account, cell = account[order], cell[order]
    begins = np.flatnonzero(np.r_[True, account[1:] != account[:-1]])
    place = np.arange(len(account)) - np.repeat(begins, np.diff(np.append(begins, len(account))))
    first = place < _FIRST
    cells = len(count)
    uses = coo_matrix((np.ones(int(first.sum())), (account[first], cell[first])), shape=(len(label), cells)).tocsr()
    both = (uses.T @ uses).tocoo()
    on = np.bincount(cell[first], minlength=cells)
    same = both.data >= _SAME * np.minimum(on[both.row], on[both.col])
    joined = connected_components(
        coo_matrix((np.ones(int(same.sum())), (both.row[same], both.col[same])), shape=(cells, cells)), directed=False
    )[1]
    site = nowhere.copy()
    site[account[begins]] = joined[cell[begins]]
    inside = site >= 0
    # A site of two groups is one of each.
    _, site[inside] = np.unique(label[inside] * cells + site[inside], return_inverse=True)
    number = int(site.max()) + 1
    size = np.bincount(site[inside], minlength=number)
    own, keeps = apartness(incidence, label, site, number, exclusive_share)
    settled = (size >= _LEAST) & own & keeps
    chosen = inside & settled[np.maximum(site, 0)]
    return np.where(chosen, (np.cumsum(settled) - 1)[np.maximum(site, 0)], -1)


def apartness(
    incidence: Incidence, label: IntArray, candidate: IntArray, candidates: int, exclusive_share: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which candidates have enough of their accounts on something of their own, and which few on what goes round.

    ``candidate`` (N): part of its group that an account belongs to, −1 for none.
    """
    own = np.isin(incidence.kind, [incidence.kinds.index(kind) for kind in OWN if kind in incidence.kinds])
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
    # Where addresses are not known, a card is all that a firm shows.
    place = incidence.kind[identifier] == incidence.kinds.index(PLACE) if PLACE in incidence.kinds else alone
    at_own, on_others = (
        np.bincount(candidate[np.unique(account[which])], minlength=candidates) / every
        for which in (alone & place, around)
    )
    return at_own >= _APART, on_others <= _CROSSING


def firms(incidence: Incidence, name: IntArray, exclusive_share: float) -> IntArray:
    """Which values of ``name`` (N, −1 for none) are those of firms, rising.

    Of three accounts or more, at least half work from something that hardly anybody of another name uses. So nobody's
    is a name that everybody can have: its accounts are at home, each at its own.
    """
    kinds = [PLACE] if PLACE in incidence.kinds else [kind for kind in OWN if kind in incidence.kinds]
    asked = np.isin(incidence.kind, [incidence.kinds.index(kind) for kind in kinds])
    values, code, every = np.unique(name[name >= 0], return_inverse=True, return_counts=True)
    if not len(values):
        return values
    of = np.full(len(name), -1, np.int64)
    of[name >= 0] = np.where(every >= _LEAST, np.arange(len(values)), -1)[code]
    edge = np.flatnonzero(asked[incidence.edge_identifier] & (of[incidence.edge_account] >= 0))
    account, identifier = incidence.edge_account[edge], incidence.edge_identifier[edge].astype(np.int64)
    count = _users(of[account] * incidence.identifiers + identifier)
    at_own = np.unique(account[(count >= 2) & (count >= exclusive_share * incidence.degree[identifier])])
    return values[(np.bincount(of[at_own], minlength=len(values)) >= _APART * every) & (every >= _LEAST)]


def _users(key: IntArray) -> IntArray:
    """How often each key (E) is there."""
    _, back, count = np.unique(key, return_inverse=True, return_counts=True)
    return np.asarray(count[back])
