"""The graph of a refresh in a Neo4j server: a question is one transaction, and each step of it one statement.

A transaction first looks at (:Current): a generation stays whole until the publication after the next begins, so what
the pointer said when a question began holds for all of its answer, and that it has not moved is seen at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from linkage.errors import StoreUnavailable
from linkage.model.graph import Account, Identifier, Pairs, Shared, Uses, Within
from linkage.stores.neo4j.graph import WIDE
from linkage.stores.neo4j.pointer import Served, look

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from linkage.stores.neo4j.connection import Store, Transaction

    Whole = NDArray[np.int64]

T = TypeVar("T")
#: More than there are accounts or identifiers.
_ALL = 2**31 - 1


def answer(store: Store, workspace: str, refresh: str | None, question: Callable[[Neo4jGraph], T]) -> T:
    """What ``question`` finds in the graph of ``workspace`` that ``store`` serves; it may be asked again.

    Raises:
        StoreUnavailable: the server is gone, serves another refresh than ``refresh``, or one that became visible
            meanwhile.
    """

    def asked(transaction: Transaction) -> T:
        served = look(transaction, workspace)
        if served is None or served.refresh_id is None or refresh not in (None, served.refresh_id):
            raise _another(served, refresh or "the current one")
        found = question(Neo4jGraph(transaction, served.refresh_id, served.generation))
        now = look(transaction, workspace)
        if now is None or now.generation != served.generation:
            raise _another(now, served.refresh_id)
        return found

    return store.read(asked)


class Neo4jGraph:
    """The graph of ``refresh_id``, which ``generation`` shows, as long as ``transaction`` is open."""

    def __init__(self, transaction: Transaction, refresh_id: str, generation: int) -> None:
        self.refresh_id = refresh_id
        self._transaction = transaction
        self._generation = generation

    def accounts(self, accounts: Collection[int]) -> list[Account]:
        """These accounts, by id."""
        (found,) = self._columns("accounts", accounts=_distinct(accounts))
        return [Account(*row) for row in found]

    def identifiers(self, identifiers: Collection[int]) -> list[Identifier]:
        """These identifiers, by id."""
        (found,) = self._columns("identifiers", identifiers=_distinct(identifiers))
        return [Identifier(*row) for row in found]

    def members(self, cluster: str) -> list[Account]:
        """Members of a cluster: by membership, highest first, then by id."""
        columns = self._columns("members", cluster=cluster)
        return [Account(account, cluster, *stands) for account, *stands in zip(*columns, strict=True)]

    def reach(self, accounts: Collection[int]) -> dict[int, int]:
        """How many identifiers of the graph each of these accounts used."""
        (found,) = self._columns("reach", accounts=_distinct(accounts))
        return dict(found)

    def used_by(self, accounts: Collection[int], each: int | None = None) -> Pairs:
        """What these accounts used: by account, then by bits, highest first, then by identifier; the first ``each``."""
        limit = _ALL if each is None else each
        return Pairs(*_flat(*self._columns("used_by", accounts=_distinct(accounts), each=limit)))

    def users_of(self, identifiers: Collection[int], each: int | None = None, after: int = -1) -> Pairs:
        """Who used these identifiers: by identifier, then by account; the first ``each`` accounts above ``after``."""
        limit = _ALL if each is None else each
        columns = self._columns("users_of", identifiers=_distinct(identifiers), each=limit, after=after, wide=WIDE)
        return Pairs(*reversed(_flat(*columns)))

    def between(self, accounts: Collection[int], identifiers: Collection[int]) -> Uses:
        """Every use of one of these identifiers by one of these accounts: by account, then by identifier."""
        columns = self._columns("between", accounts=_distinct(accounts), identifiers=_distinct(identifiers))
        account, identifier, events, first, last = (np.array(column, dtype=np.int64) for column in columns)
        return Uses(account, identifier, events, first.view("datetime64[us]"), last.view("datetime64[us]"))

    def within(self, cluster: str, identifiers: Collection[int]) -> Within:
        """Members of a cluster, and which of these identifiers they used: by account, then by identifier."""
        members, *shown = self._columns("within", cluster=cluster)
        drawn, uses, accounts = (column or [] for column in shown)
        # A cluster that is closed still says who was on what.
        if members and set(identifiers) <= set(drawn):
            identifier = np.repeat(np.array(drawn, dtype=np.int64), np.array(uses, dtype=np.int64))
            account = np.array(accounts, dtype=np.int64)
            asked = np.isin(identifier, _distinct(identifiers))
            identifier, account = identifier[asked], account[asked]
        else:
            columns = self._columns("touches", accounts=members, identifiers=_distinct(identifiers))
            identifier, account = _flat(*columns)
        order = np.lexsort((identifier, account))
        return Within(np.sort(np.array(members, dtype=np.int64)), Pairs(account[order], identifier[order]))

    def shared(self, accounts: Collection[int], limit: int) -> Shared:
        """The first ``limit`` identifiers that at least two of these accounts used; see the protocol."""
        total, found = self._columns("shared", accounts=_distinct(accounts), limit=limit)
        return Shared(tuple((Identifier(*row), accounts_on) for *row, accounts_on in found), total)

    def joined(self, accounts: Collection[int]) -> Pairs:
        """Uses, by these accounts, of what at least two of them used: by identifier, then by account."""
        identifier, account = _flat(*self._columns("joined", accounts=_distinct(accounts)))
        order = np.lexsort((account, identifier))
        return Pairs(account[order], identifier[order])

    def _columns(self, name: str, **parameters: Any) -> list[Any]:
        """The one row of an answer. Columns come as lists: a row each would cost more than what is in it."""
        (row,) = self._transaction.values(f"read/{name}", generation=self._generation, **parameters)
        return row


def _another(served: Served | None, asked: str) -> StoreUnavailable:
    """The server serves another refresh than the one that is asked for."""
    shown = "no refresh yet" if served is None or served.refresh_id is None else f"refresh {served.refresh_id}"
    return StoreUnavailable(
        f"the Neo4j server serves {shown}, not {asked}",
        hint="Run `linkage store publish`, or ask without naming a refresh.",
    )


def _distinct(numbers: Collection[int]) -> list[int]:
    return sorted(set(numbers))


def _flat(owners: Sequence[int], lists: Sequence[Sequence[int]]) -> tuple[Whole, Whole]:
    """Each owner beside each entry of its list, in order."""
    owner = np.repeat(np.array(owners, dtype=np.int64), [len(entries) for entries in lists])
    return owner, np.fromiter(chain.from_iterable(lists), np.int64, len(owner))
