"""Accounts that begin to work at the same moments, again and again, when their own habits do not explain it.

The operator's schedule is the only tie of accounts that share no address, card or template. A moment is a ten-minute
slot in which an account begins a session. No step forms a product over the accounts of a slot, or over accounts:

1. *Habits off*: moments at a time of day at which an account begins again and again say nothing; for all others there
   is an expectation, from what the account did on the day and the hours in which it works at all. A daily job, a weekly
   lesson and office hours explain themselves.
2. *Directions* (:func:`linkage.evidence.rhythm.directions`): what is left is noise, but where some follow one
   schedule. The accounts furthest along a leading direction are a core.
3. *Expansion*: how much more than expected the core begins in a slot is what that slot is worth; every account is
   tested for the worth of its own moments, without its two best days: one event is no schedule. Of those who are taken
   few may be there by chance: as many as keep the same schedule of a day or a week off. Again, until it stays.
4. *Validation*: the same search on accounts whose days are shuffled, and which keep no schedule, finds nothing. Where
   it does, habits explain too little, as of people who answer to the same news: directions say nothing then, unless
   chance may have made what was found, and of a group that it cannot have made. Who meets on the hour, and hardly ever
   else, keeps the clock.
5. *Pairs* (:mod:`linkage.evidence.pairs_in_step`): a few accounts that meet again and again are no direction among very
   many others, but plain to see two by two. They are looked for among the rest.

A group becomes an identifier of its own, the schedule that its accounts keep, and every step after this one treats it
as any other. What it takes to be found stands in docs/explanation/detection.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from linkage import engine
from linkage.evidence import moments as beginnings
from linkage.evidence import pairs_in_step
from linkage.evidence import rhythm as rhythms
from linkage.evidence import rhythm_kernels as kernels
from linkage.evidence.moments import Moments
from linkage.evidence.rhythm import ELSEWHERE, Group, Rhythm, bar, surprise
from linkage.evidence.rhythm_kernels import DAY, HOUR
from linkage.model.kinds import SCHEDULE

if TYPE_CHECKING:
    import duckdb
    import pyarrow
    from numpy.typing import NDArray

#: Moments at one time of day from which they are a habit, and the nats by which they stand out of the hours around.
_HABIT, _HABITUAL = 3.0, 4.0
#: Moments that are no habit from which an account can be in step with others.
_LEAST_MOMENTS = 8
#: Directions, and accounts furthest along each that make a core.
_DIRECTIONS, _CORE = 8, 30
#: Accounts of the smallest group.
_SMALLEST = 6
#: Moments that are added to those seen and to those expected in a slot, before the two are compared.
_PRIOR = 1.0
#: Days of an account that do not count: its best ones.
_BEST_DAYS = 2
#: Standard deviations of its habits by which a member keeps the schedule at least.
_KEEPS = 2.0
#: Share of a group that may be in it by chance.
_BY_CHANCE = 0.02
#: Where shuffled days show a group as well: how many times as far beyond habits others are as on shuffled days of
#: theirs at least, and the most that their probability by chance may be. Shuffling keeps a weekly timetable as it is.
_TIMES, _UNLIKELY = 4.0, 0.01
#: Nats from which a slot is a crowd.
_CROWD = 4.0
#: Slots among which a crowded one is chosen: those of a year, more than any window that a schedule is looked for in.
_SLOTS_OF_A_YEAR = 366 * DAY
#: Share of the moments at which a group meets that are within ten minutes of a full hour, for it to keep the clock;
#: a third of all are.
_ON_THE_HOUR = 0.9
#: Rounds of an expansion, which most often stays as it is after four.
_ROUNDS = 10


@dataclass(frozen=True, slots=True)
class InStep:
    """``groups`` of accounts in step, by their first account; an account is in one at most.

    ``by_chance``: probability of each at most that any such group comes of habits. ``silent``: directions showed some,
    and none was believed, since shuffled days showed some as well.
    """

    groups: tuple[Group, ...]
    by_chance: tuple[float, ...]
    silent: bool


def find(connection: duckdb.DuckDBPyConnection, seed: int) -> InStep:
    """The accounts in step; leaves their sightings of schedules as table ``schedule_sightings``.

    Reads relation ``slots``, for the accounts of ``account_position``. Surrogate ids of schedules are −1, −2, ….
    Relation ``schedule_moments`` holds what the sightings are of, ``schedule_slots`` the slots in which it is crowded.
    """
    moments = beginnings.load(connection)
    found = in_step(moments, seed)
    connection.register("schedule_moments", _moments(moments, found.groups))
    connection.register("schedule_slots", _slots(found.groups))
    engine.run(connection, "linkage.evidence", "schedule_sightings", {"kind": SCHEDULE})
    return found


def in_step(moments: Moments, seed: int) -> InStep:
    """The accounts in step of ``moments``, whose slots are counted from 1970."""
    groups = list(_search(moments, seed))
    unusual = _unusual(moments) if groups else moments
    found = [(group, by_chance(unusual, group)) for group in groups]
    by_habit = False
    if found:
        other = shuffled(moments, seed)
        habit = next(_search(other, seed), None)
        if habit is not None:
            # Habits, as they are taken off here, do not explain these accounts. Where chance may have made what
            # shuffled days show, those are believed whom it cannot have brought together, and who are so far more
            # often than on other days of theirs; else what is left of anybody may be anything.
            by_habit = True
            by_luck = by_chance(_unusual(other), habit) > _UNLIKELY
            found = [one for one in found if by_luck and one[1] <= _UNLIKELY]
            most = _TIMES * _beyond_on(other, [group for group, _ in found])
            found = [one for one, least in zip(found, most, strict=True) if beyond(unusual, one[0]) >= least]
        del other
    silent = by_habit and not found
    found = [one for one in found if not on_the_hour(moments, one[0])]
    taken = np.zeros(len(moments.start) - 1, dtype=np.bool_)
    for group, _ in found:
        taken[group.accounts] = True
    rest = np.flatnonzero(~taken)
    others = moments.of(rest)
    pairs = pairs_in_step.groups(others, seed)
    # As much as that, or more, among days in another order: then no such group is beyond chance.
    likely = bool(pairs) and (by_habit or bool(pairs_in_step.groups(shuffled(others, seed), seed)))
    for group in pairs:
        if on_the_hour(others, group):
            continue
        probability = 1.0 if likely else by_chance(others, group)
        found.append((Group(rest[group.accounts], group.slots, group.expected), probability))
    found.sort(key=lambda one: int(one[0].accounts[0]))
    return InStep(tuple(group for group, _ in found), tuple(probability for _, probability in found), silent)


def on_the_hour(moments: Moments, group: Group) -> bool:
    """Whether the accounts of a group meet on the hour, give or take ten minutes: then it is the clock that they keep.

    Jobs of all sorts are started then, by people who have never heard of each other. Hours are those of UTC, or of
    where they are half an hour off.
    """
    slots = moments.of(group.accounts).slot
    slots = slots[np.isin(slots, group.slots)]
    most = max(int(np.isin(slots % HOUR, ends).sum()) for ends in ((HOUR - 1, 0), (HOUR // 2 - 1, HOUR // 2)))
    return len(slots) > 0 and most >= _ON_THE_HOUR * len(slots)


def beyond(moments: Moments, group: Group) -> float:
    """Log-likelihood ratios of the crowded slots of a group, against habits, beyond the choice of a slot: nats.

    ``moments``: those that the group was found by.
    """
    slots = moments.of(group.accounts).slot
    seen = np.bincount(np.searchsorted(group.slots, slots[np.isin(slots, group.slots)]), minlength=len(group.slots))
    return _beyond(seen.astype(np.float64), group.expected)


def _beyond(seen: NDArray[np.float64], expected: NDArray[np.float64]) -> float:
    return float(np.maximum(surprise(seen, expected) - np.log(_SLOTS_OF_A_YEAR), 0.0).sum())


def _beyond_on(moments: Moments, groups: Sequence[Group]) -> NDArray[np.float64]:
    """How far beyond habits the accounts of each group are together on other ``moments``, where these are crowded."""
    out = np.zeros(len(groups))
    if groups:
        moments, _low, slots = _from_midnight(moments)
        free = np.flatnonzero(moments.count >= _LEAST_MOMENTS)
        rhythm = Rhythm.of(moments.of(free), slots)
        for at, group in enumerate(groups):
            seen, expected = _begun(rhythm, np.isin(free, group.accounts))
            crowded = (seen >= 3.0) & (surprise(seen, expected) >= _CROWD)
            out[at] = _beyond(seen[crowded], expected[crowded])
    return out


def by_chance(moments: Moments, group: Group) -> float:
    """Bound on the probability that habits bring as many accounts, whichever they are, together as often.

    Where habits explain a group, what it is :func:`beyond` them is a sum of exponential variables, one slot at most
    expected: the bound of Chernoff is exp(−(√x − 1)²). Over all choices of the accounts, and how many they are, bounds
    add.
    """
    from scipy.special import gammaln

    accounts, members = len(moments.start) - 1, len(group.accounts)
    choices = gammaln(accounts + 1) - gammaln(members + 1) - gammaln(accounts - members + 1) + np.log(accounts)
    return float(np.exp(min(0.0, choices - max(np.sqrt(beyond(moments, group)) - 1.0, 0.0) ** 2)))


def _search(moments: Moments, seed: int) -> Iterator[Group]:
    """Groups of accounts in step, the clearest first; whoever is in one is left out of the search for the next."""
    if len(moments.slot) == 0:
        return
    moments, low, slots = _from_midnight(moments)
    free = np.flatnonzero(moments.count >= _LEAST_MOMENTS)
    while len(free) >= _SMALLEST:
        rhythm = Rhythm.of(moments.of(free), slots)
        group = _clearest(rhythm, seed)
        if group is None:
            return
        yield Group(free[group.accounts], group.slots + low, group.expected)
        free = np.delete(free, group.accounts)


def _from_midnight(moments: Moments) -> tuple[Moments, int, int]:
    """What is no habit, counted from the first midnight; which slot that is, and how many slots follow, whole days."""
    low = int(moments.slot.min()) // DAY * DAY
    slots = int(moments.slot.max()) // DAY * DAY + DAY - low
    return _unusual(Moments(moments.start, moments.slot - low)), low, slots


def _unusual(moments: Moments) -> Moments:
    """``moments`` without those that are a habit."""
    return moments.where(kernels.unusual(moments.start, moments.slot, _HABIT, _HABITUAL))


def _clearest(rhythm: Rhythm, seed: int) -> Group | None:
    """The first group that a leading direction leads to, either way along it."""
    looked_at, directions = rhythms.directions(rhythm, _DIRECTIONS, seed)
    for direction in directions.T:
        for way in (direction, -direction):
            # Rounded, so that who is among the first does not hang on the last digits.
            furthest = np.argsort(-np.round(way, 9), kind="stable")[:_CORE]
            group = _expanded(rhythm, looked_at[furthest])
            if group is not None:
                return group
    return None


def _expanded(rhythm: Rhythm, core: NDArray[np.int64]) -> Group | None:
    """The group that keeps the schedule of ``core``; none where the core does not hold."""
    member = np.zeros(len(rhythm.moments.start) - 1, dtype=np.bool_)
    member[core] = True
    seen, expected = _begun(rhythm, member)
    for _ in range(_ROUNDS):
        joins = _joins(rhythm, member, seen, expected)
        if joins is None:
            return None
        if np.array_equal(joins, member):
            break
        member = joins
        seen, expected = _begun(rhythm, member)
    crowded = (seen >= 3.0) & (surprise(seen, expected) >= _CROWD)
    return Group(np.flatnonzero(member), np.flatnonzero(crowded), expected[crowded])


def _joins(
    rhythm: Rhythm, member: NDArray[np.bool_], seen: NDArray[np.float64], expected: NDArray[np.float64]
) -> NDArray[np.bool_] | None:
    """Accounts (A) that keep the schedule of ``member``; none where they are too few.

    Other days are looked at one after another: what is there by chance only grows, and where it is too much already
    the rest is not needed. Most cores end at the first.
    """
    nobody = np.zeros_like(member)
    keeping = _keeping(rhythm, member, seen, expected)
    by_chance: list[NDArray[np.float64]] = []
    for days in ELSEWHERE:
        by_chance.append(_keeping(rhythm, nobody, np.roll(seen, days * DAY), np.roll(expected, days * DAY)))
        joins = keeping >= bar(keeping, np.concatenate(by_chance), _KEEPS, _BY_CHANCE)
        if joins.sum() < _SMALLEST:
            return None
    return joins


def _begun(rhythm: Rhythm, member: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Members that began in each slot (T), and those expected to."""
    weight = member.astype(np.float64)
    return rhythm.seen(weight), rhythm.expected(weight)


