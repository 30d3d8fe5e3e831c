"""When accounts begin to work, what their own habits lead one to expect, and the directions in which they depart.

What is left of accounts by moments, once everybody's habits are taken off, is noise where each works as it likes, and
of low rank where some follow one schedule: its leading singular vectors show even a schedule of which any two accounts
share less than one moment (Benaych-Georges and Nadakuditi 2012, doi 10.1016/j.jmva.2012.04.019).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from linkage.evidence import rhythm_kernels as kernels
from linkage.evidence.moments import Moments
from linkage.evidence.rhythm_kernels import DAY, HOUR, Habits

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Days by which a schedule is moved: nobody set the one that comes of it, and habits meet it as well as the true one.
ELSEWHERE = (-7, -1, 1, 7)
#: Steps of the Lanczos process: directions that stand out of the noise have come out by then.
_STEPS = 24
#: Accounts, drawn at random where there are more, whose directions are looked for.
_MOST = 100_000
#: Part of the mean expectation that is added to every slot's: where nobody is expected, one account is no direction.
_FLOOR = 0.1


@dataclass(frozen=True, slots=True)
class Group:
    """Accounts in step, rising, and the slots in which they are a crowd, rising.

    ``expected``: moments that their habits lead one to expect in each of those slots.
    """

    accounts: NDArray[np.int64]
    slots: NDArray[np.int64]
    expected: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Moments of A accounts, each with one at least, with slots from 0 and habits taken off.

    ``slots``: T, whole days. ``usual`` (144): how far the slots of a day differ from the others of their hour, 1 for
    not at all: much begins on the hour.
    """

    moments: Moments
    habits: Habits
    slots: int
    usual: NDArray[np.float64]

    @staticmethod
    def of(moments: Moments, slots: int) -> Rhythm:
        """The rhythm of ``moments``."""
        habits = _habits(moments)
        even = Rhythm(moments, habits, slots, np.ones(DAY))
        everybody = np.ones(len(moments.start) - 1)
        seen = even.seen(everybody).reshape(-1, DAY).sum(axis=0)
        expected = even.expected(everybody).reshape(-1, DAY).sum(axis=0)
        return Rhythm(moments, habits, slots, (seen + 1.0) / (expected + 1.0))

    def seen(self, weight: NDArray[np.float64]) -> NDArray[np.float64]:
        """Moments in each slot (T) of accounts times their ``weight`` (A)."""
        return np.asarray(kernels.seen(self.moments.start, self.moments.slot, weight, self.slots))

    def expected(self, weight: NDArray[np.float64]) -> NDArray[np.float64]:
        """Moments that the habits of accounts, times their ``weight`` (A), lead one to expect in each slot (T)."""
        by_hour = kernels.expected(self.habits, weight, self.slots // HOUR)
        return np.repeat(by_hour / HOUR, HOUR) * np.tile(self.usual, self.slots // DAY)

    def by_hour(self, worth: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean of ``worth`` (T) over the slots of each hour, as usual as each is (T / 6)."""
        return np.asarray((worth * np.tile(self.usual, self.slots // DAY)).reshape(-1, HOUR).mean(axis=1))


def _habits(moments: Moments) -> Habits:
    """What accounts with these ``moments`` do by habit."""
    of_account, first = kernels.days(moments.start, moments.slot)
    hours_of, hour, share = kernels.shares(of_account, first, moments.slot)
    return Habits(of_account, first, moments.slot[first[:-1]] // DAY, hours_of, hour, share)


def surprise(seen: NDArray[np.float64], expected: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-likelihood ratio, nats, of Poisson counts above what is expected; 0 where they are not above."""
    usual = np.maximum(expected, 1e-3)
    more = np.maximum(seen, usual)
    return np.asarray(more * np.log(more / usual) - (more - usual))


def bar(found: NDArray[np.float64], by_chance: NDArray[np.float64], least: float, share: float) -> float:
    """The smallest value, ``least`` or more, from which ``share`` of the accounts at most are there by chance.

    ``by_chance``: values of the same accounts for the schedule of other days, one after another for each of ELSEWHERE.
    Infinite for none. Of some of ELSEWHERE only, it is a bar that all of them would not lower.
    """
    falling = np.sort(found[found >= least])[::-1]
    by_chance = np.sort(by_chance[by_chance >= least])
    strangers = (len(by_chance) - np.searchsorted(by_chance, falling, side="left")) / len(ELSEWHERE)
    good = np.flatnonzero(strangers <= share * np.arange(1, len(falling) + 1))
    return float(falling[good[-1]]) if len(good) else float("inf")


def directions(rhythm: Rhythm, most: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Accounts (D ≤ A) that were looked at, rising, and leading left singular vectors (D, ``most``) of what is left.

    The matrix is moments less expectation, each row divided by the root of the account's moments, each column by the
    root of what is expected of everybody: so noise is alike everywhere. The process is Golub and Kahan's
    bidiagonalization with full reorthogonalization (Golub and Van Loan, Matrix Computations, 10.4).
    """
    random = np.random.default_rng([seed, 11])
    accounts = len(rhythm.moments.start) - 1
    drawn = np.arange(accounts)
    if accounts > _MOST:
        drawn = np.sort(random.choice(accounts, _MOST, replace=False))
        moments = rhythm.moments.of(drawn)
        rhythm = Rhythm(moments, _habits(moments), rhythm.slots, rhythm.usual)
    of_account = 1.0 / np.sqrt(rhythm.moments.count)
    expected = rhythm.expected(np.ones(len(drawn)))
    of_slot = 1.0 / np.sqrt(expected + _FLOOR * expected.mean())
    steps = min(_STEPS, len(drawn), rhythm.slots)
    right = np.zeros((steps + 1, rhythm.slots))
    left = np.zeros((steps, len(drawn)))
    diagonal, above = np.zeros(steps), np.zeros(steps)
    right[0] = _unit(random.normal(size=rhythm.slots))[0]
    for step in range(steps):
        at_slots = right[step] * of_slot
        forward = np.add.reduceat(at_slots[rhythm.moments.slot], rhythm.moments.start[:-1])
        habit = kernels.by_habit(rhythm.habits, rhythm.by_hour(at_slots))
        left[step], diagonal[step] = _unit(_without(left[:step], of_account * (forward - habit)))
        at_accounts = left[step] * of_account
        back = of_slot * (rhythm.seen(at_accounts) - rhythm.expected(at_accounts))
        right[step + 1], above[step] = _unit(_without(right[: step + 1], back))
    turned, _values, _ = np.linalg.svd(np.diag(diagonal) + np.diag(above[:-1], 1))
    most = min(most, steps)
    found = np.zeros((len(drawn), most))
    for step in range(steps):
        found += left[step][:, None] * turned[step, :most]
    return drawn, found


def _without(earlier: NDArray[np.float64], vector: NDArray[np.float64]) -> NDArray[np.float64]:
    """``vector`` without what of it lies along ``earlier`` vectors, twice, as rounding leaves some the first time.

    Sums are numpy's own, whose order does not hang on the number of threads as that of a product of matrices does.
    """
    for _ in range(2):
        for one in earlier:
            vector = vector - one * float((one * vector).sum())
    return vector


def _unit(vector: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """``vector`` at length 1, and its length; a vector of nothing stays what it is."""
    length = float(np.sqrt((vector * vector).sum()))
    return (vector / length if length > 0.0 else vector), length
