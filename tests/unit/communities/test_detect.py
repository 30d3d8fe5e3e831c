"""Communities are cut where next to nothing holds, never through members that are linked across the cut."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from linkage.communities.detect import communities, cut
from linkage.config import CommunitySettings
from tests.lib.graphs import complete, links

SETTINGS = CommunitySettings()


def label(pairs: list[tuple[int, int]], accounts: int, seed: int = 1) -> list[int]:
    found: list[int] = communities(links(pairs), accounts, SETTINGS, seed).tolist()
    return found


def ring(size: int, reach: int, start: int = 0) -> list[tuple[int, int]]:
    """Every account is linked to the next ``reach`` on the ring."""
    return [(start + at, start + (at + step) % size) for at in range(size) for step in range(1, reach + 1)]


def test_two_cliques_joined_by_one_link_are_cut() -> None:
    found = label([*complete(range(10)), *complete(range(10, 22)), (3, 15)], 22)
    assert found == [0] * 10 + [1] * 12


def test_accounts_without_a_link_have_no_community() -> None:
    assert label([(1, 2), (2, 4)], 6) == [-1, 0, 0, -1, 0, -1]


def test_no_links_no_communities() -> None:
    assert label([], 3) == [-1, -1, -1]


def test_numbers_follow_the_smallest_account() -> None:
    found = label([*complete([5, 9, 11]), *complete([2, 7, 8])], 12)
    assert [found[account] for account in (2, 5)] == [0, 1]


def test_pieces_that_are_not_connected_are_apart() -> None:
    pairs = [pair for start in range(0, 60, 4) for pair in complete(range(start, start + 4))]
    assert label(pairs, 60) == [account // 4 for account in range(60)]


def crowd(start: int, groups: int = 60, size: int = 10) -> list[tuple[int, int]]:
    """Cliques that have nothing to do with each other: in a large population the whole's communities are coarse."""
    return [pair for at in range(groups) for pair in complete(range(start + at * size, start + (at + 1) * size))]


@pytest.mark.parametrize("size", [12, 24, 40])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_ring_with_many_crossings_is_kept_whole(size: int, seed: int) -> None:
    found = label([*ring(size, 3), *crowd(size)], size + 600, seed)
    assert set(found[:size]) == {0}
    assert len(set(found)) == 61


def test_a_piece_is_joined_again_only_where_enough_members_are_linked_across() -> None:
    """Two cliques of ten: one tie is a meeting, seven members with ties are one group."""
    halves = [*complete(range(10)), *complete(range(10, 20))]
    few = label([*halves, (0, 10), *crowd(20)], 620)
    many = label([*halves, *((at, at + 10) for at in range(7)), *crowd(20)], 620)
    assert len(set(few[:20])) == 2
    assert len(set(many[:20])) == 1


def test_a_star_is_kept_whole() -> None:
    assert set(label([(0, other) for other in range(1, 30)], 30)) == {0}


