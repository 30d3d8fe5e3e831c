"""Rows on their way in: chunks of files become canonical rows, and rows that break a rule are set aside."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from linkage.ingest.addresses import canonical
from linkage.ingest.columns import RESERVED_KINDS, staged_column
from linkage.ingest.keyed import Keyed
from linkage.ingest.projection import Shape, admit, ip_column, kinds_of, stage, staged_columns
from linkage.ingest.reading import Chunk
from linkage.ingest.rules import Refusal
from linkage.ingest.statements import create_macros, execute, execute_text, quoted

if TYPE_CHECKING:
    import duckdb

#: A long file with more kinds has its columns swapped, in all likelihood.
MOST_KINDS = 64


class Staging:
    """The engine's tables `staged` (canonical rows) and `set_aside` (rows that broke a rule).

    ``rows`` are staged, ``kinds`` are their identifier columns (column → kind).
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, keyed: Keyed, now: datetime, tolerance_hours: float
    ) -> None:
        self.connection = connection
        self._keyed = keyed
        self._latest = (now + timedelta(hours=tolerance_hours)).replace(tzinfo=None)
        create_macros(connection)
        execute(connection, "create_set_aside")
        #: Keys of the JSON objects seen so far; whoever reads them clears them.
        self.keys: set[str] = set()
        self.clear()

    def clear(self) -> None:
        """Forget the staged rows."""
        execute(self.connection, "create_staged")
        self._columns: set[str] = set()
        self.kinds: dict[str, str] = {}
        self.rows = 0

    def add(self, file: int, source: str, shape: Shape, chunk: Chunk) -> None:
        """Stage one chunk of file number ``file``.

        Raises:
            Refusal: a long file holds too many kinds.
        """
        self._set_aside(file, [(broken.row, broken.rule, broken.digest) for broken in chunk.broken])
        if not chunk.rows.num_rows:
            return
        parameters = {
            "file": file,
            "source": source,
            "latest": self._latest,
            "nulls": list(shape.mapping.nulls),
            "zone": shape.mapping.time.zone,
            "inner": self._keyed.inner,
            "outer": self._keyed.outer,
            "kinds_from": list(shape.mapping.kinds),
            "kinds_to": list(shape.mapping.kinds.values()),
            "reserved": sorted(RESERVED_KINDS),
            "paths": ["/" + name.replace("~", "~0").replace("/", "~1") for name in shape.sources],
        }
        self.connection.register("chunk", chunk.rows)
        admitted = f"({admit(shape)})"
        if shape.lines:
            # Lines are taken apart once.
            rows = self._without_repeated_keys(file, chunk.rows)
            execute(self.connection, "keep_admitted", {"admitted": admitted}, parameters)
            admitted = "admitted"
            self._set_aside_lines(file, rows)
        odd = self._resolve_addresses(shape, admitted, parameters)
        kinds = kinds_of(shape, self._kinds_found(admitted, parameters) if shape.mapping.layout == "long" else ())
        if len(kinds) > MOST_KINDS:
            raise Refusal("file.too_many_kinds")
        self._widen(staged_columns(shape, kinds))
        self.kinds |= {staged_column(kind): kind for kind in kinds}
        execute_text(self.connection, "stage", stage(shape, kinds, admitted, odd_addresses=odd), parameters)
        self.connection.unregister("chunk")
        execute(self.connection, "set_aside", parameters=parameters)
        execute(self.connection, "drop_set_aside")
        self.rows = self._count()

    def discard(self, file: int) -> None:
        """Forget everything of file number ``file`` that is staged or set aside."""
        execute(self.connection, "discard_staged", parameters={"file": file})
        execute(self.connection, "discard_set_aside", parameters={"file": file})
        self.rows = self._count()

    def _count(self) -> int:
        return int(execute(self.connection, "count", {"table": "staged"})[0][0])

    def _set_aside(self, file: int, rows: list[tuple[int, str, str | None]]) -> None:
        if rows:
            table = pa.table(
                {
                    "file": pa.array([file] * len(rows), pa.int32()),
                    "row": pa.array([row for row, _, _ in rows], pa.int64()),
                    "rule": pa.array([rule for _, rule, _ in rows], pa.string()),
                    "digest": pa.array([digest for _, _, digest in rows], pa.string()),
                }
            )
            self.connection.register("broken", table)
            execute(self.connection, "set_aside_broken")
            self.connection.unregister("broken")

    def _without_repeated_keys(self, file: int, rows: pa.Table) -> pa.Table:
        """Note the objects' keys, and set aside those in which one stands twice: no reader could say which value is
        meant. What is left is `chunk` from then on.
        """
        lists = [names for (names,) in execute(self.connection, "json_keys")]
        self.keys.update(*lists)
        repeated = [names for names in lists if len(set(names)) < len(names)]
        if not repeated:
            return rows
        found = [row for (row,) in execute(self.connection, "json_repeated", parameters={"lists": repeated})]
        is_wrong = np.isin(rows.column("row").to_numpy(), found)
        wrong = rows.filter(pa.array(is_wrong)).to_pylist()
        self._set_aside(file, [(row["row"], "row.repeated_key", self._keyed.record(row["line"])) for row in wrong])
        rest = rows.filter(pa.array(~is_wrong))
        self.connection.unregister("chunk")
        self.connection.register("chunk", rest)
        return rest

    def _set_aside_lines(self, file: int, chunk: pa.Table) -> None:
        """Lines that are no JSON object: their digests are made from the text here, which the engine has not kept."""
        wrong = execute(self.connection, "wrong_lines")
        if wrong:
            rows = chunk.column("row").to_numpy()
            places = np.searchsorted(rows, np.array([row for row, _ in wrong]))
            lines = chunk.column("line").take(pa.array(places)).to_pylist()
            self._set_aside(
                file, [(row, rule, self._keyed.record(line)) for (row, rule), line in zip(wrong, lines, strict=True)]
            )

    def _resolve_addresses(self, shape: Shape, admitted: str, parameters: dict[str, Any]) -> bool:
        """Fill `addresses` with the canonical form of every address that is not a plain dotted quad; whether any is."""
        column = ip_column(shape)
        if column is None:
            return False
        given = execute(self.connection, "odd_addresses", {"address": column, "admitted": admitted}, parameters)
        texts = [str(text) for (text,) in given]
        self.connection.register(
            "addresses",
            pa.table(
                {
                    "given": pa.array(texts, pa.string()),
                    "canonical": pa.array([canonical(text) for text in texts], pa.string()),
                }
            ),
        )
        return bool(texts)

    def _kinds_found(self, admitted: str, parameters: dict[str, Any]) -> list[str]:
        found = execute(self.connection, "kinds_found", {"admitted": admitted}, parameters)
        return [str(kind) for (kind,) in found]

    def _widen(self, columns: dict[str, str]) -> None:
        """Give `staged` the columns that it lacks; a column that no file has costs nothing."""
        for name, kind in columns.items():
            if name not in self._columns:
                execute(self.connection, "widen_staged", {"column": quoted(name), "type": kind})
                self._columns.add(name)

    @property
    def columns(self) -> frozenset[str]:
        """Columns of `staged` besides the fixed ones."""
        return frozenset(self._columns)
