"""Names for the numbers of a graph, kept in memory: what a person types becomes numbers, and numbers become labels.

Held are the accounts, shared identifiers and clusters of one refresh; identities are read once. Values of kinds that
point at people leave here masked only, and are found only whole: a search for a part of one would tell it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from linkage.errors import UsageError
from linkage.model.graph import Hit, Hits
from linkage.model.kinds import SCHEDULE, schedule_name
from linkage.reading.lookup import canonical_address
from linkage.reading.masking import MASKED_KINDS, masked
from linkage.stores.graph import GraphReader

if TYPE_CHECKING:
    import pyarrow
    from numpy.typing import NDArray

    from linkage.stores.snapshots import Snapshot

#: Least letters of a search: fewer match nearly everything.
SHORTEST = 3
_MATCHES = ("exact", "prefix", "contains")
#: Kinds that are no identifier's, in the order in which a search lists them; identifiers follow.
_CLUSTER, _ACCOUNT = "cluster", "account"


class Names:
    """Names of what the graph of ``snapshot`` holds, from the files ``identities``."""

    def __init__(self, snapshot: Snapshot, identities: Sequence[Path]) -> None:
        import pyarrow
        import pyarrow.compute as compute
        import pyarrow.parquet as parquet

        def column(table: str, name: str) -> pyarrow.ChunkedArray:
            return parquet.read_table(snapshot.path(table), columns=[name], partitioning=None).column(0)

        schema = pyarrow.schema([("kind", pyarrow.string()), ("id", pyarrow.int64()), ("value", pyarrow.string())])
        held = pyarrow.chunked_array(
            [*column("accounts", "account").chunks, *column("identifiers", "identifier").chunks], pyarrow.int64()
        )
        tables = []
        for path in identities:
            table = parquet.read_table(path, columns=schema.names, partitioning=None).cast(schema)
            tables.append(table.filter(compute.is_in(table.column("id"), value_set=held)))
        numbers = column("identifiers", "identifier").to_numpy()
        schedules = numbers[numbers < 0].tolist()
        tables.append(
            pyarrow.table(
                [[SCHEDULE] * len(schedules), schedules, [schedule_name(number) for number in schedules]], schema=schema
            )
        )
        clusters = column("clusters", "cluster_id")
        tables.append(
            pyarrow.table(
                [pyarrow.array([_CLUSTER] * len(clusters), pyarrow.string()), _counted(len(clusters)), clusters],
                schema=schema,
            )
        )
        table = pyarrow.concat_tables(tables).sort_by([("value", "ascending"), ("id", "ascending")]).combine_chunks()
        encoded = table.column("kind").combine_chunks().dictionary_encode()
        self._kinds: list[str] = encoded.dictionary.to_pylist()
        self._kind: NDArray[np.int32] = encoded.indices.to_numpy()
        self._id: NDArray[np.int64] = table.column("id").to_numpy()
        self._value = table.column("value").combine_chunks()
        self._hidden = np.array([kind in MASKED_KINDS for kind in self._kinds], np.bool_)[self._kind]
        self._open, self._closed = np.flatnonzero(~self._hidden), np.flatnonzero(self._hidden)
        self._open_values, self._closed_values = (
            self._value.take(pyarrow.array(rows)) for rows in (self._open, self._closed)
        )
        order = np.array([{_CLUSTER: 0, _ACCOUNT: 1}.get(kind, 2) for kind in self._kinds], np.int8)
        self._sort: NDArray[np.int8] = order[self._kind]
        # Clusters are known by their text, all else by number.
        self._numbered = np.flatnonzero(self._sort > 0)
        self._numbered = self._numbered[np.argsort(self._id[self._numbered], kind="stable")]
        self._number = self._id[self._numbered]

    def account(self, name: str) -> int:
        """Surrogate id of an account given by name, or as ``purged:<id>``.

        Raises:
            UsageError: the refresh knows no such account.
        """
        import pyarrow.compute as compute

        prefix, _, number = name.partition(":")
        if prefix == "purged" and number.isdecimal() and len(number) < 19:
            return int(number)
        for at in np.flatnonzero(compute.equal(self._value, name).to_numpy(zero_copy_only=False)).tolist():
            if self._sort[at] == 1:
                return int(self._id[at])
        raise UsageError(
            "no account of that name has an event in the window of the refresh",
            hint="`linkage lookup` searches every kind of identifier, at any time.",
        )

    def labels(self, nodes: Iterable[str]) -> dict[str, str]:
        """Node → the account's name, or the identifier's value as it may be shown; ``purged:…`` where there is none."""
        wanted = list(dict.fromkeys(nodes))
        numbers = np.array([int(node[2:]) for node in wanted], dtype=np.int64)
        first, last = (np.searchsorted(self._number, numbers, side=side) for side in ("left", "right"))
        found = {}
        for node, number, at, end in zip(wanted, numbers.tolist(), first.tolist(), last.tolist(), strict=True):
            row = self._numbered[at] if at < end else -1
            if row < 0:
                found[node] = f"purged:{number}"
            else:
                kind, value = self._kinds[self._kind[row]], self._value[row].as_py()
                found[node] = value if kind == _ACCOUNT else masked(kind, value)
        return found

    def search(self, graph: GraphReader, text: str, limit: int) -> Hits:
        """The first ``limit`` clusters, accounts and identifiers whose name matches ``text``, and how many do.

        A name matches exactly, at its start, or anywhere, in that order; upper and lower case differ. Clusters come
        before accounts and accounts before identifiers, then by name; masked values, which order nothing, by number.

        Raises:
            UsageError: ``text`` has fewer than SHORTEST letters, or ``limit`` < 1.
        """
        import pyarrow
        import pyarrow.compute as compute

        text = text.strip()
        if len(text) < SHORTEST:
            raise UsageError(f"a search takes at least {SHORTEST} letters")
        if limit < 1:
            raise UsageError("a list has at least one row")
        whole = pyarrow.array(sorted({text, canonical_address(text) or text}), pyarrow.string())
        rows = np.concatenate(
            [
                self._open[_marks(compute.match_substring(self._open_values, text))],
                self._closed[_marks(compute.is_in(self._closed_values, value_set=whole))],
            ]
        )
        rows.sort()
        values = self._value.take(pyarrow.array(rows))
        hidden, sort = self._hidden[rows], self._sort[rows]
        exact, prefix = _marks(compute.equal(values, text)) | hidden, _marks(compute.starts_with(values, text))
        match = np.where(exact, 0, np.where(prefix, 1, 2))
        order = np.lexsort((np.where(hidden, self._id[rows], rows), ~hidden, sort, match))[:limit]
        first = rows[order]
        accounts = {one.account: one for one in graph.accounts(self._id[first[self._sort[first] == 1]].tolist())}
        things = {one.identifier: one for one in graph.identifiers(self._id[first[self._sort[first] == 2]].tolist())}
        hits = []
        for row, rank in zip(first.tolist(), match[order].tolist(), strict=True):
            number, sorts = int(self._id[row]), self._sort[row]
            found = self._value[row].as_py() if sorts == 0 else accounts[number] if sorts == 1 else things[number]
            hits.append(Hit(_MATCHES[rank], found))
        return Hits(
            graph.refresh_id,
            tuple(hits),
            len(rows),
            self.labels(hit.node for hit in hits if not isinstance(hit.found, str)),
        )


def _counted(number: int) -> pyarrow.Array:
    import pyarrow

    return pyarrow.array(np.arange(number), pyarrow.int64())


def _marks(answer: pyarrow.BooleanArray) -> NDArray[np.bool_]:
    marks: NDArray[np.bool_] = answer.to_numpy(zero_copy_only=False)
    return marks