def test_a_chain_of_cliques_by_single_links_is_cut_into_its_cliques() -> None:
    pairs = [pair for start in range(0, 60, 10) for pair in complete(range(start, start + 10))]
    pairs += [(start + 9, start + 10) for start in range(0, 50, 10)]
    assert label(pairs, 60) == [account // 10 for account in range(60)]


def test_the_same_seed_gives_the_same_communities() -> None:
    random = np.random.default_rng(6)
    pairs = [(int(a), int(b)) for a, b in random.integers(0, 150, (400, 2)) if a != b]
    assert label(pairs, 150, 4) == label(pairs, 150, 4)


def test_a_community_is_connected() -> None:
    random = np.random.default_rng(8)
    pairs = [(int(a), int(b)) for a, b in random.integers(0, 200, (260, 2)) if a != b]
    found = label(pairs, 200)
    for number in range(max(found) + 1):
        members = {account for account, of in enumerate(found) if of == number}
        reached = {min(members)}
        grown = True
        while grown:
            more = {b for a, b in [*pairs, *((b, a) for a, b in pairs)] if a in reached and b in members} - reached
            reached |= more
            grown = bool(more)
        assert reached == members


@pytest.mark.parametrize("length", [20, 40])
def test_a_chain_is_kept_whole(length: int) -> None:
    """As little holds its parts to each other as holds them inside: there is no place to cut."""
    random = np.random.default_rng(5)
    chain = [(at, at + 1) for at in range(length - 1)]
    chain += [
        (int(a), int(a) + int(step))
        for a, step in zip(
            random.integers(0, length - 12, length // 3), random.integers(2, 12, length // 3), strict=True
        )
    ]
    found = label([*chain, *crowd(length)], length + 600)
    assert set(found[:length]) == {0}


#: Cliques beside a mesh: in a population of many links the first partition leaves what is thin in one part.
CROWD = 600


def mesh(start: int, size: int, seed: int) -> list[tuple[int, int]]:
    """Cards of three accounts each, two cards an account, at random: as thin everywhere as anywhere."""
    random = np.random.default_rng(seed)
    pairs: set[tuple[int, int]] = set()
    for _ in range(2):
        for card in random.permutation(size).reshape(-1, 3) + start:
            pairs |= set(complete(sorted(card.tolist())))
    return sorted(pairs)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("size", [60, 120])
def test_a_mesh_of_cards_is_kept_whole(size: int, seed: int) -> None:
    found = label([*mesh(0, size, seed), *crowd(size, CROWD)], size + CROWD * 10)
    assert max(Counter(found[:size]).values()) >= 0.9 * size


@pytest.mark.parametrize("length", [20, 37, 60, 120])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_chain_of_cards_that_nothing_ties_to_others_is_kept_whole(length: int, seed: int) -> None:
    chain = [(at, at + 1) for at in range(length - 1)]
    # Here and there a card has three accounts.
    chain += [(at, at + 2) for at in range(3, length - 2, 7)]
    found = label([*chain, *crowd(length, CROWD)], length + CROWD * 10, seed)
    assert set(found[:length]) == {0}


def uneven_chain(cards: int, seed: int) -> dict[tuple[int, int], float]:
    """Cards of four accounts, one of whom is on a card before; in half of them the other three share a second card."""
    random = np.random.default_rng(seed)
    on, weight = [[0, 1, 2, 3]], {}
    for card in range(1, cards):
        before = on[int(random.integers(max(0, card - 6), card))]
        on.append([int(random.choice(before)), 3 * card + 1, 3 * card + 2, 3 * card + 3])
    for accounts in on:
        weight |= {(min(pair), max(pair)): 1.0 for pair in complete(accounts)}
        if random.random() < 0.5:
            weight |= dict.fromkeys(complete(sorted(accounts[1:])), 12.0)
    return weight


@pytest.mark.parametrize("cards", [12, 26, 40])
@pytest.mark.parametrize("seed", [0, 3, 5])
def test_a_chain_is_not_cut_where_pairs_of_it_have_more_in_common(cards: int, seed: int) -> None:
    weight, accounts = uneven_chain(cards, seed), 3 * cards + 1
    drawn = links(list(weight))
    ends = zip(drawn.first.tolist(), drawn.second.tolist(), strict=True)
    drawn = replace(drawn, weight=np.array([weight[min(pair), max(pair)] for pair in ends]))
    assert not cut(drawn, np.zeros(accounts, np.int64), SETTINGS, 1).any()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_two_meshes_joined_by_a_card_are_cut_although_their_links_are_few(seed: int) -> None:
    pairs = [*mesh(0, 90, seed), *mesh(90, 90, seed + 10), (5, 100), *crowd(180, CROWD)]
    found = label(pairs, 180 + CROWD * 10)
    first, second = (Counter(found[part]).most_common(1)[0] for part in (slice(0, 90), slice(90, 180)))
    assert first[0] != second[0]
    assert min(first[1], second[1]) >= 80


def test_a_dense_group_comes_off_the_mesh_that_it_hangs_on() -> None:
    pairs = [*mesh(0, 90, 4), *complete(range(90, 120)), (5, 100), *crowd(120, CROWD)]
    found = label(pairs, 120 + CROWD * 10)
    assert len(set(found[90:120])) == 1
    assert not set(found[90:120]) & set(found[:90])


@pytest.mark.parametrize(("groups", "size"), [(4, 12), (8, 30), (6, 60)])
@pytest.mark.parametrize("crossing", ["ring", "every pair"])
def test_dense_groups_joined_by_stray_links_are_apart_however_many(groups: int, size: int, crossing: str) -> None:
    pairs = crowd(0, groups, size)
    for one in range(groups):
        others = [(one + 1) % groups] if crossing == "ring" else range(one + 1, groups)
        pairs += [(one * size + other % size, other * size + one) for other in others]
    found = label([*pairs, *crowd(groups * size, CROWD)], groups * size + CROWD * 10)
    assert found[: groups * size] == [account // size for account in range(groups * size)]


def test_what_passengers_held_together_comes_apart_once_they_are_out() -> None:
    """Two groups that twenty strangers joined, each linked to members of both; as cores they are on their own."""
    passengers = [(account, 30 + account % 20) for account in range(30)]
    passengers += [((account + 15) % 30, 30 + account % 20) for account in range(30)]
    pairs = [*complete(range(12)), *complete(range(12, 30)), (3, 20), *passengers]
    cores = np.where(np.arange(50) < 30, 0, -1)
    found = cut(links(pairs), cores, SETTINGS, 1)
    assert len(set(found[:12])) == 1
    assert len(set(found[12:30])) == 1
    assert found[0] != found[12]
    assert set(found[30:]) == {-1}
    assert set(cores[:30]) == {0}, "what was given stays as it was"


def test_cutting_again_leaves_chains_whole_and_whom_no_link_ties_where_they_were() -> None:
    chain = [(at, at + 1) for at in range(39)]
    label = np.array([0] * 40 + [0, 0, 1, -1])
    assert cut(links(chain), label, SETTINGS, 1).tolist() == label.tolist()
    assert cut(links([]), label, SETTINGS, 1).tolist() == label.tolist()
