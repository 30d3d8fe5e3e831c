"""Exits of a pool vouch for each other: the same accounts meet on addresses of unrelated operators, again and again."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from linkage.config import EvidenceSettings
from linkage.evidence import kernels, trust
from linkage.evidence import links as linking
from linkage.evidence.incidence import Incidence
from tests.lib.graphs import CARD, IP, TEMPLATE, Drawing

SETTINGS = EvidenceSettings()
MEMBERS, CUSTOMERS, N = range(150), range(200, 500), 3_000
EXITS, HELD = 40, 8


@dataclass
class Town:
    graph: Incidence
    names: list[str]

    def of(self, what: str) -> NDArray[np.bool_]:
        """Which identifiers (M) are named so."""
        return np.array([name.startswith(what) for name in self.names])


def town(operators: int, *, cards: bool = False) -> Town:
    """A pool of exits of so many operators, a carrier with twenty addresses, and a second one that everybody uses."""
    random = np.random.default_rng(4)
    drawing = Drawing()
    for account in MEMBERS:
        for number in random.choice(EXITS, HELD, replace=False):
            drawing.use([account], IP, f"exit-{number:02}")
    for account in CUSTOMERS:
        for number in random.choice(20, 4, replace=False):
            drawing.use([account], IP, f"carrier-{number:02}")
    for account in range(N):
        drawing.use([account], TEMPLATE, f"public-{random.integers(20):02}")
        if account not in MEMBERS:
            drawing.use([account], IP, f"mobile-{random.integers(30):02}")
    if cards:
        for account in MEMBERS[::3]:
            drawing.use(range(account, account + 3), CARD, f"card-{account:03}")
    names = [name for _kind, name in drawing.identifiers]
    network = {"exit": 100, "carrier": 1, "mobile": 2}
    operator = [
        network[what] + (int(number) % operators if what == "exit" else 0) if what in network else -1
        for what, number in (name.split("-") for name in names)
    ]
    return Town(replace(drawing.incidence(), operator=np.array(operator)), names)


def towns(carriers: int) -> Town:
    """Twenty towns of sixty people, each with four addresses of each of two or more carriers, and public templates."""
    random = np.random.default_rng(6)
    drawing = Drawing()
    for account in range(1_200):
        for carrier in range(carriers):
            for number in random.choice(4, 2, replace=False):
                drawing.use([account], IP, f"carrier{carrier}-{account // 60:02}{number}")
        drawing.use([account], TEMPLATE, f"public-{random.integers(20):02}")
    names = [name for _kind, name in drawing.identifiers]
    operator = [int(name[7]) if name.startswith("carrier") else -1 for name in names]
    return Town(replace(drawing.incidence(), operator=np.array(operator)), names)


def learned(made: Town) -> trust.Trust:
    return trust.learn(made.graph, SETTINGS, 1)


def pairs(made: Town) -> set[tuple[int, int]]:
    found = linking.links(made.graph, learned(made), SETTINGS, 1)
    return set(zip(found.first.tolist(), found.second.tolist(), strict=True))


def test_exits_of_many_operators_on_which_the_same_accounts_meet_are_a_pool() -> None:
    made = town(EXITS)
    found = learned(made)
    assert np.median(found.pool[made.of("exit")]) > 0.3
    assert np.median(found.theta[made.of("exit")]) > 0.15


def test_addresses_of_one_operator_are_no_pool_however_many_its_customers_use() -> None:
    made = town(1)
    found = learned(made)
    assert found.pool[made.of("exit")].max() < 0.05
    assert found.theta[made.of("exit")].max() < 0.06


def test_meeting_on_what_everybody_uses_is_chance() -> None:
    """Customers of one carrier are on the other as well, and meet there as often as anybody does."""
    made = town(EXITS)
    found = learned(made)
    assert found.pool[made.of("carrier")].max() < 0.1
    assert found.pool[made.of("mobile")].max() < 0.1
    assert found.pool[made.of("public")].max() == 0.0


def test_where_cards_tell_of_the_accounts_on_an_exit_the_pool_does_not() -> None:
    alone, told = learned(town(EXITS)), learned(town(EXITS, cards=True))
    assert told.pool[town(EXITS, cards=True).of("exit")].max() < 0.5 * alone.pool[town(EXITS).of("exit")].min()


@pytest.mark.parametrize(("operators", "linked"), [(EXITS, True), (1, False)])
def test_accounts_of_a_pool_are_linked_by_exits_of_two_operators_alone(operators: int, linked: bool) -> None:
    found = pairs(town(operators))
    inside = {pair for pair in found if pair[1] in MEMBERS}
    assert (len({account for pair in inside for account in pair}) > 0.8 * len(MEMBERS)) == linked
    assert bool(inside) == linked
    assert not any(pair[1] in CUSTOMERS for pair in found)


def test_people_of_one_town_on_its_two_carriers_are_no_pool() -> None:
    made = towns(2)
    assert learned(made).pool.max() == 0.0
    assert not pairs(made)


def test_an_account_of_very_many_addresses_is_not_asked() -> None:
    """Whoever is everywhere meets everybody, and would cost every pair all of its addresses."""
    made = town(EXITS)
    graph = made.graph
    for held, found in ((HELD, True), (HELD - 1, False)):
        measured = kernels.pooled(
            graph.account_start,
            graph.edge_identifier,
            graph.identifier_start,
            graph.identifier_edge,
            graph.edge_account,
            graph.operator,
            8,
            256,
            held,
            1,
        )
        assert bool(measured[made.of("exit")].any()) == found


def test_where_operators_are_unknown_there_is_no_pool() -> None:
    made = town(EXITS)
    graph = replace(made.graph, operator=np.full(made.graph.identifiers, -1))
    assert not trust.learn(graph, SETTINGS, 1).pool.any()


@pytest.mark.parametrize(
    ("second", "operators", "days", "met"),
    [
        ("b", (1, 2), (0, 30), True),
        ("b", (1, 1), (0, 30), False),
        ("b", (1, -1), (0, 30), False),
        ("b", (1, 2), (40, 50), False),
        ("a", (1, 2), (0, 30), False),
    ],
)
def test_two_accounts_meet_twice_on_addresses_of_two_operators_at_overlapping_times(
    second: str, operators: tuple[int, int], days: tuple[int, int], met: bool
) -> None:
    drawing = Drawing()
    drawing.use([0, 1], IP, "a")
    drawing.use([0], IP, second)
    drawing.use([1], IP, second, first=days[0], last=days[1])
    graph = drawing.incidence()
    found = kernels.meet_twice(
        np.array([0], np.int32),
        np.array([1], np.int32),
        graph.account_start,
        graph.edge_identifier,
        graph.edge_first,
        graph.edge_last,
        np.array(operators)[: graph.identifiers],
    )
    assert found.tolist() == [met]
