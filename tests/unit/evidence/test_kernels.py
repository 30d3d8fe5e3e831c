"""Pairs of accounts on an identifier: all of a small one, a random regular graph on a hub."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from linkage.evidence import kernels
from tests.lib.graphs import CARD, IP, TEMPLATE, Drawing, complete


def formed(drawing: Drawing, partners: int = 6, seed: int = 1, off: tuple[str, ...] = ()) -> list[tuple[int, int]]:
    graph = drawing.incidence()
    forming = np.array([name not in off for _kind, name in drawing.identifiers], dtype=np.bool_)
    first, second = kernels.form_pairs(
        graph.identifier_start, graph.identifier_edge, graph.edge_account, forming, partners, seed
    )
    return list(zip(first.tolist(), second.tolist(), strict=True))


def test_a_small_identifier_gives_all_its_pairs() -> None:
    drawing = Drawing()
    drawing.use([5, 1, 3, 8], CARD, "card")
    assert sorted(formed(drawing)) == complete([1, 3, 5, 8])


def test_an_identifier_that_forms_no_pairs_gives_none() -> None:
    drawing = Drawing()
    drawing.use([0, 1, 2], CARD, "card")
    drawing.use([3, 4], TEMPLATE, "template")
    assert formed(drawing, off=("card",)) == [(3, 4)]


def test_a_pair_on_two_identifiers_comes_twice() -> None:
    drawing = Drawing()
    drawing.use([0, 1], CARD, "card")
    drawing.use([0, 1], TEMPLATE, "template")
    assert formed(drawing) == [(0, 1), (0, 1)]


@pytest.mark.parametrize(("degree", "partners"), [(8, 6), (30, 6), (200, 16), (1_000, 4)])
def test_a_hub_gives_each_account_so_many_partners_and_never_a_clique(degree: int, partners: int) -> None:
    drawing = Drawing()
    drawing.use(range(degree), IP, "hub")
    pairs = formed(drawing, partners)
    assert len(pairs) == degree * partners // 2
    assert len(set(pairs)) == len(pairs)
    assert all(first < second for first, second in pairs)
    ends = Counter(account for pair in pairs for account in pair)
    assert set(ends) == set(range(degree))
    assert set(ends.values()) == {partners}


def test_the_graph_of_a_hub_is_one_piece() -> None:
    drawing = Drawing()
    drawing.use(range(500), IP, "hub")
    reached, border = {0}, {0}
    partners: dict[int, set[int]] = {}
    for first, second in formed(drawing, 4):
        partners.setdefault(first, set()).add(second)
        partners.setdefault(second, set()).add(first)
    while border:
        border = set().union(*(partners[account] for account in border)) - reached
        reached |= border
    assert len(reached) == 500


def test_the_same_seed_gives_the_same_pairs_and_another_seed_others() -> None:
    drawing = Drawing()
    drawing.use(range(300), IP, "hub")
    assert formed(drawing, seed=7) == formed(drawing, seed=7)
    common = set(formed(drawing, seed=7)) & set(formed(drawing, seed=8))
    assert len(common) < 60


def test_two_hubs_with_the_same_accounts_are_shuffled_apart() -> None:
    drawing = Drawing()
    drawing.use(range(300), IP, "one")
    drawing.use(range(300), IP, "other")
    pairs = formed(drawing)
    assert len(set(pairs)) > 0.95 * len(pairs)


def shared(drawing: Drawing, first: int, second: int, worth: dict[str, tuple[float, float]]) -> tuple[float, int]:
    """Bits and kinds of one pair; ``worth``: bits alone and as further evidence, by name."""
    graph = drawing.incidence()
    bits, further = (
        np.array([worth[name][which] for _kind, name in drawing.identifiers], dtype=np.float64) for which in (0, 1)
    )
    total, kinds = kernels.pair_evidence(
        np.array([first], dtype=np.int32),
        np.array([second], dtype=np.int32),
        graph.account_start,
        graph.edge_identifier,
        graph.edge_first,
        graph.edge_last,
        graph.kind,
        bits,
        further,
        np.array([0.1, 0.5, 0.2]),
        np.array([True, False, False]),
    )
    return float(total[0]), int(kinds[0])


def test_one_shared_identifier_counts_whole() -> None:
    drawing = Drawing()
    drawing.use([0, 1], CARD, "card")
    assert shared(drawing, 0, 1, {"card": (9.0, 6.0)}) == (9.0, 0b010)


def test_accounts_that_share_nothing_have_no_bits() -> None:
    drawing = Drawing()
    drawing.use([0, 2], CARD, "one")
    drawing.use([1, 3], CARD, "other")
    assert shared(drawing, 0, 1, {"one": (9.0, 6.0), "other": (9.0, 6.0)}) == (0.0, 0)


def test_the_strongest_counts_whole_and_further_ones_less() -> None:
    drawing = Drawing()
    drawing.use([0, 1], CARD, "card")
    drawing.use([0, 1], TEMPLATE, "template")
    assert shared(drawing, 0, 1, {"card": (10.0, 9.0), "template": (6.0, 3.0)}) == (13.0, 0b110)


def test_further_ones_of_a_kind_are_discounted() -> None:
    drawing = Drawing()
    for name in ("a", "b", "c"):
        drawing.use([0, 1], CARD, name)
    bits, _kinds = shared(drawing, 0, 1, {"a": (8.0, 7.0), "b": (6.0, 5.0), "c": (4.0, 3.0)})
    assert bits == pytest.approx(8.0 + 0.5 * (5.0 + 3.0))


@pytest.mark.parametrize(
    ("first", "second", "counts"),
    [((0, 5), (3, 9), True), ((0, 5), (5, 9), True), ((0, 5), (6, 9), True), ((0, 5), (7, 9), False)],
)
def test_an_address_counts_only_where_uses_meet(first: tuple[int, int], second: tuple[int, int], counts: bool) -> None:
    for one, other in ((0, 1), (1, 0)):
        drawing = Drawing()
        drawing.use([one], IP, "address", *first)
        drawing.use([other], IP, "address", *second)
        assert (shared(drawing, 0, 1, {"address": (5.0, 4.0)})[0] > 0) == counts


def test_a_card_counts_at_any_time() -> None:
    drawing = Drawing()
    drawing.use([0], CARD, "card", 0, 1)
    drawing.use([1], CARD, "card", 25, 30)
    assert shared(drawing, 0, 1, {"card": (9.0, 6.0)})[0] == 9.0


def test_an_identifier_that_is_worth_nothing_marks_no_kind() -> None:
    drawing = Drawing()
    drawing.use([0, 1], TEMPLATE, "public")
    drawing.use([0, 1], CARD, "card")
    assert shared(drawing, 0, 1, {"public": (0.0, 0.0), "card": (9.0, 6.0)}) == (9.0, 0b010)


def closure(drawing: Drawing, sample: int = 256) -> dict[str, float]:
    graph = drawing.incidence()
    network = np.array([kind == IP for kind, _name in drawing.identifiers], dtype=np.bool_)
    found = kernels.closure(
        graph.account_start, graph.edge_identifier, graph.identifier_start, graph.identifier_edge, graph.edge_account,
        network, 8, sample, 1,
    )  # fmt: skip
    return {name: float(value) for (_kind, name), value in zip(drawing.identifiers, found, strict=True)}


def strangers(drawing: Drawing) -> Drawing:
    """Enough other accounts that no identifier is on most of them."""
    for pair in range(400):
        drawing.use([1_000 + 2 * pair, 1_001 + 2 * pair], CARD, f"pair-{pair}")
    return drawing


def test_closure_is_the_share_of_accounts_that_are_together_elsewhere_too() -> None:
    drawing = Drawing()
    drawing.use(range(40), TEMPLATE, "half")
    for card in range(10):
        drawing.use([2 * card, 2 * card + 1], CARD, f"card-{card}")
    found = closure(strangers(drawing))
    assert found["half"] == pytest.approx(0.5, abs=0.04)
    assert found["card-1"] == 0.0, "too few accounts"


def test_an_identifier_whose_accounts_are_elsewhere_with_others_is_open() -> None:
    drawing = Drawing()
    drawing.use(range(40), TEMPLATE, "public")
    for account in range(40):
        drawing.use([account, 100 + account, 200 + account], CARD, f"family-{account}")
    assert closure(strangers(drawing))["public"] == 0.0


def test_two_large_identifiers_on_the_same_accounts_close_each_other_and_an_address_is_never_closed() -> None:
    drawing = Drawing()
    drawing.use(range(50), TEMPLATE, "a")
    drawing.use(range(5, 55), TEMPLATE, "b")
    drawing.use(range(100, 150), IP, "x")
    drawing.use(range(100, 150), TEMPLATE, "y")
    found = closure(strangers(drawing))
    assert found["a"] == pytest.approx(found["b"], abs=0.01)
    assert found["a"] == pytest.approx(0.9 * 0.9, abs=0.06)
    assert found["x"] == 0.0
    assert found["y"] > 0.9


def test_who_uses_very_much_is_together_with_anybody_somewhere() -> None:
    random = np.random.default_rng(4)
    drawing = Drawing()
    # Sixty busy accounts, each with a hundred prompts of the world, that two or three of them use.
    for prompt in range(2_400):
        drawing.use(random.choice(60, 2 + prompt % 2, replace=False), TEMPLATE, f"rare-{prompt:04}")
    drawing.use(range(12), TEMPLATE, "public")
    drawing.use(range(100, 112), TEMPLATE, "own")
    for prompt in range(12):
        drawing.use(100 + random.choice(12, 4, replace=False), TEMPLATE, f"own-{prompt:02}")
    found = closure(strangers(drawing))
    assert found["public"] < 0.05
    assert found["own"] > 0.9
    # Pairs that each share a prompt of their own as well take nothing from what the others say.
    for pair in range(400):
        drawing.use(100 + random.choice(12, 2, replace=False), TEMPLATE, f"pair-{pair:03}")
    assert closure(strangers(drawing))["own"] > 0.9


def test_closure_on_a_sample_is_close_to_that_on_all() -> None:
    random = np.random.default_rng(2)
    drawing = Drawing()
    drawing.use(range(600), TEMPLATE, "hub")
    for card in range(150):
        drawing.use(random.choice(600, 2, replace=False), CARD, f"card-{card}")
    drawing = strangers(drawing)
    assert closure(drawing, 128)["hub"] == pytest.approx(closure(drawing, 10_000)["hub"], abs=0.1)


def test_other_ties_count_the_strongest_of_a_kind_whole_and_no_address_beside_an_address() -> None:
    drawing = Drawing()
    for name in ("t-0", "t-1", "t-2"):
        drawing.use([0, 1], TEMPLATE, name)
    drawing.use([0, 1], CARD, "card")
    for name in ("ip-0", "ip-1"):
        drawing.use([0, 1], IP, name)
    graph = drawing.incidence()
    worth = {"t-0": 0.5, "t-1": 0.3, "t-2": 0.1, "card": 0.8, "ip-0": 0.4, "ip-1": 0.2}
    names = [drawing.identifiers[at][1] for at in graph.edge_identifier]
    discount = np.array([0.1 if kind == IP else 0.2 for kind in graph.kinds])
    network = np.array([kind == IP for kind in graph.kinds])
    found = kernels.other_ties(
        graph.account_start,
        graph.edge_identifier,
        graph.kind,
        discount,
        network,
        np.array([worth[name] for name in names]),
    )
    of_first = dict(zip(names[:6], found[:6], strict=True))
    cards, addresses, templates = 0.8, 0.4 + 0.1 * 0.2, 0.5 + 0.2 * (0.3 + 0.1)
    expected = {
        "t-0": cards + addresses + 0.3 + 0.2 * 0.1,
        "t-1": cards + addresses + 0.5 + 0.2 * 0.1,
        "t-2": cards + addresses + 0.5 + 0.2 * 0.3,
        "card": addresses + templates,
        "ip-0": cards + templates,
        "ip-1": cards + templates,
    }
    assert of_first == pytest.approx(expected)
    assert found[6:] == pytest.approx(found[:6])
