"""Ordinary people: everybody, before groups and campaigns are laid over them."""

from __future__ import annotations

import numpy as np

from linkage.synthetic.draft import BANNED, CLOSED, Draft
from linkage.synthetic.tokens import Ints
from linkage.synthetic.world import BUSINESS, CAPABILITY_SHARES, COUNTRIES, MOBILE, RESIDENTIAL, TOPICS, VPN


def fill(draft: Draft) -> None:
    """Make every account of the draft an ordinary person with lines, a card (or none), habits and a history."""
    rng, count = draft.rng, draft.rows
    everybody = np.arange(count)
    country = rng.choice(len(COUNTRIES), size=count, p=np.array([share for *_, share in COUNTRIES]))
    zones = np.array([zone for _, zone, _ in COUNTRIES])
    draft.set(everybody, country=country, zone=zones[country] + rng.normal(0, 0.5, count))
    _history(draft, everybody)
    _activity(draft, everybody)
    _habits(draft, everybody)
    _lines(draft, everybody, country)
    _cards(draft, everybody)


def _history(draft: Draft, who: Ints) -> None:
    """Sign-ups over three growing years; some within the window; closures and bans at a low rate."""
    rng, days, count = draft.rng, draft.days, len(who)
    created = days - rng.exponential(420, count)
    created = np.where(created < -1100, rng.uniform(-1100, days, count), created)
    end = np.full(count, 1e5)
    status = np.zeros(count, dtype=np.int8)
    left = np.maximum(created, 0) + rng.exponential(25, count)
    goes = (rng.random(count) < np.where(created > -90, 0.11, 0.05)) & (left < days)
    end[goes] = left[goes]
    status[goes] = np.where(rng.random(int(goes.sum())) < 0.25, BANNED, CLOSED)
    draft.set(
        who,
        created=created,
        begin=created,
        end=end,
        status=status,
        verified=rng.random(count) < np.where(created > -60, 0.32, 0.5),
        domain=np.minimum(rng.geometric(0.32, count) - 1, len(draft.world.free_domains) - 1),
        tier=rng.choice(4, count, p=[0.42, 0.5, 0.06, 0.02]),
    )


def _activity(draft: Draft, who: Ints) -> None:
    rng, count = draft.rng, len(who)
    draft.set(
        who,
        rate=np.minimum(600, np.exp(rng.normal(0.8, 1.45, count))),
        active=rng.beta(1.1, 2.2, count),
        weekend=rng.beta(2, 2, count) * 1.3,
        engage=0.1 + 0.9 * rng.beta(1.4, 1.3, count),
        session=1 + rng.exponential(5, count),
        spread=np.exp(rng.normal(3.2, 0.7, count)),
        shape=rng.choice(7, count, p=[0.3, 0.22, 0.1, 0.22, 0.08, 0.05, 0.03]),
    )


def _habits(draft: Draft, who: Ints) -> None:
    """Topics, capabilities, templates, models, lengths."""
    rng, count = draft.rng, len(who)
    shares = np.array(CAPABILITY_SHARES)
    topic_1 = rng.choice(TOPICS, count, p=shares)
    topic_2 = rng.choice(TOPICS, count, p=shares)
    # A person's exchanges draw on what the person's topics need, most of the time.
    skill_1 = np.where(rng.random(count) < 0.75, topic_1, rng.choice(TOPICS, count, p=shares))
    focus = rng.beta(2.2, 2.0, count)
    # Shares of template classes differ widely: some only ever paste, some live in one tool.
    parts = rng.gamma(np.array([0.9, 0.9, 0.8, 0.9]), 1.0, (count, 4)) + 1e-3
    parts /= parts.sum(axis=1, keepdims=True)
    tier = rng.gamma(np.array([0.8, 0.9, 0.35]), 1.0, (count, 3)) + 1e-3
    tier /= tier.sum(axis=1, keepdims=True)
    taker = rng.random(count)
    draft.set(
        who,
        topic_1=topic_1,
        topic_2=topic_2,
        skill_1=skill_1,
        skill_2=topic_2,
        focus_1=0.15 + 0.75 * focus,
        focus_2=(0.85 - 0.75 * focus) * rng.random(count),
        bare=parts[:, 0],
        once=parts[:, 1],
        own=parts[:, 2],
        public=parts[:, 3],
        library=1 + rng.geometric(0.15, count),
        favourites=1 + rng.exponential(4.5, count),
        mini=tier[:, 0],
        core=tier[:, 1],
        adopt=np.where(taker < 0.12, 0.7, np.where(taker < 0.8, rng.uniform(8, 60, count), 2_000)),
        pivot=np.where(rng.random(count) < 0.02, rng.uniform(0.2, 0.9, count), 0),
        words_in=rng.normal(6.3, 0.9, count),
        words_out=rng.normal(5.9, 0.7, count),
    )


