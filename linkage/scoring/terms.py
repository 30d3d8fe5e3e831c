"""Signed abuse terms of every group: for and against, each capped, each with its figures in a sentence.

Linkage strength is not among them. A company and a classroom are linked as well as any campaign; what tells them apart
is how they work, pay and move (terms for), and the ordinary reasons why people share things (terms against).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from linkage.model.kinds import SCHEDULE
from linkage.scoring import behaviour, likeness, reasons, shares, volume
from linkage.scoring.baseline import Baseline, measure
from linkage.scoring.effects import effect, matched_cells
from linkage.scoring.followers import Followed, followers
from linkage.scoring.organizations import organizations
from linkage.scoring.structure import Sharing, part_of_sharing, sharing
from linkage.scoring.term import ABSENCE, Beside, Term, not_applicable
from linkage.scoring.watch_list import Listed, watch_list
from linkage.sites import sites

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from linkage.config import ScoringSettings
    from linkage.evidence.incidence import Incidence
    from linkage.scoring.features import Features
    from linkage.scoring.term import FloatArray, IntArray

#: Points against from which a group counts as explained.
_EXPLAINED = 1.5
#: What a group that works together ordinarily shows besides its hours.
_ORDINARY = ("one_site", "one_payer", "one_lesson", "one_timetable", "one_organization", "allowed_organization")
#: What explains that members share prompts beside cards or exits, or keep one schedule.
_OF_A_FIRM = (*_ORDINARY, "office_hours")
#: Part of the private work of ordinary accounts at which members lack it altogether; half as far at its root.
_OWN_WORK = 0.25
#: Part of their work that a lesson or a tool leaves people, from which it is asked what they do with it.
_LEAVES = 0.2
#: Part of all that ties a group, on other things than addresses, from which it was not found by its exits; and on other
#: things than prompts, by these.
_BESIDE = 0.25
#: Part of the points that office hours keep where nothing else is ordinary.
_HOURS_ALONE = 1.0 / 3.0


def terms(
    incidence: Incidence,
    features: Features,
    label: IntArray,
    groups: int,
    settings: ScoringSettings,
    allowed_organizations: tuple[int, ...] = (),
    canary_kind: str = "canary",
    baseline: Baseline | None = None,
    listed: Listed | None = None,
    followed: Followed | None = None,
    beside: Beside | None = None,
) -> list[Term]:
    """Every abuse term of every group of ``label`` (N, −1 for none).

    ``baseline``: what the groups are compared with; measured on these very accounts unless given. ``listed`` and
    ``followed``: what is on watch lists, and what was a confirmed case's own, where anything is; without it there is no
    such term. ``beside``: what ties the members besides addresses, and besides prompts; all of it unless given.
    """
    if groups == 0:
        return []
    if baseline is None:
        baseline = measure(incidence, features, label, groups, settings)
    size = np.bincount(label[label >= 0], minlength=groups)
    firms = organizations(incidence, features, label, groups, baseline.firms, settings)
    site = sites(incidence, label, settings.exclusive_share)
    part = np.where(firms.part >= 0, firms.part, np.where(site >= 0, firms.part.max(initial=-1) + 1 + site, -1))
    cards, addresses = (
        sharing(incidence, label, groups, features.events, (kind,), settings.exclusive_share, part, place)
        for kind, place in (("payment_instrument", None), ("ip_address", features.places.along(incidence)))
    )
    templates = sharing(incidence, label, groups, features.events, ("prompt_template",), settings.exclusive_share)
    schedules = sharing(incidence, label, groups, features.events, (SCHEDULE,), settings.exclusive_share)
    own = sharing(incidence, label, groups, features.events, incidence.kinds, settings.exclusive_share)
    by_templates = part_of_sharing(templates, (cards, addresses, templates))
    idle = _idle(features, label, groups, templates, baseline, settings)
    same_sizes = likeness.likeness(incidence, features, templates, label, groups, baseline, settings)
    alike = np.maximum(same_sizes.points, 0.0) / (likeness.CAP * settings.cap_scale)
    ordinary = [
        *shares.network(addresses, groups, size, settings),
        shares.payer(cards, groups, settings),
        *reasons.ordinary_reasons(
            incidence,
            features,
            label,
            groups,
            size,
            settings,
            canary_kind,
            templates,
            by_templates,
            np.maximum(alike, idle),
            baseline,
            firms,
        ),
        reasons.allowed_organization(features, label, groups, size, allowed_organizations, settings),
    ]
    ordinary = _hours_of_a_firm(ordinary, groups, settings)
    unexplained = 1.0 - np.clip(_against(ordinary, _OF_A_FIRM, groups) / (_EXPLAINED * settings.cap_scale), 0.0, 1.0)
    # What firms hand round among each other, a benchmark say, asks the same of each.
    same_sizes = replace(same_sizes, points=same_sizes.points * np.where(same_sizes.points > 0, 1.0 - firms.apart, 1.0))
    same_sizes = likeness.unless_acquainted(
        same_sizes, unexplained * shares.acquainted(cards, addresses, templates, schedules, label, size)
    )
    twice = shares.tied_twice(cards, addresses, templates, label, groups, size, settings)
    even_volume = volume.even_volume(features, label, groups, baseline, unexplained, settings)
    # Half as much as other likeness: a prepaid quota that customers use up is even as well.
    even = 0.5 * np.maximum(even_volume.points, 0.0) / (volume.CAP * settings.cap_scale)
    strangers = np.maximum(-same_sizes.points, 0.0) / (likeness.AGAINST * settings.cap_scale)
    together = np.maximum(np.maximum(alike, even), twice.points / (shares.TWICE * settings.cap_scale))
    found = [
        *_elsewhere(behaviour.behaviour(features, label, groups, baseline, settings), addresses),
        *behaviour.capability(features, label, groups, baseline, settings),
        shares.rotating_cards(cards, groups, size, strangers, together, settings),
        shares.schedule(schedules, groups, settings),
        twice,
        same_sizes,
        even_volume,
        shares.of_its_own(own, groups, size, settings),
        *behaviour.lifecycle(features, label, groups, size, settings),
        *ordinary,
    ]
    if listed is not None:
        found.append(watch_list(listed, label, groups, size, settings))
    if followed is not None:
        found.append(followers(followed, label, groups, size, settings))
    nothing_told = np.ones(groups)
    by_more, by_other = (
        (nothing_told, nothing_told)
        if beside is None
        else (np.clip(part / _BESIDE, 0.0, 1.0) for part in (beside.addresses, beside.prompts))
    )
    found = _discounted([*found, _unexplained(found, features, label, size, by_more, settings)], groups, settings)
    found = _once_more(found, "network", by_more, "little but addresses ties them")
    return _once_more(found, "taste", by_other, "little but prompts ties them, and these say what is asked")


def _elsewhere(found: list[Term], addresses: Sharing) -> list[Term]:
    """Terms of networks and of hours as far as members are at no site of several addresses.

    Its servers may stand with several hosts, and run round the clock. Both are the site's as far as the work is done
    there: nothing is left of the terms where four fifths of it are.
    """
    left = np.where(addresses.together > 1, 1.0 - np.clip((addresses.top_events - 0.5) / 0.3, 0.0, 1.0), 1.0)
    return [
        replace(term, points=term.points * left) if term.evidence in ("network", "timing") else term for term in found
    ]


def _idle(
    features: Features, label: IntArray, groups: int, templates: Sharing, baseline: Baseline, settings: ScoringSettings
) -> FloatArray:
    """How far members lack the private work that matched ordinary accounts have beside one template of the group's (K).

    What a lesson or a tool leaves people time for is partly work of their own. Where it leaves next to nothing, nothing
    is lacking; and of members whose work is not known, nothing is said.
    """
    ordinary = baseline.features.get("private_share")
    if ordinary is None:
        return np.zeros(groups)
    own = effect(
        features.values["private_share"], matched_cells(features), label, groups, ordinary, settings.spread_floor
    )
    left = 1.0 - np.clip(templates.top_events, 0.0, 1.0)
    usual = left * own.expected
    part = np.divide(own.observed, usual, out=np.ones(groups), where=np.isfinite(own.observed) & (usual > 0))
    size = np.bincount(label[label >= 0], minlength=groups)
    told = np.clip(2.0 * own.known / np.maximum(size, 1) - 1.0, 0.0, 1.0)
    lacking = np.log2(np.clip(part, _OWN_WORK, 1.0)) / np.log2(_OWN_WORK)
    return np.asarray(told * np.clip(left / _LEAVES, 0.0, 1.0) * lacking)


def _against(found: list[Term], names: tuple[str, ...], groups: int) -> FloatArray:
    """Points against each group (K) by the terms of these ``names``."""
    against = np.zeros(groups)
    for term in found:
        if term.name in names:
            against -= np.minimum(term.points, 0.0)
    return against


def _hours_of_a_firm(found: list[Term], groups: int, settings: ScoringSettings) -> list[Term]:
    """Office hours as far as they are a firm's: beside a site, a payer, a lesson or an organization, else a third.

    Half of the world works in them, and so do people who are paid to harvest.
    """
    part = np.clip(_against(found, _ORDINARY, groups) / (_EXPLAINED * settings.cap_scale), _HOURS_ALONE, 1.0)

    def kept(term: Term) -> Term:
        def sentence(group: int) -> str:
            told = term.sentence(group)
            if part[group] >= 1.0 or term.points[group] == 0.0:
                return told
            return f"{told}; little else of a firm is seen, so they count {part[group]:.0%}"

        return replace(term, points=term.points * part, sentence=sentence)

    return [kept(term) if term.name == "office_hours" else term for term in found]


def _once_more(found: list[Term], evidence: str, tied: FloatArray, why: str) -> list[Term]:
    """Terms of ``evidence`` as far as members are ``tied`` by other things (K); half of them where they are not.

    Who is found by exits that people share has exits to go round, and who is found by prompts asks for what these ask
    for, as a department does with its own: that is what they were found by, and no second fact.
    """
    part = 1.0 - 0.5 * (1.0 - tied)

    def kept(term: Term) -> Term:
        def sentence(group: int) -> str:
            told = term.sentence(group)
            if part[group] >= 1.0 or term.points[group] <= 0.0:
                return told
            return f"{told}; {why}, so it counts {part[group]:.0%}"

        return replace(term, points=term.points * np.where(term.points > 0, part, 1.0), sentence=sentence)

    return [kept(term) if term.evidence == evidence else term for term in found]


def _unexplained(
    found: list[Term],
    features: Features,
    label: IntArray,
    size: IntArray,
    tied: FloatArray,
    settings: ScoringSettings,
) -> Term:
    """A large group that the ordinary reasons do not explain, or hardly: a site, a payer, a lesson, an organization.

    It speaks only as far as those reasons could have been seen: data without addresses shows no site. And it is no
    kind of evidence of its own: absence supports what else there is, and never makes the second kind. Customers of one
    provider of exits have an ordinary reason that nobody sees: it speaks as far as they are ``tied`` by more (K).
    """
    groups = len(size)
    nan = not_applicable(groups)
    against = np.zeros(groups)
    for term in found:
        # Office hours are when people work, and no reason to share anything.
        if term.name != "office_hours":
            against += np.minimum(term.points, 0.0)
    seen = np.zeros(groups)
    for kind in ("ip_address", "payment_instrument", "prompt_template"):
        if kind in features.used:
            covered = np.bincount(label[(label >= 0) & features.used[kind]], minlength=groups)
            seen += covered >= 0.5 * size
    seen += bool((features.domain >= 0).any() or (features.organization >= 0).any())
    growth = np.clip(np.log2(np.maximum(size, 1) / 20.0), 0.0, 2.0)
    left = np.clip(1.0 + against / (_EXPLAINED * settings.cap_scale), 0.0, 1.0)
    points = growth * seen / 4.0 * left * tied

    def sentence(group: int) -> str:
        told = f"{size[group]} linked accounts with no site, payer, organization, lesson or event of their own"
        if left[group] < 1.0:
            told = f"{told} that would explain all of it: {left[group]:.0%} is left"
        if tied[group] < 1.0:
            told = f"{told}; they may be customers of one provider of exits, so it counts {tied[group]:.0%}"
        return told

    observed = size.astype(np.float64)
    return Term("no_ordinary_reason", ABSENCE, observed, nan, nan, points * settings.cap_scale, sentence)


def _discounted(found: list[Term], groups: int, settings: ScoringSettings) -> list[Term]:
    """Within a kind of evidence the strongest term for abuse counts whole, each further one half, all within a cap.

    Two views of one behaviour are not two behaviours.
    """
    strongest: dict[str, FloatArray] = {}
    for term in found:
        strongest[term.evidence] = np.maximum(strongest.get(term.evidence, np.zeros(groups)), term.points)
    halved = []
    led: dict[str, NDArray[np.bool_]] = {}
    total: dict[str, FloatArray] = {}
    for term in found:
        before = led.get(term.evidence, np.zeros(groups, dtype=np.bool_))
        leading = (term.points >= strongest[term.evidence]) & ~before
        led[term.evidence] = before | leading
        points = np.where((term.points > 0) & ~leading, 0.5 * term.points, term.points)
        total[term.evidence] = total.get(term.evidence, np.zeros(groups)) + np.maximum(points, 0.0)
        halved.append(replace(term, points=points))
    cap = settings.kind_cap_points * settings.cap_scale
    return [
        replace(
            term,
            points=np.where(
                (term.points > 0) & (total[term.evidence] > cap),
                term.points * cap / np.maximum(total[term.evidence], cap),
                term.points,
            ),
        )
        for term in halved
    ]
