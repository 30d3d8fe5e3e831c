"""Runs of equal keys in a column that is sorted by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def begins(key: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Where a run of equal keys begins."""
    first = np.ones(len(key), dtype=np.bool_)
    first[1:] = key[1:] != key[:-1]
    return first
