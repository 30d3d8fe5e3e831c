"""What a session of the screen is looking at: the workspace, the refresh it shows, and the cluster of its URL.

A refresh may arrive while a page is open. The session keeps the refresh that it showed first, so that nothing moves
under the reader's hand, and says that there is a newer one.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import streamlit as st

from linkage.errors import LinkageError, NoSnapshot, UnknownRefresh
from linkage.model.verdict import digest_of
from linkage.ui import frames, sign_in
from linkage.ui.assets import asset
from linkage.ui.frames import ClusterFrames
from linkage.ui.words import moment, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date
    from pathlib import Path

    import pandas as pd
    from streamlit.components.v2.types import ComponentRenderer
    from streamlit.navigation.page import Page

    from linkage.model.cluster_graph import ClusterGraph
    from linkage.model.dismissal import Dismissal
    from linkage.model.run import RunRecord
    from linkage.workspace import Workspace

#: Path of the page of one cluster.
CLUSTER = "cluster"
#: Path of the page of cases.
CASES = "cases"
_PINNED = "refresh_shown"
_PAGES = "pages"
#: Seconds between two looks for a newer refresh.
LOOK_EVERY = 10
_READING = threading.RLock()


def workspace_path() -> str:
    """Folder of the workspace: LINKAGE_WORKSPACE, else ./workspace."""
    return os.environ.get("LINKAGE_WORKSPACE") or "workspace"


@st.cache_resource(show_spinner=False)
def _open(path: str) -> Workspace:
    from linkage.workspace import Workspace

    return Workspace(path)


@st.cache_resource(show_spinner=False, max_entries=256)
def _open_as(path: str, person: str) -> Workspace:
    return _open(path).acting_as(person)


def opened() -> Workspace:
    """The workspace that this server shows, whoever is there: for who asks whether somebody has signed in."""
    return _open(workspace_path())


def workspace() -> Workspace:
    """The workspace as the person in front of the screen may use it; what it keeps open is one for all sessions.

    Raises:
        NotAllowed: sign-in is on, and nobody with a role has signed in.
    """
    shared = opened()
    access = shared.access
    return _open_as(workspace_path(), sign_in.person(access)) if access.sign_in else shared


def newest() -> str:
    """Id of the snapshot that is served now.

    Raises:
        NoSnapshot: nothing was refreshed yet.
    """
    with _READING:
        return workspace().snapshot().refresh_id


def shown() -> str:
    """Id of the refresh that this session shows: the URL's, else the one it showed before, else the newest.

    Raises:
        NoSnapshot: nothing was refreshed yet, or the refresh of the URL is not kept.
    """
    asked = st.query_params.get("refresh")
    pinned = asked or st.session_state.get(_PINNED)
    if pinned is not None:
        try:
            with _READING:
                found = workspace().snapshot(pinned).refresh_id
        except NoSnapshot:
            if asked:
                raise
        else:
            st.session_state[_PINNED] = found
            return found
    st.session_state[_PINNED] = newest()
    return str(st.session_state[_PINNED])


def kept() -> tuple[RunRecord, ...]:
    """Records of the refreshes that are kept, newest first."""
    with _READING:
        return workspace().runs()


@contextmanager
def reading() -> Iterator[Workspace]:
    """The workspace, for questions that no other session asks at the same time."""
    with _READING:
        yield workspace()


def run_of(refresh_id: str) -> RunRecord:
    """Record of a refresh."""
    with _READING:
        return workspace().snapshot(refresh_id).run


def go_to_newest() -> None:
    """Show the newest refresh from the next run on; a URL that names a refresh names that one."""
    st.session_state[_PINNED] = newest()
    if "refresh" in st.query_params:
        st.query_params["refresh"] = st.session_state[_PINNED]


def remember_pages(**pages: Page) -> None:
    """Keep the pages of this run under their names, so that one page can open another."""
    st.session_state[_PAGES] = pages


@cache
def _visit() -> ComponentRenderer:
    return st.components.v2.component("linkage.visit", js=asset("visit.js"))


def visit(to: str) -> None:
    """Send the browser to the relative URL ``to`` of this application.

    ``st.switch_page`` would leave two entries in the browser's history, the first of them without the filters of the
    page that is left.
    """
    _visit()(key="visit", data={"to": to})


@cache
def _links() -> ComponentRenderer:
    return st.components.v2.component("linkage.links", js=asset("links.js"))


def links_in_one_step() -> None:
    """Let the links of the menu and of pages leave one entry in the browser's history, as :func:`visit` does."""
    _links()(key="links")


