"""The allow-list: what is known to be benign, why, since when and until when."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import streamlit as st

from linkage.model.access import Permission
from linkage.ui import casework, session
from linkage.ui.words import counted

if TYPE_CHECKING:
    import pandas as pd

    from linkage.workspace import Workspace


def page() -> None:
    """Draw the page."""
    st.title("Allow-list")
    casework.answer()
    entries: pd.DataFrame = session.workspace().allow.list().to_pandas()
    st.markdown(
        "Shared infrastructure and organizations known to be benign. The next refresh goes by what stands here."
    )
    if entries.empty:
        st.info("The list is empty.", icon=":material/playlist_add_check:")
        st.markdown("**Next:** add an entry below, or from what-if on a cluster's page.")
    else:
        _table(entries)
    if casework.barred(Permission.ALLOW):
        return
    add, remove = st.columns([1.6, 1], gap="large")
    with add:
        _add()
    with remove:
        _remove(entries)


def _table(entries: pd.DataFrame) -> None:
    active = int(entries["active"].sum())
    st.markdown(f"**{counted(len(entries), 'entry', 'entries')}**, {active:,} of them active.")
    column = st.column_config
    st.dataframe(
        entries, key="allowed", hide_index=True, placeholder="–", height=min(480, 38 + 35 * len(entries)),
        alt="Entries of the allow-list",
        column_config={
            "entry_id": column.TextColumn("Entry", width=130),
            "kind": column.TextColumn("Kind", width=140),
            "value": column.TextColumn("Value, masked", width=160),
            "identifier_id": column.NumberColumn("Number", format="%d", width=80),
            "reason": column.TextColumn("Reason", width="medium"),
            "author": column.TextColumn("By", width=110),
            "added_at": column.DatetimeColumn("Added", format="YYYY-MM-DD HH:mm", width=140),
            "expires_at": column.DatetimeColumn("Ends", format="YYYY-MM-DD", width=100),
            "active": column.CheckboxColumn("Active", width=66),
        },
    )  # fmt: skip


def _add() -> None:
    st.subheader("Add", anchor=False)
    kinds = ["cidr", "organization", *session.workspace().settings.kinds]
    with st.form("allow-add", border=False, clear_on_submit=False):
        kind, value = st.columns([1, 1.6])
        kind.selectbox("Kind", kinds, key="allow-kind")
        value.text_input("Network, organization or identifier", key="allow-value", placeholder="192.0.2.0/24, id:1007")
        st.text_input("Why it is known to be benign", key="allow-why")
        st.date_input(
            "Ends", value=None, min_value=datetime.now(UTC).date() + timedelta(days=1), key="allow-ends",
            format="YYYY-MM-DD", help="Empty: never",
        )  # fmt: skip
        st.form_submit_button("Add the entry", type="primary", icon=":material/add:", on_click=_added)


def _added() -> None:
    form = st.session_state
    ends = form.get("allow-ends")

    def add(workspace: Workspace) -> None:
        workspace.allow.add(
            form["allow-kind"], form["allow-value"], reason=form["allow-why"],
            expires=datetime.combine(ends, time(), UTC) if ends else None,
        )  # fmt: skip

    casework.do(add, "Added. The next refresh goes by it.")


def _remove(entries: pd.DataFrame) -> None:
    st.subheader("Remove", anchor=False)
    if entries.empty:
        st.caption("There is no entry to remove.")
        return
    said = {row.entry_id: f"{row.entry_id}: {row.kind}, {row.reason}" for row in entries.itertuples()}
    chosen = st.selectbox(
        "Entry", list(said), index=None, format_func=said.__getitem__, key="allow-entry", placeholder="choose one"
    )
    st.button(
        "Remove it", disabled=chosen is None, icon=":material/delete:", key=f"allow-remove-{chosen}",
        on_click=casework.do, args=(lambda workspace: workspace.allow.remove(str(chosen)), "Removed."),
    )  # fmt: skip
