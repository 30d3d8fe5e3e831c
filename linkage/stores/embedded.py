"""The graph of a snapshot in memory: columns, sorted both ways, so that a question touches only its own rows.

Opening reads five tables once; 36 bytes a use stay in memory. Nothing changes after, so threads may share it.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from linkage.model.graph import Account, Identifier, Pairs, Shared, Uses, Within

if TYPE_CHECKING:
    import pyarrow
    from numpy.typing import NDArray

    from linkage.stores.snapshots import Snapshot

    Whole = NDArray[np.int64]


class EmbeddedGraph:
    """The graph of ``snapshot``."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.refresh_id = snapshot.refresh_id
        accounts = _read(snapshot.path("accounts"), ["account"]).column("account").to_numpy()
        self._account = np.sort(accounts)
        identifiers = _read(snapshot.path("identifiers"), ["identifier", "kind", "degree", "trust", "bits", "hub"])
        identifiers = identifiers.sort_by("identifier")
        self._identifier = identifiers.column("identifier").to_numpy()
        self._degree = identifiers.column("degree").to_numpy()
        self._trust = identifiers.column("trust").to_numpy()
        self._bits = identifiers.column("bits").to_numpy()
        self._hub = identifiers.column("hub").to_numpy()
        self._kind, self._kinds = _coded(identifiers.column("kind"))
        #: Position of an identifier among all by bits, highest first.
        self._rank = np.empty(len(self._identifier), np.int32)
        self._rank[np.lexsort((self._identifier, -self._bits))] = np.arange(len(self._identifier), dtype=np.int32)
        self._open_members(snapshot)
        self._open_uses(snapshot)

    def _open_members(self, snapshot: Snapshot) -> None:
        members = _read(snapshot.path("members"), ["cluster_id", "account", "membership", "role"])
        code, names = _coded(members.column("cluster_id"))
        role, self._roles = _coded(members.column("role"))
        at, known = _positions(self._account, members.column("account").to_numpy())
        order = np.lexsort((at, -members.column("membership").to_numpy(), code))
        order = order[known[order]]
        self._member, self._member_names = at[order], names
        self._cluster_at = {name: number for number, name in enumerate(names)}
        self._member_start = np.searchsorted(code[order], np.arange(len(names) + 1))
        #: Row of an account among the members, −1 for none.
        self._member_row = np.full(len(self._account), -1, np.int64)
        self._member_row[self._member] = np.arange(len(order))
        self._member_cluster = code[order]
        self._member_role = role[order]
        self._membership = members.column("membership").to_numpy()[order]

    def _open_uses(self, snapshot: Snapshot) -> None:
        columns = ["account", "identifier", "events", "first_seen", "last_seen"]
        table = _read(snapshot.path("sightings"), columns)
        account, has_account = _positions(self._account, table.column("account").to_numpy())
        identifier, has_identifier = _positions(self._identifier, table.column("identifier").to_numpy())
        kept = np.flatnonzero(has_account & has_identifier)
        key = account[kept] * max(len(self._identifier), 1) + identifier[kept]
        if np.any(key[1:] < key[:-1]):
            kept = kept[np.argsort(key, kind="stable")]
        #: Uses by account, then identifier; both as positions.
        self._use_account = account[kept].astype(np.int32)
        self._use_identifier = identifier[kept].astype(np.int32)
        self._events = table.column("events").to_numpy()[kept]
        self._first = table.column("first_seen").to_numpy()[kept]
        self._last = table.column("last_seen").to_numpy()[kept]
        self._account_start = _starts(self._use_account, len(self._account))
        #: Rows of uses by identifier, then account.
        self._by_identifier = np.argsort(self._use_identifier, kind="stable").astype(np.int32)
        self._identifier_start = _starts(self._use_identifier, len(self._identifier))

    # --- nodes --------------------------------------------------------------------------------------------------

    def accounts(self, accounts: Collection[int]) -> list[Account]:
        """These accounts, by id."""
        return self._accounts_at(_known(self._account, accounts))

    def identifiers(self, identifiers: Collection[int]) -> list[Identifier]:
        """These identifiers, by id."""
        return self._identifiers_at(_known(self._identifier, identifiers))

    def members(self, cluster: str) -> list[Account]:
        """Members of a cluster: by membership, highest first, then by id."""
        return self._accounts_at(self._members_at(cluster))

    # --- uses ---------------------------------------------------------------------------------------------------

    def reach(self, accounts: Collection[int]) -> dict[int, int]:
        """How many identifiers of the graph each of these accounts used."""
        at = _known(self._account, accounts)
        number = self._account_start[at + 1] - self._account_start[at]
        return dict(zip(self._account[at].tolist(), number.tolist(), strict=True))

    def used_by(self, accounts: Collection[int], each: int | None = None) -> Pairs:
        """What these accounts used: by account, then by bits, highest first, then by identifier; the first ``each``."""
        rows = self._rows_of_accounts(_known(self._account, accounts))
        owner = self._use_account[rows]
        order = np.lexsort((self._rank[self._use_identifier[rows]], owner))
        return self._pairs(_first(rows[order], owner[order], each))

    def users_of(self, identifiers: Collection[int], each: int | None = None, after: int = -1) -> Pairs:
        """Who used these identifiers: by identifier, then by account; the first ``each`` accounts above ``after``."""
        at = _known(self._identifier, identifiers)
        start, end = self._identifier_start[at], self._identifier_start[at + 1]
        if after >= 0:
            past = np.searchsorted(self._account, after, side="right")
            skipped = [
                np.searchsorted(self._use_account[self._by_identifier[first:last]], past)
                for first, last in zip(start.tolist(), end.tolist(), strict=True)
            ]
            start = start + np.array(skipped, dtype=np.int64)
        if each is not None:
            end = np.minimum(end, start + each)
        return self._pairs(self._by_identifier[_ranges(start, end)])

    def between(self, accounts: Collection[int], identifiers: Collection[int]) -> Uses:
        """Every use of one of these identifiers by one of these accounts: by account, then by identifier."""
        return self._uses(self._rows_between(accounts, identifiers))

    def within(self, cluster: str, identifiers: Collection[int]) -> Within:
        """Members of a cluster, and which of these identifiers they used: by account, then by identifier."""
        people = np.sort(self._members_at(cluster))
        rows = self._rows_of(people, _known(self._identifier, identifiers))
        return Within(self._account[people], self._pairs(rows))

    def shared(self, accounts: Collection[int], limit: int) -> Shared:
        """The first ``limit`` identifiers that at least two of these accounts used; see the protocol."""
        rows = self._rows_of_accounts(_known(self._account, accounts))
        count = np.bincount(self._use_identifier[rows], minlength=len(self._identifier))
        at = np.flatnonzero(count > 1)
        on = count[at]
        first = np.lexsort((at, -on, -(self._bits[at] * on)))[:limit]
        found = zip(self._identifiers_at(at[first]), on[first].tolist(), strict=True)
        return Shared(tuple(found), len(at))

    def joined(self, accounts: Collection[int]) -> Pairs:
        """Uses, by these accounts, of what at least two of them used: by identifier, then by account."""
        rows = self._rows_of_accounts(_known(self._account, accounts))
        count = np.bincount(self._use_identifier[rows], minlength=len(self._identifier))
        rows = rows[count[self._use_identifier[rows]] > 1]
        return self._pairs(rows[np.argsort(self._use_identifier[rows], kind="stable")])

    # --- inside -------------------------------------------------------------------------------------------------

    def _members_at(self, cluster: str) -> Whole:
        """Positions of the members of a cluster, by membership."""
        if cluster not in self._cluster_at:
            return np.zeros(0, np.int64)
        at = self._cluster_at[cluster]
        return self._member[self._member_start[at] : self._member_start[at + 1]]

    def _accounts_at(self, at: Whole) -> list[Account]:
        found = []
        for account, row in zip(self._account[at].tolist(), self._member_row[at].tolist(), strict=True):
            if row < 0:
                found.append(Account(account))
            else:
                cluster, role = self._member_names[self._member_cluster[row]], self._roles[self._member_role[row]]
                found.append(Account(account, cluster, float(self._membership[row]), role))
        return found

    def _identifiers_at(self, at: Whole) -> list[Identifier]:
        columns = (self._identifier, self._kind, self._degree, self._trust, self._bits, self._hub)
        return [
            Identifier(identifier, self._kinds[kind], degree, trust, bits, hub)
            for identifier, kind, degree, trust, bits, hub in zip(
                *(column[at].tolist() for column in columns), strict=True
            )
        ]

    def _rows_of_accounts(self, at: Whole) -> Whole:
        return _ranges(self._account_start[at], self._account_start[at + 1])

    def _rows_between(self, accounts: Collection[int], identifiers: Collection[int]) -> NDArray[np.integer]:
        return self._rows_of(_known(self._account, accounts), _known(self._identifier, identifiers))

    def _rows_of(self, people: Whole, things: Whole) -> NDArray[np.integer]:
        """Rows of uses of these identifiers by these accounts, all of them positions."""
        rows = self._rows_of_accounts(people)
        by_thing = (self._identifier_start[things], self._identifier_start[things + 1])
        if int((by_thing[1] - by_thing[0]).sum()) < len(rows):
            rows = np.sort(self._by_identifier[_ranges(*by_thing)])
            return rows[_marked(people, len(self._account))[self._use_account[rows]]]
        return rows[_marked(things, len(self._identifier))[self._use_identifier[rows]]]

    def _pairs(self, rows: NDArray[np.integer]) -> Pairs:
        return Pairs(self._account[self._use_account[rows]], self._identifier[self._use_identifier[rows]])

    def _uses(self, rows: NDArray[np.integer]) -> Uses:
        return Uses(
            self._account[self._use_account[rows]],
            self._identifier[self._use_identifier[rows]],
            self._events[rows],
            self._first[rows],
            self._last[rows],
        )


