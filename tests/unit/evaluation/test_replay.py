"""What consecutive days said of each campaign → how long it took to find it, and what came after."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import pandas as pd
import pytest

from linkage.evaluation.replay import ENOUGH, Day, Replayed, replay

START = date(2026, 1, 1)
#: Sixty accounts of a campaign, four of another, ten ordinary ones.
LARGE, SMALL, ORDINARY = range(60), range(100, 104), range(200, 210)


def day(number: int) -> date:
    return START + timedelta(days=number)


def truth() -> pd.DataFrame:
    rows = [(account, "g1", "ring", True) for account in LARGE]
    rows += [(account, "g2", "ring", True) for account in SMALL]
    rows += [(account, None, "", False) for account in ORDINARY]
    return pd.DataFrame(rows, columns=["account", "group_id", "group_kind", "malicious"])


def activity(days: int) -> pd.DataFrame:
    """Of the large campaign ten accounts join a day, of the others all are there at once; one event a day each."""
    rows = [
        (account, day(number), 1)
        for number in range(days)
        for account in (*LARGE[: 10 * (number + 1)], *SMALL, *ORDINARY)
    ]
    return pd.DataFrame(rows, columns=["account", "day", "events"])


def said(number: int, *clusters: tuple[str, bool, Iterable[int]], first: int = 0) -> Day:
    rows = [(account, cluster, flagged) for cluster, flagged, accounts in clusters for account in accounts]
    return Day(day(number), day(first), pd.DataFrame(rows, columns=["account", "cluster_id", "flagged"]))


def campaign(days: list[Day], group: str = "g1") -> Replayed:
    (found,) = (row for row in replay(days, truth(), activity(len(days))).groups if row.group_id == group)
    return found


def test_a_campaign_is_flagged_once_a_flagged_cluster_holds_more_than_half_of_it() -> None:
    days = [
        said(0),
        said(1, ("c-1", False, range(20))),
        said(2, ("c-1", True, range(15))),
        said(3, ("c-1", True, range(21))),
        said(4, ("c-1", True, range(50))),
        said(5, ("c-1", True, range(60))),
    ]
    found = campaign(days)
    assert (found.accounts, found.flagged_accounts) == (60, 60)
    assert (found.first_day, found.ready_day, found.flagged_day) == (day(0), day(4), day(3))
    assert found.noticed_day == day(2)
    assert ENOUGH == 50
    assert found.days_to_flag == -1
    assert (found.exchanges, found.exchanges_before) == (10 + 20 + 30 + 40 + 50 + 60, 100)
    assert found.share_after == pytest.approx(110 / 210)
    assert (found.days_flagged, found.cluster_ids) == (1.0, 1)


def test_half_of_it_is_not_more_than_half() -> None:
    assert campaign([said(0, ("c-1", True, range(5)))]).flagged_day is None
    assert campaign([said(0, ("c-1", True, range(6)))]).flagged_day == day(0)


def test_a_cluster_that_is_mostly_somebody_else_is_no_notice() -> None:
    mixed = said(0, ("c-1", True, (0, 1, *ORDINARY[:2])))
    assert campaign([mixed]).noticed_day is None
    assert campaign([mixed, said(1, ("c-1", True, (0, 1, 2, *ORDINARY[:2])))]).noticed_day == day(1)


def test_a_campaign_that_is_never_flagged_has_nothing_stopped() -> None:
    found = campaign([said(0), said(1, ("c-1", False, range(20)))])
    assert (found.flagged_day, found.days_to_flag, found.cluster_ids, found.days_flagged) == (None, None, None, None)
    assert found.ready_day == day(1), "fewer than enough: all of them"
    assert (found.exchanges, found.exchanges_before, found.share_after) == (30, 30, 0.0)


def test_members_below_the_bar_do_not_count_as_flagged() -> None:
    told = said(0, ("c-1", True, range(4)), ("c-1", False, range(4, 10)))
    assert campaign([told]).flagged_day is None


def test_ids_and_days_without_a_flag_are_counted_from_the_first_flag() -> None:
    days = [
        said(0, ("c-0", False, range(10))),
        said(1, ("c-1", True, range(20))),
        said(2, ("c-1", False, range(30))),
        said(3, ("c-2", True, range(40))),
    ]
    found = campaign(days)
    assert (found.days_flagged, found.cluster_ids) == (pytest.approx(2 / 3), 2)


def test_accounts_that_left_the_window_are_not_asked_for() -> None:
    rows = activity(1)
    gone = pd.DataFrame([(at, day(0), 1) for at in LARGE], columns=rows.columns)
    there = pd.DataFrame([(at, day(9), 1) for at in (1, 2, 3)], columns=rows.columns)
    told = [said(0), said(9, ("c-1", True, (1, 2)), first=5)]
    (found, *_rest) = replay(told, truth(), pd.concat([gone, there])).groups
    assert (found.accounts, found.flagged_day) == (60, day(9))


def test_benign_accounts_are_counted_by_kind_over_all_days() -> None:
    days = [said(0, ("c-1", True, (200, 201))), said(1, ("c-1", True, (201, 202))), said(2, ("c-1", False, (203,)))]
    rows = replay(days, truth(), activity(3)).groups
    assert [row.group_id for row in rows] == ["g1", "g2", None]
    assert (rows[-1].group_kind, rows[-1].malicious) == ("ordinary", False)
    assert (rows[-1].accounts, rows[-1].flagged_accounts) == (10, 3)
    assert rows[-1].exchanges is None


def test_the_frame_has_whole_numbers_where_they_are_known() -> None:
    frame = replay([said(0, ("c-1", True, SMALL))], truth(), activity(1)).to_frame()
    assert frame["exchanges"].dtype == "Int64"
    assert frame.loc[frame["group_id"] == "g2", "days_to_flag"].tolist() == [0]


def test_without_days_there_is_nothing_to_say() -> None:
    assert replay([], truth(), activity(1)).to_frame().empty
