"""What sharing an identifier is worth is learned from what else its accounts share."""

from __future__ import annotations

import numpy as np
import pytest

from linkage.config import EvidenceSettings
from linkage.evidence import trust
from linkage.evidence.incidence import Incidence
from linkage.findings.tables import arrow
from linkage.model.tables import DIGITS, Column, Table
from tests.lib.graphs import CARD, IP, TEMPLATE, Drawing

SETTINGS = EvidenceSettings()


def town(seed: int = 3) -> Drawing:
    """A ring, a campus whose people are otherwise strangers, and couples that share a home.

    0–11 ring, one template and rotating cards; 12–51 campus, one address; 100–219 couples with an address and a card.
    ``rare``: a template on twelve members of the ring, ``public``: one on as many strangers of the campus.
    """
    drawing = Drawing()
    drawing.use(range(12), TEMPLATE, "rare")
    for card in range(6):
        drawing.use([2 * card, 2 * card + 1, (2 * card + 2) % 12], CARD, f"ring-{card}")
    drawing.use(range(12, 52), IP, "campus")
    drawing.use(range(12, 24), TEMPLATE, "public")
    for couple in range(60):
        pair = [100 + 2 * couple, 101 + 2 * couple]
        drawing.use(pair, IP, f"home-{couple}")
        drawing.use(pair, CARD, f"family-{couple}")
    for student in range(12, 52):
        drawing.use([student, student + 40], IP, f"room-{student}")
    return drawing


def learn(drawing: Drawing, seed: int = 1, settings: EvidenceSettings = SETTINGS) -> trust.Trust:
    return trust.learn(drawing.incidence(), settings, seed)


def test_an_address_of_strangers_is_trusted_less_than_a_home() -> None:
    drawing = town()
    learned = learn(drawing)
    campus = drawing.at(IP, "campus")
    assert learned.theta[campus] < 0.5 * learned.theta[drawing.at(IP, "home-1")]
    assert learned.bits[campus] < learned.bits[drawing.at(IP, "home-1")]


def test_a_template_of_accounts_that_share_cards_gains() -> None:
    drawing = town()
    learned = learn(drawing)
    rare, public = drawing.at(TEMPLATE, "rare"), drawing.at(TEMPLATE, "public")
    assert learned.prior[rare] == learned.prior[public]
    assert learned.theta[rare] > 2 * learned.prior[rare]
    assert learned.theta[public] < 0.5 * learned.theta[rare]
    assert learned.bits[rare] > learned.bits[public] + 1.0


def test_theta_is_a_probability_and_bits_follow_it() -> None:
    learned = learn(town())
    assert ((learned.theta > 0) & (learned.theta < 1)).all()
    assert ((learned.prior > 0) & (learned.prior < 1)).all()
    assert (learned.bits >= 0).all()
    assert (learned.further <= learned.bits).all()
    order = np.argsort(learned.theta)
    assert (np.diff(learned.bits[order]) >= -1e-9).all()
    above = learned.bits > 0
    back = 1 / (1 + np.exp2(-(learned.bits[above] + learned.prior_log_odds)))
    assert back == pytest.approx(np.minimum(learned.theta[above], 0.999))


def test_what_is_learned_is_what_a_snapshot_keeps() -> None:
    """A bundle's re-run is given θ and bits from the tables: it must be what the refresh went by, to the last bit."""
    learned = learn(town())
    for name, value in (("trust", learned.theta), ("bits", learned.bits)):
        table = Table("kept", "", (Column(name, "DOUBLE", ""),))
        kept = arrow(table, {name: value})[name].to_numpy()
        assert np.array_equal(kept, value), name


def test_the_prior_falls_with_degree() -> None:
    drawing = Drawing()
    start = 0
    for degree in (2, 3, 5, 9, 30, 200):
        drawing.use(range(start, start + degree), CARD, f"{degree:03}")
        start += degree
    prior = learn(drawing).prior
    assert [kind for kind, _name in drawing.identifiers] == [CARD] * 6
    assert (np.diff(prior) < 0).all()
    assert prior[0] == SETTINGS.prior_of(CARD).trust


