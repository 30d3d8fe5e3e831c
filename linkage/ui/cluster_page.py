"""One cluster: why it is one, why it may be abuse, what speaks against, and the rows behind every figure."""

from __future__ import annotations

import streamlit as st

from linkage.ui import evidence_panel, members_panel, session, summary_panel, timeline_panel
from linkage.ui.frames import ClusterFrames, UnknownCluster
from linkage.ui.words import (
    LINEAGE,
    TIER_MEANING,
    TIERS,
    counted,
    decimal,
    dollars,
    moment,
    plain,
    probability,
    short,
    signed,
    whole,
)

URL_PATH = "cluster"
TABS = {
    "summary": summary_panel.panel,
    "evidence": evidence_panel.panel,
    "members": members_panel.panel,
    "timeline": timeline_panel.panel,
}
_BADGES = {1: "red", 2: "orange", 3: "gray"}


def page() -> None:
    """Draw the page of the cluster that the URL names.

    Raises:
        NoSnapshot: nothing was refreshed yet, or the refresh of the URL is not kept.
    """
    asked = st.query_params.get("cluster")
    refresh_id = session.shown()
    if not asked:
        st.title("Cluster")
        st.info("No cluster is chosen.", icon=":material/hub:")
        session.page_link("queue", "Choose one from the queue")
        return
    try:
        with st.spinner("Reading the cluster…"):
            cluster = session.cluster(refresh_id, asked)
    except UnknownCluster as fault:
        _unknown(fault, refresh_id)
        return
    _title(cluster)
    session.freshness(refresh_id)
    _figures(cluster)
    tabs = st.tabs(list(TABS), key="tab", on_change="rerun", bind="query-params")
    for tab, panel in zip(tabs, TABS.values(), strict=True):
        if tab.open:
            with tab:
                panel(cluster)
    link = session.address(URL_PATH, cluster=cluster.cluster_id, refresh=refresh_id, tab=st.session_state.get("tab"))
    st.markdown(f"[Link to this view]({link}): the same cluster at the same refresh, for whoever opens it.")


def _title(cluster: ClusterFrames) -> None:
    tier = int(cluster.row["tier"])
    with st.container(horizontal=True, vertical_alignment="center", key="title"):
        st.title(f"Cluster {plain(cluster.cluster_id)}", width="content", anchor=False)
        st.badge(f"Tier {TIERS[tier]}", color=_BADGES[tier], icon=":material/flag:" if tier == 1 else None)  # type: ignore[arg-type]
        event = str(cluster.row["lineage"])
        st.badge(LINEAGE.get(event, event), color="blue", icon=":material/history:")
    run = session.run_of(cluster.refresh_id)
    st.markdown(
        f"{TIER_MEANING[tier]} Rank {cluster.rank:,} of {counted(cluster.clusters, 'cluster')}. "
        f"Refresh {plain(cluster.refresh_id)}, as of {plain(moment(run.as_of))}."
    )


def _figures(cluster: ClusterFrames) -> None:
    row = cluster.row
    size = int(row["size"])
    source = f"Row of the table clusters, refresh {cluster.refresh_id}"
    first = st.columns(5)
    first[0].metric("Score", decimal(row["score"]), help=f"Suspicion of coordinated abuse, 0–1. {source}.")
    first[1].metric(
        "Abuse, points",
        signed(row["abuse_score"], 1),
        help=f"Sum of {counted(len(cluster.terms), 'row')} of cluster_terms, for and against.",
    )
    first[2].metric(
        "Linkage, bits",
        decimal(row["linkage_score"], 1),
        help=f"Mean bits that tie a member to others: {counted(len(cluster.evidence), 'row')} of cluster_identifiers.",
    )
    first[3].metric(
        "q", probability(row["q_value"]), help="How often chance alone makes a group this tight; table null_maxima."
    )
    first[4].metric(
        "Members", whole(size), delta=_growth(cluster), delta_color="off", delta_arrow="off",
        help=f"{counted(size, 'row')} of the table members. {_origin(cluster)}",
    )  # fmt: skip
    second = st.columns(5)
    days = f"Sum over {counted(len(cluster.timeline), 'day')} of the table timeline, {counted(size, 'account')}."
    second[0].metric("Exchanges", short(row["events"]), help=f"{whole(row['events'])}. {days}")
    second[1].metric("Tokens", short(row["tokens"]), help=f"{whole(row['tokens'])}. {days}")
    second[2].metric(
        "Cost", dollars(row["cost_usd_micros"]), help=f"Sum over {counted(size, 'row')} of the table accounts."
    )
    second[3].metric(
        "First seen", f"{row['first_seen']:%Y-%m-%d}", help=f"First event: {moment(row['first_seen'])}. {source}."
    )
    second[4].metric(
        "Last seen", f"{row['last_seen']:%Y-%m-%d}", help=f"Last event: {moment(row['last_seen'])}. {source}."
    )


def _growth(cluster: ClusterFrames) -> str:
    event = str(cluster.row["lineage"])
    overlaps = cluster.lineage["overlap"].dropna()
    word = LINEAGE.get(event, event)
    return f"{word}, overlap {overlaps.max():.0%}" if len(overlaps) else word


def _origin(cluster: ClusterFrames) -> str:
    parents = cluster.lineage.dropna(subset=["parent_cluster_id"])
    if parents.empty:
        return "It follows from no earlier cluster."
    named = ", ".join(f"{row.parent_cluster_id} (overlap {row.overlap:.0%})" for row in parents.itertuples())
    return f"It follows from {named} of refresh {parents['parent_refresh_id'].iloc[0]}."


def _unknown(fault: UnknownCluster, refresh_id: str) -> None:
    st.title("Cluster")
    st.info(f"There is no cluster of this id at refresh {plain(refresh_id)}.", icon=":material/help:")
    for follower in fault.became:
        session.page_link("cluster", f"It became {follower}", cluster=follower, refresh=refresh_id)
    if not fault.became:
        st.markdown("**Next:** it may have dissolved, or be of another workspace. The queue lists those there are.")
    session.page_link("queue", "Open the queue")
