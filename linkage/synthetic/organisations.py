"""Benign look-alikes under one roof: companies, small firms, shops, batch jobs, support teams, tests, families."""

from __future__ import annotations

import numpy as np

from linkage.synthetic import rhythm
from linkage.synthetic.draft import Draft
from linkage.synthetic.tokens import Floats, Ints
from linkage.synthetic.world import BUSINESS, CAPABILITY_SHARES, COUNTRIES, HOSTING, TOPICS

_SHARES = np.array([share for *_, share in COUNTRIES])
_TOPIC_SHARES = np.array(CAPABILITY_SHARES)


def a_country(rng: np.random.Generator) -> int:
    """A country by its share of customers."""
    return int(rng.choice(len(_SHARES), p=_SHARES))


def a_topic(rng: np.random.Generator) -> int:
    """A topic by how common it is."""
    return int(rng.choice(TOPICS, p=_TOPIC_SHARES))


def classes(
    rng: np.random.Generator, bare: float, once: float, own: float, public: float, group: float
) -> dict[str, float]:
    """Shares of template classes around the given ones; they sum to 1 with the group's."""
    parts = rng.dirichlet(np.array([bare, once, own, public, group]) * 12 + 0.05)
    return dict(zip(("bare", "once", "own", "public"), map(float, parts[:4]), strict=True))


def staff(draft: Draft, who: Ints, *, filled: float, tier: tuple[int, ...], hired: Floats | None = None) -> None:
    """Put accounts under one roof: one country and zone, a domain and an organization where they are filled in."""
    rng = draft.rng
    country = a_country(rng)
    zone = COUNTRIES[country][1]
    known = rng.random(len(who)) < 0.9
    own_domain = rng.random() < filled
    named = rng.random() < filled
    draft.set(
        who,
        country=country,
        zone=zone + rng.normal(0, 0.4, len(who)),
        domain=np.where(known & own_domain, draft.domain(), draft.columns["domain"][who]),
        organization=np.where(rng.random(len(who)) < 0.85, draft.domain(), -1) if named else -1,
        tier=rng.choice(tier),
        verified=rng.random(len(who)) < rng.uniform(0.3, 0.95),
        status=0,
        end=1e5,
    )
    if hired is not None:
        draft.set(who, created=hired, begin=hired)


def library(draft: Draft, who: Ints, count: int, each: float, *, first: int = -1, last: int = 32_000) -> Ints:
    """Give a group templates of its own, which are returned; each account uses some, a few are used by most."""
    rng = draft.rng
    templates = draft.templates(count)
    popularity = rng.permutation((np.arange(count) + 1.0) ** -0.8)
    popularity *= each / popularity.mean()
    uses = rng.random((len(who), count)) < np.minimum(popularity, 0.95)
    uses[np.arange(len(who)), rng.integers(count, size=len(who))] = True
    row, column = np.nonzero(uses)
    draft.use_template(who[row], templates[column], popularity[column], first, last)
    return templates


