"""Days that a reader chose on the timeline of a cluster: the tabs beside it go by them until they are let go."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import streamlit as st

from linkage.ui.words import day

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

Span = tuple[date, date]
#: Name in the URL of the days that are chosen: the first and the last, with two dots between them.
PARAMETER = "days"


def _key(cluster: str) -> str:
    return f"days-{cluster}"


def chosen() -> Span | None:
    """First and last day that the URL names; None where all count."""
    try:
        first, last = map(date.fromisoformat, st.query_params.get(PARAMETER, "").split(".."))
    except ValueError:
        return None
    return (first, last) if first <= last else None


def choose(cluster: str, span: Span | None) -> None:
    """Go by these days from now on, or by all; Back leads to those of before."""
    st.query_params[PARAMETER] = "all" if span is None else f"{span[0]}..{span[1]}"
    if span is not None:
        st.session_state[f"{_key(cluster)}-brushed"] = span


def turns(cluster: str) -> int:
    """How often other days were chosen than by the brush: one of another number is another, with nothing chosen."""
    number: int = st.session_state.get(f"{_key(cluster)}-turns", 0)
    brushed = st.session_state.get(f"{_key(cluster)}-brushed")
    if brushed is not None and brushed != chosen():
        number += 1
        st.session_state[f"{_key(cluster)}-turns"] = number
        st.session_state[f"{_key(cluster)}-brushed"] = None
    return number


def spanned(milliseconds: Sequence[float] | None) -> Span | None:
    """The UTC days of the bars that a brush reaches from one moment to another; None where there is no brush."""
    if not milliseconds:
        return None
    # A bar stands around the midnight that its day begins with.
    half = 43_200_000
    first, last = (
        datetime.fromtimestamp((moment + half) / 1000, UTC).date() for moment in (min(milliseconds), max(milliseconds))
    )
    return first, last


def said(cluster: str, what: str) -> Span | None:
    """Say which days are chosen, if any are, and offer to let them go; returns them."""
    span = chosen()
    if span is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{day(span[0])} to {day(span[1])}**, chosen on the timeline: {what}.", width="content")
            st.button(
                "All days", key=f"{_key(cluster)}-all", icon=":material/close:", on_click=choose, args=(cluster, None)
            )
    return span


def within(rows: pd.DataFrame, span: Span) -> pd.Series:
    """Which rows were in use on one of these days, as far as their first_seen and last_seen say."""
    first, last = span
    mask: pd.Series = (rows["first_seen"].dt.date <= last) & (rows["last_seen"].dt.date >= first)
    return mask
