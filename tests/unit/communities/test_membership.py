"""Who belongs, and who was only passing through."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from linkage.communities import membership, stands
from linkage.communities.membership import Membership
from linkage.communities.stands import enriched, share_bits, trusted_bits
from linkage.config import EvidenceSettings, MembershipSettings
from linkage.evidence import trust
from linkage.evidence.incidence import Incidence, without
from tests.lib.graphs import CARD, IP, KINDS, TEMPLATE, Drawing, label_of

SETTINGS = MembershipSettings()
ACCOUNTS = 400
RING = range(12)
#: Shares one exit with the ring, and has a home and a card with its family.
CUSTOMER = 20
#: Shares nothing with the ring.
STRANGER = 30


def town() -> Drawing:
    drawing = Drawing()
    drawing.clique(RING, "ring")
    drawing.use([*RING, CUSTOMER, *range(40, 70)], IP, "exit")
    drawing.use([CUSTOMER, 21], CARD, "family")
    drawing.use([CUSTOMER, 21], IP, "home")
    for couple in range(100):
        drawing.use([100 + 2 * couple, 101 + 2 * couple], IP, f"home-{couple}")
        drawing.use([100 + 2 * couple, 101 + 2 * couple], CARD, f"card-{couple}")
    drawing.accounts = ACCOUNTS
    return drawing


def assigned(graph: Incidence, label: np.ndarray[tuple[int], np.dtype[np.int64]], private: object = None) -> Membership:
    learned = trust.learn(graph, EvidenceSettings(), 1)
    share = np.full(graph.accounts, np.nan) if private is None else np.asarray(private, dtype=np.float64)
    return membership.assign(graph, learned, label, share, SETTINGS)


def row_of(found: Membership, account: int) -> int:
    (row,) = np.flatnonzero(found.account == account)
    return int(row)


@pytest.fixture(scope="module")
def ring() -> Membership:
    return assigned(town().incidence(), label_of(ACCOUNTS, [*RING, CUSTOMER]))


def test_a_customer_of_one_shared_exit_is_left_out(ring: Membership) -> None:
    assert ring.label[list(RING)].tolist() == [0] * 12
    assert ring.label[CUSTOMER] == -1
    assert (ring.label[40:] == -1).all()


def test_an_account_that_shares_nothing_is_not_considered(ring: Membership) -> None:
    assert STRANGER not in ring.account


def test_a_member_that_was_missed_is_admitted() -> None:
    found = assigned(town().incidence(), label_of(ACCOUNTS, list(RING)[1:]))
    assert found.label[list(RING)].tolist() == [0] * 12


def test_who_does_little_on_two_things_of_the_members_belongs_and_whose_card_they_use_does_not() -> None:
    """Forty accounts on many cards, exits and prompts, and three more: one on two cards, one on one, one on exits."""
    random = np.random.default_rng(2)
    drawing, ring = Drawing(), 40
    little, owner, customer = ring, ring + 1, ring + 2
    for number in range(40):
        drawing.use(random.choice(ring, 8, replace=False), CARD, f"card-{number:02}")
        drawing.use(random.choice(ring, 8, replace=False), IP, f"exit-{number:02}")
        drawing.use(random.choice(ring, 8, replace=False), TEMPLATE, f"prompt-{number:02}")
    drawing.use([little], CARD, "card-00")
    drawing.use([little], CARD, "card-01")
    drawing.use([owner], CARD, "card-02")
    for number in range(3):
        drawing.use([customer], IP, f"exit-{number:02}")
    for couple in range(600):
        drawing.use([100 + 2 * couple, 101 + 2 * couple], CARD, f"couple-{couple}")
    drawing.accounts = 20_000
    found = assigned(drawing.incidence(), label_of(20_000, range(ring)))
    assert (found.label[:ring] == 0).all()
    assert found.label[[little, owner, customer]].tolist() == [0, -1, -1]
    # It fits less than others have to.
    speaks, not_enough = row_of(found, little), row_of(found, owner)
    assert found.bar[speaks] <= found.score[speaks] < found.bar[not_enough]


def hub(visitors: int) -> tuple[Drawing, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Five towns of sixty in each of which one template is used, and nothing else ties; others use it in passing."""
    towns, people, accounts = 5, 60, 4_000
    drawing = Drawing()
    drawing.use(range(towns * people), TEMPLATE, "hub", events=40)
    drawing.use(range(2_000, 2_000 + visitors), TEMPLATE, "hub", events=1)
    random = np.random.default_rng(5)
    for line in range(40 * towns):
        drawing.use(line // 40 * people + random.choice(people, 3, replace=False), IP, f"line-{line:03}")
        drawing.use(random.choice(2_000, 20, replace=False) + 2_000, IP, f"line-{line:03}")
    drawing.accounts = accounts
    return drawing, label_of(accounts, *(range(town * people, (town + 1) * people) for town in range(towns)))


def test_parts_that_a_hub_was_cut_into_come_together_unless_most_of_its_users_are_in_none() -> None:
    for visitors, clusters in ((0, 1), (30, 1), (1_500, 5)):
        drawing, label = hub(visitors)
        graph = drawing.incidence()
        learned = trust.learn(graph, EvidenceSettings(), 1)
        theta = np.where(graph.kind == KINDS.index(TEMPLATE), 0.9, learned.theta)
        learned = dataclasses.replace(learned, theta=theta)
        scored = membership.score(
            graph, learned, label, membership.banded(np.full(graph.accounts, np.nan)), SETTINGS.core_share, SETTINGS
        )
        scored = dataclasses.replace(scored, label=label)
        merged = membership._merged(graph, scored, label, learned, SETTINGS)
        assert len(np.unique(merged[label >= 0])) == clusters, visitors


def test_who_is_at_home_where_is_seen_also_when_it_is_no_evidence() -> None:
    accounts, labs, people = 2_000, 6, 12
    everybody = labs * people
    drawing, random = Drawing(), np.random.default_rng(7)
    for task in range(12):
        drawing.use(np.flatnonzero(random.random(everybody) < 0.7), TEMPLATE, f"benchmark-{task:02}")
    for address in range(labs * 5):
        lab = address // 5
        drawing.use(lab * people + random.choice(people, 8, replace=False), IP, f"lab-{address:02}")
    drawing.accounts = accounts
    graph, label = drawing.incidence(), label_of(accounts, range(everybody))
    without_addresses = without(graph, graph.kind == graph.kinds.index(IP))
    learned = trust.learn(graph, EvidenceSettings(), 1)
    share = np.full(accounts, np.nan)
    assert set(membership.assign(without_addresses, learned, label, share, SETTINGS).label[:everybody]) == {0}
    found = membership.assign(without_addresses, learned, label, share, SETTINGS, graph)
    homes = {(int(core), at // people) for at, core in enumerate(found.core[:everybody]) if core >= 0}
    assert len({core for core, _ in homes}) == len(homes)


def test_the_waterfall_sums_to_the_score(ring: Membership) -> None:
    total = ring.prior + ring.kinds.sum(axis=1) + ring.absence + ring.private
    assert ring.score == pytest.approx(total)
    summed = np.zeros_like(ring.kinds)
    kind_of = town().incidence().kind[ring.entry_identifier]
    np.add.at(summed, (ring.entry_row, kind_of), ring.entry_bits)
    place = KINDS.index(IP)
    others = [at for at in range(len(KINDS)) if at != place]
    assert ring.kinds[:, others] == pytest.approx(summed[:, others])
    assert (ring.kinds[:, place] <= summed[:, place] + 1e-9).all()
    assert (ring.absence <= 0).all()


def test_membership_is_a_half_at_the_bar_and_rises_with_the_score(ring: Membership) -> None:
    order = np.argsort(ring.score)
    share = ring.share(order)
    assert ((share >= 0) & (share <= 1)).all()
    assert (np.diff(share) >= 0).all()
    inside = ring.label[ring.account] == ring.community
    assert (ring.share(np.flatnonzero(inside)) >= 0.5).all()
    assert (ring.share(np.flatnonzero(~inside)) < 0.5).all()


def test_a_row_per_account_and_community_and_one_community_per_account() -> None:
    drawing = town()
    drawing.clique(range(12, 20), "second")
    drawing.use([*range(6), *range(12, 16)], TEMPLATE, "lent")
    found = assigned(drawing.incidence(), label_of(ACCOUNTS, RING, range(12, 20)))
    rows = list(zip(found.account.tolist(), found.community.tolist(), strict=True))
    assert len(rows) == len(set(rows))
    assert len({account for account, _community in rows}) < len(rows), "some accounts are considered twice"
    assert found.label[:20].tolist() == [0] * 12 + [1] * 8


def test_an_account_that_lacks_what_members_have_scores_less() -> None:
    everybody = told()
    assert everybody.absence[row_of(everybody, CUSTOMER)] < -1.0
    assert everybody.absence[row_of(everybody, 0)] > everybody.absence[row_of(everybody, CUSTOMER)]


def told(graph: Incidence | None = None, *, everybody: bool = True) -> Membership:
    """Everybody whom anything ties to the ring, or those alone whom it may bring near."""
    graph = town().incidence() if graph is None else graph
    nobody_knows = membership.banded(np.full(graph.accounts, np.nan))
    return membership.score(
        graph, trust.learn(graph, EvidenceSettings(), 1), label_of(ACCOUNTS, RING), nobody_knows, 0.5, SETTINGS,
        every=np.full(graph.accounts, everybody),
    )  # fmt: skip


def test_who_cannot_come_near_is_counted_and_not_listed() -> None:
    everybody, near = told(), told(everybody=False)
    assert 0 < len(near.account) < len(everybody.account)
    rows = np.flatnonzero(np.isin(everybody.account, near.account))
    for column in ("account", "community", "score", "bar", "prior", "absence", "private", "kinds"):
        assert np.array_equal(getattr(near, column), getattr(everybody, column)[rows]), column
    entries = np.isin(everybody.entry_row, rows)
    assert near.entry_identifier.tolist() == everybody.entry_identifier[entries].tolist()
    assert near.account[near.entry_row].tolist() == everybody.account[everybody.entry_row[entries]].tolist()
    assert near.entry_bits.tolist() == everybody.entry_bits[entries].tolist()
    assert near.label.tolist() == everybody.label.tolist()
    assert near.touching.tolist() == everybody.touching.tolist() and near.covered.tolist() == everybody.covered.tolist()
    assert near.touching.sum() > (near.kinds > 0).sum()
    left_out = np.delete(everybody.score, rows)
    assert (left_out < stands.NEAR).all()


def test_accounts_are_weighed_in_parts_as_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = told()
    for at_once in (1, 7, 40):
        monkeypatch.setattr(stands, "_AT_ONCE", at_once)
        parts = told()
        for field in dataclasses.fields(Membership):
            mine, other = getattr(parts, field.name), getattr(whole, field.name)
            if isinstance(mine, np.ndarray):
                assert np.array_equal(mine, other), (at_once, field.name)


def test_private_work_of_its_own_counts_against_an_account() -> None:
    graph, label = town().incidence(), label_of(ACCOUNTS, RING)
    idle = np.random.default_rng(1).uniform(0.4, 0.9, ACCOUNTS)
    idle[list(RING)] = 0.02
    busy = idle.copy()
    busy[5] = 0.95
    before, after = assigned(graph, label, idle), assigned(graph, label, busy)
    assert after.private[row_of(after, 5)] < before.private[row_of(before, 5)]
    assert after.score[row_of(after, 5)] < before.score[row_of(before, 5)]
    assert (np.abs(after.private) <= SETTINGS.private_cap_bits).all()


def test_unknown_private_work_says_little() -> None:
    found = assigned(town().incidence(), label_of(ACCOUNTS, RING))
    assert np.abs(found.private) == pytest.approx(0.0, abs=1.0)


def test_enriched_identifiers_are_the_groups_own() -> None:
    drawing = town()
    graph = drawing.incidence()
    stood = enriched(graph, label_of(ACCOUNTS, RING), SETTINGS)
    names = {drawing.identifiers[at] for at in stood.identifier}
    assert {(CARD, f"ring-card-{card}") for card in range(3)} <= names
    assert (CARD, "family") not in names
    assert (stood.inside >= 2).all()
    assert (stood.bits >= SETTINGS.enriched_bits).all()
    assert (np.diff(stood.community) >= 0).all()


def test_nobody_belongs_to_nothing() -> None:
    found = assigned(town().incidence(), label_of(ACCOUNTS))
    assert (found.label == -1).all()
    assert len(found.account) == len(found.score) == len(found.entry_row) == 0


def test_share_bits_compare_shares() -> None:
    def bits(inside: int, size: int, outside: int, others: int) -> float:
        return float(share_bits(*(np.array([value]) for value in (inside, size, outside, others)))[0])

    assert bits(10, 20, 10, 20) == 0.0
    assert bits(10, 10, 0, 1_000) > bits(10, 10, 5, 1_000) > bits(5, 10, 5, 1_000) > 0
    assert bits(0, 10, 500, 1_000) < 0


def test_an_identifier_speaks_as_far_as_it_is_trusted() -> None:
    def left(bits: float, theta: float) -> float:
        return float(trusted_bits(np.array([bits]), np.array([theta]))[0])

    assert left(8.0, 1.0) == pytest.approx(8.0)
    assert left(8.0, 0.0) == 0.0
    assert left(8.0, 0.5) == pytest.approx(7.0, abs=0.01)
    assert left(8.0, 0.05) < left(8.0, 0.2) < left(8.0, 0.5)
    # What strangers use more counts against an account, and never by more than the doubt allows.
    assert -1.0 <= left(-50.0, 0.5) < 0.0


def test_lacking_a_kind_costs_no_more_than_its_cap() -> None:
    """An operator's accounts that skip the proxies are no passengers: what they have ties them well enough."""
    drawing = Drawing()
    proxied, bare = range(39), 39
    drawing.use([*proxied, bare], TEMPLATE, "own-0")
    drawing.use([*proxied, bare], TEMPLATE, "own-1")
    for exit_ in range(8):
        drawing.use([account for account in proxied if (account + exit_) % 3], IP, f"exit-{exit_}")
    for other in range(100, 200):
        drawing.use([other, other + 100, other + 200], TEMPLATE, f"public-{other}")
    drawing.accounts = ACCOUNTS
    found = assigned(drawing.incidence(), label_of(ACCOUNTS, [*proxied, bare]))
    # The card that nobody has adds next to nothing.
    assert found.absence[row_of(found, 0)] == pytest.approx(0.0, abs=0.02)
    assert found.absence[row_of(found, bare)] == pytest.approx(-SETTINGS.absence_cap_bits, abs=0.02)
    assert found.label[bare] == 0


@pytest.mark.parametrize(
    ("label", "smallest", "numbered"),
    [
        ([4, 4, 2, 2, 2, -1, 9], 2, [0, 0, 1, 1, 1, -1, -1]),
        ([4, 4, 2, 2, 2, -1, 9], 3, [-1, -1, 0, 0, 0, -1, -1]),
        ([-1, -1], 2, [-1, -1]),
        ([], 2, []),
    ],
)
def test_communities_are_numbered_and_small_ones_dropped(label: list[int], smallest: int, numbered: list[int]) -> None:
    assert membership.number(np.array(label, dtype=np.int64), smallest).tolist() == numbered


def meeting() -> Incidence:
    """A ring and a class, each on templates and cards of its own, that all use six templates of one tool."""
    drawing = Drawing()
    for number in range(6):
        drawing.use(range(30), TEMPLATE, f"ring-{number}")
        drawing.use(range(30, 50), TEMPLATE, f"class-{number}")
        drawing.use(range(50), TEMPLATE, f"tool-{number}")
    random = np.random.default_rng(8)
    for number in range(14):
        drawing.use(random.choice(30, 5, replace=False), CARD, f"ring-{number}")
        drawing.use(30 + random.choice(20, 5, replace=False), CARD, f"class-{number}")
    drawing.accounts = ACCOUNTS
    return drawing.incidence()


def test_a_class_that_meets_a_ring_on_a_tool_stays_apart() -> None:
    found = assigned(meeting(), label_of(ACCOUNTS, range(30), range(30, 50)))
    assert set(found.label[:30]) == {0}
    assert set(found.label[30:50]) == {1}


def test_two_halves_of_a_ring_join() -> None:
    found = assigned(meeting(), label_of(ACCOUNTS, range(15), range(15, 30), range(30, 50)))
    assert len(set(found.label[:30])) == 1
    assert set(found.label[:30]).isdisjoint(found.label[30:50])
