"""Sign-in with a real provider in a real browser: who may see what, and two people who are two people."""

from __future__ import annotations

import contextlib
import http.client
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from joserfc.jwk import RSAKey
from playwright.sync_api import Browser, Page, Route, expect

from linkage import Workspace
from linkage.model.case import Status
from tests.e2e.conftest import Screen, Visit, free_port, served
from tests.lib import small_world
from tests.lib.issuer import CLIENT, SECRET, Issuer, issuing
from tests.lib.small_world import OFFICE, RING

pytestmark = pytest.mark.long

PEOPLE = {
    name: {"sub": f"id-{name}", "email": f"{name.title()}@Example.com", "email_verified": name != "eve"}
    for name in ("ann", "bob", "cat", "eve", "dan")
}
ROLES = """\
[access]
sign_in = true
url = "https://linkage.example.com"

[access.roles]
"ann@example.com" = "investigator"
"bob@example.com" = "approver"
"cat@example.com" = "viewer"
"eve@example.com" = "admin"
"""


@dataclass(frozen=True)
class Desk:
    """A server that asks who one is, and the provider that says so."""

    screen: Screen
    issuer: Issuer


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("sign-in")
    workspace = folder / "workspace"
    small_world.build(workspace)
    (workspace / "linkage.toml").write_text(ROLES, encoding="utf-8")
    port = free_port()
    with issuing(PEOPLE) as issuer:
        secrets = workspace / "sign-in.toml"
        secrets.touch(mode=0o600)
        secrets.write_text(
            f"""[auth]
redirect_uri = "http://127.0.0.1:{port}/oauth2callback"
cookie_secret = "{"k" * 40}"
client_id = "{CLIENT}"
client_secret = "{SECRET}"
server_metadata_url = "{issuer.url}/.well-known/openid-configuration"
client_kwargs = {{ code_challenge_method = "S256" }}
""",
            encoding="utf-8",
        )
        with served(workspace, folder / "server.log", port=port) as running:
            yield Desk(running, issuer)


def enter(page: Page, desk: Desk, name: str, path: str = "/") -> None:
    page.goto(desk.screen.url + path)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name=name).click()
    page.wait_for_url(f"{desk.screen.url}/**")


def signed_in(name: str, role: str) -> re.Pattern[str]:
    """What the page says; a letter without width keeps the address from becoming a link."""
    return re.compile(f"Signed in as {name}.?@example\\.com, {role}\\.")


def test_without_sign_in_nothing_is_shown(visit: Visit, desk: Desk) -> None:
    page = visit.page
    for path in ("/", f"/cluster?cluster={RING}", "/cases", "/audit", "/settings"):
        page.goto(desk.screen.url + path)
        expect(page.get_by_role("button", name="Sign in")).to_be_visible()
        text = page.locator("[data-testid=stApp]").inner_text()
        assert RING not in text
        assert "Queue" not in text


def test_one_person_proposes_and_another_approves_each_under_their_own_name(
    browser: Browser, visit: Visit, desk: Desk
) -> None:
    ann = visit.page
    enter(ann, desk, "ann")
    expect(ann.get_by_text(signed_in("ann", "investigator"))).to_be_visible()
    ann.goto(f"{desk.screen.url}/cluster?cluster={OFFICE}")
    ann.get_by_role("button", name="Benign…").click()
    ann.get_by_role("button", name="Company").click()
    expect(ann.get_by_text("Proposed: benign, company.")).to_be_visible()
    (case,) = Workspace(desk.screen.workspace).case.list()
    assert case.proposed_by == "ann@example.com"
    ann.goto(f"{desk.screen.url}/cases?case={case.case_id}")
    expect(ann.get_by_text("You proposed this. Another person approves it")).to_be_visible()
    expect(ann.get_by_role("button", name="Approve")).to_have_count(0)
    context = browser.new_context()
    bob = context.new_page()
    enter(bob, desk, "bob")
    bob.goto(f"{desk.screen.url}/cases?case={case.case_id}")
    bob.get_by_role("button", name="Approve").click()
    expect(bob.get_by_text("Approved.", exact=True)).to_be_visible()
    context.close()
    (case,) = Workspace(desk.screen.workspace).case.list()
    assert case.status is Status.APPROVED
    assert case.decision is not None
    assert (case.decision.proposed_by, case.decision.approved_by) == ("ann@example.com", "bob@example.com")
    ann.get_by_role("button", name="Sign out").click()
    expect(ann.get_by_role("button", name="Sign in")).to_be_visible()
    ann.goto(f"{desk.screen.url}/cases?case={case.case_id}")
    expect(ann.get_by_role("button", name="Sign in")).to_be_visible()


def test_nobody_is_said_to_be_out_while_the_browser_still_knows_them(visit: Visit, desk: Desk) -> None:
    page = visit.page
    enter(page, desk, "ann")
    expect(page.get_by_text(signed_in("ann", "investigator"))).to_be_visible()
    expect(page.get_by_text("J K choose a row")).to_be_visible()
    held: list[Route] = []
    page.route("**/auth/logout*", lambda route: held.append(route))
    page.evaluate(_SAID)
    with page.expect_console_message(lambda message: message.text in {"Signing out…", "Sign in"}) as said:
        page.get_by_role("button", name="Sign out").click(no_wait_after=True)
    assert said.value.text == "Signing out…"
    assert _remembered(visit)
    (request,) = held
    request.continue_()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert not _remembered(visit)


