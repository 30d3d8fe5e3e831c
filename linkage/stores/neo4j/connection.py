"""The driver: where the server is, how to get in, named statements, and the driver's faults as errors of ours.

The only module that imports ``neo4j``, and only when a server is asked for.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from linkage.errors import ConfigurationError, LinkageError, StoreUnavailable
from linkage.stores import secret

if TYPE_CHECKING:
    from neo4j import Driver, ManagedTransaction, Session

    from linkage.config import Neo4jSettings

T = TypeVar("T")
#: What a statement takes and gives: whole numbers, floats, text, booleans, None, lists and mappings of these.
Record = dict[str, Any]

#: Rows that the server sends at once.
_FETCHED = 10_000
_SCHEMES = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")
#: What a server says once it could not append to its log, and from then on.
_UNHEALTHY = ("TransactionLogError", "TransactionStartFailed")
_UNSET = "Set NEO4J_URI, NEO4J_USERNAME and NEO4J_PASSWORD, or [store.neo4j] in linkage.toml with a password_file."


@dataclass(frozen=True, slots=True)
class Access:
    """Where the server is and how to get in. The password is in no representation of it."""

    uri: str
    username: str
    password: str = field(repr=False)
    database: str = "neo4j"
    timeout_seconds: float = 120.0

    @property
    def place(self) -> str:
        """Host and port, for messages."""
        parts = urlsplit(self.uri)
        return f"{parts.hostname}:{parts.port or 7687}"


def access(settings: Neo4jSettings, environment: Mapping[str, str]) -> Access:
    """Access from the environment, and what it leaves open from ``settings``.

    Raises:
        ConfigurationError: no password is given, its file cannot be read, or the address is none.
    """
    uri = environment.get("NEO4J_URI") or settings.uri
    try:
        parts = urlsplit(uri)
        good = parts.scheme in _SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise ConfigurationError(
            "the address of the Neo4j server is none", hint=f"One of {', '.join(_SCHEMES)}://HOST."
        )
    if parts.username or parts.password:
        raise ConfigurationError("the address of the Neo4j server holds a user or password", hint=_UNSET)
    return Access(
        uri=uri,
        username=environment.get("NEO4J_USERNAME") or settings.username,
        password=environment.get("NEO4J_PASSWORD")
        or secret.from_file(environment.get("NEO4J_PASSWORD_FILE") or settings.password_file, "Neo4j server", _UNSET),
        database=settings.database,
        timeout_seconds=settings.timeout_seconds,
    )


class Transaction:
    """Named statements inside one transaction."""

    def __init__(self, transaction: ManagedTransaction) -> None:
        self._transaction = transaction

    def run(self, name: str, **parameters: Any) -> list[Record]:
        """Rows that ``cypher/<name>.cypher`` answers."""
        return [record.data() for record in self._transaction.run(statement(name), parameters)]

    def values(self, name: str, **parameters: Any) -> list[list[Any]]:
        """The same, without the names of columns."""
        return self._transaction.run(statement(name), parameters).values()


class Store:
    """A server that answers. One transaction at a time; each sees what those before it wrote, in a cluster too."""

    def __init__(self, driver: Driver, place: Access) -> None:
        from neo4j import GraphDatabase

        self._driver = driver
        self._access = place
        self._bookmarks = GraphDatabase.bookmark_manager()

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Run ``work`` in a transaction, again when the server says that this may help; ``work`` must allow for that.

        Raises:
            StoreUnavailable: the server is gone, or refuses.
        """
        from neo4j import unit_of_work

        managed = unit_of_work(timeout=self._access.timeout_seconds)(lambda raw: work(Transaction(raw)))
        with self._session() as session:
            return session.execute_write(managed)

    def change(self, name: str, **parameters: Any) -> list[Record]:
        """One statement that may run twice, in a transaction of its own; faults as those of ``write``."""
        return self.write(lambda transaction: transaction.run(name, **parameters))

    def wait(self, name: str) -> None:
        """One statement that may take as long as it likes; faults as those of ``write``."""
        with self._session() as session:
            session.run(statement(name)).consume()

    def rows(self, name: str, **parameters: Any) -> Iterator[list[Any]]:
        """Values of each row of a query, as they come; faults as those of ``write``."""
        with self._session(reading=True) as session:
            for record in session.run(statement(name), parameters):
                yield record.values()

    def read(self, work: Callable[[Transaction], T]) -> T:
        """Run ``work``, which reads only, in a transaction; faults as those of ``write``."""
        from neo4j import unit_of_work

        managed = unit_of_work(timeout=self._access.timeout_seconds)(lambda raw: work(Transaction(raw)))
        with self._session(reading=True) as session:
            return session.execute_read(managed)

    def ask(self, name: str, **parameters: Any) -> list[Record]:
        """Rows of a query; faults as those of ``write``."""
        return self.read(lambda transaction: transaction.run(name, **parameters))

    @contextlib.contextmanager
    def _session(self, *, reading: bool = False) -> Iterator[Session]:
        from neo4j import READ_ACCESS, WRITE_ACCESS

        with (
            _translated(self._access),
            self._driver.session(
                database=self._access.database,
                default_access_mode=READ_ACCESS if reading else WRITE_ACCESS,
                bookmark_manager=self._bookmarks,
                fetch_size=_FETCHED,
            ) as session,
        ):
            yield session


