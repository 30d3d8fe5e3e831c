"""Databases of casework for tests: a file, and a schema in a real PostgreSQL server."""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import secrets
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pg8000 import dbapi

from linkage.config import CaseworkSettings
from linkage.stores.casework import Casework
from linkage.stores.casework_postgresql import Access, Server, access
from linkage.stores.casework_schema import MIGRATIONS, Migration
from tests.conftest import CI

#: Where Debian puts the programs of each version.
INSTALLED = Path("/usr/lib/postgresql")
_USER = "linkage"
_numbers = itertools.count(1)
_running: list[PostgresServer] = []


def missing(reason: str) -> None:
    """No server to test with: a failure where CI=true, a skip elsewhere."""
    if CI:
        pytest.fail(f"{reason}; CI needs a PostgreSQL server")
    pytest.skip(reason)


class PostgresServer:
    """A server in a folder of its own, on a free port of this machine, with a password made up for it.

    It refuses to run as root, and then runs as the account that Debian made for it.
    """

    def __init__(self) -> None:
        self._programs = _programs()
        self._as: list[str] = []
        self._folder = tempfile.TemporaryDirectory(prefix="linkage-postgresql-", ignore_cleanup_errors=True)
        self.home = Path(self._folder.name)
        self.password = secrets.token_hex(8)
        if os.geteuid() == 0:
            self._as = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
            subprocess.run(["chown", "postgres", self.home], check=True)
        given = self.home / "password"
        given.write_text(self.password, encoding="ascii")
        given.chmod(0o644)
        self._run("initdb", "--username", _USER, "--pwfile", str(given), "--auth=scram-sha-256", "--encoding=UTF8",
                  "--locale=C.UTF-8", "--no-sync")  # fmt: skip
        self.certificate = self.home / "server.crt"
        key = self.home / "server.key"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=linkage",
             "-addext", "subjectAltName=IP:127.0.0.1", "-out", self.certificate, "-keyout", key],
            check=True, capture_output=True,
        )  # fmt: skip
        if self._as:
            subprocess.run(["chown", "postgres", key], check=True)
        key.chmod(0o600)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.start()

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as, str(self._programs / program), "--pgdata", str(self.home / "data"), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, cwd="/")
        if done.returncode:
            pytest.fail(f"{program}: {done.stderr}")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        # Nobody looks at its files after a crash of this machine.
        tls = f"-c ssl=on -c ssl_cert_file={self.certificate} -c ssl_key_file={self.home / 'server.key'}"
        self._run("pg_ctl", "start", "--wait", "--silent", "--log", str(self.home / "log"), "--options",
                  f"-p {self.port} -h 127.0.0.1 -k {self.home} -c fsync=off -c shared_buffers=16MB {tls}")  # fmt: skip

    def stop(self) -> None:
        """Stop it: whoever is connected is cut off."""
        self._run("pg_ctl", "stop", "--wait", "--silent", "--mode", "immediate")

    def remove(self) -> None:
        """Stop it for good."""
        with contextlib.suppress(pytest.fail.Exception):
            self.stop()
        self._folder.cleanup()

    @property
    def url(self) -> str:
        """Its address."""
        return f"postgresql://{_USER}@127.0.0.1:{self.port}/postgres"


def _programs() -> Path:
    found = sorted(INSTALLED.glob("*/bin/initdb"))
    if not found:
        missing("PostgreSQL is not installed (on Debian: apt-get install postgresql)")
    return found[-1].parent


@functools.cache
def server() -> PostgresServer:
    """This session's own server, started when it is asked for first."""
    started = PostgresServer()
    _running.append(started)
    return started


def stop() -> None:
    """End what was started."""
    while _running:
        _running.pop().remove()
    server.cache_clear()


def given() -> dict[str, str]:
    """The environment that names the server: LINKAGE_TEST_POSTGRES with a password in it, or this session's own."""
    named = os.environ.get("LINKAGE_TEST_POSTGRES")
    if named:
        user, _, rest = named.removeprefix("postgresql://").partition("@")
        name, _, password = user.partition(":")
        return {"LINKAGE_CASEWORK_URL": f"postgresql://{name}@{rest}", "LINKAGE_CASEWORK_PASSWORD": password}
    return {"LINKAGE_CASEWORK_URL": server().url, "LINKAGE_CASEWORK_PASSWORD": server().password}


def way_in() -> Access:
    """Access to that server."""
    found = access(CaseworkSettings(), given())
    assert found is not None
    return found


@dataclass
class Place:
    """A database of casework that was not made yet: in a folder, or a schema of its own."""

    kind: str
    where: Path | str

    def open(self, migrations: tuple[Migration, ...] = MIGRATIONS) -> Casework:
        """The casework, as another process would open it."""
        if isinstance(self.where, Path):
            return Casework(self.where, migrations)
        return Casework(Server(way_in(), self.where), migrations)

    def by_hand(self, *statements: str, guarded: bool = False) -> None:
        """Change it as someone would who can; the triggers are dropped first unless ``guarded``."""
        if not guarded:
            on = "" if self.kind == "sqlite" else " ON audit"
            triggers = ("audit_no_update", "audit_no_delete", "audit_next_only")
            statements = (*(f"DROP TRIGGER {trigger}{on}" for trigger in triggers), *statements)
        if isinstance(self.where, Path):
            with contextlib.closing(sqlite3.connect(self.where)) as connection, connection:
                for statement in statements:
                    connection.execute(statement)
            return
        with raw() as connection:
            cursor = connection.cursor()
            cursor.execute(f"SET search_path TO {self.where}")
            for statement in statements:
                cursor.execute(statement)
            connection.commit()

    @property
    def tables(self) -> set[str]:
        """Names of the tables in it."""
        if isinstance(self.where, Path):
            with contextlib.closing(sqlite3.connect(self.where)) as file:
                return {row[0] for row in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        with raw() as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = %s", (self.where,))
            return {row[0] for row in cursor.fetchall()}

    def drop(self) -> None:
        """Remove a schema; a folder goes with the test."""
        if isinstance(self.where, str):
            with raw() as connection:
                connection.cursor().execute(f"DROP SCHEMA IF EXISTS {self.where} CASCADE")
                connection.commit()


@contextlib.contextmanager
def raw() -> Iterator[dbapi.Connection]:
    """A connection of the test's own, past the code under test."""
    place = way_in()
    with contextlib.closing(
        dbapi.connect(place.username, place.host, place.database, place.port, place.password, ssl_context=False)
    ) as connection:
        yield connection


def place(kind: str, folder: Path) -> Place:
    """A place of ``kind`` that nothing was made at yet."""
    if kind == "sqlite":
        return Place(kind, folder / "casework.sqlite")
    return Place(kind, f"test_{os.getpid()}_{int(time.time())}_{next(_numbers)}")
