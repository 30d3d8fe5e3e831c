"""The script that runs for each session: which pages there are, and what every page shares."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING

import streamlit as st

from linkage.errors import LinkageError, NoSnapshot
from linkage.ui import (
    allow_page,
    audit_page,
    cases_page,
    cluster_page,
    compare_page,
    lookup_page,
    path_page,
    queue_page,
    runs_page,
    session,
    settings_page,
    sign_in,
    watch_page,
)
from linkage.ui.assets import asset
from linkage.ui.words import plain

if TYPE_CHECKING:
    from streamlit.navigation.page import Page as StreamlitPage


def main() -> None:
    """Set the page up and run the page of the URL."""
    # The icon is a file of ours: the framework would fetch one of its own icons from another host.
    st.set_page_config(page_title="linkage", page_icon=asset("icon.svg"), layout="wide")
    # What opens over the page stands outside the element that has the colour scheme of the theme.
    scheme = f":root {{ color-scheme: {st.context.theme.type or 'light dark'}; }}"
    st.html(f"<style>{scheme}\n{asset('page.css')}</style>")
    try:
        if not sign_in.asked(session.opened()):
            return
    except LinkageError as fault:
        # Settings that cannot be read do not say who may see anything.
        session.failed(fault)
        return
    pages = {
        section: {name: _page(name, *parts) for name, parts in entries.items()} for section, entries in PAGES.items()
    }
    session.remember_pages(**{name: page for section in pages.values() for name, page in section.items()})
    chosen = st.navigation({section: list(entries.values()) for section, entries in pages.items()}, position="top")
    session.links_in_one_step()
    _who()
    chosen.run()


#: Section of the menu → its pages: name in the URL, function, title and icon.
PAGES: dict[str, dict[str, tuple[Callable[[], None], str, str]]] = {
    "": {
        "queue": (queue_page.page, "Queue", "format_list_numbered"),
        session.CLUSTER: (cluster_page.page, "Cluster", "hub"),
        session.CASES: (cases_page.page, "Cases", "gavel"),
    },
    "Search": {
        "lookup": (lookup_page.page, "Lookup", "search"),
        "path": (path_page.page, "Path", "route"),
        "compare": (compare_page.page, "Compare", "difference"),
    },
    "Records": {
        "allow-list": (allow_page.page, "Allow-list", "playlist_add_check"),
        "watch-lists": (watch_page.page, "Watch lists", "visibility"),
        "runs": (runs_page.page, "Runs", "history"),
        "audit": (audit_page.page, "Audit", "receipt_long"),
        "settings": (settings_page.page, "Settings", "settings"),
    },
}


def _page(name: str, page: Callable[[], None], title: str, icon: str) -> StreamlitPage:
    first = name == "queue"
    return st.Page(
        _guarded(page), title=title, icon=f":material/{icon}:", url_path=None if first else name, default=first
    )


def _who() -> None:
    """Who acts, and whether anybody made sure of it."""
    workspace = session.workspace()
    if workspace.settings.access.sign_in:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f":material/lock: Signed in as **{plain(workspace.actor)}**, {workspace.role}.", width="content")
            st.button("Sign out", type="tertiary", icon=":material/logout:", on_click=sign_in.leave)
            sign_in.back_to_where_one_came_from()
            _still()
        return
    st.caption(
        ":material/lock_open: **Local mode, no sign-in.** Whoever can open a browser on this machine sees everything "
        f"here, and acts as {plain(workspace.actor)}, {workspace.role}. The server answers this machine only."
    )


@st.fragment(run_every=session.LOOK_EVERY)
def _still() -> None:
    """Draw the whole page again, which then says so and nothing else, once a role was taken away."""
    try:
        session.workspace()
    except LinkageError:
        st.rerun(scope="app")


def _guarded(page: Callable[[], None]) -> Callable[[], None]:
    """``page``, with every fault of ours shown as a sentence and a next step."""

    @wraps(page)
    def run() -> None:
        try:
            page()
        except NoSnapshot as fault:
            session.nothing_yet(fault)
        except LinkageError as fault:
            session.failed(fault)

    return run


if __name__ == "__main__":
    main()
