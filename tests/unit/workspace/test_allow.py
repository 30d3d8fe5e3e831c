"""The allow-list: networks at any time, everything else by its surrogate id; reason, author, end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from linkage import Workspace
from linkage.errors import UsageError
from tests.lib import small_world
from tests.lib.small_world import CARDS, OFFICE_ADDRESS, World

LATER = datetime.now(UTC) + timedelta(days=30)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return small_world.build(tmp_path / "w")


def test_entries_are_listed_with_reason_author_and_end(world: World) -> None:
    allow = Workspace(world.path, actor="ann").allow
    network = allow.add("cidr", "192.0.2.0/24", reason="our campus", expires=LATER)
    card = allow.add("payment_instrument", CARDS[0], reason="test card")
    address = allow.add("ip_address", f"::ffff:{OFFICE_ADDRESS}", reason="office")
    rows = {row["entry_id"]: row for row in allow.list().to_pylist()}
    assert list(rows) == [network.entry_id, card.entry_id, address.entry_id]
    assert rows[network.entry_id]["value"] == "192.0.2.0/24"
    assert rows[network.entry_id]["expires_at"] == LATER
    assert rows[card.entry_id]["value"] == "•••0001"
    assert rows[address.entry_id]["identifier_id"] == small_world.IDENTIFIER_ID["ip_address", OFFICE_ADDRESS]
    assert {row["author"] for row in rows.values()} == {"ann"}
    assert all(row["active"] for row in rows.values())
    allow.remove(card.entry_id)
    assert [entry.entry_id for entry in allow.entries()] == [network.entry_id, address.entry_id]


def test_no_raw_value_reaches_the_casework_database(world: World) -> None:
    allow = world.workspace.allow
    allow.add("payment_instrument", CARDS[0], reason="test card")
    for name in ("casework.sqlite", "casework.sqlite-wal"):
        if (world.path / name).exists():
            assert CARDS[0].encode() not in (world.path / name).read_bytes()


@pytest.mark.parametrize(
    ("kind", "value", "reason", "expires"),
    [
        ("cidr", "192.0.2.1/24", "host bits", None),
        ("cidr", "campus", "no network", None),
        ("cidr", "192.0.2.0/24", " ", None),
        ("cidr", "192.0.2.0/24", "past", datetime(2020, 1, 1, tzinfo=UTC)),
        ("cidr", "192.0.2.0/24", "no zone", LATER.replace(tzinfo=None)),
        ("organization", "never seen", "benign", None),
        ("payment_instrument", "office-01", "an account, not a card", None),
        ("Not A Kind", "x", "reason", None),
    ],
)
def test_what_cannot_be_allowed_is_refused(
    world: World, kind: str, value: str, reason: str, expires: datetime | None
) -> None:
    with pytest.raises(UsageError):
        world.workspace.allow.add(kind, value, reason=reason, expires=expires)
    assert world.workspace.allow.entries() == ()


def test_a_workspace_without_casework_has_an_empty_list(tmp_path: Path) -> None:
    allow = Workspace(tmp_path / "none").allow
    assert allow.entries() == ()
    assert allow.list().num_rows == 0
    with pytest.raises(UsageError):
        allow.remove("a-1")
    assert not (tmp_path / "none").exists()
