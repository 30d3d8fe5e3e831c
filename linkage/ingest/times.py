"""How a time column becomes UTC: the SQL expressions for each declared unit and column type.

Every expression reads a column named ``given_time``. Two results are told apart: an instant (it states an offset, or
counts from 1970), and a local time, which needs the mapping's zone. Fractions finer than a microsecond are cut off.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from linkage.ingest.mapping import TimeMapping

_NAIVE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?"
_OFFSET = r"[+-](0[0-9]|1[0-9]|2[0-3])(:?[0-5][0-9]){0,2}"
_ZONED = _NAIVE + f"([Zz]|{_OFFSET})"
_SPACED = _NAIVE + f" ?([Zz]|UTC|{_OFFSET})"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"

#: Some databases write a blank before the offset, or UTC; the engine's cast takes neither.
_CLOSED = "replace(replace(regexp_replace(given_time, ' ?(Z|z|UTC)$', '+00'), ' +', '+'), ' -', '-')"
_INSTANT_OF_TEXT = (
    f"CASE WHEN regexp_full_match(given_time, '{_ZONED}') THEN utc(TRY_CAST(upper(given_time) AS TIMESTAMPTZ))"
    f" WHEN regexp_full_match(given_time, '{_SPACED}') THEN utc(TRY_CAST({_CLOSED} AS TIMESTAMPTZ)) END"
)
_LOCAL_OF_TEXT = (
    f"CASE WHEN regexp_full_match(given_time, '{_NAIVE}') THEN TRY_CAST(upper(given_time) AS TIMESTAMP) END"
)
_LOCAL_OF_DATE = (
    f"CASE WHEN regexp_full_match(given_time, '{_DATE}') THEN TRY_CAST(TRY_CAST(given_time AS DATE) AS TIMESTAMP) END"
)
_NONE = "CAST(NULL AS TIMESTAMP)"

#: Epochs: units to a second, microseconds to a unit, units to a microsecond, digits of a fraction that count.
_EPOCHS = {
    "s": (1, 1_000_000, 1, 6),
    "ms": (1_000, 1_000, 1, 3),
    "us": (1_000_000, 1, 1, 0),
    "ns": (10**9, 1, 1_000, 0),
}
#: First and last second of the years 1 to 9999, counted from 1970.
_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, 253_402_300_799
_INT64 = 2**63 - 1

#: Zones in which a local time is the instant itself.
_UTC_NAMES = frozenset({"UTC", "Etc/UTC", "Zulu", "Etc/Zulu", "Universal", "Etc/Universal", "UCT", "Etc/UCT"})


@dataclass(frozen=True, slots=True)
class TimeReading:
    """Expressions for one column: an instant, or a local time, and how the latter becomes UTC."""

    instant: str
    local: str
    resolved: str
    skipped: str
    zone: str | None


def reading(column: pa.DataType, time: TimeMapping, *, dates: bool = False) -> TimeReading:
    """How to read a time column of Arrow type ``column`` under the mapping's ``[time]``.

    ``dates``: a date is a time as well, namely the midnight in UTC with which it begins.
    """
    instant, local = _expressions(column, time.unit)
    if dates and pa.types.is_date(column):
        instant, local = local, _NONE
    elif dates and _is_text(column):
        instant = f"coalesce({instant}, {_LOCAL_OF_DATE})"
    # A date names a whole day, which begins somewhere: UTC unless a zone is stated. A time must have its zone stated.
    zone = time.zone or ("UTC" if time.unit == "date" else None)
    if zone is None:
        return TimeReading(instant, local, "instant_time", "false", None)
    if zone in _UTC_NAMES:
        return TimeReading(instant, local, "coalesce(instant_time, local_time)", "false", zone)
    # Of a local time that clocks passed twice the engine's ICU takes the later one. A local time that clocks skipped
    # does not come back from UTC; midnight of a date is then the first moment of that day.
    skipped = "false" if time.unit == "date" else "timezone($zone, timezone($zone, local_time)) <> local_time"
    return TimeReading(instant, local, "coalesce(instant_time, utc(timezone($zone, local_time)))", skipped, zone)


def _is_text(column: pa.DataType) -> bool:
    return bool(pa.types.is_string(column) or pa.types.is_large_string(column))


def _expressions(column: pa.DataType, unit: str) -> tuple[str, str]:
    if pa.types.is_null(column):
        return _NONE, _NONE
    if pa.types.is_timestamp(column):
        return ("utc(given_time)", _NONE) if column.tz else (_NONE, "given_time")
    if pa.types.is_date(column):
        return _NONE, "CAST(given_time AS TIMESTAMP)"
    if unit in _EPOCHS:
        per_second, factor, divisor, places = _EPOCHS[unit]
        low, high = max(_FIRST_SECOND * per_second, -_INT64), min(_LAST_SECOND * per_second, _INT64)
        if pa.types.is_integer(column):
            return f"epoch_whole(given_time, {factor}, {divisor}, {low}, {high})", _NONE
        if pa.types.is_floating(column):
            return f"epoch_real(given_time, {factor}, {divisor}, {low}, {high})", _NONE
        return f"epoch_text(given_time, {factor}, {divisor}, {places}, {low}, {high})", _NONE
    if pa.types.is_integer(column) or pa.types.is_floating(column):
        return _NONE, _NONE
    return (_NONE, _LOCAL_OF_DATE) if unit == "date" else (_INSTANT_OF_TEXT, _LOCAL_OF_TEXT)
