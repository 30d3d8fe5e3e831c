"""Casework in PostgreSQL: where the server is, how to get in, and what it has of its own.

The only module that imports ``pg8000``, and only when a server is asked for.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import re
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from linkage.errors import ConfigurationError, LinkageError, StoreUnavailable, TryAgain, UsageError
from linkage.model.hosts import is_loopback
from linkage.stores import secret
from linkage.stores.casework_databases import PATIENCE, writes
from linkage.stores.casework_schema import Guard

if TYPE_CHECKING:
    from linkage.config import CaseworkSettings

_FORM = "postgresql://USER@HOST:PORT/DATABASE?sslmode=MODE&sslrootcert=FILE"
_UNSET = (
    "Set LINKAGE_CASEWORK_PASSWORD, or LINKAGE_CASEWORK_PASSWORD_FILE, or password_file under [casework] in "
    "linkage.toml."
)
_UNREACHED = (
    "Start it, or check the address: LINKAGE_CASEWORK_URL, or url under [casework] in linkage.toml. Nothing that was "
    "said to be done is lost. Look whether the last act is there, and do it again if not."
)
_MODES = ("disable", "require", "verify-ca", "verify-full")
#: Longest to wait for a server that does not answer, seconds: for a connection, and for anything else.
_CONNECTING, _ANSWERING = 10.0, 3 * PATIENCE
#: How long the server lets a writer think before it takes the lock away from one whose machine is gone.
_THINKING = "10min"


@dataclass(frozen=True, slots=True)
class Access:
    """Where the server is and how to get in. ``host`` is a folder where it begins with a slash: that of a socket.

    The password is in no representation of it.
    """

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    database: str
    mode: str
    roots: str | None

    @property
    def place(self) -> str:
        """Host, port and database, for messages."""
        return f"{self.host}:{self.port}/{self.database}"


def access(settings: CaseworkSettings, environment: Mapping[str, str]) -> Access | None:
    """Access from the environment, and what it leaves open from ``settings``; None where neither names a server.

    TLS is as ``sslmode`` of the address says, by the names of libpq. Where it says nothing, the server's certificate
    and name are checked, but on this machine.

    Raises:
        ConfigurationError: no password is given, its file cannot be read, or the address is none.
    """
    url = environment.get("LINKAGE_CASEWORK_URL") or settings.url
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
        host, port = options.pop("host", "") or parts.hostname or "", parts.port or 5432
        # Only what is checked here is quoted in a message: anything else may hold what was put in the wrong place.
        good = parts.scheme == "postgresql" and bool(host and parts.username and parts.path.strip("/"))
    except ValueError:
        good = False
    if not good:
        raise ConfigurationError("the address of the casework database is none", hint=f"It is like {_FORM}.")
    if parts.password is not None or "password" in options:
        raise ConfigurationError("the address of the casework database holds a password", hint=_UNSET)
    local = host.startswith("/") or is_loopback(host)
    mode, roots = options.pop("sslmode", "disable" if local else "verify-full"), options.pop("sslrootcert", None)
    if options or parts.fragment or mode not in _MODES:
        raise ConfigurationError(
            "the address of the casework database says something that is not understood",
            hint=f"It takes host, sslmode ({', '.join(_MODES)}) and sslrootcert: {_FORM}.",
        )
    return Access(
        host=host,
        port=port,
        username=unquote(parts.username or ""),
        password=environment.get("LINKAGE_CASEWORK_PASSWORD")
        or secret.from_file(
            environment.get("LINKAGE_CASEWORK_PASSWORD_FILE") or settings.password_file, "casework database", _UNSET
        ),
        database=unquote(parts.path.strip("/")),
        mode=mode,
        roots=roots,
    )


class Server:
    """A schema of its own in a database that others may be in too. ``schema`` is letters, digits and _."""

    def __init__(self, place: Access, schema: str) -> None:
        self._place, self._schema = place, schema
        self.name = f"schema {schema} at {place.place}"
        self.engine = _engine(place, schema)

    @property
    def exists(self) -> bool | None:
        """The tables come and go whole, so only their version tells."""
        return None

    def prepare(self, connection: sa.Connection) -> None:
        """Make the schema. Who may not is fine where somebody who may has made it before."""
        query = sa.text("SELECT 1 FROM pg_namespace WHERE nspname = :name")
        if connection.scalar(query, {"name": self._schema}) is None:
            connection.exec_driver_sql(f"CREATE SCHEMA {self._schema}")

    def statements(self, step: str | Guard) -> Sequence[str]:
        """SQLite's whole numbers have 64 bits and its text is compared byte by byte; a guard is a function here."""
        if isinstance(step, str):
            step = re.sub(r"\bINTEGER\b", "BIGINT", re.sub(r"\bTEXT\b", 'TEXT COLLATE "C"', step))
            return (step.removesuffix(" WITHOUT ROWID"),)
        body = f"RAISE EXCEPTION '{step.says}' USING ERRCODE = 'integrity_constraint_violation';"
        if step.when is not None:
            body = f"IF {step.when} THEN {body} END IF; RETURN NEW;"
        made = f"CREATE FUNCTION {step.name}() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {body} END$$"
        trigger = (
            f"CREATE TRIGGER {step.name} BEFORE {step.act} ON {step.table} FOR EACH ROW EXECUTE FUNCTION {step.name}()"
        )
        if step.act != "DELETE":
            return (made, trigger)
        emptied = f"CREATE TRIGGER {step.name}_all BEFORE TRUNCATE ON {step.table} EXECUTE FUNCTION {step.name}()"
        return (made, trigger, emptied)

    def fault(self, fault: sa.exc.DBAPIError) -> LinkageError:
        """What the server, or the way to it, found wrong: by its SQLSTATE, where it gave one."""
        code = _state(fault.orig)
        place = self._place.place
        if code in ("28P01", "28000", "3D000"):
            return StoreUnavailable(
                f"the PostgreSQL server at {place} refuses this user, password or database",
                hint="Check the address, LINKAGE_CASEWORK_PASSWORD (or the file), the server's pg_hba.conf, and that "
                "the database was created.",
            )
        if code in ("25006", "42501"):
            return StoreUnavailable(
                f"the casework at {place} may not be written to",
                hint="Name the primary server, make the database writable, or give its user the rights: it owns the "
                f"schema {self._schema}, or may create it. Nothing was changed.",
            )
        if code in ("55P03", "40P01", "40001", "25P03"):
            return TryAgain("another writer holds the casework", hint="Run the same command again.")
        if code in ("53100", "53200", "53300"):
            return TryAgain(
                f"the PostgreSQL server at {place} has no room (SQLSTATE {code})",
                hint="Free disk, memory or connections there, and run the same command again. Nothing was changed.",
            )
        if code.startswith("22"):
            return UsageError("the text holds a character that the casework cannot keep", hint="Leave it out.")
        if not code and "SSL" in str(fault.orig):
            return StoreUnavailable(
                f"the PostgreSQL server at {place} speaks no TLS",
                hint="Give it a certificate, or say sslmode=disable in the address where nobody else is on the way.",
            )
        if not code or code.startswith(("08", "57P")):
            return unreachable(self._place)
        return LinkageError(f"the PostgreSQL server at {place} failed (SQLSTATE {code})")


