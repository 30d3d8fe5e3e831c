"""Values of options: text that a person typed, read or refused with a reason."""

from __future__ import annotations

import argparse
from datetime import UTC, date, datetime, timedelta

from linkage.model.ticks import interval
from linkage.model.times import from_text


def count(text: str) -> int:
    """At least 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def number(text: str) -> int:
    """At least 0."""
    found = int(text)
    if found < 0:
        raise argparse.ArgumentTypeError("at least 0")
    return found


def ticks(text: str) -> timedelta:
    """How long from one tick to the next."""
    try:
        return interval(text)
    except ValueError as fault:
        raise argparse.ArgumentTypeError(str(fault)) from fault


def port(text: str) -> int:
    """A port."""
    number = int(text)
    if not 1 <= number <= 65_535:
        raise argparse.ArgumentTypeError("a port is 1 to 65535")
    return number


def moment(text: str) -> datetime:
    """A time."""
    try:
        return from_text(text)
    except ValueError as fault:
        raise argparse.ArgumentTypeError("a time in RFC 3339, as in 2026-04-01T00:00:00Z") from fault


def day(text: str) -> date:
    """A date."""
    try:
        return date.fromisoformat(text)
    except ValueError as fault:
        raise argparse.ArgumentTypeError("a date, as in 2026-04-01") from fault


def days(text: str) -> int:
    """A number of days, as in 1d."""
    number, unit = text[:-1], text[-1:]
    if unit != "d" or not number.isdecimal() or int(number) < 1:
        raise argparse.ArgumentTypeError("a number of days, as in 1d")
    return int(number)


def end(text: str) -> datetime:
    """A time, or a date, which means its first moment in UTC."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return moment(text)


def names(text: str) -> tuple[str, ...]:
    """Names with commas between them."""
    found = tuple(part.strip() for part in text.split(","))
    if not all(found):
        raise argparse.ArgumentTypeError("names with commas between them")
    return found
