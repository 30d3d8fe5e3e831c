"""The ordinary reasons why people share things, and terms that stand on templates and canaries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from linkage.model.kinds import SCHEDULE
from linkage.scoring.baseline import Baseline, judged_by_templates, varied
from linkage.scoring.organizations import PART, SEVERAL, most
from linkage.scoring.structure import Sharing, beyond, exclusive_value
from linkage.scoring.term import Term, graded, not_applicable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from linkage.config import ScoringSettings
    from linkage.evidence.incidence import Incidence
    from linkage.scoring.features import Features
    from linkage.scoring.organizations import Organizations
    from linkage.scoring.term import FloatArray, IntArray

#: Members from which a prompt template is a class's exercise.
_SEVERAL = 3
#: Most points that doublings of the number of firms add to those of three, half of one each; of registered ones, one
#: each, and one more at most.
_MANY = 2.0
#: Share of the members that touched a canary from which the group did.
_TOUCHED = 0.05
#: Days on which a class begins with an exercise, at least.
_LESSONS = 5


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
    explains shared templates, and neither cards that rotate nor exits. ``alike`` (K, 0–1): how far the members work as
    one, by the sizes of their requests or for want of work of their own. A lesson and a tool are used by people who
    each work in their own way.
    """
    nan = not_applicable(groups)
    judged = judged_by_templates(templates, size)
    spread = beyond(varied(templates), judged, baseline.varied)
    # What several firms use is in the world, as a benchmark is with its canaries.
    theirs = 1.0 - firms.apart
    many = np.where(size >= 8, graded(spread, 2.0) * templates.covered, 0.0) * theirs
    days, brief, by_things = _event(incidence, features, label, groups, canary_kind, settings.exclusive_share)
    event = np.where(size >= 8, -3.0 * brief, 0.0)
    few = np.clip((10.0 - templates.effective) / 5.0, 0.0, 1.0) * np.clip((templates.top - 0.3) / 0.3, 0.0, 1.0)
    weekend, gathered = _office(features, label, groups)
    office = -3.0 * np.clip((0.2 - weekend) / 0.1, 0.0, 1.0) * np.clip((gathered - 0.15) / 0.3, 0.0, 1.0)
    office = np.where(size >= 4, office, 0.0)
    brief_share = _exercises(incidence, label, groups, settings.exclusive_share)
    timetable = np.clip((brief_share - 0.5) / 0.3, 0.0, 1.0) * np.clip((gathered - 0.4) / 0.2, 0.0, 1.0)
    timetable = np.where(size >= 8, -2.5 * by_templates * timetable, 0.0)
    lesson = -3.0 * by_templates * few * np.clip(templates.top_events / 0.2, 0.0, 1.0) * (1.0 - alike)
    domain, organization = (
        exclusive_value(value, label, groups, PART) for value in (features.domain, features.organization)
    )
    # Anyone can have a mail domain; an organization was set up with the provider.
    several = firms.registered + firms.by_domain
    # So can many of one group; that each keeps cards and addresses to itself takes as many firms, and the more there
    # are, the less one operator is behind them.
    told = firms.registered / np.maximum(several, 1e-12)
    doublings = np.log2(np.maximum(firms.number, SEVERAL) / SEVERAL)
    many_firms = 3.0 + np.minimum((0.5 + 0.5 * told) * doublings, _MANY + told)
    of_firms = np.where(firms.number >= SEVERAL, many_firms, 1.5)
    one_domain = -np.maximum.reduce([1.5 * most(domain), 3.0 * most(organization), of_firms * most(several)])
    house = np.maximum(3.0 * most(organization), of_firms * most(firms.registered))
    domain = np.maximum.reduce([domain, organization, several])
    small = -3.0 * np.clip((settings.small_group - size) / (settings.small_group - 3.0), 0.0, 1.0)
    canaries, surely = _canaries(incidence, label, groups, size, canary_kind)
    hits = np.clip(np.log2(1.0 + surely), 0.0, 3.0) * theirs

    def one_lesson(group: int) -> str:
        return (
            f"one prompt template of their own carries {templates.top_events[group]:.0%} of the exchanges of "
            f"{templates.top[group]:.0%} of the members: a lesson or a tool"
        )

    def one_event(group: int) -> str:
        if by_things[group]:
            return f"what they have for themselves is used within {days[group]:.0f} days: an event"
        return f"they are first and last seen on few days (as spread as {days[group]:.1f} in equal use): an event"

    def organized(group: int) -> str:
        if firms.number[group] > 1 and several[group] >= domain[group]:
            return (
                f"{domain[group]:.0%} of the members belong to {firms.number[group]} organizations or e-mail domains "
                "of their own, which keep cards or addresses to themselves"
            )
        return f"{domain[group]:.0%} of the members belong to one organization or e-mail domain of their own"

    def canary_hits(group: int) -> str:
        told = f"{canaries[group]} canaries were touched by several members"
        if surely[group] >= canaries[group]:
            return told
        return f"{told}; as few of them or as many others did, they count as {surely[group]:.1f}"

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
            one_event,
        ),
        Term("one_lesson", "work", templates.top_events, nan, nan, lesson * settings.cap_scale, one_lesson),
        Term(
            "one_timetable",
            "timing",
            brief_share,
            nan,
            nan,
            timetable * settings.cap_scale,
            lambda group: (
                f"{brief_share[group]:.0%} of what they use of prompt templates of their own they use on one day each, "
                f"and they gather around one time of day ({gathered[group]:.2f} of 1): a class and its exercises"
            ),
        ),
        Term(
            "one_organization",
            "identity",
            domain,
            nan,
            nan,
            one_domain * settings.cap_scale,
            organized,
            house=house * settings.cap_scale,
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
            canaries.astype(np.float64),
            nan,
            nan,
            hits * settings.cap_scale,
            canary_hits,
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


def _canaries(
    incidence: Incidence, label: IntArray, groups: int, size: IntArray, canary_kind: str
) -> tuple[IntArray, FloatArray]:
    """Canaries that several members of a group touched (K), and how many of them more members did than others do (K).

    A canary counts whole from two deviations beyond what as many others would touch it, and up to one not at all; and
    as far as one in twenty of the members touched any such.
    """
    group = label[incidence.edge_account]
    canary = incidence.kind == (incidence.kinds.index(canary_kind) if canary_kind in incidence.kinds else -1)
    edge = np.flatnonzero((group >= 0) & canary[incidence.edge_identifier])
    key = group[edge] * incidence.identifiers + incidence.edge_identifier[edge]
    cell, at, count = np.unique(key, return_inverse=True, return_counts=True)
    of_group, degree = cell // incidence.identifiers, incidence.degree[cell % incidence.identifiers]
    several = count >= 2
    members = size[of_group]
    chance = members * (degree - count) / np.maximum(incidence.accounts - members, 1)
    sure = np.clip((count - chance) / (1.0 + np.sqrt(chance)) - 1.0, 0.0, 1.0)
    sure = np.where(several, sure, 0.0)
    touched = np.bincount(label[np.unique(incidence.edge_account[edge[sure[at] > 0.0]])], minlength=groups)
    sure *= np.clip(touched / np.maximum(_TOUCHED * size, 1.0), 0.0, 1.0)[of_group]
    shared = np.bincount(of_group[several], minlength=groups)
    return shared.astype(np.int64), np.asarray(np.bincount(of_group, weights=sure, minlength=groups))


def _office(features: Features, label: IntArray, groups: int) -> tuple[FloatArray, FloatArray]:
    """Share of a group's active hours on weekends, and how far they gather around one time of day (K, K).

    The second is the mean resultant length of the hours on the clock face: 1 all at one hour, 0 round the clock.
    """
    total = np.zeros((groups, 4))
    inside = label >= 0
    np.add.at(total, label[inside], features.clock[inside])
    cells = np.maximum(total[:, 2], 1.0)
    return total[:, 3] / cells, np.hypot(total[:, 0], total[:, 1]) / cells


def _event(
    incidence: Incidence,
    features: Features,
    label: IntArray,
    groups: int,
    canary_kind: str,
    exclusive_share: float,
) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    """Days of the event that a group would be (K), how far it would be one (K, 0–1), and whether things tell it (K).

    By what a group has for itself: the days between which nine tenths of the first and last uses lie, of each account
    the middle ones of its things; as far as members have any. By its accounts: how many days they are first and last
    seen on, in equal use (2^entropy over both ends).
    """
    shared = [kind not in (SCHEDULE, canary_kind) for kind in incidence.kinds]
    group = label[incidence.edge_account]
    inside = np.flatnonzero((group >= 0) & np.array(shared, dtype=np.bool_)[incidence.kind[incidence.edge_identifier]])
    key = group[inside] * incidence.identifiers + incidence.edge_identifier[inside]
    cell, back, count = np.unique(key, return_inverse=True, return_counts=True)
    own = (count >= 2) & (count >= exclusive_share * incidence.degree[cell % incidence.identifiers])
    edge = inside[own[back]]
    account = incidence.edge_account[edge].astype(np.int64)
    first, last = (_median(account, end[edge].astype(np.int64)) for end in (incidence.edge_first, incidence.edge_last))
    account = np.unique(account)
    day, of_group = np.concatenate([first, last]), np.tile(label[account], 2)
    order = np.lexsort((day, of_group))
    start = np.searchsorted(of_group[order], np.arange(groups + 1))
    ends = np.diff(start)
    things = np.full(groups, np.inf)
    some = np.flatnonzero(ends)
    early, late = start[some] + ends[some] // 20, start[some + 1] - 1 - ends[some] // 20
    things[some] = day[order[late]] - day[order[early]] + 1
    size = np.maximum(np.bincount(label[label >= 0], minlength=groups), 1)
    covered = np.clip((ends / (2.0 * size) - 0.2) / 0.4, 0.0, 1.0)
    accounts = _effective_days(features, label, groups)
    by_things, by_accounts = covered * _few_days(things), _few_days(accounts)
    told = by_things > by_accounts
    return np.where(told, things, accounts), np.maximum(by_things, by_accounts), told


def _exercises(incidence: Incidence, label: IntArray, groups: int, exclusive_share: float) -> FloatArray:
    """Share of the uses of a group's own prompt templates that are of such as it uses within a day and a night (K).

    A class gets an exercise, does it and never sees it again. An operator's prompts live for days and weeks; those of a
    group that is seen on few days only cannot be told from exercises: 0 where such prompts began on fewer than five.
    """
    if "prompt_template" not in incidence.kinds:
        return np.zeros(groups)
    group = label[incidence.edge_account]
    template = incidence.kind[incidence.edge_identifier] == incidence.kinds.index("prompt_template")
    edge = np.flatnonzero((group >= 0) & template)
    key = group[edge] * incidence.identifiers + incidence.edge_identifier[edge]
    cell, back, count = np.unique(key, return_inverse=True, return_counts=True)
    own = (count >= _SEVERAL) & (count >= exclusive_share * incidence.degree[cell % incidence.identifiers])
    first = np.full(len(cell), np.iinfo(np.int64).max)
    last = np.full(len(cell), np.iinfo(np.int64).min)
    np.minimum.at(first, back, incidence.edge_first[edge].astype(np.int64))
    np.maximum.at(last, back, incidence.edge_last[edge].astype(np.int64))
    short = last - first <= 1
    of_group, uses = cell // incidence.identifiers, np.where(own, count, 0)
    every, brief = (
        np.bincount(of_group, weights=np.where(chosen, uses, 0), minlength=groups)
        for chosen in (np.ones(len(cell), dtype=np.bool_), short)
    )
    begun = np.unique(np.stack([of_group[own & short], first[own & short]]), axis=1)[0]
    lessons = np.bincount(begun, minlength=groups)
    return np.where(lessons >= _LESSONS, brief / np.maximum(every, 1.0), 0.0)


def _median(account: IntArray, day: IntArray) -> IntArray:
    """Lower median day of each account, by rising account."""
    order = np.lexsort((day, account))
    start = np.flatnonzero(np.r_[True, np.diff(account[order]) > 0]) if len(order) else order
    size = np.diff(np.append(start, len(order)))
    return np.asarray(day[order[start + (size - 1) // 2]])


def _few_days(days: FloatArray) -> FloatArray:
    """How far so many days are an event's (0–1): from seven on not at all, up to three wholly."""
    return np.asarray(np.clip((7.0 - days) / 4.0, 0.0, 1.0))


def _effective_days(features: Features, label: IntArray, groups: int) -> FloatArray:
    """How many days a group's accounts are first and last seen on, in equal use: 2^entropy over both ends (K)."""
    out = np.zeros(groups)
    inside = np.flatnonzero(label >= 0)
    first = features.first_seen[inside].astype("datetime64[D]").astype(np.int64)
    last = features.last_seen[inside].astype("datetime64[D]").astype(np.int64)
    day = np.concatenate([first, last])
    group = np.concatenate([label[inside], label[inside]])
    low = day.min(initial=0)
    cell, count = np.unique(group * 100_000 + (day - low), return_counts=True)
    of_group = cell // 100_000
    share = count / np.bincount(group, minlength=groups)[of_group]
    np.add.at(out, of_group, -share * np.log2(share))
    return np.exp2(out)
