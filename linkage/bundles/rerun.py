"""A finding computed again from the records of a bundle, by the code of a refresh, without anybody else's records.

θ and the candidate community are given. Everybody else is stood in for: an identifier of degree d that x accounts of
the bundle used gets d − x stand-ins, which have no other trait than those that are counted in the baseline. So every
formula of membership, terms, significance and score sees the very counts that it saw in the refresh.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from linkage import detection, engine
from linkage.bundles import relations
from linkage.bundles.given import Given
from linkage.bundles.profiles import Profile
from linkage.communities import decisions, membership
from linkage.communities.stands import enriched
from linkage.config import Settings
from linkage.errors import BundleMalformed
from linkage.evidence import incidence as graph
from linkage.evidence.links import Links
from linkage.evidence.trust import Trust
from linkage.model import given as measures
from linkage.scoring import assess, features, followers, significance, terms

if TYPE_CHECKING:
    import pyarrow
    from numpy.typing import NDArray

    from linkage.communities.decisions import Moved
    from linkage.communities.membership import Membership
    from linkage.detection import Found
    from linkage.evidence.incidence import Incidence
    from linkage.scoring.features import Features
    from linkage.scoring.significance import Null


@dataclass(frozen=True, slots=True)
class Frame:
    """What a re-run is told besides records: the population's size, identifier kinds, as-of, and settings."""

    accounts: int
    kinds: tuple[str, ...]
    as_of: datetime
    settings: Settings


@dataclass(frozen=True, slots=True)
class Again:
    """What a re-run found. ``members``: membership by account number; ``terms``: points by name."""

    members: Mapping[int, float]
    linkage_score: float
    abuse_score: float
    q_value: float
    score: float
    tier: int
    terms: Mapping[str, float]

    @property
    def figures(self) -> dict[str, float]:
        """The figures of the cluster, by the names of its row."""
        return {
            "linkage_score": self.linkage_score,
            "abuse_score": self.abuse_score,
            "q_value": self.q_value,
            "score": self.score,
        }


def rerun(records: Mapping[str, pyarrow.Table], frame: Frame, threads: int | None = None) -> Again:
    """Members and scores of the cluster that ``records`` (by name: see linkage.bundles.tables) are about.

    ``threads``: how many the SQL engine takes; by default one per core.

    Raises:
        BundleMalformed: the records contradict each other.
    """
    told = Given.of(records["baseline"])
    with engine.connect(threads=threads) as connection:
        relations.relations(connection, records, frame.kinds, told)
        own = features.priced(connection, frame.as_of, relations.allowed(records))
        edges = engine.run(connection, "linkage.evidence", "edges").fetchnumpy()
        listed = relations.listed(connection, records)
    followed = followers.given(records["followed"]) if "followed" in records else None
    crowd = _Crowd(records, frame, told, own, edges)
    found = crowd.found()
    features_ = crowd.features()
    tied = detection.tied_bits(found, crowd.incidence)
    scored = terms.terms(
        crowd.incidence,
        features_,
        found.judged,
        1,
        frame.settings.scoring,
        told.numbers(measures.ALLOWED_ORGANIZATION),
        baseline=told.baseline(),
        listed=listed,
        followed=followed,
        beside=detection.beside(tied, found.trust, crowd.incidence.kinds),
    )
    statistic = significance.statistic(tied, crowd.incidence.kinds)
    q_value = significance.q_values(_null(records["null_maxima"], frame), statistic, found.counted_size)
    q_value = np.minimum(1.0, q_value * max(1, told.count(measures.SEARCHES)))
    q_value = np.minimum(q_value, told.least(measures.SCHEDULED, 1.0))
    judged = assess.assess(scored, q_value, frame.settings.scoring)
    rows = found.rows()
    considered = found.membership
    return Again(
        members={
            int(account): float(share)
            for account, share in zip(considered.account[rows], considered.share(rows), strict=True)
        },
        linkage_score=float(detection.linkage_score(found)[0]),
        abuse_score=float(judged.abuse[0]),
        q_value=float(q_value[0]),
        score=float(judged.score[0]),
        tier=int(judged.tier[0]),
        terms={term.name: float(term.points[0]) for term in scored},
    )


