"""The case of a cluster: where it stands, a form that proposes a verdict, and what another person does with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import streamlit as st

from linkage.model.access import Permission
from linkage.model.case import SETTLED, WORKED_ON, Status, same_person
from linkage.model.verdict import REASONS, Verdict
from linkage.ui import bundle_panel, casework, followers_panel, session
from linkage.ui.words import (
    STATUSES,
    VERDICTS,
    code_words,
    counted,
    day,
    identifier_label,
    moment,
    plain,
)

if TYPE_CHECKING:
    from linkage.model.case import Case
    from linkage.model.verdict import Proposal
    from linkage.ui.frames import ClusterFrames
    from linkage.workspace.casebook import Casebook

#: Days after which a verdict ends; None: never.
ENDS: dict[str, int | None] = {"never": None, "in 30 days": 30, "in 90 days": 90, "in a year": 365}
#: How long a dismissal by one click lasts.
DISMISSED_DAYS = 90
#: Identifiers that are offered for the allow-list.
_OFFERED = 200


def panel(cluster: ClusterFrames) -> None:
    """Draw the tab of the cluster's page."""
    case = casework.by_cluster().get(cluster.cluster_id)
    casework.answer()
    if case is None:
        st.markdown("**No case yet.** A proposal opens one.")
    else:
        standing(case, link=True)
    if case is None or case.status in WORKED_ON:
        _propose(cluster, case)
    if case is not None:
        decide(case)
        talk(case)
    else:
        _open(cluster)
    if case is not None and case.latest is not None:
        bundle_panel.of_case(case)
    else:
        bundle_panel.of_cluster(cluster.cluster_id, cluster.refresh_id)
    if case is not None:
        followers_panel.of_case(case)
        history(case)


def badge(case: Case) -> None:
    """Status of a case in a word and a colour."""
    words, colour = STATUSES[case.status]
    st.badge(f"Case {case.status}", color=colour, icon=":material/gavel:", help=f"{words.capitalize()}.")  # type: ignore[arg-type]


def standing(case: Case, *, link: bool = False) -> None:
    """Where a case stands, in sentences."""
    words, _ = STATUSES[case.status]
    name = f"[{case.case_id}]({session.address(session.CASES, case=case.case_id)})" if link else case.case_id
    whose = f"{plain(case.assignee)} has it." if case.assignee else "Nobody has it."
    st.markdown(f"**Case {name} is {case.status}:** {words}. {whose}")
    if case.proposal is not None and case.proposed_by is not None:
        waits = f"Proposed by {plain(case.proposed_by)}, {moment(case.changed_at)}"
        _verdict(case.proposal, "orange", waits)
    if case.decision is not None:
        decision = case.decision
        ended = "" if decision.holds(datetime.now(UTC)) else " It has ended."
        said = (
            f"Proposed by {plain(decision.proposed_by)}, approved by {plain(decision.approved_by)}, "
            f"{moment(decision.approved_at)}.{ended}"
        )
        _verdict(decision.proposal, "green", said)


def _verdict(proposal: Proposal, colour: str, said: str) -> None:
    scope = proposal.scope
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge(VERDICTS[proposal.verdict], color=colour)  # type: ignore[arg-type]
            st.markdown(", ".join(map(code_words, proposal.reasons)), width="content")
        out = f", {counted(len(scope.excluded), 'account')} excluded" if scope.excluded else ""
        st.markdown(
            f"About **{scope.affected:,} of {counted(scope.size, 'member')}** of {plain(scope.cluster_id)} at refresh "
            f"{plain(scope.refresh_id)}{out}; frozen as `{scope.digest[:12]}`. "
            f"Ends: {day(proposal.expires_at) if proposal.expires_at else 'never'}."
        )
        if proposal.allow:
            named = ", ".join(one.cidr or identifier_label(one.kind, one.identifier or 0) for one in proposal.allow)
            st.markdown(f"Goes onto the allow-list with the approval: {plain(named)}.")
        if proposal.note:
            st.markdown(f"“{plain(proposal.note)}”")
        st.markdown(f":small[{said}]")


# --- proposing ------------------------------------------------------------------------------------------------------


def benign_at_once(cluster: ClusterFrames) -> None:
    """A false positive in two clicks: a verdict of benign about all members, for some time."""
    case = casework.by_cluster().get(cluster.cluster_id)
    if not casework.may(Permission.WORK) or (case is not None and case.status not in WORKED_ON):
        return
    with st.popover("Benign…", icon=":material/thumb_up:"):
        st.markdown(
            f"Proposes a verdict of benign about all {counted(len(cluster.members), 'member')}, for {DISMISSED_DAYS} "
            "days. Another person approves it."
        )
        for code in REASONS[Verdict.BENIGN]:
            if code == "other":
                continue
            st.button(
                code_words(code).capitalize(), key=f"benign-{code}-{cluster.cluster_id}", width="stretch",
                on_click=_benign, args=(cluster, case, code),
            )  # fmt: skip