def _read(path: Path, columns: list[str]) -> pyarrow.Table:
    import pyarrow.parquet as parquet

    return parquet.read_table(path, columns=columns, partitioning=None)


def _coded(column: pyarrow.ChunkedArray) -> tuple[NDArray[np.int32], list[str]]:
    """Texts as codes, and the texts behind them."""
    encoded = column.combine_chunks().dictionary_encode()
    return encoded.indices.to_numpy(), encoded.dictionary.to_pylist()


def _positions(ids: Whole, wanted: Whole) -> tuple[Whole, NDArray[np.bool_]]:
    """Position of each of ``wanted`` in the sorted ``ids``, and whether it is there."""
    if not len(ids):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.bool_)
    at = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return at, ids[at] == wanted


def _known(ids: Whole, wanted: Collection[int]) -> Whole:
    """Positions in the sorted ``ids`` of those of ``wanted`` that are there, ascending, each once."""
    at, there = _positions(ids, np.unique(np.fromiter(wanted, np.int64, len(wanted))))
    return at[there]


def _starts(sorted_or_not: NDArray[np.int32], number: int) -> Whole:
    """Where the rows of each of ``number`` positions begin once they are sorted."""
    return np.concatenate([[0], np.cumsum(np.bincount(sorted_or_not, minlength=number))]).astype(np.int64)


def _ranges(start: Whole, end: Whole) -> Whole:
    """start[0] … end[0] − 1, start[1] … end[1] − 1, and so on."""
    length = np.maximum(end - start, 0)
    before = np.cumsum(length) - length
    return np.repeat(start - before, length) + np.arange(int(length.sum()))


def _marked(at: NDArray[np.integer], number: int) -> NDArray[np.bool_]:
    marks = np.zeros(number, np.bool_)
    marks[at] = True
    return marks


def _first(rows: Whole, owner: NDArray[np.int32], each: int | None) -> Whole:
    """The first ``each`` of ``rows`` of every owner; rows of an owner stand together."""
    if each is None or not len(rows):
        return rows
    begins = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
    within = np.arange(len(rows)) - np.repeat(begins, np.diff(np.r_[begins, len(rows)]))
    return rows[within < each]
