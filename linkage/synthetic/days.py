"""One day of a population: who is active, in which sessions, from where, and what every exchange is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from linkage.synthetic.plan import Plan
from linkage.synthetic.rhythm import DAY, local_seconds
from linkage.synthetic.tokens import Floats, Ints, Words, mix, unit
from linkage.synthetic.world import CAPABILITIES, CAPABILITY_SHARES, PRICES, TOPICS

EVENT_TYPES = ("request", "login", "signup", "payment")
REQUEST, LOGIN, SIGNUP, PAYMENT = range(4)
STATUSES = ("ok", "rate_limited", "error", "refused")
#: Classes of templates: the high bits of a template's number.
_OWN, _ONCE, _PUBLIC, _GROUP = (np.int64(place) << 58 for place in range(4))
_BARE = np.int64(-1)


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys of the hashes that stand for lasting choices of an account: the same on every day."""

    weeks: np.uint64
    schedules: np.uint64
    lines: np.uint64
    favourites: np.uint64
    adoption: np.uint64
    texts: np.uint64

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Keys:
        """Fresh keys."""
        return cls(*(np.uint64(word) for word in rng.integers(0, 2**64, size=6, dtype=np.uint64)))

    def text(self, kind: str) -> np.uint64:
        """Key of the texts of one kind of identifier: equal numbers of two kinds have unrelated texts."""
        return np.uint64(mix(int.from_bytes(kind.encode("ascii")[:8], "big"), self.texts))


@dataclass(frozen=True, slots=True)
class DayEvents:
    """Events of a day in time order; numbers, not texts yet. −1 stands for null in cards, templates and places."""

    account: Ints
    seconds: Floats  # from the start of the day
    type: Ints
    network: Ints
    address: Words
    card: Ints
    template: Ints
    model: Ints
    capability: Ints
    status: Ints
    tokens_in: Ints
    tokens_out: Ints
    cost: Ints

    def __len__(self) -> int:
        return len(self.account)


def draw_day(plan: Plan, keys: Keys, rng: np.random.Generator, day: int, weekday: int, first_event: int) -> DayEvents:
    """All events of a day (0 is the first of the window; weekday 0 is Monday).

    ``first_event`` is the number of events before this day; one-off templates are numbered by it.
    """
    session_account, session_start, sizes = _sessions(plan, keys, rng, day, weekday)
    working = _working(plan, session_account, session_start, weekday)
    lines = plan.line_uses.today(day)
    line = np.where(working, lines.draw(rng, session_account, 0), lines.draw(rng, session_account, 1))
    session = np.repeat(np.arange(len(session_account)), sizes)
    account = session_account[session]
    columns = plan.columns
    seconds = session_start[session] + rng.random(len(session)) * columns["spread"][account] * 60
    kind = np.full(len(account), REQUEST)
    # The first exchange of every fifth session is the login before it.
    leads = np.cumsum(sizes)[:-1] if len(sizes) else np.empty(0, np.int64)
    leads = np.concatenate(([0], leads)).astype(np.int64)[: len(sizes)]
    logins = leads[rng.random(len(leads)) < 0.12]
    kind[logins] = LOGIN
    seconds[logins] = session_start[session[logins]]
    account, seconds, kind, event_line = _paperwork(plan, rng, day, account, seconds, kind, line[session])
    seconds %= DAY
    alive = (day + seconds / DAY >= columns["begin"][account] - 1e-3) & (day + seconds / DAY < columns["end"][account])
    alive |= kind == SIGNUP
    order = np.flatnonzero(alive)
    order = order[np.argsort(seconds[order], kind="stable")]
    account, seconds, kind, event_line = account[order], seconds[order], kind[order], event_line[order]
    address, network = addresses(plan, keys, event_line, day * DAY + seconds)
    asks = kind == REQUEST
    template = np.where(asks, _templates(plan, keys, rng, day, account, first_event), _BARE)
    card = np.where(kind != LOGIN, plan.card_uses.today(day).draw(rng, account), -1)
    card[kind == SIGNUP] = -1
    model = _models(plan, keys, rng, day, account, seconds)
    capability = _capabilities(plan, rng, account)
    words_in = np.exp(columns["words_in"][account] + rng.normal(0, 0.8, len(account)))
    words_out = np.exp(columns["words_out"][account] + rng.normal(0, 0.7, len(account)))
    tokens_in = np.where(asks, np.minimum(words_in, 180_000), 0).astype(np.int64)
    tokens_out = np.where(asks, np.minimum(words_out, 32_000), 0).astype(np.int64)
    price = np.array(PRICES)[plan.world.models.tier[model]]
    cost = (tokens_in * price[:, 0] + tokens_out * price[:, 1]).astype(np.int64)
    status = np.searchsorted(np.array([0.965, 0.98, 0.993]), rng.random(len(account)))
    return DayEvents(
        account,
        seconds,
        kind,
        network,
        address,
        card,
        template,
        np.where(asks, model, -1),
        np.where(asks & (rng.random(len(account)) < 0.9), capability, -1),
        np.where(asks, status, 0),
        tokens_in,
        tokens_out,
        cost,
    )


