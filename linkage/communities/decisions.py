"""Members as evidence has them → members as people decided: who stays together, and who is kept apart.

Constrained clustering after Wagstaff and Cardie (2000): must-links within a confirmed operator, cannot-links between it
and whom people left out of it. They move accounts between communities that were found without them. Evidence stays
what it was measured to be, and so a cluster is no surer for what was decided about it; only an operator that has no
community of its own, because another operator has it or because nothing was found, gets one to be measured on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from linkage.communities import membership

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from linkage.communities.aside import Aside
    from linkage.communities.membership import Membership
    from linkage.config import MembershipSettings
    from linkage.evidence.incidence import Incidence
    from linkage.evidence.trust import Trust
    from linkage.model.decided import Decided

#: How an account stands to the community of a row of :class:`Moved`. In it by decision, where evidence has it elsewhere
#: or nowhere; in it as before, where evidence measured anew would drop it; in it because it may not be in the one that
#: it fits better; not in it, where evidence has it in.
KEPT, HELD, MOVED, APART = "kept", "held", "moved", "apart"
#: Those that are members because of a decision, and say nothing of how well the cluster is tied.
UNCOUNTED = (KEPT, MOVED)


@dataclass(frozen=True, slots=True)
class Group:
    """A confirmed operator, by positions of accounts: its own, rising, and those that are never with them.

    ``cluster_id``: the cluster that people confirmed.
    """

    case_id: str
    cluster_id: str
    accounts: NDArray[np.int64]
    apart: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Moved:
    """Where decisions differ from evidence, one row per account and community, by both; see KEPT, HELD, MOVED, APART.

    ``group``: place of the group whose decision it is. ``community``: as in the membership.
    """

    account: NDArray[np.int64]
    community: NDArray[np.int64]
    group: NDArray[np.int64]
    stands: NDArray[np.object_]


def groups(decided: Decided, account: NDArray[np.int64]) -> tuple[Group, ...]:
    """The confirmed operators as far as they are active. ``account`` (N): surrogate ids by position."""
    order = np.argsort(account, kind="stable")
    ranked = account[order]

    def positions(surrogates: frozenset[int]) -> NDArray[np.int64]:
        wanted = np.array(sorted(surrogates), dtype=np.int64)
        at = np.minimum(np.searchsorted(ranked, wanted), max(len(ranked) - 1, 0))
        found = at[ranked[at] == wanted] if len(ranked) else at[:0]
        return np.sort(order[found])

    made = (
        Group(one.case_id, one.cluster_id, positions(one.accounts), positions(one.apart)) for one in decided.confirmed
    )
    return tuple(group for group in made if len(group.accounts))


def enforce(
    incidence: Incidence,
    trust: Trust,
    considered: Membership,
    private_share: NDArray[np.float64],
    groups: Sequence[Group],
    settings: MembershipSettings,
    aside: Aside | None = None,
) -> tuple[Membership, Moved | None]:
    """``considered`` with members moved until every decision holds; None where they hold as it is.

    A group stays in the community that holds most of it. Of several groups in one community, the one with most members
    there keeps it. A group of fewer than ``settings.smallest`` accounts gets none of its own, and is in none then. Of
    those who have to leave, as many and more are measured as a community of theirs: an operator of which people
    confirmed a half has another.
    """
    found = considered.label
    source = [_fullest(found[group.accounts]) for group in groups]
    held = [
        int((found[group.accounts] == at).sum()) if at >= 0 else 0 for group, at in zip(groups, source, strict=True)
    ]
    target = np.full(len(groups), -1, np.int64)
    for at in sorted(range(len(groups)), key=lambda at: -held[at]):
        if source[at] >= 0 and source[at] not in target:
            target[at] = source[at]
    own = [at for at, group in enumerate(groups) if target[at] < 0 and len(group.accounts) >= settings.smallest]
    left = _left_behind(found, groups, target, settings.smallest)
    # Of whoever was decided about everything is told, however little ties them.
    about = np.zeros(incidence.accounts, dtype=np.bool_)
    about[np.concatenate([np.concatenate([group.accounts, group.apart]) for group in groups])] = True
    core = considered.core.copy()
    if own or left:
        looked = len(aside.look) if aside is not None else 0
        fresh = max(int(core.max(initial=-1)) + 1, int(considered.community.max(initial=-1)) + 1, looked)
        for number, at in enumerate(own):
            target[at] = fresh + number
            core[groups[at].accounts] = target[at]
        for number, accounts in enumerate(left, start=len(own)):
            core[accounts] = fresh + number
    considered = membership.score(
        incidence, trust, core, membership.banded(private_share), settings.admit_share, settings, aside, about
    )
    label = considered.label.copy()
    whose = np.full(incidence.accounts, -1, np.int64)
    for at, (group, to) in enumerate(zip(groups, target.tolist(), strict=True)):
        label[group.accounts], whose[group.accounts] = to, at
    moved: dict[tuple[int, int], tuple[int, str]] = {}
    for account, at in _sent_away(label, groups, target).items():
        whose[account] = at
        barred = {to for group, to in zip(groups, target.tolist(), strict=True) if _has(group.apart, account)}
        label[account] = _next_best(considered, account, barred, aside)
        if label[account] >= 0:
            moved[account, int(label[account])] = (at, MOVED)
    for at, group in enumerate(groups):
        for account in group.accounts[label[group.accounts] >= 0].tolist():
            if found[account] < 0 or found[account] != source[at]:
                moved[account, int(target[at])] = (at, KEPT)
            elif considered.label[account] != target[at]:
                moved[account, int(target[at])] = (at, HELD)
    for account in np.flatnonzero((considered.label >= 0) & (label != considered.label)).tolist():
        moved[account, int(considered.label[account])] = (int(whose[account]), APART)
    if not moved:
        return considered, None
    rows = sorted(moved)
    accounts, communities = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    inside = np.array([moved[row][1] != APART for row in rows], dtype=np.bool_)
    band = membership.banded(private_share)
    considered = also(incidence, considered, accounts[inside], communities[inside], band, settings)
    return replace(considered, label=label), Moved(
        accounts,
        communities,
        np.array([moved[row][0] for row in rows], dtype=np.int64),
        np.array([moved[row][1] for row in rows], dtype=object),
    )


def also(
    incidence: Incidence,
    scored: Membership,
    account: NDArray[np.int64],
    community: NDArray[np.int64],
    band: NDArray[np.int64],
    settings: MembershipSettings,
) -> Membership:
    """``scored`` with a row for each of these accounts and communities that has none: it shares nothing that counts."""
    width = 1 + max(int(column.max(initial=0)) for column in (scored.community, scored.core, community))
    has = scored.account * width + scored.community
    fresh = np.setdiff1d(account * width + community, has)
    if not len(fresh):
        return scored
    every = np.concatenate([has, fresh])
    order = np.argsort(every, kind="stable")
    account, community = every // width, every % width
    kinds = np.concatenate([scored.kinds, np.zeros((len(fresh), scored.kinds.shape[1]))])
    label, accounts = scored.core, incidence.accounts
    size = np.bincount(label[label >= 0], minlength=width)
    bars = np.full(width, settings.bar_bits)
    # Some accounts of a community have a lower one of their own.
    np.maximum.at(bars, scored.community, scored.bar)
    old = len(has)
    prior = np.concatenate([scored.prior, np.log2(np.maximum(size[community[old:]], 1) / accounts)])
    covered, touching = (
        np.concatenate([count, np.zeros((max(0, width - len(count)), count.shape[1]), np.int64)])
        for count in (scored.covered, scored.touching)
    )
    absence = np.concatenate(
        [
            scored.absence,
            membership.absence_bits(
                kinds[old:] > 0, community[old:], np.bincount(label[label >= 0], minlength=len(covered)),
                covered, touching, accounts, settings,
            ),
        ]
    )  # fmt: skip
    private = np.concatenate(
        [scored.private, membership.private_bits(band, account[old:], community[old:], label, width, settings)]
    )
    score = np.concatenate([scored.score, prior[old:] + absence[old:] + private[old:]])
    bar = np.concatenate([scored.bar, bars[community[old:]]])
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    entry_row = place[scored.entry_row]
    return replace(
        scored,
        account=account[order],
        community=community[order],
        score=score[order],
        bar=bar[order],
        prior=prior[order],
        kinds=kinds[order],
        absence=absence[order],
        private=private[order],
        entry_row=entry_row,
    )


def _fullest(communities: NDArray[np.int64]) -> int:
    """The community that most of these are of, the first of equal ones; −1 where they are of none."""
    values, count = np.unique(communities[communities >= 0], return_counts=True)
    return int(values[np.argmax(count)]) if len(values) else -1


def _left_behind(
    found: NDArray[np.int64], groups: Sequence[Group], target: NDArray[np.int64], smallest: int
) -> list[NDArray[np.int64]]:
    """Accounts of no group that have to leave a group's community, by that: ``smallest`` of them or more."""
    decided = np.zeros(len(found), dtype=np.bool_)
    for group in groups:
        decided[group.accounts] = True
    away = [
        group.apart[(found[group.apart] == to) & ~decided[group.apart]]
        for group, to in zip(groups, target.tolist(), strict=True)
        if to >= 0
    ]
    return [accounts for accounts in away if len(accounts) >= smallest]


