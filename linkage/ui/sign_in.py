"""Who is in front of the screen: whoever signed in with the provider, or, in local mode, the user of the machine.

Every page reaches the workspace through :func:`linkage.ui.session.workspace`, which asks :func:`person` first: without
somebody who has signed in and has a role, there is no workspace to show.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import streamlit as st

from linkage.errors import ConfigurationError, NotAllowed
from linkage.ui.assets import asset
from linkage.ui.words import plain

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from streamlit.components.v2.types import ComponentRenderer

    from linkage.config import AccessSettings
    from linkage.workspace import Workspace

#: In the workspace: where the provider is and what it knows this server by, readable by the server's user alone.
SECRETS = "sign-in.toml"
_NEEDED = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
#: A key of fewer letters could be tried out.
_KEY = 32
#: In a session's state once its person has asked to sign out; the session ends with it.
_LEAVING = "signing-out"


def named(claims: Mapping[str, Any], access: AccessSettings) -> str:
    """Name of the person whom the provider's ``claims`` are about, who has a role.

    Raises:
        NotAllowed: nobody has signed in, the name is missing or not verified, or has no role.
    """
    if claims.get("is_logged_in") is not True:
        raise NotAllowed("nobody has signed in", hint="Sign in first.")
    said = claims.get(access.claim)
    if not isinstance(said, str) or not said.strip():
        raise NotAllowed(
            f"the provider does not say the {access.claim} of whoever signed in",
            hint="`claim` under [access] of linkage.toml says which of its claims is the name.",
        )
    if access.claim == "email" and claims.get("email_verified") is not True:
        raise NotAllowed(
            "the provider has not verified the e-mail address of whoever signed in",
            hint="Verify it there, or name people by another claim.",
        )
    name = said.strip().casefold()
    if name not in access.roles:
        raise NotAllowed(
            "whoever signed in has no role here", hint="An admin gives one, under [access.roles] of linkage.toml."
        )
    return name


def person(access: AccessSettings) -> str:
    """Name of who is in front of the screen.

    Raises:
        NotAllowed: as :func:`named`.
    """
    return named(st.user.to_dict(), access)


def asked(workspace: Workspace) -> bool:
    """Ask who is there, and say whether pages may be drawn."""
    access = workspace.access
    if not access.sign_in:
        return True
    if _LEAVING in st.session_state:
        st.title("linkage")
        st.markdown("Signing out…")
        st.caption(
            "Until this page gives way to another one, the browser still remembers who you are. If it stays, press the "
            "button, or clear this site's cookies."
        )
        st.button("Sign out again", icon=":material/logout:", on_click=leave)
        return False
    if st.user.to_dict().get("is_logged_in") is not True:
        st.title("linkage")
        st.markdown("Sign in to see this workspace. What you do is written into its audit under your name.")
        st.button("Sign in", type="primary", icon=":material/login:", on_click=_enter)
        _came_from()(key="came-from", data={"inside": False})
        return False
    try:
        person(access)
    except NotAllowed as fault:
        st.title("linkage")
        st.error(plain(f"{fault.message[:1].upper()}{fault.message[1:]}."), icon=":material/block:")
        st.markdown(f"**Next:** {plain(fault.hint)}")
        st.button("Sign out", icon=":material/logout:", on_click=leave)
        return False
    return True


def leave() -> None:
    """Sign out: the browser forgets who is there once the page that this leads to has answered, and not before.

    Streamlit empties its own session at once. A page that then said "Sign in" would be believed by somebody who walks
    away, while the cookie is still there.
    """
    st.logout()
    st.session_state[_LEAVING] = True


@cache
def _came_from() -> ComponentRenderer:
    return st.components.v2.component("linkage.came-from", js=asset("came_from.js"))


def back_to_where_one_came_from() -> None:
    """Lead whoever has just signed in to the URL they came with: the provider leads to the first page alone."""
    _came_from()(key="came-from", data={"inside": True})


def _enter() -> None:
    from streamlit.errors import StreamlitAuthError

    try:
        st.login()
    except StreamlitAuthError:
        st.error(
            "Sign-in is on, and this server does not know the provider: it was not started with `linkage ui`.",
            icon=":material/error:",
        )


def secrets(workspace: Path) -> Path:
    """The file with what the provider knows this server by, fit to be used.

    Raises:
        ConfigurationError: it is missing, incomplete, or others may read it, or a library is not installed.
    """
    import importlib.util
    import tomllib

    path = workspace / SECRETS
    if importlib.util.find_spec("authlib") is None or importlib.util.find_spec("httpx") is None:
        raise ConfigurationError(
            "sign-in needs libraries that are not installed", hint="Install them with: pip install 'linkage[sign-in]'"
        )
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8")).get("auth")
    except FileNotFoundError as fault:
        raise ConfigurationError(
            f"sign-in is on, and {SECRETS} is not in the workspace", hint="docs/how-to/sign-in.md says what it holds."
        ) from fault
    except (OSError, ValueError) as fault:
        raise ConfigurationError(f"{SECRETS} cannot be read ({type(fault).__name__})") from fault
    if path.stat().st_mode & 0o077:
        raise ConfigurationError(f"others may read {SECRETS}", hint=f"chmod 600 {SECRETS}")
    found = found if isinstance(found, dict) else {}
    missing = [name for name in _NEEDED if not found.get(name)]
    if missing:
        raise ConfigurationError(f"{SECRETS} lacks {', '.join(missing)} under [auth]")
    if len(str(found["cookie_secret"])) < _KEY:
        raise ConfigurationError(
            f"the cookie_secret of {SECRETS} is shorter than {_KEY} letters", hint="openssl rand -hex 32 makes one."
        )
    return path
