"""How much of every benign look-alike a population holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from linkage.synthetic import gatherings, organisations
from linkage.synthetic.draft import Draft
from linkage.synthetic.tokens import Ints


@dataclass(frozen=True, slots=True)
class LookAlike:
    """A kind of benign group: its share of all accounts, its sizes (even on a logarithmic scale), and who draws it.

    ``largest`` caps the size as a share of the population, so that a small population gets several groups.
    """

    kind: str
    share: float
    sizes: tuple[int, int]
    draw: Callable[[Draft, Ints], None]
    largest: float = 0.004


def _campus_class(draft: Draft, who: Ints) -> None:
    gatherings.classroom(draft, who, int(draft.rng.choice(gatherings.campuses(draft))))


LOOK_ALIKES = (
    LookAlike("company", 0.065, (8, 900), lambda draft, who: organisations.company(draft, who, "company")),
    LookAlike(
        "company_cards", 0.03, (10, 900), lambda draft, who: organisations.company(draft, who, "company_cards"), 0.006
    ),
    LookAlike("small_firm", 0.02, (3, 14), organisations.small_firm),
    LookAlike("shop", 0.016, (10, 400), organisations.shop),
    LookAlike("batch", 0.003, (2, 25), organisations.batch),
    LookAlike("support_team", 0.008, (6, 90), organisations.support),
    LookAlike("test", 0.004, (5, 80), lambda draft, who: organisations.shop(draft, who, "test")),
    LookAlike("family", 0.035, (2, 6), organisations.family),
    LookAlike("second_account", 0.02, (2, 3), organisations.second_account),
    LookAlike("classroom", 0.018, (14, 160), _campus_class),
    LookAlike("hackathon", 0.007, (20, 200), gatherings.hackathon),
    LookAlike("tool_users", 0.035, (40, 2_500), gatherings.tool, 0.012),
    LookAlike("reseller", 0.009, (15, 300), gatherings.reseller),
    LookAlike("relay", 0.006, (15, 250), gatherings.relay),
    LookAlike("compromised", 0.003, (4, 40), gatherings.compromised, 0.0008),
)
#: Share of accounts that sit on some campus without being in any class that the provider could know of.
CAMPUS_SHARE = 0.06


def fill(draft: Draft, factor: float) -> None:
    """Lay all benign look-alikes over a population of ordinary people, at ``factor`` times the usual shares."""
    rng = draft.rng
    students = rng.choice(draft.unclaimed, size=int(draft.accounts * CAMPUS_SHARE), replace=False)
    networks = gatherings.campuses(draft)
    weight = np.exp(rng.normal(0, 0.9, len(networks)))
    campus = rng.choice(len(networks), size=len(students), p=weight / weight.sum())
    for place, network in enumerate(networks):
        gatherings.campus(draft, students[campus == place], int(network))
    for look_alike in LOOK_ALIKES:
        low, high = look_alike.sizes
        high = max(low + 1, min(high, int(draft.accounts * look_alike.largest)))
        left = round(draft.accounts * look_alike.share * factor)
        if factor > 0 and low <= 0.035 * draft.accounts:
            # One group of each kind at least, where the population has room for it.
            left = max(left, low)
        while left >= low:
            size = min(left, int(np.exp(rng.uniform(np.log(low), np.log(high + 1)))))
            look_alike.draw(draft, draft.claim(size))
            left -= size
