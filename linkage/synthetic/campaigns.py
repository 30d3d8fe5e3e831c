"""Coordinated abuse: campaigns of one operator each, drawn from knobs.

All kinds are one builder with different knobs; what makes a kind is which infrastructure its accounts share. Nothing
here is visible in identifiers: accounts, cards, lines and templates come out of the same draws as everybody's.
"""

from __future__ import annotations

import numpy as np

from linkage.synthetic import careers, infrastructure, rhythm
from linkage.synthetic.draft import Draft
from linkage.synthetic.infrastructure import Providers
from linkage.synthetic.knobs import Knobs, Range
from linkage.synthetic.tokens import Ints
from linkage.synthetic.world import COUNTRIES, COVETED

#: What sets a kind of campaign apart from the knobs' defaults.
STYLES: dict[str, dict[str, float | Range]] = {
    "proxy_pool": {},
    "shared_templates": {
        "proxied": 0.0,
        "own_cards": 1.0,
        "templates": (10, 80),
        "exposure": (0.2, 0.7),
        "replaced": (0.0, 0.15),
    },
    "card_chain": {
        "own_cards": 0.0,
        "proxied": (0.0, 0.7),
        "stolen_cards": (0.05, 0.25),
        "camouflage": (0.4, 0.65),
        "own_work": (0.08, 0.2),
        "templates": (3, 14),
        "accounts_per_address": (1.2, 3),
    },
    "slow_drip": {
        "drip": (1.0, 4.0),
        "active_days": (0.35, 0.8),
        "campaign_days": (70, 95),
        "account_days": (60, 95),
        "sticky_hours": (24, 240),
        "templates": (8, 40),
        "replaced": (0.0, 0.2),
    },
    "pivot": {
        "pivot": (0.42, 0.62),
        "strong": (0.15, 0.45),
        "camouflage": (0.3, 0.6),
        "accounts_per_address": (1.2, 4),
        "exposure": (0.1, 0.4),
    },
    "twin": {"accounts_per_address": (3, 12)},
    "campus": {"proxied": (0.6, 1.0), "accounts_per_card": (2, 8), "verified": (0.2, 0.7), "drip": (8, 24)},
    "replacement": {"replaced": (0.5, 0.8), "account_days": (10, 30), "campaign_days": (50, 80)},
    "synchrony": {
        "proxied": 0.0,
        "own_cards": 1.0,
        "camouflage": (0.4, 0.7),
        "own_work": (0.1, 0.25),
        "templates": 0.0,
        "synchrony": (0.85, 0.97),
        "jitter": (1.5, 8),
        "replaced": 0.0,
    },
}


#: Behaviours that an operator may cover up, and the knob that says how strongly each shows otherwise.
BEHAVIOURS = {"taste": "strong", "skill": "focus", "work": "own_work", "age": "young", "hours": "active_days"}
#: Infrastructure that a campaign of a kind may do without; the other kinds share only one.
GAPPED = {
    "proxy_pool": ("cards", "templates", "proxies"),
    "slow_drip": ("cards", "templates", "proxies"),
    "pivot": ("cards", "templates", "proxies"),
    "replacement": ("templates", "proxies"),
    "twin": ("cards", "templates"),
    "campus": ("cards", "templates"),
    "card_chain": ("templates", "proxies"),
}


def campaign(
    draft: Draft,
    providers: Providers,
    knobs: Knobs,
    kind: str,
    size: int,
    *,
    pool: int | None = None,
    fixed: frozenset[str] = frozenset(),
) -> int | None:
    """Draw one campaign of ``size`` accounts; the number of the proxy pool it uses, if it uses one.

    ``fixed`` knobs were turned by the caller: what they set is never covered up.
    """
    who = draft.claim(size)
    drawn = {name: knobs.draw(draft.rng, name) for name in knobs.campaign_names()}
    covered = _cover(draft, drawn, kind, fixed)
    seat = careers.fill(draft, who, drawn)
    _habits(draft, who, drawn, covered)
    infrastructure.cards(draft, who, drawn, seat, chain=kind == "card_chain")
    if kind == "campus":
        infrastructure.campus_lines(draft, who, drawn["proxied"])
    elif drawn["proxied"] > 0:
        pool = infrastructure.proxies(draft, providers, who, drawn, seat, pool)
    if drawn["templates"] > 0:
        infrastructure.templates(draft, who, drawn)
    _follow(draft, who, drawn)
    notes = {f"covers_{name}": 1.0 for name in sorted(covered)}
    draft.group(who, kind, malicious=True, **drawn, **notes)
    return pool