def _state(fault: BaseException | None) -> str:
    """The SQLSTATE that the server gave; empty where it gave none."""
    said = fault.args[0] if fault is not None and fault.args else None
    return str(said.get("C", "")) if isinstance(said, dict) else ""


def unreachable(place: Access) -> StoreUnavailable:
    """Nobody answers, or no longer."""
    return StoreUnavailable(f"no PostgreSQL server answers at {place.place}", hint=_UNREACHED)


@functools.lru_cache(maxsize=8)
def _engine(place: Access, schema: str) -> sa.Engine:
    """Connections that are opened for a transaction and closed after it: none is stale, shared or left behind."""
    try:
        engine = sa.create_engine(
            "postgresql+pg8000://", creator=lambda: _connect(place), poolclass=NullPool, hide_parameters=True
        )
    except ImportError as fault:
        raise ConfigurationError(
            "the PostgreSQL driver is not installed",
            hint="Install linkage with its extra: pip install 'linkage[postgresql]'.",
        ) from fault
    engine.dialect.do_close = _close  # type: ignore[assignment, method-assign]
    # Many rows travel in one statement, where the driver would send and await each.
    engine.dialect.use_insertmanyvalues_wo_returning = True
    # Nothing is set for longer than a transaction: whoever pools connections in between may hand out any.
    common = f"SET LOCAL search_path TO {schema}"
    # One writer at a time, and each statement of it sees all that those before it committed. In another isolation level
    # the state that it sees would be that from before it had waited for the lock, and the audit chain would fork.
    key = int.from_bytes(hashlib.sha256(schema.encode()).digest()[:8], signed=True)
    limits = {
        "synchronous_commit": "on",
        "lock_timeout": f"{1_000 * PATIENCE:.0f}ms",
        "idle_in_transaction_session_timeout": _THINKING,
    }
    local = "; ".join(f"SET LOCAL {name} TO '{value}'" for name, value in limits.items())
    writing = f"SET TRANSACTION ISOLATION LEVEL READ COMMITTED; {common}; {local}; SELECT pg_advisory_xact_lock({key})"
    reading = f"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; {common}"

    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(writing if writes(connection) else reading)

    def failed(context: sa.engine.ExceptionContext) -> None:
        fault = context.original_exception
        # A connection that is cut is left alone: nothing can be undone on it, and the server has done that.
        context.is_disconnect = context.is_disconnect or isinstance(fault, OSError) or _state(fault)[:3] == "57P"
        # The driver lets some faults of the network through as they are.
        if isinstance(fault, OSError):
            raise unreachable(place) from fault

    sa.event.listen(engine, "begin", begin)
    sa.event.listen(engine, "handle_error", failed)
    return engine


