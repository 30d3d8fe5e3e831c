"""Runs: the schedule, every ingest, refresh and publication, alerts, and the refreshes that are kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import streamlit as st

from linkage.ui import session
from linkage.ui.words import counted, moment, plain

if TYPE_CHECKING:
    from linkage.model.alert import Delivery
    from linkage.model.casework import RunEntry

#: Alerts that are listed.
_ALERTS = 200


def page() -> None:
    """Draw the page."""
    st.title("Runs")
    _schedule()
    history = session.workspace().history()
    if not history:
        st.info("Nothing ran yet.", icon=":material/history:")
        st.markdown("**Next:** `linkage ingest PATH`, then `linkage refresh`.")
    else:
        _runs(history)
    _alerts()
    _kept()


def _schedule() -> None:
    """Whether the schedule does what it is there for; nothing where there never was one."""
    done = session.workspace().scheduled()
    if done is None:
        return
    following = done.tick + done.every
    every = f"every {_interval(int(done.every.total_seconds()))}"
    ended = "ended well" if done.exit_code == 0 else f"ended with {done.exit_code}"
    line = f"The schedule, {every}: its tick of {moment(done.tick)} {ended}"
    if done.overdue(datetime.now(UTC)):
        st.error(f"{line}. **Overdue:** the next was due {moment(following)}.", icon=":material/alarm:")
    elif done.exit_code != 0:
        st.warning(f"{line}. The next is due {moment(following)}.", icon=":material/warning:")
    else:
        st.success(f"{line}. The next is due {moment(following)}.", icon=":material/schedule:")


def _interval(seconds: int) -> str:
    size, unit = next((size, unit) for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
                      if seconds % size == 0)  # fmt: skip
    return f"{seconds // size} {unit}"


def _runs(history: tuple[RunEntry, ...]) -> None:
    import pandas as pd

    failed = sum(run.failed for run in history)
    st.markdown(f"**{counted(len(history), 'run')}**, {failed:,} of them failed or with a refused file. Newest first.")
    status = st.pills(
        "Status", sorted({run.status for run in history}), selection_mode="multi", key="status", bind="query-params",
        width="content",
    )  # fmt: skip
    kept = [run for run in history if not status or run.status in status]
    rows = pd.DataFrame(
        {
            "mark": ["⚠ failed" if run.failed else "" for run in kept],
            "run": [run.run_id for run in kept],
            "verb": [run.verb for run in kept],
            "status": [run.status for run in kept],
            "code": pd.array([run.exit_code for run in kept], dtype="Int64"),
            "trigger": [run.trigger for run in kept],
            "refresh": [run.refresh_id for run in kept],
            "started": [moment(run.started_at) for run in kept],
            "ended": [moment(run.finished_at) for run in kept],
            "seconds": [(run.finished_at - run.started_at).total_seconds() for run in kept],
            "quarantine": [None if run.quarantine_share is None else 100 * run.quarantine_share for run in kept],
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
            "mark": column.TextColumn("", width=70),
            "run": column.NumberColumn("#", width=52),
            "verb": column.TextColumn("Run", width=80),
            "status": column.TextColumn("Status", width=90),
            "code": column.NumberColumn("Exit code", width=74),
            "trigger": column.TextColumn("Started by", width=84),
            "refresh": column.TextColumn("Refresh", width=130),
            "started": column.TextColumn("Started", width=150),
            "ended": column.TextColumn("Ended", width=150),
            "seconds": column.NumberColumn("Seconds", format="%.1f", width=80),
            "quarantine": column.NumberColumn("Quarantine", format="%.2f %%", width=90),
            "counts": column.TextColumn("Counts", width=320),
            "stages": column.TextColumn("Seconds by stage", width=320),
            "who": column.TextColumn("Who", width=100),
            "fault": column.TextColumn("Fault", width=120),
        },
    )  # fmt: skip


def _alerts() -> None:
    """What was worth telling, and how far it got."""
    import pandas as pd

    alerts = session.workspace().alerts()
    if not alerts:
        return
    st.subheader("Alerts", anchor=False)
    ways = [way for _, found in alerts for way in found]
    waiting, lost = (sum(way.status == status for way in ways) for status in ("waiting", "given up"))
    cut = f"; the newest {_ALERTS} are listed" if len(alerts) > _ALERTS else ""
    st.markdown(f"**{counted(len(alerts), 'alert')}**{cut}. {waiting:,} on their way, {lost:,} given up.")
    shown = alerts[:_ALERTS]
    rows = pd.DataFrame(
        {
            "at": [moment(alert.at) for alert, _ in shown],
            "kind": [str(alert.kind) for alert, _ in shown],
            "subject": [alert.subject for alert, _ in shown],
            "figures": [
                ", ".join(f"{name} {_shown(value)}" for name, value in alert.figures.items() if value is not None)
                for alert, _ in shown
            ],
            "delivery": [", ".join(map(_way, found)) or "no receiver" for _, found in shown],
        }
    )
    column = st.column_config
    st.dataframe(
        rows, key="alerts", hide_index=True, height=min(480, 38 + 35 * len(rows)), alt="Alerts, newest first",
        column_config={
            "at": column.TextColumn("At", width=150),
            "kind": column.TextColumn("Alert", width=130),
            "subject": column.TextColumn("About", width=170),
            "figures": column.TextColumn("Figures", width=460),
            "delivery": column.TextColumn("Delivery", width=260),
        },
    )  # fmt: skip


def _shown(value: object) -> str:
    return " and ".join(map(str, value)) if isinstance(value, list) else str(value)


def _way(way: Delivery) -> str:
    fault = f" ({way.fault}, {counted(way.attempts, 'attempt')})" if way.fault else ""
    return f"{way.receiver}: {way.status}{fault}"


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
