"""Looking again: what explains a harmless group is put aside, and what it hid is looked for.

People of all sorts share a framework's prompts or a campus, members of a campaign among them, and share them more
loudly than what the campaign hands out: a search puts its members with everybody else on the framework. That group is
found to be harmless, so what holds it together says nothing about who is one operator. Without it the same search runs
once more over the same accounts, and what it finds is judged as before. Clusters that are flagged then, or near it,
take their members out of those of the first look that are not flagged; where there is none, nothing changes at all. And
where a flagged cluster is found again, and flagged again, without a part of its members, these had little in common
with the others but what is public: the others leave them. All are measured once more, with what the last
look learned of whatever was not put aside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from linkage import detection
from linkage.communities import membership
from linkage.communities.aside import SEARCHES, Aside
from linkage.evidence import incidence as graph
from linkage.evidence import links as linking
from linkage.model.kinds import SCHEDULE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from linkage.config import Settings
    from linkage.detection import Found
    from linkage.evidence.incidence import Incidence
    from linkage.evidence.trust import Trust

#: Tiers of clusters: see :func:`linkage.scoring.assess.assess`.
_FLAGGED, _FOR_PEOPLE, _HARMLESS = 1, 2, 3
#: Share of a cluster's members on an identifier from which it holds the cluster together; and at least so many.
_CARRYING, _FEWEST = 0.1, 3
#: The same for a schedule: it was found by a test of its own, and explains nobody who does not keep it.
_KEPT = 0.5
#: Least share of an identifier's accounts that are members, for the cluster to explain it.
_EXPLAINED = 0.25
#: Share of a cluster's members that no earlier one has, from which it is another.
_NEW = 0.5
#: Share of a cluster's members that one flagged by the first look has, and of whose members they are most and not
#: nearly all, for it to be that one without its passengers.
_AGAIN, _MOST, _NEARLY_ALL = 0.9, 0.5, 0.9
#: Share of what ties the others to it that is on what others use as well.
_ON_PUBLIC = 0.5

#: Finds clusters in a graph.
Search = Callable[["Incidence"], "Found"]
#: Tier of each cluster found (K) by one of so many searches.
Judge = Callable[["Found", int], "NDArray[np.int64]"]


@dataclass(frozen=True, slots=True)
class _Cluster:
    """A cluster of a further ``look``: accounts that its evidence was measured on, and its members."""

    core: NDArray[np.int64]
    members: NDArray[np.int64]
    look: int


def again(
    incidence: Incidence,
    first: Found,
    tier: NDArray[np.int64],
    search: Search,
    judge: Judge,
    private_share: NDArray[np.float64],
    settings: Settings,
) -> Found:
    """``first``, its clusters of ``tier`` (K), and what two further looks at most flag besides, or leave to people."""
    found, trust = first, first.trust
    # Accounts whose cards and prompts were put aside look as if nothing told of them; exits are no pool by that.
    unpooled = replace(incidence, operator=np.full(incidence.identifiers, -1, np.int64))
    since = np.zeros(incidence.identifiers, np.int64)
    first_flagged = tier == _FLAGGED
    taken, held = _members(first, first_flagged), _members(first, tier != _HARMLESS)
    flagged: list[_Cluster] = []
    for_people: list[_Cluster] = []
    for look in range(1, SEARCHES):
        explained = _explained(incidence, found, tier == _HARMLESS) & (since == 0)
        if not explained.any():
            break
        since[explained] = look
        found = search(graph.without(unpooled, since > 0))
        tier = judge(found, SEARCHES)
        smallest = settings.membership.smallest
        new = _new(found, tier == _FLAGGED, taken, look, smallest)
        if look == 1:
            share = settings.scoring.exclusive_share
            new += _without_passengers(
                incidence, found, tier == _FLAGGED, first, first_flagged, explained, share, smallest
            )
        open_ = _new(found, tier == _FOR_PEOPLE, taken | held, look, smallest)
        if not new and not open_:
            since[explained] = 0
            break
        trust = _combined(trust, found.trust, since > 0)
        for cluster in new:
            taken[cluster.members] = True
        flagged += new
        # The later look hides less.
        for_people = open_ + for_people
    fresh = flagged
    for cluster in for_people:
        left, core = (these[~taken[these]] for these in (cluster.members, cluster.core))
        if len(left) >= _NEW * len(cluster.members) and len(core) >= settings.membership.smallest:
            taken[left] = True
            fresh.append(replace(cluster, core=core, members=left))
    return _together(incidence, first, trust, fresh, since, private_share, settings) if fresh else first


def _members(found: Found, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Accounts (N) that are members of the ``chosen`` clusters (K)."""
    inside = found.label >= 0
    out = inside.copy()
    out[inside] = chosen[found.label[inside]]
    return out


