"""Numbers of a bundle's own for numbers of the workspace, column by column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pyarrow
    from numpy.typing import NDArray


#: Span of surrogates up to which each has a place of its own: 32 MB.
_DENSE = 4_000_000


class Numbers:
    """Numbers of the bundle for numbers of the workspace: places in the list of them."""

    def __init__(self, surrogates: NDArray[np.int64]) -> None:
        self._order = np.argsort(surrogates, kind="stable")
        self._sorted = surrogates[self._order]
        # Surrogates are mostly dense and small: then a place is looked up and not searched for.
        self._lowest = int(self._sorted[0]) if len(surrogates) else 0
        span = int(self._sorted[-1]) - self._lowest + 1 if len(surrogates) else 0
        self._places = np.full(span, -1, np.int64) if 0 < span <= _DENSE else None
        if self._places is not None:
            self._places[surrogates - self._lowest] = np.arange(len(surrogates))

    def get(self, surrogate: int) -> int | None:
        """Number that stands for ``surrogate``; None where there is none."""
        place = int(np.searchsorted(self._sorted, surrogate))
        if place < len(self._sorted) and self._sorted[place] == surrogate:
            return int(self._order[place])
        return None

    def of(self, column: pyarrow.ChunkedArray) -> pyarrow.Array:
        """Numbers for a column; NULL stays, and so does what the bundle has no number for."""
        import pyarrow

        if not len(self._sorted):
            return pyarrow.nulls(len(column), pyarrow.int64())
        known = column.is_valid().to_numpy()
        wanted = column.fill_null(0).to_numpy()
        if self._places is not None:
            at = wanted - self._lowest
            known = known & (at >= 0) & (at < len(self._places))
            found = self._places[np.where(known, at, 0)]
            return pyarrow.array(found, pyarrow.int64(), mask=~(known & (found >= 0)))
        place = np.minimum(np.searchsorted(self._sorted, wanted), len(self._sorted) - 1)
        known = known & (self._sorted[place] == wanted)
        return pyarrow.array(self._order[place], pyarrow.int64(), mask=~known)


class FirstEvents:
    """The first event of each account on each identifier, in ``events`` that stand in order of time.

    ``columns``: those of identifiers, as far as the events have them; ``identifiers``: how many there are; ``asked``:
    those that will be asked about.
    """

    def __init__(
        self, events: pyarrow.Table, columns: Sequence[str], identifiers: int, asked: pyarrow.ChunkedArray
    ) -> None:
        self._size = identifiers
        account = events["account"].to_numpy()
        worth = np.zeros(identifiers, np.bool_)
        worth[asked.drop_null().to_numpy()] = True
        keys, rows = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for column in columns:
            if column in events.column_names:
                used = np.flatnonzero(events[column].is_valid().to_numpy())
                value = events[column].drop_null().to_numpy()
                wanted = worth[value]
                keys.append(account[used[wanted]] * identifiers + value[wanted])
                rows.append(used[wanted])
        # Within a column rows rise, and an identifier is of one kind: the first place of a key is its first event.
        self._keys, at = np.unique(np.concatenate(keys), return_index=True)
        self._rows = np.concatenate(rows)[at]

    def of(self, account: pyarrow.ChunkedArray, identifier: pyarrow.ChunkedArray) -> pyarrow.Array:
        """Rows, from 0, of the first events of accounts on identifiers; NULL where there is none."""
        import pyarrow

        if not len(self._keys):
            return pyarrow.nulls(len(account), pyarrow.int64())
        wanted = account.to_numpy() * self._size + identifier.fill_null(0).to_numpy()
        place = np.minimum(np.searchsorted(self._keys, wanted), len(self._keys) - 1)
        known = identifier.is_valid().to_numpy() & (self._keys[place] == wanted)
        return pyarrow.array(self._rows[place], pyarrow.int64(), mask=~known)


def replaced(table: pyarrow.Table, name: str, values: Any) -> pyarrow.Table:
    """``table`` with other values in the column ``name``."""
    import pyarrow

    at = table.column_names.index(name)
    column = values if isinstance(values, pyarrow.Array | pyarrow.ChunkedArray) else pyarrow.array(values)
    return table.set_column(at, name, column.cast(table.schema.field(name).type))