def _benign(cluster: ClusterFrames, case: Case | None, code: str) -> None:
    casework.do(
        lambda workspace: workspace.case.propose(
            case.case_id if case is not None else cluster.cluster_id,
            Verdict.BENIGN,
            [code],
            expires=datetime.now(UTC) + timedelta(days=DISMISSED_DAYS),
            cluster=cluster.cluster_id,
            refresh=cluster.refresh_id,
            revision=case.revision if case is not None else None,
        ),
        f"Proposed: benign, {code_words(code)}. It waits for another person.",
    )


def _propose(cluster: ClusterFrames, case: Case | None) -> None:
    st.subheader("Propose a verdict", anchor=False)
    if casework.barred(Permission.WORK):
        return
    # Before the choices: it takes the browser a moment to load, and until then Enter would undo one.
    casework.ctrl_enter()
    key = _key(cluster, case)
    verdict = st.pills("Verdict", list(VERDICTS), format_func=VERDICTS.__getitem__, key=key("verdict"), width="content")
    if verdict is None:
        st.caption("Choose what it is; the reasons follow.")
        return
    benign = verdict == Verdict.BENIGN
    st.pills(
        "Reasons", REASONS[Verdict(verdict)], selection_mode="multi", format_func=code_words,
        key=key(f"reasons-{verdict}"), width="content",
    )  # fmt: skip
    st.text_area("Note", key=key("note"), height=80, placeholder="What somebody else should know")
    with st.expander("Exclusions, end and allow-list"):
        excluded = st.text_area("Members that it is not about, one account a line", key=key("excluded"), height=80)
        st.selectbox("Ends", list(ENDS), index=2 if benign else 0, key=key(f"ends-{verdict}"), width=200)
        if benign:
            _offer(cluster, key("allowed"))
    size, out = len(cluster.members), len(lines(excluded))
    st.markdown(
        f"About **{size - out:,} of {counted(size, 'member')}** at refresh {plain(cluster.refresh_id)}, {out:,} "
        "excluded. Another person approves exactly these."
    )
    st.button(
        "Propose", type="primary", key=key("propose"), shortcut="Ctrl+Enter", icon=":material/send:",
        on_click=_proposed, args=(cluster, case, verdict),
    )  # fmt: skip


def _key(cluster: ClusterFrames, case: Case | None) -> Callable[[str], str]:
    """Keys of the form: another revision is another form, and what was chosen for the last one is gone with it."""
    revision = case.revision if case is not None else 0
    return lambda name: f"propose-{cluster.cluster_id}-{revision}-{name}"


def lines(text: str | None) -> list[str]:
    """Lines of a field, empty ones left out."""
    return [line.strip() for line in (text or "").splitlines() if line.strip()]


def _offer(cluster: ClusterFrames, key: str) -> None:
    """Choose identifiers of the cluster that are to go onto the allow-list."""
    strongest = cluster.identifiers.head(_OFFERED)
    options = dict(zip(strongest["identifier"].tolist(), strongest["kind"].tolist(), strict=True))
    st.multiselect(
        "Onto the allow-list, once approved", list(options), key=key, placeholder="no identifier",
        format_func=lambda number: identifier_label(options[number], number),
        help=f"Its {len(options):,} strongest identifiers. They stop being evidence with the next refresh.",
    )  # fmt: skip


def _proposed(cluster: ClusterFrames, case: Case | None, verdict: str) -> None:
    key, form = _key(cluster, case), st.session_state
    days = ENDS[form.get(key(f"ends-{verdict}"), "never")]
    kinds = dict(zip(cluster.identifiers["identifier"].tolist(), cluster.identifiers["kind"].tolist(), strict=True))
    casework.do(
        lambda workspace: workspace.case.propose(
            case.case_id if case is not None else cluster.cluster_id,
            verdict,
            form.get(key(f"reasons-{verdict}"), []),
            note=form.get(key("note"), ""),
            exclude=lines(form.get(key("excluded"))),
            expires=datetime.now(UTC) + timedelta(days=days) if days is not None else None,
            allow=[(kinds[number], f"id:{number}") for number in form.get(key("allowed"), [])],
            cluster=cluster.cluster_id,
            refresh=cluster.refresh_id,
            revision=case.revision if case is not None else None,
        ),
        f"Proposed: {VERDICTS[verdict].lower()}. It waits for another person.",
    )


def _open(cluster: ClusterFrames) -> None:
    if casework.may(Permission.WORK):
        st.button(
            "Open a case without a verdict", key=f"open-{cluster.cluster_id}", icon=":material/folder_open:",
            on_click=casework.do,
            args=(
                lambda workspace: workspace.case.open(cluster.cluster_id, refresh=cluster.refresh_id),
                "The case is open.",
            ),
        )  # fmt: skip


# --- deciding -------------------------------------------------------------------------------------------------------


