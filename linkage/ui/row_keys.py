"""Keys of a table whose rows lead somewhere: J and K choose one, Enter opens it. A component above the table."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import streamlit as st

from linkage.ui.assets import asset

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streamlit.components.v2.types import ComponentRenderer

#: Height of a table's header, pixels.
HEADER = 36


@cache
def _component() -> ComponentRenderer:
    return st.components.v2.component(
        "linkage.rows", html=asset("rows.html"), css=asset("rows.css"), js=asset("views.js") + asset("rows.js")
    )


def show(table: str, said: Mapping[str, str], to: Mapping[str, str], *, column: int, height: int) -> None:
    """Put the keys above the table of key ``table``.

    ``said`` and ``to``: id → what is said of its row, and the relative URL that opens it, in the order of the rows.
    ``column``: which one of the table begins with the id, from 1; ``height``: of a row, pixels.
    """
    _component()(
        key="row-keys",
        data={
            "table": table,
            "ids": list(said),
            "said": dict(said),
            "to": dict(to),
            "column": column,
            "header": HEADER,
            "height": height,
        },
    )
