"""Acts on several clusters or cases at once, from a table whose rows are chosen: counts first, then one act for all."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import streamlit as st

from linkage.errors import LinkageError
from linkage.model.access import Permission
from linkage.model.bulk import MOST, Bulk
from linkage.model.case import WORKED_ON, Case, Status, Verb, same_person
from linkage.model.verdict import REASONS, Verdict
from linkage.ui import casework, session
from linkage.ui.case_panel import DISMISSED_DAYS, ENDS, lines
from linkage.ui.words import VERDICTS, code_words, counted, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from linkage.workspace import Workspace
    from linkage.workspace.bulk import BulkActs


#: What to do where nothing is chosen yet.
_FIRST = "Choose rows of the table first"


# --- clusters -------------------------------------------------------------------------------------------------------


def of_clusters(refresh_id: str, clusters: pd.DataFrame) -> None:
    """Propose one verdict about each of ``clusters``, the chosen rows of the queue; disabled where none is chosen."""
    if not casework.may(Permission.WORK):
        return
    cases = casework.by_cluster()
    able = [name for name in clusters["cluster_id"] if name not in cases or cases[name].status in WORKED_ON]
    own = {name: cases[name].case_id for name in able if name in cases and name in cases[name].clusters}
    of = Counter(own.values())
    free = [name for name in able if name not in own or of[own[name]] == 1]
    label = f"Verdict on {counted(len(free), 'cluster')}…" if free else "Verdict on several…"
    with st.popover(
        label, icon=":material/checklist:", disabled=clusters.empty, help=_FIRST if clusters.empty else None
    ):
        taken, shared = len(clusters) - len(able), len(able) - len(free)
        if taken:
            st.markdown(
                f"{counted(taken, 'chosen cluster has', 'chosen clusters have')} a case that waits or is decided, and "
                "stays out."
            )
        if shared:
            st.markdown(
                f"{counted(shared, 'chosen cluster')} share a case with another one and stay out: propose about one at "
                "a time, on its page."
            )
        if free:
            _form(refresh_id, free, {name: cases[name] for name in free if name in cases})


def _form(refresh_id: str, clusters: list[str], cases: dict[str, Case]) -> None:
    key = session.rows_key(f"bulk-{refresh_id}", clusters)
    verdict = st.pills("Verdict", list(VERDICTS), format_func=VERDICTS.__getitem__, key=f"{key}-verdict")
    if verdict is None:
        st.caption("Choose what all of them are; the reasons follow.")
        return
    form = f"{key}-{verdict}"
    st.pills(
        "Reasons", REASONS[Verdict(verdict)], selection_mode="multi", format_func=code_words, key=f"{form}-reasons"
    )
    st.text_area("Note", key=f"{key}-note", height=80, placeholder="What somebody else should know")
    out = st.text_area("Members that it is not about, one account a line", key=f"{key}-out", height=80)
    ends = list(ENDS)
    benign = ends.index(f"in {DISMISSED_DAYS} days")
    st.selectbox("Ends", ends, index=benign if verdict == Verdict.BENIGN else 0, key=f"{form}-ends")
    try:
        scopes = session.workspace().bulk.scopes(clusters, lines(out), refresh_id)
    except LinkageError as fault:
        session.failed(fault)
        return
    affected, size = sum(scope.affected for scope in scopes), sum(scope.size for scope in scopes)
    st.markdown(
        f"About **{affected:,} of {counted(size, 'member')}** of {counted(len(scopes), 'cluster')} at refresh "
        f"{plain(refresh_id)}, {size - affected:,} excluded. Another person approves exactly these, all or none."
    )
    if len(scopes) > MOST:
        st.warning(f"At most {MOST:,} at once: choose fewer.", icon=":material/warning:")
    st.button(
        f"Propose for {counted(len(scopes), 'cluster')}", type="primary", key=f"{form}-propose", shortcut="Ctrl+Enter",
        icon=":material/send:", on_click=_proposed, args=(refresh_id, clusters, cases, key, verdict),
    )  # fmt: skip


def _proposed(refresh_id: str, clusters: list[str], cases: dict[str, Case], key: str, verdict: str) -> None:
    form = st.session_state
    days = ENDS[form.get(f"{key}-{verdict}-ends", "never")]

    def propose(workspace: Workspace) -> Bulk:
        return workspace.bulk.propose(
            clusters,
            verdict,
            form.get(f"{key}-{verdict}-reasons", []),
            note=form.get(f"{key}-note", ""),
            exclude=lines(form.get(f"{key}-out")),
            expires=datetime.now(UTC) + timedelta(days=days) if days is not None else None,
            refresh=refresh_id,
            revisions={case.case_id: case.revision for case in cases.values()},
        )

    _do(propose, f"Proposed: {VERDICTS[verdict].lower()}, {{}}. They wait for another person.")


# --- cases ----------------------------------------------------------------------------------------------------------


def of_cases(cases: Sequence[Case]) -> None:
    """Do the same to each of ``cases``, the chosen rows of the list; disabled where none is chosen."""
    if not casework.may(Permission.WORK):
        return
    label = f"Act on {counted(len(cases), 'case')}…" if cases else "Act on several…"
    with st.popover(label, icon=":material/checklist:", disabled=not cases, help=None if cases else _FIRST):
        bulk = Bulk(tuple(cases))
        verdicts = ", ".join(f"{number:,} {VERDICTS[name].lower()}" for name, number in bulk.verdicts.items())
        st.markdown(
            f"**{counted(len(cases), 'case')}**{f': {verdicts}' if verdicts else ', none with a verdict'}. Their "
            f"verdicts are about {bulk.affected:,} of {counted(bulk.members, 'member')}, {bulk.excluded:,} excluded."
        )
        key = session.rows_key("bulk", [f"{case.case_id}@{case.revision}" for case in cases])
        st.text_input("What you looked at, what is missing, or why", key=f"{key}-note")
        for label, (icon, may) in _OFFERED.items():
            able = [case for case in cases if may(case)]
            if able:
                st.button(
                    f"{label} {counted(len(able), 'case')}", key=f"{key}-{label}", icon=f":material/{icon}:",
                    type="primary" if label == "Approve" else "secondary", width="stretch",
                    on_click=_acted, args=(label, tuple(able), f"{key}-note"),
                )  # fmt: skip
        own = sum(_own(case) for case in cases)
        if own:
            st.caption(f"{counted(own, 'case')} of these you proposed: another person approves them.")


def _own(case: Case) -> bool:
    return case.proposed_by is not None and same_person(case.proposed_by, casework.me())


def _others(case: Case) -> bool:
    return case.status is Status.PROPOSED and not _own(case) and casework.may(Permission.APPROVE)


#: What may be done → its icon, and which cases it may be done to by the person in front of the screen.
_OFFERED: dict[str, tuple[str, Callable[[Case], bool]]] = {
    "Approve": ("verified", _others),
    "Return": ("reply", _others),
    "Take back": ("undo", _own),
    "Take": ("person", lambda case: case.allows(Verb.ASSIGN)),
    "Reopen": ("undo", lambda case: case.allows(Verb.REOPEN)),
    "Close": ("folder", lambda case: case.allows(Verb.CLOSE)),
}

_ACTS: dict[str, tuple[str, Callable[[BulkActs, Bulk, str], Bulk]]] = {
    "Approve": ("Approved", lambda acts, bulk, note: acts.approve(bulk, note=note)),
    "Return": ("Returned", lambda acts, bulk, note: acts.return_(bulk, note)),
    "Take back": ("Taken back", lambda acts, bulk, note: acts.return_(bulk, note or "taken back")),
    "Take": ("Yours now", lambda acts, bulk, _note: acts.assign(bulk, casework.me())),
    "Reopen": ("Taken up again", lambda acts, bulk, note: acts.reopen(bulk, note)),
    "Close": ("Closed", lambda acts, bulk, note: acts.close(bulk, note=note)),
}


def _acted(label: str, cases: tuple[Case, ...], note: str) -> None:
    said, act = _ACTS[label]
    words = st.session_state.get(note, "")
    _do(lambda workspace: act(workspace.bulk, Bulk(cases), words), f"{said}: {{}}.")


def _do(act: Callable[[Workspace], Bulk], said: str) -> None:
    """Do a bulk act in a callback; the answer leads to all that it was done to, from where it can be undone."""

    def done(workspace: Workspace) -> str:
        bulk = act(workspace)
        link = session.address(session.CASES, bulk=bulk.bulk_id)
        counts = f"{counted(len(bulk.cases), 'case')} about {counted(bulk.affected, 'account')}"
        return said.format(f"[{counts}]({link})")

    casework.do(done)