#: What the page says, told while its browser waits for the next one: questions would wait with it.
_SAID = """() => new MutationObserver(() => {
    for (const words of ["Signing out…", "Sign in"])
        for (const part of document.querySelectorAll("[data-testid=stMain] p"))
            if (part.textContent === words) console.log(words);
}).observe(document.body, {childList: true, subtree: true, characterData: true})"""


def _remembered(visit: Visit) -> bool:
    return "_streamlit_user" in {cookie["name"] for cookie in visit.context.cookies() if cookie["value"]}


def test_the_link_of_an_alert_leads_to_its_cluster_over_the_sign_in_once(visit: Visit, desk: Desk) -> None:
    page = visit.page
    link = f"{desk.screen.url}/cluster?cluster={RING}&tab=members"
    enter(page, desk, "bob", link.removeprefix(desk.screen.url))
    expect(page.get_by_role("heading", name=RING)).to_be_visible()
    expect(page).to_have_url(link)
    expect(page.get_by_text(signed_in("bob", "approver"))).to_be_visible()
    page.goto(desk.screen.url)
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    expect(page).to_have_url(f"{desk.screen.url}/")


def test_a_role_that_is_taken_away_ends_what_is_on_the_screen(visit: Visit, desk: Desk) -> None:
    page, settings = visit.page, desk.screen.workspace / "linkage.toml"
    enter(page, desk, "cat")
    page.goto(f"{desk.screen.url}/audit")
    expect(page.get_by_text(signed_in("cat", "viewer"))).to_be_visible()
    settings.write_text(ROLES.replace("cat@", "somebody.else@"), encoding="utf-8")
    try:
        expect(page.get_by_text("Whoever signed in has no role here.")).to_be_visible()
        expect(page.get_by_role("heading", name="Audit")).to_have_count(0)
    finally:
        settings.write_text(ROLES, encoding="utf-8")


def test_the_action_list_is_handed_to_whoever_signed_in(visit: Visit, desk: Desk) -> None:
    page = visit.page
    enter(page, desk, "bob")
    page.goto(f"{desk.screen.url}/cluster?cluster={RING}&tab=case")
    page.get_by_role("button", name="Make my key").click()
    with page.expect_download() as coming:
        page.get_by_role("button", name="Download the action list").click()
    assert coming.value.suggested_filename == f"actions-{RING}.csv"
    entry = Workspace(desk.screen.workspace).audit()[-1]
    assert (entry.action, entry.actor, entry.subject) == ("actions.export", "bob@example.com", RING)


def test_a_viewer_looks_on(visit: Visit, desk: Desk) -> None:
    page = visit.page
    enter(page, desk, "cat")
    expect(page.get_by_text(signed_in("cat", "viewer"))).to_be_visible()
    page.goto(f"{desk.screen.url}/cluster?cluster={RING}&tab=case")
    expect(page.get_by_text("To work on cases takes the role investigator")).to_be_visible()
    expect(page.get_by_role("radio", name="Confirmed")).to_have_count(0)
    page.goto(f"{desk.screen.url}/settings")
    expect(page.get_by_text("4 names have a role; whoever else signs in sees nothing here.")).to_be_visible()


@pytest.mark.parametrize(
    ("name", "said"),
    [("dan", "Whoever signed in has no role here."), ("eve", "The provider has not verified the e-mail address")],
)
def test_whoever_has_no_role_or_no_verified_name_sees_nothing(visit: Visit, desk: Desk, name: str, said: str) -> None:
    page = visit.page
    enter(page, desk, name)
    expect(page.get_by_text(said)).to_be_visible()
    page.goto(f"{desk.screen.url}/cluster?cluster={RING}")
    expect(page.get_by_text(said)).to_be_visible()
    assert RING not in page.locator("[data-testid=stApp]").inner_text()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_token_of_another_key_signs_nobody_in(visit: Visit, desk: Desk) -> None:
    desk.issuer.signs = RSAKey.generate_key(2048, {"kid": "1"})
    try:
        enter(visit.page, desk, "bob")
        expect(visit.page.get_by_role("button", name="Sign in")).to_be_visible()
        assert not _remembered(visit)
    finally:
        desk.issuer.signs = None


def test_a_cookie_that_somebody_made_up_signs_nobody_in(visit: Visit, desk: Desk) -> None:
    forged = '{"email":"bob@example.com","email_verified":true,"is_logged_in":true}'
    visit.context.add_cookies([{"name": "_streamlit_user", "value": forged, "url": desk.screen.url}])
    visit.page.goto(desk.screen.url)
    expect(visit.page.get_by_role("button", name="Sign in")).to_be_visible()


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("linkage.example.com", "https://linkage.example.com", 101),
        ("linkage.example.com", "https://elsewhere.example.com", 403),
        ("elsewhere.example.com", "https://linkage.example.com", 400),
    ],
)
def test_behind_a_proxy_its_own_page_is_answered_and_no_other(desk: Desk, host: str, origin: str, status: int) -> None:
    port = int(desk.screen.url.rsplit(":", 1)[1])
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.request(
            "GET", "/_stcore/stream",
            headers={
                "Host": host, "Origin": origin, "Connection": "Upgrade", "Upgrade": "websocket",
                "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg==",
            },
        )  # fmt: skip
        assert connection.getresponse().status == status
