"""What is said on stderr: a line for people, or with ``--log-format json`` an object a line for machines.

Either holds counts, durations, codes, names of files that the caller named, and opaque ids: never the value of an
identifier, an account's name, a prompt or a key.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from linkage.model.notes import Note
from linkage.model.times import to_text

FORMATS = ("text", "json")
_format = "text"


def use(format_: str) -> None:
    """From now on write in this one of ``FORMATS``; the command line says which, once."""
    global _format  # one process runs one command
    _format = format_


def in_json() -> bool:
    """Whether lines are objects."""
    return _format == "json"


def say(text: str, *, level: str = "info", figures: Mapping[str, Any] | None = None) -> None:
    """Write one line."""
    told = {name: _plain(value) for name, value in (figures or {}).items() if value is not None}
    if in_json():
        line = json.dumps({"time": to_text(datetime.now(UTC)), "level": level, "message": text, **told})
    else:
        mark = "" if level == "info" else f"{level}: "
        shown = (f"{name} {' '.join(value) if isinstance(value, list) else value}" for name, value in told.items())
        line = f"linkage: {mark}{text}" + ("; " + ", ".join(shown) if told else "")
    print(line, file=sys.stderr, flush=True)


def note(said: Note) -> None:
    """Write what a long-running verb has to say."""
    say(said.text, figures=said.figures)


def _plain(value: Any) -> Any:
    return to_text(value) if isinstance(value, datetime) else value
