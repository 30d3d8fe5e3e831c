"""The wall clock, and waiting that a signal or the end of a process ends at once."""

from __future__ import annotations

import os
import select
import subprocess
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What a schedule asks for the time, and waits with."""

    @property
    def stopped(self) -> bool:
        """Whether ``stop`` was called."""

    def now(self) -> datetime:
        """The time, UTC; it may jump."""

    def wait(self, seconds: float, process: subprocess.Popen[bytes] | None = None) -> None:
        """Return after ``seconds``, or earlier: once ``stop`` was called, or ``process`` has ended."""


class WallClock:
    """The clock of this machine. Its waits do not depend on what the time of day is set to meanwhile."""

    def __init__(self) -> None:
        self.stopped = False
        self._stop, self._stopping = os.pipe()

    def now(self) -> datetime:
        """The time, UTC."""
        return datetime.now(UTC)

    def stop(self) -> None:
        """End every wait, also one to come. A handler of signals may call it: it takes no lock."""
        self.stopped = True
        os.write(self._stopping, b".")

    def wait(self, seconds: float, process: subprocess.Popen[bytes] | None = None) -> None:
        """Wait; see ``Clock``."""
        ends = [self._stop]
        if process is not None:
            ends.append(os.pidfd_open(process.pid))
        try:
            select.select(ends, [], [], max(0.0, seconds))
        finally:
            for end in ends[1:]:
                os.close(end)

    def close(self) -> None:
        """Give back what waiting needed."""
        os.close(self._stop)
        os.close(self._stopping)
