"""Terms and significance → score, tier and flag."""

from __future__ import annotations

import numpy as np
import pytest

from linkage.config import ScoringSettings
from linkage.model.explanation import NO_FLAG
from linkage.scoring.assess import Assessment, assess
from linkage.scoring.term import Term

BAR, NEAR, KIND, MUCH = 5.0, 2.5, 1.0, 6.0
SETTINGS = ScoringSettings(flag_points=BAR, near_points=NEAR, kind_points=KIND, overwhelming_points=MUCH)


def judged(q_value: float, **points: float) -> Assessment:
    """One group, with so many points in each kind of evidence."""
    nan = np.array([np.nan])
    found = [
        Term(evidence, evidence, nan, nan, nan, np.array([value]), lambda _group: "words")
        for evidence, value in points.items()
    ]
    return assess(found, np.array([q_value]), SETTINGS)


def tier(q_value: float, **points: float) -> int:
    return int(judged(q_value, **points).tier[0])


def test_two_kinds_of_evidence_beyond_the_bar_are_flagged() -> None:
    assert tier(0.001, network=BAR / 2 + 0.1, timing=BAR / 2 + 0.1) == 1


def test_how_members_are_linked_is_no_abuse_however_many_kinds_of_it_there_are() -> None:
    linked = {"network": BAR, "payment": BAR, "structure": BAR, "templates": BAR, "absence": BAR}
    assert tier(0.001, **linked, timing=KIND * 0.3, taste=KIND * 0.1) == 2
    assert tier(0.001, **linked, timing=KIND * 0.3, taste=KIND * 0.2) == 1
    assert tier(0.001, **linked, timing=KIND, taste=-KIND) == 1
    assert judged(0.001, **linked).score[0] == pytest.approx(judged(0.001, **linked, work=1e-9).score[0])
    assert judged(0.001, **linked).score[0] < 0.6 * judged(0.001, **linked, work=KIND).score[0]


def test_a_house_of_their_own_leaves_the_verdict_to_people() -> None:
    nan = np.array([np.nan])

    def with_house(points: float, house: float | None) -> Assessment:
        found = [
            Term("strongest_models", "taste", nan, nan, nan, np.array([BAR]), lambda _group: "words"),
            Term("moves_at_release", "release", nan, nan, nan, np.array([BAR]), lambda _group: "words"),
            Term(
                "one_organization", "identity", nan, nan, nan, np.array([-points]), lambda _group: "words",
                house=None if house is None else np.array([house]),
            ),
        ]  # fmt: skip
        return assess(found, np.array([0.001]), SETTINGS)

    assert with_house(2 * KIND, 1.9 * KIND).tier[0] == 1
    assert with_house(2 * KIND, 2 * KIND).tier[0] == 2
    assert with_house(2 * KIND, None).tier[0] == 1, "a mail domain, which anyone can have"
    assert with_house(2 * BAR, 2 * BAR).tier[0] == 3
    # Below every flag, in the order of their points.
    much, less = with_house(2 * KIND, 2 * KIND).score[0], with_house(3 * KIND, 3 * KIND).score[0]
    assert less < much < judged(0.001, timing=BAR / 2, payment=BAR / 2).score[0]


def test_one_kind_alone_is_for_a_person_unless_it_overwhelms() -> None:
    assert tier(0.001, timing=(BAR + MUCH) / 2) == 2
    assert tier(0.001, timing=MUCH) == 1


def test_a_schedule_at_its_cap_is_a_kind_that_suffices_alone() -> None:
    cap, rest = SETTINGS.kind_cap_points, BAR - SETTINGS.kind_cap_points
    assert tier(0.001, schedule=cap, absence=rest) == 1
    # Three members in five, by the arithmetic of a machine.
    assert tier(0.001, schedule=4.0 * ((0.6 - 0.2) / 0.4), absence=rest) == 1
    assert tier(0.001, schedule=cap - 0.1, absence=rest + 0.1) == 2
    assert tier(0.001, network=cap, absence=rest) == 2
    assert tier(0.001, schedule=cap, absence=rest - 0.1) == 2
    assert tier(0.5, schedule=cap, absence=rest) == 3


def test_what_stands_beside_the_strongest_kind_has_a_bar_of_its_own() -> None:
    assert tier(0.001, timing=BAR, payment=KIND * 0.9) == 2
    assert tier(0.001, timing=BAR, payment=KIND) == 1


