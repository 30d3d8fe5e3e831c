"""Lanes: an account a row, time across, a mark for each moment at which it begins; and the tables that say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from linkage.model.kinds import SCHEDULE, schedule_name
from linkage.model.lanes import MOST_DAYS, MOST_LANES
from linkage.ui import charts, days, session
from linkage.ui.rows_panel import Rows, first
from linkage.ui.words import counted, day, moment, plain, share

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd

    from linkage.model.lanes import Lanes
    from linkage.ui.frames import ClusterFrames

#: Names in the URL: members by number, the first of the lanes that are drawn (from 1), one day, and its hours.
ACCOUNTS, LANES, DAY, HOURS = PARAMETERS = ("accounts", "lanes", "day", "hours")
#: Members that the URL names at most.
MOST_NAMED = 200
_CLOCK = frozenset(map(str, range(25)))


def draw(cluster: ClusterFrames, timeline: pd.DataFrame, theme: str) -> None:
    """Draw lanes of the days of ``timeline``, in the panel of which they are a part."""
    st.subheader("Lanes", anchor="lanes")
    st.markdown(
        "When each account begins to work, side by side: accounts in step show as stripes. A mark is a *moment*, ten "
        "minutes in which an account begins a session, however long it lasts."
    )
    span = days.chosen() or (timeline["day"].min(), timeline["day"].max())
    crowds = session.crowds(cluster)
    text, page, when = st.columns([3, 2, 3], vertical_alignment="bottom")
    members = _named(cluster, text)
    if members is not None:
        _asked(cluster, len(members))
    if members == []:
        return
    skip = _page(cluster, len(cluster.members) if members is None else len(members), page)
    one = _day(cluster, timeline, crowds, span, when)
    with st.spinner("Reading when they begin…"), session.reading() as workspace:
        found = workspace.lanes(
            cluster.cluster_id, accounts=members, skip=skip, refresh=cluster.refresh_id,
            first=one or span[0], last=one or span[1],
        )  # fmt: skip
    hours = (0, 24)
    if one is not None:
        hours = _hours(cluster)
        found = found.between(*hours)
    _say(cluster, found, crowds, span, hours)
    if not found.unknown:
        _chart(found, hours, theme)
    _tables(cluster, found)


def _named(cluster: ClusterFrames, place: st.delta_generator.DeltaGenerator) -> list[int] | None:
    """Members that the URL names, and a box to name others by text; None where nobody is named."""
    key, said = f"lanes-of-{cluster.cluster_id}", st.query_params.get(ACCOUNTS, "all")
    if st.session_state.get(f"{key}-led-to", "all") != said:
        # The URL names others than what was typed led to: it came from elsewhere, or Back was pressed.
        st.session_state[key], st.session_state[f"{key}-led-to"] = "", said
    place.text_input(
        "Accounts", key=key, icon=":material/search:", placeholder="ids or parts of them, several with commas",
        on_change=_look, args=(cluster, key),
    )  # fmt: skip
    if said == "all":
        return None
    wanted = {int(part) for part in said.split(",") if part.isdecimal() and len(part) < 19}
    return [account for account in cluster.members["account"].tolist() if account in wanted]


def _look(cluster: ClusterFrames, key: str) -> None:
    """Name the members whose names hold what was typed in the URL, by number: what is typed stays out of it."""
    parts = [part.strip().casefold() for part in str(st.session_state[key] or "").split(",") if part.strip()]
    names = cluster.members["name"].str.casefold()
    matches = cluster.members.loc[[any(part in name for part in parts) for name in names], "account"].tolist()
    said = ",".join(map(str, matches[:MOST_NAMED])) or "none" if parts else "all"
    st.session_state[f"{key}-led-to"], st.session_state[f"{key}-matches"] = said, len(matches)
    st.query_params.update({ACCOUNTS: said, LANES: "1"})


def _asked(cluster: ClusterFrames, number: int) -> None:
    """How many members are asked for by name, and a way back to all of them."""
    key = f"lanes-of-{cluster.cluster_id}"
    matches = st.session_state.get(f"{key}-matches", number) if st.session_state[key] else number
    if not number:
        st.info("No member has such a name. Take some of the text away.", icon=":material/filter_alt_off:")
    elif matches > number:
        st.info(
            f"{matches:,} members have such a name. Of these the {number:,} surest are shown: type more of it.",
            icon=":material/filter_alt:",
        )
    st.button(
        "All members", key=f"{key}-all", icon=":material/close:",
        on_click=st.query_params.update, args=({ACCOUNTS: "all", LANES: "1"},),
    )  # fmt: skip


def _page(cluster: ClusterFrames, number: int, place: st.delta_generator.DeltaGenerator) -> int:
    """How many accounts come before those that are drawn."""
    key, said = f"lanes-page-{cluster.cluster_id}-{number}", st.query_params.get(LANES, "1")
    pages = range(0, number, MOST_LANES)
    asked = int(said) - 1 if said.isdecimal() and len(said) < 10 else 0
    st.session_state[key] = asked if asked in pages else 0

    def turned() -> None:
        st.query_params[LANES] = str(st.session_state[key] + 1)

    chosen = place.selectbox(
        "Lanes", pages, key=key, on_change=turned,
        format_func=lambda skip: f"{skip + 1:,}–{min(skip + MOST_LANES, number):,} of {number:,}",
        help="Accounts with most moments in crowds come first, then the surest members",
    )  # fmt: skip
    return int(chosen or 0)


def _day(
    cluster: ClusterFrames, timeline: pd.DataFrame, crowds: pd.DataFrame, span: days.Span,
    place: st.delta_generator.DeltaGenerator,
) -> date | None:  # fmt: skip
    """The one day that is asked for; None for the busiest of them."""
    number = crowds["moment"].dt.date.value_counts()

    def said(one: date | str) -> str:
        if isinstance(one, str):
            whole = (span[1] - span[0]).days + 1
            return "all of these days" if whole <= MOST_DAYS else f"the {MOST_DAYS} busiest in a row"
        if len(crowds):
            return f"{day(one)}: {counted(int(number.get(one, 0)), 'crowd')}"
        active = timeline.loc[timeline["day"] == one, "accounts"].iloc[0]
        return f"{day(one)}: {counted(int(active), 'active member')}"

    within = {str(one): one for one in timeline["day"] if span[0] <= one <= span[1]}
    key = f"lanes-day-{cluster.cluster_id}-{span[0]}-{span[1]}"
    asked = within.get(st.query_params.get(DAY, "all"))
    st.session_state[key] = asked or "all"

    def turned() -> None:
        st.query_params[DAY] = str(st.session_state[key])

    place.selectbox(
        "Days", ["all", *within.values()], key=key, format_func=said, on_change=turned,
        help="One day can be looked at hour by hour",
    )  # fmt: skip
    return asked


def _hours(cluster: ClusterFrames) -> tuple[int, int]:
    """From which hour of the one day to which, UTC."""
    key, said = f"lanes-hours-{cluster.cluster_id}", st.query_params.get(HOURS, "").split("-")
    first, last = map(int, said) if len(said) == 2 and all(each in _CLOCK for each in said) else (0, 24)
    if first >= last:
        first, last = (first, first + 1) if first < 24 else (23, 24)
    st.session_state[key] = first, last

    def turned() -> None:
        st.query_params[HOURS] = "{}-{}".format(*st.session_state[key])

    st.slider("Hours, UTC", 0, 24, key=key, on_change=turned)
    return first, last


def _say(cluster: ClusterFrames, found: Lanes, crowds: pd.DataFrame, span: days.Span, hours: tuple[int, int]) -> None:
    """What is drawn, out of what, how it was chosen, and what is missing."""
    until = f" to {day(found.last)}" if found.last != found.first else ""
    clock = f", {hours[0]:02}:00 to {hours[1]:02}:00" if hours != (0, 24) else ""
    lines = [
        f"**{len(found.accounts):,} of {counted(found.members, 'member')}**"
        + (f", {found.asked:,} of which match" if found.asked < found.members else "")
        + ("; those with most moments in crowds come first" if found.schedules else "; the surest come first")
        + f". **{day(found.first)}{until}**{clock}, UTC"
        + (
            f": of {(span[1] - span[0]).days + 1} days the {MOST_DAYS} in a row with most "
            + ("moments in crowds." if len(crowds) else "members active.")
            if (span[1] - span[0]).days >= MOST_DAYS and found.first != found.last
            else "."
        )
    ]
    inside, every = int(found.moments["in_crowd"].sum()), len(found.moments)
    if not found.schedules:
        lines.append("No schedule was found; lanes show when accounts begin to work.")
    elif not found.marked:
        lines.append("This refresh was made by a version that kept no crowds: run `linkage refresh` to have them.")
    elif not every and not found.unknown:
        lines.append("None of these accounts begins in this time.")
    elif not found.unknown:
        lines.append(
            f"{inside:,} of {counted(every, 'moment')} ({share(inside, every)}) fall in "
            f"{counted(len(found.crowds), 'crowd')}: "
            "moments at which more accounts of a schedule begin than their own habits lead one to expect. They are the "
            "bands; tall marks are in them, short ones are not."
        )
    kept = [Rows("crowds", len(crowds))] if len(crowds) else []
    on = cluster.identifiers[cluster.identifiers["kind"] == SCHEDULE]
    if len(on):
        kept.append(Rows("sightings", int(on["members_on"].sum()), of=SCHEDULE))
    rows = ", ".join(each.link(cluster) for each in kept)
    lines.append(f":small[from the events of these accounts and days{', ' if rows else ''}{rows}]")
    st.markdown("  \n".join(lines))
    if found.gone:
        which = "these days" if found.unknown else f"{len(found.gone):,} of these days"
        st.info(
            f"The events of {which} are no longer kept ({', '.join(map(day, found.gone))}): when accounts began is not "
            "known any more. What the refresh counted stays: crowds, and moments in crowds over the whole window.",
            icon=":material/event_busy:",
        )


def _chart(found: Lanes, hours: tuple[int, int], theme: str) -> None:
    import pandas as pd

    names = found.accounts.set_index("account")["account_id"]
    start, end = pd.Timestamp(found.first, tz="UTC"), pd.Timestamp(found.last, tz="UTC")
    edges = start + pd.Timedelta(hours=hours[0]), end + pd.Timedelta(hours=hours[1])
    releases = session.releases(found.first, found.last)
    releases = releases[releases["released_at"].between(*edges)]
    st.altair_chart(
        charts.lanes(
            found.moments.assign(account_id=found.moments["account"].map(names)), found.crowds, names.tolist(), edges,
            releases, theme, f"{found} The tables below say the same.",
        ),
        key="lanes",
    )  # fmt: skip
    if len(releases):
        said = ", ".join(f"{plain(str(row.model))} on {moment(row.released_at)}" for row in releases.itertuples())
        st.caption(f"Dotted: {counted(len(releases), 'model release')}, from model_releases: {said}.")


def _tables(cluster: ClusterFrames, found: Lanes) -> None:
    """The lanes, the crowds, and the moments of an account that is chosen or of all, as tables."""
    frame = found.to_frame()
    frame["share"] = 100 * frame["share"]
    crowded = found.schedules > 0 and found.marked
    key = session.rows_key(
        f"lanes-{cluster.refresh_id}-{found.first}-{found.last}", found.accounts["account"].astype(str)
    )
    st.markdown("**The lanes as a table.** Choose a row to list the moments of that account.")
    state = st.dataframe(
        frame,
        key=key,
        hide_index=True,
        height=min(420, 38 + 35 * max(len(frame), 1)),
        placeholder="–",
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            "account_id": st.column_config.TextColumn("Account", width="medium"),
            "moments": st.column_config.NumberColumn("Moments", format="localized"),
            "in_crowds": st.column_config.NumberColumn("In crowds", format="localized") if crowded else None,
            "share": st.column_config.NumberColumn("Share in crowds", format="%.0f %%") if crowded else None,
            "days": st.column_config.NumberColumn("Days with a moment", format="localized"),
            "in_crowds_of_window": st.column_config.NumberColumn(
                "In crowds, whole window", format="localized", help="As the refresh counted: sightings of the schedule"
            )
            if found.schedules
            else None,
        },
        alt="Lanes: moments of each account, and how many of them fall in crowds",
    )
    rows = found.moments.merge(found.crowds, on=["identifier", "moment"], how="left")
    chosen = state["selection"]["rows"]
    if chosen:
        _moments(found, rows[rows["account"] == found.accounts["account"].iloc[chosen[0]]], key)
    elif len(rows) and st.toggle(f"List the {counted(len(rows), 'moment')}", key=f"{key}-moments"):
        _moments(found, rows, key)
    if len(found.crowds):
        _crowds(found, key)


def _moments(found: Lanes, rows: pd.DataFrame, key: str) -> None:
    names = found.accounts.set_index("account")["account_id"]
    rows = rows.sort_values(["moment", "account"]).assign(account=rows["account"].map(names))
    listed = first(rows, key=f"{key}-every")
    st.caption(f"{len(listed):,} of {counted(len(rows), 'moment')} of {counted(rows['account'].nunique(), 'account')}.")
    st.dataframe(
        listed[["account", "moment", "in_crowd", "accounts", "expected"]],
        key=f"{key}-rows-{len(rows)}",
        hide_index=True,
        height=min(420, 38 + 35 * max(len(listed), 1)),
        placeholder="–",
        column_config={
            "account": st.column_config.TextColumn("Account", width="medium"),
            "moment": st.column_config.DatetimeColumn("Begins (UTC)", format="YYYY-MM-DD HH:mm", timezone="UTC"),
            "in_crowd": st.column_config.CheckboxColumn("In a crowd"),
            "accounts": st.column_config.NumberColumn("Accounts of the schedule", format="localized"),
            "expected": st.column_config.NumberColumn("Expected", format="%.1f"),
        },
        alt="Moments at which accounts of the lanes begin",
    )


def _crowds(found: Lanes, key: str) -> None:
    inside = found.moments.groupby(["identifier", "moment"]).size().rename("shown").reset_index()
    rows = found.crowds.merge(inside, on=["identifier", "moment"], how="left").fillna({"shown": 0})
    rows["schedule"] = rows["identifier"].map(schedule_name)
    st.markdown(f"**{counted(len(rows), 'crowd')} as a table**")
    st.dataframe(
        rows[["moment", "accounts", "expected", "shown", "schedule"]],
        key=f"{key}-crowds",
        hide_index=True,
        height=min(420, 38 + 35 * len(rows)),
        column_config={
            "moment": st.column_config.DatetimeColumn("Moment (UTC)", format="YYYY-MM-DD HH:mm", timezone="UTC"),
            "accounts": st.column_config.NumberColumn("Accounts of the schedule that begin", format="localized"),
            "expected": st.column_config.NumberColumn("Expected", format="%.1f"),
            "shown": st.column_config.NumberColumn("Of the lanes shown", format="localized"),
            "schedule": st.column_config.TextColumn("Schedule"),
        },
        alt="Crowds: moments at which more accounts of a schedule begin than expected",
    )
