"""Evidence of a cluster: the picture, and the tables that say the same; one selection for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from linkage.ui import casework, graph_component, graph_filters, graph_tables, session
from linkage.ui.graph import draw, hubs_grouped, opened
from linkage.ui.layout import beside, place
from linkage.ui.rows_panel import Rows, first
from linkage.ui.words import counted, plain

if TYPE_CHECKING:
    import pandas as pd

    from linkage.ui.frames import ClusterFrames
    from linkage.ui.graph import Picture
    from linkage.workspace import Workspace


@session.remembered
def _drawn(
    workspace: Workspace, cluster: ClusterFrames, wanted: frozenset[int] | None
) -> tuple[Picture, dict[str, tuple[float, float]]]:
    """The cluster as it is drawn of the identifiers ``wanted``, None for all, and where its nodes stand."""
    # Names of accounts are in it, which end when an account is purged: the workspace counts that.
    del workspace
    names = dict(zip(cluster.members["account"].tolist(), cluster.members["name"].tolist(), strict=True))
    filtered = 0 if wanted is None else len(cluster.identifiers) - len(wanted)
    picture = draw(session.cluster_graph(cluster, wanted), names, filtered)
    return picture, place(picture)


def panel(cluster: ClusterFrames) -> None:
    """Draw the panel, which is one of those that are redrawn alone: so by choosing a mark."""
    wanted, together = graph_filters.choose(cluster)
    with st.spinner("Drawing…"):
        base, places = _drawn(session.workspace(), cluster, wanted)
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
    graph_tables.show(_said(session.workspace(), cluster, wanted, (*open_groups, together), picture))
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


@session.remembered
def _said(
    workspace: Workspace,
    cluster: ClusterFrames,
    wanted: frozenset[int] | None,
    shape: tuple[str | bool, ...],
    _picture: Picture,
) -> dict[str, Any]:
    """What the tables say of the picture of the identifiers ``wanted`` in this shape: opened, and drawn together."""
    # Names of accounts are in it, which end when an account is purged: the workspace counts that.
    del workspace, shape
    rows = cluster.identifiers
    return graph_tables.tables(cluster, _picture, rows if wanted is None else rows[rows["identifier"].isin(wanted)])


def _accounts(cluster: ClusterFrames, picture: Picture, selected: str) -> None:
    found = accounts_of(cluster, picture, selected)
    node = next(node for node in picture.nodes if node.id == selected)
    st.subheader("Accounts behind the selection", anchor=False)
    listed = first(found, key=f"{cluster.cluster_id}-{selected}")
    st.caption(
        f"Of {plain(graph_tables.words_of(node))}: {len(listed):,} of {counted(len(found), 'account')}, surest members "
        "first; rows of members and sightings."
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
