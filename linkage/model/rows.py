"""Arrow tables as rows of Python values. Arrow's own way loads pandas for every time: that is longer than a query."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Rows that are turned into Python values at a time.
_BATCH = 50_000


def rows_of(table: pyarrow.Table) -> Iterator[dict[str, Any]]:
    """Rows of ``table`` as mappings; times (microseconds, UTC) as datetimes with UTC, NULL as None."""
    import pyarrow

    times = []
    for position, field in enumerate(table.schema):
        if pyarrow.types.is_timestamp(field.type):
            times.append(field.name)
            micros = table.column(position).cast(pyarrow.timestamp("us", field.type.tz)).cast(pyarrow.int64())
            table = table.set_column(position, field.name, micros)
    for batch in table.to_batches(max_chunksize=_BATCH):
        for row in batch.to_pylist():
            for name in times:
                if row[name] is not None:
                    row[name] = _EPOCH + timedelta(microseconds=row[name])
            yield row
