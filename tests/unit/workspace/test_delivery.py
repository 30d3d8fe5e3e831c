"""Alerts reach a real receiver: signed, each once, and later where it was down."""

from __future__ import annotations

import base64
import json
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from linkage.config import AlertSettings, WebhookSettings
from linkage.errors import ConfigurationError
from linkage.model.alert import Alert, AlertKind
from linkage.model.notes import Note
from linkage.stores.casework import Casework
from linkage.stores.outbox import Outbox
from linkage.workspace import delivery
from tests.lib import pages
from tests.lib.receiver import receiving

SECRET = "whsec_" + base64.b64encode(b"canary of the secret, 32 bytes!!").decode()
MINUTE = timedelta(minutes=1)


class Post:
    """An outbox with one receiver, at ``url``."""

    def __init__(self, folder: Path, url: str) -> None:
        self.now = datetime.now(UTC).replace(microsecond=0)
        casework = Casework(folder / "casework.sqlite")
        casework.create(self.now)
        self.outbox = Outbox(casework, "workspace")
        settings = AlertSettings(
            webhooks=(WebhookSettings(name="soc", url=url, timeout_seconds=2.0),), screen="https://l.example/"
        )
        self.receivers = delivery.receivers(settings, {"LINKAGE_WEBHOOK_SECRET_SOC": SECRET})
        self.notes: list[Note] = []

    def add(self, subject: str = "c-1") -> bool:
        figures = {"size": 3, "size_before": None}
        alert = Alert(f"cluster_new:{subject}", AlertKind.CLUSTER_NEW, subject, self.now, figures)
        return self.outbox.add(alert, ["soc"])

    def deliver(self, after: timedelta = timedelta(0)) -> None:
        self.now += after
        delivery.deliver(self.outbox, self.receivers, "workspace", "https://l.example/", self.now, self.notes.append)

    def states(self) -> list[tuple[str, int, str | None]]:
        found = sorted(self.outbox.deliveries(), key=lambda one: one.alert_id)
        return [(one.status, one.attempts, one.fault) for one in found]


def test_what_is_delivered_is_signed_as_the_page_says(tmp_path: Path) -> None:
    (snippet,) = [block.text for block in pages.blocks("docs/how-to/alerts.md") if block.language == "python"]
    names: dict[str, object] = {}
    exec(compile(snippet, "alerts.md", "exec"), names)  # noqa: S102 - the page's own words
    verified = names["verified"]
    assert callable(verified)
    with receiving() as receiver:
        post = Post(tmp_path, receiver.url)
        assert post.add()
        post.deliver()
    ((headers, body),) = receiver.taken
    assert verified(headers, body, SECRET)
    assert not verified(headers, body + b" ", SECRET)
    assert not verified({**headers, "webhook-id": "al-other"}, body, SECRET)
    assert not verified(headers, body, base64.b64encode(b"another secret of 32 bytes .....").decode())
    assert not verified({**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) - 600)}, body, SECRET)
    message = json.loads(body)
    assert message["id"] == headers["webhook-id"]
    assert message["data"] == {
        "subject": "c-1", "size": 3, "size_before": None, "link": "https://l.example/cluster?cluster=c-1",
    }  # fmt: skip
    assert post.states() == [("delivered", 1, None)]


def test_an_alert_is_kept_and_sent_once(tmp_path: Path) -> None:
    with receiving() as receiver:
        post = Post(tmp_path, receiver.url)
        assert post.add()
        assert not post.add()
        for _ in range(3):
            post.deliver(MINUTE)
        assert not post.add()
        post.deliver(MINUTE)
        assert len(receiver.taken) == 1


