"""A cluster without some of its evidence: the published figures where a whole kind goes, by hand where less does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from linkage import Workspace
from linkage.errors import UsageError
from linkage.reading.what_if import Ties, inside
from tests.lib import small_world
from tests.lib.refreshed import refreshed
from tests.lib.small_world import ADDRESSES, RING, TEMPLATE


def test_without_a_kind_stays_who_the_snapshot_says(tmp_path_factory: pytest.TempPathFactory) -> None:
    workspace = refreshed(tmp_path_factory, "proxy_pool")
    rows = workspace.snapshot().table("cluster_kinds").to_pylist()
    assert rows
    for row in rows:
        left = workspace.what_if(row["cluster_id"], kinds=[row["kind"]])
        assert len(left.stay) == row["members_without"]
        assert left.bits_after == pytest.approx(row["linkage_score_without"])
        assert len(left.stay) + len(left.leave) == left.members


def by_hand() -> Ties:
    """Four members: card 1 ties all, cards 2 and 3 a pair each, and two addresses the first two.

    The second address says 2 bits of the one and 1 of the other by itself.
    """
    entries = [
        (0, 0, 1, 6.0, 9.0), (1, 0, 1, 6.0, 9.0), (2, 0, 1, 6.0, 9.0), (3, 0, 1, 6.0, 9.0),
        (0, 0, 2, 2.5, 9.0), (1, 0, 2, 2.5, 9.0), (2, 0, 3, 2.0, 9.0), (3, 0, 3, 2.0, 9.0),
        (0, 1, 9, 5.0, 3.0), (1, 1, 9, 5.0, 3.0), (0, 1, 8, 0.2, 3.0), (1, 1, 8, 0.1, 3.0),
    ]  # fmt: skip
    member, kind, identifier, bits, surest = (np.array(column) for column in zip(*entries, strict=True))
    return Ties(
        refresh_id="r-1",
        cluster_id="c-1",
        members=np.array([10, 20, 30, 40]),
        kinds=("card", "address"),
        discount=np.array([0.5, 0.1]),
        network=np.array([False, True]),
        constant=np.full(4, -4.5),
        entry_member=member,
        entry_kind=kind,
        entry_identifier=identifier,
        entry_bits=bits,
        entry_surest=surest,
        evidence=np.array([1, 2, 3, 8, 9]),
        evidence_kind=np.array(["card", "card", "card", "address", "address"], dtype=object),
        touch_member=member,
        touch_identifier=identifier,
    )


def test_the_next_strongest_of_a_kind_counts_whole_and_the_rest_fall_apart() -> None:
    left = by_hand().without(identifiers=[1])
    # 2.5 bits at the discount of a half were 5 whole: 5 − 4.5 ≥ 0 keeps the first two, and 4 − 4.5 lets the others go.
    assert (left.stay, left.leave) == ((10, 20), (30, 40))
    assert left.bits_before == pytest.approx((11.5 + 10.5 + 8 + 8) / 4)
    assert left.bits_after == pytest.approx((8 + 7 + 4 + 4) / 4)
    lower = by_hand().without(identifiers=[1], threshold=-1.0)
    assert lower.stay == (10, 20, 30, 40)
    assert (lower.parts, lower.alone) == ((2, 2), 0)
    assert lower.part_of == {10: 1, 20: 1, 30: 2, 40: 2}
    assert "fall into 2 parts of 2, 2" in str(lower)


def test_addresses_are_capped_by_the_surest_that_is_left() -> None:
    assert by_hand().without(kinds=["card"]).leave == (10, 20, 30, 40)
    # The surest leaves 3 bits, and of the other account what the second says leaves 2; a second that is gone, half.
    assert by_hand().without(kinds=["card"], threshold=-1.5).stay == (10,)
    assert by_hand().without(kinds=["card"], threshold=-2.5).stay == (10, 20)
    alone = by_hand().without(kinds=["card"], identifiers=[8], threshold=-3.0)
    assert alone.stay == (10, 20)
    assert alone.bits_after == pytest.approx((1.5 + 1.5) / 4)
    assert str(by_hand().without(kinds=["card"])) == "Nothing is left: all 4 accounts leave."


def test_whoever_stays_without_a_tie_is_counted() -> None:
    left = by_hand().without(kinds=["card", "address"], threshold=-5.0)
    assert (left.parts, left.alone, left.dropped) == ((), 4, 5)
    assert left.part_of == {}


def test_nothing_dropped_is_the_cluster_as_it_is() -> None:
    whole = by_hand().without()
    assert (whole.stay, whole.dropped, whole.parts) == ((10, 20, 30, 40), 0, (4,))
    assert whole.bits_before == whole.bits_after
    assert str(whole) == "All 4 accounts stay."
    with pytest.raises(UsageError, match="no identifier of kind"):
        by_hand().without(kinds=["device_id"])


def test_a_network_stands_for_the_addresses_in_it() -> None:
    asked: list[set[int]] = []

    def values(ids: object) -> dict[int, str]:
        asked.append(set(ids))  # type: ignore[call-overload]
        return {1: "198.51.100.7", 2: "203.0.113.9", 3: "2001:db8::1"}

    found = inside([" 198.51.100.0/24", "2001:db8::/32"], [1, 2, 3], values)
    assert found == {"198.51.100.0/24": {1}, "2001:db8::/32": {3}}
    assert asked == [{1, 2, 3}]
    with pytest.raises(UsageError, match="not a network"):
        inside(["campus"], [1], values)


def test_the_workspace_resolves_networks_and_changes_nothing(tmp_path: Path) -> None:
    world = small_world.build(tmp_path / "w")
    workspace = Workspace(world.path)
    before = sorted(path.stat().st_mtime_ns for path in world.path.rglob("*") if path.is_file())
    left = workspace.what_if(RING, networks=["198.51.100.0/24"])
    assert left.networks == {"198.51.100.0/24": 2}
    assert left.dropped == 2
    template = small_world.IDENTIFIER_ID["prompt_template", TEMPLATE]
    assert workspace.what_if(RING, identifiers=[template]).dropped == 1
    assert not any(value in str(left) for value in ADDRESSES)
    assert sorted(path.stat().st_mtime_ns for path in world.path.rglob("*") if path.is_file()) == before
    with pytest.raises(UsageError, match="no such cluster"):
        workspace.what_if("c-none")
