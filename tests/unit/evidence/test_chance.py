"""How much of a prior chance leaves."""

from __future__ import annotations

import numpy as np
import pytest

from linkage.evidence import chance
from linkage.evidence.incidence import Incidence
from tests.lib.graphs import TEMPLATE, Drawing


def crowd(accounts: int, uses: int) -> Incidence:
    """A library of prompts of which each account uses so many at random; one prompt for two accounts."""
    random = np.random.default_rng(4)
    drawing = Drawing(kinds=(TEMPLATE,))
    for prompt in range(2 * accounts):
        drawing.use(random.choice(accounts, max(2, uses // 2), replace=False), TEMPLATE, f"prompt-{prompt}")
    drawing.accounts = accounts
    return drawing.incidence()


def left(graph: Incidence, companions: float = 3.0) -> float:
    """Mean part of a prior of .3 that is left."""
    prior = np.full(graph.identifiers, 0.3)
    return float((chance.left(graph, prior, companions / graph.accounts, 1) / prior).mean())


def test_busy_accounts_have_less_of_it_left() -> None:
    parts = [left(crowd(400, uses)) for uses in (4, 12, 40)]
    assert parts == sorted(parts, reverse=True)
    assert parts[-1] < 0.2 < 0.5 < parts[0]


def test_as_much_is_left_among_few_accounts_as_among_many() -> None:
    assert left(crowd(300, 12)) == pytest.approx(left(crowd(1_500, 12)), rel=0.15)


def test_it_is_asked_by_half_where_chance_is_thirty_times_as_likely_as_one_operator() -> None:
    """Nothing of the prior would be left, were it asked in full."""
    graph = crowd(400, 12)
    prior = np.full(graph.identifiers, 1.0)
    in_full = chance.left(graph, prior, 1e-12, 1)
    assert np.median(in_full) < 1e-6
    pis = np.geomspace(1e-6, 1e-1, 400)
    half = min(pis, key=lambda pi: abs(float(np.median(chance.left(graph, prior, pi, 1))) - 0.5))
    expected = 12.0 * 12.0 * (6.0 * 5.0 * 800) / (800 * 6.0) ** 2
    assert half == pytest.approx(expected / 30.0, rel=0.25)
