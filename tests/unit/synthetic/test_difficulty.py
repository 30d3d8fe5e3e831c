"""A mixed population is hard for plain methods, and every campaign in it still tells on itself."""

from __future__ import annotations

import re

import numpy as np
import pytest

from linkage.synthetic import Population
from tests.unit.synthetic import plain_methods
from tests.unit.synthetic.tells import tells

#: What the best plain method may reach, at the threshold that suits it best.
BAR = 0.85


@pytest.fixture(scope="module")
def sight(mixed: Population) -> plain_methods.Sight:
    return plain_methods.look(mixed)


@pytest.mark.parametrize("hub", [np.inf, 100, 20])
@pytest.mark.parametrize("kinds", [plain_methods.KINDS, *((kind,) for kind in plain_methods.KINDS)])
def test_connected_components_stay_below_the_bar(
    sight: plain_methods.Sight, kinds: tuple[str, ...], hub: float
) -> None:
    found = plain_methods.clusters_f1(sight, plain_methods.components(sight, kinds, hub))
    assert max(found[name] for name in ("size", "drip", "size and drip")) < BAR


def test_one_component_holds_most_accounts(sight: plain_methods.Sight) -> None:
    label = plain_methods.components(sight, plain_methods.KINDS, np.inf)
    assert np.bincount(label).max() > 0.65 * (sight.events > 0).sum()


@pytest.mark.parametrize("hub", [100, 20])
def test_louvain_on_raw_counts_stays_below_the_bar(sight: plain_methods.Sight, hub: float) -> None:
    found = plain_methods.clusters_f1(sight, plain_methods.louvain(sight, hub))
    assert max(found[name] for name in ("size", "drip", "size and drip")) < BAR


@pytest.mark.parametrize("threshold", [8, 16, 24, 36, 60])
def test_summed_bits_stay_below_the_bar(sight: plain_methods.Sight, threshold: float) -> None:
    found = plain_methods.clusters_f1(sight, plain_methods.linked(sight, 100, threshold))
    assert max(found[name] for name in ("size", "drip", "size and drip")) < BAR


def test_a_volume_rule_stays_below_the_bar(sight: plain_methods.Sight) -> None:
    assert plain_methods.volume(sight) < 0.75


def test_every_campaign_has_two_tells(mixed: Population) -> None:
    found = tells(mixed)
    assert len(found) >= 8
    sized = {name: strengths for name, strengths in found.items() if int(re.findall(r"\((\d+)\)", name)[0]) >= 15}
    assert sized and all(len(strengths) >= 2 for strengths in sized.values())
    # No tell is common to all: what gives one campaign away does not give the next.
    assert not set.intersection(*(set(strengths) for strengths in found.values()))
