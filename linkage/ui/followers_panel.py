"""Who came to what was a confirmed case's own, after people had looked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from linkage.errors import NoSnapshot
from linkage.model.verdict import Verdict
from linkage.ui import session
from linkage.ui.words import counted, day, kind_list, plain

if TYPE_CHECKING:
    import pandas as pd

    from linkage.model.case import Case

#: Rows that the table shows at once, and clusters that are linked.
_MOST, _LINKED = 12, 5


def of_case(case: Case) -> None:
    """Draw the followers of a case at the current refresh; nothing for a case that is not confirmed."""
    if case.decision is None or case.decision.proposal.verdict is not Verdict.CONFIRMED:
        return
    st.subheader("Followers", anchor=False)
    try:
        found = session.workspace().followers(case.case_id)
        refresh_id = session.workspace().snapshot().refresh_id
    except NoSnapshot:
        st.info("Nothing was refreshed yet.", icon=":material/inbox:")
        return
    meaning = (
        "Accounts that came, after people had looked, to addresses, cards or tasks that were this case's own, and that "
        "no verdict is about. A person decides what they are."
    )
    if found.empty:
        st.markdown(f"None at refresh {plain(refresh_id)}.  \n:small[{meaning}]")
        return
    inside = found["cluster_id"].dropna()
    st.markdown(
        f"**{counted(len(found), 'account')}** at refresh {plain(refresh_id)}, {len(inside):,} of them in "
        f"{counted(inside.nunique(), 'cluster')}.  \n:small[{meaning}]"
    )
    st.dataframe(
        rows(found),
        key=f"followers-{case.case_id}-{refresh_id}",
        hide_index=True,
        height=min(38 + 35 * _MOST, 38 + 35 * len(found)),
        placeholder="–",
        alt="Accounts that came to what was the case's own, those on most of it first",
        column_config={
            "account": st.column_config.TextColumn("Account", width=150),
            "cluster": st.column_config.TextColumn("Cluster", width=130),
            "on": st.column_config.NumberColumn("On", width=52, help="Identifiers of the case that it uses"),
            "identifiers": st.column_config.ListColumn("Identifiers", width=260),
            "kinds": st.column_config.TextColumn("Kinds", width=160),
            "rarest": st.column_config.NumberColumn("Rarest", width=64, help="Accounts on the one that fewest use"),
            "first": st.column_config.TextColumn("Since", width=96),
            "last": st.column_config.TextColumn("Last seen", width=96),
        },
    )
    for cluster in inside.value_counts().index[:_LINKED]:
        session.page_link(
            session.CLUSTER,
            f"Cluster {cluster}: rows of followed",
            cluster=cluster,
            tab="rows",
            table="followed",
            refresh=refresh_id,
        )
    if inside.nunique() > _LINKED:
        st.caption(f"{_LINKED} of {counted(inside.nunique(), 'cluster')} are linked; the table names the others.")


def rows(found: pd.DataFrame) -> pd.DataFrame:
    """Followers as the table shows them."""
    import pandas as pd

    return pd.DataFrame(
        {
            "account": found["account_id"],
            "cluster": found["cluster_id"],
            "on": found["identifiers"].map(len),
            "identifiers": found["identifiers"],
            "kinds": found["kinds"].map(kind_list),
            "rarest": found["rarest"],
            "first": found["first_seen"].map(day),
            "last": found["last_seen"].map(day),
        }
    )
