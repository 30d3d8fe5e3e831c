"""Who may do what in a workspace: what its settings say now, while a server that reads them may run for weeks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from linkage.config import AccessSettings, load
from linkage.model.access import Role


def as_of_now(first: AccessSettings, path: Path) -> AccessSettings:
    """``first``, as it was when the process began, with the roles that the settings at ``path`` give now.

    The rest stays: whether people sign in, and by which claim, a server is started with.

    Raises:
        ConfigurationError: the settings cannot be read, so that they do not say who may do anything.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        stamp = None
    else:
        stamp = (found.st_ino, found.st_size, found.st_mtime_ns)
    return first.model_copy(update={"roles": _roles(path, stamp)})


@lru_cache(maxsize=16)
def _roles(path: Path, _stamp: tuple[int, int, int] | None) -> Mapping[str, Role]:
    return load(path).access.roles
