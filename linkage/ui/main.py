"""The script that runs for each session: which pages there are, and what every page shares."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import streamlit as st

from linkage.errors import LinkageError, NoSnapshot
from linkage.ui import cluster_page, queue_page, session
from linkage.ui.assets import asset


def main() -> None:
    """Set the page up and run the page of the URL."""
    # The icon is a file of ours: the framework would fetch one of its own icons from another host.
    st.set_page_config(page_title="linkage", page_icon=asset("icon.svg"), layout="wide")
    st.html(f"<style>{asset('page.css')}</style>")
    queue = st.Page(_guarded(queue_page.page), title="Queue", icon=":material/format_list_numbered:", default=True)
    cluster = st.Page(_guarded(cluster_page.page), title="Cluster", icon=":material/hub:", url_path=session.CLUSTER)
    session.remember_pages(queue=queue, cluster=cluster)
    chosen = st.navigation([queue, cluster], position="top")
    st.caption(
        ":material/lock_open: **Local mode, no sign-in.** Whoever can open a browser on this machine sees everything "
        "here. The server answers this machine only."
    )
    chosen.run()


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
