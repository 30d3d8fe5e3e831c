"""Sign-in without a browser: whose name counts, what the server needs, and that nothing is shown without it."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

import pytest

from linkage import Workspace
from linkage.config import AccessSettings
from linkage.errors import ConfigurationError, NotAllowed
from linkage.model.access import Role
from linkage.ui import serve, sign_in
from linkage.ui.main import PAGES
from tests.lib import small_world
from tests.lib.small_world import RING
from tests.unit.ui.test_pages import said, show

ACCESS = AccessSettings(sign_in=True, roles={"ann@example.com": Role.APPROVER})
ANN = {"is_logged_in": True, "email": " Ann@Example.COM", "email_verified": True, "sub": "7"}
SECRETS = """[auth]
redirect_uri = "https://linkage.example.com/oauth2callback"
cookie_secret = "0123456789abcdef0123456789abcdef"
client_id = "linkage"
client_secret = "s"
server_metadata_url = "https://login.example.com/.well-known/openid-configuration"
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = small_world.build(tmp_path / "w").path
    (path / "linkage.toml").write_text('[access]\nsign_in = true\nroles = { ann = "admin" }\n', encoding="utf-8")
    monkeypatch.setenv("LINKAGE_WORKSPACE", str(path))
    return path


def secrets(workspace: Path, text: str = SECRETS, mode: int = 0o600) -> Path:
    path = workspace / "sign-in.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_the_name_is_the_verified_one_in_lower_case() -> None:
    assert sign_in.named(ANN, ACCESS) == "ann@example.com"
    by_number = AccessSettings(sign_in=True, claim="sub", roles={"7": Role.VIEWER})
    assert sign_in.named({**ANN, "email_verified": False}, by_number) == "7"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"is_logged_in": False}, "nobody has signed in"),
        ({"is_logged_in": "yes"}, "nobody has signed in"),
        ({"email": None}, "does not say the email"),
        ({"email": " "}, "does not say the email"),
        ({"email": ["ann@example.com"]}, "does not say the email"),
        ({"email_verified": "true"}, "has not verified"),
        ({"email_verified": None}, "has not verified"),
        ({"email": "bob@example.com"}, "has no role here"),
    ],
)
def test_everybody_else_is_nobody(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(NotAllowed, match=words):
        sign_in.named({**ANN, **changed}, ACCESS)


def test_without_sign_in_no_page_shows_anything(workspace: Path) -> None:
    for name in (name for entries in PAGES.values() for name in entries):
        test = show("" if name == "queue" else name, cluster=RING)
        assert not test.exception, name
        assert [button.label for button in test.button] == ["Sign in"], name
        assert not test.dataframe, name
        assert RING not in said(test), name
    assert "was not started with `linkage ui`" in test.button[0].click().run().error[0].value


def test_settings_that_cannot_be_read_show_nothing(workspace: Path) -> None:
    (workspace / "linkage.toml").write_text("[access]\nsign_in = perhaps\n", encoding="utf-8")
    test = show()
    assert not test.dataframe
    assert "not valid TOML" in test.error[0].value


def test_with_sign_in_who_has_no_role_is_a_viewer_below_the_screen_too(workspace: Path) -> None:
    (workspace / "linkage.toml").write_text("[access]\nsign_in = true\n", encoding="utf-8")
    shared = Workspace(workspace)
    assert shared.role is Role.VIEWER
    eve = shared.acting_as("eve")
    assert (eve.actor, eve.role, shared.actor) == ("eve", Role.VIEWER, Workspace(workspace).actor)
    with pytest.raises(NotAllowed):
        eve.case.open(RING)


def test_a_role_counts_as_soon_as_it_is_given_or_taken_away_and_sign_in_stays_on(workspace: Path) -> None:
    settings, on = workspace / "linkage.toml", "[access]\nsign_in = true\n"
    shared = Workspace(workspace)
    assert shared.access.sign_in
    ann, bob = shared.acting_as("ann"), shared.acting_as("bob")
    assert (ann.role, bob.role) == (Role.ADMIN, Role.VIEWER)
    settings.write_text(f'{on}roles = {{ bob = "investigator" }}\n', encoding="utf-8")
    assert (ann.role, bob.role) == (Role.VIEWER, Role.INVESTIGATOR)
    case = bob.case.open(RING)
    with pytest.raises(NotAllowed, match="work on cases"):
        ann.case.note(case.case_id, "late")
    settings.write_text("[access\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="not valid TOML"):
        bob.case.note(case.case_id, "later")
    settings.unlink()
    assert (shared.access.sign_in, shared.access.roles, bob.role) == (True, {}, Role.VIEWER)


@pytest.mark.parametrize(
    ("text", "mode", "words"),
    [
        (None, 0, "is not in the workspace"),
        ("[auth", 0o600, "cannot be read"),
        ("auth = 1\n", 0o600, "lacks redirect_uri, cookie_secret"),
        (SECRETS.replace("client_id", "id"), 0o600, "lacks client_id"),
        (SECRETS.replace("0123456789abcdef0123", "0123"), 0o600, "shorter than 32"),
        (SECRETS, 0o640, "others may read"),
    ],
)
def test_the_server_does_not_start_without_what_sign_in_needs(
    workspace: Path, text: str | None, mode: int, words: str
) -> None:
    if text is not None:
        secrets(workspace, text, mode)
    with pytest.raises(ConfigurationError, match=words):
        serve.signing(workspace)


def test_the_server_is_asked_by_the_name_of_its_proxy_only_with_sign_in(workspace: Path) -> None:
    file = secrets(workspace)
    assert serve.signing(workspace) == ({"secrets.files": [str(file)]}, serve.HOSTS)
    settings = workspace / "linkage.toml"
    settings.write_text('[access]\nsign_in = true\nurl = "https://linkage.example.com"\n', encoding="utf-8")
    added, hosts = serve.signing(workspace)
    assert hosts == (*serve.HOSTS, "linkage.example.com")
    assert added["server.corsAllowedOrigins"] == ["https://linkage.example.com"]
    for text, words in (
        ('[access]\nurl = "https://linkage.example.com"\n', "this machine only"),
        ('[access]\nsign_in = true\nurl = "http://linkage.example.com"\n', "https://"),
    ):
        settings.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigurationError, match=words):
            serve.signing(workspace)


def test_the_secrets_stay_out_of_a_backup(workspace: Path, tmp_path: Path) -> None:
    secrets(workspace)
    Workspace(workspace).backup(tmp_path / "saved.tar")
    with tarfile.open(tmp_path / "saved.tar") as saved:
        names = [Path(name).name for name in saved.getnames()]
    assert "linkage.toml" in names
    assert "sign-in.toml" not in names
