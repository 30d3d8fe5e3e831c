"""Decisions move accounts between communities, and give no cluster a bit that evidence did not."""

from __future__ import annotations

import numpy as np
import pytest

from linkage import detection
from linkage.communities import decisions
from linkage.config import Settings
from linkage.detection import Found
from linkage.evidence.incidence import Incidence
from linkage.model.decided import Confirmed, Decided
from tests.lib.graphs import CARD, IP, TEMPLATE, Drawing

SETTINGS = Settings()
#: Two rings, and one account that stands on cards and templates of both, most of them the second's.
FIRST, SECOND, BETWEEN = range(12), range(12, 24), 24


def drawn() -> Incidence:
    drawing = Drawing()
    drawing.clique(FIRST, "first", cards=4)
    drawing.clique(SECOND, "second", cards=4)
    drawing.use([BETWEEN], CARD, "first-card-0")
    drawing.use([BETWEEN], TEMPLATE, "first-template-0")
    for number in range(4):
        drawing.use([BETWEEN], CARD, f"second-card-{number}")
        drawing.use([BETWEEN], TEMPLATE, f"second-template-{number}")
    for couple in range(40):
        drawing.use([25 + 2 * couple, 26 + 2 * couple], IP, f"home-{couple}")
    return drawing.incidence()


def search(*confirmed: tuple[range | list[int], list[int]]) -> Found:
    """The search under confirmed verdicts: accounts, and those that are not of them; the latest first."""
    said = Decided(
        confirmed=tuple(
            Confirmed(f"k-{at}", f"c-{at}", frozenset(accounts), frozenset(apart))
            for at, (accounts, apart) in enumerate(confirmed)
        )
    )
    graph = drawn()
    groups = decisions.groups(said, np.arange(graph.accounts))
    nothing = np.full(graph.accounts, np.nan)
    return detection.decided(graph, detection.search(graph, nothing, SETTINGS, 1), nothing, SETTINGS, groups)


def stands(found: Found) -> dict[tuple[int, int], str]:
    assert found.moved is not None
    rows = zip(found.moved.account.tolist(), found.moved.community.tolist(), found.moved.stands.tolist(), strict=True)
    return {(account, community): how for account, community, how in rows}


def test_who_is_kept_by_a_verdict_adds_no_bit_however_well_it_fits() -> None:
    plain = search()
    first, second = int(plain.label[0]), int(plain.label[12])
    assert plain.label[BETWEEN] == second
    under = search(([*FIRST, BETWEEN], []))
    assert under.label[BETWEEN] == under.label[0] == first
    assert stands(under) == {
        (BETWEEN, int(under.origin[first])): decisions.KEPT,
        (BETWEEN, int(under.origin[second])): decisions.APART,
    }
    considered = under.membership
    (row,) = np.flatnonzero((considered.account == BETWEEN) & (considered.community == under.origin[first]))
    assert considered.kinds[row].sum() > 0, "it shares things with them"
    before, after = (detection.tied_bits(found, drawn())[:, 0] for found in (plain, under))
    assert after[first] == before[first]
    assert after[second] < before[second]
    assert under.size[first] == under.counted_size[first] + 1 == plain.size[first] + 1


def test_who_may_not_be_in_the_best_goes_to_the_next_best_that_it_fits() -> None:
    plain = search()
    under = search((list(SECOND), [BETWEEN]))
    assert under.label[BETWEEN] in (plain.label[0], -1)
    how = stands(under)
    assert how[BETWEEN, int(plain.origin[plain.label[12]])] == decisions.APART
    fits = under.label[BETWEEN] >= 0
    assert (decisions.MOVED in how.values()) == fits
    considered = plain.membership
    row = (considered.account == BETWEEN) & (considered.community == plain.origin[plain.label[0]])
    assert fits == bool((considered.score[row] >= considered.bar[row]).any())


def test_an_operator_that_nothing_was_found_of_is_a_cluster_that_nothing_ties() -> None:
    scattered = [25, 27, 29, 31]
    assert (search().label[scattered] == -1).all()
    under = search((scattered, []))
    label = int(under.label[scattered[0]])
    assert label >= 0
    assert np.flatnonzero(under.label == label).tolist() == scattered
    assert (detection.tied_bits(under, drawn())[label] == 0.0).all()
    assert under.counted_size[label] == 0
    assert set(stands(under).values()) == {decisions.KEPT}
    assert detection.linkage_score(under)[label] == pytest.approx(0.0)


def test_the_half_that_people_left_out_is_a_cluster_of_its_own() -> None:
    """One operator, of which people confirm a half and exclude the other, which has ties of its own as well."""
    drawing = Drawing()
    drawing.clique(range(24), "joint", cards=6)
    drawing.clique(SECOND, "second", cards=2)
    for couple in range(40):
        drawing.use([24 + 2 * couple, 25 + 2 * couple], IP, f"home-{couple}")
    graph = drawing.incidence()
    nothing = np.full(graph.accounts, np.nan)
    plain = detection.search(graph, nothing, SETTINGS, 1)
    assert len(set(plain.label[:24].tolist())) == 1, "evidence has them together"
    said = Decided(confirmed=(Confirmed("k-1", "c-1", frozenset(FIRST), frozenset(SECOND)),))
    under = detection.decided(graph, plain, nothing, SETTINGS, decisions.groups(said, np.arange(graph.accounts)))
    assert len(set(under.label[list(FIRST)].tolist())) == 1
    left = set(under.label[list(SECOND)].tolist())
    assert len(left) == 1
    assert left.isdisjoint({-1, int(under.label[0])})


def test_one_that_is_too_small_for_a_cluster_is_in_none() -> None:
    assert (search(([25, 27], [])).label[[25, 27]] == -1).all()
    # In the community of another: it leaves, and the other stays.
    under = search((list(FIRST)[:10], [10, 11]), ([10, 11], list(range(10))))
    assert (under.label[[10, 11]] == -1).all()
    assert (under.label[:10] == under.label[0]).all()
