"""Named scenarios: which campaigns a population holds, and how large they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linkage.synthetic.campaigns import STYLES, campaign
from linkage.synthetic.draft import Draft
from linkage.synthetic.infrastructure import Providers
from linkage.synthetic.knobs import Knobs, Range


@dataclass(frozen=True, slots=True)
class Size:
    """Accounts of a population, and its events in a window of ninety days."""

    accounts: int
    events: int


SIZES = {"small": Size(20_000, 1_000_000), "medium": Size(100_000, 6_000_000), "large": Size(1_000_000, 100_000_000)}

#: Name of each scenario and what it holds besides the benign population, which is the same in all.
SCENARIOS: dict[str, str] = {
    "none": "no campaign: ordinary people and every benign look-alike",
    "proxy_pool": "residential proxies shared with customers, cards over a few accounts, camouflaged templates",
    "shared_templates": "nothing shared but the campaign's own templates: addresses and cards are the accounts' own",
    "card_chain": "cards used by two or three accounts each, forming chains; some stolen from ordinary owners",
    "slow_drip": "a few exchanges a day and account, over months",
    "pivot": "half of the traffic moves to a new model within a day of its release",
    "twin": "two campaigns on one proxy provider",
    "campus": "a campaign inside a campus network, behind the same NAT as the students",
    "replacement": "accounts are banned and replaced by new ones on the same infrastructure",
    "synchrony": "nothing shared but time: accounts move in step",
    "mixed": "every kind of campaign but pure synchrony at once, in sizes that differ",
}

#: Campaign sizes in a population of 100,000.
_SIZES = (1_500.0, 400.0, 150.0, 60.0)
_MIXED_REST = (400.0, 300.0, 220.0, 150.0, 150.0, 100.0, 60.0)
#: Kinds that may be the largest campaign of a mixed population.
_LARGEST = ("proxy_pool", "shared_templates", "slow_drip", "pivot")
#: A population smaller than this has two campaigns, of six and three in a hundred accounts.
_FEW = 3_000
#: As reported of the largest: 26 exchanges an account a day over 45 days, bans and days of rest included.
_REPORTED: dict[str, float | Range] = {
    "campaign_days": (46, 58),
    "account_days": (56, 60),
    "active_days": (0.95, 1.0),
    "drip": (28, 33),
    "replaced": (0.05, 0.15),
    "overhang": 0.0,
}
#: No campaign is smaller than this, and campaigns take no more than this share of a population.
_SMALLEST, _LARGEST_SHARE = 12, 0.12


def sizes(rng: np.random.Generator, accounts: int, wanted: tuple[float, ...]) -> list[int]:
    """Campaign sizes for a population; below 100,000 they shrink more slowly than the population."""
    factor = accounts / 100_000
    scaled = np.array(wanted) * (factor if factor > 1 else factor**0.8)
    if accounts >= 1_000_000:
        # The campaign of the public reports: 25,000 accounts in a million.
        scaled[0] = accounts / 40
        scaled[1:] *= np.exp(rng.normal(0, 0.25, len(scaled) - 1))
    else:
        scaled *= np.exp(rng.normal(0, 0.25, len(scaled)))
    scaled *= min(1.0, _LARGEST_SHARE * accounts / scaled.sum())
    return [max(_SMALLEST, int(size)) for size in scaled]


def add_campaigns(
    draft: Draft, providers: Providers, scenario: str, knobs: Knobs, turned: dict[str, float | Range]
) -> None:
    """Lay the campaigns of a scenario over a population. ``turned`` knobs stand over a kind's own style."""
    for number, (kind, size) in enumerate(_campaigns(draft, scenario)):
        style = dict(STYLES[kind])
        fixed = frozenset(turned)
        if number == 0 and size >= 20_000:
            style |= _REPORTED
            fixed |= frozenset(_REPORTED)
        own = knobs.turned(style).turned(turned)
        if kind == "twin":
            half = max(_SMALLEST, int(size * draft.rng.uniform(0.3, 0.7)))
            pool = campaign(draft, providers, own, kind, half, fixed=fixed)
            campaign(draft, providers, own, kind, max(_SMALLEST, size - half), pool=pool, fixed=fixed)
        else:
            campaign(draft, providers, own, kind, size, fixed=fixed)


def _campaigns(draft: Draft, scenario: str) -> list[tuple[str, int]]:
    """Kind and size of every campaign; a twin counts once."""
    rng, accounts = draft.rng, draft.accounts
    if scenario == "none":
        return []
    if scenario != "mixed":
        if accounts < _FEW:
            return [(scenario, max(_SMALLEST, int(accounts * share * rng.uniform(0.8, 1.2)))) for share in (0.06, 0.03)]
        return [(scenario, size) for size in sizes(rng, accounts, _SIZES)]
    largest = "proxy_pool" if accounts >= 500_000 else str(rng.choice(_LARGEST))
    kinds = [kind for kind in STYLES if kind not in (largest, "synchrony")]
    rest = [kinds[place] for place in rng.permutation(len(kinds))]
    return list(zip([largest, *rest], sizes(rng, accounts, (_SIZES[0], *_MIXED_REST)), strict=True))
