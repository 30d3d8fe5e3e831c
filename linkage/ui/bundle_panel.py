"""The evidence bundle of a case or cluster: a form that makes it, and the zip to take along. Both are in the audit."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from linkage.errors import LinkageError
from linkage.model.access import Permission
from linkage.ui import casework, session
from linkage.ui.words import counted, plain

if TYPE_CHECKING:
    from pathlib import Path

    from linkage.model.case import Case
    from linkage.model.progress import Progress
    from linkage.model.reports import ExportReport

#: Profile → what leaves the house.
_PROFILES = {
    "internal": "Everything as it is, down to single exchanges: for your own counsel and your own archive.",
    "partner": "Pseudonyms for accounts and identifiers, times to the hour: for another lab or a provider.",
    "public": "Figures alone, none below 10: for everybody.",
}


def of_case(case: Case) -> None:
    """Draw the form for the members whom the verdict of ``case`` is about; nothing where it has none.

    Whoever approved the case signs here what somebody else made.
    """
    if case.latest is not None:
        _panel(case.case_id, case.revision, None, case)


def of_cluster(cluster: str, refresh: str) -> None:
    """Draw the form for a cluster that nobody has proposed a verdict about."""
    _panel(cluster, 0, refresh)


def _panel(subject: str, revision: int, refresh: str | None, case: Case | None = None) -> None:
    st.subheader("Evidence bundle", anchor=False)
    if casework.barred(Permission.EXPORT):
        return
    try:
        bundles = session.workspace().bundles
        able = bundles.has_key
        waiting = bundles.unsigned(case) if case is not None and casework.may(Permission.APPROVE) else ()
    except LinkageError as fault:
        session.failed(fault)
        return
    if not able:
        _no_key()
        return
    for path in waiting:
        _sign(path)
    profile = st.segmented_control(
        "Profile", list(_PROFILES), default="internal", required=True, key=f"profile-{subject}-{revision}"
    )
    st.caption(_PROFILES[profile])
    recipient = ""
    if profile == "partner":
        recipient = st.text_input(
            "Recipient", key=f"recipient-{subject}-{revision}", help="Pseudonyms are made for them alone."
        ).strip()
    made = f"bundle-{subject}-{revision}-{refresh}-{profile}-{recipient}"
    if st.button(
        "Make the bundle", key=f"make-{subject}-{revision}", icon=":material/inventory_2:",
        disabled=profile == "partner" and not recipient,
    ):  # fmt: skip
        _make(made, subject, profile, recipient, refresh)
    if made in st.session_state:
        _take(st.session_state[made])
    if profile == "internal":
        st.download_button(
            "Download the action list",
            # Called without a page around it: nobody is in front of the screen there, so the workspace is asked now.
            partial(bundles.actions_csv, subject, refresh=refresh), f"actions-{subject}.csv", "text/csv",
            key=f"actions-{subject}-{revision}", icon=":material/checklist:", on_click="ignore",
            help="Accounts to suspend, as CSV: none unless the cluster is flagged, or two people decided against them. "
            "That you took it is written into the audit.",
        )  # fmt: skip


def _sign(path: Path) -> None:
    st.info(
        f"{plain(path.stem)} waits for your signature, because you approved the case. It is verified before. Look at "
        "it first: it lies in the folder bundles of the workspace.",
        icon=":material/signature:",
    )
    st.button(
        "Sign it", key=f"sign-{path.parent.name}-{path.name}", icon=":material/signature:", on_click=casework.do,
        args=(lambda workspace: workspace.bundles.sign(path), f"Signed: {plain(path.stem)}."),
    )  # fmt: skip


def _no_key() -> None:
    st.info("Bundles are signed, and you have no key to sign with yet.", icon=":material/key:")
    st.markdown("**Next:** make one, here or with `linkage key new`.")
    st.button(
        "Make my key", key="new-key", icon=":material/key:", on_click=casework.do,
        args=(
            lambda workspace: workspace.bundles.new_key(),
            "Your key is made. Those who are to trust it need its line of keys/allowed_signers in the workspace.",
        ),
    )  # fmt: skip


def _make(made: str, subject: str, profile: str, recipient: str, refresh: str | None) -> None:
    bar = st.progress(0.0, "Making the bundle…")

    def show(step: Progress) -> None:
        bar.progress(step.done / step.total if step.total else 0.0, f"{step.stage.capitalize()}…")

    try:
        st.session_state[made] = session.workspace().bundles.export(
            subject, profile=profile, recipient=recipient, refresh=refresh, zipped=True, progress=show
        )
    except LinkageError as fault:
        session.failed(fault)
    finally:
        bar.empty()


def _take(report: ExportReport) -> None:
    st.success(
        f"{plain(report.name)}: {counted(report.files, 'file')}, signed with {plain(report.fingerprint)}. "
        "It lies in the folder bundles of the workspace.",
        icon=":material/check:",
    )
    workspace = session.workspace()
    for name in workspace.bundles.waits(report.path) if report.waits and report.path.exists() else ():
        st.info(
            f"{plain(name)} approved the case and has to sign too, on this page: until then nobody can verify the "
            "bundle.",
            icon=":material/signature:",
        )
        if not workspace.settings.access.sign_in:
            st.code(f"linkage bundle sign {report.path}", language=None)
    st.download_button(
        "Download the zip", partial(workspace.bundles.taken, report), report.path.name, "application/zip",
        key=f"download-{report.name}", icon=":material/download:", on_click="ignore",
        help="That you took it is written into the audit.",
    )  # fmt: skip
