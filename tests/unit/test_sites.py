"""Firms that something brought together are told from a ring by where they pay and work."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from linkage.sites import apart, sites
from tests.lib.graphs import CARD, IP, Drawing, label_of

N, FIRMS, SIZE = 200, 6, 8
MEMBERS = FIRMS * SIZE
EXCLUSIVE = 0.6


def firms() -> Drawing:
    """Six firms of eight, on a card and two addresses of their own each; two freelancers work for two of them."""
    drawing = Drawing()
    for firm in range(FIRMS):
        people = range(firm * SIZE, firm * SIZE + SIZE)
        drawing.use(people, CARD, f"card-{firm}")
        drawing.use([people[at] for at in range(0, SIZE, 2)], IP, f"east-{firm}")
        drawing.use([people[at] for at in range(1, SIZE, 2)], IP, f"west-{firm}")
    for freelancer, pair in ((MEMBERS, (0, 1)), (MEMBERS + 1, (2, 3))):
        for firm in pair:
            drawing.use([freelancer], IP, f"east-{firm}")
    drawing.accounts = N
    return drawing


def ring(cards: int = 30) -> Drawing:
    """Forty-eight accounts on cards of four that go round."""
    random = np.random.default_rng(3)
    drawing = Drawing()
    for card in range(cards):
        drawing.use(random.choice(MEMBERS, 4, replace=False), CARD, f"card-{card:02}")
        drawing.use(random.choice(MEMBERS, 5, replace=False), IP, f"exit-{card:02}")
    drawing.accounts = N
    return drawing


def test_each_firm_is_a_site() -> None:
    found = sites(firms().incidence(), label_of(N, range(MEMBERS + 2)), EXCLUSIVE)
    for firm in range(FIRMS):
        of_firm = found[firm * SIZE : firm * SIZE + SIZE]
        assert len(set(of_firm.tolist())) == 1 and of_firm[0] >= 0
    assert len(np.unique(found[:MEMBERS])) == FIRMS
    assert (found[MEMBERS + 2 :] == -1).all()


def test_a_ring_is_not_taken_apart() -> None:
    for cards in (12, 20, 30, 60):
        graph, label = ring(cards).incidence(), label_of(N, range(MEMBERS))
        assert apart(graph, label).tolist() == label.tolist(), cards


def test_whom_an_operator_gave_the_same_card_are_no_site() -> None:
    blocks = firms()
    # Those on a card of a firm's size, and nowhere together but behind an address that half of the town uses.
    for card in range(6):
        blocks.use(range(100 + card * 6, 106 + card * 6), CARD, f"block-{card}")
    blocks.use(range(100, N), IP, "campus")
    label = label_of(N, range(100, 136))
    assert apart(blocks.incidence(), label).tolist() == label.tolist()
    assert (sites(blocks.incidence(), label, EXCLUSIVE) == -1).all()


def test_where_addresses_are_not_known_a_card_is_all_that_a_firm_shows() -> None:
    drawing = Drawing(kinds=(CARD,))
    for firm in range(FIRMS):
        drawing.use(range(firm * SIZE, firm * SIZE + SIZE), CARD, f"card-{firm}")
    drawing.accounts = N
    assert len(np.unique(apart(drawing.incidence(), label_of(N, range(MEMBERS)))[:MEMBERS])) == FIRMS


def test_firms_leave_the_group_that_brought_them_together_and_a_ring_stays() -> None:
    both = firms()
    random = np.random.default_rng(4)
    for card in range(30):
        both.use(100 + random.choice(40, 4, replace=False), CARD, f"ring-{card:02}")
    label = label_of(N, [*range(MEMBERS), *range(100, 140)])
    found = apart(both.incidence(), label)
    assert len(np.unique(found[:MEMBERS])) == FIRMS
    assert set(found[100:140].tolist()) == {0}
    assert not set(found[:MEMBERS].tolist()) & {0}
    assert (found[label < 0] == -1).all()


def test_a_group_that_is_one_site_stays_one() -> None:
    label = label_of(N, range(SIZE), range(SIZE, MEMBERS))
    found = apart(firms().incidence(), label)
    assert (found[:SIZE] == 0).all()
    alone = label_of(N, range(SIZE))
    assert apart(firms().incidence(), alone).tolist() == alone.tolist()


@given(st.permutations(range(MEMBERS)))
def test_names_of_accounts_do_not_matter(order: list[int]) -> None:
    new = np.concatenate([np.array(order), np.arange(MEMBERS, N)])
    label = label_of(N, range(MEMBERS))
    here = sites(firms().incidence(), label, EXCLUSIVE)
    there = sites(firms().relabelled(new).incidence(), label, EXCLUSIVE)[new]
    pairs = here[:MEMBERS, None] == here[None, :MEMBERS]
    assert (pairs == (there[:MEMBERS, None] == there[None, :MEMBERS])).all()
