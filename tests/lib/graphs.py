"""Small populations drawn by hand: who used what, and what each account did."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linkage.evidence.incidence import Incidence, build
from linkage.evidence.links import Links
from linkage.scoring.features import Asked, Features, Places

KINDS = ("ip_address", "payment_instrument", "prompt_template")
IP, CARD, TEMPLATE = KINDS


@dataclass
class Drawing:
    """Uses that are drawn one after the other; identifiers on one account only are left out, as in a refresh."""

    kinds: tuple[str, ...] = KINDS
    uses: dict[tuple[int, str, str], tuple[int, int, int]] = field(default_factory=dict)
    accounts: int = 0

    def use(
        self, accounts: Iterable[int], kind: str, name: str, first: int = 0, last: int = 30, events: int = 5
    ) -> None:
        """``accounts`` used the identifier ``name`` of ``kind`` from day ``first`` to day ``last``."""
        for account in accounts:
            self.uses[int(account), kind, name] = (first, last, events)
            self.accounts = max(self.accounts, int(account) + 1)

    def clique(self, accounts: Iterable[int], name: str, cards: int = 3, templates: int = 4) -> None:
        """``accounts`` share rotating cards and templates of their own: plainly one operator."""
        members = list(accounts)
        for card in range(cards):
            self.use(members[card::cards] + members[(card + 1) % cards :: cards], CARD, f"{name}-card-{card}")
        for template in range(templates):
            self.use(members[template % 2 :: 2] + members[: template + 2], TEMPLATE, f"{name}-template-{template}")

    @property
    def identifiers(self) -> list[tuple[str, str]]:
        """(kind, name) of each identifier in the order of a refresh: kind, smallest account, degree, name."""
        on: dict[tuple[str, str], list[int]] = {}
        for account, kind, name in self.uses:
            on.setdefault((kind, name), []).append(account)
        shared = [key for key, accounts in on.items() if len(accounts) >= 2]
        return sorted(shared, key=lambda key: (key[0], min(on[key]), len(on[key]), key[1]))

    def at(self, kind: str, name: str) -> int:
        """Position of an identifier."""
        return self.identifiers.index((kind, name))

    def incidence(self) -> Incidence:
        """The drawn graph."""
        position = {key: at for at, key in enumerate(self.identifiers)}
        rows = [
            (account, position[kind, name], *seen)
            for (account, kind, name), seen in self.uses.items()
            if (kind, name) in position
        ]
        columns = np.array(rows, dtype=np.int64).reshape(len(rows), 5).T
        kind_of = np.array([self.kinds.index(kind) for kind, _name in self.identifiers], dtype=np.int8)
        events = np.bincount(columns[0], columns[4], self.accounts)
        return build(self.accounts, self.kinds, kind_of, *columns, events)

    def relabelled(self, new: NDArray[np.int64]) -> Drawing:
        """The same drawing with account a named ``new[a]``."""
        uses = {(int(new[account]), kind, name): seen for (account, kind, name), seen in self.uses.items()}
        return replace(self, uses=uses)


def links(pairs: Iterable[tuple[int, int]], weight: float = 5.0, kinds: int = 0b10) -> Links:
    """Links of equal weight between the accounts of ``pairs``."""
    unique = sorted({(min(pair), max(pair)) for pair in pairs})
    first, second = np.array(unique, dtype=np.int32).reshape(len(unique), 2).T.copy()
    return Links(
        first,
        second,
        np.full(len(unique), weight + 5.0),
        np.full(len(unique), weight),
        np.full(len(unique), kinds, dtype=np.int32),
        len(unique),
    )


def complete(accounts: Iterable[int]) -> list[tuple[int, int]]:
    """Every pair of ``accounts``."""
    members = list(accounts)
    return [(a, b) for at, a in enumerate(members) for b in members[at + 1 :]]


#: Features of an ordinary account, and how much accounts differ in them.
ORDINARY = {
    "private_work": (0.6, 0.15),
    "private_share": (0.4, 0.1),
    "prefixes_per_day": (0.2, 0.15),
    "prefixes": (1.0, 0.4),
    "asns": (0.4, 0.3),
    "round_the_clock": (0.4, 0.1),
    "weekend": (0.25, 0.1),
    "price_rank": (0.4, 0.15),
    "release_share": (0.05, 0.05),
    "age": (8.0, 1.0),
    "verified": (0.7, 0.3),
}


def features(accounts: int, seed: int = 5, **columns: Any) -> Features:
    """Ordinary accounts, drawn for ``seed``; ``columns`` replaces attributes."""
    random = np.random.default_rng(seed)
    start = np.datetime64("2026-01-01", "us")
    values = {name: random.normal(mean, spread, accounts) for name, (mean, spread) in ORDINARY.items()}
    first = random.integers(0, 10, accounts)
    last = random.integers(20, 31, accounts)
    made = Features(
        account=np.arange(100, 100 + accounts, dtype=np.int64),
        events=np.full(accounts, 64.0),
        tokens=np.full(accounts, 6_400, dtype=np.int64),
        cost=np.full(accounts, 640, dtype=np.int64),
        active_days=np.full(accounts, 16.0),
        first_seen=start + first * np.timedelta64(1, "D").astype("timedelta64[us]"),
        last_seen=start + last * np.timedelta64(1, "D").astype("timedelta64[us]"),
        clock=_clock(random, accounts),
        used={kind: np.ones(accounts, dtype=np.bool_) for kind in KINDS},
        values=values,
        capabilities=(),
        capability=np.zeros((accounts, 0)),
        created=random.uniform(19_000, 20_400, accounts),
        first=first.astype(np.float64),
        domain=np.full(accounts, -1, dtype=np.int64),
        organization=np.full(accounts, -1, dtype=np.int64),
        closed=np.zeros(accounts, dtype=np.bool_),
        places=Places(*(np.zeros(0, np.int64) for _ in range(3))),
        asked=Asked(*(np.zeros(0, np.int64) for _ in range(3))),
    )
    return replace(made, **columns)


def _clock(random: np.random.Generator, accounts: int) -> NDArray[np.float64]:
    """Sums over active hours as of people who use the service at any time of day: see ``Features.clock``."""
    cells = np.full(accounts, 64.0)
    gathered = random.uniform(0.0, 0.2, accounts) * cells
    angle = random.uniform(0, 2 * np.pi, accounts)
    weekend = random.binomial(64, 2 / 7, accounts).astype(np.float64)
    return np.stack([gathered * np.cos(angle), gathered * np.sin(angle), cells, weekend], axis=1)


def label_of(accounts: int, *groups: Iterable[int]) -> NDArray[np.int64]:
    """Group number of each account, −1 for none."""
    label = np.full(accounts, -1, dtype=np.int64)
    for number, members in enumerate(groups):
        label[list(members)] = number
    return label
