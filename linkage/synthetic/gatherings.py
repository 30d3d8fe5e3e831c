"""Benign look-alikes of people who only meet: campuses, classes, hackathons, users of a tool, customers of a relay."""

from __future__ import annotations

import numpy as np

from linkage.synthetic import rhythm
from linkage.synthetic.draft import Draft, random_weekdays
from linkage.synthetic.organisations import a_topic, classes, library
from linkage.synthetic.tokens import Ints
from linkage.synthetic.world import BUSINESS, CAMPUS, COUNTRIES, HOSTING


def campus(draft: Draft, who: Ints, network: int) -> None:
    """Students and staff of one campus: its NAT by day (or in the dormitory), ordinary people otherwise."""
    rng, count = draft.rng, len(who)
    country = int(draft.world.networks.country[network])
    lines = draft.pooled_lines(network, count, rng.uniform(6, 60, count))
    lives_there = rng.random(count) < 0.3
    draft.use_line(who, lines, rng.uniform(0.5, 3, count), np.where(lives_there, 2.0, 0.15))
    draft.set(who, country=country, zone=COUNTRIES[country][1] + rng.normal(0, 0.4, count), shape=rhythm.STUDENT)
    draft.on_campus[network] = draft.on_campus.get(network, 0) + count


def classroom(draft: Draft, who: Ints, network: int) -> None:
    """A course: the same lesson's template in the same hour, week after week; everybody pays alone or not at all."""
    rng, count = draft.rng, len(who)
    campus(draft, who, network)
    term = rng.uniform(-20, draft.days * 0.35)
    joined = term + rng.exponential(4, count)
    new = rng.random(count) < rng.uniform(0.3, 0.95)
    created = np.where(new, joined, np.minimum(draft.columns["created"][who], joined))
    row = draft.schedule(
        opens=float(rng.uniform(8, 16)) - COUNTRIES[int(draft.columns["country"][who[0]])][1],
        hours=float(rng.uniform(0.2, 1.5)),
        slots=1,
        jitter_minutes=float(rng.uniform(8, 30)),
        weekdays=random_weekdays(rng, int(rng.integers(1, 4))),
        fixed=True,
    )
    draft.set(
        who,
        created=created,
        begin=created,
        end=1e5,
        tier=0,
        card=np.where(rng.random(count) < 0.1, draft.columns["card"][who], -1),
        schedule=row,
        keeps=rng.uniform(0.5, 0.9),
        active=rng.uniform(0.3, 0.8, count),
        engage=0.9,
        verified=rng.random(count) < rng.uniform(0.1, 0.6),
        domain=np.where(rng.random(count) < 0.6, draft.domain(), draft.columns["domain"][who]),
        **classes(rng, 0.12, 0.15, 0.05, 0.13, 0.55),
    )
    topic = a_topic(rng)
    draft.set(who, topic_1=topic, skill_1=topic, focus_1=rng.uniform(0.4, 0.8))
    first = int(max(term, 0))
    for week in range(first, draft.days, 7):
        lessons = draft.templates(int(rng.integers(1, 3)))
        draft.use_template(
            np.repeat(who, len(lessons)), np.tile(lessons, count), 1, week, week + int(rng.integers(7, 12))
        )
    draft.group(who, "classroom")


def hackathon(draft: Draft, who: Ints) -> None:
    """Two or three days at a venue: sign-up on the day, shared templates, a sponsor's voucher for many."""
    rng, count = draft.rng, len(who)
    start = float(rng.integers(3, draft.days - 4))
    length = float(rng.integers(2, 4))
    fresh = rng.random(count) < rng.uniform(0.5, 0.95)
    arrives = start + rng.uniform(0.3, 0.8, count)
    created = np.where(fresh, arrives, np.minimum(draft.columns["created"][who], start))
    stays = rng.random(count) < 0.25
    draft.set(
        who,
        created=created,
        begin=created,
        end=np.where(stays | ~fresh, 1e5, start + length),
        rate=np.exp(rng.normal(2.8, 0.7, count)),
        active=0.9,
        weekend=1.0,
        engage=1.0,
        shape=rhythm.ALL_DAY,
        tier=np.where(fresh, 0, draft.columns["tier"][who]),
        verified=rng.random(count) < 0.3,
        **classes(rng, 0.2, 0.3, 0.1, 0.15, 0.25),
    )
    venue = draft.static_lines(BUSINESS, int(rng.integers(1, 3)))
    day, end = int(start), int(start + length) + 1
    at, where = np.repeat(who, len(venue)), np.tile(venue, count)
    draft.use_line(at, where, 6, 6, day, end)
    vouchers = draft.cards(1 if rng.random() < 0.7 else 3)
    sponsored = who[rng.random(count) < rng.uniform(0.6, 0.95)]
    draft.use_card(sponsored, rng.choice(vouchers, size=len(sponsored)), 5, day, end + int(rng.integers(0, 15)))
    topic = a_topic(rng)
    draft.set(who, topic_1=topic, skill_1=topic, pivot=0.3)
    library(draft, who, int(rng.integers(3, 12)), 0.4, first=day, last=end)
    draft.group(who, "hackathon")


