"""Runs: every ingest, refresh and publication, also those that failed, and the refreshes that are kept."""

from __future__ import annotations

import streamlit as st

from linkage.ui import session
from linkage.ui.words import counted, moment, plain


def page() -> None:
    """Draw the page."""
    import pandas as pd

    st.title("Runs")
    history = session.workspace().history()
    if not history:
        st.info("Nothing ran yet.", icon=":material/history:")
        st.markdown("**Next:** `linkage ingest PATH`, then `linkage refresh`.")
    else:
        failed = sum(run.status in ("failed", "refused") for run in history)
        st.markdown(
            f"**{counted(len(history), 'run')}**, {failed:,} of them failed or with a refused file. Newest first."
        )
        status = st.pills(
            "Status", sorted({run.status for run in history}), selection_mode="multi", key="status",
            bind="query-params", width="content",
        )  # fmt: skip
        kept = [run for run in history if not status or run.status in status]
        rows = pd.DataFrame(
            {
                "run": [run.run_id for run in kept],
                "verb": [run.verb for run in kept],
                "status": [run.status for run in kept],
                "refresh": [run.refresh_id for run in kept],
                "started": [moment(run.started_at) for run in kept],
                "seconds": [(run.finished_at - run.started_at).total_seconds() for run in kept],
                "counts": [", ".join(f"{name} {value}" for name, value in run.counts.items()) for run in kept],
                "stages": [", ".join(f"{name} {took:.1f} s" for name, took in run.timings.items()) for run in kept],
                "who": [run.actor for run in kept],
                "fault": [run.fault for run in kept],
            }
        )
        column = st.column_config
        st.dataframe(
            rows, key="runs", hide_index=True, placeholder="–", height=min(480, 38 + 35 * max(len(rows), 1)),
            alt="Runs, newest first",
            column_config={
                "run": column.NumberColumn("#", width=52),
                "verb": column.TextColumn("Run", width=80),
                "status": column.TextColumn("Status", width=90),
                "refresh": column.TextColumn("Refresh", width=130),
                "started": column.TextColumn("Started", width=150),
                "seconds": column.NumberColumn("Seconds", format="%.1f", width=80),
                "counts": column.TextColumn("Counts", width=320),
                "stages": column.TextColumn("Seconds by stage", width=320),
                "who": column.TextColumn("Who", width=100),
                "fault": column.TextColumn("Fault", width=120),
            },
        )  # fmt: skip
    _kept()


def _kept() -> None:
    st.subheader("Refreshes that are kept", anchor=False)
    runs = session.kept()
    if not runs:
        st.caption("None yet.")
        return
    current = session.newest()
    for run in runs:
        mark = " · current" if run.refresh_id == current else ""
        queue = session.address("/", refresh=run.refresh_id)
        st.markdown(
            f"[{plain(run.refresh_id)}]({queue}){mark}: as of {moment(run.as_of)}, window {plain(run.window)}, "
            f"{counted(int(run.counts.get('clusters', 0)), 'cluster')}."
        )
