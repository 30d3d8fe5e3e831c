"""The benchmarks run from end to end at tiny sizes, keep what they measured, and go on where they stopped."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from benchmarks import detection, detection_page, incremental, performance, results
from benchmarks.peers import environment, records
from linkage.evaluation import METHODS, Edges


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
