"""Evidence of a cluster: the picture, and the tables that say the same; one selection for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from linkage.ui import casework, graph_component, graph_filters, session
from linkage.ui.graph import draw, hubs_grouped, opened
from linkage.ui.layout import beside, place
from linkage.ui.rows_panel import Rows, first
from linkage.ui.summary_panel import identifier_columns, identifier_rows
from linkage.ui.words import counted, identifier_label, plain, share

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from linkage.ui.frames import ClusterFrames
    from linkage.ui.graph import Picture
    from linkage.workspace import Workspace


@session.remembered
def _drawn(cluster: ClusterFrames, wanted: frozenset[int] | None) -> tuple[Picture, dict[str, tuple[float, float]]]:
    """The cluster as it is drawn of the identifiers ``wanted``, None for all, and where its nodes stand."""
    names = dict(zip(cluster.members["account"].tolist(), cluster.members["name"].tolist(), strict=True))
    filtered = 0 if wanted is None else len(cluster.identifiers) - len(wanted)
    picture = draw(session.cluster_graph(cluster, wanted), names, filtered)
    return picture, place(picture)


def panel(cluster: ClusterFrames) -> None:
    """Draw the panel, which is one of those that are redrawn alone: so by choosing a mark."""
    wanted, together = graph_filters.choose(cluster)
    with st.spinner("Drawing…"):
        base, places = _drawn(cluster, wanted)
    name, turned = f"chosen-{cluster.cluster_id}", f"opened-{cluster.cluster_id}"
    open_groups: list[str] = st.session_state.get(turned, [])
    picture = _shaped(cluster, base, open_groups, together=together)
    selected = st.session_state.get(name)
    if selected is not None and all(node.id != selected for node in picture.nodes):
        st.info("What was selected is not among what is drawn; the selection was cleared.")
        selected = st.session_state[name] = None

    def choose(node: str | None) -> None:
        st.session_state[name] = node

    def turn(group: str) -> None:
        others = [one for one in open_groups if one != group]
        st.session_state[turned] = others if group in open_groups else [*open_groups, group]
        st.session_state[name] = group if group in open_groups else None

    view = cluster.cluster_id
    if wanted is not None:
        view = session.rows_key(view, map(str, sorted(wanted)))
    identifiers = Rows("cluster_identifiers", len(cluster.identifiers))
    sightings = Rows("sightings", int(cluster.identifiers["members_on"].sum()))
    st.markdown(
        f"{plain(picture.cut())}  \n"
        f":small[from {identifiers.link(cluster)}, {sightings.link(cluster)}; values are masked]"
    )
    casework.answer()
    graph_component.show(
        graph_component.drawing(picture, beside(picture, places)), name=cluster.cluster_id,
        view=view, said=picture.cut(), selected=selected, opened=open_groups,
        picture=st.session_state.get(_images(cluster), 0),
        deeds=graph_component.Deeds(choose, turn, lambda: _let_go(cluster, picture)),
    )  # fmt: skip
    _selection(cluster, picture, selected, name)
    touching = touched(cluster, picture, selected, wanted)
    _identifiers(cluster, picture, selected, touching, name)
    _groups(cluster, picture, selected, name)
    if selected is not None:
        _accounts(cluster, picture, selected)


def _shaped(cluster: ClusterFrames, picture: Picture, open_groups: list[str], *, together: bool) -> Picture:
    """The picture with groups opened, and hubs drawn together, as the reader wants."""
    if open_groups:
        names = dict(zip(cluster.members["account"].tolist(), cluster.members["name"].tolist(), strict=True))
        picture = opened(picture, open_groups, names, session.links(cluster))
    return hubs_grouped(picture, session.links(cluster)) if together else picture


def _images(cluster: ClusterFrames) -> str:
    return f"images-{cluster.cluster_id}"


def _let_go(cluster: ClusterFrames, picture: Picture) -> None:
    """Let the browser make an image of the drawing, once that is in the audit."""

    def write_down(workspace: Workspace) -> None:
        workspace.picture_taken(cluster.cluster_id, cluster.refresh_id, len(picture.nodes))
        st.session_state[_images(cluster)] = st.session_state.get(_images(cluster), 0) + 1

    casework.do(write_down, "The image is on its way to your disk; that you took it is in the audit.")


def touched(
    cluster: ClusterFrames, picture: Picture, selected: str | None, wanted: frozenset[int] | None = None
) -> pd.DataFrame:
    """Identifiers of the table: all of the cluster that are ``wanted``, the selected one, or those that the selected
    group touches.
    """
    if selected is None:
        rows = cluster.identifiers
        return rows if wanted is None else rows[rows["identifier"].isin(wanted)]
    near = {selected} | {edge.target for edge in picture.edges if edge.source == selected}
    chosen = [node for node in picture.nodes if node.id in near]
    numbers = [number for node in chosen for number in (*node.identifiers, node.identifier) if number is not None]
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
    groups = [node for node in picture.nodes if not node.kind]
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
    """Members behind a mark: those of a group, or those that touched an identifier, with their exchanges on it.

    Of an account that touched several identifiers of one mark, days on it are missing: which days they share is not
    in the snapshot.
    """
    node = next(node for node in picture.nodes if node.id == selected)
    members = cluster.members
    if not node.kind:
        inside = [account for account, group in picture.node_of.items() if group == selected]
        return members[members["account"].isin(inside)]
    links = session.links(cluster)
    on = links[links["identifier"].isin([node.identifier, *node.identifiers])].groupby("account", as_index=False).agg(
        events=("events", "sum"), active_days=("active_days", "max"), first_seen=("first_seen", "min"),
        last_seen=("last_seen", "max"), touched=("identifier", "size"),
    )  # fmt: skip
    on["active_days"] = on["active_days"].astype("Int64").where(on.pop("touched") == 1)
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
    listed = first(touching, key=f"identifiers-{cluster.cluster_id}")
    shown = identifier_rows(listed, len(cluster.members))
    row = _chosen_row(
        shown,
        identifier_columns(),
        key=_key("identifiers", cluster, selected, listed["identifier"].astype(str)),
        preset=_position([f"i{number}" for number in listed["identifier"]], selected),
    )
    if row is None:
        return
    number = int(listed["identifier"].iloc[row])
    if number in drawn:
        _take(name, f"i{number}", selected)
    else:
        kind = str(listed["kind"].iloc[row])
        label = plain(identifier_label(kind, number))
        st.info(f"{label} is not among the identifiers that are drawn by themselves; its row is above.")


def _groups(cluster: ClusterFrames, picture: Picture, selected: str | None, name: str) -> None:
    rows = group_rows(picture, selected)
    sorts = {node.sort for node in picture.nodes}
    alone, some = "group" not in sorts, "account" in sorts
    st.subheader("Accounts" if alone else "Groups of accounts", anchor=False)
    held = int(rows["accounts"].sum())
    st.caption(
        f"{counted(len(rows), 'row')}, {held:,} of {counted(picture.size, 'account')} ({share(held, picture.size)}). "
        + ("" if alone else "A group shares its strongest identifiers. ")
        + "From sightings of the members on the identifiers drawn."
    )
    identifier = selected is not None and selected.startswith("i")
    columns: dict[str, Any] = {
        "group": st.column_config.TextColumn("Account" if alone else "Account or group", width="medium")
        if some
        else None,
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
        key=_key("groups", cluster, selected, rows["id"]),
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
            "active_days": st.column_config.NumberColumn(
                "Days on it",
                format="localized",
                help="Not known where one mark stands for several identifiers and the account touched more than one",
            ),
            "first_seen": st.column_config.DatetimeColumn("First", format="YYYY-MM-DD"),
            "last_seen": st.column_config.DatetimeColumn("Last", format="YYYY-MM-DD"),
        },
    )


def _key(name: str, cluster: ClusterFrames, selected: str | None, ids: Iterable[str]) -> str:
    return session.rows_key(f"{name}-{cluster.refresh_id}-{cluster.cluster_id}-{selected}", ids)


def _position(ids: list[str], selected: str | None) -> int | None:
    return ids.index(selected) if selected in ids else None


def _chosen_row(rows: pd.DataFrame, columns: dict[str, Any], key: str, preset: int | None) -> int | None:
    """Draw a table whose rows can be chosen; the position of the row that was chosen anew, if any.

    The key names refresh, selection and rows, so a position can only mean a row of the table that was on the screen.
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
