"""When accounts begin to work: a moment is a ten-minute slot in which an account begins a session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from linkage import engine

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Moments:
    """``slot`` (E), ten minutes each, of each account in turn, rising; ``start`` (A+1) delimits accounts."""

    start: NDArray[np.int64]
    slot: NDArray[np.int64]

    @property
    def count(self) -> NDArray[np.int64]:
        """Moments of each account (A)."""
        return np.diff(self.start)

    @property
    def account(self) -> NDArray[np.int64]:
        """Account of each moment (E)."""
        return np.repeat(np.arange(len(self.start) - 1), self.count)

    def where(self, kept: NDArray[np.bool_]) -> Moments:
        """The moments (E) that are ``kept``, of the same accounts."""
        start = np.zeros_like(self.start)
        np.cumsum(np.bincount(self.account[kept], minlength=len(self.start) - 1), out=start[1:])
        return Moments(start, self.slot[kept])

    def of(self, accounts: NDArray[np.int64]) -> Moments:
        """The moments of ``accounts``, rising, which are numbered from 0."""
        chosen = np.zeros(len(self.start) - 1, dtype=np.bool_)
        chosen[accounts] = True
        start = np.zeros(len(accounts) + 1, np.int64)
        np.cumsum(self.count[accounts], out=start[1:])
        return Moments(start, self.slot[chosen[self.account]])


def load(connection: duckdb.DuckDBPyConnection) -> Moments:
    """Moments of the accounts of ``account_position``, by position, from relation ``slots``."""
    active = engine.arrow(connection, "linkage.evidence", "active_slots")
    return begun(active["account"].to_numpy(), active["slot"].to_numpy())


def begun(account: NDArray[np.int64], slot: NDArray[np.int64]) -> Moments:
    """Moments of accounts that were active in these slots, each once and in any order.

    One session is one moment, however long it lasts: slots count that do not follow one in which the account was
    active as well.
    """
    if not len(slot):
        return Moments(np.zeros(1, np.int64), slot)
    low = int(slot.min())
    # A number each, sorted: half the work of sorting rows. No account is active in the last slot of its numbers, so
    # that the first one of the next account follows nothing.
    span = int(slot.max()) - low + 2
    active = np.sort(account * span + (slot - low))
    active = active[np.r_[True, active[1:] != active[:-1] + 1]]
    start = np.zeros(int(active[-1]) // span + 2, np.int64)
    np.cumsum(np.bincount(active // span), out=start[1:])
    return Moments(start, active % span + low)
