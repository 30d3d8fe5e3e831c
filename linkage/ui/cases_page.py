"""Cases: all of them, and one with everything that was done to it and what comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from linkage.ui import bulk_panel, bundle_panel, case_panel, casework, followers_panel, session
from linkage.ui.words import STATUSES, VERDICTS, code_words, counted, day, moment, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from linkage.model.case import Case

_ARROW = " →"


def page() -> None:
    """Draw the list, or the case that the URL names."""
    asked = st.query_params.get("case")
    if asked:
        _one(asked)
        return
    st.title("Cases")
    casework.answer()
    named = st.query_params.get("bulk")
    cases = session.workspace().bulk.of([named]).cases if named else session.workspace().case.list()
    if not cases:
        st.info("There is no case yet.", icon=":material/gavel:")
        st.markdown("**Next:** open a cluster, and propose a verdict on its case tab.")
        session.page_link("queue", "Open the queue")
        return
    waiting = sum(case.proposal is not None for case in cases)
    said = f"**{counted(len(cases), 'case')}**, {waiting:,} of them waiting for another person."
    st.markdown(f"{said} These were acted on together, as {plain(named)}." if named else said)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        status = st.pills(
            "Status", list(STATUSES), selection_mode="multi", key="status", bind="query-params", width="content"
        )
        several = st.container(width="content")
    chosen = [case for case in cases if not status or case.status in status]
    if not chosen:
        st.info("No case stands there.", icon=":material/filter_alt_off:")
        st.markdown("**Next:** take the filter away.")
        return
    rows_chosen = _table(chosen, every=bool(named))
    with several:
        bulk_panel.of_cases([chosen[at] for at in rows_chosen])
    if named:
        session.page_link(session.CASES, "All cases")


def _one(case_id: str) -> None:
    case = session.workspace().case.show(case_id)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(f"Case {plain(case.case_id)}", width="content", anchor=False)
        case_panel.badge(case)
    casework.answer()
    st.markdown(f"Opened by {plain(case.opened_by)}, {moment(case.opened_at)}.")
    left, right = st.columns([1.4, 1], gap="large")
    with left:
        case_panel.standing(case)
        for cluster in case.clusters:
            session.page_link(session.CLUSTER, f"Cluster {cluster}", cluster=cluster, tab="case")
        if case.proposal is not None:
            scope = case.proposal.scope
            session.page_link(
                session.CLUSTER, "The members as they were frozen", cluster=scope.cluster_id, refresh=scope.refresh_id,
                tab="members",
            )  # fmt: skip
    with right:
        case_panel.decide(case)
        case_panel.talk(case)
        bundle_panel.of_case(case)
    followers_panel.of_case(case)
    case_panel.history(case)
    session.page_link(session.CASES, "All cases")


def _table(cases: Sequence[Case], *, every: bool) -> list[int]:
    """Draw the list; positions of the rows that are chosen, which are all of them at first where ``every`` says so."""
    clicked = "open-case"
    shown = st.column_config
    # Another revision of a case is another table: what was chosen was chosen as it stood.
    key = session.rows_key("cases", [f"{case.case_id}@{case.revision}" for case in cases])
    state = st.dataframe(
        rows(cases), key=key, on_select="rerun", selection_mode="multi-row",
        selection_default={"selection": {"rows": list(range(len(cases))) if every else []}},
        hide_index=True, height=min(640, 38 + 35 * len(cases)), placeholder="–",
        alt="Cases, the one changed last first",
        column_config={
            "case": shown.ButtonColumn("Case", type="tertiary", key=clicked, width=150, alignment="left"),
            "status": shown.TextColumn("Status", width=96),
            "clusters": shown.TextColumn("Clusters", width=150),
            "verdict": shown.TextColumn("Verdict", width=110),
            "reasons": shown.TextColumn("Reasons", width=220),
            "members": shown.NumberColumn("Members", format="localized", width=76, help="Without the excluded"),
            "by": shown.TextColumn("Proposed by", width=110),
            "approved": shown.TextColumn("Approved by", width=110),
            "assignee": shown.TextColumn("Has it", width=110),
            "changed": shown.TextColumn("Changed", width=150),
            "ends": shown.TextColumn("Ends", width=96),
        },
    )  # fmt: skip
    click = st.session_state.get(clicked)
    if click is not None:
        session.visit(session.address(session.CASES, case=str(click["label"]).removesuffix(_ARROW)))
    return list(state["selection"]["rows"])


def rows(cases: Sequence[Case]) -> pd.DataFrame:
    """Cases as the table shows them: what waits, else what was decided."""
    import pandas as pd

    listed = []
    for case in cases:
        decision = case.decision
        proposal = case.latest
        decided = decision if case.proposal is None else None
        listed.append(
            {
                "case": case.case_id + _ARROW,
                "status": str(case.status),
                "clusters": ", ".join(case.clusters),
                "verdict": VERDICTS[proposal.verdict] if proposal is not None else None,
                "reasons": ", ".join(map(code_words, proposal.reasons)) if proposal is not None else None,
                "members": proposal.scope.affected if proposal is not None else None,
                "by": decided.proposed_by if decided is not None else case.proposed_by,
                "approved": decided.approved_by if decided is not None else None,
                "assignee": case.assignee,
                "changed": moment(case.changed_at),
                "ends": day(proposal.expires_at) if proposal is not None and proposal.expires_at else None,
            }
        )
    return pd.DataFrame(listed)
