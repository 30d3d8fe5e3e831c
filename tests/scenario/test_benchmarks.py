"""The benchmarks run from end to end at tiny sizes, keep what they measured, and go on where they stopped."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from benchmarks import detection, detection_page, incremental, performance, results


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
    page = (tmp_path / "detection-300.md").read_text()
    assert "| proxy_pool | 1 |" in page
    assert "| volume rule |" in page
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
