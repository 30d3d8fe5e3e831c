"""One cluster: why it is one, why it may be abuse, what speaks against, and the rows behind every figure."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from linkage.model.watch import on_lists_of
from linkage.ui import (
    ahead,
    case_panel,
    casework,
    changes_panel,
    days,
    evidence_panel,
    history_panel,
    lanes_panel,
    members_panel,
    rows_panel,
    session,
    summary_panel,
    timeline_panel,
    what_if_panel,
)
from linkage.ui.frames import ClusterFrames, UnknownCluster
from linkage.ui.rows_panel import Rows
from linkage.ui.words import (
    LINEAGE,
    NONE,
    TIER_MEANING,
    TIERS,
    counted,
    day,
    decimal,
    dollars,
    moment,
    plain,
    probability,
    short,
    signed,
    whole,
)

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from linkage.model.dismissal import Dismissal

TABS = {
    "summary": summary_panel.panel,
    "evidence": evidence_panel.panel,
    "members": members_panel.panel,
    "timeline": timeline_panel.panel,
    "what-if": what_if_panel.panel,
    "changes": changes_panel.panel,
    "history": history_panel.panel,
    "case": case_panel.panel,
    "rows": rows_panel.panel,
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
    if st.session_state.get("tab") not in ("case", "evidence", "what-if"):
        casework.answer()
    _figures(cluster)
    tabs = st.tabs(list(TABS), key="tab", on_change="rerun", bind="query-params")
    for tab, name in zip(tabs, TABS, strict=True):
        if tab.open:
            with tab:
                (_alone if name in _ALONE else _drawn)(cluster, name)
    # While the reader looks at what is drawn; all of it is read once for all sessions.
    ahead.read(
        partial(ahead.open_graph, refresh_id, cluster.cluster_id),
        *(partial(read, cluster) for read in (session.links, members_panel.rows, ahead.open_ties)),
    )


def _drawn(cluster: ClusterFrames, tab: str) -> None:
    """Draw the panel of a tab, and the link that reproduces it.

    A choice runs this alone, with the frames of the run before: a name may have been purged since.
    """
    cluster = session.cluster(cluster.refresh_id, cluster.cluster_id)
    TABS[tab](cluster)
    link = session.address(session.CLUSTER, cluster=cluster.cluster_id, refresh=cluster.refresh_id, **_view(tab))
    st.markdown(f"[Link to this view]({link}): the same cluster at the same refresh, for whoever opens it.")


#: Tabs of which a choice redraws that tab only.
_ALONE = frozenset({"evidence", "members", "timeline", "what-if"})
_alone = st.fragment(_drawn)


def _view(tab: str) -> dict[str, str | None]:
    """Parameters of the URL that say what of the cluster is shown."""
    if tab == "rows":
        return {"tab": tab} | {name: st.session_state.get(name) for name in rows_panel.FILTERS}
    named = (days.PARAMETER, *lanes_panel.PARAMETERS) if tab == "timeline" else (days.PARAMETER,) * (tab in _ALONE)
    chosen = {name: st.query_params.get(name) for name in named}
    return {"tab": tab} | {name: value for name, value in chosen.items() if value != "all"}


def _title(cluster: ClusterFrames) -> None:
    tier = int(cluster.row["tier"])
    with st.container(horizontal=True, vertical_alignment="center", key="title"):
        st.title(f"Cluster {plain(cluster.cluster_id)}", width="content", anchor=False)
        st.badge(f"Tier {TIERS[tier]}", color=_BADGES[tier], icon=":material/flag:" if tier == 1 else None)  # type: ignore[arg-type]
        event = str(cluster.row["lineage"])
        st.badge(LINEAGE.get(event, event), color="blue", icon=":material/history:")
        reported = session.watched(cluster)
        if reported["own"].any():
            said = on_lists_of(set(reported.loc[reported["own"], "source"]))
            st.badge(plain(said[:1].upper() + said[1:]), color="violet", icon=":material/visibility:")
        case = casework.by_cluster().get(cluster.cluster_id)
        if case is not None:
            case_panel.badge(case)
        dismissal = casework.dismissals(cluster.refresh_id).get(cluster.cluster_id)
        if dismissal is not None:
            st.badge(
                "Dismissed" if dismissal.holds else "Dismissed, and changed since",
                color="gray" if dismissal.holds else "orange",
            )
        case_panel.benign_at_once(cluster)
    if dismissal is not None:
        _dismissed(dismissal)
    run = session.run_of(cluster.refresh_id)
    st.markdown(
        f"{TIER_MEANING[tier]} Rank {cluster.rank:,} of {counted(cluster.clusters, 'cluster')}. "
        f"Refresh {plain(cluster.refresh_id)}, as of {plain(moment(run.as_of))}."
    )


def _dismissed(dismissal: Dismissal) -> None:
    """Why a dismissed cluster is out of the queue, or back in it."""
    case = f"[{plain(dismissal.case_id)}]({session.address(session.CASES, case=dismissal.case_id)})"
    if dismissal.holds:
        st.markdown(f"Two people dismissed it as benign, case {case}, and nothing has changed materially since.")
    else:
        why = "; ".join(map(plain, dismissal.changed))
        st.warning(f"Case {case} dismissed it as benign, and it is back: {why}.", icon=":material/change_circle:")


def _figures(cluster: ClusterFrames) -> None:
    """Ten figures in two rows, each above a link to the rows that it was taken from."""
    row = cluster.row
    size, days = int(row["size"]), len(cluster.timeline)
    own, daily = Rows("clusters", 1), Rows("timeline", days)
    volume = f"Sum over {counted(days, 'day')}"
    first = st.columns(5)
    _figure(first[0], "Score", decimal(row["score"]), "Suspicion of coordinated abuse, 0–1", cluster, own)
    _figure(
        first[1], "Abuse, points", signed(row["abuse_score"], 1), "Sum of the terms for and against abuse", cluster,
        Rows("cluster_terms", len(cluster.terms)),
    )  # fmt: skip
    _figure(
        first[2], "Linkage, bits", decimal(row["linkage_score"], 1), "Mean evidence that ties a member to the others",
        cluster, Rows("cluster_kinds", len(cluster.kinds)),
    )  # fmt: skip
    chance = Rows("null_maxima", len(session.null_maxima(cluster)))
    _figure(
        first[3], "By chance, q", probability(row["q_value"]),
        "How often chance alone would make a group this tight, judged on rewired copies of the data"
        + ("" if chance.number else "; those held no group at all"), cluster, chance,
    )  # fmt: skip
    _figure(first[4], "Members", whole(size), _origin(cluster), cluster, Rows("members", size), _growth(cluster))
    second = st.columns(5)
    _figure(second[0], "Exchanges", short(row["events"]), f"{whole(row['events'])}. {volume}", cluster, daily)
    known = session.recorded(cluster.refresh_id)
    _figure(
        second[1], "Tokens", short(row["tokens"]) if known["tokens"] else NONE,
        f"{whole(row['tokens'])}. {volume}" if known["tokens"] else "No exchange of this refresh says its tokens",
        cluster, daily,
    )  # fmt: skip
    _figure(
        second[2], "Cost", dollars(row["cost_usd_micros"]) if known["cost_usd_micros"] else NONE,
        f"Sum over {counted(size, 'member')}" if known["cost_usd_micros"]
        else "No exchange of this refresh says its cost", cluster, Rows("accounts", size),
    )  # fmt: skip
    seen = f"First event: {moment(row['first_seen'])}", f"Last event: {moment(row['last_seen'])}"
    _figure(second[3], "First seen", day(row["first_seen"]), seen[0], cluster, own)
    _figure(second[4], "Last seen", day(row["last_seen"]), seen[1], cluster, own)


def _figure(
    place: DeltaGenerator, name: str, value: str, meaning: str, cluster: ClusterFrames, rows: Rows,
    change: str | None = None,
) -> None:  # fmt: skip
    place.metric(name, value, delta=change, delta_color="off", delta_arrow="off", help=f"{meaning}.")
    place.markdown(f":small[{rows.link(cluster)}]")


def _growth(cluster: ClusterFrames) -> str | None:
    """How far it overlaps with what it follows from; None where it follows from nothing."""
    overlaps = cluster.lineage["overlap"].dropna()
    event = str(cluster.row["lineage"])
    return f"{LINEAGE.get(event, event)}, overlap {overlaps.max():.0%}" if len(overlaps) else None


def _origin(cluster: ClusterFrames) -> str:
    parents = cluster.lineage.dropna(subset=["parent_cluster_id"])
    if parents.empty:
        return "Accounts of the cluster; it follows from no earlier one"
    named = ", ".join(f"{row.parent_cluster_id} (overlap {row.overlap:.0%})" for row in parents.itertuples())
    return f"Accounts of the cluster; it follows from {named} of refresh {parents['parent_refresh_id'].iloc[0]}"


def _unknown(fault: UnknownCluster, refresh_id: str) -> None:
    st.title("Cluster")
    st.info(f"There is no cluster of this id at refresh {plain(refresh_id)}.", icon=":material/help:")
    for follower in fault.became:
        session.page_link("cluster", f"It became {follower}", cluster=follower, refresh=refresh_id)
    if not fault.became:
        st.markdown("**Next:** it may have dissolved, or be of another workspace. The queue lists those there are.")
    session.page_link("queue", "Open the queue")
