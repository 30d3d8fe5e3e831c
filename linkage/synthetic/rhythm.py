"""When people work: shapes of a local day, and common schedules that several accounts follow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linkage.synthetic.tokens import Floats, Ints, Words, mix, unit

DAY = 86_400
_STEPS = 96

#: Shapes of a day: (mean hour, width in hours, weight) each, and a floor that is always there.
_SHAPES: tuple[tuple[tuple[tuple[float, float, float], ...], float], ...] = (
    (((10.0, 1.5, 1.0), (14.8, 1.8, 1.1), (20.5, 1.5, 0.15)), 0.01),  # office
    (((20.5, 2.2, 1.0), (13.0, 2.5, 0.3)), 0.02),  # evening
    (((23.5, 2.5, 1.0), (16.0, 3.0, 0.3)), 0.03),  # night owl
    (((11.0, 3.0, 1.0), (17.0, 3.0, 1.0), (21.5, 2.0, 0.6)), 0.03),  # all day
    (((11.0, 1.8, 1.0), (15.5, 2.0, 1.0), (21.0, 2.0, 0.9)), 0.02),  # student
    ((), 1.0),  # machine: round the clock
    (((13.0, 5.0, 1.0),), 0.25),  # shifts
)
OFFICE, EVENING, OWL, ALL_DAY, STUDENT, MACHINE, SHIFTS = range(len(_SHAPES))


def _cumulative() -> Floats:
    hours = (np.arange(_STEPS) + 0.5) * 24 / _STEPS
    parts = []
    for place, (peaks, floor) in enumerate(_SHAPES):
        density = np.full(_STEPS, floor)
        for mean, width, weight in peaks:
            distance = np.minimum(np.abs(hours - mean), 24 - np.abs(hours - mean))
            density += weight * np.exp(-0.5 * (distance / width) ** 2)
        parts.append(place + np.cumsum(density) / density.sum())
    return np.concatenate(parts)


_CUMULATIVE = _cumulative()


def local_seconds(rng: np.random.Generator, shape: npt.NDArray[np.int8]) -> Floats:
    """A local second of the day for each shape."""
    place = np.searchsorted(_CUMULATIVE, shape + rng.random(len(shape)), side="right")
    place = np.minimum(place, (shape.astype(np.int64) + 1) * _STEPS - 1) % _STEPS
    return (place + rng.random(len(shape))) * (DAY / _STEPS)


@dataclass(frozen=True, slots=True)
class Schedules:
    """Common schedules, one row each. A session on one starts at one of its slots of the day, more or less."""

    opens: Floats  # first possible slot, UTC second of the day
    span: Floats  # seconds over which slots spread
    slots: Ints
    jitter: Floats  # standard deviation, seconds
    weekdays: Ints  # bit 0 is Monday
    fixed: npt.NDArray[np.bool_]  # the same slots every day

    def starts(self, rng: np.random.Generator, rows: Ints, day: int, key: np.uint64) -> Floats:
        """A UTC second of the day for a session on each of the schedules ``rows``."""
        slot = (rng.random(len(rows)) * self.slots[rows]).astype(np.int64)
        when = np.where(self.fixed[rows], 0, day + 1)
        word: Words = mix(rows * 1_000_003 + when * 4_099 + slot, key)
        return self.opens[rows] + unit(word) * self.span[rows] + rng.normal(size=len(rows)) * self.jitter[rows]

    def held(self, rows: Ints, weekday: int) -> npt.NDArray[np.bool_]:
        """Whether each of ``rows`` is held on a weekday (0 is Monday)."""
        return ((self.weekdays[rows] >> weekday) & 1).astype(bool)
