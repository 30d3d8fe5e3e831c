"""What a person declared benign is no evidence any more, and nothing else changes."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from linkage import Workspace

RING = [f"ring-{at:02}" for at in range(12)]
HEADER = "event_time,account_id,ip_address,payment_instrument,template_hash"
#: A template that everybody uses, and the ring as well.
PUBLIC = "a-public-template"


def rows() -> list[str]:
    """A ring on rotating cards on tasks of its own, couples at home, and a public template for all of them."""
    out = []
    for at, account in enumerate(RING):
        for step in range(3):
            day = 1 + (at + step) % 9
            shared = f"203.0.113.{at % 4},card-{(at + step) % 6}"
            out.append(f"2026-04-{day:02}T00:{at:02}:00Z,{account},{shared},{PUBLIC}")
            out.append(f"2026-04-{day:02}T02:{at:02}:00Z,{account},{shared},task-{(at + step) % 5}")
    for pair in range(60):
        for who in "ab":
            account = f"pair-{pair:02}{who}"
            out.append(f"2026-04-05T01:{pair:02}:00Z,{account},198.51.100.{pair},home-{pair},{PUBLIC}")
            out.append(f"2026-04-06T01:{pair:02}:00Z,{account},198.51.100.{pair},home-{pair},own-of-{account}")
    return out


def workspace(folder: Path, *files: list[str]) -> Workspace:
    """A workspace that takes ``files`` in one after the other."""
    folder.mkdir(parents=True, exist_ok=True)
    accounts = "\n".join(["account_id,organization_id", *(f"{account},org_ring" for account in RING)]) + "\n"
    (folder / "accounts.csv").write_text(accounts, encoding="utf-8")
    made = Workspace(folder / "w", actor="tester")
    for number, lines in enumerate(files):
        path = folder / f"events-{number}.csv"
        path.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
        assert made.ingest(path, accounts=folder / "accounts.csv").accepted == len(lines)
    return made


@pytest.fixture
def made(tmp_path: Path) -> Workspace:
    found = workspace(tmp_path, rows())
    found.refresh()
    assert set(RING) <= set(found.members()["account_id"]), "the ring is found while nothing is allowed"
    return found


def allow(found: Workspace, *entries: tuple[str, str]) -> list[str]:
    return [found.allow.add(kind, value, reason="known").entry_id for kind, value in entries]


def test_a_ring_on_what_is_allowed_is_none_until_they_are_allowed_no_more(made: Workspace) -> None:
    before = made.snapshot().refresh_id
    cards = [("payment_instrument", f"card-{card}") for card in range(6)]
    entries = allow(made, *cards, *(("prompt_template", f"task-{task}") for task in range(5)))
    assert made.refresh().status == "new"
    assert not set(RING) & set(made.members()["account_id"])
    for entry in entries:
        made.allow.remove(entry)
    assert made.refresh().status == "new"
    assert set(RING) <= set(made.members()["account_id"])
    assert made.lineage()["event"].tolist() == ["revived"]
    assert made.snapshot().refresh_id != before


def test_an_allowed_network_is_no_evidence(made: Workspace) -> None:
    seen = made.snapshot().table("identifiers")
    assert pc.sum(pc.equal(seen["kind"], "ip_address")).as_py() > 50
    allow(made, ("cidr", "198.51.100.0/24"))
    made.refresh()
    left = made.snapshot().table("identifiers")
    assert pc.sum(pc.equal(left["kind"], "ip_address")).as_py() == 4


def test_what_was_not_seen_in_the_window_changes_no_cluster(made: Workspace) -> None:
    before = made.members()[["account_id", "membership"]]
    allow(made, ("cidr", "192.0.2.0/24"))
    made.refresh()
    assert made.members()[["account_id", "membership"]].equals(before)


def test_an_allowed_template_does_not_become_private_work(made: Workspace) -> None:
    """Everybody uses it, so it is nobody's own."""
    term = ("no_private_work", "own_work")

    def observed() -> list[float]:
        terms = made.snapshot().table("cluster_terms")
        rows = terms.filter(pc.is_in(terms["term"], value_set=pa.array(term)))
        return sorted(round(value, 6) for value in rows["observed"].to_pylist())

    before = observed()
    assert before
    allow(made, ("prompt_template", PUBLIC))
    made.refresh()
    assert observed() == before


def test_an_allowed_organization_speaks_against_abuse_and_not_against_linkage(made: Workspace) -> None:
    before = made.clusters().iloc[0]
    allow(made, ("organization", "org_ring"))
    made.refresh()
    after = made.clusters().iloc[0]
    assert set(RING) <= set(made.members()["account_id"])
    assert after["linkage_score"] == before["linkage_score"]
    assert after["abuse_score"] < before["abuse_score"] - 1.0
    assert not after["flagged"]


def test_the_same_list_on_the_same_events_gives_the_same_ids_in_any_order(made: Workspace, tmp_path: Path) -> None:
    lines = rows()
    other = workspace(tmp_path / "other", lines[100:], lines[:100])
    other.refresh()
    for found in (made, other):
        allow(found, ("payment_instrument", "card-1"), ("payment_instrument", "home-3"), ("cidr", "198.51.100.8/32"))
        found.refresh()
    assert made.snapshot().refresh_id == other.snapshot().refresh_id
    assert made.members().equals(other.members())
