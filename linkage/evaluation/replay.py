"""Time to detection: what refreshes at the ends of consecutive days said of each campaign, and what came after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas

#: Accounts from which a campaign is asked to be found: fewer leave too little to see.
ENOUGH = 50


@dataclass(frozen=True, slots=True)
class Day:
    """Members at the end of a UTC day: ``account`` (surrogate id), ``cluster_id``, ``flagged``; ``first``: first day of
    the window.
    """

    day: date
    first: date
    members: pandas.DataFrame


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of a campaign, or of all benign accounts of a kind, of which no more is told than who was flagged.

    ``accounts``: of the group, with an event on the days that were replayed; ``flagged_accounts``: of these, flagged
    on any day. A campaign is flagged on a day when a flagged cluster holds, as flagged members, more than half of the
    campaign's accounts that were active in the window up to then.

    ``first_day``: of its first event; ``ready_day``: by which ``ENOUGH`` of its accounts had been active, or all where
    they are fewer; ``noticed_day``: the first at whose end a flagged cluster was mostly its accounts, however few of
    them; ``flagged_day``: the first at whose end it was flagged; ``days_to_flag``: from ``ready_day`` on, negative
    where it was flagged before. ``exchanges``: events of its accounts; ``exchanges_before``: of these, up to the end of
    ``flagged_day``, or all; ``share_after``: the share that came later and would have been stopped, whichever of its
    accounts made it. ``days_flagged``: share of the days from ``flagged_day`` on at whose ends it was flagged.
    ``cluster_ids``: under how many ids the cluster went from then on that holds more than half of its active accounts.
    """

    group_id: str | None
    group_kind: str
    malicious: bool
    accounts: int
    flagged_accounts: int
    first_day: date | None = None
    ready_day: date | None = None
    noticed_day: date | None = None
    flagged_day: date | None = None
    days_to_flag: int | None = None
    exchanges: int | None = None
    exchanges_before: int | None = None
    share_after: float | None = None
    days_flagged: float | None = None
    cluster_ids: int | None = None


@dataclass(frozen=True, slots=True)
class Replay:
    """Campaigns first, the largest one first; then benign accounts by kind."""

    groups: tuple[Replayed, ...]

    def to_frame(self) -> pandas.DataFrame:
        """One row a campaign, and one a kind of benign accounts."""
        import pandas

        names = [field.name for field in fields(Replayed)]
        frame = pandas.DataFrame(
            [{name: getattr(group, name) for name in names} for group in self.groups], columns=names
        )
        return frame.astype(dict.fromkeys(("days_to_flag", "exchanges", "exchanges_before", "cluster_ids"), "Int64"))


def replay(days: Sequence[Day], truth: pandas.DataFrame, activity: pandas.DataFrame) -> Replay:
    """Measure what ``days`` said, in their order, against ``truth``: account, group_id, group_kind, malicious.

    ``activity``: account, day, events of the accounts of the truth, one row a day, no day after the last of ``days``.
    """
    if not days:
        return Replay(())
    ever = {account for day in days for account in day.members.loc[day.members["flagged"], "account"].tolist()}
    seen = truth[truth["account"].isin(activity["account"])]
    campaigns = [
        _campaign(
            days,
            str(group_id),
            str(rows["group_kind"].iloc[0]),
            activity[activity["account"].isin(rows["account"])],
            ever,
        )
        for group_id, rows in seen[seen["malicious"]].groupby("group_id", sort=True)
    ]
    benign = seen[~seen["malicious"]]
    kinds = benign["group_kind"].fillna("").replace("", "ordinary").astype(str)
    others = [
        Replayed(None, str(kind), malicious=False, accounts=len(rows), flagged_accounts=int(rows.isin(ever).sum()))
        for kind, rows in benign["account"].groupby(kinds, sort=True)
    ]
    return Replay((*sorted(campaigns, key=lambda group: (-group.accounts, group.group_id or "")), *others))


def _campaign(days: Sequence[Day], group_id: str, kind: str, activity: pandas.DataFrame, ever: set[int]) -> Replayed:
    first_seen = activity.groupby("account")["day"].min().sort_values(kind="stable")
    ready = first_seen.iloc[min(ENOUGH, len(first_seen)) - 1]
    held = [_holder(day, activity) for day in days]
    flags = [day.day for day, holder in zip(days, held, strict=True) if holder is not None and holder[1]]
    after = flags[0] if flags else None
    exchanges = int(activity["events"].sum())
    before = exchanges if after is None else int(activity.loc[activity["day"] <= after, "events"].sum())
    since = [holder for day, holder in zip(days, held, strict=True) if after is not None and day.day >= after]
    return Replayed(
        group_id,
        kind,
        malicious=True,
        accounts=len(first_seen),
        flagged_accounts=int(first_seen.index.isin(ever).sum()),
        first_day=first_seen.iloc[0],
        ready_day=ready,
        noticed_day=next((day.day for day in days if _noticed(day, set(first_seen.index))), None),
        flagged_day=after,
        days_to_flag=None if after is None else (after - ready).days,
        exchanges=exchanges,
        exchanges_before=before,
        share_after=(exchanges - before) / exchanges,
        days_flagged=len(flags) / len(since) if since else None,
        cluster_ids=len({holder[0] for holder in since if holder is not None}) if since else None,
    )


def _holder(day: Day, activity: pandas.DataFrame) -> tuple[str, bool] | None:
    """The cluster with more than half of the accounts that were active in the window, and whether it flags as many."""
    active = activity.loc[(activity["day"] >= day.first) & (activity["day"] <= day.day), "account"].unique()
    mine = day.members[day.members["account"].isin(active)]
    sizes = mine.groupby("cluster_id")["flagged"].agg(["size", "sum"])
    most = sizes[2 * sizes["size"] > len(active)]
    if most.empty:
        return None
    return str(most.index[0]), bool(2 * most["sum"].iloc[0] > len(active))


def _noticed(day: Day, accounts: set[int]) -> bool:
    """Whether the flagged members of any cluster are mostly ``accounts``."""
    flagged = day.members[day.members["flagged"].astype(bool)]
    return bool((flagged["account"].isin(accounts).groupby(flagged["cluster_id"]).mean() > 0.5).any())