def test_a_receiver_that_was_down_gets_everything_when_it_is_up_again(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    post = Post(tmp_path, f"http://127.0.0.1:{port}/hook")
    for number in range(3):
        post.add(f"c-{number}")
    for _ in range(30):
        post.deliver(MINUTE)
    tries = [note.figures["seconds"] for note in post.notes]
    assert tries == [30, 60, 120, 240, 480, 960]
    assert {state[0] for state in post.states()} == {"waiting"}
    with receiving(port) as receiver:
        post.deliver(timedelta(hours=1))
        ids = [headers["webhook-id"] for headers, _ in receiver.taken]
        assert len(set(ids)) == len(ids) == 3
        post.deliver(timedelta(hours=1))
        assert len(receiver.taken) == 3
    assert {state[0] for state in post.states()} == {"delivered"}


@pytest.mark.parametrize("status", [302, 400, 410, 500])
def test_any_other_answer_is_tried_again_with_the_same_id(tmp_path: Path, status: int) -> None:
    with receiving() as receiver:
        receiver.status = status
        post = Post(tmp_path, receiver.url)
        post.add()
        post.deliver()
        assert post.states() == [("waiting", 1, f"status {status}")]
        receiver.status = 200
        post.deliver(MINUTE)
        assert post.states() == [("delivered", 2, None)]
    first, second = receiver.taken
    assert first[0]["webhook-id"] == second[0]["webhook-id"]
    assert first[1] == second[1]


def test_a_receiver_that_never_answers_is_left_after_its_time_and_given_up_after_three_days(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        post = Post(tmp_path, f"http://127.0.0.1:{silent.getsockname()[1]}/")
        post.add()
        post.deliver()
        assert post.states() == [("waiting", 1, "TimeoutError")]
        post.deliver(timedelta(hours=73))
        assert post.states() == [("given up", 2, "TimeoutError")]


def test_a_clock_that_was_ahead_holds_nothing_back(tmp_path: Path) -> None:
    with receiving() as receiver:
        receiver.status = 500
        post = Post(tmp_path, receiver.url)
        post.add()
        post.deliver(timedelta(days=2))
        receiver.status = 200
        post.deliver(timedelta(days=-2))
        assert post.states() == [("delivered", 2, None)]


def test_neither_secret_nor_url_are_told(tmp_path: Path) -> None:
    post = Post(tmp_path, "http://127.0.0.1:1/token-in-the-path")
    post.add()
    post.deliver()
    told = str(post.notes) + str(post.states()) + (tmp_path / "casework.sqlite").read_bytes().decode("latin-1")
    assert "canary" not in told
    assert SECRET not in told
    assert "token-in-the-path" not in told


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/", "ftp://hooks.example.org/", "https://", "hooks.example.org", "http://10.0.0.1/",
        "https://user:word@hooks.example.org/", "http://localhost.example.org/", "file:///etc/passwd",
        "https://hooks.example.org/#part",
    ],
)  # fmt: skip
def test_an_unsafe_address_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        WebhookSettings(name="soc", url=url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x", "http://localhost/", "http://[::1]:9/", "https://a.example/"])
def test_a_safe_address_is_taken(url: str) -> None:
    assert WebhookSettings(name="soc", url=url).url == url


@pytest.mark.parametrize("secret", [None, "", "short", "whsec_c2hvcnQ=", "not base64 at all, whatever its length is"])
def test_a_secret_that_is_none_is_refused_and_not_quoted(secret: str | None) -> None:
    settings = AlertSettings(webhooks=(WebhookSettings(name="soc", url="https://a.example/"),))
    environment = {} if secret is None else {"LINKAGE_WEBHOOK_SECRET_SOC": secret}
    with pytest.raises(ConfigurationError) as refused:
        delivery.receivers(settings, environment)
    assert not secret or secret not in refused.value.message + refused.value.hint


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n", encoding="ascii")
    webhook = WebhookSettings(name="soc", url="https://a.example/", secret_file=str(tmp_path / "secret"))
    (receiver,) = delivery.receivers(AlertSettings(webhooks=(webhook,)), {})
    assert receiver.secret == b"canary of the secret, 32 bytes!!"
    with pytest.raises(ConfigurationError, match="cannot be read"):
        delivery.receivers(
            AlertSettings(webhooks=(webhook.model_copy(update={"secret_file": str(tmp_path / "none")}),)), {}
        )


def test_receivers_have_names_of_their_own() -> None:
    twice = WebhookSettings(name="soc", url="https://a.example/")
    with pytest.raises(ValidationError, match="name of its own"):
        AlertSettings(webhooks=(twice, twice))
