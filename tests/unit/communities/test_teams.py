"""Communities with many things in common that nobody else uses."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import numpy as np
import pytest

from linkage.communities import membership
from linkage.communities.stands import enriched
from linkage.communities.teams import in_common
from linkage.config import EvidenceSettings, MembershipSettings
from linkage.evidence import trust
from linkage.evidence.incidence import Incidence
from linkage.evidence.trust import Trust
from tests.lib.graphs import CARD, IP, TEMPLATE, Drawing, label_of

ACCOUNTS = 900
#: Two teams, and a class that has nothing to do with them and comes first.
CLASS, ONE, OTHER, PEOPLE = range(30), range(30, 130), range(130, 190), range(200, ACCOUNTS)
TEAMS = [(1, 2)]


def world(teams: Iterable[range] = (ONE, OTHER), own: int = 10) -> tuple[Drawing, np.random.Generator]:
    """Groups with templates of their own that a third of their members use each, and public ones."""
    random = np.random.default_rng(5)
    drawing = Drawing()
    for team in (CLASS, *teams):
        for number in range(own):
            drawing.use(random.choice(team, len(team) // 3, replace=False), TEMPLATE, f"{team.start}-{number}")
    for number in range(100):
        drawing.use(random.choice(PEOPLE, 8, replace=False), TEMPLATE, f"public-{number}")
    drawing.accounts = ACCOUNTS
    return drawing, random


def handed_out(
    things: int, share: float, kind: str = TEMPLATE, visitors: int = 0, teams: Iterable[range] = (ONE, OTHER)
) -> Drawing:
    """``things`` for all ``teams``: each used by ``share`` of the members of each, drawn anew, and by ``visitors``."""
    drawing, random = world(teams)
    for number in range(things):
        for team in teams:
            drawing.use(random.choice(team, round(share * len(team)), replace=False), kind, f"common-{number}")
        drawing.use(random.choice(PEOPLE, visitors, replace=False), kind, f"common-{number}")
    return drawing


def learned(graph: Incidence) -> Trust:
    return trust.learn(graph, EvidenceSettings(), 1)


def joined(drawing: Drawing, *teams: range, worth: Trust | None = None) -> list[tuple[int, int]]:
    graph = drawing.incidence()
    label = label_of(ACCOUNTS, CLASS, *(teams or (ONE, OTHER)))
    stands = enriched(graph, label, MembershipSettings())
    left, right = in_common(graph, stands, label, int(label.max()) + 1, worth or learned(graph))
    return list(zip(left.tolist(), right.tolist(), strict=True))


@pytest.mark.parametrize("kind", [TEMPLATE, CARD])
def test_what_is_handed_to_both_of_two_teams_and_to_nobody_else_makes_them_one(kind: str) -> None:
    assert joined(handed_out(8, 0.15, kind)) == TEAMS


@pytest.mark.parametrize(
    ("drawing", "why"),
    [
        (handed_out(0, 0.0), "they have nothing in common"),
        (handed_out(1, 0.6), "one thing, however common, is a stolen card"),
        (handed_out(4, 0.05), "few members use any"),
        (handed_out(8, 0.15, visitors=4), "others use it as well"),
        (handed_out(8, 0.6), "who uses one uses most of them, as the prompts of a tool"),
        (handed_out(8, 0.15, IP), "exits have customers"),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_other_things_in_common_do_not(drawing: Drawing, why: str) -> None:
    assert joined(drawing) == [], why


@pytest.mark.parametrize(("cards", "together"), [(2, []), (3, []), (4, []), (6, TEAMS)])
def test_a_few_cards_that_are_used_in_turn_are_stolen_cards(cards: int, together: list[tuple[int, int]]) -> None:
    drawing, _random = world()
    for number in range(cards):
        turn = [*ONE[number * 12 :][:12], *OTHER[number * 8 :][:8]]
        drawing.use(turn, CARD, f"stolen-{number}")
    assert joined(drawing) == together


def test_what_was_learned_to_be_worth_less_than_is_usual_does_not() -> None:
    drawing = handed_out(8, 0.15)
    of = learned(drawing.incidence())
    assert joined(drawing, worth=dataclasses.replace(of, theta=of.usual)) == TEAMS
    assert joined(drawing, worth=dataclasses.replace(of, theta=0.9 * of.usual)) == []
    assert joined(drawing, worth=dataclasses.replace(of, theta=0.9 * of.usual, prior=0.1 * of.usual)) == [], (
        "what chance explains is worth less than is usual, too"
    )


def test_who_does_not_stand_on_a_thing_is_not_joined_by_it() -> None:
    graph = handed_out(8, 0.15).incidence()
    label = label_of(ACCOUNTS, CLASS, ONE, OTHER)
    stands, worth = enriched(graph, label, MembershipSettings()), learned(graph)
    others = stands.community != 2
    without = dataclasses.replace(
        stands, **{name: getattr(stands, name)[others] for name in ("community", "identifier", "inside", "bits")}
    )
    assert len(in_common(graph, stands, label, 3, worth)[0]) == 1
    assert len(in_common(graph, without, label, 3, worth)[0]) == 0


def test_few_of_a_class_who_use_a_campaigns_prompts_do_not_make_the_class_a_part_of_it() -> None:
    """Four of eight, or five, use four of eight prompts of the campaign each: as many as two hand round."""

    def moonlighting(people: int) -> list[tuple[int, int]]:
        drawing, _random = world()
        for number in range(8):
            some = {OTHER[number % people], OTHER[(number + 1) % people]}
            drawing.use([*some, *ONE[number * 10 : number * 10 + 8]], TEMPLATE, f"common-{number}")
        return joined(drawing, ONE, range(OTHER.start, OTHER.start + 8))

    assert moonlighting(2) == []
    assert moonlighting(4) == []
    assert moonlighting(5) == TEAMS


def test_three_teams_are_one_by_what_all_three_have() -> None:
    third = range(190, 250)
    pairs = joined(handed_out(10, 0.15, teams=(ONE, OTHER, third)), ONE, OTHER, third)
    assert {community for pair in pairs for community in pair} == {1, 2, 3}


def test_a_team_between_two_others_joins_one_of_them() -> None:
    between = range(190, 230)
    drawing, random = world((ONE, OTHER, between))
    for number in range(8):
        for team, share in ((ONE, 0.1), (OTHER, 0.1)):
            mine, its = (random.choice(who, round(part * len(who)), replace=False)
                         for who, part in ((team, share), (between, 0.2)))  # fmt: skip
            drawing.use([*mine, *its], TEMPLATE, f"common-{team.start}-{number}")
    assert len(joined(drawing, ONE, OTHER, between)) == 1


def test_it_is_asked_who_is_a_member_now() -> None:
    """Visitors who counted as members when the evidence was measured, and have left, are others."""
    drawing = handed_out(8, 0.15, visitors=10)
    graph, visitors = drawing.incidence(), {account for account, _kind, name in drawing.uses if name[:7] == "common-"}
    before = label_of(ACCOUNTS, CLASS, [*ONE, *sorted(visitors & set(PEOPLE))], OTHER)
    stands, worth = enriched(graph, before, MembershipSettings()), learned(graph)
    assert len(in_common(graph, stands, before, 3, worth)[0]) == 1
    assert len(in_common(graph, stands, label_of(ACCOUNTS, CLASS, ONE, OTHER), 3, worth)[0]) == 0
    assert len(in_common(graph, stands, np.full(ACCOUNTS, -1, np.int64), 3, worth)[0]) == 0


def test_a_cut_that_takes_them_apart_once_is_not_the_last_word() -> None:
    graph, settings, label = (
        handed_out(10, 0.15).incidence(),
        MembershipSettings(),
        label_of(ACCOUNTS, CLASS, ONE, OTHER),
    )
    worth, private = learned(graph), np.full(ACCOUNTS, np.nan)
    band = membership.banded(private)
    for _ in range(5):
        label = membership.score(graph, worth, label, band, settings.core_share, settings, tails=False).label
    found = membership.assign(graph, worth, label, private, settings, cut=lambda core: np.where(core >= 0, label, -1))
    assert len(set(label[[*ONE, *OTHER]]) - {-1}) == 2
    assert len(set(found.core[[*ONE, *OTHER]]) - {-1}) == 1
