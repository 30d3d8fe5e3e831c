"""What became different since the refresh before: who joined and who left, which identifiers, and which terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from linkage.errors import UnknownRefresh
from linkage.ui import frames, session
from linkage.ui.frames import UnknownCluster
from linkage.ui.rows_panel import Rows, first
from linkage.ui.words import LINEAGE, TIERS, counted, decimal, identifier_label, plain, signed

if TYPE_CHECKING:
    import pandas as pd

    from linkage.ui.frames import ClusterFrames


@dataclass(frozen=True, slots=True)
class Changes:
    """A cluster beside those that it follows from, the nearest first.

    ``accounts``: name, change (joined, left), membership, elsewhere (the cluster of who joined before, or of who left
    now). ``identifiers``: kind, identifier, change (new, gone, more, fewer), before and after (members on it).
    ``terms``: sentence, before, after, moved (points).
    """

    parents: tuple[ClusterFrames, ...]
    accounts: pd.DataFrame
    identifiers: pd.DataFrame
    terms: pd.DataFrame


def panel(cluster: ClusterFrames) -> None:
    """Draw the panel."""
    parents = cluster.lineage.dropna(subset=["parent_cluster_id", "parent_refresh_id"])
    parents = parents.sort_values("overlap", ascending=False)
    if parents.empty:
        st.info("It follows from no earlier cluster: all of it is new at this refresh.", icon=":material/fiber_new:")
        st.markdown("**Next:** the members tab says when each account was first seen.")
        return
    refresh_id = str(parents["parent_refresh_id"].iloc[0])
    try:
        with st.spinner("Comparing…"):
            before = tuple(session.cluster(refresh_id, str(name)) for name in parents["parent_cluster_id"])
            found = changes(cluster, before)
    except (UnknownRefresh, UnknownCluster):
        st.info(f"Refresh {plain(refresh_id)}, which it follows from, is not kept.", icon=":material/history:")
        st.markdown("**Next:** the setting `snapshots.keep` says how many refreshes are.")
        return
    _figures(cluster, found)
    _accounts(cluster, found)
    _identifiers(cluster, found)
    _terms(cluster, found)


def changes(cluster: ClusterFrames, parents: tuple[ClusterFrames, ...]) -> Changes:
    """Compare a cluster with those that it follows from."""
    import pandas as pd

    now = cluster.members[["account", "name", "membership"]]
    then = pd.concat([parent.members for parent in parents])[["account", "name", "membership"]]
    joined, left = now[~now["account"].isin(then["account"])], then[~then["account"].isin(now["account"])]
    with session.reading() as workspace:
        came = frames.whereabouts(workspace, parents[0].refresh_id, joined)
        went = frames.whereabouts(workspace, cluster.refresh_id, left)
    accounts = pd.concat(
        [
            joined.assign(change="joined", elsewhere=joined["account"].map(came)),
            left.assign(change="left", elsewhere=left["account"].map(went)),
        ],
        ignore_index=True,
    )
    return Changes(parents, accounts, _identifier_changes(cluster, parents), _term_changes(cluster, parents[0]))


def _identifier_changes(cluster: ClusterFrames, parents: tuple[ClusterFrames, ...]) -> pd.DataFrame:
    import pandas as pd

    keys = ["kind", "identifier"]
    after = cluster.evidence.set_index(keys)["members_on"].rename("after")
    earlier = pd.concat([parent.evidence for parent in parents])
    before = earlier.groupby(keys)["members_on"].sum().rename("before")
    both = pd.concat([before, after], axis=1).fillna(0).astype(int).reset_index()
    moved = both[both["before"] != both["after"]]
    change = [
        "new" if not old else "gone" if not new else "more" if new > old else "fewer"
        for old, new in zip(moved["before"], moved["after"], strict=True)
    ]
    size = (moved["after"] - moved["before"]).abs()
    return moved.assign(change=change, size=size).sort_values(
        ["size", "kind", "identifier"], ascending=[False, True, True], ignore_index=True
    )


def _term_changes(cluster: ClusterFrames, parent: ClusterFrames) -> pd.DataFrame:
    both = cluster.terms[["term", "sentence", "points"]].merge(
        parent.terms[["term", "sentence", "points"]], on="term", how="outer", suffixes=("", "_before")
    )
    rows = both.assign(
        sentence=both["sentence"].fillna(both["sentence_before"]),
        before=both["points_before"].fillna(0.0),
        after=both["points"].fillna(0.0),
    )
    rows["moved"] = rows["after"] - rows["before"]
    rows = rows[rows["moved"].abs() >= 0.005]
    return rows.sort_values("moved", key=lambda moved: -moved.abs(), ignore_index=True)


def _figures(cluster: ClusterFrames, found: Changes) -> None:
    nearest = found.parents[0]
    links = (
        (parent.cluster_id, session.address(session.CLUSTER, cluster=parent.cluster_id, refresh=parent.refresh_id))
        for parent in found.parents
    )
    named = ", ".join(f"[{plain(name)}]({link})" for name, link in links)
    event = str(cluster.row["lineage"])
    became = plain(LINEAGE.get(event, event)).capitalize()
    st.markdown(
        f"**{became}** since refresh {plain(nearest.refresh_id)}, from {named}.  \n"
        f":small[from {Rows('lineage', len(cluster.lineage)).link(cluster)}; earlier figures are those of "
        f"{plain(nearest.cluster_id)}]"
    )
    row, old = cluster.row, nearest.row
    for place, (name, value, before) in zip(
        st.columns(5),
        (
            ("Members", f"{int(row['size']):,}", f"{int(old['size']):,} before"),
            ("Score", decimal(row["score"]), f"{decimal(old['score'])} before"),
            ("Abuse, points", signed(row["abuse_score"], 1), f"{signed(old['abuse_score'], 1)} before"),
            ("Linkage, bits", decimal(row["linkage_score"], 1), f"{decimal(old['linkage_score'], 1)} before"),
            ("Tier", TIERS[int(row["tier"])], f"{TIERS[int(old['tier'])]} before"),
        ),
        strict=True,
    ):
        place.metric(name, value, before, delta_color="off", delta_arrow="off")


def _accounts(cluster: ClusterFrames, found: Changes) -> None:
    rows = found.accounts
    joined = int((rows["change"] == "joined").sum())
    st.subheader("Accounts", anchor=False)
    st.markdown(f"**{joined:,} joined, {len(rows) - joined:,} left**; {len(cluster.members) - joined:,} stayed.")
    if rows.empty:
        return
    listed = first(rows, key=f"changes-{cluster.cluster_id}")
    column = st.column_config
    st.dataframe(
        listed, key=f"changes-accounts-{cluster.refresh_id}-{cluster.cluster_id}", hide_index=True,
        height=min(420, 38 + 35 * len(listed)), placeholder="in none", alt="Accounts that joined and that left",
        column_order=["change", "name", "membership", "elsewhere"],
        column_config={
            "change": column.TextColumn("Change", width=80),
            "name": column.TextColumn("Account", width="medium"),
            "membership": column.NumberColumn("Membership", format="%.2f", width=100, help="Of who left: before"),
            "elsewhere": column.TextColumn("Came from, or is now in", width=180),
        },
    )  # fmt: skip


def _identifiers(cluster: ClusterFrames, found: Changes) -> None:
    rows = found.identifiers
    st.subheader("Identifiers", anchor=False)
    if rows.empty:
        st.markdown("The same identifiers tie as many members as before.")
        return
    counts = rows["change"].value_counts()
    st.markdown(", ".join(f"{int(number):,} {name}" for name, number in counts.items()) + "; values are masked.")
    listed = first(rows, key=f"changes-identifiers-{cluster.cluster_id}")
    column = st.column_config
    st.dataframe(
        listed.assign(label=list(map(identifier_label, listed["kind"], listed["identifier"].tolist()))),
        key=f"changes-identifiers-{cluster.refresh_id}-{cluster.cluster_id}", hide_index=True,
        height=min(420, 38 + 35 * len(listed)), alt="Identifiers that tie more or fewer members than before",
        column_order=["change", "label", "before", "after"],
        column_config={
            "change": column.TextColumn("Change", width=80),
            "label": column.TextColumn("Identifier", width="medium"),
            "before": column.NumberColumn("Members on it before", format="localized"),
            "after": column.NumberColumn("after", format="localized"),
        },
    )  # fmt: skip


def _terms(cluster: ClusterFrames, found: Changes) -> None:
    rows = found.terms
    st.subheader("Terms for and against", anchor=False)
    if rows.empty:
        st.markdown("No term moved.")
        return
    st.markdown(f"{counted(len(rows), 'term')} moved, together {signed(rows['moved'].sum(), 1)} points.")
    column = st.column_config
    st.dataframe(
        rows, key=f"changes-terms-{cluster.refresh_id}-{cluster.cluster_id}", hide_index=True,
        height=min(420, 38 + 35 * len(rows)), alt="Terms that moved",
        column_order=["sentence", "before", "after", "moved"],
        column_config={
            "sentence": column.TextColumn("Term", width="large"),
            "before": column.NumberColumn("Points before", format="%+.2f"),
            "after": column.NumberColumn("after", format="%+.2f"),
            "moved": column.NumberColumn("±", format="%+.2f"),
        },
    )  # fmt: skip
