"""Accounts in step are found when their own habits do not explain it, and only then."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from linkage.evidence import pairs_in_step, synchrony
from linkage.evidence.moments import Moments
from linkage.evidence.synchrony import Group, shuffled

DAYS, SLOTS = 40, 144
#: People, and those of them who also keep a common schedule.
PEOPLE, RING = 600, 40
FIRST = 2_900_000 // SLOTS * SLOTS


def people(random: np.random.Generator, accounts: int = PEOPLE) -> list[set[int]]:
    """Moments of accounts that begin once on two days of three, in hours around one that is their own."""
    found = []
    for _ in range(accounts):
        usual = random.integers(40, 130)
        days = np.flatnonzero(random.random(DAYS) < 0.66)
        slots = np.clip(random.normal(usual, 15, len(days)).astype(int), 0, SLOTS - 1)
        found.append({FIRST + int(day) * SLOTS + int(slot) for day, slot in zip(days, slots, strict=True)})
    return found


def groups(of: Moments, seed: int) -> list[Group]:
    return list(synchrony.in_step(of, seed).groups)


def moments(of_accounts: list[set[int]]) -> Moments:
    start = np.zeros(len(of_accounts) + 1, np.int64)
    np.cumsum([len(slots) for slots in of_accounts], out=start[1:])
    return Moments(start, np.array([slot for slots in of_accounts for slot in sorted(slots)], np.int64))


def in_step(
    random: np.random.Generator, world: list[set[int]], ring: range, rounds: NDArray[np.int64], keeps: float
) -> None:
    """Let each account of ``ring`` keep each of ``rounds`` with probability ``keeps``, half a slot early or late."""
    for account in ring:
        kept = rounds[random.random(len(rounds)) < keeps]
        world[account] |= {int(slot) for slot in kept + (random.normal(0, 0.3, len(kept))).round().astype(int)}


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(8)


def test_a_ring_that_keeps_a_schedule_is_found_whole_and_nobody_else(random: np.random.Generator) -> None:
    world = people(random)
    rounds = FIRST + np.sort(random.choice(DAYS * SLOTS, 50, replace=False))
    in_step(random, world, range(RING), rounds, 0.6)
    (group,) = groups(moments(world), 1)
    assert group.accounts.tolist() == list(range(RING))
    assert len(np.intersect1d(group.slots, rounds)) > 0.9 * len(rounds)


def test_a_schedule_of_many_is_beyond_chance_and_a_coincidence_of_few_is_not(random: np.random.Generator) -> None:
    world = people(random)
    in_step(random, world, range(RING), FIRST + np.sort(random.choice(DAYS * SLOTS, 50, replace=False)), 0.6)
    found = synchrony.in_step(moments(world), 1)
    assert len(found.groups) == len(found.by_chance) == 1
    assert found.by_chance[0] < 1e-9
    # Who has a job at that hour every day is not among those who surprise.
    job = FIRST + SLOTS // 2
    for account in range(100, 140):
        world[account] |= {job + SLOTS * day for day in range(DAYS)}
    busy = synchrony.in_step(moments(world), 1)
    assert busy.by_chance == pytest.approx(found.by_chance, abs=1e-9)
    # Six of six hundred who meet once are one of very many coincidences.
    slot = FIRST + 70
    met = [{slot} if account < 6 else {FIRST + account} for account in range(PEOPLE)]
    once = Group(np.arange(6), np.array([slot]), np.array([0.05]))
    assert synchrony.by_chance(moments(met), once) == 1.0


def test_who_begins_seldom_is_told_by_those_who_begin_often(random: np.random.Generator) -> None:
    world = people(random)
    rounds = FIRST + np.sort(random.choice(DAYS * SLOTS, 50, replace=False))
    in_step(random, world, range(30), rounds, 0.5)
    in_step(random, world, range(30, 60), rounds, 0.18)
    (group,) = groups(moments(world), 1)
    assert set(group.accounts.tolist()) >= set(range(30))
    assert sum(30 <= account < 60 for account in group.accounts) >= 24 and group.accounts.max() < 60


def test_two_schedules_are_two_groups(random: np.random.Generator) -> None:
    world = people(random)
    for ring in (range(30), range(100, 140)):
        in_step(random, world, ring, FIRST + np.sort(random.choice(DAYS * SLOTS, 50, replace=False)), 0.6)
    assert [group.accounts.tolist() for group in groups(moments(world), 1)] == [
        list(range(30)),
        list(range(100, 140)),
    ]


def test_a_schedule_of_which_any_two_share_less_than_a_moment_is_found(random: np.random.Generator) -> None:
    """Each round of a day has its own few: nobody is in step with anybody in particular."""
    world, ring = people(random, 2_000), range(150)
    rounds = [FIRST + day * SLOTS + np.sort(random.choice(SLOTS, 15, replace=False)) for day in range(DAYS)]
    for account in ring:
        world[account] = {int(random.choice(of_day)) for of_day in rounds if random.random() < 0.6}
    shared = [len(world[one] & world[other]) for one in range(0, 150, 5) for other in range(1, 150, 5)]
    assert np.mean(shared) < 1.0
    (group,) = groups(moments(world), 1)
    assert np.isin(group.accounts, ring).mean() > 0.97
    assert len(group.accounts) > 0.8 * len(ring)


def test_shuffled_days_keep_each_account_its_habits_and_no_schedule(random: np.random.Generator) -> None:
    world = people(random)
    in_step(random, world, range(RING), FIRST + np.sort(random.choice(DAYS * SLOTS, 50, replace=False)), 0.6)
    before = moments(world)
    after = shuffled(before, 5)
    assert np.array_equal(before.start, after.start)
    for account in (0, RING - 1, PEOPLE - 1):
        was, became = (of.slot[of.start[account] : of.start[account + 1]] for of in (before, after))
        assert np.all(np.diff(became) > 0)
        # Days, times of day and weekdays are the same; which goes with which is not.
        for part in (lambda slot: slot // SLOTS, lambda slot: slot % SLOTS + SLOTS * (slot // SLOTS % 7)):
            assert np.array_equal(np.unique(part(was)), np.unique(part(became)))
        assert len(was) == len(became) and not np.array_equal(was, became)
    assert groups(after, 1) == []


def test_directions_are_silent_where_shuffled_days_show_some(random: np.random.Generator) -> None:
    """A weekly timetable that is kept loosely: no account keeps a slot often enough for a habit, and it is one."""
    world = people(random)
    of_week = random.choice(7 * SLOTS, 40, replace=False)
    rounds = FIRST + np.sort((7 * SLOTS * np.arange(DAYS // 7)[:, None] + of_week).ravel())
    in_step(random, world, range(80), rounds, 0.3)
    found = synchrony.in_step(moments(world), 1)
    assert found.silent
    assert [_plain(group) for group in found.groups] == [
        _plain(group) for group in pairs_in_step.groups(moments(world), 1)
    ]


def timetable_and_ring(seed: int) -> Moments:
    """The same loose timetable, and a ring (accounts 100 to 249) of which each round of a day has its own few."""
    random = np.random.default_rng(seed)
    world = people(random)
    of_week = random.choice(7 * SLOTS, 40, replace=False)
    rounds = FIRST + np.sort((7 * SLOTS * np.arange(DAYS // 7)[:, None] + of_week).ravel())
    in_step(random, world, range(80), rounds, 0.3)
    for_ring = [FIRST + day * SLOTS + np.sort(random.choice(SLOTS, 15, replace=False)) for day in range(DAYS)]
    for account in range(100, 250):
        world[account] = {int(random.choice(of_day)) for of_day in for_ring if random.random() < 0.6}
    return moments(world)


def of_habit(world: Moments) -> float:
    """Probability by chance of what shuffled days show; −1 where they show nothing."""
    other = shuffled(world, 1)
    habit = next(synchrony._search(other, 1), None)
    return -1.0 if habit is None else synchrony.by_chance(synchrony._unusual(other), habit)


@pytest.mark.parametrize("believed", [True, False])
def test_what_shuffled_days_cannot_show_is_believed_where_chance_may_have_made_what_they_show(
    monkeypatch: pytest.MonkeyPatch, believed: bool
) -> None:
    world = next(world for world in map(timetable_and_ring, range(20)) if of_habit(world) > synchrony._UNLIKELY)
    if not believed:
        # As if chance could not have made it.
        monkeypatch.setattr(synchrony, "_UNLIKELY", 2.0)
    found, ring = synchrony.in_step(world, 1), range(100, 250)
    assert found.silent != believed
    sure = [group.accounts for group, p in zip(found.groups, found.by_chance, strict=True) if p < 1e-9]
    assert len(sure) == believed
    assert all(np.isin(accounts, ring).mean() > 0.95 for accounts in sure)
    others = [p for group, p in zip(found.groups, found.by_chance, strict=True) if not set(group.accounts) & set(ring)]
    assert all(p == 1.0 for p in others), "what directions refuse is no surer two by two"


def alone(random: np.random.Generator) -> list[set[int]]:
    return people(random)


def a_daily_job(random: np.random.Generator) -> list[set[int]]:
    """Fifty accounts that work at the same three times of every day."""
    world = people(random)
    for account in range(50):
        world[account] = {FIRST + day * SLOTS + slot for day in range(DAYS) for slot in (12, 60, 100)}
    return world


def a_weekly_lesson(random: np.random.Generator) -> list[set[int]]:
    """A class that begins in the same slot on two days of every week, and does its homework when it likes."""
    world = people(random)
    lessons = [FIRST + day * SLOTS + 66 for day in range(DAYS) if day % 7 in (1, 3)]
    for account in range(60):
        world[account] |= {lesson for lesson in lessons if random.random() < 0.9}
    return world


def an_event(random: np.random.Generator) -> list[set[int]]:
    """Eighty people at a hackathon of two days, on the same breaks."""
    world = people(random)
    breaks = FIRST + 20 * SLOTS + np.sort(random.choice(2 * SLOTS, 30, replace=False))
    in_step(random, world, range(80), breaks, 0.7)
    return world


def jobs_on_the_hour(random: np.random.Generator) -> list[set[int]]:
    """Fifty accounts whose jobs are started at one full hour of every other day or so, each day another one."""
    world = people(random)
    hours = FIRST + np.sort(random.choice(DAYS * SLOTS // 6, 50, replace=False)) * 6
    in_step(random, world, range(50), hours - (random.random(len(hours)) < 0.5), 0.6)
    return world


@pytest.mark.parametrize("world", [alone, a_daily_job, a_weekly_lesson, an_event, jobs_on_the_hour])
def test_habits_and_single_events_are_no_schedule(world, random: np.random.Generator) -> None:  # type: ignore[no-untyped-def]
    assert groups(moments(world(random)), 1) == []


def test_the_same_seed_gives_the_same_groups_and_too_few_moments_none(random: np.random.Generator) -> None:
    world = people(random)
    in_step(random, world, range(RING), FIRST + np.sort(random.choice(DAYS * SLOTS, 50, replace=False)), 0.6)
    first, second = groups(moments(world), 3), groups(moments(world), 3)
    assert [_plain(group) for group in first] == [_plain(group) for group in second]
    assert groups(Moments(np.zeros(5, np.int64), np.zeros(0, np.int64)), 1) == []
    assert groups(moments([{FIRST, FIRST + 7}] * 20), 1) == []


def _plain(group: Group) -> tuple[list[int], list[int]]:
    return group.accounts.tolist(), group.slots.tolist()
