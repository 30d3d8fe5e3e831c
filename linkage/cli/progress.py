"""Progress on stderr: a bar on a terminal, a line per stage elsewhere, nothing on stdout."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

from linkage.cli import log
from linkage.model.progress import Progress, ProgressSink


@contextlib.contextmanager
def progress() -> Iterator[ProgressSink]:
    """A sink that shows what it is told for as long as the block runs."""
    if log.in_json() or not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[count]}"), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def show(step: Progress) -> None:
            if step.stage not in tasks:
                tasks[step.stage] = bars.add_task(step.stage, count="")
            whole = f" of {step.total:,}" if step.total is not None else ""
            count = f"{step.done:,}{whole} {step.unit}"
            bars.update(tasks[step.stage], completed=step.done, total=step.total, count=count)

        yield show


class _Lines:
    """Names each stage once."""

    def __init__(self) -> None:
        self._stage: str | None = None

    def __call__(self, step: Progress) -> None:
        if step.stage != self._stage:
            self._stage = step.stage
            log.say(step.stage)
