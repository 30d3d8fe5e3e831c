"""Who acted when in the window of a refresh, from the lake: with identifiers of one kind, or at all."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date
from typing import TYPE_CHECKING

from linkage import engine, window
from linkage.ingest.columns import identifier_column
from linkage.ingest.statements import quoted
from linkage.model.tables import EVENTS, SLOTS

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow

    from linkage.config import EngineSettings
    from linkage.model.run import RunRecord


@dataclass(frozen=True, slots=True)
class Source:
    """The lake, and whose actions are asked for.

    ``files``: a table and two days → its files. ``accounts``, ``identifiers``: surrogate ids, each numbered by its
    place; what is not among them is left out.
    """

    run: RunRecord
    files: Callable[[str, date | None, date | None], tuple[Path, ...]]
    settings: EngineSettings
    accounts: pyarrow.Array
    identifiers: pyarrow.Array


def by_identifier(source: Source, kind: str) -> pyarrow.Table:
    """``account``, ``slot``, ``identifier`` (numbers), distinct: of events; days of aggregates do not say it."""
    import pyarrow as pa

    paths = source.files(EVENTS.name, source.run.window_first, source.run.window_last)
    schema = pa.schema([("account", pa.int64()), ("slot", pa.int64()), ("identifier", pa.int64())])
    if not paths:
        return schema.empty_table()
    with closing(engine.connect(memory_limit=source.settings.memory_limit, threads=source.settings.threads)) as found:
        with engine.faults("reading the events of baselines"):
            events = found.read_parquet([str(path) for path in paths], union_by_name=True)
            column = identifier_column(kind)
            if column not in events.columns:
                return schema.empty_table()
            events.select(f"account, event_time, {quoted(column)} AS identifier").create_view("lake_uses")
        found.register("account_number", _numbered(source.accounts))
        found.register("identifier_number", _numbered(source.identifiers))
        return engine.arrow(found, "linkage.reading", "actions", _bounds(source)).cast(schema)


def at_all(source: Source) -> pyarrow.Table:
    """``account``, ``slot``, distinct: of events, and of days that were taken in as aggregates."""
    import pyarrow as pa

    schema = pa.schema([("account", pa.int64()), ("slot", pa.int64())])
    with closing(engine.connect(memory_limit=source.settings.memory_limit, threads=source.settings.threads)) as found:
        with engine.faults("reading the events of baselines"):
            for table in (EVENTS, SLOTS):
                paths = source.files(table.name, source.run.window_first, source.run.window_last)
                window.read(found, table, paths).create_view(f"lake_{table.name}")
        found.register("account_number", _numbered(source.accounts))
        return engine.arrow(found, "linkage.reading", "activity_slots", _bounds(source)).cast(schema)


def _numbered(ids: pyarrow.Array) -> pyarrow.Table:
    import pyarrow as pa

    return pa.table({"id": ids, "number": pa.array(range(len(ids)), pa.int64())})


def _bounds(source: Source) -> dict[str, object]:
    return {"until": source.run.as_of.astimezone(UTC).replace(tzinfo=None)}
