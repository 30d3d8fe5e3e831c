"""Members of a cluster, surest first, each with what puts it there."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import streamlit as st

from linkage.ui import days, session
from linkage.ui.rows_panel import Rows, first
from linkage.ui.words import counted, identifier_label, kind_words, signed

if TYPE_CHECKING:
    import pandas as pd

    from linkage.ui.frames import ClusterFrames

#: Steps of an account that its row names.
_STEPS = 3
#: Steps that stand on no single identifier.
_STEP_WORDS = {"absence": "what it lacks", "private work": "work of its own"}


@session.remembered
def rows(cluster: ClusterFrames) -> pd.DataFrame:
    """What the table shows of every member. Shared: do not change."""
    return member_rows(cluster, session.facts(cluster), session.bits(cluster))


def panel(cluster: ClusterFrames) -> None:
    """Draw the panel."""
    with st.spinner("Reading the members…"):
        every = rows(cluster)
    search, role = st.columns([3, 2], vertical_alignment="bottom")
    text = search.text_input(
        "Account or reason contains", key=f"find-{cluster.cluster_id}", icon=":material/search:", placeholder="any text"
    )
    wanted = role.segmented_control(
        "Role", ["core", "periphery"], selection_mode="multi", key=f"role-{cluster.cluster_id}"
    )
    found = every
    span = days.said(cluster.cluster_id, "members who were first seen by their end, and last seen not before")
    if span is not None:
        found = found[days.within(found, span)]
    if text:
        found = found[(found["name"] + " " + found["why"]).str.contains(text, case=False, regex=False)]
    if wanted:
        found = found[found["role"].isin(wanted)]
    listed = first(found, key=f"members-{cluster.cluster_id}")
    roles = every["role"].value_counts()
    said = ", ".join(f"{int(number):,} {name}" for name, number in roles.items())
    st.markdown(
        f"{len(listed):,} of {counted(len(every), 'member')} listed, surest first ({said}). "
        f":small[from {', '.join(each.link(cluster) for each in _behind(cluster))}]"
    )
    if found.empty:
        st.info("No member passes these filters. Take a filter away.", icon=":material/filter_alt_off:")
        return
    known = session.recorded(cluster.refresh_id)
    st.dataframe(
        listed,
        key=f"members-{cluster.refresh_id}-{cluster.cluster_id}",
        hide_index=True,
        height=min(640, 38 + 35 * len(listed)),
        placeholder="–",
        column_config={
            "name": st.column_config.TextColumn("Account", width="medium"),
            "role": st.column_config.TextColumn("Role", width="small"),
            "membership": st.column_config.ProgressColumn(
                "Membership",
                min_value=0.0,
                max_value=1.0,
                format="%.2f",
                help="0–1; flagged from 0.5, if its cluster is",
            ),
            "why": st.column_config.TextColumn("Why it is in: bits by step, identifiers first", width="large"),
            "bits": st.column_config.NumberColumn("Bits, sum", format="%+.1f", width="small"),
            "events": st.column_config.NumberColumn("Exchanges", format="localized", width="small"),
            "tokens": st.column_config.NumberColumn("Tokens", format="compact", width="small")
            if known["tokens"]
            else None,
            "cost": st.column_config.NumberColumn("Cost", format="dollar", width="small")
            if known["cost_usd_micros"]
            else None,
            "active_days": st.column_config.NumberColumn("Days", format="localized", width="small"),
            "first_seen": st.column_config.DatetimeColumn("First seen", format="YYYY-MM-DD"),
            "last_seen": st.column_config.DatetimeColumn("Last seen", format="YYYY-MM-DD"),
        },
    )


def _behind(cluster: ClusterFrames) -> tuple[Rows, ...]:
    size = len(cluster.members)
    return Rows("members", size), Rows("accounts", size), Rows("account_bits", len(session.bits(cluster)))


def member_rows(cluster: ClusterFrames, facts: pd.DataFrame, bits: pd.DataFrame) -> pd.DataFrame:
    """Members as the table shows them: name, role, membership, the strongest steps in words, and volume."""
    frame = cluster.members[["account", "name", "role", "membership"]]
    frame = frame.merge(_why(bits), on="account", how="left").merge(facts, on="account", how="left")
    frame["why"] = frame["why"].fillna("")
    frame["cost"] = frame["cost_usd_micros"] / 1e6
    return frame[
        [
            "name",
            "role",
            "membership",
            "why",
            "bits",
            "events",
            "tokens",
            "cost",
            "active_days",
            "first_seen",
            "last_seen",
        ]
    ]


def _why(bits: pd.DataFrame) -> pd.DataFrame:
    """Per account: its strongest steps in words, and the sum of all of them."""
    total = bits.groupby("account", sort=True)["bits"].sum().reset_index()
    steps = bits[bits["step"] != "prior"]
    # What ties an account comes first; what was taken off again, and what speaks against, comes after.
    steps = steps.assign(ties=steps["identifier"].notna(), weight=steps["bits"].abs()).sort_values(
        ["account", "ties", "weight", "step", "identifier"], ascending=[True, False, False, True, True]
    )
    steps = steps.groupby("account", sort=False).head(_STEPS)
    words = [
        _step(str(step), kind, None if math.isnan(identifier) else int(identifier), value)
        for step, kind, identifier, value in zip(
            steps["step"], steps["kind"], steps["identifier"].astype(float), steps["bits"], strict=True
        )
    ]
    why = steps.assign(why=words).groupby("account", sort=True)["why"].agg(" · ".join).reset_index()
    return total.merge(why, on="account", how="left")


def _step(step: str, kind: object, identifier: int | None, bits: float) -> str:
    if identifier is not None and isinstance(kind, str):
        what = identifier_label(kind, identifier)
    elif isinstance(kind, str):
        noun = kind_words(kind).many
        what = f"no {noun} of it" if step == "absence" else f"{step} on {noun}"
    else:
        what = _STEP_WORDS.get(step, step)
    return f"{what} {signed(bits, 1)}"
