"""What the accounts of a campaign share: cards, proxies, networks, templates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linkage.synthetic import rhythm
from linkage.synthetic.draft import FOREVER, Draft
from linkage.synthetic.gatherings import campuses
from linkage.synthetic.organisations import library
from linkage.synthetic.tokens import Floats, Ints
from linkage.synthetic.world import COUNTRIES, HOSTING, RESIDENTIAL, VPN


@dataclass(slots=True)
class Providers:
    """Sellers of residential proxies: pools of home lines, some of them of customers."""

    draft: Draft

    def pool(self, hosts: int) -> int:
        """A new pool: home lines of ordinary customers who run the seller's software, and of strangers."""
        draft, rng = self.draft, self.draft.rng
        customers = min(int(hosts * rng.uniform(0.15, 0.45)), len(draft.unclaimed) // 4)
        inside = draft.columns["home"][rng.choice(draft.unclaimed, size=customers, replace=False)]
        strangers = rng.choice(draft.world.networks.of(RESIDENTIAL), size=max(1, hosts - customers))
        outside = draft.home_lines(strangers)
        draft.pools.append(np.concatenate((inside, outside)))
        return len(draft.pools) - 1

    def customers(self, share: float) -> None:
        """Let ordinary people buy from the same pools: each through one of them, for a little or nearly everything."""
        draft, rng = self.draft, self.draft.rng
        who = rng.choice(draft.unclaimed, size=min(len(draft.unclaimed), round(draft.accounts * share)), replace=False)
        sizes = np.array([len(pool) for pool in draft.pools], dtype=np.float64)
        pool = rng.choice(len(sizes), size=len(who), p=sizes**0.7 / (sizes**0.7).sum())
        for number in range(len(sizes)):
            some = who[pool == number]
            lines = draft.proxy_lines(number, len(some), np.exp(rng.normal(2.0, 1.3, len(some))))
            weight = rng.exponential(2.0, len(some))
            draft.use_line(some, lines, weight, weight)
            # People buy proxies for jobs, not for a chat.
            draft.columns["rate"][some] *= np.exp(rng.normal(0.9, 0.8, len(some)))


def cards(draft: Draft, who: Ints, drawn: dict[str, float], seat: Ints, *, chain: bool) -> None:
    """Cards over a few accounts each; in a chain, each account shares two with its neighbours."""
    rng, count = draft.rng, len(who)
    draft.set(who, card=np.where(rng.random(count) < drawn["own_cards"], who, -1))
    draft.set(who, next_card=np.where(draft.columns["card"][who] >= 0, draft.columns["next_card"][who], -1))
    # A successor pays with what its predecessor left.
    sharing = np.flatnonzero(draft.columns["card"][who[seat]] < 0)
    draft.set(who[sharing], card=-1, next_card=-1)
    if not len(sharing):
        return
    seats, place = np.unique(seat[sharing], return_inverse=True)
    if chain:
        cards = _bought(draft, len(seats) + 1, drawn["stolen_cards"])
        along = rng.permutation(len(seats))[place]
        draft.use_card(who[sharing], cards[along], rng.uniform(0.3, 1, len(sharing)))
        draft.use_card(who[sharing], cards[along + 1], rng.uniform(0.3, 1, len(sharing)))
        loose = rng.random(len(sharing)) < 0.12
        draft.use_card(who[sharing[loose]], rng.choice(cards, size=int(loose.sum())), 0.2)
        return
    cards = _bought(draft, max(1, round(len(seats) / drawn["accounts_per_card"])), drawn["stolen_cards"])
    weight = rng.gamma(3.0, 1.0, len(cards))
    of_seat = rng.choice(len(cards), size=len(seats), p=weight / weight.sum())
    first = draft.columns["begin"][who[sharing]]
    moves = rng.random(len(sharing)) < rng.uniform(0.0, 0.5)
    middle = (np.maximum(first, 0) + rng.uniform(2, 25, len(sharing))).astype(np.int64)
    draft.use_card(who[sharing], cards[of_seat[place]], 1, -1, np.where(moves, middle, FOREVER))
    then = rng.choice(cards, size=int(moves.sum()))
    draft.use_card(who[sharing[moves]], then, 1, middle[moves])


def _bought(draft: Draft, count: int, stolen: float) -> Ints:
    """Cards of an operator, some of them stolen from ordinary customers."""
    rng = draft.rng
    cards = draft.cards(count)
    taken = rng.random(count) < stolen
    owners = draft.unclaimed[draft.columns["card"][draft.unclaimed] >= 0]
    number = min(int(taken.sum()), len(owners))
    cards[np.flatnonzero(taken)[:number]] = draft.columns["card"][rng.choice(owners, size=number, replace=False)]
    return cards


def _own_lines(draft: Draft, who: Ints, share: float) -> None:
    """Leave the account's own lines ``share`` of its sessions, at any hour."""
    for name in ("home_work", "home_off"):
        draft.columns[name][who] = share
    for name in ("mobile_work", "mobile_off", "job_work", "job_off"):
        draft.columns[name][who] *= share * 0.3


def proxies(
    draft: Draft, providers: Providers, who: Ints, drawn: dict[str, float], seat: Ints, pool: int | None
) -> int:
    """Connect through a pool that has as many hosts as gives each the wanted number of campaign accounts."""
    rng, count = draft.rng, len(who)
    days = np.clip(draft.columns["end"][who], 0, draft.days) - np.clip(draft.columns["begin"][who], 0, draft.days)
    sessions = days * drawn["active_days"] * (1 + drawn["drip"] / draft.columns["session"][who])
    visits = float(np.minimum(sessions, days * 24 / drawn["sticky_hours"] + 1).sum()) * drawn["proxied"]
    if pool is None:
        # No seller has more hosts than the provider has customers; that also bounds memory.
        pool = providers.pool(int(np.clip(visits / drawn["accounts_per_address"], 8, draft.accounts)))
    hours = drawn["sticky_hours"] * np.exp(rng.normal(0, 0.3, count))
    # A seat keeps its line, so that a successor appears where its predecessor was.
    lines = draft.proxy_lines(pool, count, hours)[seat]
    draft.use_line(who, lines, drawn["proxied"], drawn["proxied"])
    own = 1 - drawn["proxied"]
    _own_lines(draft, who, own)
    if rng.random() < 0.4:
        # Part of what is not proxied comes from rented servers, a few accounts on each.
        servers = draft.static_lines(HOSTING, max(1, int(count / rng.uniform(2, 12))))
        some = who[rng.random(count) < 0.5]
        draft.use_line(some, rng.choice(servers, size=len(some)), own, own)
    elif rng.random() < 0.5:
        # Or through the exits of a VPN that everybody uses.
        exits = rng.choice(draft.world.networks.of(VPN))
        some = who[rng.random(count) < rng.uniform(0.2, 0.9)]
        draft.use_line(some, draft.pooled_lines(int(exits), len(some), rng.uniform(3, 40, len(some))), own, own)
    return pool


def campus_lines(draft: Draft, who: Ints, share: float) -> None:
    """Sit behind a campus, or several, with more students on each than accounts of the campaign."""
    rng = draft.rng
    _own_lines(draft, who, 1 - share)
    student_hours = rng.random() < 0.7
    crowd = rng.uniform(0.15, 0.4)
    left = who
    for network in rng.permutation(campuses(draft)):
        room = max(1, int(draft.on_campus.get(int(network), 0) * crowd))
        some, left = left[:room], left[room:]
        country = int(draft.world.networks.country[network])
        lines = draft.pooled_lines(int(network), len(some), rng.uniform(6, 60, len(some)))
        draft.use_line(some, lines, share, share)
        draft.set(some, country=country, zone=COUNTRIES[country][1] + rng.normal(0, 0.6, len(some)))
        if student_hours:
            draft.set(some, shape=rhythm.STUDENT)
    # Where the campuses are full, the rest sits at home.
    _own_lines(draft, left, 1.0)


def templates(draft: Draft, who: Ints, drawn: dict[str, float]) -> None:
    """Templates of the operator's own, in generations that overlap a little; some find users outside."""
    rng = draft.rng
    begin: Floats = draft.columns["begin"][who]
    day = int(max(float(begin.min()), -1.0))
    last = int(min(float(draft.columns["end"][who].max()) + 1, draft.days))
    while day < last:
        until = day + int(drawn["template_days"] * rng.uniform(0.6, 1.4)) + 1
        made = library(draft, who, max(1, round(drawn["templates"])), drawn["exposure"], first=day, last=until + 2)
        for template in made[rng.random(len(made)) < drawn["leaks"]]:
            _leak(draft, template, day, min(len(draft.unclaimed), 2 + int(len(who) * rng.exponential(0.2))))
        day = until


def _leak(draft: Draft, template: int, day: int, count: int) -> None:
    """Let ordinary people have copied a template from wherever the operator took it."""
    rng = draft.rng
    who = rng.choice(draft.unclaimed, size=count, replace=False)
    for name in ("bare", "once", "own", "public"):
        draft.columns[name][who] *= 0.92
    first = np.maximum(day + rng.normal(0, 10, count), -1).astype(np.int64)
    draft.use_template(who, np.full(count, template), 1, first, first + 5 + rng.exponential(20, count).astype(np.int64))
