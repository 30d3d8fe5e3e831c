"""Columns that are sorted by a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def first_of_each(key: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Where each key stands first in a column that goes by it."""
    first = np.ones(len(key), dtype=np.bool_)
    first[1:] = key[1:] != key[:-1]
    return first
