"""What a publication has to send: the difference between the graph that is served and the one of a snapshot.

Both are made as tables in the SQL engine, from the files of their snapshots. Where that of the served one is no longer
kept, it is read back from the store.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from linkage import engine
from linkage.stores.neo4j.graph import IDENTIFIER, MODEL, PARTS, TABLES, Part, labels
from linkage.stores.snapshots import Snapshot

if TYPE_CHECKING:
    import duckdb
    import pyarrow

    from linkage.config import EngineSettings

_PACKAGE = "linkage.stores.neo4j"

#: Rows of a part of the graph that is served, by its name, in the given schema.
ReadBack = Callable[[Part, "pyarrow.Schema"], "pyarrow.Table"]


@dataclass(frozen=True, slots=True)
class Step:
    """Rows for one statement: ``write`` or ``close`` of a part."""

    verb: str
    part: Part
    rows: int

    @property
    def statement(self) -> str:
        """Name of the statement under ``cypher/``."""
        return f"{self.verb}/{self.part.name}"

    @property
    def table(self) -> str:
        """Name of the table that holds the rows."""
        return f"step_{self.verb}_{self.part.name}"


class Changes:
    """The steps of a publication in their order, and the rows of each."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, steps: tuple[Step, ...]) -> None:
        self._connection = connection
        self.steps = steps

    @property
    def rows(self) -> int:
        """Rows of all steps."""
        return sum(step.rows for step in self.steps)

    def counts(self) -> dict[str, int]:
        """Rows of each part of the snapshot's graph."""
        return {part.name: _size(self._connection.table(f"after.{part.name}")) for part in PARTS}

    def kinds(self) -> list[str]:
        """Kinds of the snapshot's identifiers."""
        kinds = self._connection.table(f"after.{IDENTIFIER.name}").unique("kind").order("kind")
        return [str(row[0]) for row in kinds.fetchall()]

    def batches(self, step: Step, first: int, size: int) -> Iterator[list[list[Any]]]:
        """Rows of a step from row ``first``, by ``size``, each a list of plain values."""
        rows = self._connection.table(step.table).limit(max(0, step.rows - first), offset=first)
        for batch in rows.to_arrow_reader(size):
            columns = [column.to_pylist() for column in batch.columns]
            yield [list(row) for row in zip(*columns, strict=True)]

    def export(self, part: Part) -> duckdb.DuckDBPyRelation:
        """The snapshot's whole table of a part."""
        return self._connection.table(f"after.{part.name}")

    def to_import(self, name: str) -> duckdb.DuckDBPyRelation:
        """Rows of ``sql/import/<name>.sql``; columns are called as neo4j-admin wants its header."""
        import pyarrow

        named = labels(self.kinds())
        columns = {"kind": list(named), "label": list(named.values())}
        schema = pyarrow.schema([("kind", pyarrow.string()), ("label", pyarrow.string())])
        self._connection.register("labels", pyarrow.table(columns, schema=schema))
        return engine.relation(self._connection, _PACKAGE, f"import/{name}")

    def plan(self, generation: int, base: str | None, refresh_id: str) -> str:
        """Digest of everything that a publication must agree on with the one that it continues."""
        what = [MODEL, generation, base, refresh_id, [(step.statement, step.rows) for step in self.steps]]
        return hashlib.sha256(json.dumps(what).encode("ascii")).hexdigest()[:16]


@contextlib.contextmanager
def graph(snapshot: Snapshot, settings: EngineSettings) -> Iterator[Changes]:
    """The graph of ``snapshot`` alone, without steps: for counting and for export.

    Raises:
        SnapshotDamaged: a file differs from its recorded digest, or a table is not recorded.
    """
    with _tables(settings) as connection:
        _build(connection, "after", snapshot)
        yield Changes(connection, ())


@contextlib.contextmanager
def changes(
    snapshot: Snapshot, base: Snapshot | ReadBack | None, settings: EngineSettings, tell: Callable[[str], None]
) -> Iterator[Changes]:
    """What turns the graph of ``base`` (a snapshot, rows read back, or None: nothing) into that of ``snapshot``.

    Raises:
        SnapshotDamaged: a file differs from its recorded digest, or a table is not recorded.
    """
    with _tables(settings) as connection:
        tell("comparing with what is served")
        _build(connection, "after", snapshot)
        if isinstance(base, Snapshot):
            _build(connection, "before", base)
        else:
            for part in PARTS:
                nothing = connection.table(f"after.{part.name}").limit(0)
                nothing.create(f"before.{part.name}")
                if base is not None and not part.history:
                    tell(f"reading back {part.words}")
                    found = base(part, nothing.to_arrow_table().schema)
                    connection.from_arrow(found).insert_into(f"before.{part.name}")
        write = [_step(connection, "write", part) for part in PARTS]
        close = [_step(connection, "close", part) for part in reversed(PARTS) if not part.history]
        yield Changes(connection, tuple(step for step in (*write, *close) if step.rows))


@contextlib.contextmanager
def _tables(settings: EngineSettings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with an empty schema for the graph before and one for the graph after."""
    connection = engine.connect(memory_limit=settings.memory_limit, threads=settings.threads)
    with contextlib.closing(connection), engine.faults("comparing graphs"):
        connection.execute("CREATE SCHEMA before")
        connection.execute("CREATE SCHEMA after")
        yield connection


def _build(connection: duckdb.DuckDBPyConnection, schema: str, snapshot: Snapshot) -> None:
    """Tables of every part, made from the snapshot's files."""
    for name in TABLES:
        connection.read_parquet([str(snapshot.path(name))], hive_partitioning=False, file_row_number=True).create_view(
            name, replace=True
        )
    for part in PARTS:
        engine.relation(connection, _PACKAGE, part.name).create(f"{schema}.{part.name}")


def _step(connection: duckdb.DuckDBPyConnection, verb: str, part: Part) -> Step:
    before, after = connection.table(f"before.{part.name}"), connection.table(f"after.{part.name}")
    keys = ", ".join(part.keys)
    if part.history:
        rows = after
    elif verb == "write":
        rows = after.except_(before) if _size(before) else after
    elif part.is_node:
        rows = before.project(keys).except_(after.project(keys))
    else:
        # A relationship that says something else is closed, and written anew.
        rows = before.except_(after).project(keys)
    step = Step(verb, part, 0)
    rows.order(keys).create(step.table)
    return Step(verb, part, _size(connection.table(step.table)))


def _size(relation: duckdb.DuckDBPyRelation) -> int:
    return int(relation.count("*").fetchall()[0][0])
