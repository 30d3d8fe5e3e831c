"""Ticks: aligned to UTC, one for however many were missed, and none lost to a clock that jumps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.model import ticks
from linkage.model.ticks import Due, TickDone

HOUR = timedelta(hours=1)
NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
INTERVALS = st.integers(1, 20 * 86_400).map(lambda seconds: timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("text", "seconds"), [("1s", 1), ("90m", 5_400), ("1h", 3_600), ("2d", 172_800), ("999999s", 999_999)]
)
def test_an_interval_is_read(text: str, seconds: int) -> None:
    assert ticks.interval(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "h", "0h", "1", "1w", "-1h", "1.5h", "1h ", "1h\n", "01h", "9999999d", "1H"])
def test_what_is_no_interval_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="as in 1h"):
        ticks.interval(text)


@pytest.mark.parametrize(
    ("last", "now", "expected"),
    [
        (None, NOON + timedelta(minutes=59), Due(NOON)),
        (NOON, NOON + timedelta(minutes=59), None),
        (NOON, NOON + HOUR, Due(NOON + HOUR)),
        (NOON, NOON + 6 * HOUR + timedelta(minutes=5), Due(NOON + 6 * HOUR, 5)),
        # Set back by seconds or minutes: what was done is not done again.
        (NOON, NOON - timedelta(seconds=2), None),
        (NOON, NOON - timedelta(minutes=59), None),
        # Set back by more than an interval: the schedule goes on from there.
        (NOON, NOON - 3 * HOUR, Due(NOON - 3 * HOUR)),
        # The clock was years ahead when the last tick was done.
        (datetime(2099, 1, 1, tzinfo=UTC), NOON, Due(NOON)),
    ],
)
def test_which_tick_is_due(last: datetime | None, now: datetime, expected: Due | None) -> None:
    assert ticks.due(last, now, HOUR) == expected


@given(MOMENTS, INTERVALS)
def test_a_tick_is_the_latest_multiple_in_utc(now: datetime, every: timedelta) -> None:
    tick = ticks.tick_of(now, every)
    assert tick <= now < tick + every
    assert (tick - datetime(1970, 1, 1, tzinfo=UTC)) % every == timedelta(0)


@given(st.lists(st.tuples(st.booleans(), INTERVALS), max_size=30), INTERVALS)
def test_a_clock_that_jumps_leaves_no_more_than_two_intervals_without_a_tick(
    jumps: list[tuple[bool, timedelta]], every: timedelta
) -> None:
    """Whatever the clock was set to in between, two intervals of its steady running bring a tick, and one only each."""
    now, last = NOON, None
    for back, jump in jumps:
        now += -jump if back else jump
        due = ticks.due(last, now, every)
        last = due.tick if due is not None else last
    done = 0
    for _ in range(2):
        now += every
        due = ticks.due(last, now, every)
        if due is not None:
            assert due.tick == ticks.tick_of(now, every)
            assert due.tick != last
            last = due.tick
            done += 1
        assert ticks.due(last, now, every) is None
    assert done >= 1


@given(st.integers(1, 10_000), INTERVALS)
def test_pauses_double_up_to_the_interval(attempt: int, every: timedelta) -> None:
    assert timedelta(0) < ticks.pause(attempt, every) <= every
    assert ticks.pause(attempt + 1, every) == min(2 * ticks.pause(attempt, timedelta(days=999)), every)


def test_a_tick_is_overdue_once_its_interval_is_over() -> None:
    done = TickDone(NOON, HOUR, NOON + timedelta(minutes=3), 0)
    assert not done.overdue(NOON + timedelta(minutes=119))
    assert done.overdue(NOON + timedelta(minutes=120))
