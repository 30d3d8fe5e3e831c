"""What a further look finds in a harmless group, and that it leaves alone what it does not find."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from linkage import detection, looks
from linkage.communities.decisions import Group
from linkage.config import Settings
from linkage.detection import Found
from linkage.evidence.incidence import Incidence
from linkage.model.kinds import SCHEDULE
from tests.lib.graphs import CARD, IP, KINDS, TEMPLATE, Drawing

SETTINGS = Settings()
#: Whom a framework's prompts bring together; the first of them are a ring.
USERS, RING = 80, 20
POPULATION = 2_000


def drawn(*, ring: bool = True) -> Drawing:
    """Eighty users of a hosted framework, firms of four among them; twenty are a ring on cards, exits and prompts."""
    random = np.random.default_rng(5)
    drawing = Drawing()
    for template in range(10):
        drawing.use(range(USERS), TEMPLATE, f"framework-{template}")
    for server in range(4):
        drawing.use(range(USERS), IP, f"framework-{server}")
    if ring:
        for number in range(16):
            drawing.use(random.choice(RING, 4, replace=False), CARD, f"ring-{number:02}")
            drawing.use(random.choice(RING, 5, replace=False), IP, f"exit-{number:02}")
            drawing.use(random.choice(RING, 6, replace=False), TEMPLATE, f"own-{number:02}")
    for firm in range(RING, USERS, 4):
        drawing.use(range(firm, firm + 4), CARD, f"firm-{firm}")
        drawing.use(range(firm, firm + 4), IP, f"office-{firm}")
    for couple in range(200):
        drawing.use([100 + 2 * couple, 101 + 2 * couple], CARD, f"couple-{couple}")
    drawing.accounts = POPULATION
    return drawing


def town(*, ring: bool = True) -> Incidence:
    return drawn(ring=ring).incidence()


def unknown(graph: Incidence) -> NDArray[np.float64]:
    return np.full(graph.accounts, np.nan)


def search(graph: Incidence) -> Found:
    return detection.search(graph, unknown(graph), SETTINGS, 1)


def judged(tier: int, least: float = 0.8) -> looks.Judge:
    """A judge who knows the ring: a cluster that is one of it is of this ``tier``, and every other is harmless."""

    def judge(found: Found, _searches: int) -> NDArray[np.int64]:
        inside = np.bincount(found.label[:RING][found.label[:RING] >= 0], minlength=found.clusters)
        return np.where(inside >= least * found.size, tier, 3)

    return judge


def looked(graph: Incidence, judge: looks.Judge) -> tuple[Found, Found]:
    first = search(graph)
    return first, looks.again(graph, first, judge(first, 1), search, judge, unknown(graph), SETTINGS)


def hidden(graph: Incidence) -> Incidence:
    """The graph, after it was seen that the first look puts the ring with strangers."""
    label = search(graph).label
    of_ring = np.bincount(label[:RING][label[:RING] >= 0]).argmax()
    assert (label[RING:USERS] == of_ring).any()
    return graph


def test_a_ring_that_a_framework_hides_is_found_when_the_framework_is_explained() -> None:
    for tier in (1, 2):
        first, again = looked(hidden(town()), judged(tier))
        (ring,) = set(again.label[:RING].tolist()) - {-1}
        assert (again.label[:RING] == ring).sum() >= 0.9 * RING
        assert not (again.label[RING:] == ring).any()
        # Who is not of the ring is where the first look had them, as far as enough of them are left.
        rest = np.flatnonzero((first.label >= 0) & (np.arange(POPULATION) >= RING))
        assert (again.label[rest] >= 0).mean() > 0.8


def in_step(keeping: int) -> Incidence:
    """The town without a ring, where the first ``keeping`` users of the framework keep one schedule."""
    drawing = replace(drawn(ring=False), kinds=(*KINDS, SCHEDULE))
    drawing.use(range(keeping), SCHEDULE, "schedule")
    return drawing.incidence()


def test_a_schedule_that_some_users_of_a_framework_keep_finds_them_when_the_framework_is_explained() -> None:
    graph = hidden(in_step(RING))
    _, again = looked(graph, judged(1))
    (found,) = set(again.label[:RING].tolist())
    assert np.flatnonzero(again.label == found).tolist() == list(range(RING))


def test_a_schedule_that_most_of_a_harmless_group_keep_explains_it() -> None:
    graph = in_step(USERS - RING)
    searched: list[Incidence] = []

    def search_again(without: Incidence) -> Found:
        searched.append(without)
        return search(without)

    first = search(graph)
    looks.again(graph, first, np.full(first.clusters, 3), search_again, judged(1), unknown(graph), SETTINGS)
    assert not (searched[0].kind[searched[0].edge_identifier] == graph.kinds.index(SCHEDULE)).any()


def test_what_was_put_aside_is_no_evidence_for_the_ring() -> None:
    graph = hidden(town())
    _, again = looked(graph, judged(1))
    assert again.aside is not None
    framework = np.flatnonzero(graph.degree == USERS)
    assert (again.aside.since[framework] == 1).all()
    community = again.origin[again.label[0]]
    assert again.aside.of(np.full(len(framework), community), framework).all()
    rows = np.flatnonzero(again.membership.community == community)
    entries = again.membership.entry_identifier[np.isin(again.membership.entry_row, rows)]
    assert len(entries) and not np.isin(entries, framework).any()


def test_where_nothing_more_is_flagged_the_first_look_stands() -> None:
    first, again = looked(town(), lambda found, _searches: np.full(found.clusters, 3))
    assert again is first
    graph = town(ring=False)
    first, again = looked(graph, judged(1))
    assert again is first


def test_what_the_first_look_flags_stays_with_its_members() -> None:
    graph = town()

    def everything(found: Found, _searches: int) -> NDArray[np.int64]:
        return np.where(np.arange(found.clusters) == found.label[0], 1, 3)

    first, again = looked(graph, everything)
    mine = first.label == first.label[0]
    assert len(set(again.label[mine].tolist())) == 1


def test_a_flagged_cluster_that_is_found_again_without_its_passengers_leaves_them() -> None:
    """A company uses the framework as well, and is harmless: it is explained, and the ring is found again."""
    drawing, company, users = drawn(), range(1_500, 1_560), 36
    servers = {(IP, f"framework-{server}") for server in range(1, 4)}
    drawing.uses = {
        use: when
        for use, when in drawing.uses.items()
        if (use[0] < users or use[0] >= USERS) and use[1:] not in servers
    }
    for number in range(20):
        drawing.use(company, TEMPLATE, f"company-{number}")
        drawing.use(company, IP, f"company-{number}")
        drawing.use([*range(users), *company], TEMPLATE, f"framework-{number}")
    graph = drawing.incidence()
    first = search(graph)
    assert np.flatnonzero(first.label == first.label[0]).tolist() == list(range(users))

    def judge(found: Found, searches: int) -> NDArray[np.int64]:
        return judged(1, 0.5 if searches == 1 else 0.9)(found, searches)

    again = looks.again(graph, first, judge(first, 1), search, judge, unknown(graph), SETTINGS)
    assert np.flatnonzero(again.label == again.label[0]).tolist() == list(range(RING))


def test_a_verdict_gets_a_community_that_is_open_also_after_a_further_look() -> None:
    graph = hidden(town())
    _, again = looked(graph, judged(1))
    firms = np.arange(RING, RING + 12)
    groups = (Group("k-1", "c-1", firms, np.arange(RING + 12, USERS)),)
    found = detection.decided(graph, again, unknown(graph), SETTINGS, groups)
    (decided,) = set(found.label[firms].tolist())
    (ring,) = set(found.label[:RING].tolist()) - {-1}
    assert decided >= 0 and decided != ring
    assert found.aside is not None
    of_decided, of_ring = (found.origin[[cluster]] for cluster in (decided, ring))
    framework = np.flatnonzero(graph.degree == USERS)[:1]
    assert not found.aside.of(of_decided, framework).any() and found.aside.of(of_ring, framework).all()
    # The ring's community is closed: nobody else fits it, whatever they share.
    assert found.aside.closed(firms, np.repeat(of_ring, len(firms))).all()
    assert not found.aside.closed(firms, np.repeat(of_decided, len(firms))).any()


def test_a_cluster_of_a_further_look_has_to_be_as_sure_as_one_of_three_searches() -> None:
    asked = []

    def judge(found: Found, searches: int) -> NDArray[np.int64]:
        asked.append(searches)
        return judged(1)(found, searches)

    first, again = looked(hidden(town()), judge)
    assert asked[:2] == [1, 3]
    ring = again.label[0]
    assert again.searches[ring] == 3 and (np.delete(again.searches, ring) == 1).all()
    assert (first.searches == 1).all()


def test_a_pool_of_exits_that_the_first_look_found_stands_when_a_further_one_finds_another_ring() -> None:
    random = np.random.default_rng(7)
    drawing, pool = drawn(), range(1_000, 1_150)
    for account in pool:
        for number in random.choice(40, 8, replace=False):
            drawing.use([account], IP, f"pool-{number:02}")
    for account in range(POPULATION):
        drawing.use([account], TEMPLATE, f"public-{random.integers(4):02}")
        if account not in pool:
            drawing.use([account], IP, f"mobile-{random.integers(30):02}")
    graph = drawing.incidence()
    names = [name for _kind, name in drawing.identifiers]
    operator = [int(name[5:]) if name.startswith("pool") else 50 if name.startswith("mobile") else -1 for name in names]
    graph = replace(graph, operator=np.array(operator))

    def judge(found: Found, _searches: int) -> NDArray[np.int64]:
        of = [np.bincount(found.label[these][found.label[these] >= 0], minlength=found.clusters) for these in groups]
        return np.where(np.max(of, axis=0) >= 0.8 * found.size, 1, 3)

    groups = [np.arange(RING), np.array(pool)]
    first, again = looked(graph, judge)
    assert again is not first
    assert (again.label[:RING] >= 0).mean() > 0.8
    exits = first.trust.pool >= 0.25
    assert exits.sum() > 20
    assert np.array_equal(first.trust.theta[exits], again.trust.theta[exits])
    tied = [np.isin(found.links.first, groups[1]).sum() for found in (first, again)]
    # What else the later look learned, of public prompts, moves a few.
    assert tied[1] >= 0.9 * tied[0] > 100
