"""Members who do equal shares are one workload's; a few who do most of it are people."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from linkage.config import ScoringSettings
from linkage.scoring.baseline import measure
from linkage.scoring.features import Features
from linkage.scoring.term import Term
from linkage.scoring.terms import terms
from linkage.scoring.volume import CAP, even_volume, spread_of_everybody
from tests.lib.graphs import CARD, Drawing, features, label_of

N, SETTINGS = 800, ScoringSettings()
RING = range(60)
LABEL = label_of(N, RING)


def town(spread: float, ring: range = RING, seed: int = 7) -> Features:
    """People whose volumes differ by two halvings (a standard deviation), and a ring whose differ by ``spread``."""
    random = np.random.default_rng(seed)
    size = random.normal(6.0, 2.0, N)
    size[list(ring)] = random.normal(8.0, spread, len(ring))
    return replace(features(N), events=np.maximum(np.round(2.0**size), 1.0))


def measured(made: Features, unexplained: float = 1.0) -> Term:
    baseline = measure(Drawing(accounts=N).incidence(), made, LABEL, 1, SETTINGS)
    return even_volume(made, LABEL, 1, baseline, np.array([unexplained]), SETTINGS)


@pytest.mark.parametrize(("spread", "least", "most"), [(0.3, CAP, CAP), (1.2, 0.0, 0.3), (2.0, -1.5, -0.5)])
def test_the_evener_the_more_it_speaks_for_one_workload(spread: float, least: float, most: float) -> None:
    assert least <= measured(town(spread)).points[0] <= most


def test_a_firm_shares_its_work_as_well() -> None:
    assert measured(town(0.3), unexplained=0.0).points[0] == 0.0
    assert measured(town(2.0), unexplained=0.0).points[0] == measured(town(2.0)).points[0] < 0.0


def test_figures_and_words() -> None:
    term = measured(town(0.3))
    assert 0.3 < term.observed[0] < 0.6 < 2.3 < term.expected[0] < 3.1
    assert "how much members do differs by a factor of 1.3 (all accounts: " in term.sentence(0)


def test_few_members_and_few_accounts_do_not_tell() -> None:
    seven = label_of(N, RING[:7])
    made = town(0.3)
    baseline = measure(Drawing(accounts=N).incidence(), made, seven, 1, SETTINGS)
    assert even_volume(made, seven, 1, baseline, np.ones(1), SETTINGS).points[0] == 0.0
    unknown = even_volume(made, LABEL, 1, replace(baseline, volume=None), np.ones(1), SETTINGS)
    assert unknown.points[0] == 0.0
    assert "too few" in unknown.sentence(0)
    few = replace(made, events=np.where(np.arange(N) < 99, made.events, 0.0))
    assert spread_of_everybody(few) is None
    assert spread_of_everybody(replace(made, events=np.full(N, 5.0))) is None


def test_members_who_all_do_the_same_are_even() -> None:
    assert measured(town(0.0)).points[0] == CAP


def test_cards_that_rotate_over_an_even_volume_are_no_resellers() -> None:
    drawing = Drawing(accounts=N)
    for card in range(len(RING) - 1):
        drawing.use(RING[card : card + 2], CARD, f"card-{card:02}")
    points = {}
    for spread in (0.3, 2.0):
        found = terms(drawing.incidence(), town(spread), LABEL, 1, SETTINGS)
        (points[spread],) = (term.points[0] for term in found if term.name == "rotating_cards")
    assert points[2.0] == 1.5
    assert points[0.3] == 0.75 * 3.0


def test_idle_decoys_take_what_speaks_for_abuse_and_add_nothing_against() -> None:
    made = town(0.3)
    idle = np.isin(np.arange(N), RING[:18])
    assert measured(replace(made, events=np.where(idle, 1.0, made.events))).points[0] == 0.0


def test_people_each_for_themselves_are_an_ordinary_reason_and_idle_decoys_are_none() -> None:
    drawing = Drawing(accounts=N)
    for card in range(0, len(RING), 3):
        drawing.use(RING[card : card + 3], CARD, f"card-{card:02}")
    absent = {}
    even, uneven = town(0.3), town(2.0)
    decoys = replace(even, events=np.where(np.isin(np.arange(N), RING[:18]), 1.0, even.events))
    for name, made in (("even", even), ("decoys", decoys), ("uneven", uneven)):
        found = terms(drawing.incidence(), made, LABEL, 1, SETTINGS)
        (absent[name],) = (term.points[0] for term in found if term.name == "no_ordinary_reason")
    assert absent["even"] == absent["decoys"] > 0.0
    assert absent["uneven"] < 0.2 * absent["even"]


@pytest.mark.parametrize(("on_their_own", "least", "most"), [(57, 0.0, 0.0), (54, -1.4, -1.2), (48, -4.0, -4.0)])
def test_a_crowd_has_little_of_its_own(on_their_own: int, least: float, most: float) -> None:
    drawing = Drawing(accounts=N)
    for card in range(0, on_their_own, 3):
        drawing.use(RING[card : card + 3], CARD, f"card-{card:02}")
    drawing.use(range(30, 300), CARD, "everybody's")
    found = terms(drawing.incidence(), town(2.0), LABEL, 1, SETTINGS)
    (crowd,) = (term for term in found if term.name == "little_of_its_own")
    assert least <= crowd.points[0] <= most
    assert crowd.sentence(0).startswith(f"{on_their_own / 60:.0%} of the members")


def test_one_passenger_makes_no_crowd_of_eight() -> None:
    drawing = Drawing(accounts=N)
    for card in range(0, 6, 2):
        drawing.use(RING[card : card + 3], CARD, f"card-{card:02}")
    drawing.use(range(7, 300), CARD, "everybody's")
    found = terms(drawing.incidence(), town(2.0), label_of(N, RING[:8]), 1, SETTINGS)
    (crowd,) = (term for term in found if term.name == "little_of_its_own")
    assert crowd.observed[0] == 7 / 8
    assert crowd.points[0] == 0.0


def test_of_a_group_that_shares_nothing_nothing_is_said() -> None:
    found = terms(Drawing(accounts=N).incidence(), town(2.0), LABEL, 1, SETTINGS)
    (crowd,) = (term for term in found if term.name == "little_of_its_own")
    assert crowd.points[0] == 0.0
