"""The graph of a refresh in a Neo4j server, asked one statement at a time.

Every question is a transaction that first looks at (:Current): a generation stays whole until the publication after
the next begins, so what the pointer said when a question began holds for all of its answer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from linkage.errors import StoreUnavailable
from linkage.model.graph import Account, Bridges, Identifier, Pairs, Shared, Uses

if TYPE_CHECKING:
    from linkage.stores.neo4j.connection import Store, Transaction

#: More than there are accounts or identifiers.
_ALL = 2**31 - 1


class Neo4jGraph:
    """The graph of ``refresh_id`` in ``store``; which graph that is was checked by whoever opened it."""

    def __init__(self, store: Store, refresh_id: str) -> None:
        self.refresh_id = refresh_id
        self._store = store

    def accounts(self, accounts: Collection[int]) -> list[Account]:
        """These accounts, by id."""
        return [Account(*row) for row in self._rows("accounts", accounts=sorted(set(accounts)))]

    def identifiers(self, identifiers: Collection[int]) -> list[Identifier]:
        """These identifiers, by id."""
        return [Identifier(*row) for row in self._rows("identifiers", identifiers=sorted(set(identifiers)))]

    def members(self, cluster: str) -> list[Account]:
        """Members of a cluster: by membership, highest first, then by id."""
        return [Account(*row) for row in self._rows("members", cluster=cluster)]

    def reach(self, accounts: Collection[int]) -> dict[int, int]:
        """How many identifiers of the graph each of these accounts used."""
        return dict(self._rows("reach", accounts=sorted(set(accounts))))

    def used_by(self, accounts: Collection[int], each: int | None = None) -> Pairs:
        """What these accounts used: by account, then by bits, highest first, then by identifier; the first ``each``."""
        return _pairs(self._rows("used_by", accounts=sorted(set(accounts)), each=_ALL if each is None else each))

    def users_of(self, identifiers: Collection[int], each: int | None = None, after: int = -1) -> Pairs:
        """Who used these identifiers: by identifier, then by account; the first ``each`` accounts above ``after``."""
        limit = _ALL if each is None else each
        return _pairs(self._rows("users_of", identifiers=sorted(set(identifiers)), each=limit, after=after))

    def between(self, accounts: Collection[int], identifiers: Collection[int]) -> Uses:
        """Every use of one of these identifiers by one of these accounts: by account, then by identifier."""
        return _uses(self._rows("between", accounts=sorted(set(accounts)), identifiers=sorted(set(identifiers))))

    def touches(self, accounts: Collection[int], identifiers: Collection[int]) -> Pairs:
        """The uses that ``between`` answers, without their figures."""
        rows = self._rows("touches", accounts=sorted(set(accounts)), identifiers=sorted(set(identifiers)))
        return _pairs((account, number) for account, touched in rows for number in sorted(touched))

    def shared(self, accounts: Collection[int], limit: int) -> Shared:
        """The first ``limit`` identifiers that at least two of these accounts used; see the protocol."""
        ((total, found),) = self._rows("shared", accounts=sorted(set(accounts)), limit=limit)
        return Shared(tuple((Identifier(*row), accounts_on) for *row, accounts_on in found), total)

    def bridges(self, left: Collection[int], right: Collection[int], degree_limit: int) -> Bridges:
        """Uses, by accounts of either side, of the identifiers that both sides used; see the protocol."""
        rows = self._rows("bridges", left=sorted(set(left)), right=sorted(set(right)), degree_limit=degree_limit)
        joined = ((account, number) for number, hub, accounts in rows if not hub for account in sorted(accounts))
        return Bridges(_pairs(joined), frozenset(number for number, hub, _accounts in rows if hub))

    def _rows(self, name: str, **parameters: Any) -> list[list[Any]]:
        def answer(transaction: Transaction) -> list[list[Any]]:
            ((refresh_id, generation),) = transaction.values("read/current")
            if refresh_id != self.refresh_id:
                raise another(refresh_id, self.refresh_id)
            return transaction.values(f"read/{name}", generation=generation, **parameters)

        return self._store.read(answer)


def another(served: str | None, asked: str) -> StoreUnavailable:
    """The server serves another refresh than the one that is asked for."""
    return StoreUnavailable(
        f"the Neo4j server serves {f'refresh {served}' if served else 'no refresh yet'}, not {asked}",
        hint="Run `linkage store publish`, or ask without naming a refresh.",
    )


def _uses(rows: list[list[Any]]) -> Uses:
    account, identifier, events, first, last = np.array(rows, dtype=np.int64).reshape(len(rows), 5).T
    return Uses(account, identifier, events, first.view("datetime64[us]"), last.view("datetime64[us]"))


def _pairs(pairs: Iterable[Sequence[int]]) -> Pairs:
    rows = list(pairs)
    return Pairs(*np.array(rows, dtype=np.int64).reshape(len(rows), 2).T)
