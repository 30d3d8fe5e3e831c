"""The investigator's screen: pages, the graph component and charts on a workspace.

Knows ``linkage.workspace``, ``linkage.model`` and ``linkage.errors`` only. Streamlit and Altair are imported here and
nowhere else in the package.
"""
