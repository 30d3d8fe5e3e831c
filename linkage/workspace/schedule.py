"""The schedule: at each tick an ingest of what has arrived and a refresh, each as a process of its own.

The loop holds no state that matters. Which tick was done last stands in the casework database, and is written when the
tick is done: killed anywhere, the next start does the tick again, and ingest and refresh change nothing the second
time. However many ticks went by, one run makes up for them.
"""

from __future__ import annotations

import contextlib
import glob
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from linkage.errors import InputRefused, LinkageError, StoreUnavailable, TryAgain, UsageError
from linkage.model import ticks
from linkage.model.casework import RunEntry
from linkage.model.notes import Note, NoteSink
from linkage.model.ticks import Due, TickDone
from linkage.stores import lock
from linkage.stores.files import write_atomically
from linkage.workspace import metrics
from linkage.workspace.alerting import Alerting
from linkage.workspace.clock import Clock
from linkage.workspace.home import Home

#: Longest wait before the clock is looked at again: it may have jumped, or the machine slept.
_LOOK = timedelta(seconds=30)
#: How long a process that was told to end may take before it is killed, seconds.
_GRACE = 10.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a schedule does: how often, what it takes in before a refresh, and the options of the two."""

    every: timedelta
    inbox: tuple[str, ...] = ()
    ingest_options: tuple[str, ...] = ()
    refresh_options: tuple[str, ...] = ()
    metrics: Path | None = None


#: Starts a verb with its arguments as a process that is in a session of its own and says nothing on stdout.
Launch = Callable[[list[str]], "subprocess.Popen[bytes]"]


class Schedule:
    """Runs ``plan`` in the workspace of ``home``; what happens is told to ``notes``."""

    def __init__(self, home: Home, plan: Plan, clock: Clock, notes: NoteSink, launch: Launch) -> None:
        self._home, self._plan, self._clock, self._tell, self._launch = home, plan, clock, notes, launch
        self._casework = home.casework_to_write()
        self._alerting = Alerting(home, notes)

    def run(self, *, once: bool = False) -> int:
        """Until the clock is stopped; with ``once`` the tick that is due, if one is. Returns an exit code.

        Raises:
            ConfigurationError: the secret of a receiver of alerts is missing or malformed.
            TryAgain: another schedule holds the workspace.
            UsageError: a path to take in is neither there nor a pattern.
        """
        for path in self._plan.inbox:
            if not Path(path).exists() and not glob.has_magic(path):
                raise UsageError("a path to ingest is neither there nor a pattern")
        with self._alone():
            return self._once() if once else self._loop()

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        with contextlib.ExitStack() as held:
            try:
                held.enter_context(lock.hold(self._home.layout.schedule_lock))
            except lock.Held as fault:
                raise TryAgain("another schedule holds the workspace", hint="One is enough; stop it first.") from fault
            yield

    def _once(self) -> int:
        due = self._due()
        if due is None:
            self._tell(Note("nothing is due"))
            self._send()
            return 0
        return self._turn(due)

    def _loop(self) -> int:
        attempt = 0
        while not self._clock.stopped:
            try:
                due = self._due()
                code = self._turn(due) if due is not None else None
            except StoreUnavailable as fault:
                # The server with the casework is away: what is due stays due, and is done when it is back.
                self._complain(fault)
                code = TryAgain.exit_code
            if code is None:
                now = self._clock.now()
                following = ticks.tick_of(now, self._plan.every) + self._plan.every
                self._send()
                self._clock.wait(min(following - now, _LOOK).total_seconds())
                continue
            if code != TryAgain.exit_code:
                attempt = 0
                continue
            attempt += 1
            rest = ticks.pause(attempt, self._plan.every)
            self._tell(Note("to be tried again", {"seconds": rest.total_seconds(), "attempt": attempt}))
            self._rest(rest)
        self._tell(Note("stopped"))
        return 0

    def _rest(self, rest: timedelta) -> None:
        """Wait for as long as that; alerts go out meanwhile."""
        while rest > timedelta(0) and not self._clock.stopped:
            self._send()
            self._clock.wait(min(rest, _LOOK).total_seconds())
            rest -= _LOOK

    def _due(self) -> Due | None:
        last = self._casework.last_tick()
        return ticks.due(last.tick if last is not None else None, self._clock.now(), self._plan.every)

    def _turn(self, due: Due) -> int:
        """Do one tick; it stays due where the machine could not take the work, or the schedule was stopped."""
        self._tell(Note("tick", {"tick": due.tick, "missed": due.missed}))
        self._look()
        try:
            code = self._work()
        except LinkageError as fault:
            self._complain(fault)
            code = fault.exit_code
        if code != TryAgain.exit_code and not self._clock.stopped:
            self._casework.end_tick(TickDone(due.tick, self._plan.every, self._clock.now(), code))
        self._look()
        return code

    def _look(self) -> None:
        """See what is worth an alert, send it, and write the metrics. That these fail keeps no refresh from running."""
        try:
            self._alerting.look(self._clock.now())
            if self._plan.metrics is not None:
                write_atomically(self._plan.metrics, metrics.text(self._home, self._clock.now()).encode())
        except LinkageError as fault:
            self._complain(fault)
        except OSError as fault:
            self._tell(Note("the metrics cannot be written", {"fault": type(fault).__name__}))
        self._send()

    def _send(self) -> None:
        try:
            self._alerting.look_at_the_clock(self._clock.now())
            self._alerting.deliver(self._clock.now())
        except LinkageError as fault:
            self._complain(fault)

    def _complain(self, fault: LinkageError) -> None:
        self._tell(Note(fault.message, {"exit_code": fault.exit_code}))

    def _work(self) -> int:
        """Ingest, then refresh; the exit code of what went wrong, refused files last."""
        taken = 0
        inbox = self._arrived()
        if inbox:
            taken = self._process("ingest", [*inbox, *self._plan.ingest_options])
            if taken not in (0, InputRefused.exit_code) or self._clock.stopped:
                return taken
        return self._process("refresh", list(self._plan.refresh_options)) or taken

    def _arrived(self) -> list[str]:
        """Paths of the inbox under which there is something to take."""
        if not self._plan.inbox:
            return []
        from linkage.ingest import discovery

        return [
            path
            for path in self._plan.inbox
            if any(candidate.refusal is None for candidate in discovery.discover([path]).candidates)
        ]

    def _process(self, verb: str, arguments: list[str]) -> int:
        """Run a verb to its end, or to the end of the schedule; returns its exit code, minus the signal if killed."""
        newest = next((run.run_id for run in self._casework.runs(1)), 0)
        started_at = self._clock.now()
        process = self._launch([verb, *arguments])
        try:
            while process.poll() is None and not self._clock.stopped:
                self._clock.wait(_LOOK.total_seconds(), process)
                self._send()
        finally:
            _end(process)
        code = process.returncode
        runs = [run for run in self._casework.runs(16) if run.run_id > newest and run.verb == verb]
        if not runs and code not in (0, TryAgain.exit_code):
            # It was killed, or failed before it could write its own line.
            self._casework.record_run(
                verb=verb,
                status="stopped" if self._clock.stopped else "failed",
                refresh_id=None,
                started_at=started_at,
                finished_at=self._clock.now(),
                actor=self._home.actor,
                timings={},
                counts={},
                fault=f"signal {-code}" if code < 0 else f"exit code {code}",
                trigger="schedule",
                exit_code=code,
            )
        self._tell(Note("run ended", {"verb": verb, "exit_code": code, **(_figures(runs[0]) if runs else {})}))
        return code


class Launcher:
    """Starts verbs of this very linkage on the workspace at ``root``; ``options`` stand before every verb."""

    def __init__(self, root: Path, options: tuple[str, ...] = ()) -> None:
        self._command = [sys.executable, "-P", "-m", "linkage", "--workspace", str(root), *options]

    def __call__(self, arguments: list[str]) -> subprocess.Popen[bytes]:
        """Start one. Its session is its own: whether a signal of the terminal reaches it is for the schedule to say."""
        return subprocess.Popen(
            [*self._command, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, "LINKAGE_TRIGGER": "schedule"},
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    """See that the process has ended. Whatever it was doing is whole or absent afterwards."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _figures(run: RunEntry) -> dict[str, Any]:
    """What is told of a run: everything but its timings by stage."""
    took = round((run.finished_at - run.started_at).total_seconds(), 3)
    return {"status": run.status, "refresh_id": run.refresh_id, "seconds": took, **run.counts}
