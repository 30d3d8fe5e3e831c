"""Ticks of a schedule: the UTC multiples of an interval, and which of them is due."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_INTERVAL = re.compile(r"([1-9][0-9]{0,5})([smhd])\Z")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: First pause after a run that asks to be tried again; each further one is twice as long, up to the interval.
_FIRST_PAUSE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Due:
    """A tick to do now; ``missed`` earlier ones, which nobody did, it stands for as well."""

    tick: datetime
    missed: int = 0


@dataclass(frozen=True, slots=True)
class TickDone:
    """The tick that was done last: of a schedule with this interval, at what time it ended, and how."""

    tick: datetime
    every: timedelta
    ended_at: datetime
    exit_code: int

    def overdue(self, now: datetime) -> bool:
        """Whether the tick after this one has had its whole interval, and is still not done."""
        return now >= self.tick + 2 * self.every


def interval(text: str) -> timedelta:
    """The interval that ``text`` states: a whole number and one of s, m, h, d.

    >>> interval("15m")
    datetime.timedelta(seconds=900)

    Raises:
        ValueError: it states none.
    """
    match = _INTERVAL.match(text)
    if match is None:
        raise ValueError("an interval is a whole number and s, m, h or d, as in 1h")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def tick_of(now: datetime, every: timedelta) -> datetime:
    """The latest multiple of ``every`` up to ``now``, counted from 1970 in UTC.

    >>> tick_of(datetime(2026, 4, 1, 12, 59, tzinfo=UTC), timedelta(hours=1))
    datetime.datetime(2026, 4, 1, 12, 0, tzinfo=datetime.timezone.utc)
    """
    return _EPOCH + (now - _EPOCH) // every * every


def due(last: datetime | None, now: datetime, every: timedelta) -> Due | None:
    """The tick to do at ``now``, after ``last`` was done; None where its time has not come.

    However many were missed, one tick is due: the latest. A clock that was set back a little makes no tick come twice.
    Where ``last`` lies more than an interval ahead, the clock was wrong then or is now, and waiting until it gets
    there could be for ever: the present tick is due.
    """
    tick = tick_of(now, every)
    if last is None:
        return Due(tick)
    if tick > last:
        return Due(tick, (tick - last) // every - 1)
    return Due(tick) if last - tick > every else None


def pause(attempt: int, every: timedelta) -> timedelta:
    """How long to wait after the ``attempt``-th run in a row, from 1, that asked to be tried again."""
    doubled: timedelta = _FIRST_PAUSE * (1 << min(attempt - 1, 20))
    return min(doubled, every)
