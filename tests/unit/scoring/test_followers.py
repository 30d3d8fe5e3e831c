"""Newcomers to what was a confirmed case's own count for the group that they come in, and nobody else does."""

from __future__ import annotations

import numpy as np
import pytest

from linkage.config import ScoringSettings
from linkage.scoring.followers import Followed, followers
from linkage.scoring.term import Term

#: 40 accounts in a group of 20, one of 10, and none.
LABEL = np.repeat([0, 1, -1], [20, 10, 10])


def term(*uses: tuple[list[int], list[int], int, str]) -> Term:
    """The term over identifiers: newcomers on each, others on it, accounts of a confirmed verdict, case."""
    account = np.concatenate([[*new, *known] for new, known, _confirmed, _case in uses]).astype(np.int64)
    many = [len(new) + len(known) for new, known, _confirmed, _case in uses]
    nothing = np.zeros(len(account), np.int64)
    followed = Followed(
        surrogate=np.arange(len(uses)),
        kind=np.full(len(uses), "payment_instrument", dtype=object),
        case=np.array([case for *_rest, case in uses], dtype=object),
        degree=np.array([one + use[2] for one, use in zip(many, uses, strict=True)]),
        confirmed=np.array([confirmed for _new, _known, confirmed, _case in uses]),
        account=account,
        identifier=np.repeat(np.arange(len(uses)), many),
        new=np.concatenate([[True] * len(new) + [False] * len(known) for new, known, _c, _n in uses]).astype(np.bool_),
        events=nothing,
        first=nothing.astype("datetime64[us]"),
        last=nothing.astype("datetime64[us]"),
    )
    return followers(followed, LABEL, 2, np.bincount(LABEL[LABEL >= 0]), ScoringSettings())


def test_newcomers_count_up_to_a_cap_by_how_many_of_the_members_they_are() -> None:
    one = term((list(range(11)), [], 3, "k-1"))
    assert one.points.tolist() == [1.0, 0.0]
    assert one.sentence(0) == (
        "1 identifier that was the own of case k-1, confirmed: 55% of the members have come to it since"
    )
    assert one.sentence(1) == "nobody among them has come to what was a confirmed case's own"
    many = term(*((list(range(20)), [], 1, f"k-{at % 2}") for at in range(12)))
    assert many.points[0] == 3.0, "nobody is flagged on an earlier verdict alone"
    assert "the own of case k-0 and case k-1" in many.sentence(0)
    assert term((list(range(6)), [], 3, "k-1")).points[0] == pytest.approx(0.5), "five more than one, of ten"


def test_one_account_may_come_anywhere() -> None:
    assert term(([20], [], 9, "k-1")).points.tolist() == [0.0, 0.0]


def test_what_the_public_has_come_to_says_nothing() -> None:
    assert term((list(range(40)), [], 3, "k-1")).points.tolist() == [0.0, 0.0]


def test_those_who_were_there_when_people_looked_do_not_count() -> None:
    assert term(([], list(range(20)), 3, "k-1"), ([0, 1], [], 1, "k-1")).points[0] == pytest.approx(0.1)