def _connect(place: Access) -> Any:
    from pg8000 import dbapi

    tls = _tls(place)
    with contextlib.ExitStack() as held:
        try:
            wire = held.enter_context(_wire(place))
            made = dbapi.connect(
                user=place.username,
                password=place.password,
                database=place.database,
                host=place.host,
                sock=wire,
                ssl_context=tls,
                application_name="linkage",
            )
        except ssl.SSLError as fault:
            raise StoreUnavailable(
                f"the certificate of the PostgreSQL server at {place.place} is not good",
                hint="Name the file with the authority that signed it (sslrootcert), and the server by the name in it.",
            ) from fault
        except OSError as fault:
            raise unreachable(place) from fault
        held.pop_all()
    return made


def _close(connection: Any) -> None:
    from pg8000 import dbapi

    # The other end may be gone: there is nothing left to say goodbye to.
    with contextlib.suppress(dbapi.Error, OSError):
        connection.close()


def _wire(place: Access) -> socket.socket:
    if not place.host.startswith("/"):
        wire = socket.create_connection((place.host, place.port), _CONNECTING)
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    else:
        wire = socket.socket(socket.AF_UNIX)
        try:
            wire.settimeout(_CONNECTING)
            wire.connect(f"{place.host}/.s.PGSQL.{place.port}")
        except OSError:
            wire.close()
            raise
    wire.settimeout(_ANSWERING)
    return wire


def _tls(place: Access) -> ssl.SSLContext | bool:
    """What the driver is to do; False is plain text."""
    if place.mode == "disable":
        return False
    try:
        context = ssl.create_default_context(cafile=place.roots)
    except OSError as fault:
        raise ConfigurationError("sslrootcert names no file with certificates") from fault
    context.check_hostname = place.mode == "verify-full"
    if place.mode == "require":
        context.verify_mode = ssl.CERT_NONE
    return context
