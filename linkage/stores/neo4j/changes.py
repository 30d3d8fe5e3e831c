"""What a publication has to send: the difference between the graph that is served and the one of a snapshot.

Both are made as tables in the SQL engine, from the files of their snapshots. Where that of the served one is no longer
kept, it is read back from the store; so are the cases that are served, which stand in no snapshot.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from linkage import engine
from linkage.stores.neo4j.graph import IDENTIFIER, MODEL, PARTS, TABLES, Part, labels
from linkage.stores.snapshots import Snapshot

if TYPE_CHECKING:
    import duckdb
    import pyarrow

    from linkage.config import EngineSettings
    from linkage.stores.neo4j.cases import CaseRows

_PACKAGE = "linkage.stores.neo4j"

#: Rows of a part of the graph that is served, by its name, in the given schema.
ReadBack = Callable[[Part, "pyarrow.Schema"], "pyarrow.Table"]


@dataclass(frozen=True, slots=True)
class Base:
    """The graph that is served: its snapshot where that is kept whole, and how the rest is read back."""

    snapshot: Snapshot | None
    read_back: ReadBack


@dataclass(frozen=True, slots=True)
class Step:
    """Rows for one statement of a part: ``write`` what is new (of nodes, also what says something else), ``change``
    relationships that say something else, ``close`` what is gone.
    """

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
        # Counted now: by the time that the last row is sent, the snapshot may no longer be kept.
        self._counts = {part.name: _size(connection.table(f"after.{part.name}")) for part in PARTS}

    @property
    def rows(self) -> int:
        """Rows of all steps."""
        return sum(step.rows for step in self.steps)

    def counts(self) -> dict[str, int]:
        """Rows of each part of the snapshot's graph."""
        return dict(self._counts)

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

    def plan(self, generation: int, base: str | None, refresh_id: str, casework: str) -> str:
        """Digest of everything that a publication must agree on with the one that it continues."""
        what = [MODEL, generation, base, refresh_id, casework, [(step.statement, step.rows) for step in self.steps]]
        return hashlib.sha256(json.dumps(what).encode("ascii")).hexdigest()[:16]


@contextlib.contextmanager
def graph(snapshot: Snapshot, cases: CaseRows, settings: EngineSettings) -> Iterator[Changes]:
    """The graph of ``snapshot`` and ``cases`` alone, without steps: for counting and for export.

    Raises:
        SnapshotDamaged: a file differs from its recorded digest, or a table is not recorded.
    """
    with _tables(settings) as connection:
        _build(connection, "after", snapshot)
        _hold(connection, cases)
        yield Changes(connection, ())


@contextlib.contextmanager
def changes(
    snapshot: Snapshot, cases: CaseRows, base: Base | None, settings: EngineSettings, tell: Callable[[str], None]
) -> Iterator[Changes]:
    """What turns the graph of ``base`` (None: nothing) into that of ``snapshot`` and ``cases``.

    Raises:
        SnapshotDamaged: a file differs from its recorded digest, or a table is not recorded.
    """
    with _tables(settings) as connection:
        tell("comparing with what is served")
        _build(connection, "after", snapshot)
        _hold(connection, cases)
        kept = base.snapshot if base is not None else None
        same = kept is not None and kept.refresh_id == snapshot.refresh_id
        if kept is not None and not same:
            _build(connection, "before", kept)
        changing = [part for part in PARTS if part.live or not same]
        for part in changing:
            if kept is not None and not part.live:
                continue
            nothing = connection.table(f"after.{part.name}").limit(0)
            nothing.create(f"before.{part.name}")
            if base is not None and not part.history:
                tell(f"reading back {part.words}")
                found = base.read_back(part, nothing.to_arrow_table().schema)
                connection.from_arrow(found).insert_into(f"before.{part.name}")
        steps = [step for part in changing for step in _steps(connection, part)]
        # Vanished rows come last, relationships before the nodes they hang on.
        vanished = [step for step in reversed(steps) if step.verb == "close"]
        yield Changes(connection, tuple([step for step in steps if step.verb != "close"] + vanished))


@contextlib.contextmanager
def _tables(settings: EngineSettings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with an empty schema for the graph before and one for the graph after."""
    connection = engine.connect(memory_limit=settings.memory_limit, threads=settings.threads)
    with contextlib.closing(connection), engine.faults("comparing graphs"):
        connection.execute("CREATE SCHEMA before")
        connection.execute("CREATE SCHEMA after")
        yield connection


def _build(connection: duckdb.DuckDBPyConnection, schema: str, snapshot: Snapshot) -> None:
    """Every part that a snapshot has, made from its files.

    Relationships are views, since they are many and read as they are; nodes are tables, since they are put together
    from several files and read more than once.
    """
    # A view finds the files of its own snapshot for good: it keeps the schema in which it was made.
    connection.execute(f"SET schema = '{schema}'")
    for name in TABLES:
        connection.read_parquet([str(snapshot.path(name))], hive_partitioning=False, file_row_number=True).create_view(
            name
        )
    for part in PARTS:
        if not part.live:
            relation = engine.relation(connection, _PACKAGE, part.name, part.parameters)
            if part.is_node:
                relation.create(part.name)
            else:
                relation.create_view(part.name)
    connection.execute("SET schema = 'main'")


def _hold(connection: duckdb.DuckDBPyConnection, cases: CaseRows) -> None:
    """Tables of the parts that come from the casework."""
    for name, table in cases.tables.items():
        connection.from_arrow(table).create(f"after.{name}")


def _steps(connection: duckdb.DuckDBPyConnection, part: Part) -> Iterator[Step]:
    """The steps of a part that have rows; each leaves its table, sorted by key."""
    before, after = connection.table(f"before.{part.name}"), connection.table(f"after.{part.name}")
    rows: dict[str, duckdb.DuckDBPyRelation]
    if part.history or not before.limit(1).fetchall():
        rows = {"write": after}
    else:
        rows = _difference(connection, part, before, after)
    for verb, relation in rows.items():
        step = Step(verb, part, 0)
        relation.order(", ".join(part.keys)).create(step.table)
        if found := _size(connection.table(step.table)):
            yield replace(step, rows=found)


def _difference(
    connection: duckdb.DuckDBPyConnection, part: Part, before: duckdb.DuckDBPyRelation, after: duckdb.DuckDBPyRelation
) -> dict[str, duckdb.DuckDBPyRelation]:
    """Rows for each statement of a part. Both tables are read once and meet by key, which is never NULL."""
    same = " AND ".join(f"now.{name} = earlier.{name}" for name in part.keys)
    differ = " OR ".join(f"now.{name} IS DISTINCT FROM earlier.{name}" for name in after.columns)
    both = ", ".join(["now.*", *(f"earlier.{name} AS earlier_{name}" for name in part.keys)])
    met = after.set_alias("now").join(before.set_alias("earlier"), same, how="outer")
    met.filter(differ).project(both).create(f"difference_{part.name}")
    found = connection.table(f"difference_{part.name}")
    is_now, was = f"{part.keys[0]} IS NOT NULL", f"earlier_{part.keys[0]} IS NOT NULL"
    gone = found.filter(f"NOT {is_now}").project(", ".join(f"earlier_{name} AS {name}" for name in part.keys))
    told = found.filter(is_now)
    rows = {"write": told} if part.is_node else {"write": told.filter(f"NOT {was}"), "change": told.filter(was)}
    return {**{verb: found.project(", ".join(after.columns)) for verb, found in rows.items()}, "close": gone}


def _size(relation: duckdb.DuckDBPyRelation) -> int:
    return int(relation.count("*").fetchall()[0][0])
