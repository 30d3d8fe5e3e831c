"""Accounts that share nothing but time, from a file of events to a cluster that says so."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from linkage import Workspace
from linkage.cli import main
from linkage.model.kinds import SCHEDULE
from linkage.stores.neo4j.graph import labels

PEOPLE, RING, DAYS, ROUNDS = 400, 30, 40, 50
START = datetime(2026, 3, 2, tzinfo=UTC)


def _moments(random: np.random.Generator) -> Iterator[tuple[str, str, datetime]]:
    """(account, address of its own, time): everyone at hours of their own; the ring at fifty rounds as well."""
    rounds = np.sort(random.uniform(0, DAYS * 86_400, ROUNDS))
    for number in range(PEOPLE):
        account, address = f"account-{number:03}", f"198.{18 + number // 250}.7.{number % 250 + 1}"
        usual = random.uniform(6, 20)
        times = [day * 86_400 + 3_600 * random.normal(usual, 2.0) for day in range(DAYS) if random.random() < 0.6]
        if number < RING:
            times += [begin + random.normal(0, 120) for begin in rounds if random.random() < 0.7]
        for seconds in times:
            yield account, address, START + timedelta(seconds=max(0.0, float(seconds)))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("schedule")
    with (folder / "events.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("account_id", "ip_address", "event_time"))
        for account, address, time in _moments(np.random.default_rng(6)):
            writer.writerow((account, address, time.isoformat()))
    # A kind of the input that has the derived one's name in words: everyone works in one of two shifts.
    with (folder / "shifts.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("account_id", "kind", "identifier", "event_time"))
        for number in range(PEOPLE):
            writer.writerow((f"account-{number:03}", "schedule", f"shift {number % 2}", START.isoformat()))
    (folder / "long.toml").write_text('schema = "linkage.mapping/1"\nlayout = "long"\n', encoding="utf-8")
    made = Workspace(folder / "workspace")
    made.ingest(folder / "events.csv")
    made.ingest(folder / "shifts.csv", mapping=folder / "long.toml")
    made.refresh()
    made.bundles.new_key()
    return made


def test_the_ring_is_a_cluster_and_its_schedule_has_a_name(workspace: Workspace) -> None:
    clusters = workspace.clusters()
    assert len(clusters) == 1
    cluster = str(clusters.iloc[0]["cluster_id"])
    ring = {f"account-{number:03}" for number in range(RING)}
    members = set(workspace.members(cluster)["account_id"])
    # One in twenty of those who are taken may be there by chance.
    assert ring <= members and len(members - ring) <= 0.05 * len(members)
    explained = str(workspace.explain(cluster=cluster))
    assert "schedule 1" in explained
    assert "begin to work at the same moments" in explained


def test_a_schedule_of_the_input_is_a_kind_like_any_other(workspace: Workspace) -> None:
    assert [str(row["kind"]) for row in workspace.lookup("shift 0").to_dict("records")] == ["schedule"] * (PEOPLE // 2)
    assert list(workspace.clusters().iloc[0]["kinds"]) == [SCHEDULE]
    assert set(labels(("schedule", SCHEDULE)).values()) == {"Schedule", "ScheduleKind"}


def test_a_pair_of_the_ring_is_tied_by_the_schedule_and_a_search_finds_it(workspace: Workspace) -> None:
    assert "schedule 1" in str(workspace.explain(pair=("account-003", "account-017")))
    found = workspace.search("schedule 1")
    assert found.total == 1
    assert set(found.labels.values()) == {"schedule 1"}


@pytest.mark.parametrize("profile", ["internal", "partner"])
def test_a_bundle_of_the_ring_is_computed_again_with_its_schedule(
    workspace: Workspace, profile: str, tmp_path: Path
) -> None:
    cluster = str(workspace.clusters().iloc[0]["cluster_id"])
    made = workspace.bundles.export(cluster, profile=profile, output=tmp_path)
    report = workspace.bundles.verify(made.path, rerun=True)
    assert report.fault is None


def test_a_schedule_is_no_indicator_and_its_pseudonym_stands_for_nothing(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A partner cannot know what a refresh found here: it is left out, and said to be."""
    cluster = str(workspace.clusters().iloc[0]["cluster_id"])
    (key := tmp_path / "exchange.key").write_bytes(bytes(32))
    command = ["--workspace", str(workspace.path), "bundle", "export", cluster, "--profile", "partner"]
    assert main([*command, "--output", str(tmp_path), "--exchange-key", str(key)]) == 0
    out, err = capsys.readouterr()
    assert "under the exchange key: 0; left out as found or purged here, so that nobody else can know them: 1" in err
    data = Path(out.strip()) / "data"
    assert pq.read_table(data / "indicators.parquet").num_rows == 0
    assert json.loads((data / "privacy.json").read_text())["indicators"] == {"given": 0, "left_out": 1}
    assert b'"indicator"' not in (data / "interop" / "stix-2.1.json").read_bytes()
    (name,) = [row["value"] for row in pq.read_table(data / "evidence.parquet").to_pylist() if row["kind"] == SCHEDULE]
    (row,) = workspace.keys.resolve([name], reason="they asked").to_pylist()
    assert (name[:10], row["value"]) == (f"{SCHEDULE}-", None)
    assert "a refresh found the schedule" in row["why"]