def _sent_away(label: NDArray[np.int64], groups: Sequence[Group], target: NDArray[np.int64]) -> dict[int, int]:
    """Accounts in the community of a group that they may not be with → place of the group."""
    away: dict[int, int] = {}
    for at, group in enumerate(groups):
        if target[at] >= 0:
            for account in group.apart[label[group.apart] == target[at]].tolist():
                away[account] = at
    return away


def _has(accounts: NDArray[np.int64], account: int) -> bool:
    """Whether ``account`` is one of these, which rise."""
    at = int(np.searchsorted(accounts, account))
    return at < len(accounts) and int(accounts[at]) == account


def _next_best(considered: Membership, account: int, barred: set[int], aside: Aside | None) -> int:
    """The community that the account fits best of those that it is not barred from; −1 where it fits none."""
    low, high = np.searchsorted(considered.account, [account, account + 1])
    rows = slice(int(low), int(high))
    if aside is not None:
        closed = aside.closed(considered.account[rows], considered.community[rows])
        barred = barred | set(considered.community[rows][closed].tolist())
    fits = [
        (-float(considered.score[row]), int(considered.community[row]))
        for row in range(int(low), int(high))
        if considered.score[row] >= considered.bar[row] and int(considered.community[row]) not in barred
    ]
    return min(fits)[1] if fits else -1