def decide(case: Case) -> None:
    """What comes next: approve or return what waits, close or take up again what is decided."""
    if case.status is Status.PROPOSED:
        _approve(case)
    elif casework.may(Permission.WORK) and case.status is not Status.APPEALED:
        st.subheader("Close" if case.status in WORKED_ON else "Close, or take up again", anchor=False)
        st.text_input("Why", key=_why(case))
        with st.container(horizontal=True):
            if case.status is not Status.CLOSED:
                _button(case, "Close")
            if case.status in SETTLED:
                _button(case, "Reopen")
                if case.decision is not None:
                    _button(case, "Appeal")


def _approve(case: Case) -> None:
    own = case.proposed_by is not None and same_person(case.proposed_by, casework.me())
    st.subheader("Waits for another person", anchor=False)
    if own:
        st.info("You proposed this. Another person approves it, under their own account.", icon=":material/group:")
    elif casework.barred(Permission.APPROVE):
        return
    st.text_input("What you looked at, or what is missing", key=_why(case))
    with st.container(horizontal=True):
        if own:
            _button(case, "Take it back")
        else:
            _button(case, "Approve")
            _button(case, "Return")


def _why(case: Case) -> str:
    return f"why-{case.case_id}-{case.revision}"


@dataclass(frozen=True, slots=True)
class _Deed:
    """What a button does to a case: with the note that was typed, at the revision that was shown."""

    icon: str
    said: str
    do: Callable[[Casebook, Case, str], object]


_DEEDS = {
    "Approve": _Deed(
        "verified", "Approved.", lambda book, case, note: book.approve(case.case_id, note=note, revision=case.revision)
    ),
    "Return": _Deed(
        "reply", "Returned.", lambda book, case, note: book.return_(case.case_id, note, revision=case.revision)
    ),
    "Take it back": _Deed(
        "undo", "Taken back.",
        lambda book, case, note: book.return_(case.case_id, note or "taken back", revision=case.revision),
    ),
    "Close": _Deed(
        "folder", "Closed.", lambda book, case, note: book.close(case.case_id, note=note, revision=case.revision)
    ),
    "Reopen": _Deed(
        "undo", "Taken up again.", lambda book, case, note: book.reopen(case.case_id, note, revision=case.revision)
    ),
    "Appeal": _Deed(
        "front_hand", "Taken up again, as an appeal.",
        lambda book, case, note: book.reopen(case.case_id, note, appeal=True, revision=case.revision),
    ),
}  # fmt: skip


def _button(case: Case, label: str) -> None:
    st.button(
        label, key=f"{label}-{case.case_id}-{case.revision}", icon=f":material/{_DEEDS[label].icon}:",
        type="primary" if label == "Approve" else "secondary", on_click=_act, args=(case, label),
    )  # fmt: skip


def _act(case: Case, label: str) -> None:
    deed, note = _DEEDS[label], st.session_state.get(_why(case), "")
    casework.do(lambda workspace: deed.do(workspace.case, case, note), deed.said)


# --- talking --------------------------------------------------------------------------------------------------------


def talk(case: Case) -> None:
    """Whose the case is, and a note to it."""
    if not casework.may(Permission.WORK):
        return
    with st.form(f"note-{case.case_id}-{case.revision}", border=False):
        st.text_input("Add a note", key=f"words-{case.case_id}-{case.revision}")
        st.form_submit_button(
            "Add", icon=":material/add_comment:", on_click=_noted, args=(case,), key=f"add-{case.case_id}"
        )
    if case.status is not Status.CLOSED:
        mine = case.assignee is not None and same_person(case.assignee, casework.me())
        st.button(
            "Give it back" if mine else "Take it", key=f"take-{case.case_id}-{case.revision}",
            icon=":material/person:", on_click=casework.do,
            args=(
                lambda workspace: workspace.case.assign(
                    case.case_id, None if mine else workspace.actor, revision=case.revision
                ),
                "Nobody has it now." if mine else "It is yours.",
            ),
        )  # fmt: skip


def _noted(case: Case) -> None:
    words = st.session_state.get(f"words-{case.case_id}-{case.revision}", "")
    casework.do(lambda workspace: workspace.case.note(case.case_id, words), "Noted.")


def history(case: Case) -> None:
    """Everything that was done to a case, the last first."""
    import pandas as pd

    st.subheader("What was done", anchor=False)
    rows = pd.DataFrame(
        {
            "revision": [act.revision for act in case.acts],
            "at": [moment(act.at) for act in case.acts],
            "who": [act.actor for act in case.acts],
            "act": [str(act.verb) for act in case.acts],
            "said": [", ".join(map(code_words, act.said)) for act in case.acts],
            "note": [act.note for act in case.acts],
        }
    ).iloc[::-1]
    st.dataframe(
        rows, key=f"acts-{case.case_id}-{case.revision}", hide_index=True, height=min(420, 38 + 35 * len(rows)),
        column_config={
            "revision": st.column_config.NumberColumn("#", width=44),
            "at": st.column_config.TextColumn("When", width=150),
            "who": st.column_config.TextColumn("Who", width=130),
            "act": st.column_config.TextColumn("Act", width=96),
            "said": st.column_config.TextColumn("What", width=220),
            "note": st.column_config.TextColumn("Note", width="large"),
        },
    )  # fmt: skip