def page_link(name: str, label: str, **parameters: str) -> None:
    """A link to the page of that name, with these parameters in its URL."""
    st.page_link(st.session_state[_PAGES][name], label=label, query_params=parameters)


def rows_key(name: str, ids: Iterable[str]) -> str:
    """Key of a table whose rows are chosen by position: other rows are another table, so a position names an id."""
    return f"{name}-{digest_of(list(ids))[:12]}"


def address(page: str, **parameters: str | None) -> str:
    """Relative URL that reproduces a view. Its parameters are opaque ids and names of views."""
    kept = {name: value for name, value in parameters.items() if value}
    return f"{page}?{urlencode(kept)}" if kept else page


# --- frames, read once a refresh ------------------------------------------------------------------------------------


#: What is read of a snapshot is kept under the workspace, the refresh and the cluster: nothing of it ever changes but
#: the names beside it, when an account is purged.
remembered = partial(
    st.cache_resource,
    show_spinner=False,
    max_entries=8,
    hash_funcs={
        ClusterFrames: lambda cluster: cluster.key,
        "linkage.workspace.facade.Workspace": lambda own: (str(own.path), own.names_version),
    },
)


@remembered
def _dismissals(
    workspace: Workspace, refresh_id: str, cases: tuple[tuple[str, int, bool], ...]
) -> dict[str, Dismissal]:
    # A verdict that ends, and a case that is opened or taken up, make other ``cases``, which are the key.
    del cases
    with _READING:
        return workspace.case.dismissals(refresh_id)


def dismissals(refresh_id: str, cases: tuple[tuple[str, int, bool], ...]) -> dict[str, Dismissal]:
    """Dismissed clusters of a refresh, by all cases: id, revision, and whether its verdict stands. Do not change."""
    found: dict[str, Dismissal] = _dismissals(workspace(), refresh_id, cases)
    return found


@remembered
def _clusters(workspace: Workspace, refresh_id: str) -> pd.DataFrame:
    with _READING:
        return frames.clusters(workspace, refresh_id)


@remembered
def _cluster(workspace: Workspace, refresh_id: str, cluster_id: str) -> ClusterFrames:
    with _READING:
        return frames.cluster_frames(workspace, refresh_id, cluster_id)


def clusters(refresh_id: str) -> pd.DataFrame:
    """Clusters of the refresh. Shared: do not change."""
    frame: pd.DataFrame = _clusters(workspace(), refresh_id)
    return frame


def recorded(refresh_id: str) -> dict[str, bool]:
    """Whether tokens and cost were recorded at all: a source without them is no source of free exchanges."""
    rows = clusters(refresh_id)
    return {name: bool(rows[name].any()) for name in ("tokens", "cost_usd_micros")}


def cluster(refresh_id: str, cluster_id: str) -> ClusterFrames:
    """Frames of a cluster. Shared: do not change.

    Raises:
        UnknownCluster: there is none of this id at the refresh.
    """
    found: ClusterFrames = _cluster(workspace(), refresh_id, cluster_id)
    return found


@remembered
def _links_of(cluster: ClusterFrames, _path: Path) -> pd.DataFrame:
    return frames.links(_path, cluster)


def _sightings(cluster: ClusterFrames) -> Path:
    with _READING:
        return workspace().snapshot(cluster.refresh_id).path("sightings")


def links(cluster: ClusterFrames) -> pd.DataFrame:
    """Which member touched which identifier of the cluster. Shared: do not change."""
    found: pd.DataFrame = _links_of(cluster, _sightings(cluster))
    return found


@remembered
def cluster_graph(cluster: ClusterFrames, only: frozenset[int] | None = None) -> ClusterGraph:
    """The cluster drawn together, of the identifiers ``only`` where they are given. Shared: do not change."""
    with _READING:
        return workspace().cluster_graph(cluster.cluster_id, only=only, refresh=cluster.refresh_id)


