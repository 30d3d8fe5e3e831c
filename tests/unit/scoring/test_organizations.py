"""Firms inside a group: known by who they are, and believed as far as they keep to themselves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from linkage.config import Settings
from linkage.scoring.assess import assess
from linkage.scoring.organizations import organizations
from linkage.scoring.term import Term
from linkage.scoring.terms import terms
from tests.lib.graphs import CARD, IP, TEMPLATE, Drawing, features, label_of

SETTINGS = Settings().scoring
N, FIRMS, SIZE = 400, 8, 10
MEMBERS = range(FIRMS * SIZE)


def union(*, apart: bool) -> Drawing:
    """Eight firms of ten that one tool brings together; each pays and works on its own, or all on what goes round."""
    drawing = Drawing()
    for firm in range(FIRMS):
        for at in range(SIZE):
            account = firm * SIZE + at
            card, address = (firm, firm) if apart else (account * 7 % FIRMS, (account + firm) % FIRMS)
            drawing.use([account], CARD, f"card-{card}")
            drawing.use([account], IP, f"address-{address}")
    for tool in range(12):
        drawing.use(list(MEMBERS), TEMPLATE, f"tool-{tool}")
    drawing.accounts = N
    return drawing


def named() -> NDArray[np.int64]:
    """Organization or domain of everybody: the firm's."""
    out = np.full(N, -1, np.int64)
    for account in MEMBERS:
        out[account] = 500 + account // SIZE
    return out


def points(found: list[Term], name: str) -> float:
    (term,) = (term for term in found if term.name == name)
    return float(term.points[0])


@pytest.mark.parametrize("known", ["organization", "domain"])
def test_firms_that_keep_to_themselves_are_seen(known: str) -> None:
    made = replace(features(N), **{known: named()})
    found = organizations(union(apart=True).incidence(), made, label_of(N, MEMBERS), 1, SETTINGS)
    assert found.number.tolist() == [FIRMS]
    assert (found.registered + found.by_domain).tolist() == [1.0]
    assert sorted(np.unique(found.part[list(MEMBERS)]).tolist()) == list(range(FIRMS))
    assert (found.part[FIRMS * SIZE :] == -1).all()


def test_names_among_which_cards_and_addresses_go_round_are_no_firms() -> None:
    made = replace(features(N), domain=named())
    found = organizations(union(apart=False).incidence(), made, label_of(N, MEMBERS), 1, SETTINGS)
    assert found.number.tolist() == [0]
    assert found.by_domain.tolist() == [0.0]


def test_a_domain_that_most_people_of_elsewhere_have_is_no_firm() -> None:
    domain = np.full(N, 9, np.int64)
    found = organizations(
        union(apart=True).incidence(), replace(features(N), domain=domain), label_of(N, MEMBERS), 1, SETTINGS
    )
    assert found.number.tolist() == [0]


def test_a_union_of_firms_has_neither_cards_nor_exits_that_go_round() -> None:
    label = label_of(N, MEMBERS)
    unknown = terms(union(apart=True).incidence(), features(N), label, 1, SETTINGS)
    known = terms(union(apart=True).incidence(), replace(features(N), domain=named()), label, 1, SETTINGS)
    round_ = terms(union(apart=False).incidence(), replace(features(N), domain=named()), label, 1, SETTINGS)
    for name in ("rotating_cards", "shared_exits"):
        # Where they pay and work tells firms as well as their names do.
        assert points(known, name) == points(unknown, name) == 0.0, name
        assert points(round_, name) > 0.0, name
    # Eight firms are more than the three that count three points.
    assert points(known, "one_organization") == pytest.approx(-3.0 - np.log2(8 / 3))
    assert points(round_, "one_organization") == 0.0
    (term,) = (term for term in known if term.name == "one_organization")
    assert term.sentence(0).startswith("100% of the members belong to 8 organizations or e-mail domains of their own")
    q = np.full(1, 1e-6)
    assert assess(known, q, SETTINGS).abuse[0] < assess(unknown, q, SETTINGS).abuse[0] - 1.5


def laboratories(number: int, here: int, *, at_work: bool = True) -> tuple[Drawing, NDArray[np.int64], list[int]]:
    """Laboratories of ten, of each of which a few ask what a benchmark asks; those do so at work, or at home."""
    drawing, domain, group = Drawing(), np.full(N, -1, np.int64), []
    for laboratory in range(number):
        people = range(laboratory * SIZE, laboratory * SIZE + SIZE)
        some = list(people[:here])
        drawing.use(people if at_work else people[here:], IP, f"laboratory-{laboratory}")
        domain[list(people)] = 900 + laboratory
        group += some
    for task in range(12):
        drawing.use(group, TEMPLATE, f"task-{task}")
    drawing.accounts = N
    return drawing, domain, group


@pytest.mark.parametrize("here", [1, 2, 4])
def test_some_people_of_several_laboratories_are_their_laboratories(here: int) -> None:
    drawing, domain, group = laboratories(6, here)
    found = organizations(drawing.incidence(), replace(features(N), domain=domain), label_of(N, group), 1, SETTINGS)
    assert found.number.tolist() == [6]
    assert found.by_domain.tolist() == found.apart.tolist() == [1.0]


def test_some_people_of_two_laboratories_and_people_at_home_are_no_community_of_laboratories() -> None:
    for drawing, domain, group in (laboratories(2, 2), laboratories(6, 2, at_work=False)):
        found = organizations(drawing.incidence(), replace(features(N), domain=domain), label_of(N, group), 1, SETTINGS)
        assert found.number.tolist() == found.apart.tolist() == [0]


def test_what_laboratories_hand_round_among_each_other_is_no_operators() -> None:
    """Requests of one size and canaries of a benchmark count against nobody who asks what it asks at work."""
    label = np.full(N, -1, np.int64)
    drawing, domain, group = laboratories(8, 4)
    drawing = replace(drawing, kinds=(*drawing.kinds, "canary"))
    label[group] = 0
    for canary in range(7):
        drawing.use(group, "canary", f"canary-{canary}")
    known, unknown = (
        terms(drawing.incidence(), made, label, 1, SETTINGS)
        for made in (replace(features(N), domain=domain), features(N))
    )
    assert points(unknown, "canary_hits") == 3.0
    assert points(known, "canary_hits") == 0.0


def test_names_whose_accounts_also_share_among_each_other_are_no_firms() -> None:
    """Twenty domains of four accounts: two of four share a card, and forty cards go round between the domains."""
    random = np.random.default_rng(4)
    drawing = Drawing()
    for name in range(20):
        drawing.use([4 * name, 4 * name + 1], CARD, f"own-{name:02}")
    for card in range(40):
        drawing.use(random.choice(80, 2, replace=False), CARD, f"round-{card:02}")
    drawing.accounts = N
    domain = np.full(N, -1, np.int64)
    domain[:80] = np.arange(80) // 4
    found = organizations(drawing.incidence(), replace(features(N), domain=domain), label_of(N, range(80)), 1, SETTINGS)
    assert found.by_domain[0] < 0.2


def test_accounts_that_an_organization_did_not_register_are_its_own_by_their_domain() -> None:
    drawing = union(apart=True)
    organization = named()
    organization[[firm * SIZE for firm in range(FIRMS)]] = -1
    made = replace(features(N), organization=organization, domain=named() + 1_000 * (named() >= 0))
    found = organizations(drawing.incidence(), made, label_of(N, MEMBERS), 1, SETTINGS)
    assert found.number.tolist() == [FIRMS]
    assert found.registered.tolist() == pytest.approx([0.9])
    assert found.by_domain.tolist() == pytest.approx([0.1])
