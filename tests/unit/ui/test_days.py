from __future__ import annotations

from datetime import UTC, date, datetime

import pandas as pd
import pytest

from linkage.ui.days import Span, spanned, within


def moment(day: int, hour: int) -> float:
    return datetime(2026, 1, day, hour, tzinfo=UTC).timestamp() * 1000


@pytest.mark.parametrize(
    ("brushed", "span"),
    [
        ((moment(5, 1), moment(7, 3)), (date(2026, 1, 5), date(2026, 1, 7))),
        ((moment(7, 3), moment(5, 1)), (date(2026, 1, 5), date(2026, 1, 7))),
        ((moment(4, 13), moment(5, 11)), (date(2026, 1, 5), date(2026, 1, 5))),
        ((), None),
        (None, None),
    ],
)
def test_a_brush_is_the_days_whose_bars_it_touches(brushed: tuple[float, ...] | None, span: Span | None) -> None:
    assert spanned(brushed) == span


def test_what_was_in_use_on_one_of_the_days_is_within() -> None:
    days = [pd.Timestamp(2026, 1, day, 12) for day in range(1, 10)]
    rows = pd.DataFrame({"first_seen": [days[0], days[3], days[5]], "last_seen": [days[2], days[4], days[8]]})
    assert within(rows, (date(2026, 1, 4), date(2026, 1, 5))).tolist() == [False, True, False]
    assert within(rows, (date(2026, 1, 3), date(2026, 1, 6))).tolist() == [True, True, True]
