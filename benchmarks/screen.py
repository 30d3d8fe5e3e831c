"""A server of the screen and a browser before it, with a clock for what a person waits for.

``python -m benchmarks.screen PORT`` serves the page that does nothing, as ``linkage ui`` serves its pages.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.processes import LINKAGE, ROOT

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Locator, Page

SWITCHES = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
#: Milliseconds after which a wait is given up: far beyond any bar, so that what is slow is measured and not lost.
PATIENCE = 60_000
#: Counts in the page how often the server was done with a run of the script.
COUNTER = """
const STATE = "data-test-script-state";
window.linkageRuns = 0;
new MutationObserver((changes) => {
  for (const { target, oldValue } of changes)
    if (oldValue !== "notRunning" && target.getAttribute(STATE) === "notRunning") window.linkageRuns++;
}).observe(document, {
  subtree: true, attributes: true, attributeOldValue: true, attributeFilter: [STATE],
});
"""
_DONE = "() => window.linkageRuns >= {} && document.querySelector('[data-test-script-state=notRunning]') !== null"
#: Whether rows are on the first table of the page, which is drawn on a canvas: below its header are many points of
#: another colour than the first. What it says to screen readers comes a quarter of a second later.
_ROWS = """() => {
  const canvas = document.querySelector("[data-testid=stDataFrame] canvas");
  if (!canvas || canvas.height < 110) return false;
  const { data } = canvas.getContext("2d").getImageData(0, 40, canvas.width, 60);
  const [ground, ...points] = new Uint32Array(data.buffer);
  return points.filter((point) => point !== ground).length > 500;
}"""
#: Notes when the browser has drawn the next change of an element, milliseconds since 1970.
_WATCH = """(element) => {
  window.linkageDrawn = new Promise((done) => {
    const frame = (then) => requestAnimationFrame(then);
    const seen = () => frame(() => frame(() => done(performance.timeOrigin + performance.now())));
    const watch = new MutationObserver(() => { watch.disconnect(); seen(); });
    watch.observe(element, { childList: true, subtree: true });
  });
}"""
#: Two frames: what was there is drawn.
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs: its address and its process."""

    url: str
    process: int

    def mebibytes(self) -> float:
        """Peak resident memory so far."""
        status = Path(f"/proc/{self.process}/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


@dataclass(frozen=True, slots=True)
class Waited:
    """Seconds of the clock that a person waits, and CPU seconds of server and browser meanwhile."""

    wall: float
    cpu: float


@contextmanager
def _served(command: Sequence[str], log: Path) -> Iterator[Server]:
    """Run a server, which is given a free port as its last word, until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [*command, str(port)],
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        assert process.stdout is not None
        try:
            # The server says its address once it answers; until then this waits for a line.
            if not any("URL: http://127.0.0.1" in line for line in process.stdout):
                sys.exit(f"{' '.join(command)} did not start:\n{log.read_text(encoding='utf-8')}")
            yield Server(f"http://127.0.0.1:{port}", process.pid)
        finally:
            process.terminate()
            process.wait(timeout=30)
            process.stdout.close()


def screen(workspace: Path, log: Path) -> AbstractContextManager[Server]:
    """``linkage ui`` of a workspace."""
    return _served([*LINKAGE, "--workspace", str(workspace), "ui", "--port"], log)


def idle(log: Path) -> AbstractContextManager[Server]:
    """The page that does nothing."""
    return _served([sys.executable, "-m", "benchmarks.screen"], log)


@contextmanager
def browser() -> Iterator[BrowserContext]:
    """Chromium of the system, with one profile: what it keeps of one visit is there in the next."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        sys.exit("no chromium is installed")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(SWITCHES))
        context = started.new_context(viewport={"width": 1440, "height": 1000})
        context.set_default_timeout(PATIENCE)
        context.add_init_script(COUNTER)
        yield context
        started.close()


def waited(
    page: Page,
    act: Callable[[], object],
    *there: Locator,
    again: bool = False,
    rows: bool = False,
) -> Waited:
    """What it takes from an act until the server is done with it, what it leads to is visible, and the browser drew it.

    ``again``: it was visible before, and is drawn anew. ``rows``: it leads to a table, whose rows are drawn too.
    """
    # A run that is over within a frame is not seen by the counter: it is asked only where nothing else tells.
    runs = page.evaluate("window.linkageRuns") + 1 if again else 0
    started, spent = time.perf_counter(), _cpu()
    act()
    for each in there:
        each.wait_for()
    if rows:
        page.wait_for_function(_ROWS)
    page.wait_for_function(_DONE.format(runs))
    page.evaluate(PAINTED)
    return Waited(time.perf_counter() - started, _since(spent))


def shown(page: Page, act: Callable[[], object], where: Locator) -> Waited:
    """What it takes from an act until the browser has drawn by itself what the act changes in an element.

    The browser looks at its own clock: asked from outside, it would answer after what it does next, which is to take in
    the server's answer. The CPU seconds are those until it said so, and a part of that work is among them.
    """
    where.evaluate(_WATCH)
    started, spent = time.time(), _cpu()
    act()
    drawn = page.evaluate("window.linkageDrawn")
    return Waited(drawn / 1000 - started, _since(spent))


def done(page: Page, *there: Locator) -> None:
    """Wait, unmeasured, until something is visible and the server has nothing left to do."""
    for each in there:
        each.wait_for()
    page.wait_for_function(_DONE.format(0))
    page.evaluate(PAINTED)


def _since(spent: dict[int, float]) -> float:
    """CPU seconds since ``spent``."""
    # A process that ended meanwhile has taken what it took with it: the page that was left before, at most.
    return sum(seconds - spent.get(process, 0.0) for process, seconds in _cpu().items())


def _cpu() -> dict[int, float]:
    """CPU seconds (user and system) so far of all processes that this one started, and those that they did."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name of a process, in brackets, may hold anything.
            fields = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended since the folder was listed
        number = int(path.parent.name)
        parents[number], ticks[number] = int(fields[1]), int(fields[11]) + int(fields[12])
    own = {os.getpid()}
    for number in sorted(parents):
        above = [number]
        while above[-1] in parents and above[-1] not in own:
            above.append(parents[above[-1]])
        if above[-1] in own:
            own.update(above)
    return {number: ticks[number] / os.sysconf("SC_CLK_TCK") for number in own - {os.getpid()}}


def main(arguments: list[str]) -> None:
    """Serve the page that does nothing, with the settings, headers and checks of ``linkage ui``."""
    from streamlit.starlette import App

    from linkage.ui import serve

    settings = {
        f"{section}.{name}": value for section, values in serve.SETTINGS.items() for name, value in values.items()
    }
    settings["server.port"] = int(arguments[0])
    App(Path(__file__).with_name("idle_page.py"), **serve.parts()).run(config=settings)


if __name__ == "__main__":
    main(sys.argv[1:])
