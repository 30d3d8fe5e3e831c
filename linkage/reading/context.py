"""What the lake knows besides events: when models became available."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from linkage.reading.source import in_utc

if TYPE_CHECKING:
    import pyarrow


def model_releases(files: Sequence[Path]) -> pyarrow.Table:
    """``model``, ``released_at`` (UTC) of the lake's files of model releases, earliest first."""
    import pyarrow
    import pyarrow.parquet as parquet

    schema = pyarrow.schema([("model", pyarrow.string()), ("released_at", pyarrow.timestamp("us"))])
    tables = [parquet.read_table(file, columns=schema.names, partitioning=None).cast(schema) for file in files]
    table = pyarrow.concat_tables([schema.empty_table(), *tables])
    return in_utc(table.sort_by([("released_at", "ascending"), ("model", "ascending")]))
