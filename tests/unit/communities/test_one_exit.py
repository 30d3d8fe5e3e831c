"""Addresses are one fact, as sure as the surest, and half as sure where only one of them says anything."""

from __future__ import annotations

import numpy as np
import pytest

from linkage.communities import kernels

#: What each of three addresses is worth to a pair, and a card.
WORTH = np.array([8.0, 6.0, 8.0, 9.0])
KIND = np.array([0, 0, 0, 1])


def weighed(bits: dict[int, float]) -> tuple[float, float]:
    """Bits of one account from addresses and from cards, given what each identifier says by itself."""
    order = sorted(bits, key=lambda at: (KIND[at], -bits[at]))
    _, _, total, _, _ = kernels.weighed(
        np.zeros(len(order), np.int64),
        np.array(order),
        np.array([bits[at] for at in order]),
        np.zeros(len(WORTH), np.int64),
        np.arange(len(WORTH)),
        KIND,
        np.array([0.1, 1.0]),
        np.array([True, False]),
        WORTH,
    )
    return float(total[0, 0]), float(total[0, 1])


@pytest.mark.parametrize(
    ("bits", "counted"),
    [
        ({0: 7.0}, 4.0),
        ({0: 3.0}, 3.0),
        ({0: 7.0, 1: 0.5}, 4.0),
        ({0: 7.0, 1: 3.0}, 6.0),
        ({0: 7.0, 1: 6.0}, 7.6),
        ({0: 9.0, 1: 6.0, 2: 5.0}, 8.0),
    ],
)
def test_a_second_address_has_to_say_something(bits: dict[int, float], counted: float) -> None:
    assert weighed(bits)[0] == pytest.approx(counted)


def test_a_card_counts_whole_beside_one_exit() -> None:
    assert weighed({0: 7.0, 3: 9.0}) == pytest.approx((4.0, 9.0))
