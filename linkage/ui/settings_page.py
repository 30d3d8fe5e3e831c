"""Settings: who may do what, what a refresh goes by, and whether everything that is stored is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from linkage.model.access import LEAST, Role
from linkage.ui import session
from linkage.ui.words import counted, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from linkage.config import AccessSettings


def page() -> None:
    """Draw the page."""
    st.title("Settings")
    settings = session.workspace().settings
    st.markdown(
        "Read from `linkage.toml` of the workspace when the server starts. Change the file, and start it again. Roles "
        "count as soon as they stand there."
    )
    people, checks = st.columns([1, 1], gap="large")
    with people:
        _people(session.workspace().access)
    with checks:
        _checks()
    st.subheader("What a refresh goes by", anchor=False)
    text = st.text_input(
        "Setting contains", key="setting", bind="query-params", icon=":material/search:", placeholder="any text"
    )
    rows = [
        (name, value)
        for name, value in flat(settings.model_dump(mode="json", exclude={"access"}))
        if text.lower() in name
    ]
    if not rows:
        st.info("No setting is called that.", icon=":material/filter_alt_off:")
        st.markdown("**Next:** take the filter away.")
        return
    import pandas as pd

    st.dataframe(
        pd.DataFrame(rows, columns=["setting", "value"]), key="settings", hide_index=True,
        height=min(560, 38 + 35 * len(rows)), alt="Settings and their values",
        column_config={
            "setting": st.column_config.TextColumn("Setting", width="large"),
            "value": st.column_config.TextColumn("Value", width="large"),
        },
    )  # fmt: skip


def _people(access: AccessSettings) -> None:
    workspace, roles = session.workspace(), access.roles
    st.subheader("Who may do what", anchor=False)
    others = "whoever else signs in sees nothing here" if access.sign_in else "everybody else looks on"
    said = (
        "No role is set: in local mode whoever can write to the workspace may do everything. Two people still need "
        "two accounts of this machine."
        if not roles
        else f"{counted(len(roles), 'name has', 'names have')} a role; {others}."
    ) + " Each role may also do what the ones before it may."
    st.markdown(f"You act as **{plain(workspace.actor)}**, {workspace.role}. {said}")
    for role in Role:
        own = ", ".join(sorted(plain(name) for name, given in roles.items() if given is role)) or "nobody by name"
        adds = [str(what) for what, least in LEAST.items() if least is role]
        st.markdown(f"**{role}:** {', '.join(adds) or 'read, values masked'}.  \n:small[{own}]")


def _checks() -> None:
    st.subheader("Is everything whole?", anchor=False)
    st.markdown("Reads every stored byte and the audit chain again; a large workspace takes a while.")
    if not st.button("Check everything", icon=":material/verified:", key="doctor"):
        return
    with st.spinner("Checking…"), session.reading() as workspace:
        checks = workspace.doctor()
    marks = {"ok": ":material/check:", "warn": ":material/warning:", "fail": ":material/error:"}
    for check in checks:
        advice = f" **Next:** {plain(check.advice)}" if check.advice else ""
        st.markdown(f"{marks[check.status]} **{plain(check.name)}**, {check.status}: {plain(check.finding)}.{advice}")


def flat(settings: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Settings by their dotted names."""
    for name, value in settings.items():
        below = f"{path}.{name}" if path else name
        if isinstance(value, dict) and value:
            yield from flat(value, below)
        else:
            yield below, str(value)
