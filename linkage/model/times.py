"""Times as text: RFC 3339 in UTC, with Z, the one form that linkage writes."""

from __future__ import annotations

from datetime import UTC, datetime


def to_text(value: datetime) -> str:
    """``value`` as RFC 3339 with Z; a naive value is taken as UTC, a fraction is written only where there is one.

    >>> to_text(datetime(2026, 4, 1, 0, 0, 2, 500000))
    '2026-04-01T00:00:02.500000Z'
    """
    moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return moment.replace(tzinfo=None).isoformat() + "Z"


def from_text(text: str) -> datetime:
    """The UTC time that ``text`` states, in RFC 3339 with Z or an offset.

    Raises:
        ValueError: it is not such a time, or states no zone.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time needs Z or an offset")
    try:
        return moment.astimezone(UTC)
    except OverflowError as fault:
        raise ValueError("the time lies outside of the calendar") from fault
