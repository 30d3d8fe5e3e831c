"""Where a cluster came from: its line through the refreshes before the one shown, as a chart and as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from linkage.errors import UnknownRefresh
from linkage.ui import charts, frames, session
from linkage.ui.rows_panel import Rows
from linkage.ui.words import LINEAGE, TIERS, counted, moment, plain

if TYPE_CHECKING:
    import pandas as pd

    from linkage.ui.frames import ClusterFrames

#: Refreshes that are looked at, the one shown included.
_MOST = 30


@dataclass(frozen=True, slots=True)
class Line:
    """What a cluster was at each refresh back to where ``end`` says that the line ends, the latest first.

    Rows: refresh_id, as_of, cluster_id, lineage, size, score, tier, abuse_score, events; several of a refresh where
    clusters merged.
    """

    rows: pd.DataFrame
    end: str


@session.remembered
def _line(cluster: ClusterFrames) -> Line:
    return line(cluster)


def line(cluster: ClusterFrames) -> Line:
    """Follow a cluster from parent to parent."""
    import pandas as pd

    columns = ["cluster_id", "lineage", "size", "score", "tier", "abuse_score", "events"]
    ids, refresh_id, found = {cluster.cluster_id}, cluster.refresh_id, []
    end = f"Refreshes before these {_MOST} are not looked at."
    for _ in range(_MOST):
        run = session.run_of(refresh_id)
        with session.reading() as workspace:
            # Not what the pages share: the way back would push out of it what other sessions look at.
            own = frames.rows_of_clusters(workspace, refresh_id, sorted(ids), columns)
            lineage = workspace.lineage(refresh=refresh_id)
        found.append(own.assign(refresh_id=refresh_id, as_of=run.as_of))
        mine = lineage[lineage["cluster_id"].isin(ids)].dropna(subset=["parent_cluster_id"])
        if mine.empty or run.parent_refresh_id is None:
            end = f"It begins at refresh {refresh_id}."
            break
        ids, refresh_id = set(mine["parent_cluster_id"]), run.parent_refresh_id
        try:
            session.run_of(refresh_id)
        except UnknownRefresh:
            end = f"It goes on before; refresh {refresh_id} is not kept."
            break
    return Line(pd.concat(found, ignore_index=True), end)


def panel(cluster: ClusterFrames) -> None:
    """Draw the panel."""
    with st.spinner("Following it back…"):
        found = _line(cluster)
    rows = found.rows
    refreshes = rows["refresh_id"].nunique()
    st.markdown(
        f"**{counted(refreshes, 'refresh', 'refreshes')}**, {counted(len(rows), 'row')} of clusters, the latest first. "
        f"{plain(found.end)}  \n:small[from {Rows('lineage', len(cluster.lineage)).link(cluster)} and those of the "
        "refreshes before]"
    )
    if refreshes > 1:
        theme = "dark" if st.context.theme.type == "dark" else "light"
        own = rows.groupby("refresh_id", sort=False).agg(
            as_of=("as_of", "first"), size=("size", "sum"), score=("score", "max")
        )
        members, score = st.columns(2)
        members.markdown("**Members** at each refresh")
        members.altair_chart(charts.line(own, "size", theme), key=f"history-size-{cluster.cluster_id}")
        score.markdown("**Score** at each refresh, the highest where there are several")
        score.altair_chart(charts.line(own, "score", theme), key=f"history-score-{cluster.cluster_id}")
    column = st.column_config
    st.dataframe(
        rows.assign(
            link=[
                session.address(session.CLUSTER, cluster=name, refresh=refresh)
                for name, refresh in zip(rows["cluster_id"], rows["refresh_id"], strict=True)
            ],
            as_of=rows["as_of"].map(moment),
            lineage=rows["lineage"].map(lambda event: LINEAGE.get(event, event)),
            tier=rows["tier"].map(TIERS),
        ),
        key=f"history-{cluster.refresh_id}-{cluster.cluster_id}", hide_index=True, placeholder="–",
        height=min(420, 38 + 35 * len(rows)), alt="The cluster at each refresh, the latest first",
        column_order=["as_of", "refresh_id", "link", "lineage", "size", "score", "abuse_score", "tier", "events"],
        column_config={
            "as_of": column.TextColumn("As of", width=150),
            "refresh_id": column.TextColumn("Refresh", width=150),
            "link": column.LinkColumn("Cluster", display_text=r"cluster=([^&]+)", width=150),
            "lineage": column.TextColumn("Lineage", width=100),
            "size": column.NumberColumn("Members", format="localized", width=86),
            "score": column.NumberColumn("Score", format="%.2f", width=70),
            "abuse_score": column.NumberColumn("Abuse, points", format="%+.1f", width=110),
            "tier": column.TextColumn("Tier", width=126),
            "events": column.NumberColumn("Exchanges", format="localized", width=96),
        },
    )  # fmt: skip
