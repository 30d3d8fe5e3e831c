"""Rows of the snapshot that speak of a cluster: what every figure of its page links to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from linkage.ui import session
from linkage.ui.words import counted, plain

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from linkage.ui.frames import ClusterFrames

#: Names of the filters in the URL.
FILTERS = ("table", "of", "role")
#: Columns by which rows are of something, and what each is called; no table has both.
_OF = {"kind": "Identifier kind", "term": "Term"}
#: Rows that are listed before all of them are asked for.
_FIRST = 1_000


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a cluster in a table: all of them, those of one identifier kind or term, or those of one role."""

    table: str
    number: int
    of: str | None = None
    role: str | None = None

    def link(self, cluster: ClusterFrames) -> str:
        """Markdown: how many rows of which table, as a link to them."""
        return f"[{counted(self.number, 'row')} of {plain(self.table)}]({self.address(cluster)})"

    def address(self, cluster: ClusterFrames) -> str:
        """Relative URL that lists these rows, at the refresh that is shown."""
        return session.address(
            session.CLUSTER, cluster=cluster.cluster_id, refresh=cluster.refresh_id,
            tab="rows", table=self.table, of=self.of, role=self.role,
        )  # fmt: skip


def panel(cluster: ClusterFrames) -> None:
    """Draw the panel."""
    table, of, role = st.columns(3, vertical_alignment="bottom")
    name = table.selectbox("Table", list(TABLES), key="table", bind="query-params")
    with st.spinner("Reading the rows…"):
        every = TABLES[name](cluster)
    rows = every
    for column, label in _OF.items():
        if column in every:
            # The URL holds what an option is shown as; here that is the table's own word.
            options = sorted(every[column].dropna().unique())
            one = of.selectbox(label, options, index=None, key="of", bind="query-params", placeholder="any")
            rows = rows[rows[column] == one] if one else rows
    if "role" in every:
        roles = sorted(every["role"].unique())
        own = role.selectbox("Role", roles, index=None, key="role", bind="query-params", placeholder="any")
        rows = rows[rows["role"] == own] if own else rows
    listed = first(rows, key=f"rows-{name}-{cluster.cluster_id}")
    st.caption(
        f"{len(listed):,} of {counted(len(every), 'row')} of the table {plain(name)} that speak of this cluster, at "
        f"refresh {plain(cluster.refresh_id)}. Times are UTC. Identifiers are numbers: their values are masked."
    )
    if rows.empty:
        st.info("No row to show. Take a filter away, or choose another table.", icon=":material/filter_alt_off:")
        return
    st.dataframe(
        listed,
        key=f"rows-{cluster.refresh_id}-{cluster.cluster_id}-{name}",
        hide_index=True,
        height=min(640, 38 + 35 * len(listed)),
        placeholder="–",
        column_config={"cluster_id": None},
        alt=f"Rows of the table {name} that speak of this cluster",
    )


def first(rows: pd.DataFrame, key: str) -> pd.DataFrame:
    """The first rows, and all of them once they are asked for; a table of 25,000 is slow to come."""
    if len(rows) <= _FIRST or st.toggle(f"List all {len(rows):,}", key=f"all-{key}"):
        return rows
    return rows.head(_FIRST)


def _named(rows: pd.DataFrame, cluster: ClusterFrames) -> pd.DataFrame:
    """Rows with the account's name in place of its number, first."""
    names = cluster.members.set_index("account")["name"]
    named = rows.assign(account=rows["account"].map(names)) if "name" not in rows else rows.assign(account=rows["name"])
    return named[["account", *(column for column in named.columns if column not in ("account", "name"))]]


def _sightings(cluster: ClusterFrames) -> pd.DataFrame:
    roles = cluster.identifiers[["identifier", "role"]]
    return _named(session.links(cluster).merge(roles, on="identifier", how="left"), cluster)


def _clusters(cluster: ClusterFrames) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame([dict(cluster.row)]).drop(columns="cluster_id")


#: Table of the snapshot → its rows that speak of a cluster.
TABLES: dict[str, Callable[[ClusterFrames], pd.DataFrame]] = {
    "clusters": _clusters,
    "members": lambda cluster: _named(cluster.members, cluster),
    "accounts": lambda cluster: _named(session.facts(cluster), cluster),
    "account_bits": lambda cluster: _named(session.bits(cluster), cluster),
    "cluster_identifiers": lambda cluster: cluster.identifiers,
    "sightings": _sightings,
    "cluster_kinds": lambda cluster: cluster.kinds,
    "cluster_terms": lambda cluster: cluster.terms,
    "left_out": lambda cluster: _named(cluster.left_out, cluster),
    "watched": session.watched,
    "followed": lambda cluster: _named(session.followed(cluster), cluster),
    "decided": lambda cluster: _named(session.decided(cluster), cluster),
    "timeline": lambda cluster: cluster.timeline,
    "crowds": session.crowds,
    "lineage": lambda cluster: cluster.lineage,
    "null_maxima": session.null_maxima,
}
