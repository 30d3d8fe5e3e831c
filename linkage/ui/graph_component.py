"""The graph on the page: a component of our own around cytoscape.js, which is served by our own server."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import streamlit as st

from linkage.ui.assets import asset
from linkage.ui.layout import place, radius
from linkage.ui.words import counted, kind_words, share

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from streamlit.components.v2.types import ComponentRenderer

    from linkage.ui.graph import Node, Picture

#: The drawing engine, byte for byte as published; its digest stands in assets/VENDORED.toml.
ENGINE = "cytoscape-3.34.4.esm.min.mjs"
#: Where the server hands out the engine; no other file of the package can be asked for.
ENGINE_ROUTE = f"/linkage/assets/{ENGINE}"


@cache
def _component() -> ComponentRenderer:
    script = asset("views.js") + asset("graph_look.js") + asset("graph.js")
    return st.components.v2.component("linkage.graph", html=asset("graph.html"), css=asset("graph.css"), js=script)


#: Accounts from which a line may be drawn at full width.
_THICK = 30


@dataclass(frozen=True, slots=True)
class Deeds:
    """What the page does when the reader does something in the drawing.

    ``select`` gets the id of the mark that was chosen, or None when the selection was cleared; ``turn`` the id of a
    group that is to be opened, or closed again. ``picture`` is asked before an image leaves the page.
    """

    select: Callable[[str | None], None]
    turn: Callable[[str], None]
    picture: Callable[[], None]


def show(
    drawn: dict[str, Any], *, name: str, view: str, said: str, selected: str | None, opened: Collection[str],
    picture: int, deeds: Deeds,
) -> None:  # fmt: skip
    """Put a :func:`drawing` on the page under ``name``; ``said`` describes it for those who do not see it.

    The same name is the same element on the page, in this refresh and in the next; another ``view`` has places and a
    zoom of its own. ``opened``: groups whose accounts
    are drawn by themselves. ``picture``: how many images were let go; one more than before, and the browser makes one.
    """
    key = f"graph-{name}"

    def heard(event: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = st.session_state[key].get(event)
        return found

    def on_select() -> None:
        if (event := heard("select")) is not None:
            deeds.select(event["id"])

    def on_turn() -> None:
        if (event := heard("turn")) is not None:
            deeds.turn(event["id"])

    def on_picture() -> None:
        if heard("picture") is not None:
            deeds.picture()

    _component()(
        key=key,
        data={
            **drawn,
            "name": name,
            "view": view,
            "selected": selected,
            "opened": sorted(opened),
            "picture": picture,
            "engine": st.get_option("server.baseUrlPath").rstrip("/") + ENGINE_ROUTE,
            "alt": f"Graph of cluster {name}. {said}",
        },
        on_select_change=on_select,
        on_turn_change=on_turn,
        on_picture_change=on_picture,
    )


def drawing(picture: Picture, places: Mapping[str, tuple[float, float]] | None = None) -> dict[str, Any]:
    """Nodes, edges and legend as plain data: place, size, shape, hue, label and what is said of each.

    ``places`` of the nodes, where they are known; else they are computed.
    """
    positions = places if places is not None else place(picture)
    largest = max((node.accounts for node in picture.nodes), default=1)
    labels = {node.id: node.label for node in picture.nodes}
    heaviest = max((*(edge.accounts for edge in picture.edges), _THICK))
    return {
        "nodes": [
            {
                "id": node.id,
                "label": node.label,
                "said": _said(node, picture),
                "shape": _shape(node),
                "hue": _hue(node),
                "width": round(2 * radius(node, largest), 1),
                "discounted": node.discounted,
                "accounts": node.accounts,
                "rank": _rank(node),
                "of": node.of,
                "group": node.sort == "group" and node.accounts > 1,
                "x": positions[node.id][0],
                "y": positions[node.id][1],
            }
            for node in picture.nodes
        ],
        "edges": [
            {
                "id": edge.id,
                "source": edge.source,
                "target": edge.target,
                "width": round(1 + 5 * (edge.accounts / heaviest) ** 0.5, 2),
                "said": f"{counted(edge.accounts, 'account')} of “{labels[edge.source]}” on {labels[edge.target]}",
            }
            for edge in picture.edges
        ],
        "legend": _legend(picture),
    }


def _rank(node: Node) -> int:
    """Whose label comes first where there is no room for all; below 0: only when it is chosen or beside what is."""
    if node.sort == "group" and node.accounts == 1:
        return -1
    return int(bool(node.kind))


def _shape(node: Node) -> str:
    return kind_words(node.kind).shape if node.kind else "ellipse"


def _hue(node: Node) -> str:
    return kind_words(node.kind).hue if node.kind else "group"


def _said(node: Node, picture: Picture) -> str:
    part = share(node.accounts, picture.size)
    if node.kind:
        said = f"{node.label}\n{node.accounts:,} of {counted(picture.size, 'account')} ({part})"
        return said + ("\nDiscounted: shared with many outside" if node.discounted else "")
    if node.sort == "group":
        return f"Group of {counted(node.accounts, 'account')} ({part})\nwith the same strongest identifiers"
    return f"Account {node.label}"


def _legend(picture: Picture) -> list[dict[str, Any]]:
    kinds = sorted({node.kind for node in picture.nodes if node.kind})
    rows: list[dict[str, Any]] = [
        {"shape": kind_words(kind).shape, "hue": kind_words(kind).hue, "label": kind_words(kind).one} for kind in kinds
    ]
    if any(node.sort == "group" for node in picture.nodes):
        rows.append({"shape": "ellipse", "hue": "group", "label": "group of accounts (size: how many)"})
    if any(node.sort == "account" for node in picture.nodes):
        rows.append({"shape": "ellipse", "hue": "group", "label": "account"})
    if any(node.discounted for node in picture.nodes):
        rows.append({"shape": "ellipse", "hue": "group", "label": "dashed: discounted", "dashed": True})
    return rows
