"""The benchmarks run from end to end at tiny sizes, keep what they measured, and go on where they stopped."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from benchmarks import detection, detection_page, incremental, investigator, investigator_world, performance, results
from benchmarks.peers import environment, records
from benchmarks.screen import Waited
from linkage.evaluation import METHODS, Edges
from tests.conftest import CI

ROOT = Path(__file__).parents[2]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_detection_measures_a_scenario_once_and_shows_it_beside_simpler_methods(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["proxy_pool", "--size", "300", "--days", "20", "--results", str(tmp_path)]

    assert detection.main(command) == 0

    methods = rows(tmp_path / "detection.csv")
    assert methods[0]["method"] == "linkage"
    assert methods[0]["accounts"] == "300"
    assert float(methods[0]["refresh_seconds"]) > 0
    assert len({row["method"] for row in methods}) > 5
    told = rows(tmp_path / "detection-clusters.csv")
    assert [row["kind"] for row in told if row["what"] == "campaign"] == ["proxy_pool"] * 2
    assert {row["family"] for row in methods} == {"linkage", *METHODS, *(["splink"] if environment.present() else [])}
    assert all(float(row["seconds"]) > 0 and float(row["mebibytes"]) > 50 for row in methods[1:])
    page = (tmp_path / "detection-300.md").read_text()
    assert "| proxy_pool | 1 |" in page
    assert "\n| volume rule |" in page
    assert "\n| synchrotrap |" in page
    assert ("Splink was not measured" in page) is not environment.present()
    assert "in the results already" not in capsys.readouterr().err

    assert detection.main(command) == 0

    assert "in the results already" in capsys.readouterr().err
    assert rows(tmp_path / "detection.csv") == methods


def test_flags_in_populations_without_a_campaign_have_a_table_of_their_own(tmp_path: Path) -> None:
    results.put(
        tmp_path / "detection.csv",
        [
            results.stamp()
            | {"size": "300", "days": "20", "scenario": "none", "seed": str(seed), "method": "linkage"}
            | {"accounts": "300", "flagged_accounts": str(flagged), "tier_2": "1"}
            for seed, flagged in ((9_001, 0), (9_002, 7), (9_003, 0))
        ],
        detection.RUN,
    )

    page = detection_page.page("300", rows(tmp_path / "detection.csv"), [])

    assert "| 3 | 900 | 1 | 7 | 3 |" in page
    assert "means over seeds" not in page


def test_performance_compares_with_the_plain_aggregation(tmp_path: Path) -> None:
    command = ["--size", "300", "--days", "20", "--scenario", "none", "--results", str(tmp_path)]

    assert performance.main(command) == 0

    measured = {row["step"]: row for row in rows(tmp_path / "performance.csv")}
    assert list(measured) == ["yardstick", "ingest", "refresh", "ingest + refresh"]
    assert measured["yardstick"]["times_yardstick"] == "1.0"
    both = float(measured["ingest"]["cpu_seconds"]) + float(measured["refresh"]["cpu_seconds"])
    assert float(measured["ingest + refresh"]["cpu_seconds"]) == pytest.approx(both, abs=0.11)
    assert float(measured["refresh"]["peak_mebibytes"]) > 50
    assert "ingest + refresh" in (tmp_path / "performance.md").read_text()


@pytest.mark.soak
def test_one_further_day_is_measured_against_everything_anew(tmp_path: Path) -> None:
    assert incremental.main(["--size", "300", "--days", "20", "--results", str(tmp_path)]) == 0

    measured = {row["step"]: row for row in rows(tmp_path / "incremental.csv")}
    assert float(measured["both, all days"]["share"]) == 1.0
    assert 0.0 < float(measured["both, one further day"]["share"]) < 1.0
    assert measured["refresh, full"]["least_overlap"] == "1.0000"
    assert "| 300 (300 accounts, proxy_pool) | refresh, one further day |" in (tmp_path / "incremental.md").read_text()


@pytest.mark.long
@pytest.mark.skipif(
    not CI and not (shutil.which("chromium") or shutil.which("chromium-browser")), reason="no chromium is installed"
)
def test_what_an_investigator_waits_for_is_measured_beside_a_page_that_does_nothing(tmp_path: Path) -> None:
    command = ["--accounts", "3000", "--events", "120000", "--runs", "1", "--keep", str(tmp_path / "world")]

    # In a process of its own: there may be a browser of other tests in this one. A bar may be missed on a machine that
    # does other work.
    command = [sys.executable, "-m", "benchmarks.investigator", *command, "--results", str(tmp_path)]
    ended = subprocess.run(command, cwd=ROOT, check=False)
    assert ended.returncode in (0, 1)

    measured = {row["step"]: row for row in rows(tmp_path / "investigator.csv")}
    assert {investigator.OPENING, investigator.QUEUE, investigator.CLUSTER, investigator.SELECT} < set(measured)
    tabs = {"evidence", "members", "timeline", "what-if", "changes", "history", "case", "rows", "summary"}
    assert {f"{tab}: the tab" for tab in tabs} < set(measured)
    assert {"timeline: days are brushed", "lanes: the next page", "lanes: a search"} < set(measured)
    assert all(float(row["p95_s"]) > 0 and float(row["times_idle"]) > 0 for row in measured.values())
    assert measured[investigator.SELECT]["flagged"] == "True" and measured[investigator.SELECT]["bar_s"] == "0.5"
    assert "| graph: a click to what touches it | 1 |" in (tmp_path / "investigator.md").read_text()
    with pytest.raises(SystemExit, match="give another folder"):
        investigator_world.made(tmp_path / "world", 3000, 120_000, 7)


def test_of_fifty_waits_the_third_longest_is_the_95th_percentile() -> None:
    waits = [Waited(second / 10, 1.0) for second in range(50, 0, -1)]
    found = {investigator.OPENING: [Waited(1.0, 1.0)], investigator.CLICK: [Waited(0.5, 1.0)], "x": waits}

    measured = {row["step"]: row for row in investigator.rows_of(found)}

    assert {name: measured["x"][name] for name in ("first_s", "p50_s", "p95_s", "max_s", "times_idle", "bar_s")} == {
        "first_s": "5.00",
        "p50_s": "2.50",
        "p95_s": "4.80",
        "max_s": "5.00",
        "times_idle": "9.6",
        "bar_s": "2.0",
    }


def rings() -> Edges:
    """Eight rings of six accounts, each on two addresses and two cards of its own; everybody on one address of four.

    240 others have a card each, and in pairs an address: households.
    """
    used = [(6 * ring + at, 4 * ring + of, of < 2) for ring in range(8) for at in range(6) for of in range(4)]
    used += [(account, 1_000 + account % 4, True) for account in range(288)]
    used += [(account, 2_000 + account // 2, True) for account in range(48, 288)]
    used += [(account, 3_000 + account, False) for account in range(48, 288)]
    account, identifier, address = (np.array(ends) for ends in zip(*used, strict=True))
    return Edges(
        tuple(f"a{at}" for at in range(288)),
        account,
        np.unique(identifier, return_inverse=True)[1],
        np.where(address, "ip_address", "payment_instrument").astype(object),
        np.ones(288),
        np.ones(len(account)),
    )


def test_splink_is_given_sets_of_identifiers_with_their_frequencies(tmp_path: Path) -> None:
    edges = rings()
    degree = np.bincount(edges.identifier)

    assert records.write(edges, degree, 6, tmp_path) == ["kind_0", "kind_1"]

    accounts = pq.read_table(tmp_path / "accounts.parquet").to_pylist()
    assert [row["account"] for row in accounts] == list(range(288))
    first, other = accounts[0], accounts[100]
    assert [shared["frequency"] for shared in first["kind_0"]] == [6 / 288, 6 / 288, 72 / 288]
    assert first["kind_0_block"] == [0, 1] and first["kind_0_main"] == 0 and first["kind_0_rare"] is None
    assert [shared["identifier"] for shared in first["kind_1"]] == [2, 3]
    # A card that nobody else has is no identifier to share, and yet the account has one.
    assert other["kind_1"] == [] and other["kind_1_main"] is None
    assert other["kind_0_rare"] == other["kind_0_main"] == other["kind_0_block"][0]


@pytest.mark.skipif(
    not environment.present(), reason="no environment of the peers: `python -m benchmarks.peers.environment`"
)
def test_splink_finds_rings_that_share_all(tmp_path: Path) -> None:
    edges = rings()

    found, cost = records.run(edges, np.arange(288) < 48, tmp_path)

    assert found.method.startswith(f"Splink {environment.version('splink')}, 2 kinds, identifiers to ")
    assert np.flatnonzero(found.flagged).tolist() == list(range(48))
    members = [np.flatnonzero(found.label == number).tolist() for number in np.unique(found.label[:48])]
    assert members == [list(range(6 * ring, 6 * ring + 6)) for ring in range(8)]
    assert cost.wall > 0
