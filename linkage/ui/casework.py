"""Cases on the screen: which there are, what the person in front of it may do, and what became of an act.

Acts run as callbacks of buttons, whose arguments are those of the page that was drawn: so an act names the revision
that its author had before their eyes, and not the one that is there by the time of the click.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

import streamlit as st

from linkage.errors import LinkageError
from linkage.model.access import LEAST
from linkage.ui import session
from linkage.ui.assets import asset
from linkage.ui.words import plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from streamlit.components.v2.types import ComponentRenderer

    from linkage.model.access import Permission
    from linkage.model.case import Case
    from linkage.model.dismissal import Dismissal
    from linkage.workspace import Workspace

_DONE, _REFUSED = "act_done", "act_refused"


def by_cluster() -> dict[str, Case]:
    """Cluster → the case that speaks for it."""
    return session.workspace().case.by_cluster()


def dismissals(refresh_id: str) -> dict[str, Dismissal]:
    """Cluster of a refresh that a verdict of benign is about → that dismissal, and what has changed since."""
    at = datetime.now(UTC)
    cases = session.workspace().case.list()
    said = tuple((case.case_id, case.revision, case.standing(at) is not None) for case in cases)
    return session.dismissals(refresh_id, said) if any(stands for *_, stands in said) else {}


def me() -> str:
    """Who acts."""
    return session.workspace().actor


def may(what: Permission) -> bool:
    """Whether the person in front of the screen may do it."""
    return session.workspace().role.may(what)


def barred(what: Permission) -> bool:
    """Say so where the person may not do it, and who may."""
    if may(what):
        return False
    st.info(
        f"You act as {plain(me())}, {session.workspace().role}. To {what} takes the role {LEAST[what]}.",
        icon=":material/lock:",
    )
    return True


def do(act: Callable[[Workspace], object], said: str | None = None) -> None:
    """Do an act in a callback; :func:`answer` says ``said``, or what the act gave, on the page that follows."""
    try:
        done = act(session.workspace())
    except LinkageError as fault:
        st.session_state[_REFUSED] = fault
    else:
        st.session_state[_DONE] = done if said is None else said


def answer() -> None:
    """Say what became of the act that led to this run, if any did."""
    said, refused = st.session_state.pop(_DONE, None), st.session_state.pop(_REFUSED, None)
    if said is not None:
        st.success(said, icon=":material/check:")
    if refused is not None:
        session.failed(refused)


@cache
def _submit() -> ComponentRenderer:
    return st.components.v2.component("linkage.submit", js=asset("submit.js"))


def ctrl_enter() -> None:
    """Let Ctrl+Enter reach the button that has it as its shortcut, wherever the focus is."""
    _submit()(key="submit")