def compared(
    records: Mapping[str, pyarrow.Table],
    frame: Frame,
    claimed: Mapping[str, Any],
    members: Mapping[int, float],
    profile: Profile,
    threads: int | None = None,
) -> tuple[Again, list[str]]:
    """The finding computed again, and where it differs from what is ``claimed`` of the cluster and of its ``members``.

    ``threads``: how many the SQL engine takes; by default one per core.

    Raises:
        BundleMalformed: the records contradict each other.
    """
    again = rerun(records, frame, threads)
    differences = [f"account {account} is a member no longer" for account in sorted(set(members) - set(again.members))]
    differences += [f"account {account} is a member now" for account in sorted(set(again.members) - set(members))]
    for account in sorted(set(members) & set(again.members)):
        one, other = members[account], again.members[account]
        if not profile.agrees("membership", one, other):
            differences.append(f"account {account}: membership {other:.6f}, claimed {one:.6f}")
    for name, value in again.figures.items():
        if not profile.agrees(name, value, float(claimed[name])):
            differences.append(f"{name}: {value:.6f}, claimed {float(claimed[name]):.6f}")
    if again.tier != claimed["tier"]:
        differences.append(f"tier: {again.tier}, claimed {claimed['tier']}")
    return again, differences


class _Crowd:
    """The accounts of the bundle (first, by number) among stand-ins for everybody else."""

    def __init__(
        self,
        records: Mapping[str, pyarrow.Table],
        frame: Frame,
        told: Given,
        own: Features,
        edges: Mapping[str, NDArray[np.int64]],
    ) -> None:
        self._records, self._frame, self._told, self._own, self._edges = records, frame, told, own, edges
        self._known = len(own.account)
        self._others = frame.accounts - self._known
        if self._others < 0:
            raise BundleMalformed("the bundle holds more accounts than the population had")
        identifiers = records["identifiers"]
        shared = relations.graph_rows(identifiers)
        self._degree = identifiers["degree"].to_numpy()[shared]
        kind = np.asarray(identifiers["kind"].to_pylist(), dtype=object)[shared]
        number = {name: at for at, name in enumerate(frame.kinds)}
        self._kind = np.array([number[name] for name in kind], dtype=np.int8)
        priors = [frame.settings.evidence.prior_of(name) for name in frame.kinds]
        nothing = np.zeros(len(shared))
        self._trust = Trust(
            theta=identifiers["trust"].to_numpy()[shared],
            prior=nothing,
            usual=nothing,
            bits=identifiers["bits"].to_numpy()[shared],
            further=nothing,
            discount=np.array([prior.discount for prior in priors]),
            network=np.array([prior.network for prior in priors], dtype=np.bool_),
            pool=nothing,
            prior_log_odds=0.0,
        )
        core = records["accounts"]["core"].to_numpy(zero_copy_only=False)
        self._core = np.concatenate([np.where(core, 0, -1), np.full(self._others, -1)]).astype(np.int64)
        if not core.any():
            raise BundleMalformed("the bundle names no candidate community")
        self._band = self._bands()
        self.incidence = self._padded(None)

    def found(self) -> Found:
        """Members, as the search would find them in this one community."""
        first = self._score()
        # How many stand-ins an identifier kind may tie: all that it tied, less those of the bundle.
        tied = np.bincount(
            np.nonzero(first.kinds[first.account < self._known] > 0)[1], minlength=len(self._frame.kinds)
        )
        self.incidence = self._padded(self._told.touching(self._frame.kinds) - tied)
        scored = self._score()
        claimed = self._records["accounts"]["elsewhere"].is_valid().to_numpy(zero_copy_only=False)
        label = scored.label.copy()
        label[self._known :] = -1
        label[: self._known][claimed] = -1
        moved = self._moved()
        if moved is not None:
            label[moved.account] = np.where(moved.stands == decisions.APART, -1, 0)
            inside = moved.account[label[moved.account] == 0]
            settings = self._frame.settings.membership
            scored = decisions.also(
                self.incidence, scored, inside, np.zeros(len(inside), np.int64), self._band, settings
            )
        if not (label >= 0).any():
            raise BundleMalformed("no account of the bundle reaches the bar of its cluster")
        scored = replace(scored, label=label)
        none = np.zeros(0, np.int32)
        links = Links(none, none, np.zeros(0), np.zeros(0), none, 0)
        return detection.Found(self._trust, links, scored, label, np.zeros(1, np.int64), moved=moved)

    def features(self) -> Features:
        """What the accounts of the bundle did, and of stand-ins what is counted of everybody."""
        own, told = self._own, self._told
        names = told.capability_names
        capability = np.full((self._frame.accounts, len(names)), np.nan)
        known = np.isfinite(own.capability).any(axis=1) if own.capabilities else np.zeros(self._known, np.bool_)
        capability[: self._known][known] = 0.0
        for at, name in enumerate(own.capabilities):
            capability[: self._known, names.index(name)] = own.capability[:, at]
        day = np.datetime64("1970-01-01", "us")
        closed = self._fill(own.closed, np.False_)
        closed[self._known : self._known + max(0, told.count(measures.CLOSED) - int(own.closed.sum()))] = True
        created = self._fill(own.created, np.nan)
        if told.known("created") and self._others:
            created[-1] = 0.0
        return replace(
            own,
            account=self._fill(own.account, -1),
            events=self._fill(own.events, 0.0),
            tokens=self._fill(own.tokens, 0),
            cost=self._fill(own.cost, 0),
            active_days=self._fill(own.active_days, 0.0),
            first_seen=self._fill(own.first_seen, day),
            last_seen=self._fill(own.last_seen, day),
            clock=np.concatenate([own.clock, np.zeros((self._others, own.clock.shape[1]))]),
            used={kind: self._fill(used, np.False_) for kind, used in own.used.items()},
            values={name: self._fill(value, np.nan) for name, value in own.values.items()},
            capabilities=tuple(names),
            capability=capability,
            created=created,
            first=self._fill(own.first, np.nan),
            domain=self._belonging(own.domain, measures.DOMAIN),
            organization=self._belonging(own.organization, measures.ORGANIZATION),
            closed=closed,
        )

    # --- inside -------------------------------------------------------------------------------------------------

    def _moved(self) -> Moved | None:
        """Whom a verdict keeps in the cluster or out of it."""
        if "decided" not in self._records or not self._records["decided"].num_rows:
            return None
        table = self._records["decided"]
        account = table["account"].to_numpy()
        if account.min() < 0 or account.max() >= self._known:
            raise BundleMalformed("a verdict is about an account that the bundle does not hold")
        nothing = np.zeros(len(account), np.int64)
        return decisions.Moved(account, nothing, nothing, np.array(table["stands"].to_pylist(), dtype=object))

    def _score(self) -> Membership:
        settings = self._frame.settings.membership
        every = np.ones(self.incidence.accounts, dtype=np.bool_)
        return membership.score(
            self.incidence,
            self._trust,
            self._core,
            self._band,
            settings.admit_share,
            settings,
            every=every,
            known=self._known,
        )

    def _bands(self) -> NDArray[np.int64]:
        """Band of private work of every account; of stand-ins as many of each as there are left."""
        own = membership.bands(self._own.values["private_work"], self._told.values(measures.BAND_CUT))
        everyone = self._told.values(measures.BAND).astype(np.int64)
        left = everyone - np.bincount(own, minlength=membership.BANDS)
        if (left < 0).any() or left.sum() != self._others:
            raise BundleMalformed("private work does not add up to the population's")
        return np.concatenate([own, np.repeat(np.arange(membership.BANDS), left)])

    def _padded(self, tying: NDArray[np.int64] | None) -> Incidence:
        """The graph with stand-ins on identifiers; ``tying``: on how many of them, by kind, enriched ones are."""
        inside = np.bincount(self._edges["identifier"].astype(np.int64), minlength=len(self._degree))
        outside = self._degree - inside
        if (outside < 0).any():
            raise BundleMalformed("an identifier has more accounts in the bundle than in the population")
        account, identifier = _spread(np.arange(len(outside)), outside, self._others)
        if tying is not None:
            stands = enriched(self.incidence, self._core, self._frame.settings.membership).identifier
            # Network identifiers that are worth nothing to a pair tie nobody.
            speaks = ~self._trust.network[self._kind[stands]] | (self._trust.bits[stands] > 0)
            ties = stands[speaks & (self._trust.theta[stands] > 0)]
            parts = [_spread(np.setdiff1d(np.arange(len(outside)), ties), outside, self._others)]
            for kind, standing in enumerate(tying.tolist()):
                parts.append(_spread(ties[self._kind[ties] == kind], outside, standing))
                if standing > len(parts[-1][0]):
                    raise BundleMalformed("the accounts that a kind ties to the cluster do not add up")
            account, identifier = (np.concatenate(part) for part in zip(*parts, strict=True))
        nothing = np.zeros(len(account), np.int64)

        def padded(name: str) -> NDArray[np.int64]:
            return np.concatenate([self._edges[name].astype(np.int64), nothing])

        return graph.build(
            self._frame.accounts,
            self._frame.kinds,
            self._kind,
            np.concatenate([self._edges["account"].astype(np.int64), account + self._known]),
            np.concatenate([self._edges["identifier"].astype(np.int64), identifier]),
            padded("first_day"),
            padded("last_day"),
            padded("events"),
            self._fill(self._own.events, 0.0),
        )

    def _fill(self, value: NDArray[Any], rest: Any) -> NDArray[Any]:
        return np.concatenate([value, np.full(self._others, rest, dtype=value.dtype)])

    def _belonging(self, own: NDArray[np.int64], measure: str) -> NDArray[np.int64]:
        """Domain or organization of everybody, as far as it is one that an account of the bundle belongs to."""
        numbers = np.array(self._told.numbers(measure), dtype=np.int64)
        mine = np.array([(own == number).sum() for number in numbers], dtype=np.int64)
        left = self._told.values(measure).astype(np.int64) - mine
        named = np.repeat(numbers, np.maximum(left, 0))
        value = self._fill(own, -1)
        if len(named) > self._others:
            raise BundleMalformed("the accounts of an organization do not add up")
        value[self._known : self._known + len(named)] = named
        if self._told.known(measure) > len(named) + int((own >= 0).sum()) and len(named) < self._others:
            value[-1] = int(max(numbers.max(initial=0), own.max(initial=0))) + 1
        return value


def _spread(
    identifiers: NDArray[np.int64], outside: NDArray[np.int64], standing: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Stand-ins and identifiers: ``outside`` different ones on each of ``identifiers``, in turn of ``standing``."""
    identifier = np.repeat(identifiers, outside[identifiers])
    if len(identifier) and standing < outside[identifiers].max():
        raise BundleMalformed("the accounts on an identifier do not add up")
    return np.arange(len(identifier)) % max(standing, 1), identifier


def _null(table: pyarrow.Table, frame: Frame) -> Null:
    if "kind" not in table.column_names:
        raise BundleMalformed("an older linkage made it, whose null told of no kinds: use that one to run it again")
    try:
        return detection.carried(table, frame.kinds, frame.accounts, frame.settings)
    except (IndexError, KeyError) as fault:
        raise BundleMalformed("the null distribution is not of this population") from fault
