"""The queue: clusters of a refresh by rank, to choose the next one from."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from linkage.ui import ahead, bulk_panel, casework, row_keys, session
from linkage.ui.words import (
    LINEAGE,
    NONE,
    STATUSES,
    TIERS,
    counted,
    day,
    dollars,
    kind_list,
    kind_words,
    moment,
    plain,
    probability,
    short,
    split_points,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from linkage.model.dismissal import Dismissal
    from linkage.model.run import RunRecord

#: Heights of the table, pixels.
_ROW, _MOST = 68, 40 + 11 * 68
#: Letters of reasons that fit into three lines of their column.
_BRIEF = 140
#: What stands for a cluster that nobody has looked at, and for one that people decided is benign.
NO_CASE, DISMISSED = "none", "dismissed"
#: What stands for one that was dismissed, and is back because what speaks for abuse has changed materially.
CHANGED = "changed since"
#: After the id on the button that opens a cluster.
_ARROW = " →"


def page() -> None:
    """Draw the page.

    Raises:
        NoSnapshot: nothing was refreshed yet.
    """
    st.title("Queue")
    casework.answer()
    refresh_id = session.shown()
    dismissals = casework.dismissals(refresh_id)
    clusters = with_cases(session.clusters(refresh_id), dismissals)
    _headline(session.run_of(refresh_id), clusters)
    session.freshness(refresh_id)
    if clusters.empty:
        st.info("This refresh found no cluster: what accounts share is no more than chance.", icon=":material/inbox:")
        st.markdown("**Next:** ingest more days or another identifier kind, refresh, and come back.")
        return
    bar = st.container(horizontal=True, vertical_alignment="bottom", key="filters")
    with bar:
        wanted = _filters(clusters)
    if wanted.empty:
        st.info("No cluster passes these filters.", icon=":material/filter_alt_off:")
        st.markdown("**Next:** take a filter away.")
        return
    with bar:
        _open_by_name(refresh_id, wanted)
    with st.container(horizontal=True, vertical_alignment="center"):
        several = st.container(width="content")
        _keys(refresh_id, wanted)
    rows_chosen = _table(refresh_id, wanted)
    with several:
        bulk_panel.of_clusters(refresh_id, wanted.iloc[rows_chosen])
    dismissed = int((clusters["case"] == DISMISSED).sum() - (wanted["case"] == DISMISSED).sum())
    back = sum(not one.holds for one in dismissals.values())
    left = len(clusters) - len(wanted) - dismissed
    st.caption(
        f"{counted(len(wanted), 'cluster')} of {len(clusters):,}"
        + (f"; {left:,} do not pass the filters" if left else "")
        + (f"; {dismissed:,} dismissed as benign, which the filter Case shows" if dismissed else "")
        + (f"; {counted(back, 'dismissed one')} back, because what speaks for abuse has changed" if back else "")
        + f". One row is one row of the table clusters at refresh {plain(refresh_id)}. Score orders by suspicion of "
        "coordinated abuse; q is about linkage alone: how often chance would make a group this tight."
    )
    ahead.read(partial(ahead.open_graph, refresh_id, str(clusters["cluster_id"].iloc[0])))


def _headline(run: RunRecord, clusters: pd.DataFrame) -> None:
    tiers = clusters["tier"].value_counts()
    said = ", ".join(f"{int(tiers.get(tier, 0)):,} {words.split(' · ')[1]}" for tier, words in TIERS.items())
    st.markdown(
        f"**{counted(len(clusters), 'cluster')}:** {said}. Refresh {plain(run.refresh_id)}, "
        f"{plain(day(run.window_first))} to {plain(day(run.window_last))}, as of {plain(moment(run.as_of))}."
    )


def _filters(clusters: pd.DataFrame) -> pd.DataFrame:
    """Filters, each in the URL, and the clusters that pass."""
    tiers = st.pills(
        "Tier", list(TIERS), selection_mode="multi", format_func=TIERS.__getitem__, key="tier",
        bind="query-params", width="content",
    )  # fmt: skip
    every = sorted({name for kinds in clusters["kinds"] for name in kinds})
    kinds = st.multiselect(
        "Held together by", every, format_func=lambda name: kind_words(name).many, placeholder="any kind",
        key="kind", bind="query-params", width=180,
    )  # fmt: skip
    smallest = st.number_input(
        "Members, at least", min_value=1, value=1, step=1, key="size", bind="query-params", width=128
    )
    status = st.multiselect(
        "Case",
        [NO_CASE, *STATUSES, DISMISSED, CHANGED],
        placeholder="not dismissed",
        key="case",
        bind="query-params",
        width=150,
    )
    words = st.text_input(
        "Id or reason contains", key="text", bind="query-params", placeholder="any text",
        icon=":material/search:", width=190,
    )  # fmt: skip
    kept = clusters["size"] >= int(smallest or 1)
    kept &= clusters["case"].isin(status) if status else clusters["case"] != DISMISSED
    if tiers:
        kept &= clusters["tier"].isin(tiers)
    if kinds:
        kept &= clusters["kinds"].map(lambda own: not set(kinds).isdisjoint(own))
    if words:
        said = clusters["cluster_id"] + " " + clusters["top_reasons"].map(" ".join)
        kept &= said.str.contains(words, case=False, regex=False)
    return clusters[kept]


def with_cases(clusters: pd.DataFrame, dismissals: Mapping[str, Dismissal]) -> pd.DataFrame:
    """The clusters, each with the status of its case: none where nobody looked at it, dismissed where it is benign."""
    cases = casework.by_cluster()
    status = []
    for cluster in clusters["cluster_id"]:
        case, dismissal = cases.get(cluster), dismissals.get(cluster)
        if dismissal is not None:
            status.append(DISMISSED if dismissal.holds else CHANGED)
        else:
            status.append(NO_CASE if case is None else str(case.status))
    return clusters.assign(case=status)


def _open_by_name(refresh_id: str, clusters: pd.DataFrame) -> None:
    """Choose a cluster from a list: the buttons of the table answer to a mouse only."""
    said = {
        row.cluster_id: f"{row.rank}. {row.cluster_id}, {TIERS[row.tier]}, score {row.score:.2f}"
        for row in clusters.itertuples()
    }
    chosen = st.selectbox(
        "Open a cluster", list(said), index=None, format_func=said.__getitem__, key=f"by-name-{refresh_id}",
        placeholder="choose, or type its id", width=200,
    )  # fmt: skip
    if chosen is not None:
        session.visit(session.address(session.CLUSTER, cluster=chosen, refresh=refresh_id))


def _key(refresh_id: str, clusters: pd.DataFrame) -> str:
    return session.rows_key(f"queue-{refresh_id}", clusters["cluster_id"].tolist())


def _keys(refresh_id: str, clusters: pd.DataFrame) -> None:
    said = {
        row.cluster_id: f"{row.cluster_id}, {TIERS[row.tier]}, score {row.score:.2f}, {counted(row.size, 'member')}"
        for row in clusters[["cluster_id", "tier", "score", "size"]].itertuples()
    }
    to = {name: session.address(session.CLUSTER, cluster=name, refresh=refresh_id) for name in said}
    row_keys.show(_key(refresh_id, clusters), said, to, column=2, height=_ROW)


def _table(refresh_id: str, clusters: pd.DataFrame) -> list[int]:
    """Draw the table; positions of the rows that are chosen."""
    # The button's label is the cluster's id, so a click names its cluster whatever moved in the meantime; a row's
    # position would not. The key holds the refresh and the rows, so others are another table.
    clicked = f"open-{refresh_id}"
    state = st.dataframe(
        rows(refresh_id, clusters),
        key=_key(refresh_id, clusters),
        on_select="rerun",
        selection_mode="multi-row",
        hide_index=True,
        row_height=_ROW,
        height=min(_MOST, 40 + _ROW * len(clusters)),
        placeholder="–",
        column_config=_columns(clicked),
        alt="Clusters of this refresh, highest score first",
    )
    click = st.session_state.get(clicked)
    if click is not None:
        session.visit(
            session.address(session.CLUSTER, cluster=str(click["label"]).removesuffix(_ARROW), refresh=refresh_id)
        )
    return list(state["selection"]["rows"])


def rows(refresh_id: str, clusters: pd.DataFrame) -> pd.DataFrame:
    """Clusters as the table shows them."""
    import pandas as pd

    known = session.recorded(refresh_id)
    return pd.DataFrame(
        {
            "rank": clusters["rank"].to_numpy(),
            "cluster": (clusters["cluster_id"] + _ARROW).to_numpy(),
            "tier": clusters["tier"].map(TIERS).to_numpy(),
            "score": clusters["score"].to_numpy(),
            "size": clusters["size"].to_numpy(),
            "reasons": clusters["top_reasons"].map(reasons_in_brief).to_numpy(),
            "case": clusters["case"].where(clusters["case"] != NO_CASE, None).to_numpy(),
            "lineage": clusters["lineage"].map(lambda event: LINEAGE.get(event, event)).to_numpy(),
            "kinds": clusters["kinds"].map(kind_list).to_numpy(),
            "events": clusters["events"].map(short).to_numpy(),
            "cost": clusters["cost_usd_micros"].map(dollars).to_numpy() if known["cost_usd_micros"] else NONE,
            "last": clusters["last_seen"].map(day).to_numpy(),
            "tokens": clusters["tokens"].map(short).to_numpy() if known["tokens"] else NONE,
            "abuse": clusters["abuse_score"].to_numpy(),
            "linkage": clusters["linkage_score"].to_numpy(),
            "q": clusters["q_value"].map(probability).to_numpy(),
            "first": clusters["first_seen"].map(day).to_numpy(),
            "link": [
                session.address(session.CLUSTER, cluster=cluster, refresh=refresh_id)
                for cluster in clusters["cluster_id"]
            ],
        }
    )


def reasons_in_brief(reasons: Sequence[str]) -> str:
    """The strongest reasons as far as a row has room; that it is cut shows, and the cluster's page has all of them."""
    # The first entry says what the members share, which a column of its own says too.
    parted = map(split_points, reasons[1:] if len(reasons) > 1 else reasons)
    # Figures open most reasons: points in front of them would read as one number with them.
    first, *others = [f"{words} ({points})" if points else words for words, points in parted] or [""]
    if len(first) > _BRIEF:
        return first[: _BRIEF - 2].rsplit(" ", 1)[0] + " …"
    text = first
    for other in others:
        if len(text) + len(other) > _BRIEF - 5:
            return text + " …"
        text += f" · {other}"
    return text


