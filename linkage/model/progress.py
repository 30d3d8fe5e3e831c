"""How far a long piece of work has come: a value that stages hand out and the command line draws."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """One report of progress.

    ``stage`` is what is being done, in words; ``done`` of ``total`` ``unit`` are finished. ``total`` is None while
    nobody knows it.
    """

    stage: str
    done: int
    total: int | None
    unit: str


#: Who wants to hear of progress passes one of these; None means silence.
ProgressSink = Callable[[Progress], None]


class StageClock:
    """A sink that notes how long each stage took, and passes every report on to ``sink``.

    A stage lasts from its first report to the first report of the next one, or to ``timings``.
    """

    def __init__(self, sink: ProgressSink | None) -> None:
        self._sink = sink
        self._start = time.monotonic()
        self.started_at = datetime.now(UTC)
        self._began: list[tuple[str, float]] = []

    def __call__(self, progress: Progress) -> None:
        """Note and pass on."""
        if not self._began or self._began[-1][0] != progress.stage:
            self._began.append((progress.stage, time.monotonic()))
        if self._sink is not None:
            self._sink(progress)

    def seconds(self) -> float:
        """Seconds since the clock was made."""
        return time.monotonic() - self._start

    def timings(self) -> dict[str, float]:
        """Seconds per stage, rounded to milliseconds, and of all together as ``total``."""
        now = time.monotonic()
        ends = [*(start for _, start in self._began), now][1:]
        spent: dict[str, float] = {}
        for (stage, start), end in zip(self._began, ends, strict=True):
            spent[stage] = spent.get(stage, 0.0) + end - start
        return {**{stage: round(seconds, 3) for stage, seconds in spent.items()}, "total": round(now - self._start, 3)}
