"""Lanes of a cluster: when each of some accounts begins to work, and which of these moments fall in crowds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas

#: Accounts that are drawn at most, and days in a row: more do not fit a screen.
MOST_LANES, MOST_DAYS = 40, 7


@dataclass(frozen=True, slots=True)
class Lanes:
    """Some of a cluster's ``members``, from ``first`` to ``last`` (UTC days).

    ``asked``: members among which the lanes were chosen; ``skipped`` of them come before these. ``schedules``: those
    that two members or more keep. ``marked``: whether the refresh kept the crowds of its schedules, or found none.

    ``accounts``, a row a lane, in their order: ``account`` (surrogate id), ``account_id``, ``moments``, ``in_crowds``
    of these, ``days`` with a moment, and ``in_crowds_of_window``, as the snapshot counted over its whole window.
    ``moments``: ``account``, ``moment`` (UTC, begin of the ten minutes), whether it is ``in_crowd``, and if so of which
    schedule (``identifier``). ``crowds``: ``identifier`` of the schedule, ``moment``, ``accounts`` of the schedule that
    began, and ``expected`` ones.

    ``active``: days of these on which the cluster did something, by the snapshot; ``gone``: those of them of which the
    lake holds no event any more.
    """

    refresh_id: str
    cluster_id: str
    first: date
    last: date
    members: int
    asked: int
    skipped: int
    schedules: int
    marked: bool
    accounts: pandas.DataFrame
    moments: pandas.DataFrame
    crowds: pandas.DataFrame
    active: int
    gone: tuple[date, ...]

    def to_frame(self) -> pandas.DataFrame:
        """A row a lane: ``account_id``, its figures, and ``share`` of its moments that fall in crowds (0–1)."""
        frame = self.accounts.drop(columns="account")
        frame.insert(3, "share", (frame["in_crowds"] / frame["moments"].where(frame["moments"] > 0)).round(4))
        read = ["moments", "in_crowds", "days"]
        frame[read] = frame[read].astype("Int64")
        if self.unknown:
            frame[read] = None
        return frame

    @property
    def unknown(self) -> bool:
        """Whether all of it is gone: then no moment is known, which is not the same as none."""
        return 0 < self.active == len(self.gone)

    def between(self, first: int, last: int) -> Lanes:
        """The same, of the moments from hour ``first`` up to hour ``last`` of each day (0–24)."""
        moments, crowds = (
            frame[frame["moment"].dt.hour.between(first, last - 1)].reset_index(drop=True)
            for frame in (self.moments, self.crowds)
        )
        lanes = self.accounts[["account", "account_id", "in_crowds_of_window"]]
        return replace(self, accounts=counted(lanes, moments), moments=moments, crowds=crowds)

    def __str__(self) -> str:
        shown = f"{len(self.accounts):,} of {self.members:,} members, {self.first} to {self.last}"
        if self.gone:
            shown += f" (the events of {len(self.gone)} of these days are no longer kept)"
        if not self.schedules:
            return f"{shown}. No schedule was found; lanes show when accounts begin to work."
        if not self.marked:
            return f"{shown}. The refresh is of a version that kept no crowds; a new one does."
        inside = int(self.accounts["in_crowds"].sum())
        return f"{shown}: {inside:,} of {len(self.moments):,} moments in {len(self.crowds):,} crowds."


def counted(lanes: pandas.DataFrame, moments: pandas.DataFrame) -> pandas.DataFrame:
    """``lanes`` (account, account_id, in_crowds_of_window) with their figures, as :class:`Lanes` has them."""
    by_account = moments.assign(day=moments["moment"].dt.date).groupby("account")
    figures = by_account.agg(moments=("moment", "size"), in_crowds=("in_crowd", "sum"), days=("day", "nunique"))
    names = list(figures.columns)
    found = lanes.merge(figures, on="account", how="left")
    found[names] = found[names].fillna(0).astype("int64")
    return found[["account", "account_id", *names, "in_crowds_of_window"]]
