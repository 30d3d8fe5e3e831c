"""Publishing a snapshot: only what changed travels, and readers get all of it from one moment to the next.

Every batch moves the cursor in its own transaction, so that a batch is written exactly once: also when the answer to
a commit was lost and the driver tries again, when a publication is killed and another process continues it, and when
two of them meet.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from linkage.errors import LinkageError, SnapshotDamaged, TryAgain, UnknownRefresh
from linkage.model.progress import Progress, ProgressSink
from linkage.model.reports import PublishReport, StoreStatus
from linkage.model.times import to_text
from linkage.stores.neo4j.cases import case_rows
from linkage.stores.neo4j.changes import Base, Changes, changes, graph
from linkage.stores.neo4j.graph import MODEL, Part, labels
from linkage.stores.neo4j.pointer import Served, look

if TYPE_CHECKING:
    import pyarrow

    from linkage.config import EngineSettings
    from linkage.model.case import Case
    from linkage.stores.neo4j.connection import Store, Transaction
    from linkage.stores.snapshots import Snapshot

#: In this order an abandoned publication is undone: relationships before the nodes they hang on.
_UNDO = (
    *("relationships", "used", "linked", "member_of", "closed_relationships"),
    *("closed_nodes", "account", "identifier", "cluster", "cases"),
)
_COLLECT = ("relationships", "nodes")
#: Constraints and indexes: names of the statements that make them, and their own.
_SCHEMA = (
    *("current", "account", "identifier", "cluster", "case", "refresh"),
    *("account_closed", "identifier_closed", "used_closed", "linked_closed", "member_of_closed"),
    *("used_last_seen", "used_wide", "identifier_degree", "cluster_score", "cluster_reasons"),
)
#: Rows that are read back from the store at once.
_READ_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class Publisher:
    """Publishes snapshots of the workspace that ``workspace`` names into ``store``."""

    store: Store
    workspace: str
    engine: EngineSettings
    batch_rows: int = 10_000
    progress: ProgressSink | None = None

    def publish(self, snapshot: Snapshot, cases: Iterable[Case], kept: Callable[[str], Snapshot]) -> PublishReport:
        """Make ``snapshot`` and ``cases`` what readers of the store get; ``kept`` finds the snapshot they get now.

        Raises:
            StoreUnavailable: the server is gone or refuses, or the database is not this workspace's.
            TryAgain: another publication is at work.
            SnapshotDamaged: a file of ``snapshot`` differs from its recorded digest.
        """
        started = time.monotonic()
        served, rows = self._claimed(), case_rows(cases)
        if (served.refresh_id, served.casework) == (snapshot.refresh_id, rows.digest):
            if served.publishing is not None:
                self._undo(served)
            seconds = time.monotonic() - started
            return PublishReport("unchanged", snapshot.refresh_id, served.generation, 0, {}, seconds)
        with changes(snapshot, rows, self._base(served, snapshot, kept), self.engine, self._tell) as found:
            plan = found.plan(served.generation, served.refresh_id, snapshot.refresh_id, rows.digest)
            row = served.row
            if served.plan != plan:
                self._begin(served, snapshot.refresh_id, plan)
                row = 0
            self._send(found, plan, served.generation + 1, row)
            self._serve(snapshot, rows.digest, found, plan, served.generation + 1)
            seconds = time.monotonic() - started
            counts = found.counts()
            return PublishReport("published", snapshot.refresh_id, served.generation + 1, found.rows, counts, seconds)

    def status(self, snapshot: Snapshot, cases: Iterable[Case]) -> StoreStatus:
        """Whether readers of the store get ``snapshot`` and ``cases``, by name and digest and by counting.

        Raises:
            StoreUnavailable: the server is gone, or the database is not this workspace's.
        """
        served, rows = self.served(), case_rows(cases)
        if served is None:
            return StoreStatus(snapshot.refresh_id, None, (None, rows.digest), 0, None, {})
        with graph(snapshot, rows, self.engine) as expected:
            counts = self._counts(served.generation)
            pairs = {part: (counts[part], count) for part, count in expected.counts().items()}
        casework = (served.casework, rows.digest)
        return StoreStatus(
            snapshot.refresh_id, served.refresh_id, casework, served.generation, served.publishing, pairs
        )

    def served(self) -> Served | None:
        """What (:Current) says; None in an empty database.

        Raises:
            StoreUnavailable: the database holds another graph, that of another workspace, or one of another model.
        """
        return self.store.read(lambda transaction: look(transaction, self.workspace))

    # --- the way of a publication -------------------------------------------------------------------------------

    def _claimed(self) -> Served:
        """What the database says once it is ours, with every constraint and index."""
        served = self.served()
        if served is None:
            self.store.change("claim", workspace=self.workspace, model=MODEL)
            served = self.served()
        if served is None:
            raise LinkageError("the store lost (:Current) again")
        online = self.store.ask("schema/online")[0]["names"]
        missing = [name for name in _SCHEMA if name not in online]
        if missing:
            self._tell("making indexes")
            for name in missing:
                self.store.change(f"schema/{name}")
            self.store.wait("schema/wait")
        return served

    def _base(self, served: Served, snapshot: Snapshot, kept: Callable[[str], Snapshot]) -> Base | None:
        """The graph that is served: by its snapshot, which is ``snapshot`` where only cases have changed."""
        if served.refresh_id is None:
            return None
        found: Snapshot | None = snapshot
        if served.refresh_id != snapshot.refresh_id:
            try:
                found = kept(served.refresh_id)
            except (UnknownRefresh, SnapshotDamaged):
                found = None
        return Base(found, lambda part, schema: self._read_back(served.generation, part, schema))

    def _begin(self, served: Served, refresh_id: str, plan: str) -> None:
        if served.publishing is not None:
            self._undo(served)
        self._tell("collecting what nobody sees any more")
        for name in _COLLECT:
            self._drain(f"collect/{name}", served.generation)
        if not self.store.change("begin", generation=served.generation, refresh_id=refresh_id, plan=plan):
            raise _another()

    def _undo(self, served: Served) -> None:
        """Leave nothing of the publication that was interrupted."""
        self._tell("undoing an abandoned publication")
        if not self.store.change("abandon", plan=served.plan):
            raise _another()
        for name in _UNDO:
            self._drain(f"undo/{name}", served.generation + 1)
        self.store.change("abandoned")

    def _send(self, found: Changes, plan: str, generation: int, row: int) -> None:
        """Write every batch from ``row`` on, counted over all steps."""
        kinds = labels(found.kinds())
        start = 0
        for step in found.steps:
            for rows in found.batches(step, max(0, row - start), self.batch_rows):
                self.store.write(_Batch(plan, row, step.statement, rows, generation, kinds))
                row += len(rows)
                self._tell("publishing", row, found.rows)
            start += step.rows

    def _serve(self, snapshot: Snapshot, casework: str, found: Changes, plan: str, generation: int) -> None:
        refresh = refresh_properties(snapshot, found.counts())

        def flip(transaction: Transaction) -> None:
            cursor = transaction.run("cursor", plan=plan)[0]
            if cursor["plan"] == plan:
                transaction.run("serve", generation=generation, refresh=refresh, casework=casework)

        self.store.write(flip)
        served = self.served()
        if served is None or (served.refresh_id, served.casework) != (snapshot.refresh_id, casework):
            raise _another()

    def _drain(self, name: str, generation: int) -> None:
        """Run a statement that takes so many rows at once until it finds none."""
        while self.store.change(name, generation=generation, rows=self.batch_rows)[0]["rows"]:
            pass

    # --- inside -------------------------------------------------------------------------------------------------

    def _read_back(self, generation: int, part: Part, schema: pyarrow.Schema) -> pyarrow.Table:
        import pyarrow

        batches, rows = [], []
        for values in self.store.rows(f"served/{part.name}", generation=generation, **part.parameters):
            rows.append(dict(zip(schema.names, values, strict=True)))
            if len(rows) == _READ_ROWS:
                batches.append(pyarrow.RecordBatch.from_pylist(rows, schema))
                rows = []
        return pyarrow.Table.from_batches([*batches, pyarrow.RecordBatch.from_pylist(rows, schema)], schema)

    def _counts(self, generation: int) -> dict[str, int]:
        return self.store.ask("counts", generation=generation)[0]

    def _tell(self, stage: str, done: int = 0, total: int | None = None) -> None:
        if self.progress is not None:
            self.progress(Progress(stage, done, total, "rows"))


def refresh_properties(snapshot: Snapshot, counts: Mapping[str, int]) -> dict[str, str | int | None]:
    """What (:Refresh) says of a snapshot, ``as_of`` as text; ``counts``: rows of each part."""
    run = snapshot.run
    return {
        "refresh_id": run.refresh_id,
        "parent_refresh_id": run.parent_refresh_id,
        "as_of": to_text(run.as_of),
        "window": run.window,
        **{f"{part}_count": count for part, count in counts.items()},
    }


@dataclass(frozen=True, slots=True)
class _Batch:
    """Rows of a step, and where the cursor must stand for them to be written."""

    plan: str
    row: int
    statement: str
    rows: list[list[Any]]
    generation: int
    labels: dict[str, str]

    def __call__(self, transaction: Transaction) -> None:
        """Write the rows, unless an earlier try did.

        Raises:
            TryAgain: another publication moved the cursor.
        """
        cursor, behind = transaction.run("cursor", plan=self.plan)[0], self.row + len(self.rows)
        if cursor["plan"] == self.plan and cursor["row"] == behind:
            return
        if cursor["plan"] != self.plan or cursor["row"] != self.row:
            raise _another()
        transaction.run(self.statement, rows=self.rows, generation=self.generation, labels=self.labels)
        transaction.run("advance", row=behind)


def _another() -> TryAgain:
    return TryAgain(
        "another publication is at work in the store",
        hint="Wait until it is done, and run the same command again: it publishes what is missing.",
    )
