"""Reads what a reader is likely to ask for next, while they look at what is there."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from linkage.ui import session

if TYPE_CHECKING:
    from collections.abc import Callable

    from linkage.ui.frames import ClusterFrames
    from linkage.workspace import Workspace

#: One thing at a time and few that wait, so that it is no burden.
_AHEAD = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ahead")
_WAITING = threading.BoundedSemaphore(6)


@session.remembered
def _graph_open(workspace: Workspace, refresh_id: str, _cluster: str) -> None:
    # Any cluster of the refresh will do. Not under the lock that readings share: the graph of a million accounts takes
    # seconds.
    workspace.cluster_graph(_cluster, refresh=refresh_id)


def open_graph(refresh_id: str, cluster_id: str) -> None:
    """Have the graph of a refresh open, in which this cluster is, and the library that draws charts loaded."""
    import altair  # noqa: F401

    _graph_open(session.workspace(), refresh_id, cluster_id)


@session.remembered
def open_ties(cluster: ClusterFrames) -> None:
    """Have what ties the cluster open, for what-if."""
    session.workspace().what_if(cluster.cluster_id, refresh=cluster.refresh_id)


def read(*reads: Callable[[], object]) -> None:
    """Begin with what is likely to be asked for next; whoever asks meanwhile waits for the rest of it.

    What is ``remembered`` is read once, and not again. What fails here fails again, and is said, when it is asked for.
    """
    from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx

    context = get_script_run_ctx()

    def as_who_asks(one: Callable[[], object]) -> None:
        # Who asks is a matter of the session.
        add_script_run_ctx(threading.current_thread(), context)
        one()

    for one in reads:
        if _WAITING.acquire(blocking=False):
            _AHEAD.submit(as_who_asks, one).add_done_callback(lambda _: _WAITING.release())
