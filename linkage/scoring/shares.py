"""Terms of sharing: many cards over a few accounts each against one payer, hundreds of exits against one site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from linkage.scoring.structure import Sharing
from linkage.scoring.term import SCHEDULED, Term, not_applicable

if TYPE_CHECKING:
    from linkage.config import ScoringSettings
    from linkage.scoring.term import FloatArray, IntArray

#: How far a site of several addresses is one.
_SERVERS = 0.5
#: Most that two kinds of shared things count, points.
TWICE = 2.0
#: Share of members on things of the group's own below which it is a crowd, how far below it is one altogether, and the
#: points against it then; and members of whom that is not asked: one passenger makes no crowd of eight.
_OWN, _OWN_RANGE, _CROWD, _FORGIVEN = 0.95, 0.1, 4.0, 1.0
#: What a schedule counts that three members in five keep, points.
WHOLE = 4.0


def payer(found: Sharing, groups: int, settings: ScoringSettings) -> Term:
    """One payment instrument for most members."""
    nan = not_applicable(groups)
    one = np.where((found.top >= 0.5) & (found.effective < 3.0), -3.0 * found.top, 0.0)

    def paid(group: int) -> str:
        return f"one payment instrument pays for {found.top[group]:.0%} of the members"

    return Term("one_payer", "payment", found.top, nan, nan, one * settings.cap_scale, paid)


def rotating_cards(
    found: Sharing,
    groups: int,
    size: IntArray,
    strangers: FloatArray,
    together: FloatArray,
    settings: ScoringSettings,
) -> Term:
    """Many payment instruments over a few members each.

    A reseller's cards rotate as well, over strangers that share nothing else. ``strangers`` (K, 0–1): how far the
    members work like strangers; ``together`` (K, 0–1): how far they work alike, or share another kind of things.
    """
    nan = not_applicable(groups)
    rotate = np.where(size >= 4, np.clip(np.log2(np.maximum(found.effective, 1.0)) - 1.0, 0.0, 3.0), 0.0)
    weight = (1.0 - strangers) * (0.5 + 0.5 * together)
    rotate *= np.clip(found.covered * 2.0, 0.0, 1.0) * weight

    def rotating(group: int) -> str:
        told = (
            f"{int(found.exclusive[group])} payment instruments, each shared by a few of these accounts only, "
            f"cover {found.covered[group]:.0%} of the members (as varied as {found.effective[group]:.1f} in equal use)"
        )
        share = weight[group]
        return told if share >= 1.0 else f"{told}; counts {share:.0%}: a reseller's cards rotate over strangers as well"

    return Term("rotating_cards", "payment", found.effective, nan, nan, rotate * settings.cap_scale, rotating)


def site(found: Sharing) -> FloatArray:
    """How far one address that a group shares is its place of work (K, 0–1); of several, half as far.

    Servers can be rented by anybody: that all of a group comes from a few says less than that it sits in one place.
    """
    weeks = np.clip(found.top_days / 14.0, 0.0, 1.0)
    members = np.clip((found.top - 0.3) / 0.4, 0.0, 1.0)
    whole = np.where(found.together > 1, _SERVERS, 1.0)
    # Where hardly any of the work is done, members only pass: a network that a campus or a carrier has for everybody.
    work = np.clip((found.top_events - 0.05) / 0.25, 0.0, 1.0)
    return np.asarray(members * work * weeks * whole)


def network(found: Sharing, groups: int, size: IntArray, settings: ScoringSettings) -> list[Term]:
    """Many exits that only the members use, against one site that carries their work."""
    nan = not_applicable(groups)
    spread = np.where(size >= 4, np.clip(np.log2(np.maximum(found.effective, 1.0) / 4.0), 0.0, 2.0), 0.0)
    spread *= np.clip(found.covered * 2.0, 0.0, 1.0)
    at_site = 4.0 * site(found) * settings.cap_scale

    def exits(group: int) -> str:
        return (
            f"{int(found.exclusive[group])} addresses, used by these accounts and hardly anyone else, "
            f"cover {found.covered[group]:.0%} of the members "
            f"(as varied as {found.effective[group]:.1f} networks in equal use)"
        )

    def one_site(group: int) -> str:
        number = int(found.together[group])
        what = "one address of their own carries" if number <= 1 else f"{number} addresses of their own carry"
        return (
            f"{what} {found.top_events[group]:.0%} of the work of "
            f"{found.top[group]:.0%} of the members over {found.top_days[group]:.0f} days: a site"
        )

    return [
        Term("shared_exits", "network", found.effective, nan, nan, spread * settings.cap_scale, exits),
        Term("one_site", "network", found.top_events, nan, nan, -at_site, one_site, house=at_site),
    ]


def tied_twice(
    cards: Sharing,
    addresses: Sharing,
    templates: Sharing,
    label: IntArray,
    groups: int,
    size: IntArray,
    settings: ScoringSettings,
) -> Term:
    """Members whom two kinds of shared infrastructure tie, each on its own.

    People share one thing for one reason: a class its exercises, a reseller's customers its cards, customers of an exit
    their addresses. Whoever shares two or more, and neither few cards nor few addresses, shares what an operator hands
    out.
    """
    nan = not_applicable(groups)
    # An event has a card or two and the few addresses of its venue; what an operator hands out is many.
    many_cards = np.clip(np.log2(np.maximum(cards.effective, 1.0)) - 1.0, 0.0, 2.0) / 2.0
    many_addresses = np.clip(np.log2(np.maximum(addresses.effective, 1.0) / 4.0), 0.0, 1.0)
    kinds = ((cards, many_cards), (addresses, many_addresses * (1.0 - site(addresses))), (templates, np.ones(groups)))
    strongest, every = np.zeros(len(label)), np.zeros(len(label))
    for found, free in kinds:
        counted = free[label[found.on]]
        strongest[found.on] = np.maximum(strongest[found.on], counted)
        every[found.on] += counted
    inside = label >= 0
    second = np.minimum(every - strongest, 1.0)
    further = np.bincount(label[inside], second[inside], groups) / np.maximum(size, 1)
    points = np.where(size >= 8, TWICE * np.clip((further - 0.2) / 0.4, 0.0, 1.0), 0.0)

    def twice(group: int) -> str:
        return (
            f"{further[group]:.0%} of the members share a second kind of things that hardly anyone else uses "
            "(few payers and few addresses count in part)"
        )

    return Term("tied_twice", "structure", further, nan, nan, points * settings.cap_scale, twice)


def acquainted(
    cards: Sharing,
    addresses: Sharing,
    templates: Sharing,
    schedules: Sharing,
    label: IntArray,
    size: IntArray,
) -> FloatArray:
    """How far members share what strangers do not (K, 0–1): a schedule, or prompts of their own beside cards or exits.

    A reseller's customers have its cards in common, and those of a provider its exits; nobody hands them prompts.
    """
    handed, also = np.zeros(len(label), dtype=np.bool_), np.zeros(len(label), dtype=np.bool_)
    handed[templates.on] = True
    also[cards.on] = also[addresses.on] = True
    inside = (label >= 0) & handed & also
    both = np.bincount(label[inside], minlength=len(size)) / np.maximum(size, 1)
    return np.clip((np.maximum(both, schedules.covered) - 0.2) / 0.4, 0.0, 1.0)


def of_its_own(own: Sharing, groups: int, size: IntArray, settings: ScoringSettings) -> Term:
    """Members who use nothing that is the group's own, of any kind: who meets on what others use as well is a crowd.

    A group that an operator or a firm made has cards, addresses, prompts or a schedule of its own, and nearly every
    member is on one. A crowd that came together by rare things, which some happen to have in common with it, has not.
    """
    nan = not_applicable(groups)
    asked = own.covered + _FORGIVEN / np.maximum(size, 1)
    points = -_CROWD * np.clip((_OWN - asked) / _OWN_RANGE, 0.0, 1.0) * settings.cap_scale
    # Of a group that shares nothing at all nothing is said: it stands on what people decided.
    points = np.where(own.shared > 0, points, 0.0)

    def kept(group: int) -> str:
        return f"{own.covered[group]:.0%} of the members use something that is mostly the group's own"

    return Term("little_of_its_own", "structure", own.covered, nan, nan, points, kept)


def schedule(found: Sharing, groups: int, settings: ScoringSettings) -> Term:
    """Members that begin to work at the same moments, beyond what their own habits explain."""
    nan = not_applicable(groups)
    points = WHOLE * np.clip((found.covered - 0.2) / 0.4, 0.0, 1.0) * settings.cap_scale

    def kept(group: int) -> str:
        return (
            f"{found.covered[group]:.0%} of the members begin to work at the same moments, again and again, "
            "which no habit of theirs explains"
        )

    return Term("one_schedule", SCHEDULED, found.covered, nan, nan, points, kept)
