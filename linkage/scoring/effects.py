"""How far a group's accounts stand from ordinary accounts that were about as active on about as many days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from linkage.scoring.features import Features

    FloatArray = NDArray[np.float64]

#: Matched cells: doublings of events × doublings of active days.
SHAPE = (25, 16)
CELLS = SHAPE[0] * SHAPE[1]
#: Half and nine tenths of normal deviates are within so many standard deviations.
_NORMAL = np.array([0.6745, 1.6449])
#: Accounts by which a matched cell is pulled towards the whole population's mean.
_CELL_STRENGTH = 20.0


@dataclass(frozen=True, slots=True)
class Expected:
    """What ordinary accounts show of one feature.

    ``mean``, ``variance`` (cells): by matched cell. ``spread``: τ², how much linked groups differ anyway.
    """

    mean: FloatArray
    variance: FloatArray
    spread: float


@dataclass(frozen=True, slots=True)
class Effect:
    """One feature over all groups (K): observed and expected means, standardized deviation, members that count."""

    observed: FloatArray
    expected: FloatArray
    z: FloatArray
    known: NDArray[np.int64]


def matched_cells(features: Features) -> NDArray[np.int64]:
    """Cell of each account (N): doublings of its events × doublings of its active days."""
    events = np.minimum(np.floor(np.log2(np.maximum(features.events, 1.0))), 24).astype(np.int64)
    days = np.minimum(np.floor(np.log2(np.maximum(features.active_days, 1.0))), 12).astype(np.int64)
    return events * 16 + days


def expectation(
    value: FloatArray, cell: NDArray[np.int64], ordinary: NDArray[np.bool_]
) -> tuple[FloatArray, FloatArray]:
    """Mean and variance that ordinary accounts of each matched cell show (cells, cells).

    Cells with few ordinary accounts lean on their neighbours and on the whole.
    """
    used = ordinary & np.isfinite(value)
    if used.sum() < 30:
        used = np.isfinite(value)
    if not used.any():
        return np.full(CELLS, np.nan), np.full(CELLS, np.nan)
    count = _smooth(np.bincount(cell[used], minlength=CELLS).reshape(SHAPE).astype(np.float64))
    total = _smooth(np.bincount(cell[used], weights=value[used], minlength=CELLS).astype(np.float64).reshape(SHAPE))
    square = _smooth(
        np.bincount(cell[used], weights=value[used] ** 2, minlength=CELLS).astype(np.float64).reshape(SHAPE)
    )
    mean_all, square_all = float(value[used].mean()), float((value[used] ** 2).mean())
    mean = (total + _CELL_STRENGTH * mean_all) / (count + _CELL_STRENGTH)
    second = (square + _CELL_STRENGTH * square_all) / (count + _CELL_STRENGTH)
    variance = np.maximum(second - mean**2, 1e-6)
    return mean.ravel(), variance.ravel()


def expected(
    value: FloatArray, cell: NDArray[np.int64], label: NDArray[np.int64], groups: int, ordinary: NDArray[np.bool_]
) -> Expected:
    """What a group is compared with: ordinary accounts of the same cells, and how much other groups differ from them.

    τ is a robust spread of the groups' own means on this very data (median absolute deviation from zero, sampling noise
    taken off).
    """
    mean, variance = expectation(value, cell, ordinary)
    _observed, _expected, difference, noise, known = _deviation(value, cell, label, groups, mean, variance)
    return Expected(mean, variance, spread_between(difference, noise / np.maximum(known, 1), known))


def _smooth(grid: FloatArray) -> FloatArray:
    """Add a quarter of each neighbour along both axes."""
    out = grid.copy()
    out[1:] += 0.25 * grid[:-1]
    out[:-1] += 0.25 * grid[1:]
    out[:, 1:] += 0.25 * grid[:, :-1]
    out[:, :-1] += 0.25 * grid[:, 1:]
    return out


def effect(
    value: FloatArray, cell: NDArray[np.int64], label: NDArray[np.int64], groups: int, ordinary: Expected, floor: float
) -> Effect:
    """``z = mean(x − μ) / √(σ²/n + τ²)`` of every group; τ is at least ``floor`` standard deviations."""
    observed, expected, difference, noise, known = _deviation(
        value, cell, label, groups, ordinary.mean, ordinary.variance
    )
    tau2 = np.maximum(floor**2 * noise, ordinary.spread)
    z = np.where(known >= 3, difference / np.sqrt(noise / np.maximum(known, 1) + tau2 + 1e-12), 0.0)
    return Effect(np.where(known > 0, observed, np.nan), np.where(known > 0, expected, np.nan), z, known)


def _deviation(
    value: FloatArray,
    cell: NDArray[np.int64],
    label: NDArray[np.int64],
    groups: int,
    mean: FloatArray,
    variance: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, NDArray[np.int64]]:
    """Of every group (K): observed and expected mean, their difference, expected variance, members that count."""
    used = (label >= 0) & np.isfinite(value) & np.isfinite(mean[cell])
    known = np.bincount(label[used], minlength=groups)
    safe = np.maximum(known, 1)
    observed = np.bincount(label[used], weights=value[used], minlength=groups) / safe
    expected = np.bincount(label[used], weights=mean[cell[used]], minlength=groups) / safe
    noise = np.bincount(label[used], weights=variance[cell[used]], minlength=groups) / safe
    return observed, expected, observed - expected, noise, known


def spread_between(difference: FloatArray, sampling: FloatArray, known: NDArray[np.int64]) -> float:
    """τ²: squared robust spread of the groups' means around what is expected of them, sampling variance taken off.

    By the middle of the deviations or by their tail, whichever is wider: most groups are families, which differ little,
    and a tenth are firms, each of which chose its models and its hours for everybody.

    Judged on groups of 8 and more, or of 4 and more where there are few; 0 where there are not ten even of those.
    """
    for least in (8, 4):
        enough = known >= least
        if enough.sum() >= 10:
            middle, far = np.quantile(np.abs(difference[enough]), [0.5, 0.9]) / _NORMAL
            return max(0.0, float(max(middle, far)) ** 2 - float(np.median(sampling[enough])))
    return 0.0
