"""Who touched an identifier: any kind, many at once. The URL names what was found by number, never by value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from linkage.model.access import Permission
from linkage.ui import casework, session
from linkage.ui.words import counted, identifier_label, plain

if TYPE_CHECKING:
    import pandas as pd

#: Identifiers that a URL names.
_MOST = 100
_ASKED, _NOTES, _REVEALED = "lookup-asked", "lookup-notes", "lookup-revealed"


def page() -> None:
    """Draw the page.

    Raises:
        NoSnapshot: nothing was refreshed yet, or the refresh of the URL is not kept.
    """
    st.title("Lookup")
    refresh_id = session.shown()
    session.freshness(refresh_id)
    with st.form("lookup", border=False):
        st.text_area(
            "Identifiers, accounts or networks, one a line", key=_ASKED, height=100,
            placeholder="198.51.100.7\n203.0.113.0/24\nid:1007",
        )  # fmt: skip
        st.form_submit_button("Look up", type="primary", icon=":material/search:", on_click=_ask, args=(refresh_id,))
    casework.answer()
    for note in st.session_state.pop(_NOTES, ()):
        st.info(plain(note), icon=":material/help:")
    numbers = named(st.query_params.get("id", ""))
    if not numbers:
        st.caption("What is typed here stays on this machine, and out of the address of this page.")
        return
    with session.reading() as workspace:
        found = workspace.lookup(*(f"id:{number}" for number in numbers), refresh=refresh_id)
    _found(refresh_id, numbers, found)


def named(text: str) -> list[int]:
    """Surrogate ids of the URL; what is none is passed over."""
    return [int(part) for part in text.split(",")[:_MOST] if part.isdecimal() and len(part) < 19]


def _ask(refresh_id: str) -> None:
    queries = [line.strip() for line in str(st.session_state.get(_ASKED, "")).splitlines() if line.strip()]
    st.session_state.pop(_REVEALED, None)
    if not queries:
        return

    def ask(_workspace: object) -> None:
        with session.reading() as workspace:
            found = workspace.find(queries, refresh=refresh_id)
        numbers = list(dict.fromkeys(row["identifier_id"] for row in found.rows))
        notes = list(found.notes)
        if len(numbers) > _MOST:
            notes.append(f"{len(numbers):,} identifiers were found; the first {_MOST} are shown")
        st.session_state[_NOTES] = notes
        st.query_params["id"] = ",".join(str(number) for number in numbers[:_MOST])
        st.query_params["refresh"] = refresh_id

    casework.do(ask, f"Looked up {counted(len(queries), 'line')}.")


def _found(refresh_id: str, numbers: list[int], found: pd.DataFrame) -> None:
    if found.empty:
        st.info("Nobody touched it in the window of this refresh.", icon=":material/inbox:")
        st.markdown("**Next:** look at another refresh, or refresh with a longer window.")
        return
    revealed: dict[int, str] = st.session_state.get(_REVEALED, {})
    shown = rows(refresh_id, found, revealed)
    clusters = found["cluster_id"].dropna().nunique()
    st.markdown(
        f"**{counted(found['identifier_id'].nunique(), 'identifier')}**, "
        f"{counted(found['account_id'].nunique(), 'account')} on them, in {counted(clusters, 'cluster')}. "
        f"Refresh {plain(refresh_id)}."
    )
    column = st.column_config
    st.dataframe(
        shown, key=f"found-{refresh_id}-{'-'.join(map(str, numbers[:9]))}", hide_index=True,
        height=min(560, 38 + 35 * len(shown)), placeholder="–", alt="Accounts on what was looked up",
        column_config={
            "identifier": column.TextColumn("Identifier", width=180),
            "value": column.TextColumn("Value", width=150, help="Values that point at people are masked"),
            "account": column.TextColumn("Account", width="medium"),
            "cluster": column.LinkColumn("Cluster", display_text=r"cluster=([^&]+)", width=150),
            "membership": column.ProgressColumn("Membership", min_value=0.0, max_value=1.0, format="%.2f", width=110),
            "flagged": column.CheckboxColumn("Flagged", width=70),
            "degree": column.NumberColumn("Accounts on it", format="localized", width=110),
            "events": column.NumberColumn("Exchanges", format="localized", width=90),
            "first": column.DatetimeColumn("First", format="YYYY-MM-DD", width=100),
            "last": column.DatetimeColumn("Last", format="YYYY-MM-DD", width=100),
        },
    )  # fmt: skip
    _reveal(numbers)
    link = session.address("lookup", id=",".join(map(str, numbers)), refresh=refresh_id)
    st.markdown(f"[Link to this view]({link}): the same rows at the same refresh, for whoever opens it.")


def _reveal(numbers: list[int]) -> None:
    with st.expander("Reveal values"):
        if casework.barred(Permission.REVEAL):
            return
        st.markdown("The reason, your name and the numbers go into the audit before anything is shown.")
        with st.form("reveal", border=False):
            st.text_input("Reason", key="reveal-reason")
            st.form_submit_button("Reveal", icon=":material/visibility:", on_click=_revealed, args=(numbers,))


def _revealed(numbers: list[int]) -> None:
    def reveal(_workspace: object) -> None:
        with session.reading() as workspace:
            st.session_state[_REVEALED] = workspace.reveal(numbers, str(st.session_state.get("reveal-reason", "")))

    casework.do(reveal, "Revealed, and written into the audit.")


def rows(refresh_id: str, found: pd.DataFrame, revealed: dict[int, str]) -> pd.DataFrame:
    """A lookup as the table shows it."""
    import pandas as pd

    return pd.DataFrame(
        {
            "identifier": [
                "account" if kind == "account" else identifier_label(kind, number)
                for kind, number in zip(found["kind"], found["identifier_id"], strict=True)
            ],
            "value": [
                revealed.get(number, value)
                for number, value in zip(found["identifier_id"].tolist(), found["identifier"], strict=True)
            ],
            "account": found["account_id"],
            "cluster": [
                session.address(session.CLUSTER, cluster=cluster, refresh=refresh_id) if cluster else None
                for cluster in found["cluster_id"].where(found["cluster_id"].notna(), None)
            ],
            "membership": found["membership"],
            "flagged": found["flagged"],
            "degree": found["degree"],
            "events": found["events"],
            "first": found["first_seen"],
            "last": found["last_seen"],
        }
    )