def test_what_busy_accounts_share_is_worth_no_more_than_chance_leaves() -> None:
    """Two prompts of four accounts each: of accounts that use hundreds, and of such as use hardly any other."""
    random = np.random.default_rng(5)
    drawing = Drawing()
    for prompt in range(1_500):
        drawing.use(random.choice(60, 2 + prompt % 3, replace=False), TEMPLATE, f"rare-{prompt:04}")
    drawing.use([0, 1, 2, 3], TEMPLATE, "busy")
    drawing.use([100, 101, 102, 103], TEMPLATE, "quiet")
    drawing.use([100, 101, 102, 103], CARD, "quiet")
    drawing.accounts = 500
    learned = learn(drawing)
    busy, quiet, card = (
        learned.prior[drawing.at(*of)] for of in ((TEMPLATE, "busy"), (TEMPLATE, "quiet"), (CARD, "quiet"))
    )
    usual = SETTINGS.prior_of(TEMPLATE)
    assert quiet == pytest.approx(usual.trust / (1.0 + 2.0 / usual.half_degree))
    assert busy < 0.1 * quiet
    held = SETTINGS.prior_of(CARD)
    assert card == pytest.approx(held.trust / (1.0 + 2.0 / held.half_degree)), "chance is asked of having one at all"


def test_what_a_ring_shares_among_itself_is_not_what_makes_it_busy() -> None:
    """Sixty accounts on six hundred prompts of five of them each, beside the prompts of the world."""
    random = np.random.default_rng(6)
    drawing = Drawing()
    for prompt in range(600):
        drawing.use(random.choice(60, 5, replace=False), TEMPLATE, f"own-{prompt:03}")
    for prompt in range(4_000):
        drawing.use(100 + random.choice(7_900, 5, replace=False), TEMPLATE, f"public-{prompt:04}")
    drawing.accounts = 8_000
    learned = learn(drawing)
    own = [drawing.at(TEMPLATE, f"own-{prompt:03}") for prompt in range(600)]
    usual = SETTINGS.prior_of(TEMPLATE)
    assert np.median(learned.prior[own]) > 0.4 * usual.trust / (1.0 + 3.0 / usual.half_degree)


def test_addresses_do_not_vouch_for_each_other() -> None:
    """Forty exits of one provider under the same strangers are one fact, not forty."""
    strangers = Drawing()
    for address in range(40):
        strangers.use(range(20), IP, f"exit-{address}")
    strangers.use(range(100, 130, 1), CARD, "other")
    learned = learn(strangers)
    exits = [strangers.at(IP, f"exit-{address}") for address in range(40)]
    assert (learned.theta[exits] <= np.round(learned.prior[exits], DIGITS)).all()


def test_unrelated_accounts_leave_the_order() -> None:
    small, large = town(), town()
    for pair in range(300):
        large.use([1_000 + 2 * pair, 1_001 + 2 * pair], CARD, f"elsewhere-{pair}")
    few, many = learn(small), learn(large)
    mine = [large.at(kind, name) for kind, name in small.identifiers]
    here, there = few.theta, many.theta[mine]
    clear = np.abs(here[:, None] - here[None, :]) > 0.2
    assert (np.sign(here[:, None] - here[None, :]) == np.sign(there[:, None] - there[None, :]))[clear].all()


def test_relabelled_accounts_give_the_same_trust() -> None:
    drawing = town()
    new = np.random.default_rng(4).permutation(drawing.accounts)
    renamed = drawing.relabelled(new)
    here, there = learn(drawing), learn(renamed)
    same = [renamed.at(kind, name) for kind, name in drawing.identifiers]
    # Leiden goes through accounts in their order, and places one that is tied to nothing either way.
    assert there.theta[same] == pytest.approx(here.theta, abs=0.1)
    assert (np.abs(there.theta[same] - here.theta) > 0.03).mean() < 0.02
    assert np.quantile(np.abs(there.bits[same] - here.bits), 0.98) < 0.25


