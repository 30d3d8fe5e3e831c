"""Getting in: what is refused, with which words, and that no secret is in them."""

from __future__ import annotations

import logging
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from linkage.config import Neo4jSettings
from linkage.errors import ConfigurationError, StoreUnavailable
from linkage.stores.neo4j.connection import Access, access, connect

SECRET = "canary-9f3b7d"


def test_the_environment_goes_before_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(f"{SECRET}\n", encoding="utf-8")
    settings = Neo4jSettings(uri="bolt+s://graph.example:7000", username="writer", password_file=str(file))
    found = access(settings, {})
    assert (found.uri, found.username, found.password) == ("bolt+s://graph.example:7000", "writer", SECRET)
    found = access(settings, {"NEO4J_URI": "neo4j+s://x.example", "NEO4J_USERNAME": "u", "NEO4J_PASSWORD": "p"})
    assert (found.uri, found.username, found.password, found.place) == (
        "neo4j+s://x.example",
        "u",
        "p",
        "x.example:7687",
    )
    assert access(Neo4jSettings(), {"NEO4J_PASSWORD_FILE": str(file)}).password == SECRET


def test_a_password_is_in_no_representation() -> None:
    assert SECRET not in repr(Access("bolt://127.0.0.1", "neo4j", SECRET))


@pytest.mark.parametrize(
    ("settings", "environment"),
    [
        (Neo4jSettings(), {}),
        (Neo4jSettings(password_file="/nowhere/at/all"), {}),
        (Neo4jSettings(), {"NEO4J_URI": "http://127.0.0.1:7474", "NEO4J_PASSWORD": SECRET}),
        (Neo4jSettings(), {"NEO4J_URI": "bolt://", "NEO4J_PASSWORD": SECRET}),
        (Neo4jSettings(), {"NEO4J_URI": "bolt://host:port", "NEO4J_PASSWORD": SECRET}),
        (Neo4jSettings(), {"NEO4J_URI": f"bolt://neo4j:{SECRET}@127.0.0.1", "NEO4J_PASSWORD": SECRET}),
    ],
)
def test_what_cannot_be_meant_is_refused(settings: Neo4jSettings, environment: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError) as fault:
        access(settings, environment)
    assert fault.value.exit_code == 12
    assert SECRET not in f"{fault.value} {fault.value.hint}"


def test_a_password_in_the_settings_is_refused() -> None:
    with pytest.raises(ValueError, match="password"):
        Neo4jSettings.model_validate({"password": SECRET})


def test_nobody_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(StoreUnavailable) as fault, connect(Access(f"bolt://127.0.0.1:{port}", "neo4j", SECRET)):
        pass
    assert fault.value.exit_code == 13
    assert f"127.0.0.1:{port}" in fault.value.message
    assert "goes on where it stopped" in fault.value.hint
    assert SECRET not in f"{fault.value} {fault.value.hint}"


def test_a_wrong_password(neo4j_access: Access, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = replace(neo4j_access, password=SECRET)
    with pytest.raises(StoreUnavailable, match="refuses this user and password") as fault, connect(wrong):
        pass
    assert fault.value.exit_code == 13
    assert SECRET not in f"{fault.value} {fault.value.hint} {caplog.text}"


def test_a_database_that_is_not_there(neo4j_access: Access) -> None:
    elsewhere = replace(neo4j_access, database="elsewhere")
    with pytest.raises(StoreUnavailable, match="no database elsewhere"), connect(elsewhere) as store:
        store.ask("look")


def test_what_the_server_refuses_names_a_code_and_no_data(neo4j_access: Access) -> None:
    with connect(neo4j_access) as store, pytest.raises(StoreUnavailable) as fault:
        store.change("write/account", rows=[[SECRET, SECRET]], generation=1)
    assert "Neo.ClientError" in fault.value.message
    assert SECRET not in f"{fault.value} {fault.value.hint}"