def test_weak_kinds_add_up_to_a_second_one() -> None:
    assert tier(0.001, timing=BAR, payment=KIND * 0.5, taste=KIND * 0.5) == 1
    assert tier(0.001, timing=BAR, payment=KIND * 0.5, taste=KIND * 0.4) == 2


def test_near_the_bar_is_for_a_person() -> None:
    assert tier(0.001, network=NEAR / 2 + 0.1, payment=NEAR / 2 + 0.1) == 2
    assert tier(0.001, network=NEAR * 0.9) == 3


@pytest.mark.parametrize("q_value", [SETTINGS.q_bar * 1.01, 0.5, 1.0])
def test_linkage_that_is_not_validated_is_never_flagged_nor_for_a_person(q_value: float) -> None:
    assert tier(q_value, network=BAR, payment=BAR, taste=BAR) == 3


def test_linkage_is_validated_up_to_the_bar() -> None:
    assert tier(SETTINGS.q_bar, timing=BAR, payment=BAR) == 1


def test_evidence_against_is_taken_off() -> None:
    assert tier(0.001, network=BAR, payment=KIND, identity=NEAR - BAR - KIND - 0.1) == 3
    assert judged(0.001, network=4.0, identity=-1.5).abuse[0] == pytest.approx(2.5)


def test_evidence_against_is_no_kind_for_and_takes_nothing_from_those() -> None:
    assert tier(0.001, timing=BAR + MUCH, payment=-KIND) == 1
    assert tier(0.001, timing=MUCH * 0.99, payment=-0.1, taste=-0.1) == 2
    assert tier(0.001, timing=BAR + KIND, payment=KIND, taste=-KIND) == 1


def test_absence_is_no_kind_of_its_own() -> None:
    assert tier(0.001, timing=BAR, absence=2 * KIND) == 2


def test_the_score_rises_with_the_points_and_falls_without_validation() -> None:
    scores = [float(judged(0.001, network=value, payment=value).score[0]) for value in (-5.0, 0.0, 2.0, 4.0, 9.0)]
    assert scores == sorted(scores)
    assert all(0 <= score <= 1 for score in scores)
    for value in (2.0, 4.0, 9.0):
        valid = judged(0.001, network=value, payment=value).score[0]
        assert judged(0.9, network=value, payment=value).score[0] < valid


def test_a_flagged_group_ranks_above_one_that_is_not_at_the_same_points() -> None:
    total = BAR + 0.5
    assert judged(0.001, timing=total / 2, payment=total / 2).score[0] > judged(0.001, timing=total).score[0]


def test_no_terms_no_points() -> None:
    assessment = assess([], np.array([0.001, 1.0]), SETTINGS)
    assert assessment.abuse.tolist() == [0.0, 0.0]
    assert assessment.tier.tolist() == [3, 3]


def test_why_points_beyond_the_bar_are_no_flag_is_told() -> None:
    flagged = judged(0.001, timing=BAR, payment=KIND)
    assert (flagged.tier[0], flagged.held) == (1, ("",))
    assert judged(0.001, timing=BAR - 0.1).held == ("",), (
        "its points do not reach the bar, which is all there is to tell"
    )
    one_kind = judged(0.001, timing=BAR, payment=KIND * 0.999, absence=BAR).held[0]
    assert one_kind == (
        f"{NO_FLAG}kinds of evidence beside the strongest, the absence of reasons apart, add 0.99 points; 1 are asked"
    )
    linked = judged(0.05001, network=BAR, payment=BAR, timing=KIND * 0.4).held[0]
    assert "(q 0.0501; 0.05 at most is asked)" in linked
    assert "what the members do adds 0.40 points; 0.5 are asked" in linked
    nan = np.array([np.nan])
    of_a_firm = Term(
        "one_organization", "identity", nan, nan, nan, np.array([-2 * KIND]), lambda _group: "words",
        house=np.array([2 * KIND]),
    )  # fmt: skip
    others = [Term(kind, kind, nan, nan, nan, np.array([BAR]), lambda _group: "words") for kind in ("taste", "release")]
    held = assess([*others, of_a_firm], np.array([0.001]), SETTINGS).held
    assert held == (
        f"{NO_FLAG}a site or a registered organization of their own counts 2.00 points; from 2 on people decide",
    )
