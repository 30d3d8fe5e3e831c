"""Files that the browser gets: styles and scripts of ours, and the drawing engine as its authors published it."""

from __future__ import annotations

from importlib import resources


def asset(name: str) -> str:
    """Text of a file of this folder."""
    return resources.files(__name__).joinpath(name).read_text(encoding="utf-8")
