"""A cluster that only a further look finds: listed, explained, and computed again from its bundle."""

from __future__ import annotations

from pathlib import Path

import pytest

from linkage import Workspace
from tests.lib.refreshed import made_up

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A population in which a framework hides a campaign from the first look."""
    made = made_up(tmp_path_factory.mktemp("again"), "campus", 1_500, 3)
    made.bundles.new_key()
    return made


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
