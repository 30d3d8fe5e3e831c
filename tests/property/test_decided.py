"""What people decided holds in every search, changes nothing where it holds anyway, and says the same in any order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from linkage import detection
from linkage.communities import decisions
from linkage.config import Settings
from linkage.detection import Found
from linkage.evidence.incidence import Incidence
from linkage.model.decided import NOTHING_DECIDED, Decided, Ruling, decided
from linkage.model.verdict import Verdict
from tests.property.test_detection_groups import populations

SETTINGS = Settings()
START = datetime(2026, 4, 1, tzinfo=UTC)
#: Surrogate ids are not positions.
SURROGATE = np.random.default_rng(5).permutation(120) + 1_000

accounts = st.frozensets(st.sampled_from(SURROGATE.tolist()), max_size=14)


@st.composite
def rulings(draw: st.DrawFn) -> list[Ruling]:
    """Verdicts about any accounts, also some that are not active, and some that contradict each other."""
    found = []
    for number in range(draw(st.integers(0, 5))):
        about = draw(accounts) | draw(st.frozensets(st.integers(1, 5), max_size=3))
        excluded = draw(accounts) - about
        verdict = draw(st.sampled_from(list(Verdict)))
        # Some are approved at the same moment.
        at = START + timedelta(days=draw(st.integers(0, 2)))
        found.append(Ruling(f"k-{number}", f"c-{number}", verdict, at, f"scope-{number}", about, excluded))
    return found


def search(population: tuple[Incidence, NDArray[np.float64]], said: Decided) -> Found:
    graph, private = population
    found = detection.search(graph, private, SETTINGS, 1)
    return detection.decided(graph, found, private, SETTINGS, decisions.groups(said, SURROGATE))


@given(populations(), rulings())
@settings(max_examples=60)
def test_decisions_hold(population: tuple[Incidence, NDArray[np.float64]], said: list[Ruling]) -> None:
    together = decided(said)
    found = search(population, together)
    at = {int(surrogate): position for position, surrogate in enumerate(SURROGATE)}
    homes = []
    for group in together.confirmed:
        label = {int(found.label[at[account]]) for account in group.accounts if account in at}
        assert len(label) <= 1, "a confirmed operator is in one cluster, or in none where too little of it is left"
        homes.append(label - {-1})
        for account in group.apart:
            assert account not in at or int(found.label[at[account]]) not in label - {-1}
        if sum(account in at for account in group.accounts) >= SETTINGS.membership.smallest:
            assert label - {-1}
    assert len(set().union(*homes)) == sum(map(len, homes)), "and each in its own"
    # Everything that is said of members is there of them, too.
    rows, considered = found.rows(), found.membership
    assert sorted(considered.account[rows].tolist()) == np.flatnonzero(found.label >= 0).tolist()
    total = considered.prior + considered.kinds.sum(axis=1) + considered.absence + considered.private
    assert considered.score == pytest.approx(total)
    order = considered.account * (considered.community.max(initial=0) + 1) + considered.community
    assert (np.diff(order) > 0).all()
    by_decision = ~found.counted[considered.account[rows]]
    evident = considered.score[rows] >= considered.bar[rows]
    if found.moved is None:
        assert evident.all()
        assert not by_decision.any()
    else:
        held = found.moved.account[found.moved.stands == decisions.HELD]
        assert (evident | by_decision | np.isin(considered.account[rows], held)).all()


@given(populations(), rulings())
@settings(max_examples=30)
def test_evidence_stays_what_it_was(population: tuple[Incidence, NDArray[np.float64]], said: list[Ruling]) -> None:
    without, under = search(population, NOTHING_DECIDED), search(population, decided(said))
    if not np.array_equal(without.membership.core, under.membership.core):
        return
    before = {
        (int(a), int(c)): float(score)
        for a, c, score in zip(
            without.membership.account, without.membership.community, without.membership.score, strict=True
        )
    }
    after = {
        (int(a), int(c)): float(score)
        for a, c, score in zip(
            under.membership.account, under.membership.community, under.membership.score, strict=True
        )
    }
    assert before.items() <= after.items()
    # No cluster is tied by more than it was: what people decided adds nothing to its significance.
    tied = dict(zip(without.origin.tolist(), detection.tied_bits(without, population[0])[:, 0].tolist(), strict=True))
    for origin, bits in zip(
        under.origin.tolist(), detection.tied_bits(under, population[0])[:, 0].tolist(), strict=True
    ):
        assert bits <= tied.get(origin, 0.0) + 1e-9


@given(populations())
@settings(max_examples=20)
def test_what_evidence_says_anyway_changes_nothing(population: tuple[Incidence, NDArray[np.float64]]) -> None:
    without = search(population, NOTHING_DECIDED)
    said = []
    for number in range(without.clusters):
        inside = frozenset(SURROGATE[without.label == number].tolist())
        said.append(Ruling(f"k-{number}", f"c-{number}", Verdict.CONFIRMED, START, "", inside))
    under = search(population, decided(said))
    assert under.moved is None
    assert under.label.tolist() == without.label.tolist()
    assert under.membership.score.tolist() == without.membership.score.tolist()
    assert under.counted.all()


@given(rulings(), st.randoms())
def test_any_order_says_the_same(said: list[Ruling], random: object) -> None:
    shuffled = list(said)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = decided(said), decided(shuffled)
    assert one == other
    everyone = [account for group in one.confirmed for account in group.accounts]
    assert len(everyone) == len(set(everyone))
    for group in one.confirmed:
        assert not group.accounts & group.apart
    if not any(ruling.verdict is Verdict.CONFIRMED for ruling in said):
        assert one == NOTHING_DECIDED
