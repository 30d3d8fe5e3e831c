"""Entry point of the screen: ``streamlit run app.py``. The workspace is LINKAGE_WORKSPACE, or ./workspace."""

import streamlit as st

from linkage.ui.serve import parts, script

app = st.App(script(), **parts())
