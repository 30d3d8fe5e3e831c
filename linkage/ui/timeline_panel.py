"""What a cluster did each day, as charts and as the table that they are drawn from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from linkage.ui import charts, session
from linkage.ui.rows_panel import Rows
from linkage.ui.words import counted

if TYPE_CHECKING:
    from linkage.ui.frames import ClusterFrames


def panel(cluster: ClusterFrames) -> None:
    """Draw the panel."""
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
    st.markdown("**Exchanges a day, UTC** (bars), and expected (dashed line)")
    drawn = charts.every_day(timeline)
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
