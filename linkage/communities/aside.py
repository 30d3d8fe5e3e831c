"""What further looks at the same accounts put aside: see :mod:`linkage.looks`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Searches of the same accounts, the first included: a cluster of a further one has to be as sure as one of so many.
SEARCHES = 3


@dataclass(frozen=True, slots=True)
class Aside:
    """What further looks at the same accounts put aside, and whom they gave to which community.

    ``since`` (M): look from which on an identifier is no evidence, because an earlier look explained it; 0 for never.
    ``look``: of each community, 0 for the first. ``given`` (N): community that each account was found in, −1 for none.
    """

    since: NDArray[np.int64]
    look: NDArray[np.int64]
    given: NDArray[np.int64]

    def of(self, community: NDArray[np.int64], identifier: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each identifier is put aside for the community beside it."""
        since = self.since[identifier]
        return np.asarray((since > 0) & (since <= self._look(community)))

    def preferred(
        self,
        score: NDArray[np.float64],
        account: NDArray[np.int64],
        community: NDArray[np.int64],
        bar: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """``score`` of each row, with the community that the account was found in before all others that it fits.

        Communities of later looks get nobody else: what they compete with is what was put aside.
        """
        found_in = self.given[account] == community
        closed = self.closed(account, community)
        return np.where(found_in & (score >= bar), np.inf, np.where(closed, -np.inf, score))

    def closed(self, account: NDArray[np.int64], community: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each account cannot be of the community beside it, whatever ties it there."""
        return np.asarray((self.given[account] != community) & (self._look(community) > 0))

    def searches(self, community: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many searches the significance of each community stands for."""
        return np.where(self._look(community) > 0, SEARCHES, 1)

    def _look(self, community: NDArray[np.int64]) -> NDArray[np.int64]:
        known = community < len(self.look)
        return np.where(known, self.look[np.where(known, community, 0)], 0)
