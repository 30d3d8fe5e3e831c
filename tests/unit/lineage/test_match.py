"""Which cluster is which, from refresh to refresh."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from linkage.config import LineageSettings
from linkage.lineage.match import Ancestor, LineageRow, Named, founding_id, name

SETTINGS = LineageSettings()


def of(first: int, end: int) -> frozenset[int]:
    return frozenset(range(first, end))


def ancestor(refresh_id: str, **clusters: Iterable[int]) -> Ancestor:
    return Ancestor(refresh_id, {f"c-{key}": frozenset(members) for key, members in clusters.items()})


def named(found: Sequence[frozenset[int]], *earlier: Ancestor, evidence: Sequence[dict[int, float]] = ()) -> Named:
    return name(found, [f"c-new{at}" for at in range(len(found))], earlier, SETTINGS, evidence)


def only(rows: Sequence[LineageRow], event: str) -> LineageRow:
    (row,) = (row for row in rows if row.event == event)
    return row


def test_the_first_refresh_makes_everything_new() -> None:
    result = named([of(0, 5), of(5, 9)])
    assert result.ids == ("c-new0", "c-new1")
    assert result.events == ("new", "new")
    assert result.rows == (
        LineageRow("c-new0", "new", None, None, None),
        LineageRow("c-new1", "new", None, None, None),
    )


def test_identical_clusters_continue_under_their_ids() -> None:
    result = named([of(5, 9), of(0, 5)], ancestor("r1", a=of(0, 5), b=of(5, 9)))
    assert result.ids == ("c-b", "c-a")
    assert result.events == ("continued", "continued")
    assert [(row.cluster_id, row.parent_cluster_id, row.overlap) for row in result.rows] == [
        ("c-a", "c-a", 1.0),
        ("c-b", "c-b", 1.0),
    ]
    assert {row.parent_refresh_id for row in result.rows} == {"r1"}


@pytest.mark.parametrize(
    ("members", "event"),
    [(of(0, 30), "grew"), (of(0, 21), "continued"), (of(0, 20), "continued"), (of(0, 12), "shrank")],
)
def test_growth_and_shrinkage(members: frozenset[int], event: str) -> None:
    result = named([members], ancestor("r1", a=of(0, 20)))
    assert result.ids == ("c-a",)
    assert result.events == (event,)
    assert result.rows[0].overlap == pytest.approx(min(len(members), 20) / max(len(members), 20))


def test_a_merger_keeps_the_id_of_the_larger_part_and_names_both() -> None:
    result = named([of(0, 20)], ancestor("r1", a=of(0, 8), b=of(8, 20)))
    assert result.ids == ("c-b",)
    assert result.events == ("merged",)
    assert {(row.cluster_id, row.event, row.parent_cluster_id) for row in result.rows} == {
        ("c-b", "merged", "c-a"),
        ("c-b", "merged", "c-b"),
    }


def test_a_split_keeps_the_id_with_the_largest_piece() -> None:
    result = named([of(0, 7), of(7, 20)], ancestor("r1", a=of(0, 20)))
    assert result.ids == ("c-new0", "c-a")
    assert result.events == ("split", "split")
    assert {(row.cluster_id, row.parent_cluster_id) for row in result.rows} == {("c-new0", "c-a"), ("c-a", "c-a")}
    assert {row.event for row in result.rows} == {"split"}


def test_a_crumb_that_falls_off_is_no_split() -> None:
    result = named([of(0, 18), of(18, 20) | of(50, 60)], ancestor("r1", a=of(0, 20)))
    assert result.ids[0] == "c-a"
    assert result.events[0] in ("continued", "shrank")
    assert result.events[1] == "new"


def test_a_cluster_that_is_gone_is_dissolved() -> None:
    result = named([of(0, 5)], ancestor("r1", a=of(0, 5), b=of(5, 9)))
    row = only(result.rows, "dissolved")
    assert (row.cluster_id, row.parent_cluster_id, row.parent_refresh_id) == ("c-b", "c-b", "r1")
    assert result.ids == ("c-a",)


def test_everything_may_dissolve() -> None:
    result = named([], ancestor("r1", a=of(0, 5)))
    assert result.ids == ()
    assert [row.event for row in result.rows] == ["dissolved"]


def test_a_cluster_comes_back_from_before_the_last_refresh() -> None:
    earlier = (ancestor("r3"), ancestor("r2", a=of(0, 9)), ancestor("r1", a=of(0, 4), z=of(20, 29)))
    result = named([of(0, 10), of(20, 29)], *earlier)
    assert result.ids == ("c-a", "c-z")
    assert result.events == ("revived", "revived")
    assert {(row.parent_refresh_id, row.parent_cluster_id) for row in result.rows} == {("r2", "c-a"), ("r1", "c-z")}
    assert result.rows[0].overlap == pytest.approx(0.9)


def test_what_only_touches_an_old_cluster_is_new() -> None:
    result = named([of(5, 14)], ancestor("r1", a=of(0, 6)))
    assert result.ids == ("c-new0",)
    assert result.events == ("new",)
    assert only(result.rows, "dissolved").cluster_id == "c-a"


def test_an_id_goes_to_one_cluster_only() -> None:
    old = ancestor("r1", a=of(0, 10))
    result = named([of(0, 5), of(5, 10)], old)
    assert sorted(result.ids) == ["c-a", "c-new1"]


def test_the_better_overlap_wins() -> None:
    result = named([of(0, 10), of(10, 19)], ancestor("r1", a=of(0, 4) | of(10, 19), b=of(4, 10)))
    assert result.ids == ("c-b", "c-a")


def test_ids_are_stable_over_five_steps() -> None:
    """A cluster gains and loses a few accounts each time, and never its id."""
    history: list[Ancestor] = []
    founding = founding_id("r0", [str(account) for account in range(20)])
    for step in range(6):
        members = of(3 * step, 20 + 2 * step)
        result = name([members], [founding if step == 0 else f"c-other{step}"], tuple(history), SETTINGS)
        assert result.ids == (founding,)
        assert result.events[0] in ("new", "continued", "grew", "shrank")
        history.insert(0, Ancestor(f"r{step}", {founding: members}))
    assert not history[0].clusters[founding] & history[-1].clusters[founding] - of(15, 20)


def test_the_order_of_clusters_does_not_matter() -> None:
    old = ancestor("r1", a=of(0, 10), b=of(10, 20), c=of(20, 30))
    found = [of(0, 5), of(5, 12), of(12, 24), of(24, 31)]
    founding = [founding_id("r2", [str(account) for account in members]) for members in found]
    forward = name(found, founding, (old,), SETTINGS)
    backward = name(found[::-1], founding[::-1], (old,), SETTINGS)
    assert forward.ids == backward.ids[::-1]
    assert forward.events == backward.events[::-1]
    assert forward.rows == backward.rows


def test_a_founding_id_is_of_its_content() -> None:
    members = ["acct_3", "acct_1", "acct_2"]
    made = founding_id("r-1", members)
    assert made == founding_id("r-1", sorted(members))
    assert made.startswith("c-")
    assert all(letter in "0123456789abcdef" for letter in made[2:])
    others = {
        founding_id("r-2", members),
        founding_id("r-1", members[:2]),
        founding_id("r-1", ["acct_3acct_1", "acct_2"]),
        founding_id("r-1", ["acct_3", "acct_1acct_2"]),
    }
    assert made not in others
    assert len(others) == 4


def test_a_small_cluster_inside_a_huge_one_did_not_split() -> None:
    """All of it is in there, so nothing was split off; it is no part of a split in any case."""
    result = named([of(0, 200)], ancestor("r1", a=of(0, 10)))
    assert "split" not in {row.event for row in result.rows}


def test_an_id_is_not_dissolved_and_alive_at_once() -> None:
    earlier = (ancestor("r2", a=of(5, 15)), ancestor("r1", a=of(0, 10)))
    result = named([of(0, 5)], *earlier)
    gone = {row.cluster_id for row in result.rows if row.event == "dissolved"}
    assert not gone & set(result.ids)


def test_a_revival_goes_to_the_best_overlap() -> None:
    earlier = (ancestor("r2"), ancestor("r1", a=of(0, 24)))
    result = named([of(0, 3), of(3, 24)], *earlier)
    assert result.ids == ("c-new0", "c-a")


#: What a campaign stands on: cards, each with its weight.
CARDS = {901: 4.0, 902: 3.0, 903: 2.0, 904: 1.0}


def standing(**evidence: dict[int, float]) -> Ancestor:
    """A cluster ``c-a`` of ten, and what each of the clusters stands on."""
    members = {f"c-{key}": of(100 * at, 100 * at + 10) for at, key in enumerate(sorted(evidence))}
    return Ancestor("r1", members, {f"c-{key}": weights for key, weights in evidence.items()})


def test_a_cluster_whose_every_member_was_replaced_goes_on_where_it_stands_on_the_same() -> None:
    result = named([of(50, 62)], standing(a=CARDS), evidence=[{901: 5.0, 902: 3.0, 909: 2.0}])
    assert (result.ids, result.events) == (("c-a",), ("grew",))
    (row,) = result.rows
    assert (row.event, row.parent_cluster_id, row.overlap) == ("grew", "c-a", 0.0)


@pytest.mark.parametrize("evidence", [{901: 4.0, 909: 5.0}, {904: 9.0}, {901: 4.0, 905: 1.0}, {}])
def test_both_must_stand_on_it(evidence: dict[int, float]) -> None:
    """Half of the old cluster's weight is 5: of four cards, the first and another."""
    result = named([of(50, 60)], standing(a=CARDS), evidence=[evidence])
    assert (result.ids, result.events) == (("c-new0",), ("new",))
    assert only(result.rows, "dissolved").cluster_id == "c-a"


def test_members_go_before_ground() -> None:
    """Whoever holds the members keeps the id, and a cluster that lives on gives it to nobody."""
    result = named([of(0, 10), of(50, 60)], standing(a=CARDS), evidence=[{905: 1.0}, CARDS])
    assert result.ids == ("c-a", "c-new1")
    absorbed = named([of(0, 10) | of(100, 130)], standing(a=CARDS, b={}), evidence=[CARDS])
    assert absorbed.events == ("merged",)


def test_a_piece_that_splits_off_is_no_heir() -> None:
    result = named([of(0, 3) | of(50, 60), of(60, 70)], standing(a=CARDS), evidence=[CARDS, {905: 1.0}])
    assert result.ids == ("c-new0", "c-new1")
    assert result.events == ("split", "new")


def test_ground_goes_to_the_one_that_shares_most_of_it() -> None:
    evidence = [{901: 4.0, 902: 3.0}, dict(CARDS)]
    found = [of(50, 60), of(60, 70)]
    assert named(found, standing(a=CARDS), evidence=evidence).ids == ("c-new0", "c-a")
    backward = named(found[::-1], standing(a=CARDS), evidence=evidence[::-1])
    assert backward.ids == ("c-a", "c-new1")
