"""A hub that nobody uses in passing is a group's own; one that many try once is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from linkage.config import EvidenceSettings
from linkage.evidence import links, trust
from linkage.evidence.devotion import devotion
from linkage.evidence.incidence import Incidence
from tests.lib.graphs import IP, TEMPLATE, Drawing

#: A ring of 200 on a template of its own for half of its work; 1,000 people on public templates, mostly in passing.
RING, PEOPLE, PUBLIC = 200, 1_000, 20


def crowd(seed: int = 4) -> tuple[Drawing, Incidence]:
    random = np.random.default_rng(seed)
    drawing = Drawing(accounts=RING + PEOPLE)
    for account in range(RING):
        drawing.use([account], TEMPLATE, "ring", events=int(random.integers(40, 60)))
    for account in range(RING + PEOPLE):
        for name in random.choice(PUBLIC, 2, replace=False):
            events = int(random.integers(50, 90)) if random.random() < 0.1 else int(random.integers(1, 8))
            drawing.use([account], TEMPLATE, f"public-{name:02}", events=events)
    found = drawing.incidence()
    return drawing, replace(found, account_events=np.full(found.accounts, 100.0))


def test_a_template_that_nobody_uses_in_passing_is_devoted_to() -> None:
    drawing, found = crowd()
    measured = devotion(found, np.array([kind == IP for kind in found.kinds]))
    public = [drawing.at(TEMPLATE, f"public-{number:02}") for number in range(PUBLIC)]
    assert measured[drawing.at(TEMPLATE, "ring")] > 0.8
    assert measured[public].max() < 0.2


def test_a_hub_that_is_the_only_tie_brings_its_accounts_together_and_a_public_one_does_not() -> None:
    drawing, found = crowd()
    settings = EvidenceSettings()
    learned = trust.learn(found, settings, 1)
    made = links.links(found, learned, settings, 1)
    assert learned.theta[drawing.at(TEMPLATE, "ring")] > 0.5
    assert np.unique(np.concatenate([made.first, made.second])).tolist() == list(range(RING))


def test_addresses_and_identifiers_of_few_accounts_have_none() -> None:
    drawing, _ = crowd()
    drawing.use(range(40), IP, "campus", events=10)
    drawing.use(range(5), TEMPLATE, "few", events=10)
    found = drawing.incidence()
    measured = devotion(found, np.array([kind == IP for kind in found.kinds]))
    assert measured[[drawing.at(IP, "campus"), drawing.at(TEMPLATE, "few")]].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("events", [0.0, 1.0])
def test_an_account_with_less_activity_than_sightings_uses_its_identifiers_for_all_its_work(events: float) -> None:
    drawing, _ = crowd()
    found = drawing.incidence()
    found = replace(found, account_events=np.full(found.accounts, events))
    measured = devotion(found, np.zeros(len(found.kinds), dtype=np.bool_))
    # Every part is 1, and so every hub is as even as every other.
    assert measured.tolist() == [0.0] * found.identifiers


def test_what_is_usual_takes_more_than_a_few_hubs() -> None:
    drawing = Drawing()
    drawing.use(range(40), TEMPLATE, "even", events=10)
    for account in range(40, 80):
        drawing.use([account], TEMPLATE, "uneven", events=1 + account % 20)
    found = replace(drawing.incidence(), account_events=np.full(80, 40.0))
    assert devotion(found, np.zeros(len(found.kinds), dtype=np.bool_)).tolist() == [0.0, 0.0]
