"""What a publication has to send: the difference between the graph that is served and the one of a snapshot.

Both are made as tables in the SQL engine, from the files of their snapshots. Where that of the served one is no longer
kept, it is read back from the store; so are the cases that are served, which stand in no snapshot.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
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
    """Tables of every part that a snapshot has, made from its files."""
    for name in TABLES:
        connection.read_parquet([str(snapshot.path(name))], hive_partitioning=False, file_row_number=True).create_view(
            name, replace=True
        )
    for part in PARTS:
        if not part.live:
            engine.relation(connection, _PACKAGE, part.name, part.parameters).create(f"{schema}.{part.name}")


def _hold(connection: duckdb.DuckDBPyConnection, cases: CaseRows) -> None:
    """Tables of the parts that come from the casework."""
    for name, table in cases.tables.items():
        connection.from_arrow(table).create(f"after.{name}")


def _steps(connection: duckdb.DuckDBPyConnection, part: Part) -> Iterator[Step]:
    """The steps of a part that have rows; each leaves its table, sorted by key."""
    before, after = connection.table(f"before.{part.name}"), connection.table(f"after.{part.name}")
    rows: dict[str, duckdb.DuckDBPyRelation]
    if part.history or not _size(before):
        rows = {"write": after}
    else:
        _without(after, before, after.columns).create(f"{part.name}_now")
        _without(before, after, after.columns).project(", ".join(part.keys)).create(f"{part.name}_then")
        now, then = connection.table(f"{part.name}_now"), connection.table(f"{part.name}_then")
        rows = {"write": now, "close": _without(then, now, part.keys)}
        if not part.is_node:
            rows |= {"write": _without(now, then, part.keys), "change": _without(now, then, part.keys, how="semi")}
    for verb, relation in rows.items():
        step = Step(verb, part, _size(relation))
        if step.rows:
            relation.order(", ".join(part.keys)).create(step.table)
            yield step


def _without(
    rows: duckdb.DuckDBPyRelation, others: duckdb.DuckDBPyRelation, columns: Sequence[str], *, how: str = "anti"
) -> duckdb.DuckDBPyRelation:
    """``rows`` that agree with none of ``others`` in all of ``columns``, NULL agreeing with NULL; or with some."""
    same = " AND ".join(f"one.{name} IS NOT DISTINCT FROM other.{name}" for name in columns)
    return rows.set_alias("one").join(others.set_alias("other"), same, how=how)


def _size(relation: duckdb.DuckDBPyRelation) -> int:
    return int(relation.count("*").fetchall()[0][0])
