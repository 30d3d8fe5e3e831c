"""Members whose requests are all of one size are alike; colleagues and classmates are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from linkage.config import ScoringSettings
from linkage.evidence.incidence import Incidence
from linkage.scoring.baseline import measure
from linkage.scoring.features import Asked, Features
from linkage.scoring.likeness import AGAINST, CAP, likeness, unless_acquainted
from linkage.scoring.structure import sharing
from linkage.scoring.term import Term
from linkage.scoring.terms import terms
from tests.lib.graphs import CARD, TEMPLATE, Drawing, features, label_of

N, TEAMS, TEAM = 600, 20, 12
RING = range(TEAMS * TEAM, TEAMS * TEAM + 40)
LABEL = label_of(N, *(range(team * TEAM, (team + 1) * TEAM) for team in range(TEAMS)), RING)


def town(ring_spread: float, seed: int = 2) -> Features:
    """Teams whose people ask in requests of sizes of their own, and a ring whose requests differ by ``ring_spread``."""
    random = np.random.default_rng(seed)
    size = random.normal(10.0, 1.0, N)
    size[list(RING)] = random.normal(11.0, ring_spread, len(RING))
    return replace(features(N), tokens=(64.0 * 2.0**size).astype(np.int64))


def measured(made: Features) -> Term:
    return judged(Drawing(accounts=N).incidence(), made, LABEL, TEAMS + 1)


def judged(incidence: Incidence, made: Features, label: NDArray[np.int64], groups: int) -> Term:
    settings = ScoringSettings()
    templates = sharing(incidence, label, groups, made.events, (TEMPLATE,), settings.exclusive_share)
    baseline = measure(incidence, made, label, groups, settings)
    return likeness(incidence, made, templates, label, groups, baseline, settings)


def test_a_ring_of_one_pipeline_is_more_alike_than_teams() -> None:
    term = measured(town(0.15))
    assert term.points[TEAMS] == CAP
    assert -AGAINST < np.median(term.points[:TEAMS]) < 0.0
    assert term.points[:TEAMS].max() < 0.75 * CAP
    assert term.observed[TEAMS] < 0.3 < term.expected[TEAMS]
    assert "the tokens of a request differ by a factor of 1.1" in term.sentence(TEAMS)


@pytest.mark.parametrize("spread", [1.0, 1.6])
def test_members_who_differ_as_those_of_teams_do_are_strangers(spread: float) -> None:
    assert -AGAINST <= measured(town(spread)).points[TEAMS] < 0.0


def test_who_shares_what_strangers_do_not_is_none_however_it_works() -> None:
    usual = measured(town(1.0))
    half, whole = (unless_acquainted(usual, np.full(TEAMS + 1, part)) for part in (0.5, 1.0))
    assert usual.points[TEAMS] < half.points[TEAMS] == 0.5 * usual.points[TEAMS] < whole.points[TEAMS] == 0.0
    assert half.sentence(TEAMS) == f"{usual.sentence(TEAMS)}; they share what strangers do not, so it counts 50%"
    alike = unless_acquainted(measured(town(0.15)), np.ones(TEAMS + 1))
    assert alike.points[TEAMS] == CAP
    assert "strangers" not in alike.sentence(TEAMS)


def test_prompts_beside_cards_or_exits_are_what_strangers_do_not_share() -> None:
    drawing = Drawing(accounts=N)
    ring = list(RING)
    for card in range(len(ring) // 2):
        drawing.use(ring[2 * card : 2 * card + 2], CARD, f"card-{card:02}")
    points = {}
    for with_prompts in (False, True):
        if with_prompts:
            # No single one that a lesson would be.
            for script in range(10):
                drawing.use(ring[script * 4 : script * 4 + 12], TEMPLATE, f"script-{script}")
        found = terms(drawing.incidence(), town(2.0), LABEL, TEAMS + 1, ScoringSettings())
        points[with_prompts] = {term.name: term.points[TEAMS] for term in found}
    assert points[False]["same_sizes"] == -AGAINST
    assert points[True]["same_sizes"] == 0.0
    assert points[False]["rotating_cards"] == 0.0 < points[True]["rotating_cards"]


def test_cards_that_rotate_over_strangers_are_a_resellers() -> None:
    drawing = Drawing(accounts=N)
    ring = list(RING)
    for card in range(len(ring) - 1):
        drawing.use(ring[card : card + 2], CARD, f"card-{card:02}")
    points = {}
    for spread in (0.15, 2.0):
        found = terms(drawing.incidence(), town(spread), LABEL, TEAMS + 1, ScoringSettings())
        (points[spread],) = (term.points[TEAMS] for term in found if term.name == "rotating_cards")
    assert points[0.15] == 3.0
    assert points[2.0] == 0.0


def test_what_the_input_does_not_tell_is_not_judged() -> None:
    made = town(0.15)
    few = np.where(np.isin(np.arange(N), list(RING)[7:]), 4.0, 64.0)
    for untold in (
        replace(made, tokens=np.zeros(N, np.int64)),
        replace(made, events=np.full(N, 4.0)),
        replace(made, events=few),
    ):
        term = measured(untold)
        assert np.isnan(term.observed[TEAMS])
        assert term.points[TEAMS] == 0.0


def test_where_too_few_groups_tell_what_is_usual_nobody_is_a_stranger() -> None:
    label = label_of(N, RING)
    assert judged(Drawing(accounts=N).incidence(), town(1.6), label, 1).points[0] == 0.0


@pytest.mark.parametrize(("ring_spread", "explained"), [(1.0, True), (0.15, False)])
def test_a_lesson_explains_one_template_only_of_people_who_work_each_in_their_own_way(
    ring_spread: float, explained: bool
) -> None:
    drawing = Drawing(accounts=N)
    drawing.use(RING, TEMPLATE, "lesson", events=60)
    found = terms(drawing.incidence(), town(ring_spread), LABEL, TEAMS + 1, ScoringSettings())
    (lesson,) = (term.points[TEAMS] for term in found if term.name == "one_lesson")
    assert lesson == pytest.approx(-3.0, abs=0.6) if explained else lesson == 0.0


@pytest.mark.parametrize(
    ("own", "times", "explained"),
    [(0.4, 30, True), (0.2, 30, True), (0.01, 30, False), (0.0, 62, True), (np.nan, 30, True)],
)
def test_a_tool_explains_one_template_only_of_people_who_have_work_of_their_own_beside_it(
    own: float, times: int, explained: bool
) -> None:
    drawing = Drawing(accounts=N)
    drawing.use(RING, TEMPLATE, "tool", events=times)
    made = town(1.0)
    made.values["private_share"][list(RING)] = own
    found = terms(drawing.incidence(), made, LABEL, TEAMS + 1, ScoringSettings())
    (tool,) = (term.points[TEAMS] for term in found if term.name == "one_lesson")
    assert tool < -1.5 if explained else tool > -0.5


def test_a_few_members_whose_work_is_known_say_nothing_of_a_tool() -> None:
    drawing = Drawing(accounts=N)
    drawing.use(RING, TEMPLATE, "tool", events=30)
    made = town(1.0)
    made.values["private_share"][list(RING)] = [0.0] * 10 + [np.nan] * 30
    found = terms(drawing.incidence(), made, LABEL, TEAMS + 1, ScoringSettings())
    (tool,) = (term.points[TEAMS] for term in found if term.name == "one_lesson")
    assert tool < -2.4


def handed_out(ring_spread: float, among_teams: float, members: int = len(RING)) -> Term:
    """Every team has prompts of its own, and so have ``members`` of the ring; what else they ask is of any size."""
    random = np.random.default_rng(9)
    drawing = Drawing(accounts=N)
    groups = [*(range(team * TEAM, (team + 1) * TEAM) for team in range(TEAMS)), list(RING)[:members]]
    size = random.normal(10.0, among_teams, N)
    size[list(RING)] = random.normal(10.0, ring_spread, len(RING))
    for number, group in enumerate(groups):
        for script in range(3):
            drawing.use(group, TEMPLATE, f"script-{number:02}-{script}", events=10)
    incidence = drawing.incidence()
    asked = Asked(
        incidence.edge_account.astype(np.int64),
        incidence.edge_identifier.astype(np.int64),
        (incidence.edge_events * 2.0 ** size[incidence.edge_account]).astype(np.int64),
    )
    return judged(incidence, replace(town(1.0), asked=asked), LABEL, TEAMS + 1)


def test_of_prompts_that_were_handed_out_only_what_is_made_of_them_is_compared() -> None:
    alike, usual = handed_out(0.15, 0.8), handed_out(0.8, 0.8)
    assert alike.points[TEAMS] == CAP
    assert "a request from the prompts that they share" in alike.sentence(TEAMS)
    assert -AGAINST <= usual.points[TEAMS] < 0.5


def test_of_prompts_that_few_members_have_nothing_is_said() -> None:
    assert "the prompts that they share" not in handed_out(0.15, 0.8, members=12).sentence(TEAMS)


def test_members_far_more_alike_than_everybody_are_no_strangers_however_alike_teams_are() -> None:
    """In a town of firms with one pipeline each, members who are half as varied as everybody are the least alike."""
    random = np.random.default_rng(3)
    size = random.normal(10.0, 1.5, N)
    for team in range(TEAMS):
        size[team * TEAM : (team + 1) * TEAM] = random.normal(10.0, 0.1, TEAM)
    points = {}
    for spread in (0.4, 1.5):
        size[list(RING)] = random.normal(10.0, spread, len(RING))
        made = replace(features(N), tokens=(64.0 * 2.0**size).astype(np.int64))
        points[spread] = measured(made).points[TEAMS]
    assert points == {0.4: 0.0, 1.5: -AGAINST}
