"""The ordinary reasons why people share things, and terms that stand on templates and canaries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from linkage.scoring.baseline import Baseline, judged_by_templates, varied
from linkage.scoring.structure import Sharing, beyond, exclusive_value, sharing
from linkage.scoring.term import Term, graded, not_applicable

if TYPE_CHECKING:
    from linkage.scoring.organizations import Organizations
    from linkage.config import ScoringSettings
    from linkage.evidence.incidence import Incidence
    from linkage.scoring.features import Features
    from linkage.scoring.term import FloatArray, IntArray


def ordinary_reasons(
    incidence: Incidence,
    features: Features,
    label: IntArray,
    groups: int,
    size: IntArray,
    settings: ScoringSettings,
    canary_kind: str,
    templates: Sharing,
    by_templates: FloatArray,
    alike: FloatArray,
    baseline: Baseline,
    firms: Organizations,
) -> list[Term]:
    """Templates, organizations, events, smallness and canaries, as terms of every group.

    ``templates``: how each group shares them; ``by_templates`` (K): how much of all that it shares they are. A lesson
    explains shared templates, and neither cards that rotate nor exits. ``alike`` (K, 0–1): how far the requests of the
    members are of one size. A lesson and a tool are used by people who each work in their own way.
    """
    nan = not_applicable(groups)
    judged = judged_by_templates(templates, size)
    spread = beyond(varied(templates), judged, baseline.varied)
    many = np.where(size >= 8, graded(spread, 2.0) * templates.covered, 0.0)
    first, last = (
        seen.astype("datetime64[D]").astype(np.int64) for seen in (features.first_seen, features.last_seen)
    )
    days = _effective_days(incidence, label, groups, settings.exclusive_share, first, last)
    event = np.where(size >= 8, -3.0 * np.clip((7.0 - days) / 4.0, 0.0, 1.0), 0.0)
    few = np.clip((10.0 - templates.effective) / 5.0, 0.0, 1.0) * np.clip((templates.top - 0.3) / 0.3, 0.0, 1.0)
    weekend, gathered = _office(features, label, groups)
    office = -3.0 * np.clip((0.2 - weekend) / 0.1, 0.0, 1.0) * np.clip((gathered - 0.15) / 0.3, 0.0, 1.0)
    office = np.where(size >= 4, office, 0.0)
    lesson = -3.0 * by_templates * few * np.clip(templates.top_events / 0.2, 0.0, 1.0) * (1.0 - alike)
    domain = exclusive_value(features.domain, label, groups, settings.exclusive_share)
    organization = exclusive_value(features.organization, label, groups, settings.exclusive_share)
    # Anyone can have a mail domain; an organization was set up with the provider.
    several = firms.registered + firms.by_domain
    one_domain = -np.maximum.reduce(
        [1.5 * _most(domain), 3.0 * _most(organization), np.where(firms.number > 1, 3.0, 0.0) * _most(several)]
    )
    domain = np.maximum.reduce([domain, organization, several])
    small = -3.0 * np.clip((settings.small_group - size) / (settings.small_group - 3.0), 0.0, 1.0)
    canaries = sharing(incidence, label, groups, features.events, (canary_kind,), 0.0)
    hits = np.clip(np.log2(1.0 + canaries.shared), 0.0, 3.0)

    def one_lesson(group: int) -> str:
        return (
            f"one prompt template of their own carries {templates.top_events[group]:.0%} of the exchanges of "
            f"{templates.top[group]:.0%} of the members: a lesson or a tool"
        )

    def organized(group: int) -> str:
        if firms.number[group] > 1 and several[group] >= domain[group]:
            return (
                f"{domain[group]:.0%} of the members belong to {firms.number[group]} organizations or e-mail domains "
                "of their own, each with its own payer or site"
            )
        return f"{domain[group]:.0%} of the members belong to one organization or e-mail domain of their own"

    return [
        Term(
            "many_own_templates",
            "templates",
            templates.effective,
            nan,
            spread,
            many * settings.cap_scale,
            lambda group: (
                f"{int(templates.exclusive[group])} prompt templates, used by these accounts and hardly anyone else, "
                f"cover {templates.covered[group]:.0%} of the members "
                f"(as varied as {templates.effective[group]:.1f} in equal use)"
            ),
        ),
        Term(
            "office_hours",
            "timing",
            weekend,
            np.full(groups, 2.0 / 7.0),
            nan,
            office * settings.cap_scale,
            lambda group: (
                f"{weekend[group]:.0%} of their active hours fall on weekends (29% of all hours do), and they gather "
                f"around one time of day ({gathered[group]:.2f} of 1): office hours"
            ),
        ),
        Term(
            "one_event",
            "timing",
            days,
            nan,
            nan,
            event * settings.cap_scale,
            lambda group: f"what they share falls on few days (as spread as {days[group]:.1f} in equal use): an event",
        ),
        Term("one_lesson", "work", templates.top_events, nan, nan, lesson * settings.cap_scale, one_lesson),
        Term(
            "one_organization",
            "identity",
            domain,
            nan,
            nan,
            one_domain * settings.cap_scale,
            organized,
        ),
        Term(
            "small_group",
            "size",
            size.astype(np.float64),
            nan,
            nan,
            small * settings.cap_scale,
            lambda group: f"{size[group]} accounts: a household or a small team is as likely",
        ),
        Term(
            "canary_hits",
            "canary",
            canaries.shared.astype(np.float64),
            nan,
            nan,
            hits * settings.cap_scale,
            lambda group: f"{int(canaries.shared[group])} canaries were touched by several members",
        ),
    ]


def allowed_organization(
    features: Features,
    label: IntArray,
    groups: int,
    size: IntArray,
    organizations: tuple[int, ...],
    settings: ScoringSettings,
) -> Term:
    """Members of organizations that a person put on the allow-list."""
    known = (label >= 0) & np.isin(features.organization, np.array(organizations, dtype=np.int64))
    share = np.bincount(label[known], minlength=groups) / np.maximum(size, 1)
    return Term(
        "allowed_organization",
        "identity",
        share,
        not_applicable(groups),
        not_applicable(groups),
        -settings.allowed_points * share * settings.cap_scale,
        lambda group: f"{share[group]:.0%} of the members belong to an organization on the allow-list",
    )


def _most(share: FloatArray) -> FloatArray:
    """How far a share of the members is most of them (0–1): from half on, wholly from four in five."""
    return np.clip((share - 0.5) / 0.3, 0.0, 1.0)


def _office(features: Features, label: IntArray, groups: int) -> tuple[FloatArray, FloatArray]:
    """Share of a group's active hours on weekends, and how far they gather around one time of day (K, K).

    The second is the mean resultant length of the hours on the clock face: 1 all at one hour, 0 round the clock.
    """
    total = np.zeros((groups, 4))
    inside = label >= 0
    np.add.at(total, label[inside], features.clock[inside])
    cells = np.maximum(total[:, 2], 1.0)
    return total[:, 3] / cells, np.hypot(total[:, 0], total[:, 1]) / cells


def _effective_days(
    incidence: Incidence, label: IntArray, groups: int, exclusive_share: float, first: IntArray, last: IntArray
) -> FloatArray:
    """How many days what a group has for itself is first and last used on, in equal use: 2^entropy over both ends (K).

    Or on how many days its accounts are first and last seen, where these are fewer (``first``, ``last``: N, days).
    """
    group = label[incidence.edge_account]
    inside = np.flatnonzero(group >= 0)
    key = group[inside] * incidence.identifiers + incidence.edge_identifier[inside]
    cell, back, count = np.unique(key, return_inverse=True, return_counts=True)
    own = (count >= 2) & (count >= exclusive_share * incidence.degree[cell % incidence.identifiers])
    edge = inside[own[back]]
    of_things = _spread(group[edge], incidence.edge_first[edge], incidence.edge_last[edge], groups)
    account = np.flatnonzero(label >= 0)
    of_accounts = _spread(label[account], first[account], last[account], groups)
    return np.where(of_things > 0, np.minimum(of_things, of_accounts), of_accounts)


def _spread(group: IntArray, first: IntArray, last: IntArray, groups: int) -> FloatArray:
    """2^entropy over the days that either end of a group's spans (K) falls on; 0 for a group without any."""
    day = np.concatenate([first, last]).astype(np.int64)
    both = np.concatenate([group, group]).astype(np.int64)
    low = day.min(initial=0)
    width = int(day.max(initial=0) - low) + 1
    cell, count = np.unique(both * width + (day - low), return_counts=True)
    of_group = cell // width
    share = count / np.bincount(both, minlength=groups)[of_group]
    bits = np.bincount(of_group, -share * np.log2(share), groups)
    return np.where(np.bincount(of_group, minlength=groups) > 0, np.exp2(bits), 0.0)