def tool(draft: Draft, who: Ints) -> None:
    """Users of one public tool: nearly all goes through its templates; lines and cards are their own."""
    rng, count = draft.rng, len(who)
    topic = a_topic(rng)
    launched = rng.uniform(-300, draft.days * 0.4)
    young = rng.random(count) < rng.uniform(0.2, 0.9)
    created = np.where(
        young, np.clip(launched + rng.exponential(25, count), None, draft.days - 1), draft.columns["created"][who]
    )
    tier = rng.dirichlet([0.8, 1.0, 0.9])
    draft.set(
        who,
        created=created,
        begin=created,
        topic_1=topic,
        skill_1=topic,
        focus_1=rng.uniform(0.4, 0.95),
        focus_2=0.03,
        active=np.minimum(0.9, draft.columns["active"][who] + 0.2),
        mini=tier[0],
        core=tier[1],
        adopt=rng.uniform(0.5, 30),
        **classes(rng, 0.04, 0.05, 0.02, 0.06, 0.83),
    )
    draft.columns["rate"][who] *= float(np.exp(rng.normal(1.0, 0.4)))
    library(draft, who, int(rng.integers(1, 8)), float(rng.uniform(0.3, 0.9)))
    draft.group(who, "tool_users")


def reseller(draft: Draft, who: Ints) -> None:
    """Customers of a seller of virtual cards: unrelated people, whose cards are handed on, or overlap."""
    rng, count = draft.rng, len(who)
    cards = draft.cards(max(2, round(count / rng.uniform(2.0, 6.0))))
    draft.set(who, card=-1, next_card=-1, tier=1)
    for _ in range(2):
        first = rng.integers(-1, max(2, draft.days // 2), count)
        draft.use_card(who, rng.choice(cards, size=count), 1, first, first + rng.integers(15, draft.days + 10, count))
    draft.use_card(who, rng.choice(cards, size=count), 0.05)
    draft.set(who, verified=rng.random(count) < 0.15)
    draft.group(who, "reseller")


def relay(draft: Draft, who: Ints) -> None:
    """A relay that resells access: its customers' accounts all come through its servers; the customers differ."""
    rng, count = draft.rng, len(who)
    servers = draft.static_lines(HOSTING, int(rng.integers(1, 6)))
    draft.site(who, servers, 3, 3, keep=float(rng.uniform(0.0, 0.5)))
    if rng.random() < 0.6:
        draft.set(
            who, card=rng.choice(draft.cards(max(1, count // int(rng.integers(3, 12)))), size=count), next_card=-1
        )
    joined = rng.uniform(-100, draft.days - 20) + rng.exponential(25, count)
    young = rng.random(count) < 0.7
    created = np.where(young, np.minimum(joined, draft.days - 1), draft.columns["created"][who])
    draft.set(who, created=created, begin=created, verified=rng.random(count) < 0.2)
    draft.group(who, "relay")


def compromised(draft: Draft, who: Ints) -> None:
    """Owners of stolen keys: they go on as ever, and somebody else uses their accounts from a few addresses as well."""
    rng, count = draft.rng, len(who)
    thief = draft.static_lines(HOSTING, int(rng.integers(1, 3)))
    day = rng.integers(0, draft.days, count)
    for line in thief:
        draft.use_line(who, np.repeat(line, count), 1.0, 1.5, day, day + rng.integers(4, 30, count))
    draft.group(who, "compromised")


def campuses(draft: Draft) -> Ints:
    """Networks of campuses."""
    return draft.world.networks.of(CAMPUS)
