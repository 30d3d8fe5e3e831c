"""linkage finds groups of accounts that are run by one operator, explains them, and keeps linked apart from abusive.

    >>> from linkage import Workspace
    >>> workspace = Workspace("workspace")

Nothing heavy is imported before it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from linkage.errors import LinkageError
    from linkage.model.explanation import Explanation
    from linkage.model.progress import Progress
    from linkage.workspace import Workspace

__version__ = "0.1.0"

__all__ = ["Explanation", "LinkageError", "Progress", "Workspace", "__version__"]

_HOMES = {
    "Explanation": "linkage.model.explanation",
    "LinkageError": "linkage.errors",
    "Progress": "linkage.model.progress",
    "Workspace": "linkage.workspace",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'linkage' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