@remembered
def facts(cluster: ClusterFrames) -> pd.DataFrame:
    """Volume of each member. Shared: do not change."""
    with _READING:
        return frames.account_facts(workspace(), cluster)


@remembered
def watched(cluster: ClusterFrames) -> pd.DataFrame:
    """What of the members' identifiers was on watch lists. Shared: do not change."""
    with _READING:
        return frames.watched(workspace(), cluster)


@remembered
def followed(cluster: ClusterFrames) -> pd.DataFrame:
    """Uses by the members of what was a confirmed case's own. Shared: do not change."""
    with _READING:
        return frames.followed(workspace(), cluster)


@remembered
def decided(cluster: ClusterFrames) -> pd.DataFrame:
    """Whom verdicts keep in the cluster or out of it. Shared: do not change."""
    with _READING:
        return frames.decided(workspace(), cluster)


@remembered
def bits(cluster: ClusterFrames) -> pd.DataFrame:
    """Bits per member and step. Shared: do not change."""
    with _READING:
        return frames.account_bits(workspace(), cluster)


@remembered
def null_maxima(cluster: ClusterFrames) -> pd.DataFrame:
    """What chance alone made of the rewired data of the cluster's refresh. Shared: do not change."""
    with _READING:
        return frames.null_maxima(workspace(), cluster)


@remembered
def crowds(cluster: ClusterFrames) -> pd.DataFrame:
    """Moments at which accounts of the cluster's schedules are a crowd. Shared: do not change."""
    with _READING:
        return workspace().crowds(cluster.cluster_id, cluster.refresh_id)


def releases(first: date, last: date) -> pd.DataFrame:
    """Models that became available from ``first`` to ``last``: model, released_at."""
    with _READING:
        frame = workspace().model_releases()
    days = frame["released_at"].dt.date
    return frame[(days >= first) & (days <= last)]


# --- states ---------------------------------------------------------------------------------------------------------


@st.fragment(run_every=LOOK_EVERY)
def freshness(refresh_id: str) -> None:
    """Say so when a newer refresh than the one shown is there; looked up again every few seconds."""
    try:
        current, own = run_of(newest()), run_of(refresh_id)
    except UnknownRefresh as fault:
        nothing_yet(fault)
        return
    except LinkageError as fault:
        st.warning(f"{plain(fault.message)}. {plain(fault.hint)}", icon=":material/warning:")
        return
    alert = workspace().alert
    if alert:
        st.warning(f"{plain(alert)}. Run `linkage doctor`.", icon=":material/warning:")
    if current.refresh_id == refresh_id:
        return
    said, button = st.container(horizontal=True, vertical_alignment="center", key="stale").columns([4, 1])
    relation = "A newer refresh is there" if current.number > own.number else "Another refresh is current"
    said.info(
        f"{relation}: {current.refresh_id}, as of {plain(moment(current.as_of))}. You are looking at {refresh_id}.",
        icon=":material/update:",
    )
    if button.button("Show the current one", key="show-newest", width="stretch"):
        go_to_newest()
        st.rerun(scope="app")


def _sentence(message: str) -> str:
    """A message, which starts in lower case, as a sentence of its own."""
    return plain(message[:1].upper() + message[1:])


def failed(fault: LinkageError) -> None:
    """A fault of ours as a sentence and a next step."""
    st.error(_sentence(fault.message), icon=":material/error:")
    st.markdown(f"**Next:** {plain(fault.hint)}")


def nothing_yet(fault: NoSnapshot) -> None:
    """Nothing to show yet, or not any more."""
    if isinstance(fault, UnknownRefresh):
        st.info(f"{_sentence(fault.message)}.", icon=":material/history:")
        if st.button("Show the current refresh", type="primary"):
            go_to_newest()
            st.rerun()
        return
    st.info("There is no refresh to show yet.", icon=":material/hourglass_empty:")
    st.markdown("**Next:** in a terminal, read your export and refresh, then reload this page:")
    st.code("linkage ingest PATH\nlinkage refresh", language=None)
    st.markdown("Or try it on a small population that is made up on the spot:")
    st.code("linkage demo", language=None)