def _explained(incidence: Incidence, found: Found, harmless: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Identifiers (M) that hold one of the ``harmless`` clusters (K) together."""
    inside = _members(found, harmless)[incidence.edge_account]
    cell, count = np.unique(
        found.label[incidence.edge_account[inside]] * incidence.identifiers + incidence.edge_identifier[inside],
        return_counts=True,
    )
    cluster, identifier = cell // incidence.identifiers, cell % incidence.identifiers
    schedule = np.array([kind == SCHEDULE for kind in incidence.kinds])[incidence.kind[identifier]]
    holds = count >= np.maximum(np.where(schedule, _KEPT, _CARRYING) * found.size[cluster], _FEWEST)
    out = np.zeros(incidence.identifiers, dtype=np.bool_)
    out[identifier[holds & (count >= _EXPLAINED * incidence.degree[identifier])]] = True
    return out


def _new(found: Found, chosen: NDArray[np.bool_], taken: NDArray[np.bool_], look: int, smallest: int) -> list[_Cluster]:
    """The ``chosen`` clusters (K) most of whose members no earlier one has, without those that one has.

    Of them evidence is measured on ``smallest`` accounts or more.
    """
    core, out = found.membership.core, []
    for cluster in np.flatnonzero(chosen).tolist():
        members = np.flatnonzero(found.label == cluster)
        left = members[~taken[members]]
        if len(left) >= _NEW * len(members):
            measured_on = left[core[left] == found.origin[cluster]]
            if len(measured_on) >= smallest:
                out.append(_Cluster(measured_on, left, look))
    return out


def _without_passengers(
    incidence: Incidence,
    found: Found,
    chosen: NDArray[np.bool_],
    first: Found,
    flagged: NDArray[np.bool_],
    explained: NDArray[np.bool_],
    exclusive_share: float,
    smallest: int,
) -> list[_Cluster]:
    """The ``chosen`` clusters (K) that are one ``flagged`` of the ``first`` look (K₁) without a part of its members.

    What ties that part to the others has to be public for the most: ``explained`` (M), or less than ``exclusive_share``
    theirs. Pieces of a chain, and who shares what only members use, are no passengers.
    """
    core, out = found.membership.core, []
    considered = first.membership
    account, community = (column[considered.entry_row] for column in (considered.account, considered.community))
    for cluster in np.flatnonzero(chosen).tolist():
        members = np.flatnonzero(found.label == cluster)
        before = first.label[members]
        before = before[(before >= 0) & flagged[before]]
        if len(before) == 0:
            continue
        was = int(np.bincount(before).argmax())
        both = members[first.label[members] == was]
        part = len(both) / int((first.label == was).sum())
        measured_on = both[core[both] == found.origin[cluster]]
        if len(both) < _AGAIN * len(members) or not _MOST <= part < _NEARLY_ALL or len(measured_on) < smallest:
            continue
        leaving = first.label == was
        leaving[both] = False
        staying = np.zeros(incidence.accounts, dtype=np.bool_)
        staying[both] = True
        stay, leave = (
            np.bincount(incidence.edge_identifier[who[incidence.edge_account]], minlength=incidence.identifiers)
            for who in (staying, leaving)
        )
        public = explained | (stay < exclusive_share * (incidence.degree - leave))
        ties = leaving[account] & (community == first.origin[was]) & (stay > 0)[considered.entry_identifier]
        on_public = ties & public[considered.entry_identifier]
        if considered.entry_bits[on_public].sum() > _ON_PUBLIC * considered.entry_bits[ties].sum():
            out.append(_Cluster(measured_on, both, 1))
    return out


def _combined(before: Trust, after: Trust, aside: NDArray[np.bool_]) -> Trust:
    """What was learned last; of what is put ``aside`` (M), and of exits of a pool, what was learned before.

    Further looks do not ask for pools, and what the first one found by them stands.
    """
    aside = aside | (before.pool > 0.0)
    theta, bits, further = (
        np.where(aside, getattr(before, name), getattr(after, name)) for name in ("theta", "bits", "further")
    )
    return replace(before, theta=theta, bits=bits, further=further)


def _together(
    incidence: Incidence,
    first: Found,
    trust: Trust,
    fresh: Sequence[_Cluster],
    since: NDArray[np.int64],
    private_share: NDArray[np.float64],
    settings: Settings,
) -> Found:
    """Clusters of the first look and ``fresh`` ones as one set of communities, each measured on what it may be."""
    considered = first.membership
    core, given = considered.core.copy(), considered.label.copy()
    number = 1 + max(int(column.max(initial=-1)) for column in (core, given))
    look = np.concatenate([np.zeros(number, np.int64), [cluster.look for cluster in fresh]])
    for community, cluster in enumerate(fresh, start=number):
        core[cluster.members] = -1
        core[cluster.core] = community
        given[cluster.members] = community
    aside = Aside(since, look, given)
    band = membership.banded(private_share)
    share = settings.membership.admit_share
    scored = membership.score(incidence, trust, core, band, share, settings.membership, aside)
    links = linking.links(incidence, trust, settings.evidence, settings.seed)
    return detection.found_of(trust, links, scored, settings, aside)