def _columns(clicked: str) -> dict[str, Any]:
    shown = st.column_config
    return {
        "rank": shown.NumberColumn("#", width=44, help="Rank by score, from 1"),
        "cluster": shown.ButtonColumn("Cluster", type="tertiary", key=clicked, width=150, alignment="left"),
        "tier": shown.TextColumn("Tier", width=112, help="1 flagged, 2 for a person to decide, 3 linked only"),
        "score": shown.ProgressColumn(
            "Score", min_value=0.0, max_value=1.0, format="%.2f", width=96, help="Suspicion of coordinated abuse, 0–1"
        ),
        "reasons": shown.TextColumn(
            "Top reasons", width=340, help="Points of each in brackets: + for abuse, − against"
        ),
        "size": shown.NumberColumn("Members", format="localized", width=76),
        "case": shown.TextColumn("Case", width=84, help="Where the case of the cluster stands"),
        "lineage": shown.TextColumn("Lineage", width=88, help="What became of it since the last refresh"),
        "kinds": shown.TextColumn("Held together by", width=126, help="Identifier kinds that corroborate"),
        "events": shown.TextColumn("Exchanges", width=86),
        "tokens": shown.TextColumn("Tokens", width=74),
        "cost": shown.TextColumn("Cost", width=80),
        "last": shown.TextColumn("Last seen", width=96),
        "abuse": shown.NumberColumn("Abuse, points", format="%+.1f", help="Sum of the terms for and against"),
        "linkage": shown.NumberColumn("Linkage, bits", format="%.1f", help="Mean bits that tie a member to the others"),
        "q": shown.TextColumn("q", width=66, help="How often chance alone makes a group this tight"),
        "first": shown.TextColumn("First seen", width=96),
        "link": shown.LinkColumn("URL", display_text="↗", width=48, help="The cluster's own URL, in a new tab"),
    }
