"""The workspace: the one object that the command line and the pages know."""

from __future__ import annotations

from linkage.workspace.facade import Workspace

__all__ = ["Workspace"]
