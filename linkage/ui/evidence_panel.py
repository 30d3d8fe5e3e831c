"""Evidence of a cluster: the picture, and the tables that say the same; one selection for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from linkage.ui import graph_component, session
from linkage.ui.graph import draw
from linkage.ui.rows_panel import Rows, first
from linkage.ui.summary_panel import identifier_columns, identifier_rows
from linkage.ui.words import counted, identifier_label, plain, share

if TYPE_CHECKING:
    import pandas as pd

    from linkage.ui.frames import ClusterFrames
    from linkage.ui.graph import Picture


@session.remembered
def _drawn(cluster: ClusterFrames) -> tuple[Picture, dict[str, Any]]:
    names = dict(zip(cluster.members["account"].tolist(), cluster.members["name"].tolist(), strict=True))
    picture = draw(session.cluster_graph(cluster), names)
    return picture, graph_component.drawing(picture)


@st.fragment
def panel(cluster: ClusterFrames) -> None:
    """Draw the panel. A fragment: choosing a mark redraws this panel only."""
    with st.spinner("Drawing…"):
        picture, drawing = _drawn(cluster)
    name = f"chosen-{cluster.cluster_id}"
    selected = st.session_state.get(name)
    if selected is not None and all(node.id != selected for node in picture.nodes):
        st.info("What was selected is not among what this refresh draws; the selection was cleared.")
        selected = st.session_state[name] = None

    def choose(node: str | None) -> None:
        st.session_state[name] = node

    identifiers = Rows("cluster_identifiers", len(cluster.identifiers))
    sightings = Rows("sightings", len(session.links(cluster)))
    st.markdown(
        f"{plain(picture.cut())}  \n"
        f":small[from {identifiers.link(cluster)}, {sightings.link(cluster)}; values are masked]"
    )
    graph_component.show(drawing, name=cluster.cluster_id, said=picture.cut(), selected=selected, on_select=choose)
    _selection(cluster, picture, selected, name)
    touching = touched(cluster, picture, selected)
    _identifiers(cluster, picture, selected, touching, name)
    _groups(cluster, picture, selected, name)
    if selected is not None:
        _accounts(cluster, picture, selected)


def touched(cluster: ClusterFrames, picture: Picture, selected: str | None) -> pd.DataFrame:
    """Identifiers of the table: all of the cluster, the selected one, or those that the selected group touches."""
    if selected is None:
        return cluster.identifiers
    wanted = {selected} | {edge.target for edge in picture.edges if edge.source == selected}
    numbers = [node.identifier for node in picture.nodes if node.id in wanted and node.identifier is not None]
    return cluster.identifiers[cluster.identifiers["identifier"].isin(numbers)]


def group_rows(picture: Picture, selected: str | None) -> pd.DataFrame:
    """Groups of the picture, largest first: all, the selected one, or those that touch the selected identifier."""
    import pandas as pd

    labels = {node.id: node.label for node in picture.nodes}
    strongest: dict[str, list[str]] = {}
    ties: dict[str, dict[str, int]] = {}
    for edge in picture.edges:
        ties.setdefault(edge.source, {})[edge.target] = edge.accounts
        count = "" if edge.source.startswith("a") else f" ({edge.accounts:,})"
        strongest.setdefault(edge.source, []).append(labels[edge.target] + count)
    groups = [node for node in picture.nodes if node.sort != "identifier"]
    if selected is not None:
        groups = [node for node in groups if node.id == selected or selected in ties.get(node.id, {})]
    groups.sort(key=lambda node: (-node.accounts, node.id))
    return pd.DataFrame(
        {
            "id": [node.id for node in groups],
            "group": [node.label for node in groups],
            "accounts": [node.accounts for node in groups],
            "share": [100 * node.accounts / max(picture.size, 1) for node in groups],
            "on": [ties.get(node.id, {}).get(selected or "", None) for node in groups],
            "touches": [", ".join(strongest.get(node.id, [])[:6]) for node in groups],
        }
    )


def accounts_of(cluster: ClusterFrames, picture: Picture, selected: str) -> pd.DataFrame:
    """Members behind a mark: those of a group, or those that touched an identifier, with their exchanges on it."""
    node = next(node for node in picture.nodes if node.id == selected)
    members = cluster.members
    if node.sort != "identifier":
        inside = [account for account, group in picture.node_of.items() if group == selected]
        return members[members["account"].isin(inside)]
    links = session.links(cluster)
    on = links[links["identifier"] == node.identifier][["account", "events", "active_days", "first_seen", "last_seen"]]
    return members.merge(on, on="account", how="inner")


def _selection(cluster: ClusterFrames, picture: Picture, selected: str | None, name: str) -> None:
    if selected is None:
        st.markdown("Nothing is selected: the tables show all of it. Choose a mark in the graph, or a row.")
        return
    node = next(node for node in picture.nodes if node.id == selected)
    what = {"group": f"a group of {node.label}", "account": f"account {node.label}"}.get(node.sort, node.label)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**Selected:** {plain(what)}. The tables show what touches it.", width="content")
        if node.identifier is not None:
            link = session.address("lookup", id=str(node.identifier), refresh=cluster.refresh_id)
            st.markdown(f"[Who else touched it]({link})", width="content")
        if st.button("Clear selection", key=f"clear-{cluster.cluster_id}", icon=":material/close:"):
            st.session_state[name] = None
            st.rerun(scope="fragment")


def _identifiers(
    cluster: ClusterFrames, picture: Picture, selected: str | None, touching: pd.DataFrame, name: str
) -> None:
    st.subheader("Identifiers", anchor=False)
    drawn = {node.identifier for node in picture.nodes if node.sort == "identifier"}
    st.caption(
        f"{len(touching):,} of {counted(len(cluster.identifiers), 'row')} of cluster_identifiers, "
        f"{len(drawn & set(touching['identifier'])):,} of them drawn."
    )
    shown = identifier_rows(touching, len(cluster.members))
    row = _chosen_row(
        shown,
        identifier_columns(),
        key=f"identifiers-{cluster.refresh_id}-{cluster.cluster_id}-{selected}",
        preset=_position([f"i{number}" for number in touching["identifier"]], selected),
    )
    if row is None:
        return
    number = int(touching["identifier"].iloc[row])
    if number in drawn:
        _take(name, f"i{number}", selected)
    else:
        kind = str(touching["kind"].iloc[row])
        st.info(
            f"{plain(identifier_label(kind, number))} is not among the identifiers that are drawn; its row is above."
        )


def _groups(cluster: ClusterFrames, picture: Picture, selected: str | None, name: str) -> None:
    rows = group_rows(picture, selected)
    alone = any(node.sort == "account" for node in picture.nodes)
    st.subheader("Accounts" if alone else "Groups of accounts", anchor=False)
    held = int(rows["accounts"].sum())
    st.caption(
        f"{counted(len(rows), 'row')}, {held:,} of {counted(picture.size, 'account')} ({share(held, picture.size)}). "
        + ("" if alone else "A group shares its strongest identifiers. ")
        + "From sightings of the members on the identifiers drawn."
    )
    identifier = selected is not None and selected.startswith("i")
    columns: dict[str, Any] = {
        "group": st.column_config.TextColumn("Account", width="medium") if alone else None,
        "on": st.column_config.NumberColumn("On the selected identifier", format="localized") if identifier else None,
        "accounts": st.column_config.NumberColumn("Accounts", format="localized", width="small"),
        "share": st.column_config.ProgressColumn("Share", min_value=0, max_value=100, format="%.0f %%", width=110),
        "touches": st.column_config.TextColumn(
            "Touches, strongest first" if alone else "Touches (accounts), strongest first", width=640
        ),
        "id": None,
    }
    if alone:
        columns |= {"accounts": None, "share": None}
    row = _chosen_row(
        rows,
        columns,
        key=f"groups-{cluster.refresh_id}-{cluster.cluster_id}-{selected}",
        preset=_position(rows["id"].tolist(), selected),
    )
    if row is not None:
        _take(name, str(rows["id"].iloc[row]), selected)


def _accounts(cluster: ClusterFrames, picture: Picture, selected: str) -> None:
    found = accounts_of(cluster, picture, selected)
    st.subheader("Accounts behind the selection", anchor=False)
    listed = first(found, key=f"{cluster.cluster_id}-{selected}")
    st.caption(
        f"{len(listed):,} of {counted(len(found), 'account')}, surest members first; rows of members and sightings."
    )
    st.dataframe(
        listed.drop(columns=["account", "cluster_id"]),
        key=f"accounts-{cluster.refresh_id}-{cluster.cluster_id}-{selected}",
        hide_index=True,
        height=min(420, 38 + 35 * max(len(listed), 1)),
        column_order=["name", "role", "membership", "events", "active_days", "first_seen", "last_seen"],
        column_config={
            "name": st.column_config.TextColumn("Account", width="medium"),
            "role": st.column_config.TextColumn("Role", width="small"),
            "membership": st.column_config.ProgressColumn("Membership", min_value=0.0, max_value=1.0, format="%.2f"),
            "events": st.column_config.NumberColumn("Exchanges on it", format="localized"),
            "active_days": st.column_config.NumberColumn("Days on it", format="localized"),
            "first_seen": st.column_config.DatetimeColumn("First", format="YYYY-MM-DD"),
            "last_seen": st.column_config.DatetimeColumn("Last", format="YYYY-MM-DD"),
        },
    )


def _position(ids: list[str], selected: str | None) -> int | None:
    return ids.index(selected) if selected in ids else None


def _chosen_row(rows: pd.DataFrame, columns: dict[str, Any], key: str, preset: int | None) -> int | None:
    """Draw a table whose rows can be chosen; the position of the row that was chosen anew, if any.

    The key names refresh and selection, so a position can only mean a row of the table that was on the screen.
    """
    state = st.dataframe(
        rows,
        key=key,
        hide_index=True,
        height=min(420, 38 + 35 * max(len(rows), 1)),
        placeholder="–",
        column_config=columns,
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [] if preset is None else [preset]}},
    )
    chosen = state["selection"]["rows"]
    return chosen[0] if chosen and chosen[0] != preset else None


def _take(name: str, node: str, selected: str | None) -> None:
    """Make ``node`` the selection and draw again."""
    if node != selected:
        st.session_state[name] = node
        st.rerun(scope="fragment")