def _sessions(plan: Plan, keys: Keys, rng: np.random.Generator, day: int, weekday: int) -> tuple[Ints, Floats, Ints]:
    """Account, start (UTC second, may lie beyond the day) and number of exchanges of every session."""
    columns = plan.columns
    alive = np.flatnonzero((columns["begin"] < day + 1) & (columns["end"] > day))
    chance = columns["active"][alive] * (columns["weekend"][alive] if weekday >= 5 else 1.0)
    schedule = columns["schedule"][alive]
    on_schedule = schedule >= 0
    if on_schedule.any():
        # Whoever keeps a schedule is more often there on its days and seldom on the others.
        held = np.zeros(len(alive), dtype=bool)
        held[on_schedule] = plan.schedules.held(schedule[on_schedule], weekday)
        keeps = columns["keeps"][alive]
        chance = np.where(on_schedule & ~held, chance * (1 - keeps), chance)
        on_schedule &= held
    week = (day + 3) // 7
    engaged = unit(mix(alive * 1_024 + week, keys.weeks)) < columns["engage"][alive]
    active = engaged & (rng.random(len(alive)) < chance)
    alive, on_schedule = alive[active], on_schedule[active]
    exchanges = rng.poisson(columns["rate"][alive] * np.exp(rng.normal(-0.125, 0.5, len(alive))))
    some = exchanges > 0
    alive, on_schedule, exchanges = alive[some], on_schedule[some], exchanges[some]
    sessions = np.minimum(exchanges, 1 + rng.poisson(exchanges / columns["session"][alive]))
    account = np.repeat(alive, sessions)
    # Exchanges beyond the first of each session are spread at random over the day's sessions.
    first = np.cumsum(sessions) - sessions
    spare = np.repeat(np.arange(len(alive)), exchanges - sessions)
    sizes = np.ones(len(account), dtype=np.int64)
    extra = first[spare] + (rng.random(len(spare)) * sessions[spare]).astype(np.int64)
    sizes += np.bincount(extra, minlength=len(account))
    start = local_seconds(rng, columns["shape"][account]) - columns["zone"][account] * 3600
    follows = np.repeat(on_schedule, sessions) & (rng.random(len(account)) < columns["keeps"][account])
    rows = np.flatnonzero(follows)
    if len(rows):
        start[rows] = plan.schedules.starts(
            rng, columns["schedule"][account[rows]].astype(np.int64), day, keys.schedules
        )
    return account, start, sizes


def _working(plan: Plan, account: Ints, start: Floats, weekday: int) -> npt.NDArray[np.bool_]:
    hour = (start / 3600 + plan.columns["zone"][account]) % 24
    return np.asarray((hour >= 8.5) & (hour < 18) & (weekday < 5))


def _paperwork(
    plan: Plan,
    rng: np.random.Generator,
    day: int,
    account: Ints,
    seconds: Floats,
    kind: Ints,
    line: Ints,
) -> tuple[Ints, Floats, Ints, Ints]:
    """Add the day's sign-ups, and the monthly payments of those who pay."""
    columns = plan.columns
    new = np.flatnonzero((columns["signs_up"] == 1) & (columns["created"] >= day) & (columns["created"] < day + 1))
    pays = np.flatnonzero((columns["begin"] <= day) & (columns["end"] > day))
    pays = pays[(np.floor(columns["created"][pays]).astype(np.int64) - day) % 30 == 0]
    pays = pays[plan.card_uses.today(day).has(pays)]
    lines = plan.line_uses.today(day)
    new_line, pay_line = lines.draw(rng, new, 1), lines.draw(rng, pays, 1)
    return (
        np.concatenate((account, new, pays)),
        np.concatenate((seconds, (columns["created"][new] - day) * DAY, rng.random(len(pays)) * DAY)),
        np.concatenate((kind, np.full(len(new), SIGNUP), np.full(len(pays), PAYMENT))),
        np.concatenate((line, new_line, pay_line)),
    )


def addresses(plan: Plan, keys: Keys, line: Ints, second: Floats) -> tuple[Words, Ints]:
    """Address and network row of each line at a second of the window; a pool is resolved to the line behind it."""
    lines = plan.lines
    line = np.maximum(line, 0)
    pool = lines.pool[line]
    proxied = np.flatnonzero(pool >= 0)
    if len(proxied):
        through = line[proxied]
        word = mix(through * 100_003 + _epoch(lines.period[through], through, second[proxied], keys), keys.lines)
        first, last = lines.pool_start[pool[proxied]], lines.pool_start[pool[proxied] + 1]
        line = line.copy()
        line[proxied] = lines.pool_lines[first + (unit(word) * (last - first)).astype(np.int64)]
    word = mix(line * 100_003 + _epoch(lines.period[line], line, second, keys), keys.lines)
    address = lines.base[line] + (unit(word) * lines.size[line]).astype(np.int64)
    return address.astype(np.uint64), lines.network[line].astype(np.int64)


