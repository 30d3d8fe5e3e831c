"""How a group shares what it shares."""

from __future__ import annotations

import numpy as np
import pytest

from linkage.scoring.shares import site
from linkage.scoring.structure import Sharing, exclusive_value, largest_share, sharing
from tests.lib.graphs import CARD, IP, Drawing, label_of


def measured(drawing: Drawing, *groups: range, kind: str = CARD, share: float = 0.6) -> Sharing:
    graph = drawing.incidence()
    events = np.full(graph.accounts, 10.0)
    return sharing(graph, label_of(graph.accounts, *groups), len(groups), events, (kind,), share)


def test_one_card_for_all() -> None:
    drawing = Drawing()
    drawing.use(range(10), CARD, "company", first=2, last=21, events=6)
    found = measured(drawing, range(10))
    assert (found.shared[0], found.exclusive[0]) == (1, 1)
    assert found.effective[0] == pytest.approx(1.0)
    assert found.top[0] == found.covered[0] == 1.0
    assert found.top_events[0] == pytest.approx(0.6)
    assert found.top_days[0] == 20


def test_cards_that_rotate_in_equal_use_count_as_many() -> None:
    drawing = Drawing()
    for card in range(5):
        drawing.use([2 * card, 2 * card + 1], CARD, f"card-{card}")
    found = measured(drawing, range(10))
    assert found.exclusive[0] == 5
    assert found.effective[0] == pytest.approx(5.0)
    assert found.top[0] == pytest.approx(0.2)
    assert found.covered[0] == 1.0


def test_cards_in_unequal_use_count_as_fewer() -> None:
    drawing = Drawing()
    drawing.use(range(8), CARD, "main")
    drawing.use([8, 9], CARD, "side")
    found = measured(drawing, range(10))
    assert 1.0 < found.effective[0] < 2.0


def test_what_others_use_as_well_is_not_a_groups_own() -> None:
    drawing = Drawing()
    drawing.use(range(30), IP, "campus")
    drawing.use([*range(8), 30, 31], IP, "nearly")
    found = measured(drawing, range(10), kind=IP)
    assert (found.shared[0], found.exclusive[0]) == (2, 1)
    assert found.top[0] == pytest.approx(0.8)


def test_what_one_member_uses_is_not_shared() -> None:
    drawing = Drawing()
    drawing.use([3, 20], CARD, "lent")
    found = measured(drawing, range(10))
    assert (found.shared[0], found.exclusive[0], found.effective[0]) == (0, 0, 0.0)
    assert found.covered[0] == 0.0


def test_groups_are_measured_apart() -> None:
    drawing = Drawing()
    drawing.use(range(5), CARD, "one")
    for card in range(3):
        drawing.use([5 + 2 * card, 6 + 2 * card], CARD, f"two-{card}")
    found = measured(drawing, range(5), range(5, 11))
    assert found.exclusive.tolist() == [1, 3]
    assert found.effective.tolist() == pytest.approx([1.0, 3.0])


def test_a_kind_that_nobody_used_shares_nothing() -> None:
    drawing = Drawing()
    drawing.use(range(5), CARD, "one")
    found = measured(drawing, range(5), kind="device_id")
    assert found.shared.tolist() == [0]
    assert found.effective.tolist() == [0.0]


def test_shares_of_one_value() -> None:
    value = np.array([7, 7, 7, -1, 4, 4, 9, -1])
    label = label_of(8, range(4), range(4, 8))
    assert largest_share(value, label, 2).tolist() == [0.75, 0.5]
    assert largest_share(np.full(8, -1), label, 2).tolist() == [0.0, 0.0]


def test_a_value_that_everybody_has_is_nobodys_own() -> None:
    value = np.array([7, 7, 7, 7, 4, 4, 4, 4, 4, 4])
    label = label_of(10, range(4), [4, 5])
    assert exclusive_value(value, label, 2, 0.6).tolist() == [1.0, 0.0]
    assert exclusive_value(np.full(10, -1), label, 2, 0.6).tolist() == [0.0, 0.0]


@pytest.mark.parametrize(("work", "whole"), [(1, 0.0), (2, 0.0), (9, 0.5), (20, 1.0), (60, 1.0)])
def test_a_site_is_where_work_is_done(work: int, whole: float) -> None:
    drawing = Drawing()
    drawing.use(range(10), IP, "office", first=0, last=20, events=work)
    graph = drawing.incidence()
    found = sharing(graph, label_of(graph.accounts, range(10)), 1, np.full(graph.accounts, 51.4), (IP,), 0.6)
    assert site(found)[0] == pytest.approx(whole, abs=0.01)
