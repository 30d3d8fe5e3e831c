"""Lookup: any identifier, account, surrogate id or network, and who stands behind it."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkage.errors import UsageError
from linkage.reading.lookup import text_start
from tests.lib import small_world
from tests.lib.small_world import ADDRESSES, CARDS, HOSTILE, LONERS, RING, World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return small_world.build(tmp_path_factory.mktemp("world") / "workspace")


def test_an_identifier_lists_its_accounts_and_where_they_stand(world: World) -> None:
    found = world.workspace.lookup(ADDRESSES[0])
    assert found["account_id"].tolist() == [LONERS[0], "ring-01", "ring-04", "ring-05", "ring-08", "ring-09", "ring-12"]
    assert set(found["degree"]) == {7}
    assert set(found["kind"]) == {"ip_address"}
    assert found["flagged"].tolist() == [False, True, True, True, True, True, False]
    assert found["cluster_id"].isna().tolist() == [True] + [False] * 6
    assert found["first_seen"].iloc[0].isoformat() == "2026-03-01T00:00:00+00:00"


def test_an_account_is_found_by_name_however_hostile(world: World) -> None:
    for name in (*HOSTILE, "ring-02"):
        found = world.workspace.lookup(name)
        assert found[["query", "kind", "account_id"]].to_numpy().tolist() == [[name, "account", name]]


@pytest.mark.parametrize("typed", [" 198.51.100.10 ", "::ffff:198.51.100.10", "::FFFF:C633:640A"])
def test_an_address_is_found_however_it_is_written(world: World, typed: str) -> None:
    assert (
        world.workspace.lookup(typed)["account_id"].tolist()
        == world.workspace.lookup(ADDRESSES[0])["account_id"].tolist()
    )
    assert set(world.workspace.lookup("2001:0DB8:0:7:0:0:0:1")["identifier"]) == {ADDRESSES[3]}


def test_a_network_lists_every_address_in_it_masked(world: World) -> None:
    found = world.workspace.lookup("198.51.100.0/24")
    ids = small_world.IDENTIFIER_ID
    assert set(found["identifier_id"]) == {ids["ip_address", ADDRESSES[0]], ids["ip_address", ADDRESSES[1]]}
    assert set(found["identifier"]) == {"198.51.100.•"}
    assert set(world.workspace.lookup("198.51.100.11/32")["identifier_id"]) == {ids["ip_address", ADDRESSES[1]]}
    assert set(world.workspace.lookup("2001:db8::/32")["identifier_id"]) == {ids["ip_address", ADDRESSES[3]]}
    assert set(world.workspace.lookup("198.0.0.0/8")["identifier_id"]) == set(found["identifier_id"])
    for wide in ("0.0.0.0/0", "10.0.0.0/7", "::/0", "2000::/15"):
        with pytest.raises(UsageError):
            world.workspace.lookup(wide)


def test_a_surrogate_id_is_found_and_its_value_stays_masked(world: World) -> None:
    card = small_world.IDENTIFIER_ID["payment_instrument", CARDS[0]]
    found = world.workspace.lookup(f"id:{card}")
    assert set(found["identifier"]) == {"•••0001"}
    assert found["account_id"].tolist() == world.workspace.lookup(CARDS[0])["account_id"].tolist()
    assert world.workspace.lookup("id:1")["account_id"].tolist() == ["ring-01"]


def test_many_at_once_come_in_the_order_they_were_asked(world: World) -> None:
    found = world.workspace.find([CARDS[1], "unseen", "ring-01", CARDS[1]])
    assert list(dict.fromkeys(row["query"] for row in found.rows)) == [CARDS[1], "ring-01"]
    assert len(found.rows) == 5
    assert found.notes == ("identifier 2 of 4: never seen in this workspace",)


def test_what_is_known_and_outside_the_window_is_said(tmp_path_factory: pytest.TempPathFactory) -> None:
    world = small_world.build(tmp_path_factory.mktemp("w") / "w")
    later = {**world.tables, "sightings": world.tables["sightings"].slice(0, 0)}
    small_world.publish(world.path, "r-000000000002", later, world.refresh_id)
    found = world.workspace.find([CARDS[0]])
    assert len(found.rows) == 0
    assert found.notes == ("identifier 1 of 1: known, but without an event in the window of refresh r-000000000002",)


def test_statements_are_not_built_from_what_is_typed(world: World) -> None:
    for typed in ("'; DROP TABLE members; --", "' OR 1=1 --", "%", "_", "*", "$values", "\x00", "a" * 10_000):
        found = world.workspace.lookup(typed)
        assert set(found["account_id"]) <= {typed}
    assert len(world.workspace.members(RING)) == 12


@given(st.ip_addresses(), st.integers(0, 128))
def test_the_text_of_every_address_of_a_network_starts_as_the_network_says(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, length: int
) -> None:
    network = ipaddress.ip_network(f"{address}/{min(length, address.max_prefixlen)}", strict=False)
    assert str(address).startswith(text_start(network))
