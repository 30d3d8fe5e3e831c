"""Two refreshes side by side: which clusters came, went, grew, merged or split, and what that did to their scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from linkage.ui import session
from linkage.ui.words import LINEAGE, TIERS, counted, moment, plain

if TYPE_CHECKING:
    import pandas as pd

    from linkage.model.run import RunRecord


def page() -> None:
    """Draw the page.

    Raises:
        NoSnapshot: nothing was refreshed yet.
    """
    st.title("Compare")
    session.newest()
    runs = {run.refresh_id: run for run in session.kept()}
    if len(runs) < 2:
        st.info("There is one refresh only: nothing to compare it with.", icon=":material/difference:")
        st.markdown("**Next:** refresh again when new events are in.")
        return
    ids = list(runs)
    before, after = st.columns(2)
    later = after.selectbox("After", ids, format_func=lambda name: _named(runs[name]), key="to", bind="query-params")
    parent = runs[later].parent_refresh_id
    earlier = [name for name in ids if name != later]
    at = earlier.index(parent) if parent in earlier else 0
    first = before.selectbox(
        "Before", earlier, index=at, format_func=lambda name: _named(runs[name]), key="from", bind="query-params"
    )
    with st.spinner("Comparing…"):
        rows = changes(session.clusters(first), session.clusters(later), lineage(first, later))
    counts = rows["change"].value_counts()
    said = ", ".join(f"{int(number):,} {LINEAGE.get(str(name), str(name))}" for name, number in counts.items())
    st.markdown(
        f"{counted(len(session.clusters(first)), 'cluster')} before, {len(session.clusters(later)):,} after: "
        f"{plain(said)}."
    )
    wanted = st.pills(
        "Change", sorted(counts.index), selection_mode="multi", key="change", bind="query-params", width="content",
    )  # fmt: skip
    shown = rows[rows["change"].isin(wanted)] if wanted else rows
    _table(first, later, shown)
    link = session.address("compare", **{"from": first, "to": later})
    st.markdown(f"[Link to this view]({link}): the same two refreshes, for whoever opens it.")


def _named(run: RunRecord) -> str:
    return f"{run.refresh_id}, as of {moment(run.as_of)}"


def lineage(first: str, later: str) -> pd.DataFrame:
    """Lineage from ``first`` to ``later``; none where one does not descend from the other."""
    from linkage.errors import NoSnapshot, UsageError

    with session.reading() as workspace:
        try:
            return workspace.lineage(first, later)
        except (UsageError, NoSnapshot):
            st.info(
                "The second does not follow from the first, or a refresh between the two is not kept: clusters are "
                "compared by their ids alone.",
                icon=":material/link_off:",
            )
            return workspace.lineage(later, later)


def changes(before: pd.DataFrame, after: pd.DataFrame, lineage: pd.DataFrame) -> pd.DataFrame:
    """Clusters of either refresh, with what changed: those after by rank, then those that are gone."""
    columns = ["cluster_id", "tier", "score", "size"]
    both = after[["rank", *columns, "lineage"]].merge(
        before[columns], on="cluster_id", how="outer", suffixes=("", "_before")
    )
    came_from = (
        lineage[lineage["parent_cluster_id"].notna() & (lineage["parent_cluster_id"] != lineage["cluster_id"])]
        .groupby("cluster_id")["parent_cluster_id"]
        .agg(lambda parents: ", ".join(sorted(set(parents))))
    )
    both["came_from"] = both["cluster_id"].map(came_from)
    both["change"] = [
        "gone" if after_size != after_size else "new" if before_size != before_size and not isinstance(parents, str)
        else str(event)
        for after_size, before_size, parents, event in zip(
            both["size"], both["size_before"], both["came_from"], both["lineage"], strict=True
        )
    ]  # fmt: skip
    both["members"] = both["size"].fillna(0) - both["size_before"].fillna(0)
    both["moved"] = both["score"] - both["score_before"]
    return both.sort_values(["rank", "cluster_id"], na_position="last", ignore_index=True)


def _table(first: str, later: str, rows: pd.DataFrame) -> None:
    column = st.column_config
    gone = rows["size"].isna()
    shown = rows.assign(
        link=[
            session.address(session.CLUSTER, cluster=cluster, refresh=first if missing else later)
            for cluster, missing in zip(rows["cluster_id"], gone, strict=True)
        ],
        change=rows["change"].map(lambda event: LINEAGE.get(event, event)),
        tier=rows["tier"].map(TIERS),
        tier_before=rows["tier_before"].map(TIERS),
    )
    st.dataframe(
        shown, key=f"compare-{first}-{later}", hide_index=True, placeholder="–",
        height=min(640, 38 + 35 * max(len(shown), 1)), alt="Clusters of both refreshes, and what changed",
        column_order=_columns(rows),
        column_config={
            "rank": column.NumberColumn("#", width=52),
            "link": column.LinkColumn("Cluster", display_text=r"cluster=([^&]+)", width=150),
            "change": column.TextColumn("Change", width=100),
            "came_from": column.TextColumn("Came from", width=150),
            "size_before": column.NumberColumn("Members before", format="localized", width=116),
            "size": column.NumberColumn("after", format="localized", width=76),
            "members": column.NumberColumn("±", format="%+d", width=70),
            "score_before": column.NumberColumn("Score before", format="%.2f", width=104),
            "score": column.NumberColumn("after", format="%.2f", width=70),
            "moved": column.NumberColumn("±", format="%+.2f", width=70),
            "tier_before": column.TextColumn("Tier before", width=112),
            "tier": column.TextColumn("after", width=112),
        },
    )  # fmt: skip


def _columns(rows: pd.DataFrame) -> list[str]:
    """Columns in their order; where a cluster came from only where one came from another."""
    origin = ["came_from"] if rows["came_from"].notna().any() else []
    sizes, scores, tiers = (
        ["size_before", "size", "members"],
        ["score_before", "score", "moved"],
        ["tier_before", "tier"],
    )
    return ["rank", "link", "change", *origin, *sizes, *scores, *tiers]
