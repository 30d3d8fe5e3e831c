"""What partners reported counts for the group whose own it is, and for nobody else."""

from __future__ import annotations

import numpy as np
import pytest

from linkage.config import ScoringSettings
from linkage.scoring.term import Term
from linkage.scoring.watch_list import Listed, watch_list

#: 40 accounts in a group of 20, one of 10, and none.
LABEL = np.repeat([0, 1, -1], [20, 10, 10])


def term(*uses: tuple[list[int], tuple[str, ...]]) -> Term:
    """The term over listed identifiers, each with the accounts on it and the sources that list it."""
    listed = Listed(
        surrogate=np.arange(len(uses)),
        degree=np.array([len(accounts) for accounts, _ in uses]),
        sources=tuple(sources for _, sources in uses),
        account=np.concatenate([accounts for accounts, _ in uses]),
        identifier=np.repeat(np.arange(len(uses)), [len(accounts) for accounts, _ in uses]),
    )
    return watch_list(listed, LABEL, 2, np.bincount(LABEL[LABEL >= 0]), ScoringSettings())


def test_what_is_its_own_counts_up_to_a_cap_by_the_members_on_it() -> None:
    one = term(([0, 1, 2], ("B", "A")))
    assert one.points.tolist() == [1.0, 0.0]
    assert one.sentence(0) == "1 identifier of their own is on the watch lists of A and B; 15% of the members use them"
    assert one.sentence(1) == "no identifier of theirs is on a watch list"
    many = term(*(([at], ("A",)) for at in range(20)))
    assert many.points[0] == 3.0, "nobody is flagged on the word of others alone"
    assert term(([0], ("A",))).points[0] == pytest.approx(0.5), "one member in twenty is half of a tenth"


def test_the_exit_of_a_popular_network_says_nothing_of_those_who_use_it() -> None:
    shared = term((list(range(40)), ("A",)))
    assert shared.points.tolist() == [0.0, 0.0]
    assert shared.observed.tolist() == [0.0, 0.0]
    assert shared.sentence(1) == (
        "1 identifier is on the watch list of A, and shared with many others: no sign of these accounts"
    )
