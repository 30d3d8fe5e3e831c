"""What the baselines are given, and what each of them gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    IntArray = NDArray[np.int64]
    FloatArray = NDArray[np.float64]
    Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Actions:
    """Who acted when: ``account`` (position), ``slot`` (ten minutes, counted from 1970), ``identifier`` that was used.

    Rows are distinct. Where actions are taken by their time alone, ``identifier`` is 0 throughout. ``days_left_out``:
    days of the window of which only aggregates are kept, where those do not say which identifier was used when.
    """

    account: IntArray
    slot: IntArray
    identifier: IntArray
    days_left_out: int = 0


@dataclass(frozen=True, slots=True)
class Edges:
    """Who used what: ``accounts`` are account ids; an edge joins ``account`` (position) and ``identifier`` (0 … M−1).

    ``kind`` (per edge) names the identifier's kind, ``events`` (per account) its events. ``uses`` (per edge): events of
    the account with the identifier; None for one each. ``actions``: gives the actions with identifiers of a kind, or
    with None those of any sort by their time alone; None where times are not known.
    """

    accounts: tuple[str, ...]
    account: IntArray
    identifier: IntArray
    kind: NDArray[np.object_]
    events: FloatArray
    uses: FloatArray | None = None
    actions: Callable[[str | None], Actions] | None = None

    @property
    def kinds(self) -> list[str]:
        """Kinds of identifiers, sorted."""
        return sorted({str(name) for name in self.kind})

    def where(self, chosen: Mask) -> Edges:
        """The ``chosen`` edges (E), of the same accounts, with the same numbers of identifiers."""
        uses = None if self.uses is None else self.uses[chosen]
        return Edges(
            self.accounts,
            self.account[chosen],
            self.identifier[chosen],
            self.kind[chosen],
            self.events,
            uses,
            self.actions,
        )


@dataclass(frozen=True, slots=True)
class Baseline:
    """A method's clusters (``label`` by account position, −1 for none) and the accounts that it flags at its best."""

    method: str
    label: IntArray
    flagged: Mask