def _keeping(
    rhythm: Rhythm, member: NDArray[np.bool_], seen: NDArray[np.float64], expected: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How far each account (A) keeps a schedule, beyond its own habits, in standard deviations of what they explain.

    A slot is worth the log of the moments seen there over those expected; ``member``: whose own are among those seen.
    """
    worth = np.log((seen + _PRIOR) / (expected + _PRIOR))
    without_own = np.log((np.maximum(seen - 1.0, 0.0) + _PRIOR) / (expected + _PRIOR))
    by_hour = np.stack([rhythm.by_hour(worth), rhythm.by_hour(worth * worth)], axis=1)
    more, variance = kernels.keeping(
        rhythm.habits, rhythm.moments.slot, member, worth, without_own, by_hour, _BEST_DAYS
    )
    return np.asarray(more / np.sqrt(np.maximum(variance, 1e-9)))


def shuffled(moments: Moments, seed: int) -> Moments:
    """Each account's days in another order, a weekday's among themselves: all habits, and no schedule."""
    random = np.random.default_rng([seed, 12])
    day = moments.slot // DAY
    total = int(day.max(initial=0)) + 1
    key = np.unique(moments.account * total + day)
    account, of_day = key // total, key % total
    # Days of one account and weekday stand together, once as they are and once at random.
    kept = np.lexsort((of_day, of_day % 7, account))
    drawn = np.lexsort((random.random(len(key)), of_day % 7, account))
    becomes = np.empty_like(of_day)
    becomes[kept] = of_day[drawn]
    slot = becomes[np.searchsorted(key, moments.account * total + day)] * DAY + moments.slot % DAY
    return Moments(moments.start, slot[np.lexsort((slot, moments.account))])


def _moments(moments: Moments, found: Sequence[Group]) -> pyarrow.Table:
    """Moments of members that fall in crowds: ``position``, ``identifier`` and ``slot``."""
    import pyarrow

    columns: list[list[NDArray[np.int64]]] = [[], [], []]
    for number, group in enumerate(found, start=1):
        for account in group.accounts.tolist():
            slots = moments.slot[moments.start[account] : moments.start[account + 1]]
            slots = slots[np.isin(slots, group.slots)]
            for column, values in zip(
                columns, (np.full_like(slots, account), np.full_like(slots, -number), slots), strict=True
            ):
                column.append(values)
    empty = np.zeros(0, np.int64)
    return pyarrow.table(
        {
            name: np.concatenate([empty, *column])
            for name, column in zip(("position", "identifier", "slot"), columns, strict=True)
        }
    )


def _slots(found: Sequence[Group]) -> pyarrow.Table:
    """Slots in which the accounts of a schedule are a crowd: ``identifier``, ``slot`` and ``expected`` moments."""
    import pyarrow

    numbers = [np.full(len(group.slots), -number, np.int64) for number, group in enumerate(found, start=1)]
    return pyarrow.table(
        {
            "identifier": np.concatenate([np.zeros(0, np.int64), *numbers]),
            "slot": np.concatenate([np.zeros(0, np.int64), *(group.slots for group in found)]),
            "expected": np.concatenate([np.zeros(0), *(group.expected for group in found)]),
        }
    )
