"""Watch lists: what partners reported, whose word it is, and what of it this workspace has seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from linkage.errors import NoSnapshot
from linkage.model.access import Permission
from linkage.ui import casework, session
from linkage.ui.words import counted, kind_words, plain

if TYPE_CHECKING:
    import pandas as pd


def page() -> None:
    """Draw the page."""
    st.title("Watch lists")
    casework.answer()
    with session.reading() as workspace:
        lists: pd.DataFrame = workspace.indicators.list().to_pandas()
    st.markdown(
        "What partners reported, under keys that both hold. The next refresh takes it as evidence for abuse where it "
        "is of a cluster's own, and never as a link."
    )
    if lists.empty:
        st.info("No partner's indicators were imported.", icon=":material/visibility:")
        st.markdown("**Next:** in a terminal, import the indicators of a partner's bundle, then refresh:")
        st.code("linkage indicators import indicators.csv --source NAME --exchange-key FILE", language=None)
        return
    _lists(lists)
    _matches()
    if not casework.barred(Permission.WATCH):
        _remove(lists)


def _lists(lists: pd.DataFrame) -> None:
    st.markdown(
        f"**{counted(len(lists), 'list')}** of {counted(lists['source'].nunique(), 'source')}, "
        f"{int(lists['active'].sum()):,} of them active."
    )
    for source in sorted(set(lists.loc[~lists["key_held"], "source"])):
        st.warning(
            f"The exchange key of {plain(source)} is not in the workspace: nothing of its lists matches.",
            icon=":material/key_off:",
        )
    column = st.column_config
    st.dataframe(
        lists, key="watch-lists", hide_index=True, placeholder="–", alt="Watch lists",
        column_config={
            "source": column.TextColumn("Source", width=150),
            "list_id": column.TextColumn("List", width=130),
            "indicators": column.NumberColumn("Indicators", format="localized", width=90),
            "matched": column.NumberColumn(
                "Source matches", format="localized", width=120, help="Identifiers that the current refresh found"
            ),
            "key_id": column.TextColumn("Exchange key", width=150),
            "key_held": column.CheckboxColumn("Key here", width=80),
            "author": column.TextColumn("By", width=110),
            "imported_at": column.DatetimeColumn("Imported", format="YYYY-MM-DD HH:mm", width=140),
            "expires_at": column.DatetimeColumn("Ends", format="YYYY-MM-DD", width=100),
            "active": column.CheckboxColumn("Active", width=66),
        },
    )  # fmt: skip


def _matches() -> None:
    st.subheader("What this workspace has seen of it", anchor=False)
    try:
        with session.reading() as workspace:
            matches: pd.DataFrame = workspace.indicators.matches().to_pandas()
    except NoSnapshot:
        st.markdown("Nothing was refreshed yet.")
        return
    if matches.empty:
        st.markdown("The current refresh found nothing of it; one that comes after an import looks again.")
        return
    st.caption(
        f"{counted(len(matches), 'row')} of watched at the current refresh, each with the accounts that used it. "
        "Times are UTC; values are masked."
    )
    column = st.column_config
    matches["kind"] = [kind_words(kind).one for kind in matches["kind"]]
    st.dataframe(
        matches, key="watch-matches", hide_index=True, placeholder="–", height=min(480, 38 + 35 * len(matches)),
        alt="Identifiers that are on watch lists, and who used them",
        column_config={
            "source": column.TextColumn("On the watch list of", width=150),
            "kind": column.TextColumn("Kind", width=90),
            "identifier": column.TextColumn("Value, masked", width=150),
            "identifier_id": column.NumberColumn("Number", format="%d", width=80),
            "accounts": column.NumberColumn("Accounts", format="localized", width=80),
            "account_ids": column.ListColumn("Who", width=220),
            "clusters": column.ListColumn("Clusters", width=160),
            "first_seen": column.DatetimeColumn("First here", format="YYYY-MM-DD HH:mm", width=140),
            "last_seen": column.DatetimeColumn("Last here", format="YYYY-MM-DD HH:mm", width=140),
            "reported_first": column.DatetimeColumn("First there", format="YYYY-MM-DD HH:mm", width=140),
            "reported_last": column.DatetimeColumn("Last there", format="YYYY-MM-DD HH:mm", width=140),
        },
    )  # fmt: skip


def _remove(lists: pd.DataFrame) -> None:
    st.subheader("Remove", anchor=False)
    said = {row.source: f"every list of {row.source}" for row in lists.itertuples()}
    said |= {
        row.list_id: f"{row.list_id} of {row.source}, {counted(row.indicators, 'indicator')}"
        for row in lists.itertuples()
    }
    chosen = st.selectbox(
        "List or source", list(said), index=None, format_func=said.__getitem__, key="watch-list",
        placeholder="choose one",
    )  # fmt: skip
    st.button(
        "Remove it", disabled=chosen is None, icon=":material/delete:", key=f"watch-remove-{chosen}",
        on_click=casework.do,
        args=(lambda workspace: workspace.indicators.remove(str(chosen)), "Removed. The next refresh goes without."),
    )  # fmt: skip
