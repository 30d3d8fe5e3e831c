"""The audit: who did what and when, one chained entry after another, and whether the chain is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from linkage.ui import session
from linkage.ui.words import counted, moment, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Entries that are listed at most.
_MOST = 1_000


def page() -> None:
    """Draw the page."""
    import pandas as pd

    st.title("Audit")
    entries = session.workspace().audit()
    if not entries:
        st.info("The audit has no entry yet.", icon=":material/receipt_long:")
        st.markdown("**Next:** every run, reveal, case and change of the allow-list writes one.")
        return
    fault = session.workspace().audit_fault()
    if fault is not None:
        st.error(f"The chain is broken: {plain(fault)}.", icon=":material/error:")
        st.markdown(
            "**Next:** somebody changed the casework database by hand. Compare with a backup; `linkage doctor` says "
            "more."
        )
    else:
        st.success(
            f"{counted(len(entries), 'entry', 'entries')}, unbroken; head {entries[-1].digest[:16]}.",
            icon=":material/link:",
        )
    who, what, about = st.columns(3)
    actors = who.multiselect(
        "Who", sorted({entry.actor for entry in entries}), key="actor", bind="query-params", placeholder="anybody"
    )
    actions = what.multiselect(
        "What", sorted({entry.action for entry in entries}), key="action", bind="query-params", placeholder="anything"
    )
    subject = about.text_input("About (id)", key="subject", bind="query-params", placeholder="k-…, r-…, c-…, a-…")
    chosen = [
        entry
        for entry in reversed(entries)
        if (not actors or entry.actor in actors)
        and (not actions or entry.action in actions)
        and (not subject or subject in entry.subject)
    ]
    if not chosen:
        st.info("No entry passes these filters.", icon=":material/filter_alt_off:")
        st.markdown("**Next:** take a filter away.")
        return
    listed = chosen[:_MOST]
    st.caption(f"{len(listed):,} of {counted(len(entries), 'entry', 'entries')}, newest first. Times are UTC.")
    rows = pd.DataFrame(
        {
            "seq": [entry.seq for entry in listed],
            "at": [moment(entry.at) for entry in listed],
            "who": [entry.actor for entry in listed],
            "what": [entry.action for entry in listed],
            "subject": [entry.subject for entry in listed],
            "detail": [_said(entry.detail) for entry in listed],
            "digest": [entry.digest[:16] for entry in listed],
        }
    )
    column = st.column_config
    st.dataframe(
        rows, key="audit", hide_index=True, height=min(640, 38 + 35 * len(rows)), alt="The audit, newest first",
        column_config={
            "seq": column.NumberColumn("#", width=56),
            "at": column.TextColumn("When", width=150),
            "who": column.TextColumn("Who", width=110),
            "what": column.TextColumn("What", width=120),
            "subject": column.TextColumn("About", width=150),
            "detail": column.TextColumn("Detail", width=520),
            "digest": column.TextColumn("Digest", width=150),
        },
    )  # fmt: skip


def _said(detail: Mapping[str, Any]) -> str:
    """Detail of an entry in a line; digests are cut to what an eye compares."""
    return ", ".join(f"{name} {str(value)[:16] if name == 'digest' else value}" for name, value in detail.items())
