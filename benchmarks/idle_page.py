"""The page that does nothing: what is measured beside the pages of the screen, in the same server and browser."""

from __future__ import annotations

import streamlit as st

st.title("Idle")
for tab, words in zip(
    st.tabs(["one", "other"], key="tab", on_change="rerun"), ("Nothing", "Nothing else"), strict=True
):
    if tab.open:
        tab.markdown(f"{words} is here.")