@contextlib.contextmanager
def connect(place: Access) -> Iterator[Store]:
    """A store that was reached and let us in.

    Raises:
        StoreUnavailable: nobody answers, or the password is wrong.
        ConfigurationError: the driver is not installed.
    """
    try:
        from neo4j import GraphDatabase
    except ImportError as fault:
        raise ConfigurationError(
            "the Neo4j driver is not installed", hint="Install linkage with its extra: pip install 'linkage[neo4j]'."
        ) from fault
    from linkage import __version__

    with _translated(place):
        driver = GraphDatabase.driver(
            place.uri,
            auth=(place.username, place.password),
            user_agent=f"linkage/{__version__}",
            connection_timeout=min(10.0, place.timeout_seconds),
            connection_acquisition_timeout=place.timeout_seconds,
            max_transaction_retry_time=min(30.0, place.timeout_seconds),
            max_connection_lifetime=300,
            keep_alive=True,
            telemetry_disabled=True,
            notifications_min_severity="OFF",
        )
    try:
        with _translated(place):
            driver.verify_connectivity()
        yield Store(driver, place)
    finally:
        driver.close()


@functools.cache
def statement(name: str) -> str:
    """Text of ``cypher/<name>.cypher``."""
    return resources.files("linkage.stores.neo4j").joinpath("cypher", f"{name}.cypher").read_text(encoding="utf-8")


@contextlib.contextmanager
def _translated(place: Access) -> Iterator[None]:
    """The driver's faults as ours. The driver's text may quote data, so only codes and class names are kept."""
    from neo4j import exceptions

    try:
        yield
    except (exceptions.ServiceUnavailable, exceptions.SessionExpired, exceptions.DatabaseUnavailable) as fault:
        raise StoreUnavailable(f"no Neo4j server answers at {place.place}", hint=_unreached()) from fault
    except exceptions.ConnectionAcquisitionTimeoutError as fault:
        raise StoreUnavailable(f"the Neo4j server at {place.place} is too busy", hint=_unreached()) from fault
    except exceptions.AuthError as fault:
        raise StoreUnavailable(
            f"the Neo4j server at {place.place} refuses this user and password",
            hint="Check NEO4J_USERNAME and NEO4J_PASSWORD (or the password_file); after three wrong ones the server "
            "waits for five seconds.",
        ) from fault
    except exceptions.ConfigurationError as fault:
        raise ConfigurationError(
            f"the driver does not take the settings for {place.place} ({type(fault).__name__})",
            hint="Check NEO4J_URI, and the server's certificate where the address says +s.",
        ) from fault
    except exceptions.Neo4jError as fault:
        if isinstance(fault, exceptions.Forbidden) or "ReadOnly" in str(fault.code):
            raise StoreUnavailable(
                f"the database {place.database} at {place.place} may not be written to",
                hint="Make it writable, or give a user who may write; readers still get what was published last.",
            ) from fault
        if str(fault.code).rpartition(".")[2] in _UNHEALTHY:
            raise StoreUnavailable(
                f"the Neo4j server at {place.place} cannot write ({fault.code})",
                hint="Free space on its disk, and restart it: it answers nobody until then. Readers then get the "
                "refresh that was published last, and the same command goes on where it stopped.",
            ) from fault
        if "DatabaseNotFound" in str(fault.code):
            raise StoreUnavailable(
                f"there is no database {place.database} at {place.place}", hint="Name it: store.neo4j.database."
            ) from fault
        raise StoreUnavailable(f"the Neo4j server at {place.place} failed ({fault.code})") from fault
    except exceptions.DriverError as fault:
        raise LinkageError(f"the Neo4j driver failed ({type(fault).__name__})") from fault


def _unreached() -> str:
    return (
        "Start it (`make neo4j` for one on this machine), or check NEO4J_URI. Readers of the store still get the "
        "refresh that was published last; the same command goes on where it stopped."
    )