def company(draft: Draft, who: Ints, kind: str) -> None:
    """One payer or a few, offices and home offices, internal templates, office hours for most."""
    rng, count = draft.rng, len(who)
    founded = rng.uniform(-900, 40)
    staff(
        draft,
        who,
        filled=0.7,
        tier=(1, 2, 2, 3),
        hired=np.minimum(founded + rng.exponential(200, count), draft.days - 1),
    )
    cards = draft.cards(1 if kind == "company" else int(rng.integers(2, 3 + count // 6)))
    draft.set(who, card=rng.choice(cards, size=count), next_card=-1)
    if rng.random() < 0.3:
        draft.set(who, next_card=draft.cards(1)[0], card_switch=rng.uniform(5, draft.days - 5))
    offices = draft.static_lines(BUSINESS, int(rng.integers(1, 3 + count // 80)), int(draft.columns["country"][who[0]]))
    home_office = float(rng.uniform(0.05, 1.2))
    at = rng.choice(offices, size=count)
    draft.set(who, job=-1, job_work=0, job_off=0)
    draft.columns["home_work"][who] *= home_office
    draft.use_line(who, at, rng.uniform(0.5, 2.5, count), 0.08)
    if rng.random() < 0.35:
        tunnel = draft.static_lines(BUSINESS if rng.random() < 0.5 else HOSTING, 1)
        some = who[rng.random(count) < rng.uniform(0.3, 1)]
        draft.use_line(some, np.repeat(tunnel, len(some)), 0.8, 0.8)
    topic = a_topic(rng)
    main = rng.random(count) < rng.uniform(0.3, 0.9)
    mixed = classes(rng, 0.18, 0.2, 0.14, 0.15, 0.33)
    draft.set(
        who, shape=rng.choice([rhythm.OFFICE, rhythm.ALL_DAY], count, p=[0.8, 0.2]), weekend=rng.uniform(0.02, 0.35)
    )
    draft.set(who, topic_1=np.where(main, topic, draft.columns["topic_1"][who]), **mixed)
    draft.set(who, skill_1=np.where(main, topic, draft.columns["skill_1"][who]))
    draft.columns["rate"][who] *= float(np.exp(rng.normal(0.8, 0.5)))
    draft.set(who, active=np.minimum(0.95, draft.columns["active"][who] + rng.uniform(0.1, 0.4)))
    if rng.random() < 0.25:
        # The firm standardises on the strongest model, or moves to the new one on the day.
        draft.set(who, mini=0.1, core=rng.uniform(0.1, 0.5), pivot=rng.uniform(0, 0.8), adopt=2)
    library(draft, who, int(3 + rng.exponential(4 + count**0.5)), float(rng.uniform(0.15, 0.5)))
    draft.group(who, kind)


def small_firm(draft: Draft, who: Ints) -> None:
    """A handful of people behind one address and one card, on two or three templates."""
    rng, count = draft.rng, len(who)
    founded = rng.uniform(-500, draft.days - 15)
    staff(draft, who, filled=0.35, tier=(1, 1, 2), hired=founded + rng.exponential(2, count))
    draft.set(
        who, card=draft.cards(1)[0], next_card=-1, shape=rhythm.OFFICE, weekend=0.2, active=rng.uniform(0.4, 0.9, count)
    )
    draft.site(
        who,
        draft.static_lines(BUSINESS, 1, int(draft.columns["country"][who[0]])),
        1.0,
        1.0,
        keep=float(rng.choice([0.0, 0.1])),
    )
    draft.set(who, **classes(rng, 0.15, 0.2, 0.15, 0.2, 0.3))
    library(draft, who, int(rng.integers(1, 5)), 0.6)
    draft.group(who, "small_firm")


def shop(draft: Draft, who: Ints, kind: str = "shop") -> None:
    """One product on one server, or a few, with many accounts: same templates, hardly anything private."""
    rng, count = draft.rng, len(who)
    opened = rng.uniform(-400, draft.days - 30) if kind == "shop" else rng.uniform(0, draft.days - 12)
    steps = np.sort(rng.exponential(1.0 if kind == "test" else 20.0, count))
    staff(draft, who, filled=0.3, tier=(1, 2, 3), hired=np.minimum(opened + steps, draft.days - 0.5))
    draft.set(
        who,
        card=rng.choice(draft.cards(1 + int(rng.random() < 0.3) * int(rng.integers(1, 4))), size=count),
        next_card=-1,
    )
    servers = draft.static_lines(HOSTING, int(1 + rng.geometric(0.6)))
    draft.site(who, servers, 1, 1)
    topic = a_topic(rng)
    draft.set(
        who,
        shape=rhythm.MACHINE if rng.random() < 0.6 else rhythm.ALL_DAY,
        weekend=rng.uniform(0.6, 1.0),
        active=rng.uniform(0.3, 0.95),
        engage=rng.uniform(0.6, 1.0),
        rate=np.exp(rng.normal(2.0, 0.8) + rng.normal(0, 0.6, count)),
        topic_1=topic,
        skill_1=topic,
        focus_1=rng.uniform(0.5, 0.95),
        focus_2=0.02,
        **classes(rng, 0.08, 0.04, 0.02, 0.06, 0.8),
    )
    tier = rng.dirichlet([1.0, 1.2, 0.5])
    draft.set(who, mini=tier[0], core=tier[1], adopt=rng.uniform(1, 60))
    library(draft, who, int(rng.integers(2, 9)), float(rng.uniform(0.4, 0.9)))
    if kind == "test":
        draft.set(who, rate=np.exp(rng.normal(2.4, 0.6, count)), end=draft.columns["begin"][who] + rng.uniform(2, 25))
    draft.group(who, kind)


def batch(draft: Draft, who: Ints) -> None:
    """Cron jobs: fixed times, one server, one template each, a great many exchanges."""
    rng, count = draft.rng, len(who)
    staff(draft, who, filled=0.6, tier=(1, 2, 3))
    draft.set(who, card=draft.cards(1)[0], next_card=-1, shape=rhythm.MACHINE, weekend=1.0, active=0.95, engage=1.0)
    draft.site(who, draft.static_lines(HOSTING, 1), 1, 1)
    draft.set(
        who, rate=np.exp(rng.normal(3.4, 0.9, count)), session=12, spread=8, **classes(rng, 0.1, 0.1, 0.05, 0.0, 0.75)
    )
    row = draft.schedule(
        opens=float(rng.uniform(0, 24)), hours=24, slots=int(rng.integers(1, 25)), jitter_minutes=0.5, fixed=True
    )
    draft.set(who, schedule=row, keeps=0.97)
    library(draft, who, int(rng.integers(1, 4)), 0.7)
    draft.group(who, "batch")


def support(draft: Draft, who: Ints) -> None:
    """A support desk: shifts round the clock, a few answer templates, one payer, an outsourcer's office."""
    rng, count = draft.rng, len(who)
    staff(draft, who, filled=0.8, tier=(2, 3), hired=rng.uniform(-500, draft.days - 20) + rng.exponential(60, count))
    draft.set(
        who,
        begin=np.minimum(draft.columns["begin"][who], draft.days - 1.0),
        created=np.minimum(draft.columns["created"][who], draft.days - 1.0),
    )
    draft.set(
        who,
        card=draft.cards(1)[0],
        next_card=-1,
        shape=rhythm.SHIFTS,
        weekend=0.8,
        active=rng.uniform(0.5, 0.75, count),
    )
    draft.site(who, draft.static_lines(BUSINESS, int(rng.integers(1, 3))), 1.0, 1.0, keep=float(rng.uniform(0, 0.4)))
    skill = 8
    draft.set(
        who,
        rate=np.exp(rng.normal(2.6, 0.5, count)),
        skill_1=skill,
        topic_1=skill,
        focus_1=rng.uniform(0.5, 0.9),
        focus_2=0.05,
    )
    draft.set(who, **classes(rng, 0.1, 0.15, 0.05, 0.05, 0.65))
    library(draft, who, int(rng.integers(4, 16)), float(rng.uniform(0.3, 0.7)))
    draft.group(who, "support_team")


def second_account(draft: Draft, who: Ints) -> None:
    """One person with two accounts, or three: the same lines, mostly the same card, the same habits; no harm in it."""
    rng, first = draft.rng, who[0]
    for name in ("home", "mobile", "job", "country", "zone", "shape", "topic_1", "topic_2", "skill_1"):
        draft.set(who, **{name: draft.columns[name][first]})
    if rng.random() < 0.6:
        draft.set(who, card=draft.columns["card"][first], next_card=-1)
    library(draft, who, int(rng.integers(1, 5)), 0.8)
    for name in ("bare", "once", "own", "public"):
        draft.columns[name][who] *= 0.8
    draft.group(who, "second_account")


def family(draft: Draft, who: Ints) -> None:
    """One home line, mostly one card, different people."""
    rng = draft.rng
    head = who[0]
    for name in ("home", "country", "zone"):
        draft.set(who, **{name: draft.columns[name][head]})
    payer = draft.cards(1)[0]
    paying = who[rng.random(len(who)) < 0.8]
    draft.set(paying, card=payer, next_card=-1)
    draft.group(who, "family")