def test_the_same_seed_learns_the_same() -> None:
    one, two = learn(town(), seed=5), learn(town(), seed=5)
    assert one.theta.tolist() == two.theta.tolist()
    assert one.bits.tolist() == two.bits.tolist()


def test_a_rarer_companion_makes_the_prior_odds_smaller() -> None:
    drawing = town()
    few = learn(drawing, settings=EvidenceSettings(companions=1.0))
    many = learn(drawing, settings=EvidenceSettings(companions=6.0))
    assert few.prior_log_odds < many.prior_log_odds


def test_log_odds_are_in_bits() -> None:
    assert trust.log_odds(np.array([0.5, 2 / 3, 0.8, 0.2])).tolist() == pytest.approx([0.0, 1.0, 2.0, -2.0])


def test_nothing_is_learned_from_a_graph_without_edges() -> None:
    drawing = Drawing()
    drawing.accounts = 5
    empty: Incidence = drawing.incidence()
    learned = trust.learn(empty, SETTINGS, 1)
    assert len(learned.theta) == len(learned.bits) == 0


def test_regions_hold_a_group_together_that_no_pair_shows() -> None:
    """Every account shares one identifier with one other at a time, round a ring, and the ring is one region."""
    drawing = Drawing()
    random = np.random.default_rng(9)
    for template in range(24):
        drawing.use(random.choice(16, 3, replace=False), TEMPLATE, f"t{template}")
    for stranger in range(40):
        drawing.use([100 + 2 * stranger, 101 + 2 * stranger], TEMPLATE, f"s{stranger}")
    graph = drawing.incidence()
    region = trust.regions(graph, np.full(graph.identifiers, 0.5), 1)
    assert len(region) == graph.accounts
    assert len(np.unique(region[:16])) <= 3
    assert not set(region[:16]) & set(region[100:])


def test_a_hub_whose_accounts_cards_hold_together_is_trusted_and_one_of_many_households_is_not() -> None:
    """Sixty of a hundred accounts have a card at all: who has none says neither yes nor no."""
    drawing = Drawing()
    drawing.use(range(100), TEMPLATE, "own")
    drawing.use(range(200, 300), TEMPLATE, "open")
    random = np.random.default_rng(6)
    for card in range(40):
        drawing.use(random.choice(60, 4, replace=False), CARD, f"inside-{card:02}")
    for couple in range(30):
        drawing.use([200 + 2 * couple, 201 + 2 * couple], CARD, f"household-{couple:02}")
    for pair in range(600):
        drawing.use([1_000 + 2 * pair, 1_001 + 2 * pair], CARD, f"elsewhere-{pair}")
    learned = learn(drawing)
    own, public = drawing.at(TEMPLATE, "own"), drawing.at(TEMPLATE, "open")
    assert learned.prior[own] == learned.prior[public]
    assert learned.theta[own] > 5 * learned.theta[public]


def test_templates_of_a_framework_do_not_vouch_for_each_other() -> None:
    """Sixty people who use the same ten prompts, and whose cards and homes tell them apart, are no one operator."""
    drawing = Drawing()
    for template in range(10):
        drawing.use(range(60), TEMPLATE, f"framework-{template}")
    for firm in range(12):
        drawing.use(range(5 * firm, 5 * firm + 5), CARD, f"firm-{firm:02}")
    drawing.use(range(100, 130), CARD, "elsewhere")
    learned = learn(drawing)
    framework = [drawing.at(TEMPLATE, f"framework-{template}") for template in range(10)]
    firms = [drawing.at(CARD, f"firm-{firm:02}") for firm in range(12)]
    assert learned.theta[framework].max() < 0.1 < 0.3 < learned.theta[firms].min()


def test_a_card_at_the_end_of_a_chain_keeps_its_prior() -> None:
    drawing = Drawing()
    for at in range(9):
        drawing.use([at, at + 1], CARD, f"{at}")
    drawing.accounts = 1_000
    learned = learn(drawing)
    ends = [drawing.at(CARD, "0"), drawing.at(CARD, "8")]
    assert (learned.theta[ends] >= 0.95 * learned.prior[ends]).all()
