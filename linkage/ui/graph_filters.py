"""Which identifiers of a cluster are drawn and listed: by kind, by how many accounts are on them, and by time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from linkage.ui import days
from linkage.ui.words import counted, kind_words

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd

    from linkage.ui.frames import ClusterFrames


def choose(cluster: ClusterFrames) -> tuple[frozenset[int] | None, bool]:
    """Draw the filters; identifiers that pass (None: nothing is filtered), and whether hubs are drawn as one mark."""
    key, rows = cluster.cluster_id, cluster.identifiers
    span = days.said(key, "identifiers in use on one of these days")
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.popover("Filter…", icon=":material/filter_alt:"):
            kinds = st.multiselect(
                "Kinds", sorted(set(rows["kind"])), key=f"graph-kinds-{key}", placeholder="every kind",
                format_func=lambda name: kind_words(name).many,
            )  # fmt: skip
            least = st.number_input("Accounts on it, at least", 1, None, 1, 1, key=f"graph-least-{key}")
            most = st.number_input(
                "Accounts on it, at most", 1, None, None, 1, key=f"graph-most-{key}", placeholder="any number",
                help="Accounts anywhere, not only members",
            )  # fmt: skip
            first = st.date_input("Used on this day or later", None, key=f"graph-first-{key}", format="YYYY-MM-DD")
            last = st.date_input("Used on this day or earlier", None, key=f"graph-last-{key}", format="YYYY-MM-DD")
        together = len(cluster.discounted) > 1 and st.toggle(
            "Discounted hubs as one mark per kind", key=f"graph-hubs-{key}"
        )
        used = rows if span is None else rows[days.within(rows, span)]
        kept = passing(used, kinds, least or 1, most, _only(first), _only(last))
        if len(kept) == len(rows):
            return None, together
        st.markdown(f"Filtered: **{len(kept):,} of {counted(len(rows), 'identifier')}** pass.", width="content")
    return kept, together


def passing(
    rows: pd.DataFrame, kinds: list[str], least: int, most: int | None, first: date | None, last: date | None
) -> frozenset[int]:
    """Identifiers of these kinds (none: all) with ``least`` to ``most`` accounts anywhere, used from ``first`` to
    ``last`` at least once as far as their first and last use say.
    """
    kept = rows["degree"] >= least
    if kinds:
        kept &= rows["kind"].isin(kinds)
    if most is not None:
        kept &= rows["degree"] <= most
    if first is not None:
        kept &= rows["last_seen"].dt.date >= first
    if last is not None:
        kept &= rows["first_seen"].dt.date <= last
    return frozenset(rows.loc[kept, "identifier"].tolist())


def _only(chosen: object) -> date | None:
    from datetime import date

    return chosen if isinstance(chosen, date) else None
