"""How two accounts hang together: the shortest chains of shared identifiers. The URL names the accounts by number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from linkage.errors import UsageError
from linkage.ui import casework, session
from linkage.ui.words import counted, decimal, identifier_label, plain

if TYPE_CHECKING:
    from linkage.model.graph import Path, Paths

_FROM, _TO = "path-from", "path-to"


def page() -> None:
    """Draw the page.

    Raises:
        NoSnapshot: nothing was refreshed yet, or the refresh of the URL is not kept.
    """
    st.title("Path")
    refresh_id = session.shown()
    session.freshness(refresh_id)
    with st.form("path", border=False):
        first, second = st.columns(2)
        first.text_input("From the account", key=_FROM)
        second.text_input("To the account", key=_TO)
        st.form_submit_button("Find chains", type="primary", icon=":material/route:", on_click=_ask, args=(refresh_id,))
    casework.answer()
    numbers = [st.query_params.get(name, "") for name in ("a", "b")]
    if not all(number.isdecimal() and len(number) < 19 for number in numbers):
        st.caption("Chains go over at most three identifiers, the most trusted first.")
        return
    with session.reading() as workspace:
        names = workspace.names([int(number) for number in numbers])
        a, b = (names[int(number)] for number in numbers)
        found = workspace.paths(a, b, refresh=refresh_id)
    st.markdown(f"From **{plain(a)}** to **{plain(b)}**: {plain(str(found))} Refresh {plain(refresh_id)}.")
    if not found.paths:
        st.info("Nothing that is followed ties them.", icon=":material/link_off:")
        st.markdown("**Next:** an identifier with very many accounts is no tie, and is not followed. Look each one up.")
    for number, path in enumerate(found.paths, start=1):
        _chain(number, path, found, refresh_id)
    _table(found)
    link = session.address("path", a=numbers[0], b=numbers[1], refresh=refresh_id)
    st.markdown(f"[Link to this view]({link}): the same chains at the same refresh, for whoever opens it.")


def _ask(refresh_id: str) -> None:
    names = [str(st.session_state.get(key, "")).strip() for key in (_FROM, _TO)]

    def ask(_workspace: object) -> None:
        numbers = []
        with session.reading() as workspace:
            for name in names:
                found = workspace.find([name], refresh=refresh_id).rows if name else ()
                accounts = [row["identifier_id"] for row in found if row["kind"] == "account"]
                if not accounts:
                    raise UsageError(
                        "there is no such account in the window of this refresh",
                        hint="Look up an identifier of it: the table names the accounts.",
                    )
                numbers.append(str(accounts[0]))
        st.query_params["a"], st.query_params["b"] = numbers
        st.query_params["refresh"] = refresh_id

    casework.do(ask, "Looked for chains.")


def _chain(number: int, path: Path, found: Paths, refresh_id: str) -> None:
    parts = []
    for at, account in enumerate(path.accounts):
        label = plain(found.labels.get(account.node, account.node))
        if account.cluster_id is not None:
            link = session.address(session.CLUSTER, cluster=account.cluster_id, refresh=refresh_id)
            label = f"{label} ([{plain(account.cluster_id)}]({link}))"
        parts.append(f"**{label}**")
        if at < len(path.identifiers):
            tie = path.identifiers[at]
            named = plain(identifier_label(tie.kind, tie.identifier))
            parts.append(f"— {named}, on {counted(tie.degree, 'account')}, trust {decimal(tie.trust)} —")
    st.markdown(f"{number}\\. {' '.join(parts)}")


def _table(found: Paths) -> None:
    import pandas as pd

    rows = pd.DataFrame(list(found.rows()), columns=list(found.columns))
    if rows.empty:
        return
    st.subheader("The same as a table", anchor=False)
    st.dataframe(
        rows.drop(columns="refresh_id"), key=f"path-{found.refresh_id}", hide_index=True, placeholder="–",
        height=min(420, 38 + 35 * len(rows)), alt="Steps of the chains",
        column_config={
            "path": st.column_config.NumberColumn("Chain", width=64),
            "step": st.column_config.NumberColumn("Step", width=64),
            "account_id": st.column_config.TextColumn("Account"),
            "cluster_id": st.column_config.TextColumn("Cluster"),
            "kind": st.column_config.TextColumn("Kind"),
            "identifier": st.column_config.TextColumn("Identifier"),
            "identifier_id": st.column_config.NumberColumn("Number", format="%d"),
            "degree": st.column_config.NumberColumn("Accounts on it", format="localized"),
            "trust": st.column_config.NumberColumn("Trust", format="%.2f"),
            "bits": st.column_config.NumberColumn("Bits", format="%.1f"),
            "next_account_id": st.column_config.TextColumn("Shared with"),
        },
    )  # fmt: skip
