"""The waterfall of a pair is the formula of the links."""

from __future__ import annotations

import math

import numpy as np
import pytest

from linkage.config import EvidenceSettings
from linkage.evidence import kernels
from linkage.evidence.pair import SharedIdentifier, Step, pair_bits
from tests.lib.graphs import CARD, IP, KINDS, TEMPLATE, Drawing

SETTINGS = EvidenceSettings()


def item(kind: str, number: int, bits: float, trust: float, overlapping: bool = True) -> SharedIdentifier:
    return SharedIdentifier(kind, number, 2, trust, bits, overlapping)


def kernel(items: list[SharedIdentifier]) -> float:
    """Bits of the same pair by the compiled loop."""
    drawing = Drawing()
    for shared in items:
        apart = 10 if shared.overlapping else 20
        drawing.use([0], shared.kind, f"{shared.identifier:03}", 0, 10)
        drawing.use([1], shared.kind, f"{shared.identifier:03}", apart, 30)
    graph = drawing.incidence()
    by_name = {(shared.kind, f"{shared.identifier:03}"): shared for shared in items}
    ordered = [by_name[key] for key in drawing.identifiers]
    bits = np.array([shared.bits for shared in ordered])
    further = bits * np.sqrt([shared.trust for shared in ordered])
    total, _kinds = kernels.pair_evidence(
        np.array([0], dtype=np.int32),
        np.array([1], dtype=np.int32),
        graph.account_start,
        graph.edge_identifier,
        graph.edge_first,
        graph.edge_last,
        graph.kind,
        bits,
        further,
        np.array([SETTINGS.prior_of(kind).discount for kind in KINDS]),
        np.array([SETTINGS.prior_of(kind).network for kind in KINDS]),
    )
    return float(total[0])


PAIRS = {
    "one card": [item(CARD, 1, 9.0, 0.8)],
    "card and template": [item(CARD, 1, 10.0, 0.99), item(TEMPLATE, 2, 6.0, 0.3)],
    "two cards": [item(CARD, 1, 9.0, 0.8), item(CARD, 2, 7.0, 0.4)],
    "addresses at different times": [
        item(IP, 1, 9.0, 0.8, overlapping=False),
        item(IP, 2, 5.0, 0.3),
        item(CARD, 3, 8.0, 0.7),
    ],
    "worth nothing": [item(TEMPLATE, 1, 0.0, 0.001), item(CARD, 2, 8.0, 0.7)],
    "many of three kinds": [
        *(item(TEMPLATE, number, 7.0 - number / 2, 0.5 - number / 20) for number in range(1, 6)),
        *(item(IP, number, 11.0 - number / 2, 0.9 - number / 20) for number in range(11, 15)),
        item(CARD, 21, 6.5, 0.6),
    ],
}


@pytest.mark.parametrize("name", PAIRS)
def test_the_steps_sum_to_the_bits_of_the_link(name: str) -> None:
    steps = pair_bits(PAIRS[name], SETTINGS)
    assert math.fsum(step.bits for step in steps) == pytest.approx(kernel(PAIRS[name]))


@pytest.mark.parametrize("name", PAIRS)
def test_every_shared_identifier_has_a_step(name: str) -> None:
    steps = pair_bits(PAIRS[name], SETTINGS)
    assert {step.identifier for step in steps} == {shared.identifier for shared in PAIRS[name]}


def test_the_order_of_what_is_shared_does_not_matter() -> None:
    items = PAIRS["many of three kinds"]
    assert pair_bits(items, SETTINGS) == pair_bits(items[::-1], SETTINGS)


def test_two_who_share_nothing_have_no_steps() -> None:
    assert pair_bits([], SETTINGS) == []


def test_an_address_used_at_different_times_ends_at_nothing() -> None:
    steps = pair_bits([item(IP, 1, 9.0, 0.8, overlapping=False)], SETTINGS)
    assert [step.bits for step in steps] == [9.0, -9.0]
    assert isinstance(steps[0], Step)
