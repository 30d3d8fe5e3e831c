"""What a store of the graph answers, at one refresh. Every answer is complete, bounded as said, and totally ordered.

A store knows numbers and kinds; names and masks are for whoever shows an answer. ``linkage.reading`` builds what people
ask from these few questions, so that it comes out the same over every store.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from linkage.model.graph import Account, Identifier, Pairs, Shared, Uses, Within


class GraphReader(Protocol):
    """The graph of the refresh ``refresh_id``. Unknown ids have no row in an answer."""

    @property
    def refresh_id(self) -> str:
        """The refresh that is answered from."""
        ...

    def accounts(self, accounts: Collection[int]) -> list[Account]:
        """These accounts, by id."""
        ...

    def identifiers(self, identifiers: Collection[int]) -> list[Identifier]:
        """These identifiers, by id."""
        ...

    def members(self, cluster: str) -> list[Account]:
        """Members of a cluster: by membership, highest first, then by id."""
        ...

    def reach(self, accounts: Collection[int]) -> dict[int, int]:
        """How many identifiers of the graph each of these accounts used."""
        ...

    def used_by(self, accounts: Collection[int], each: int | None = None) -> Pairs:
        """What these accounts used: by account, then by bits, highest first, then by identifier; the first ``each``."""
        ...

    def users_of(self, identifiers: Collection[int], each: int | None = None, after: int = -1) -> Pairs:
        """Who used these identifiers: by identifier, then by account; the first ``each`` accounts above ``after``."""
        ...

    def between(self, accounts: Collection[int], identifiers: Collection[int]) -> Uses:
        """Every use of one of these identifiers by one of these accounts: by account, then by identifier."""
        ...

    def within(self, cluster: str, identifiers: Collection[int]) -> Within:
        """Members of a cluster, and which of these identifiers they used: by account, then by identifier."""
        ...

    def shared(self, accounts: Collection[int], limit: int) -> Shared:
        """The first ``limit`` identifiers that at least two of these accounts used, and how many there are.

        By what they are worth to all of them (bits times accounts), highest first, then by accounts, most first, then
        by id.
        """
        ...

    def joined(self, accounts: Collection[int]) -> Pairs:
        """Uses, by these accounts, of what at least two of them used: by identifier, then by account."""
        ...
