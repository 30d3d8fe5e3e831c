"""Communities with many things in common that nobody else uses."""

from __future__ import annotations

import numpy as np
import pytest

from linkage.communities.common import in_common
from linkage.communities.stands import enriched
from linkage.config import EvidenceSettings, MembershipSettings
from linkage.evidence import trust
from tests.lib.graphs import CARD, IP, TEMPLATE, Drawing, label_of

ACCOUNTS = 600
ONE, OTHER, PEOPLE = range(60), range(60, 100), range(100, ACCOUNTS)


def two_teams(common: int, share: float, kind: str = TEMPLATE, visitors: int = 0) -> Drawing:
    """Two groups with ten templates each that a third of their members use, and ``common`` ones for both.

    Each of these is used by ``share`` of the members of both, drawn anew for each, and by so many ``visitors``.
    """
    random = np.random.default_rng(5)
    drawing = Drawing()
    for number in range(10):
        for team in (ONE, OTHER):
            drawing.use(random.choice(team, len(team) // 3, replace=False), TEMPLATE, f"{team.start}-{number}")
    for number in range(common):
        for team in (ONE, OTHER):
            drawing.use(random.choice(team, int(share * len(team)), replace=False), kind, f"common-{number}")
        drawing.use(random.choice(PEOPLE, visitors, replace=False), kind, f"common-{number}")
    for number in range(100):
        drawing.use(random.choice(PEOPLE, 8, replace=False), TEMPLATE, f"public-{number}")
    drawing.accounts = ACCOUNTS
    return drawing


def joined(drawing: Drawing) -> list[tuple[int, int]]:
    graph, label = drawing.incidence(), label_of(ACCOUNTS, ONE, OTHER)
    learned = trust.learn(graph, EvidenceSettings(), 1)
    size = np.bincount(label[label >= 0])
    left, right = in_common(graph, enriched(graph, label, MembershipSettings()), label, size, learned)
    return list(zip(left.tolist(), right.tolist(), strict=True))


@pytest.mark.parametrize("kind", [TEMPLATE, CARD])
def test_what_is_handed_to_both_of_two_teams_and_to_nobody_else_makes_them_one(kind: str) -> None:
    assert joined(two_teams(8, 0.15, kind)) == [(0, 1)]


@pytest.mark.parametrize(
    ("drawing", "why"),
    [
        (two_teams(0, 0.0), "they have nothing in common"),
        (two_teams(1, 0.6), "one thing, however common, is a stolen card or a tool"),
        (two_teams(8, 0.03), "few members of either use any"),
        (two_teams(8, 0.15, visitors=10), "others use it as well"),
        (two_teams(8, 0.9), "who uses one uses them all, as the prompts of a tool"),
        (two_teams(8, 0.15, IP), "exits have customers"),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_other_things_in_common_do_not(drawing: Drawing, why: str) -> None:
    assert joined(drawing) == [], why


def test_members_who_left_since_the_evidence_was_measured_are_not_counted() -> None:
    graph, label = two_teams(8, 0.15).incidence(), label_of(ACCOUNTS, ONE, OTHER)
    learned = trust.learn(graph, EvidenceSettings(), 1)
    stands = enriched(graph, label, MembershipSettings())
    nobody = np.full(ACCOUNTS, -1, np.int64)
    left, right = in_common(graph, stands, nobody, np.zeros(2, np.int64), learned)
    assert len(left) == len(right) == 0
