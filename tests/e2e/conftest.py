"""A real browser on a real server: Debian's chromium, driven by Playwright, on a workspace made for the test."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from tests.lib.screen_world import USUAL, publish

ROOT = Path(__file__).resolve().parents[2]
SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)

#: Milliseconds within which what a test expects of a page must be there: a machine that does other work takes its time,
#: and how fast pages are is for `benchmarks/` to say.
expect.set_options(timeout=60_000)


@dataclass(frozen=True)
class Screen:
    """A server that runs: its address, and the workspace that it shows."""

    url: str
    workspace: Path


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(workspace: Path, log: Path, command: list[str] | None = None, port: int | None = None) -> Iterator[Screen]:
    """Serve ``workspace`` on a free port until the block ends; ``command`` gets the port as its last word."""
    port = port or free_port()
    command = command or [sys.executable, "-m", "linkage", "--workspace", str(workspace), "ui", "--port"]
    with log.open("w") as errors:
        process = subprocess.Popen(
            [*command, str(port)],
            cwd=ROOT,
            env={**os.environ, "LINKAGE_WORKSPACE": str(workspace), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        try:
            assert process.stdout is not None
            # The server says its address once it answers; until then this waits for a line.
            said = next((line for line in process.stdout if "URL: http://127.0.0.1" in line), None)
            assert said is not None, log.read_text()
            yield Screen(f"http://127.0.0.1:{port}", workspace)
        finally:
            process.terminate()
            process.wait(timeout=20)
            process.stdout.close()  # type: ignore[union-attr]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium of the system."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("no chromium is installed")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(SWITCHES))
        yield started
        started.close()


@pytest.fixture(scope="session")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screen]:
    """A server on a workspace with one refresh, which tests only read."""
    folder = tmp_path_factory.mktemp("screen")
    publish(folder / "workspace", "r-0001", USUAL)
    with served(folder / "workspace", folder / "server.log") as running:
        yield running


@dataclass
class Visit:
    """A page of a browser, and what went over its wire."""

    page: Page
    context: BrowserContext
    requests: list[str]
    complaints: list[str]

    def outside(self) -> list[str]:
        """Requests that did not go to this machine."""
        inside = ("http://127.0.0.1:", "ws://127.0.0.1:", "http://localhost:", "data:", "blob:")
        return [url for url in self.requests if not url.startswith(inside)]


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """A fresh browser profile; at the end nothing may have left the machine, and no script may have failed."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, color_scheme="light")
    context.set_default_timeout(20_000)
    found = Visit(context.new_page(), context, [], [])

    def note(request: Request) -> None:
        found.requests.append(request.url)

    def complain(message: ConsoleMessage) -> None:
        # The framework looks for its server below each page's path first, and is answered 404 there; and a test may
        # stop its server before its browser.
        if message.type == "error" and "404" not in message.text and "ERR_CONNECTION_REFUSED" not in message.text:
            found.complaints.append(message.text)

    context.on("request", note)
    found.page.on("websocket", lambda socket: found.requests.append(socket.url))
    found.page.on("console", complain)
    found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
    yield found
    context.close()
    assert found.outside() == []
    assert found.complaints == []