def _lines(draft: Draft, who: Ints, country: Ints) -> None:
    """A home line each, a mobile line, for some a workplace or a VPN."""
    rng, count = draft.rng, len(who)
    home = draft.home_lines(_rows(draft, RESIDENTIAL, country))
    mobile_row = _rows(draft, MOBILE, country)
    mobile = draft.pooled_lines(mobile_row, count, np.exp(rng.normal(2.0, 0.9, count)))
    goes_mobile = rng.random(count) < 0.45
    employed = rng.random(count) < 0.38
    draft.set(
        who,
        home=home,
        mobile=mobile,
        home_work=np.where(employed, rng.uniform(0.05, 1.0, count), 1.0),
        home_off=1.0,
        mobile_work=np.where(goes_mobile, rng.exponential(0.25, count), 0),
        mobile_off=np.where(goes_mobile, rng.exponential(0.35, count), 0),
    )
    _workplaces(draft, who[employed], country[employed])
    _vpn(draft, who[rng.random(count) < 0.07])


def _rows(draft: Draft, kind: int, country: Ints) -> Ints:
    """A network of a kind in each country."""
    row = np.zeros(len(country), dtype=np.int64)
    for number in np.unique(country):
        places = np.flatnonzero(country == number)
        row[places] = draft.rng.choice(draft.world.networks.of(kind, int(number)), size=len(places))
    return row


def _workplaces(draft: Draft, who: Ints, country: Ints) -> None:
    """Offices of employers that are no customers: a fixed address that strangers share, few or many."""
    rng = draft.rng
    for number in np.unique(country):
        here = who[country == number]
        lines = draft.static_lines(BUSINESS, max(1, len(here) // 3), int(number))
        place = (len(lines) * rng.random(len(here)) ** 1.8).astype(np.int64)
        draft.set(here, job=lines[place], job_work=rng.uniform(0.2, 2.0, len(here)), job_off=0.05)


def _vpn(draft: Draft, who: Ints) -> None:
    rng = draft.rng
    rows = draft.world.networks.of(VPN)
    row = rng.choice(rows, size=len(who))
    lines = draft.pooled_lines(row, len(who), np.exp(rng.normal(2.5, 1.0, len(who))))
    weight = rng.exponential(0.8, len(who))
    draft.use_line(who, lines, weight, weight)


def _cards(draft: Draft, who: Ints) -> None:
    """A card of one's own, or none; some change it once."""
    rng, count = draft.rng, len(who)
    free = draft.columns["tier"][who] == 0
    switches = rng.random(count) < 0.09
    draft.set(
        who,
        card=np.where(free & (rng.random(count) < 0.93), -1, who),
        next_card=np.where(switches, draft.rows + who, -1),
        card_switch=np.where(switches, rng.uniform(0, draft.days, count), 1e5),
    )
    second = who[(~free) & (rng.random(count) < 0.06)]
    draft.use_card(second, draft.cards(len(second)), rng.uniform(0.1, 1.0, len(second)))


def shapes(draft: Draft, who: Ints, shape: int, zone: float | None = None) -> None:
    """Let accounts keep the same kind of hours, each shifted a little."""
    draft.set(who, shape=shape)
    if zone is not None:
        draft.set(who, zone=zone + draft.rng.normal(0, 0.4, len(who)))
