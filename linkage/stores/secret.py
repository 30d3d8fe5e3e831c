"""Passwords of servers, which stand in a file or the environment and nowhere else."""

from __future__ import annotations

from pathlib import Path

from linkage.errors import ConfigurationError


def from_file(path: str | None, server: str, hint: str) -> str:
    """What the file at ``path`` holds, but for the end of its line; ``server`` names in messages whose password it is.

    Raises:
        ConfigurationError: no file is named, or it cannot be read; ``hint`` says what to do.
    """
    if path is None:
        raise ConfigurationError(f"there is no password for the {server}", hint=hint)
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as fault:
        raise ConfigurationError(f"the file with the password for the {server} cannot be read", hint=hint) from fault
