"""Pairs that one operator has rather than not."""

from __future__ import annotations

import numpy as np

from linkage.config import EvidenceSettings
from linkage.evidence import links as linking
from linkage.evidence import trust
from linkage.evidence.links import MOST_BITS, Links
from tests.lib.graphs import CARD, IP, KINDS, TEMPLATE, Drawing

SETTINGS = EvidenceSettings()


def found(drawing: Drawing, settings: EvidenceSettings = SETTINGS) -> tuple[Links, trust.Trust]:
    graph = drawing.incidence()
    learned = trust.learn(graph, settings, 1)
    return linking.links(graph, learned, settings, 1), learned


def pairs(made: Links) -> list[tuple[int, int]]:
    return list(zip(made.first.tolist(), made.second.tolist(), strict=True))


def street() -> Drawing:
    """A ring on cards and templates, an exit that strangers share, and a crowd on one address."""
    drawing = Drawing()
    drawing.clique(range(10), "ring")
    for address in range(30):
        drawing.use([20, 21, 22], IP, f"exit-{address}")
    drawing.use(range(30, 430), IP, "crowd")
    drawing.use(range(500, 900, 2), TEMPLATE, "public")
    return drawing


def test_every_link_comes_once_ordered_and_beyond_the_bar() -> None:
    made, learned = found(street())
    listed = pairs(made)
    assert listed == sorted(set(listed))
    assert all(first < second for first, second in listed)
    needed = float(trust.log_odds(SETTINGS.link_probability)) - learned.prior_log_odds
    assert (made.bits >= needed).all()
    assert (made.weight > 0).all()
    assert (made.weight <= MOST_BITS).all()
    assert np.array_equal(made.weight, np.minimum(made.bits + learned.prior_log_odds, MOST_BITS))
    assert made.candidates >= len(listed)


def test_a_ring_on_cards_and_templates_is_linked() -> None:
    made, _learned = found(street())
    ring = [pair for pair in pairs(made) if max(pair) < 10]
    assert len(ring) >= 20
    assert {account for pair in ring for account in pair} == set(range(10))
    both = (1 << KINDS.index(CARD)) | (1 << KINDS.index(TEMPLATE))
    assert (made.kinds[: len(ring)] & both).all()


def test_addresses_alone_never_link() -> None:
    made, _learned = found(street())
    assert not [pair for pair in pairs(made) if 20 <= pair[0] < 500]
    assert ((made.kinds & ~(1 << KINDS.index(IP))) != 0).all()


def test_a_higher_bar_gives_fewer_links() -> None:
    low, _ = found(street(), EvidenceSettings(link_probability=0.3))
    high, _ = found(street(), EvidenceSettings(link_probability=0.97))
    assert set(pairs(high)) < set(pairs(low))


def test_hubs_cost_partners_and_no_clique() -> None:
    drawing = street()
    drawing.use(range(1_000, 3_000), CARD, "hub")
    made, _learned = found(drawing, EvidenceSettings(link_probability=0.01, partners=4))
    assert made.candidates < 2_000 * 2 + 2_000


def test_a_graph_without_edges_has_no_links() -> None:
    drawing = Drawing()
    drawing.accounts = 3
    made, _learned = found(drawing)
    assert pairs(made) == []
    assert made.candidates == 0
