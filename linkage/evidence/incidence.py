"""Who used what: the account–identifier graph as two compressed index arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    IntArray = NDArray[np.int64]
    SmallIntArray = NDArray[np.int32]
    FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Incidence:
    """The bipartite graph of N accounts and M identifiers with E edges, one per account and identifier.

    Accounts and identifiers are dense positions in canonical order, so that nothing below depends on the order in
    which events arrived. Edges are sorted by (account, identifier).

    ``account_start`` (N+1) delimits each account's edges; ``edge_account``, ``edge_identifier`` (E) are their ends;
    ``identifier_start`` (M+1) and ``identifier_edge`` (E) list the edges of each identifier by rising account.
    ``edge_first``, ``edge_last`` (E): first and last UTC day of use, days since 1970. ``edge_events`` (E): events.
    ``account_events`` (N): all events of each account. ``kind`` (M): position in ``kinds``. ``operator`` (M): the
    operator of the network that an address is in, numbered from 0; −1 where unknown, and of what is no address.
    """

    kinds: tuple[str, ...]
    kind: NDArray[np.int8]
    account_start: IntArray
    edge_account: SmallIntArray
    edge_identifier: SmallIntArray
    edge_first: SmallIntArray
    edge_last: SmallIntArray
    edge_events: FloatArray
    identifier_start: IntArray
    identifier_edge: IntArray
    account_events: FloatArray
    operator: IntArray

    @property
    def accounts(self) -> int:
        """N."""
        return len(self.account_start) - 1

    @property
    def identifiers(self) -> int:
        """M."""
        return len(self.identifier_start) - 1

    @property
    def degree(self) -> IntArray:
        """d (M): distinct accounts on each identifier."""
        return np.diff(self.identifier_start)


@dataclass(frozen=True, slots=True)
class Alone:
    """Accounts that used an identifier of a kind alone: no edges, and yet a chance to share that was not taken.

    One entry an account and kind, in order: ``kind`` (position in the graph's ``kinds``), ``account`` (position),
    ``first`` and ``last`` (days since 1970) and ``events``.
    """

    kind: NDArray[np.int8]
    account: IntArray
    first: IntArray
    last: IntArray
    events: IntArray


def build(
    accounts: int,
    kinds: tuple[str, ...],
    kind: NDArray[np.int8],
    account: IntArray,
    identifier: IntArray,
    first: IntArray,
    last: IntArray,
    events: IntArray,
    account_events: FloatArray,
    operator: IntArray | None = None,
) -> Incidence:
    """Index edges given as parallel arrays (one entry per account and identifier, any order).

    ``operator`` (M): all unknown unless given.
    """
    order = np.lexsort((identifier, account))
    edge_account = account[order].astype(np.int32)
    edge_identifier = identifier[order].astype(np.int32)
    identifiers = len(kind)
    return Incidence(
        kinds=kinds,
        kind=kind,
        account_start=_starts(edge_account, accounts),
        edge_account=edge_account,
        edge_identifier=edge_identifier,
        edge_first=first[order].astype(np.int32),
        edge_last=last[order].astype(np.int32),
        edge_events=events[order].astype(np.float64),
        account_events=account_events,
        identifier_start=_starts(edge_identifier, identifiers),
        identifier_edge=np.argsort(edge_identifier, kind="stable"),
        operator=operator if operator is not None else np.full(identifiers, -1, np.int64),
    )


def without(incidence: Incidence, identifier: NDArray[np.bool_]) -> Incidence:
    """``incidence`` without the edges of each ``identifier`` (M); these stay, with nobody on them."""
    if not identifier.any():
        return incidence
    kept = ~identifier[incidence.edge_identifier]
    return build(
        incidence.accounts,
        incidence.kinds,
        incidence.kind,
        incidence.edge_account[kept].astype(np.int64),
        incidence.edge_identifier[kept].astype(np.int64),
        incidence.edge_first[kept].astype(np.int64),
        incidence.edge_last[kept].astype(np.int64),
        incidence.edge_events[kept].astype(np.int64),
        incidence.account_events,
        incidence.operator,
    )


def _starts(ends: SmallIntArray, count: int) -> IntArray:
    starts = np.zeros(count + 1, dtype=np.int64)
    np.cumsum(np.bincount(ends, minlength=count), out=starts[1:])
    return starts
