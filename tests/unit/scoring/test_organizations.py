"""Firms inside a group: known by who they are, and believed as far as they keep to themselves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from linkage.config import Settings
from linkage.evidence.incidence import Incidence
from linkage.scoring.assess import assess
from linkage.scoring.features import Features
from linkage.scoring.organizations import Firms, Organizations, organizations
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


def seen(graph: Incidence, made: Features, label: NDArray[np.int64]) -> Organizations:
    """The organizations of one group."""
    return organizations(graph, made, label, 1, Firms.of(graph, made, SETTINGS.exclusive_share), SETTINGS)


def points(found: list[Term], name: str) -> float:
    (term,) = (term for term in found if term.name == name)
    return float(term.points[0])


@pytest.mark.parametrize("known", ["organization", "domain"])
def test_firms_that_keep_to_themselves_are_seen(known: str) -> None:
    made = replace(features(N), **{known: named()})
    found = seen(union(apart=True).incidence(), made, label_of(N, MEMBERS))
    assert found.number.tolist() == [FIRMS]
    assert (found.registered + found.by_domain).tolist() == [1.0]
    assert sorted(np.unique(found.part[list(MEMBERS)]).tolist()) == list(range(FIRMS))
    assert (found.part[FIRMS * SIZE :] == -1).all()


def test_names_among_which_cards_and_addresses_go_round_are_no_firms() -> None:
    made = replace(features(N), domain=named())
    found = seen(union(apart=False).incidence(), made, label_of(N, MEMBERS))
    assert found.number.tolist() == [0]
    assert found.by_domain.tolist() == [0.0]


def test_a_domain_that_most_people_of_elsewhere_have_is_no_firm() -> None:
    domain = np.full(N, 9, np.int64)
    found = seen(union(apart=True).incidence(), replace(features(N), domain=domain), label_of(N, MEMBERS))
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
    assert points(known, "one_organization") == pytest.approx(-3.0 - 0.5 * np.log2(8 / 3))
    assert points(round_, "one_organization") == 0.0
    (term,) = (term for term in known if term.name == "one_organization")
    assert term.sentence(0).startswith("100% of the members belong to 8 organizations or e-mail domains of their own")
    q = np.full(1, 1e-6)
    assert assess(known, q, SETTINGS).abuse[0] < assess(unknown, q, SETTINGS).abuse[0] - 1.5


def laboratories(number: int, here: int, *, at_work: bool = True) -> tuple[Drawing, NDArray[np.int64], list[int]]:
    """Laboratories of ten, of each of which a few ask what a benchmark asks; those do so at work, or at home."""
    drawing, names, group = Drawing(), np.full(N, -1, np.int64), []
    for laboratory in range(number):
        people = range(laboratory * SIZE, laboratory * SIZE + SIZE)
        some = list(people[:here])
        drawing.use(people if at_work else people[: SIZE // 3], IP, f"laboratory-{laboratory}")
        names[list(people)] = 900 + laboratory
        group += some
    for task in range(12):
        drawing.use(group, TEMPLATE, f"task-{task}")
    drawing.accounts = N
    return drawing, names, group


@pytest.mark.parametrize("known", ["organization", "domain"])
@pytest.mark.parametrize("here", [1, 2, 4])
def test_some_people_of_several_laboratories_are_their_laboratories(here: int, known: str) -> None:
    drawing, names, group = laboratories(6, here)
    found = seen(drawing.incidence(), replace(features(N), **{known: names}), label_of(N, group))
    assert found.number.tolist() == [6]
    assert (found.registered + found.by_domain).tolist() == [1.0]
    # Anyone can have a mail domain.
    assert found.apart.tolist() == [1.0 if known == "organization" else 0.0]


def test_some_people_of_two_laboratories_and_people_at_home_are_no_community_of_laboratories() -> None:
    for drawing, names, group in (laboratories(2, 2), laboratories(6, 2, at_work=False)):
        found = seen(drawing.incidence(), replace(features(N), organization=names), label_of(N, group))
        assert found.number.tolist() == found.apart.tolist() == [0]


def test_mail_providers_are_no_firms_though_some_of_their_customers_are_behind_one_exit() -> None:
    """Of three providers a hundred customers each are at home; five of each are a ring's, behind one exit each."""
    drawing, domain = Drawing(), np.full(N, -1, np.int64)
    for provider in range(3):
        people = range(100 * provider, 100 * provider + 100)
        domain[list(people)] = 700 + provider
        drawing.use(people[:5], IP, f"exit-{provider}")
        for couple in people[10:90:2]:
            drawing.use([couple, couple + 1], IP, f"home-{couple}")
    drawing.accounts = N
    group = [100 * provider + at for provider in range(3) for at in range(5)]
    # Couples have one provider: what is nobody else's home is theirs. Singles are at home alone.
    domain[11:90:2] = 703
    domain[111:190:2] = 704
    domain[211:290:2] = 705
    found = seen(drawing.incidence(), replace(features(N), domain=domain), label_of(N, group))
    assert found.number.tolist() == [0]


def test_nobody_works_where_nobody_with_a_name_was_seen() -> None:
    drawing = Drawing()
    drawing.use(range(6), TEMPLATE, "task")
    drawing.use(range(1, 6), IP, "office")
    drawing.use(range(1, 6), CARD, "card")
    drawing.accounts = N
    domain = np.full(N, -1, np.int64)
    domain[0] = 900
    found = seen(drawing.incidence(), replace(features(N), domain=domain), label_of(N, range(6)))
    assert found.number.tolist() == [0]


def test_what_laboratories_hand_round_among_each_other_is_no_operators() -> None:
    """Requests of one size, prompts and canaries of a benchmark count against nobody who asks what it asks at work."""
    drawing, names, group = laboratories(8, 4)
    drawing = replace(drawing, kinds=(*drawing.kinds, "canary"))
    for canary in range(7):
        drawing.use(group, "canary", f"canary-{canary}")
    made = features(N)
    random = np.random.default_rng(3)
    tokens = (made.events * 1000.0 * np.exp2(random.normal(0, 2, N))).astype(np.int64)
    tokens[group] = (made.events[group] * 1000).astype(np.int64) + np.arange(len(group))
    made = replace(made, tokens=tokens)
    # Ten other groups, whose members differ and whose prompts are few.
    label = np.full(N, -1, np.int64)
    label[group] = 0
    for other in range(1, 13):
        members = range(100 + 20 * other, 110 + 20 * other)
        label[list(members)] = other
        for task in range(1 + other % 3):
            drawing.use(members, TEMPLATE, f"other-{other}-{task}")
    known, unknown = (
        terms(drawing.incidence(), told, label, 13, SETTINGS) for told in (replace(made, organization=names), made)
    )
    for name in ("canary_hits", "many_own_templates", "same_sizes"):
        assert points(unknown, name) > 0.5, name
        assert points(known, name) == 0.0, name


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
    found = seen(drawing.incidence(), replace(features(N), domain=domain), label_of(N, range(80)))
    assert found.by_domain[0] < 0.2


def test_accounts_that_an_organization_did_not_register_are_its_own_by_their_domain() -> None:
    drawing = union(apart=True)
    organization = named()
    organization[[firm * SIZE for firm in range(FIRMS)]] = -1
    made = replace(features(N), organization=organization, domain=named() + 1_000 * (named() >= 0))
    found = seen(drawing.incidence(), made, label_of(N, MEMBERS))
    assert found.number.tolist() == [FIRMS]
    assert found.registered.tolist() == pytest.approx([0.9])
    assert found.by_domain.tolist() == pytest.approx([0.1])
