"""A clock that a test turns, and processes that end as it says: to run a schedule through days in a moment."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

START = datetime(2026, 4, 1, 12, 20, tzinfo=UTC)


class HandClock:
    """Waiting turns it on, and ``jumps`` turn it once its time has come: (from then on, by how much)."""

    def __init__(self, until: timedelta, jumps: tuple[tuple[datetime, timedelta], ...] = ()) -> None:
        self.stopped = False
        self._now = START
        self._left = until
        self._jumps = list(jumps)
        self.waits: list[float] = []

    def now(self) -> datetime:
        """Where its hands stand."""
        return self._now

    def wait(self, seconds: float, process: subprocess.Popen[bytes] | None = None) -> None:
        """Turn on by ``seconds``; a process is waited for, which takes none."""
        if process is not None:
            process.wait()
            return
        self.waits.append(seconds)
        self.turn(timedelta(seconds=seconds))
        self._left -= timedelta(seconds=seconds)
        if self._jumps and self._now >= self._jumps[0][0]:
            self._now += self._jumps.pop(0)[1]
        self.stopped = self._left <= timedelta(0)

    def turn(self, by: timedelta) -> None:
        """Turn it on."""
        self._now += by


class Ends:
    """Starts processes that end at once, with ``code(words)``, and keeps the words they were given, and when.

    One whose code is None does not end by itself.
    """

    def __init__(self, clock: HandClock, code: Callable[[list[str]], int | None] = lambda _: 0) -> None:
        self._clock, self._code = clock, code
        self.started: list[tuple[datetime, list[str]]] = []

    def __call__(self, words: list[str]) -> subprocess.Popen[bytes]:
        """Start one."""
        self.started.append((self._clock.now(), words))
        code = self._code(words)
        if code is None:
            return subprocess.Popen([sys.executable, "-I", "-S", "-c", "import signal; signal.pause()"])
        end = f"import os; os.kill(os.getpid(), {-code})" if code < 0 else f"raise SystemExit({code})"
        return subprocess.Popen([sys.executable, "-I", "-S", "-c", end])

    def verbs(self) -> list[str]:
        """The verbs, in order."""
        return [words[0] for _, words in self.started]
