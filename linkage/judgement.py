"""Clusters of any search of one population, judged by one measure: how sure the linkage is, and whether it is abuse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from linkage import detection
from linkage.scoring import assess, baseline, significance, terms

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from linkage.config import Settings
    from linkage.detection import Found
    from linkage.evidence.load import Population
    from linkage.scoring.assess import Assessment
    from linkage.scoring.baseline import Baseline
    from linkage.scoring.features import Features
    from linkage.scoring.followers import Followed
    from linkage.scoring.significance import Null
    from linkage.scoring.term import Term
    from linkage.scoring.watch_list import Listed


@dataclass(frozen=True, slots=True)
class Judged:
    """What the clusters of a search are judged by, and how: see :class:`linkage.findings.tables.Outcome`."""

    q_value: NDArray[np.float64]
    scheduled: NDArray[np.float64]
    baseline: Baseline
    terms: list[Term]
    assessment: Assessment


@dataclass(frozen=True, slots=True)
class Judgement:
    """Judges the clusters of any search of one population by the same measure."""

    population: Population
    features: Features
    null: Null
    settings: Settings
    allowed_organizations: tuple[int, ...]
    listed: Listed | None
    followed: Followed | None

    def of(self, found: Found, searches: int = 1, among: Baseline | None = None) -> Judged:
        """Significance, terms and tiers of what was ``found`` by one of so many ``searches`` (Bonferroni).

        ``among``: what groups are compared with; that of what was found unless given.
        """
        incidence, scoring = self.population.incidence, self.settings.scoring
        tied = detection.tied_bits(found, incidence)
        statistic = significance.statistic(tied, incidence.kinds)
        q_value = significance.q_values(self.null, statistic, found.counted_size)
        q_value = np.minimum(1.0, q_value * np.maximum(found.searches, searches))
        scheduled = significance.of_schedules(
            incidence,
            found.judged,
            found.clusters,
            self.population.by_chance,
            self.settings.scoring.exclusive_share,
        )
        q_value = np.minimum(q_value, scheduled)
        everyone = among or baseline.measure(incidence, self.features, found.label, found.clusters, scoring)
        scored = terms.terms(
            incidence,
            self.features,
            found.judged,
            found.clusters,
            scoring,
            self.allowed_organizations,
            baseline=everyone,
            listed=self.listed,
            followed=self.followed,
            beside=detection.beside(tied, found.trust, incidence.kinds),
        )
        return Judged(q_value, scheduled, everyone, scored, assess.assess(scored, q_value, scoring))

    def tier(self, found: Found, searches: int, first: Baseline) -> NDArray[np.int64]:
        """Tier of each cluster (K) that a further look ``found``: the one further from a flag of two.

        It is compared with the groups of the ``first`` look, as it will be when all are measured once more, and with
        those of its own: without what explains ordinary groups people of one interest come together, loosely, and what
        such groups have in common speaks of none of them.
        """
        return np.maximum(self.of(found, searches).assessment.tier, self.of(found, searches, first).assessment.tier)
