"""The way into a PostgreSQL server: what an address says, and what the server's faults are called."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from linkage.config import CaseworkSettings
from linkage.errors import ConfigurationError, LinkageError, StoreUnavailable, TryAgain, UsageError
from linkage.stores.casework import Casework
from linkage.stores.casework_postgresql import Access, Server, access
from tests.lib import databases

NOW = datetime(2026, 4, 1, tzinfo=UTC)
CANARY = "canary-of-a-password"
GIVEN = {"LINKAGE_CASEWORK_PASSWORD": CANARY}
URL = "LINKAGE_CASEWORK_URL"


def found(url: str) -> Access:
    place = access(CaseworkSettings(url=url), GIVEN)
    assert place is not None
    return place


def test_without_an_address_the_casework_is_a_file() -> None:
    assert access(CaseworkSettings(), GIVEN) is None


def test_an_address_says_where_and_how() -> None:
    place = found("postgresql://l%40x@db.example:5433/case%20work?sslmode=verify-ca&sslrootcert=/etc/ca.pem")
    assert (place.host, place.port, place.username, place.database) == ("db.example", 5433, "l@x", "case work")
    assert (place.mode, place.roots, place.password) == ("verify-ca", "/etc/ca.pem", CANARY)
    socket = found("postgresql://linkage@/linkage?host=/run/postgresql")
    assert (socket.host, socket.port, socket.mode) == ("/run/postgresql", 5432, "disable")
    assert CANARY not in repr(place) + place.place


def test_a_server_elsewhere_is_checked_unless_the_address_says_otherwise() -> None:
    assert found("postgresql://u@db.example/l").mode == "verify-full"
    assert found("postgresql://u@127.0.0.1/l").mode == "disable"
    assert found("postgresql://u@db.example/l?sslmode=disable").mode == "disable"


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///casework.sqlite", "mysql://u@h/d", "postgres://u@h/d", "postgresql+psycopg://u@h/d", "casework", "",
        "postgresql://h/d", "postgresql://u@h", "postgresql://u@/d", "postgresql://u@h:port/d",
        "postgresql://u@h/d?sslmode=prefer", "postgresql://u@h/d?options=-c", "postgresql://u@h/d?sslmode",
        f"postgresql://u@h/d#{CANARY}", f"postgresql://u:{CANARY}@h/d", f"postgresql://u@h/d?password={CANARY}",
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_refused_and_not_quoted(url: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        access(CaseworkSettings(url="postgresql://u@h/d"), {**GIVEN, URL: url or " "})
    assert CANARY not in refused.value.message + refused.value.hint


def test_settings_never_hold_a_password() -> None:
    with pytest.raises(ValidationError, match="without a password"):
        CaseworkSettings(url=f"postgresql://u:{CANARY}@h/d")


def test_a_password_is_in_the_environment_or_in_a_file(tmp_path: Path) -> None:
    settings = CaseworkSettings(url="postgresql://u@h/d", password_file=str(tmp_path / "password"))
    with pytest.raises(ConfigurationError, match="cannot be read"):
        access(settings, {})
    (tmp_path / "password").write_text("from a file\n", encoding="utf-8")
    (tmp_path / "other").write_text("from another\n", encoding="utf-8")
    for environment, expected in (
        ({}, "from a file"),
        ({"LINKAGE_CASEWORK_PASSWORD_FILE": str(tmp_path / "other")}, "from another"),
        (GIVEN, CANARY),
    ):
        place = access(settings, environment)
        assert place is not None
        assert place.password == expected
    with pytest.raises(ConfigurationError, match="no password"):
        access(CaseworkSettings(url="postgresql://u@h/d"), {})


def fault(place: Access) -> LinkageError:
    with pytest.raises(LinkageError) as raised:
        Casework(Server(place, "linkage_none")).version()
    assert place.password not in raised.value.message + raised.value.hint
    return raised.value


@pytest.mark.usefixtures("postgresql")
def test_each_fault_of_the_way_there_says_what_to_do() -> None:
    place = databases.way_in()
    for broken, said in (
        (replace(place, port=1), "no PostgreSQL server answers"),
        (replace(place, host="/nowhere"), "no PostgreSQL server answers"),
        (replace(place, password=CANARY), "refuses this user, password or database"),
        (replace(place, database="none"), "refuses this user, password or database"),
    ):
        raised = fault(broken)
        assert isinstance(raised, StoreUnavailable)
        assert said in raised.message
        assert "LINKAGE_CASEWORK" in raised.hint


@pytest.mark.usefixtures("postgresql")
def test_tls_is_as_the_address_says() -> None:
    if "LINKAGE_TEST_POSTGRES" in os.environ:
        pytest.skip("a named server has certificates of its own")
    place = databases.way_in()
    roots = str(databases.server().certificate)
    for good in (replace(place, mode="require"), replace(place, mode="verify-full", roots=roots)):
        with Casework(Server(good, "linkage_none")).reading() as connection:
            query = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
            assert connection.exec_driver_sql(query).scalar() is True
    raised = fault(replace(place, mode="verify-full"))
    assert isinstance(raised, StoreUnavailable)
    assert "certificate" in raised.message
    assert isinstance(fault(replace(place, mode="verify-full", roots="/nowhere")), ConfigurationError)


@pytest.mark.usefixtures("postgresql")
def test_a_writer_that_waits_too_long_is_told_to_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linkage.stores.casework_postgresql.PATIENCE", 0.2)
    schema = "linkage_waits"
    first, second = (Casework(Server(databases.way_in(), schema)) for _ in range(2))
    with first.writing(), pytest.raises(TryAgain, match="another writer"), second.writing():
        pass
    with second.writing():
        pass


@pytest.mark.usefixtures("postgresql")
def test_text_that_a_server_cannot_keep_is_refused_whole(tmp_path: Path) -> None:
    place = databases.place("postgresql", tmp_path)
    casework = place.open()
    casework.create(NOW)
    words = {"kind": "cidr", "identifier": None, "author": "ann", "expires_at": None, "now": NOW}
    with pytest.raises(UsageError, match="a character"):
        casework.allow(cidr="203.0.113.0/24", reason="a\x00b", **words)
    assert casework.allowed() == casework.audit() == ()
    place.drop()


@pytest.mark.usefixtures("postgresql")
def test_a_role_that_may_make_no_schema_uses_one_that_was_made_for_it() -> None:
    place, schema, person = databases.way_in(), f"linkage_made_{os.getpid()}", f"reader_{os.getpid()}"
    with databases.raw() as connection:
        cursor = connection.cursor()
        cursor.execute(f"CREATE ROLE {person} LOGIN PASSWORD '{CANARY}'")
        connection.commit()
        casework = Casework(Server(replace(place, username=person, password=CANARY), schema))
        try:
            with pytest.raises(StoreUnavailable, match="may not be written to"):
                casework.create(NOW)
            cursor.execute(f"CREATE SCHEMA {schema} AUTHORIZATION {person}")
            connection.commit()
            casework.create(NOW)
            assert casework.ready()
            assert casework.append_audit(actor="ann", action="test", subject="s", detail={}, now=NOW).seq == 1
        finally:
            cursor.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
            cursor.execute(f"DROP ROLE {person}")
            connection.commit()


@pytest.mark.parametrize(("ci", "outcome"), [(True, pytest.fail.Exception), (False, pytest.skip.Exception)])
def test_without_a_server_ci_fails_and_others_skip(
    ci: bool, outcome: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "CI", ci)
    monkeypatch.setattr(databases, "INSTALLED", tmp_path)
    with pytest.raises(outcome, match="PostgreSQL is not installed"):
        databases.PostgresServer()