def _epoch(period: Ints, line: Ints, second: Floats, keys: Keys) -> Ints:
    """How often each line has changed by then; lines change at times of their own."""
    phase = unit(mix(line, keys.lines ^ np.uint64(0x5A5A))) * period
    return np.where(period > 0, (second + phase) // np.maximum(period, 1), 0).astype(np.int64)


def _templates(plan: Plan, keys: Keys, rng: np.random.Generator, day: int, account: Ints, first_event: int) -> Ints:
    """Template numbers; −1 for an exchange without one."""
    columns: dict[str, npt.NDArray[Any]] = plan.columns
    count = len(account)
    u = rng.random(count)
    edges = np.cumsum([columns[name][account] for name in ("bare", "once", "own", "public")], axis=0)
    group = plan.template_uses.today(day).draw(rng, account)
    wants_group = u >= edges[3]
    # Without a template of the group today, the exchange is like one's others.
    u = np.where(wants_group & (group < 0), rng.random(count) * edges[3], u)
    result = np.full(count, _BARE)
    once = (u >= edges[0]) & (u < edges[1])
    result = np.where(once, _ONCE + first_event + np.arange(count), result)
    place = (columns["library"][account] * rng.random(count) ** 2.0).astype(np.int64)
    result = np.where((u >= edges[1]) & (u < edges[2]), _OWN + account * 65_536 + place, result)
    public = np.flatnonzero((u >= edges[2]) & (u < edges[3]))
    result[public] = _PUBLIC + _public(plan, keys, rng, account[public])
    return np.where((u >= edges[3]) & (group >= 0), _GROUP + group, result)


def _public(plan: Plan, keys: Keys, rng: np.random.Generator, account: Ints) -> Ints:
    """Public templates: mostly a few favourites of the account, within its topics."""
    columns, families = plan.columns, plan.world.templates
    favourite = (columns["favourites"][account] * rng.random(len(account)) ** 1.6).astype(np.int64)
    explores = rng.random(len(account)) < 0.08
    favourite = np.where(explores, rng.integers(1_000, 2**30, len(account)), favourite)
    word = mix(account * 2_147_483_647 + favourite, keys.favourites)
    u, rank_u, market_u = unit(word), unit(mix(word, 1)), unit(mix(word, 2))
    anywhere = (unit(mix(word, 3)) * TOPICS).astype(np.int64)
    topic = np.where(u < 0.52, columns["topic_1"][account], np.where(u < 0.74, columns["topic_2"][account], anywhere))
    topic = np.where(u > 0.82, TOPICS, topic)
    flat = np.searchsorted(families.cumulative, topic + rank_u, side="right")
    offsets = families.start[topic]
    rank = np.minimum(flat - offsets, families.size[topic] - 1)
    stall = np.minimum(topic, TOPICS - 1)
    market = families.market_start[stall] + (families.market_size[stall] * unit(mix(word, 4)) ** 1.5).astype(np.int64)
    return np.where((market_u < 0.25) & (topic < TOPICS), market, offsets + rank)


def _models(plan: Plan, keys: Keys, rng: np.random.Generator, day: int, account: Ints, seconds: Floats) -> Ints:
    """Model rows: a tier by taste, its newest version that the account has taken up."""
    columns, models = plan.columns, plan.world.models
    u = rng.random(len(account))
    mini, core = columns["mini"][account], columns["core"][account]
    tier = np.where(u < mini, 0, np.where(u < mini + core, 1, 2))
    now = day + seconds / DAY
    row = models.row[tier, 0]
    for version in range(1, models.row.shape[1]):
        candidate = models.row[tier, version]
        wait = -np.log1p(-unit(mix(account * 64 + candidate, keys.adoption))) * columns["adopt"][account]
        row = np.where(now >= models.released[candidate] + wait, candidate, row)
    released = models.released[models.flagship]
    wait = 0.05 + 0.9 * unit(mix(account * 64 + 63, keys.adoption))
    moves = (now >= released + wait) & (rng.random(len(account)) < columns["pivot"][account])
    return np.where(moves, models.flagship, row)


def _capabilities(plan: Plan, rng: np.random.Generator, account: Ints) -> Ints:
    columns = plan.columns
    u = rng.random(len(account))
    first = columns["focus_1"][account]
    second = first + columns["focus_2"][account]
    other = rng.choice(len(CAPABILITIES), size=len(account), p=np.array(CAPABILITY_SHARES))
    return np.where(u < first, columns["skill_1"][account], np.where(u < second, columns["skill_2"][account], other))
