"""The server of the screen: this machine only, no outside request, every protection on.

``streamlit run app.py`` and ``linkage ui`` both serve the application of this module; the first takes its settings
from ``.streamlit/config.toml``, the second from :data:`SETTINGS`, which say the same.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import socket
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from linkage.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

ADDRESS = "127.0.0.1"
#: Names by which this machine may be asked; anything else is a page elsewhere that points its name here.
HOSTS = ("127.0.0.1", "localhost")

#: Streamlit's settings, by section.
SETTINGS: dict[str, dict[str, Any]] = {
    "server": {
        "address": ADDRESS,
        "headless": True,
        "enableCORS": True,
        "enableXsrfProtection": True,
        "xsrfCookieSameSite": "strict",
        "allowedHosts": list(HOSTS),
        "enableAgentApi": False,
        "enableStaticServing": False,
        "maxUploadSize": 1,
        "fileWatcherType": "none",
        "showEmailPrompt": False,
    },
    "browser": {"gatherUsageStats": False},
    "client": {
        "disableDataExport": True,
        "showErrorDetails": "none",
        "showErrorLinks": False,
        "toolbarMode": "minimal",
    },
    # Without a full collection after each run: it holds up the last of what the run sent, by .1 s and more.
    "runner": {"magicEnabled": False, "postScriptGC": False},
    "theme": {"paddingTop": "0.75rem", "paddingBottom": "3rem"},
    "theme.light": {"primaryColor": "#1d5fae", "dataframeHeaderTextColor": "#31333f"},
    "theme.dark": {"primaryColor": "#82b8ff", "dataframeHeaderTextColor": "#fafafa"},
}

#: What a page of ours may load and do. Styles are written by the framework as it draws, and scripts of components
#: arrive as blobs; nothing comes from another host, and no other site may frame the page.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' blob: {inline}",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "frame-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'self'",
        "form-action 'self'",
    )
)
HEADERS: dict[str, str] = {
    "content-security-policy": POLICY,
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def headers() -> dict[str, str]:
    """:data:`HEADERS`, with the scripts that stand in the framework's own page allowed by their digest."""
    import streamlit

    page = Path(streamlit.__file__).with_name("static").joinpath("index.html").read_text(encoding="utf-8")
    digests = [
        hashlib.sha256(text.encode("utf-8")).digest() for text in re.findall(r"<script>(.*?)</script>", page, re.S)
    ]
    inline = " ".join(f"'sha256-{base64.b64encode(digest).decode('ascii')}'" for digest in digests)
    return {name: value.replace("{inline}", inline) for name, value in HEADERS.items()}


class Headers:
    """Adds :func:`headers` to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._own = [(name.encode("ascii"), value.encode("ascii")) for name, value in headers().items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on; the answer's start gets the headers."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [pair for pair in message.get("headers", []) if pair[0].decode("latin-1").lower() not in HEADERS]
                message = {**message, "headers": [*kept, *self._own]}
            await send(message)

        await self._app(scope, receive, guarded)


def parts(hosts: Sequence[str] = HOSTS) -> dict[str, Any]:
    """What the application is made of besides its script: the route of the drawing engine, headers, allowed hosts."""
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.routing import Route

    from linkage.ui.graph_component import ENGINE_ROUTE

    return {
        "routes": [Route(ENGINE_ROUTE, _engine)],
        "middleware": [
            Middleware(Headers),
            Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False),
        ],
        "on_script_error": _broken,
    }


def script() -> Path:
    """The script that Streamlit runs for each session."""
    return Path(str(resources.files("linkage.ui").joinpath("main.py")))


def serve(workspace: Path, *, port: int = 8501, open_browser: bool = True) -> None:
    """Serve the screen of ``workspace`` on this machine until it is interrupted.

    Raises:
        ConfigurationError: the libraries of the screen are not installed, or sign-in is on and lacks something.
        UsageError: the port is taken, or not one that can be taken.
    """
    try:
        from streamlit.starlette import App
    except ModuleNotFoundError as fault:
        raise ConfigurationError(
            "the screen needs libraries that are not installed", hint="Install them with: pip install 'linkage[ui]'"
        ) from fault
    _free(port)
    os.environ["LINKAGE_WORKSPACE"] = str(workspace)
    settings = {f"{section}.{name}": value for section, values in SETTINGS.items() for name, value in values.items()}
    settings["server.port"] = port
    settings["server.headless"] = not open_browser
    added, hosts = signing(workspace)
    App(script(), **parts(hosts)).run(config=settings | added)


def signing(workspace: Path) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Settings that sign-in adds, and names by which the server may be asked.

    Raises:
        ConfigurationError: sign-in lacks something, or a name to be asked by comes without sign-in.
    """
    from linkage.ui import sign_in
    from linkage.workspace import Workspace

    access = Workspace(workspace).settings.access
    if not access.sign_in:
        if access.url is not None:
            raise ConfigurationError("without sign-in the screen is for this machine only", hint="Take `url` away.")
        return {}, HOSTS
    added: dict[str, Any] = {"secrets.files": [str(sign_in.secrets(workspace))]}
    if access.url is None:
        return added, HOSTS
    parsed = urlsplit(access.url)
    if parsed.scheme != "https" or not parsed.hostname or parsed.path not in ("", "/"):
        raise ConfigurationError("`url` under [access] is https:// and a name")
    hosts = (*HOSTS, parsed.hostname)
    origin = f"https://{parsed.netloc}"
    return added | {"server.allowedHosts": list(hosts), "server.corsAllowedOrigins": [origin]}, hosts


def _free(port: int) -> None:
    """Say in our words that the port cannot be had, before the server says it in its own."""
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((ADDRESS, port))
    except (OSError, OverflowError) as fault:
        raise UsageError(f"port {port} cannot be served on", hint="Choose another one with --port.") from fault


async def _engine(_request: Request) -> Response:
    """The drawing engine. Its name carries its version, so a browser may keep it."""
    from starlette.responses import Response

    from linkage.ui.assets import asset
    from linkage.ui.graph_component import ENGINE

    kept = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(asset(ENGINE), media_type="text/javascript", headers=kept)


def _broken(fault: Exception) -> bool:
    """A fault that no page expected: say so on the page, and where it happened on the terminal, without any value."""
    import logging
    import traceback

    import streamlit as st

    places = "".join(traceback.format_tb(fault.__traceback__))
    logging.getLogger("linkage.ui").error("%s in a page\n%s", type(fault).__name__, places)
    st.error("This page failed, which is a fault in linkage.", icon=":material/error:")
    st.markdown(
        "**Next:** reload the page. If it fails again, run `linkage doctor`, and report what the terminal that serves "
        "this page says."
    )
    return True


__all__ = ["HEADERS", "SETTINGS", "parts", "script", "serve", "signing"]
