"""Terms for and against: what a company shares speaks against abuse, what a ring shares speaks for it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from linkage.config import ScoringSettings
from linkage.scoring.assess import Assessment, assess
from linkage.scoring.features import Features
from linkage.scoring.term import Beside, Term
from linkage.scoring.terms import _discounted, terms
from tests.lib.graphs import CARD, IP, TEMPLATE, Drawing, features, label_of

N = 1_200
SETTINGS = ScoringSettings()
COMPANY, RING = range(30), range(30, 60)
#: Ordinary groups of eight accounts, of which there are enough to learn how groups differ anyway.
TEAMS = tuple(range(60 + 8 * team, 68 + 8 * team) for team in range(14))


def town() -> tuple[Drawing, Features, NDArray[np.int64]]:
    """A company on one card at one site, a ring with rotating cards and exits, teams, and everybody else."""
    random = np.random.default_rng(3)
    drawing = Drawing()
    drawing.use(COMPANY, CARD, "company", 0, 30, events=60)
    drawing.use(COMPANY, IP, "office", 0, 30, events=50)
    for card in range(12):
        drawing.use(random.choice(RING, 4, replace=False), CARD, f"ring-{card}")
    for address in range(60):
        drawing.use(random.choice(RING, 3, replace=False), IP, f"exit-{address:02}", 0, 30, events=2)
    for template in range(10):
        drawing.use(random.choice(RING, 8, replace=False), TEMPLATE, f"t-{template}")
    for number, team in enumerate(TEAMS):
        drawing.use(team, CARD, f"team-{number}")
    drawing.accounts = N
    made = features(N)
    values = {name: value.copy() for name, value in made.values.items()}
    ring = list(RING)
    values["private_work"][ring] = 0.02
    values["prefixes_per_day"][ring] = 2.0
    values["asns"][ring] = 2.5
    values["price_rank"][ring] = 0.95
    values["age"][ring] = 3.0
    values["age"][list(COMPANY)] = 10.5
    organization = made.organization.copy()
    organization[list(COMPANY)] = 77
    return drawing, replace(made, values=values, organization=organization), label_of(N, COMPANY, RING, *TEAMS)


def scored(settings: ScoringSettings = SETTINGS) -> tuple[list[Term], Assessment]:
    drawing, made, label = town()
    groups = int(label.max()) + 1
    found = terms(drawing.incidence(), made, label, groups, settings)
    return found, assess(found, np.full(groups, 1e-6), settings)


@pytest.fixture(scope="module")
def outcome() -> tuple[list[Term], Assessment]:
    return scored()


def points(found: list[Term], name: str, group: int) -> float:
    (term,) = (term for term in found if term.name == name)
    return float(term.points[group])


def test_a_company_on_one_card_at_one_site_is_no_abuse(outcome: tuple[list[Term], Assessment]) -> None:
    found, assessment = outcome
    assert assessment.abuse[0] < 0
    assert assessment.tier[0] == 3
    assert points(found, "one_payer", 0) < 0
    assert points(found, "one_site", 0) < 0
    assert points(found, "one_organization", 0) < 0


def test_a_ring_with_rotating_cards_is_abuse(outcome: tuple[list[Term], Assessment]) -> None:
    found, assessment = outcome
    assert assessment.abuse[1] >= SETTINGS.flag_points
    assert assessment.tier[1] == 1
    for name in ("rotating_cards", "shared_exits", "no_private_work", "rotating_networks", "strongest_models"):
        assert points(found, name, 1) > 0, name
    assert points(found, "one_payer", 1) == 0


def test_ordinary_teams_are_not_flagged(outcome: tuple[list[Term], Assessment]) -> None:
    _found, assessment = outcome
    assert (assessment.tier[2:] == 3).all()
    assert assessment.score[1] > assessment.score[2:].max()


def test_points_sum_to_the_abuse_score(outcome: tuple[list[Term], Assessment]) -> None:
    found, assessment = outcome
    for group in range(len(assessment.abuse)):
        total = math.fsum(float(term.points[group]) for term in found)
        assert assessment.abuse[group] == pytest.approx(total)


def test_no_single_term_carries_a_flag(outcome: tuple[list[Term], Assessment]) -> None:
    found, assessment = outcome
    assert max(float(term.points[1]) for term in found) < assessment.abuse[1]


def test_every_term_has_figures_and_words_for_every_group(outcome: tuple[list[Term], Assessment]) -> None:
    found, assessment = outcome
    groups = len(assessment.abuse)
    assert len({term.name for term in found}) == len(found)
    for term in found:
        assert len(term.observed) == len(term.expected) == len(term.effect) == len(term.points) == groups
        assert np.isfinite(term.points).all()
        assert all(term.sentence(group) for group in range(groups))
        assert not any("nan" in term.sentence(group) for group in range(groups))


def test_terms_never_see_how_strongly_a_group_is_linked() -> None:
    """Twice the same ties within the company change nothing about abuse but what they are: one more shared thing."""
    drawing, made, label = town()
    groups = int(label.max()) + 1
    before = assess(terms(drawing.incidence(), made, label, groups, SETTINGS), np.full(groups, 1e-6), SETTINGS)
    for number in range(5):
        drawing.use(COMPANY, "device_id", f"laptop-{number}")
    stronger = replace(drawing, kinds=(*drawing.kinds, "device_id"))
    after = assess(terms(stronger.incidence(), made, label, groups, SETTINGS), np.full(groups, 1e-6), SETTINGS)
    assert after.abuse.tolist() == pytest.approx(before.abuse.tolist())


def test_caps_scale_the_points() -> None:
    _found, whole = scored()
    _found, half = scored(ScoringSettings(cap_scale=0.5))
    assert half.abuse[1] < whole.abuse[1]
    assert half.abuse[0] > whole.abuse[0]


def test_canaries_speak_for_abuse() -> None:
    drawing, made, label = town()
    groups = int(label.max()) + 1
    drawing = replace(drawing, kinds=("canary", *drawing.kinds))
    for canary in range(3):
        drawing.use([31 + canary, 32 + canary], "canary", f"mark-{canary}")
    found = terms(drawing.incidence(), made, label, groups, SETTINGS)
    assert points(found, "canary_hits", 1) > 0
    assert points(found, "canary_hits", 0) == 0


def test_two_kinds_of_infrastructure_speak_for_abuse_unless_one_payer_and_one_site_explain_them(
    outcome: tuple[list[Term], Assessment],
) -> None:
    found, _assessment = outcome
    assert points(found, "tied_twice", 1) > 0
    # The company has a card and an address to itself as well, and each is one for all.
    assert points(found, "tied_twice", 0) == 0
    # Each team shares one thing only.
    assert all(points(found, "tied_twice", group) == 0 for group in range(2, 2 + len(TEAMS)))


def test_the_same_people_on_cards_and_exits_are_tied_twice_and_others_are_not() -> None:
    half = 15
    cards, exits = list(RING)[:half], list(RING)[half:]
    found = {}
    for name, on_exits in (("apart", exits), ("together", cards)):
        drawing = Drawing()
        for pair in range(half - 1):
            drawing.use(cards[pair : pair + 2], CARD, f"card-{pair}")
            drawing.use(on_exits[pair : pair + 2], IP, f"exit-{pair}", 0, 30, events=2)
        drawing.accounts = N
        found[name] = points(terms(drawing.incidence(), features(N), label_of(N, RING), 1, SETTINGS), "tied_twice", 0)
    assert found["apart"] == 0
    assert found["together"] > 0


def test_members_of_three_kinds_are_still_no_more_than_all_of_them(outcome: tuple[list[Term], Assessment]) -> None:
    found, _assessment = outcome
    (twice,) = (term for term in found if term.name == "tied_twice")
    assert 0.6 < twice.observed[1] <= 1.0
    assert f"{twice.observed[1]:.0%} of the members share a second kind" in twice.sentence(1)


def test_what_halves_cards_that_rotate_is_said() -> None:
    drawing = Drawing()
    for pair in range(len(RING) - 1):
        drawing.use(list(RING)[pair : pair + 2], CARD, f"card-{pair}")
    drawing.accounts = N
    (cards,) = (
        term
        for term in terms(drawing.incidence(), features(N), label_of(N, RING), 1, SETTINGS)
        if term.name == "rotating_cards"
    )
    assert 0 < cards.points[0] <= 1.5
    assert "counts 50%" in cards.sentence(0)


def town_told(addresses: float = 1.0, prompts: float = 1.0) -> dict[str, Term]:
    """Terms of the town, where so much of what ties its groups is on other things than addresses and than prompts."""
    drawing, made, label = town()
    groups = int(label.max()) + 1
    part = Beside(np.full(groups, addresses), np.full(groups, prompts))
    found = terms(drawing.incidence(), made, label, groups, SETTINGS, beside=part)
    return {term.name: term for term in found}


@pytest.mark.parametrize(
    ("by", "evidence", "why"), [("addresses", "network", "addresses"), ("prompts", "taste", "prompts")]
)
def test_what_a_group_was_found_by_is_not_told_once_more(by: str, evidence: str, why: str) -> None:
    whole, part, half = (town_told(**{by: beside}) for beside in (0.5, 0.125, 0.0))
    of_it = [name for name, term in whole.items() if term.evidence == evidence and term.points[1] > 0]
    assert of_it
    for name in of_it:
        points = whole[name].points[1]
        assert (part[name].points[1], half[name].points[1]) == pytest.approx((0.75 * points, 0.5 * points))
        assert f"little but {why} ties them" in half[name].sentence(1)
        assert "so it counts 50%" in half[name].sentence(1)
        assert "so it counts" not in whole[name].sentence(1)
    others = [name for name, term in whole.items() if term.evidence not in (evidence, "absence")]
    assert [whole[name].points[1] for name in others] == [half[name].points[1] for name in others]


def test_exits_alone_leave_nothing_of_the_absence_of_reasons() -> None:
    by_cards, by_both, by_exits = (town_told(addresses=beside) for beside in (0.5, 0.125, 0.0))
    assert by_cards["one_site"].points[0] == by_exits["one_site"].points[0] < 0
    absence = [one["no_ordinary_reason"] for one in (by_cards, by_both, by_exits)]
    assert absence[0].points[1] > absence[1].points[1] > absence[2].points[1] == 0
    assert "customers of one provider of exits, so it counts 50%" in absence[1].sentence(1)


def test_canaries_count_as_far_as_others_touch_them_less() -> None:
    def hits(others: int) -> Term:
        drawing, made, label = town()
        drawing = replace(drawing, kinds=("canary", *drawing.kinds))
        drawing.use([*RING[:3], *range(200, 200 + others)], "canary", "mark")
        found = terms(drawing.incidence(), made, label, int(label.max()) + 1, SETTINGS)
        return next(term for term in found if term.name == "canary_hits")

    own, known, everywhere = hits(0), hits(20), hits(200)
    assert own.points[1] == 1.0
    assert 0.0 < known.points[1] < 1.0
    assert "they count as 0." in known.sentence(1)
    assert everywhere.points[1] == 0.0
    assert [term.observed[1] for term in (own, known, everywhere)] == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(("share", "counts"), [(0.4, False), (1.0, True)])
def test_an_organization_of_the_group_has_most_of_its_members(share: float, counts: bool) -> None:
    drawing, made, label = town()
    organization = np.full(N, -1, dtype=made.organization.dtype)
    organization[list(COMPANY)[: round(share * len(COMPANY))]] = 77
    found = terms(drawing.incidence(), replace(made, organization=organization), label, int(label.max()) + 1, SETTINGS)
    assert (points(found, "one_organization", 0) < 0) == counts


def test_an_ordinary_reason_that_explains_little_takes_little_from_the_lack_of_any() -> None:
    def absence(domain: int) -> float:
        drawing, made, label = town()
        organization = np.full(N, -1, dtype=made.organization.dtype)
        organization[list(RING)[:domain]] = 78
        found = terms(
            drawing.incidence(), replace(made, organization=organization), label, int(label.max()) + 1, SETTINGS
        )
        return points(found, "no_ordinary_reason", 1)

    whole, part, none = absence(1), absence(18), absence(30)
    assert whole > part > none == 0


def test_closed_members_speak_for_abuse() -> None:
    drawing, made, label = town()
    groups = int(label.max()) + 1
    closed = made.closed.copy()
    closed[list(RING)[:12]] = True
    found = terms(drawing.incidence(), replace(made, closed=closed), label, groups, SETTINGS)
    assert points(found, "closed_accounts", 1) > 0
    assert points(found, "closed_accounts", 0) == 0


def test_small_groups_are_spared() -> None:
    drawing, made, label = town()
    small = label_of(N, COMPANY, list(RING)[:3], *TEAMS)
    groups = int(label.max()) + 1
    before = terms(drawing.incidence(), made, label, groups, SETTINGS)
    after = terms(drawing.incidence(), made, small, groups, SETTINGS)
    assert points(after, "small_group", 1) < 0 == points(before, "small_group", 1)


def test_without_groups_there_are_no_terms() -> None:
    drawing, made, _label = town()
    found = terms(drawing.incidence(), made, label_of(N), 0, SETTINGS)
    assert found == []
    assessment = assess(found, np.zeros(0), SETTINGS)
    assert len(assessment.abuse) == len(assessment.tier) == len(assessment.score) == 0


def test_features_that_the_input_does_not_tell_make_no_term() -> None:
    drawing, made, label = town()
    silent = replace(made, values={name: np.full(N, np.nan) for name in made.values})
    found = terms(drawing.incidence(), silent, label, int(label.max()) + 1, SETTINGS)
    assert "no_private_work" not in {term.name for term in found}
    assert all(np.isfinite(term.points).all() for term in found)


def term(name: str, evidence: str, *values: float) -> Term:
    nan = np.full(len(values), np.nan)
    return Term(name, evidence, nan, nan, nan, np.array(values), lambda _group: name)


def points_of(settings: ScoringSettings, *found: Term) -> list[list[float]]:
    return [entry.points.tolist() for entry in _discounted(list(found), len(found[0].points), settings)]


def test_within_a_kind_of_evidence_the_strongest_counts_whole_and_further_ones_half() -> None:
    found = points_of(
        ScoringSettings(kind_cap_points=100.0),
        term("a", "network", 3.0, 1.0, -2.0),
        term("b", "network", 2.0, 4.0, -1.0),
        term("c", "network", 3.0, 0.0, 2.0),
        term("d", "payment", 2.0, 2.0, 2.0),
    )
    assert found == [[3.0, 0.5, -2.0], [1.0, 4.0, -1.0], [1.5, 0.0, 2.0], [2.0, 2.0, 2.0]]


def test_a_kind_of_evidence_gives_no_more_than_its_cap() -> None:
    found = points_of(
        ScoringSettings(kind_cap_points=4.0),
        term("a", "network", 6.0, 3.0),
        term("b", "network", 4.0, 1.0),
        term("c", "network", -3.0, -3.0),
        term("d", "payment", 3.0, 3.0),
    )
    assert found[0][0] + found[1][0] == pytest.approx(4.0)
    assert found[0][0] == pytest.approx(3 * found[1][0])
    assert [row[1] for row in found] == [3.0, 0.5, -3.0, 3.0]
    assert found[2] == [-3.0, -3.0]


def test_office_hours_count_whole_beside_a_site_and_a_third_alone() -> None:
    drawing, made, label = town()
    clock = made.clock.copy()
    # Cosine, sine, hours and those on weekends: everybody of both works at one time of day, on no weekend.
    clock[[*COMPANY, *RING]] = (36.0, 0.0, 40.0, 0.0)
    found = terms(drawing.incidence(), replace(made, clock=clock), label, int(label.max()) + 1, SETTINGS)
    (hours,) = (term for term in found if term.name == "office_hours")
    assert hours.points[0] == pytest.approx(-3.0)
    assert hours.points[1] == pytest.approx(-1.0)
    assert "little else of a firm is seen" in hours.sentence(1)
    assert "little else" not in hours.sentence(0)


@pytest.mark.parametrize(("first", "last", "counts"), [(40, 41, True), (0, 60, False)])
def test_what_is_used_on_two_days_is_an_event_however_long_the_people_stay(first: int, last: int, counts: bool) -> None:
    drawing = Drawing()
    for template in range(12):
        drawing.use(range(template, template + 20), TEMPLATE, f"prompt-{template:02}", first, last)
    drawing.accounts = N
    found = terms(drawing.incidence(), features(N), label_of(N, range(32)), 1, SETTINGS)
    assert (points(found, "one_event", 0) < 0) == counts


def test_two_members_with_a_day_in_common_are_no_event_of_two_hundred() -> None:
    drawing = Drawing()
    for card in range(100):
        drawing.use(range(2 * card, 2 * card + 2), CARD, f"card-{card:03}", 0, 60)
    drawing.use([0, 1], TEMPLATE, "lesson", 5, 5)
    drawing.accounts = N
    found = terms(drawing.incidence(), features(N), label_of(N, range(200)), 1, SETTINGS)
    assert points(found, "one_event", 0) == 0.0


@pytest.mark.parametrize(
    ("apart", "life", "hours", "points"),
    [(2, 1, 36.0, -2.5), (2, 9, 36.0, 0.0), (2, 1, 4.0, 0.0), (0, 1, 36.0, 0.0)],
    ids=["a class", "prompts that stay", "round the clock", "seen on one day"],
)
def test_a_class_does_its_exercises_on_a_day_each_and_at_one_hour(
    apart: int, life: int, hours: float, points: float
) -> None:
    drawing = Drawing(accounts=200)
    for exercise in range(12):
        drawing.use(range(30), TEMPLATE, f"exercise-{exercise}", apart * exercise, apart * exercise + life - 1)
    label = label_of(200, range(30))
    clock = np.zeros((200, 4))
    # Sums of the hours on the clock face, all of them, and those on weekends.
    clock[:] = (hours, 0.0, 40.0, 12.0)
    found = terms(drawing.incidence(), features(200, clock=clock), label, 1, SETTINGS)
    (timetable,) = (term for term in found if term.name == "one_timetable")
    assert timetable.points[0] == points
    if points:
        assert "a class and its exercises" in timetable.sentence(0)
