"""Linkage from end to end: the account–identifier graph → members; on the data, and on rewired copies for the null."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from linkage import leiden
from linkage.communities import decisions, detect, membership
from linkage.evidence import incidence as graph
from linkage.evidence import links as linking
from linkage.evidence import trust as trusting
from linkage.model.kinds import SCHEDULE
from linkage.scoring import significance
from linkage.scoring.term import PROMPTS, Beside

if TYPE_CHECKING:
    import pyarrow
    from numpy.typing import NDArray

    from linkage.communities.aside import Aside
    from linkage.communities.decisions import Group, Moved
    from linkage.communities.membership import Membership
    from linkage.config import Settings
    from linkage.evidence.incidence import Alone, Incidence
    from linkage.evidence.links import Links
    from linkage.evidence.trust import Trust
    from linkage.leiden import Engine
    from linkage.scoring.significance import Null


@dataclass(frozen=True, slots=True)
class Found:
    """What the search found.

    ``membership``: accounts that were considered for communities.
    ``label`` (N): clusters, numbered from 0 by their first account; −1 for none. ``origin`` (K): community of each.
    ``aside``: what further looks put aside, where any found something. ``moved``: members whom a decision of people put
    where they are, where any is.
    """

    trust: Trust
    links: Links
    membership: Membership
    label: NDArray[np.int64]
    origin: NDArray[np.int64]
    aside: Aside | None = None
    moved: Moved | None = None

    @property
    def clusters(self) -> int:
        """K."""
        return len(self.origin)

    @property
    def searches(self) -> NDArray[np.int64]:
        """How many searches the significance of each cluster stands for (K)."""
        return np.ones(self.clusters, np.int64) if self.aside is None else self.aside.searches(self.origin)

    @property
    def size(self) -> NDArray[np.int64]:
        """Members of each cluster (K)."""
        return np.bincount(self.label[self.label >= 0], minlength=self.clusters)

    @property
    def counted(self) -> NDArray[np.bool_]:
        """Accounts whose membership, if any, is not by decision of people alone (N): clusters are judged by them."""
        counted = np.ones(len(self.label), dtype=np.bool_)
        if self.moved is not None:
            counted[self.moved.account[np.isin(self.moved.stands, decisions.UNCOUNTED)]] = False
        return counted

    @property
    def judged(self) -> NDArray[np.int64]:
        """Clusters as they are judged (N): ``label``, without members by decision of people alone."""
        return np.where(self.counted, self.label, -1)

    @property
    def counted_size(self) -> NDArray[np.int64]:
        """Members of each cluster that it is judged by (K)."""
        return np.bincount(self.judged[self.judged >= 0], minlength=self.clusters)

    def rows(self) -> NDArray[np.int64]:
        """Rows of ``membership`` that are members, by rising account."""
        considered = self.membership
        member = (considered.label[considered.account] == considered.community) & (self.label[considered.account] >= 0)
        return np.flatnonzero(member)


def search(
    incidence: Incidence,
    private_share: NDArray[np.float64],
    settings: Settings,
    seed: int,
    partition: Engine = leiden.partition,
    whole: Incidence | None = None,
) -> Found:
    """Learn what identifiers are worth, link accounts, find communities (first by ``partition``), and members.

    ``whole``: see :func:`linkage.communities.membership.assign`.
    """
    trust = trusting.learn(incidence, settings.evidence, seed, settings.engine.threads)
    links = linking.links(incidence, trust, settings.evidence, seed)
    community = detect.communities(links, incidence.accounts, settings.communities, seed, partition)
    considered = membership.assign(
        incidence,
        trust,
        membership.number(community, settings.membership.smallest),
        private_share,
        settings.membership,
        whole,
        lambda label: detect.cut(links, label, settings.communities, seed),
    )
    return found_of(trust, links, considered, settings)


def found_of(
    trust: Trust, links: Links, considered: Membership, settings: Settings, aside: Aside | None = None
) -> Found:
    """What was found, with clusters numbered; communities that are too small are none."""
    label = membership.number(considered.label, settings.membership.smallest)
    origin = np.full(int(label.max(initial=-1)) + 1, -1, np.int64)
    inside = label >= 0
    origin[label[inside]] = considered.label[inside]
    return Found(trust, links, considered, label, origin, aside)


def decided(
    incidence: Incidence,
    found: Found,
    private_share: NDArray[np.float64],
    settings: Settings,
    groups: Sequence[Group],
) -> Found:
    """``found`` with ``groups``: operators that people confirmed; they have the last word on who is together."""
    if not groups:
        return found
    considered, moved = decisions.enforce(
        incidence, found.trust, found.membership, private_share, groups, settings.membership, found.aside
    )
    return replace(found_of(found.trust, found.links, considered, settings, found.aside), moved=moved)


def linkage_score(found: Found) -> NDArray[np.float64]:
    """Mean bits, over all identifier kinds, that tie a member to its cluster (K), but for those by decision alone."""
    rows = found.rows()
    rows = rows[found.counted[found.membership.account[rows]]]
    total = np.bincount(
        found.label[found.membership.account[rows]],
        weights=found.membership.kinds[rows].sum(axis=1),
        minlength=found.clusters,
    )
    return total / np.maximum(found.counted_size, 1)


def tied_bits(found: Found, incidence: Incidence) -> NDArray[np.float64]:
    """All bits that tie the members of each cluster to it, and those of each kind alone (K × 1 + kinds).

    Without the cap on what addresses can give.

    The cap keeps addresses from carrying an account into a cluster alone; validation asks another question, how much
    there is to explain, and there many different addresses are more than one. Members by decision of people alone do
    not count: what was decided makes no cluster surer than it is.
    """
    considered = found.membership
    member = np.zeros(len(considered.account), dtype=np.bool_)
    rows = found.rows()
    member[rows[found.counted[considered.account[rows]]]] = True
    entry = np.flatnonzero(member[considered.entry_row])
    cluster = found.label[considered.account[considered.entry_row[entry]]]
    kinds = len(incidence.kinds)
    cell = cluster * kinds + incidence.kind[considered.entry_identifier[entry]]
    bits = np.bincount(cell, weights=considered.entry_bits[entry], minlength=found.clusters * kinds)
    by_kind = bits.reshape(found.clusters, kinds)
    return np.column_stack([by_kind.sum(axis=1), by_kind])


def beside(tied_bits: NDArray[np.float64], trust: Trust, kinds: Sequence[str]) -> Beside:
    """What ties each cluster besides, of its ``tied_bits``; all of it where nothing does."""
    every = tied_bits[:, 0]

    def part(others: NDArray[np.bool_]) -> NDArray[np.float64]:
        on_others = tied_bits[:, 1:][:, others].sum(axis=1)
        return np.asarray(np.divide(on_others, every, out=np.ones(len(every)), where=every > 0))

    return Beside(part(~trust.network), part(np.array([kind != PROMPTS for kind in kinds], dtype=np.bool_)))


def size_classes(accounts: int) -> int:
    """How many size classes the clusters of a population can be of."""
    return int(np.log2(max(2, accounts))) + 1


def null(
    incidence: Incidence,
    alone: Alone,
    private_share: NDArray[np.float64],
    settings: Settings,
    done: Callable[[int], None],
    partition: Engine = leiden.partition,
) -> Null:
    """Run the same search over ``settings.scoring.replicates`` rewired copies; ``done`` hears of each."""
    # A schedule was found by a test of its own; rewired, its one identifier would come back as it was.
    if SCHEDULE in incidence.kinds:
        incidence = graph.without(incidence, incidence.kind == incidence.kinds.index(SCHEDULE))
    classes = size_classes(incidence.accounts)
    maxima = []
    for replicate in range(settings.scoring.replicates):
        edges = significance.rewired(incidence, alone, settings.seed, replicate)
        copy = graph.build(
            incidence.accounts, incidence.kinds, incidence.kind, *edges, incidence.account_events, incidence.operator
        )
        found = search(copy, private_share, settings, settings.seed, partition)
        statistic = significance.statistic(tied_bits(found, incidence), incidence.kinds)
        maxima.append(significance.maxima(statistic, found.size, classes))
        done(replicate + 1)
    return significance.fit(maxima, incidence.accounts)


def carried(maxima: pyarrow.Table, kinds: Sequence[str], accounts: int, settings: Settings) -> Null:
    """The null that an earlier refresh was judged by, its table ``null_maxima``, for a population of ``accounts``.

    ``kinds``: of the identifiers, in their order.

    Raises:
        IndexError: a replicate is none of those that ``settings`` ask for.
        KeyError: a kind is none of ``kinds``.
    """
    classes = size_classes(accounts)
    found = np.zeros((settings.scoring.replicates, classes, 1 + len(kinds)))
    # A class that is too large for the population by now counts with the largest that there can be.
    size_class = np.minimum(maxima["size_class"].to_numpy(), classes - 1)
    column = {None: 0} | {kind: place for place, kind in enumerate(kinds, start=1)}
    of = np.array([column[kind] for kind in maxima["kind"].to_pylist()], dtype=np.int64)
    np.maximum.at(found, (maxima["replicate"].to_numpy(), size_class, of), maxima["statistic"].to_numpy())
    return significance.fit(list(found), accounts)
