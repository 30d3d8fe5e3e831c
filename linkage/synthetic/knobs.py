"""What can be turned: how populations and campaigns are drawn.

A campaign knob is a range; every campaign of every seed draws its own value, so that no threshold fits them all. A
single number fixes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Knobs:
    """Knobs of a population.

    Ranges are drawn per campaign, evenly on a logarithmic scale where both ends are at least 1.
    """

    #: Share of a campaign's exchanges on public templates, as everybody uses them.
    camouflage: Range = (0.2, 0.5)
    #: Share of a campaign's exchanges on private prompts that nobody else ever sends.
    own_work: Range = (0.05, 0.28)
    #: Share of a campaign's exchanges without any template.
    no_template: Range = (0.05, 0.2)
    #: Templates of a campaign's own at any one time.
    templates: Range = (6, 60)
    #: Share of those that one account uses.
    exposure: Range = (0.15, 0.6)
    #: Days until a campaign's template is replaced by a new one.
    template_days: Range = (7, 60)
    #: Accounts on one card of a campaign.
    accounts_per_card: Range = (1.5, 6)
    #: Share of campaign accounts that pay with a card of their own, shared with nobody.
    own_cards: Range = (0.0, 0.3)
    #: Share of campaign cards that were stolen from ordinary customers, who go on using them.
    stolen_cards: Range = (0.0, 0.05)
    #: Share of a campaign's traffic that goes through the proxy pool; the rest uses lines of the account's own.
    proxied: Range = (0.75, 1.0)
    #: Campaign accounts that meet on one proxy address over the campaign's life.
    accounts_per_address: Range = (1.2, 7)
    #: Hours for which an account keeps one proxy.
    sticky_hours: Range = (2, 72)
    #: Exchanges of a campaign account on an active day (the drip rate).
    drip: Range = (9, 34)
    #: Share of days on which a campaign account is active.
    active_days: Range = (0.45, 0.95)
    #: Days that a campaign lasts.
    campaign_days: Range = (25, 75)
    #: Share of those days that may lie before the window.
    overhang: Range = (0.0, 0.3)
    #: Days that an account of a campaign is used before it rests for good.
    account_days: Range = (12, 60)
    #: Share of campaign accounts signed up shortly before use; the others were aged or bought.
    young: Range = (0.1, 0.85)
    #: Share of the others that were bought from people who had used them; they carry on under new management.
    bought: Range = (0.0, 0.35)
    #: Share of campaign accounts that are verified.
    verified: Range = (0.1, 0.6)
    #: Share of a campaign's exchanges that ask for the strongest models.
    strong: Range = (0.3, 0.85)
    #: Share of a campaign's exchanges that draw on its main capability.
    focus: Range = (0.3, 0.75)
    #: Share of campaign sessions that start on the operator's common schedule.
    synchrony: Range = (0.0, 0.3)
    #: Minutes by which such a session strays from the schedule (standard deviation).
    jitter: Range = (12, 90)
    #: Share of campaign accounts that are banned on the way and replaced by new ones on the same infrastructure.
    replaced: Range = (0.0, 0.3)
    #: Share of a campaign's traffic that moves to the new flagship model within a day of its release.
    pivot: Range = (0.0, 0.25)
    #: Share of a campaign's templates that ordinary people use as well.
    leaks: Range = (0.0, 0.25)
    #: Behaviours (of five: taste, skill, work, age, hours) in which a campaign's accounts are as ordinary people.
    cover: Range = (1, 3.4)
    #: Chance that a campaign shares one kind of infrastructure hardly or not at all.
    gaps: Range = (0.6, 0.6)
    #: Share of ordinary customers that use the proxy pool as well.
    proxy_customers: Range = (0.015, 0.035)
    #: Share of ordinary accounts in benign groups (companies, classes, shops, …), as a factor on the usual one.
    look_alikes: Range = (1.0, 1.0)

    @staticmethod
    def campaign_names() -> tuple[str, ...]:
        """Names of the knobs that every campaign draws for itself."""
        return tuple(field.name for field in fields(Knobs) if field.name not in ("proxy_customers", "look_alikes"))

    def draw(self, rng: np.random.Generator, name: str) -> float:
        """One value of the knob ``name``."""
        low, high = getattr(self, name)
        if low == high:
            return float(low)
        if low >= 1.0:
            return float(np.exp(rng.uniform(np.log(low), np.log(high))))
        return float(rng.uniform(low, high))

    def turned(self, values: Mapping[str, float | Range]) -> Knobs:
        """These knobs with some of them replaced; a single number fixes a knob.

        Raises:
            ValueError: there is no such knob, or a range is not (low, high) with 0 ≤ low ≤ high.
        """
        known = {field.name for field in fields(self)}
        ranges: dict[str, Range] = {}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"no knob {name!r}; knobs are {', '.join(sorted(known))}")
            low, high = (value, value) if isinstance(value, (int, float)) else value
            if not 0 <= low <= high:
                raise ValueError(f"knob {name}: expected 0 ≤ low ≤ high, got {low} and {high}")
            ranges[name] = (float(low), float(high))
        return replace(self, **ranges)
