"""A cluster that only a further look finds: listed, explained, and computed again from its bundle."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage import Workspace
from tests.lib.graphs import CARD, IP, TEMPLATE, Drawing

pytestmark = pytest.mark.long

START = datetime(2026, 4, 1, tzinfo=UTC)
COLUMNS = {IP: "ip_address", CARD: "payment_instrument", TEMPLATE: "template_hash"}
#: Users of a framework, the first of them a ring; and everybody.
USERS, RING, EVERYBODY = 80, 20, 2_000


def drawn() -> Drawing:
    """Eighty users of a hosted framework, of whom twenty share cards, exits and prompts too; couples; and others."""
    random = np.random.default_rng(5)
    drawing = Drawing()
    for number in range(10):
        drawing.use(range(USERS), TEMPLATE, f"framework-{number}")
    for number in range(4):
        drawing.use(range(USERS), IP, f"20.0.1.{number}")
    for number in range(16):
        drawing.use(random.choice(RING, 4, replace=False), CARD, f"ring-{number:02}")
        drawing.use(random.choice(RING, 5, replace=False), IP, f"20.0.2.{number}")
        drawing.use(random.choice(RING, 6, replace=False), TEMPLATE, f"own-{number:02}")
    for couple in range(200):
        drawing.use([100 + 2 * couple, 101 + 2 * couple], CARD, f"couple-{couple}")
    drawing.use(range(500, EVERYBODY), TEMPLATE, "public", 0, 0, events=1)
    return drawing


def events() -> Iterator[dict[str, object]]:
    """What is drawn, as exchanges: each use spread over its days, no two accounts alike."""
    for (account, kind, name), (first, last, count) in drawn().uses.items():
        for turn in range(count):
            day = first + (last - first) * turn / max(1, count - 1) + account * 7 % 23
            when = START + timedelta(days=day, minutes=(account * 37 + turn * 101) % 1440)
            yield dict.fromkeys(COLUMNS.values()) | {
                "account_id": f"account-{account:04}", "event_time": when, COLUMNS[kind]: name,
            }  # fmt: skip


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A population in which a framework hides a ring from the first look."""
    folder = tmp_path_factory.mktemp("again")
    pq.write_table(pa.Table.from_pylist(list(events())), folder / "events.parquet")
    made = Workspace(folder / "workspace")
    made.ingest(folder / "events.parquet")
    made.refresh(window="all")
    made.bundles.new_key()
    return made


def test_the_ring_is_found_and_nobody_else(workspace: Workspace) -> None:
    (cluster,) = set(workspace.snapshot().table("aside")["cluster_id"].to_pylist())
    members = workspace.members()
    found = set(members[members["cluster_id"] == cluster]["account_id"])
    assert found == {f"account-{account:04}" for account in range(RING)}


def test_what_was_put_aside_is_shown_without_trust(workspace: Workspace) -> None:
    snapshot = workspace.snapshot()
    assert snapshot.run.counts["looked_again"] == 1
    aside = snapshot.table("aside").to_pandas()
    clusters = set(aside["cluster_id"])
    assert clusters and clusters <= set(workspace.clusters()["cluster_id"])
    assert not aside.duplicated().any()
    evidence = snapshot.table("cluster_identifiers").to_pandas()
    shown = evidence.merge(aside, on=["cluster_id", "identifier"])
    # Shown only where many members use it.
    assert (shown["trust"] == 0.0).all() and (shown["role"] == "discounted").all()
    # Elsewhere it is what it was: the group that it holds together stands on it.
    elsewhere = evidence[evidence["identifier"].isin(aside["identifier"]) & ~evidence["cluster_id"].isin(clusters)]
    assert (elsewhere["trust"] > 0.0).any()


def test_nobody_is_a_member_by_what_was_put_aside(workspace: Workspace) -> None:
    aside = workspace.snapshot().table("aside").to_pandas()
    bits = workspace.snapshot().table("account_bits").to_pandas()
    assert bits.merge(aside, on=["cluster_id", "identifier"]).empty


def test_who_fits_is_a_member_or_is_said_to_be_elsewhere(workspace: Workspace) -> None:
    candidates = workspace.snapshot().table("candidates").to_pandas()
    left_out = workspace.snapshot().table("left_out").to_pandas()
    members = workspace.snapshot().table("members").to_pandas()[["cluster_id", "account"]].assign(member=True)
    of = candidates.merge(members, how="left", on=["cluster_id", "account"])
    fits = left_out[left_out["membership"] >= 0.5].merge(of, on=["cluster_id", "account"])
    assert fits["elsewhere"].notna().all() and fits["member"].isna().all()
    assert of[of["member"].notna()]["elsewhere"].isna().all()


@pytest.mark.parametrize("profile", ["internal", "partner"])
def test_its_bundle_is_computed_again(workspace: Workspace, profile: str, tmp_path: Path) -> None:
    aside = workspace.snapshot().table("aside").to_pandas()
    # Also the groups that lost members to it.
    others = [name for name in workspace.clusters()["cluster_id"] if name not in set(aside["cluster_id"])]
    for number, cluster in enumerate([*sorted(set(aside["cluster_id"])), *others[:12]]):
        made = workspace.bundles.export(cluster, profile=profile, output=tmp_path / str(number), recipient="a partner")
        report = workspace.bundles.verify(made.path, rerun=True)
        assert report.fault is None, report
