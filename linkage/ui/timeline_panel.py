"""What a cluster did each day, as charts and as the table that they are drawn from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from linkage.ui import charts, days, lanes_panel, session
from linkage.ui.rows_panel import Rows
from linkage.ui.words import counted

if TYPE_CHECKING:
    import pandas as pd

    from linkage.ui.frames import ClusterFrames


def panel(cluster: ClusterFrames) -> None:
    """Draw the panel, which is one of those that are redrawn alone: so by choosing days."""
    timeline = cluster.timeline
    if timeline.empty:
        st.info("There is no day to show: the table timeline has no row of this cluster.", icon=":material/event_busy:")
        st.markdown("**Next:** the members tab still says when each account was seen.")
        return
    theme = "dark" if st.context.theme.type == "dark" else "light"
    releases = session.releases(timeline["day"].min(), timeline["day"].max())
    size = len(cluster.members)
    busiest = timeline.loc[timeline["accounts"].idxmax()]
    st.markdown(
        f"At most **{int(busiest['accounts']):,} of {size:,}** members were active on one day ({busiest['day']}). "
        f"Expected: as many exchanges in all, spread over the days as those of the whole population are.  \n"
        f":small[from {Rows('timeline', len(timeline)).link(cluster)}]"
    )
    st.markdown("[Lanes: when each account begins to work](#lanes)")
    drawn = charts.every_day(timeline)
    drawn, timeline = _chosen(cluster, drawn, theme)
    if timeline.empty:
        st.info("Nobody of the cluster was active on these days.", icon=":material/event_busy:")
        return
    st.markdown("**Exchanges a day, UTC** (bars), and expected (dashed line)")
    st.altair_chart(charts.events(drawn, releases, theme), key=f"events-{cluster.cluster_id}")
    st.markdown(f"**Active members a day, UTC**, of {size:,}")
    st.altair_chart(charts.active(drawn, releases, theme), key=f"active-{cluster.cluster_id}")
    if len(releases):
        st.caption(f"Dotted lines: {counted(len(releases), 'model release')} within these days, from model_releases.")
    known = ["tokens"] if session.recorded(cluster.refresh_id)["tokens"] else []
    st.subheader("The same as a table", anchor=False)
    st.dataframe(
        timeline[["day", "events", "expected_events", "accounts", *known]],
        key=f"timeline-{cluster.refresh_id}-{cluster.cluster_id}",
        hide_index=True,
        height=min(420, 38 + 35 * len(timeline)),
        placeholder="–",
        column_config={
            "day": st.column_config.DateColumn("Day (UTC)", format="YYYY-MM-DD"),
            "events": st.column_config.NumberColumn("Exchanges", format="localized"),
            "expected_events": st.column_config.NumberColumn("Expected", format="%.1f"),
            "accounts": st.column_config.NumberColumn("Active members", format="localized"),
            "tokens": st.column_config.NumberColumn("Tokens", format="localized"),
        },
    )
    lanes_panel.draw(cluster, timeline, theme)


def _chosen(cluster: ClusterFrames, drawn: pd.DataFrame, theme: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw the brush over all days; the days that are chosen of ``drawn`` and of the cluster's timeline."""
    name = cluster.cluster_id
    key = f"brush-{cluster.refresh_id}-{name}-{days.turns(name)}"

    def brushed() -> None:
        interval = st.session_state[key]["selection"].get(charts.BRUSH, {})
        days.choose(name, days.spanned(interval.get("day")))

    if len(drawn) > 1:
        st.markdown(
            "**Drag across days** to choose some: charts and tables here, the drawing, the members, and what what-if "
            "offers to leave out go by them."
        )
        st.altair_chart(charts.brush(drawn, theme), key=key, on_select=brushed, selection_mode=[charts.BRUSH])
    span = days.said(name, "charts and table show these days")
    if span is None:
        return drawn, cluster.timeline
    first, last = span
    return tuple(rows[(rows["day"] >= first) & (rows["day"] <= last)] for rows in (drawn, cluster.timeline))
