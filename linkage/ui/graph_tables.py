"""The tables beside the drawing of a cluster, which say the same as it: a component of our own.

A table of the framework is drawn on a canvas, takes the browser longer than all the rest of a click, and says by
position which row was chosen. Here the browser has the rows, and which of them touch which mark; a selection is an id.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import streamlit as st

from linkage.ui import session
from linkage.ui.assets import asset
from linkage.ui.summary_panel import identifier_columns, identifier_rows
from linkage.ui.words import counted, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from streamlit.components.v2.types import ComponentRenderer

    from linkage.ui.frames import ClusterFrames
    from linkage.ui.graph import Node, Picture

#: Identifiers that are listed: of more the browser would take longer than of all the rest of the page.
_FIRST = 1_000
#: Marks that a group is said to touch, the strongest first.
_STRONGEST = 6
#: Format of the framework's columns → how the browser writes such a number.
_KINDS = {"localized": "count", "%.1f": "one", "%.2f": "two", "%.0f %%": "share"}


@cache
def _component() -> ComponentRenderer:
    return st.components.v2.component(
        "linkage.graph_tables", html=asset("graph_tables.html"), css=asset("graph_tables.css"),
        js=asset("views.js") + asset("graph_tables.js"),
    )  # fmt: skip


def show(tables: dict[str, Any]) -> None:
    """Put :func:`tables` on the page, which follow what is chosen in the drawing of the same name."""
    _component()(key=f"graph-tables-{tables['name']}", data=tables)


@dataclass(slots=True)
class Touching:
    """What touches a mark: identifiers by number, and marks of accounts with how many of their accounts do.

    What a mark stands for itself counts as touching it.
    """

    identifiers: set[int] = field(default_factory=set)
    accounts: dict[str, int] = field(default_factory=dict)


def touching(picture: Picture) -> dict[str, Touching]:
    """Mark of the picture → what touches it."""
    found = {node.id: Touching() for node in picture.nodes}
    stands = {node.id: _numbers(node) for node in picture.nodes}
    for node in picture.nodes:
        if node.kind:
            found[node.id].identifiers.update(stands[node.id])
        else:
            found[node.id].accounts[node.id] = node.accounts
    for edge in picture.edges:
        found[edge.source].identifiers.update(stands[edge.target])
        found[edge.target].accounts[edge.source] = edge.accounts
    return found


def _numbers(node: Node) -> tuple[int, ...]:
    return node.identifiers or (() if node.identifier is None else (node.identifier,))


def listed(picture: Picture, identifiers: pd.DataFrame) -> pd.DataFrame:
    """The first of ``identifiers``, and wherever they stand those that a mark stands for: a selection asks for them."""
    import numpy as np

    drawn = identifiers["identifier"].isin([number for node in picture.nodes for number in _numbers(node)])
    return identifiers[(np.arange(len(identifiers)) < _FIRST) | drawn.to_numpy()]


def tables(cluster: ClusterFrames, picture: Picture, identifiers: pd.DataFrame) -> dict[str, Any]:
    """Both tables as plain data, and for each mark which of their rows touch it and what is said of them.

    ``identifiers``: rows of ``cluster.identifiers`` that the reader did not filter out.
    """
    rows_listed = listed(picture, identifiers)
    near = touching(picture)
    numbers = rows_listed["identifier"].tolist()
    drawn = {node.identifier for node in picture.nodes if node.sort == "identifier"}
    groups = sorted((node for node in picture.nodes if not node.kind), key=lambda node: (-node.accounts, node.id))
    total = counted(len(cluster.identifiers), "row")

    def said(rows: int, shown: int) -> str:
        return f"{rows:,} of {total} of cluster_identifiers, {shown:,} of them drawn."

    marks = {}
    for node in picture.nodes:
        own = near[node.id]
        rows = [row for row, number in enumerate(numbers) if number in own.identifiers]
        inside = [row for row, group in enumerate(groups) if group.id in own.accounts]
        marks[node.id] = {
            "said": words_of(node),
            "link": _who_else(cluster, node),
            "identifiers": {"rows": rows, "said": said(len(rows), len(drawn & own.identifiers))},
            "groups": {"rows": inside, "said": _said_of(picture, [groups[row] for row in inside])}
            | ({"on": [own.accounts[groups[row].id] for row in inside]} if node.kind else {}),
        }
    return {
        "name": cluster.cluster_id,
        "marks": marks,
        "tables": [
            {
                "name": "identifiers",
                "title": "Identifiers",
                "said": said(len(identifiers), len(drawn)) + _cut(len(rows_listed), len(identifiers)),
                "columns": _identifiers(rows_listed, len(cluster.members)),
                "marks": [f"i{number}" if number in drawn else None for number in numbers],
            },
            {
                "name": "groups",
                "title": "Groups of accounts" if _grouped(picture) else "Accounts",
                "said": _said_of(picture, groups),
                "columns": _groups(picture, groups),
                "on": {"title": "On the selection", "kind": "count", "own": True},
                "marks": [node.id for node in groups],
            },
        ],
    }


def _cut(shown: int, rows: int) -> str:
    return "" if shown == rows else f" Listed are {shown:,}, the strongest and what is drawn; the tab Rows lists all."


def words_of(node: Node) -> str:
    """A mark as a selection is named."""
    return {"group": f"a group of {node.label}", "account": f"account {node.label}"}.get(node.sort, node.label)


def _who_else(cluster: ClusterFrames, node: Node) -> str | None:
    if node.identifier is None:
        return None
    return session.address("lookup", id=str(node.identifier), refresh=cluster.refresh_id)


def _grouped(picture: Picture) -> bool:
    return any(node.sort == "group" for node in picture.nodes)


def _said_of(picture: Picture, groups: Sequence[Node]) -> str:
    held = sum(node.accounts for node in groups)
    return (
        f"{counted(len(groups), 'row')}, {held:,} of {counted(picture.size, 'account')} ({share(held, picture.size)}). "
        + ("A group shares its strongest identifiers. " if _grouped(picture) else "")
        + "From sightings of the members on the identifiers drawn."
    )


def _identifiers(listed: pd.DataFrame, size: int) -> list[dict[str, Any]]:
    """Columns of the table of identifiers: title, help, how its values are written, and the values."""
    rows = identifier_rows(listed, size)
    columns = []
    for name, column in identifier_columns().items():
        values, how = rows[name], column["type_config"]
        if how["type"] == "datetime":
            values = values.dt.strftime("%Y-%m-%d")
        values = values.astype(object).where(values.notna(), None)
        kind = _KINDS[how["format"]] if how["type"] in ("number", "progress") else "text"
        columns.append({"title": column["label"], "help": column.get("help"), "kind": kind, "values": values.tolist()})
    return columns


def _groups(picture: Picture, groups: Sequence[Node]) -> list[dict[str, Any]]:
    """Columns of the table of groups and accounts, largest first."""
    grouped, alone = _grouped(picture), any(node.sort == "account" for node in picture.nodes)
    title = ("Account or group" if alone else "Group") if grouped else "Account"
    labels = {node.id: node.label for node in picture.nodes}
    strongest: dict[str, list[str]] = {}
    for edge in picture.edges:
        count = "" if edge.source.startswith("a") else f" ({edge.accounts:,})"
        strongest.setdefault(edge.source, []).append(labels[edge.target] + count)
    named = {
        "title": title,
        "kind": "text",
        "values": [node.label for node in groups],
        # Labels of groups begin with a count: as texts they would stand in no order at all.
        "order": [-node.accounts for node in groups] if grouped else None,
    }
    touches = {
        "title": "Touches (accounts), strongest first" if grouped else "Touches, strongest first",
        "kind": "text",
        "values": [", ".join(strongest.get(node.id, [])[:_STRONGEST]) for node in groups],
    }
    shares = [100 * node.accounts / max(picture.size, 1) for node in groups]
    part = {"title": "Share", "kind": "share", "values": shares}
    return [named, part, touches] if grouped else [named, touches]
