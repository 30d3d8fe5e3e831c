"""What a long-running verb has to say while it runs: a sentence and figures, which a log writes in its own form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Note:
    """Something that happened. ``figures`` are counts, times, codes and opaque ids, and never a value."""

    text: str
    figures: Mapping[str, Any] = field(default_factory=dict)


#: Who wants to hear of it.
NoteSink = Callable[[Note], None]