def _cover(draft: Draft, drawn: dict[str, float], kind: str, fixed: frozenset[str]) -> set[str]:
    """What the operator covers up: behaviour like ordinary people's, and one kind of infrastructure hardly shared.

    Changes ``drawn`` accordingly; returns names of the behaviours.
    """
    rng = draft.rng
    names = [name for name in BEHAVIOURS if BEHAVIOURS[name] not in fixed]
    covered = {names[place] for place in rng.permutation(len(names))[: round(drawn["cover"])]}
    if "work" in covered:
        drawn["own_work"] = rng.uniform(0.35, 0.6)
        drawn["camouflage"] *= 0.6
    if "age" in covered:
        drawn["young"] = rng.uniform(0.0, 0.15)
        drawn["verified"] = max(drawn["verified"], rng.uniform(0.35, 0.6))
    if kind not in GAPPED or rng.random() >= drawn["gaps"]:
        return covered
    gap = str(rng.choice(GAPPED[kind]))
    if gap == "cards" and "own_cards" not in fixed:
        drawn["own_cards"] = rng.uniform(0.85, 1.0)
    elif gap == "templates" and not fixed & {"camouflage", "templates", "exposure"}:
        drawn["camouflage"] = rng.uniform(0.55, 0.75)
        drawn["exposure"] = rng.uniform(0.03, 0.12)
        if kind == "card_chain":
            drawn["templates"] = 0.0
    elif gap == "proxies" and "proxied" not in fixed:
        drawn["proxied"] *= rng.uniform(0.1, 0.4)
    return covered


def _habits(draft: Draft, who: Ints, drawn: dict[str, float], covered: set[str]) -> None:
    """What the accounts do all day; what is ``covered`` stays as the ordinary person had it."""
    rng, count = draft.rng, len(who)
    wanted = rng.permutation(COVETED)[: int(rng.integers(1, 4))]
    skill = rng.choice(wanted, size=count, p=rng.dirichlet(np.full(len(wanted), 1.5)))
    focus = np.clip(drawn["focus"] + rng.normal(0, 0.08, count), 0.05, 0.97)
    strong = np.clip(drawn["strong"] + rng.normal(0, 0.1, count), 0.02, 0.98)
    core = (1 - strong) * rng.uniform(0.4, 0.95)
    own = drawn["own_work"] * np.exp(rng.normal(0, 0.4, count))
    lasting = rng.uniform(0.1, 0.6)
    bare, public = drawn["no_template"], drawn["camouflage"]
    total = np.maximum(1.0, own + bare + public + 0.02)
    if drawn["templates"] == 0:
        total = own + bare + public
    # Public templates for the look of it: each account its own topics, or the topic of the work.
    topical = rng.random(count) < rng.uniform(0.0, 0.7)
    draft.set(
        who,
        rate=drawn["drip"] * np.exp(rng.normal(0, rng.uniform(0.1, 0.7), count)),
        session=rng.uniform(2, 10),
        spread=rng.uniform(8, 60),
        topic_1=np.where(topical, skill, draft.columns["topic_1"][who]),
        bare=bare / total,
        once=own * (1 - lasting) / total,
        own=own * lasting / total,
        public=public / total,
        pivot=drawn["pivot"],
        words_in=draft.columns["words_in"][who] * 0.5 + rng.normal(3.3, 0.25),
        words_out=draft.columns["words_out"][who] * 0.5 + rng.normal(3.1, 0.25),
    )
    if "taste" not in covered:
        draft.set(who, mini=1 - strong - core, core=core, adopt=rng.choice([0.5, 5.0, 40.0]))
    if "skill" not in covered:
        draft.set(who, skill_1=skill, focus_1=focus, focus_2=(1 - focus) * rng.uniform(0, 0.5))
        draft.set(who, skill_2=rng.choice(wanted, size=count))
    if "hours" in covered:
        # People's own days and weeks, though busier ones.
        busier = np.maximum(draft.columns["active"][who], rng.uniform(0.15, 0.6, count))
        draft.set(who, active=busier, engage=np.maximum(draft.columns["engage"][who], 0.5))
        return
    draft.set(who, active=drawn["active_days"], weekend=rng.uniform(0.3, 1.05), engage=1.0)
    shape = rng.choice([rhythm.MACHINE, rhythm.SHIFTS, rhythm.ALL_DAY, rhythm.OFFICE, -1])
    if shape >= 0:
        zone = COUNTRIES[int(rng.integers(len(COUNTRIES)))][1]
        draft.set(who, shape=shape, zone=zone + rng.normal(0, rng.uniform(0.3, 5.0), count))


def _follow(draft: Draft, who: Ints, drawn: dict[str, float]) -> None:
    """Let part of the sessions follow the operator's schedule."""
    rng = draft.rng
    if drawn["synchrony"] <= 0.02:
        return
    row = draft.schedule(
        opens=float(rng.uniform(0, 24)),
        hours=float(rng.uniform(6, 24)),
        slots=int(rng.integers(4, 30)),
        jitter_minutes=drawn["jitter"],
    )
    draft.set(who, schedule=row, keeps=drawn["synchrony"])
