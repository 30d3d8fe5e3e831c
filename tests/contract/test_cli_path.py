"""The whole way through the command line: files in, clusters out, and what happens the second time."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from linkage import Workspace
from linkage.cli import main
from linkage.synthetic import Population, generate

ROWS = """event_time,account_id,ip_address,payment_instrument
2026-04-01T00:00:02Z,alice,198.51.100.7,fp_1
2026-04-01T00:05:40Z,bob,198.51.100.7,fp_1
2026-04-01T00:05:40Z,bob,198.51.100.7,fp_1
2026-04-01 09:00:00,carol,203.0.113.9,fp_2
2026-04-02T08:11:09Z,dave,not-an-address,fp_3
"""


@pytest.fixture(scope="module")
def population(tmp_path_factory: pytest.TempPathFactory) -> Population:
    return generate("mixed", 600, 3, tmp_path_factory.mktemp("population") / "files", days=30)


@pytest.fixture(scope="module")
def path(population: Population, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that has taken the population in and refreshed."""
    root = tmp_path_factory.mktemp("path") / "workspace"
    files = ["--accounts", str(population.accounts), "--address-ranges", str(population.address_ranges)]
    releases = ["--model-releases", str(population.model_releases)]
    assert main(["--workspace", str(root), "ingest", str(population.events), *files, *releases]) == 0
    assert main(["--workspace", str(root), "refresh"]) == 0
    return root


def run(capsys: pytest.CaptureFixture[str], path: Path, *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main(["--workspace", str(path), *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def listed(capsys: pytest.CaptureFixture[str], path: Path, *arguments: str) -> list[dict[str, object]]:
    code, out, _ = run(capsys, path, *arguments, "--format", "json")
    assert code == 0
    rows: list[dict[str, object]] = json.loads(out)
    return rows


def test_clusters_members_and_explanations_agree(capsys: pytest.CaptureFixture[str], path: Path) -> None:
    clusters = listed(capsys, path, "clusters")
    members = listed(capsys, path, "members")
    assert clusters
    scores = [row["score"] for row in clusters]
    assert scores == sorted(scores, reverse=True)  # type: ignore[type-var]
    assert len({row["account_id"] for row in members}) == len(members)
    by_cluster: dict[object, list[dict[str, object]]] = {}
    for row in members:
        by_cluster.setdefault(row["cluster_id"], []).append(row)
    assert list(by_cluster) == [row["cluster_id"] for row in clusters]
    for cluster in clusters:
        inside = by_cluster[cluster["cluster_id"]]
        assert len(inside) == cluster["size"]
        assert {row["cluster_score"] for row in inside} == {cluster["score"]}
        for row in inside:
            assert row["flagged"] == (cluster["flagged"] and row["membership"] >= 0.5)  # type: ignore[operator]
    first = str(clusters[0]["cluster_id"])
    _, out, _ = run(capsys, path, "explain", "--cluster", first, "--format", "json")
    why = json.loads(out)
    points = sum(row["points"] for name in ("terms_for", "terms_against") for row in why["sections"][name]["rows"])
    assert points == pytest.approx(why["abuse_score"])
    assert all(row["points"] < 0 for row in why["sections"]["terms_against"]["rows"])
    assert all(row["points"] == 0 for row in why["sections"]["terms_neither"]["rows"])
    for row in by_cluster[first][:3]:
        _, out, _ = run(capsys, path, "explain", "--account", str(row["account_id"]), "--format", "json")
        account = json.loads(out)
        assert account["cluster_id"] == first
        assert account["sections"]["waterfall"]["rows"]


def test_lanes_list_when_members_begin_to_work(capsys: pytest.CaptureFixture[str], path: Path) -> None:
    cluster = str(listed(capsys, path, "clusters")[0]["cluster_id"])
    members = {row["account_id"] for row in listed(capsys, path, "members", cluster)}
    lanes = listed(capsys, path, "lanes", cluster)
    assert len(lanes) == min(len(members), 40) and {row["account_id"] for row in lanes} <= members
    assert list(lanes[0]) == ["account_id", "moments", "in_crowds", "share", "days", "in_crowds_of_window"]
    found = Workspace(path).lanes(cluster)
    assert [row["moments"] for row in lanes] == found.accounts["moments"].tolist()
    code, _, err = run(capsys, path, "lanes", cluster)
    assert code == 0 and str(found) in err
    one = str(lanes[-1]["account_id"])
    (own,) = listed(
        capsys, path, "lanes", cluster, "--account", one, "--first", str(found.first), "--last", str(found.last)
    )
    assert own == lanes[-1]
    rest = listed(capsys, path, "lanes", cluster, "--skip", "1")
    assert rest[: len(lanes) - 1] == lanes[1:]
    for wrong in (["--account", "nobody-of-them"], ["--first", "1999-01-01", "--last", "1999-01-02"]):
        code, out, err = run(capsys, path, "lanes", cluster, *wrong)
        assert code == 2 and not out and "nobody-of-them" not in err
    with pytest.raises(SystemExit) as refused:
        main(["--workspace", str(path), "lanes", cluster, "--skip=-1"])
    assert refused.value.code == 2


def test_the_second_time_changes_nothing(
    capsys: pytest.CaptureFixture[str], path: Path, population: Population
) -> None:
    before = listed(capsys, path, "clusters"), listed(capsys, path, "members")
    (row,) = [row for row in listed(capsys, path, "ingest", str(population.events)) if row["read"]]
    assert (row["accepted"], row["duplicate"], row["quarantined"]) == (0, row["read"], 0)
    (row,) = listed(capsys, path, "refresh")
    assert row["status"] == "unchanged"
    assert (listed(capsys, path, "clusters"), listed(capsys, path, "members")) == before


def test_runs_are_kept_in_the_history_and_the_audit(path: Path) -> None:
    workspace = Workspace(path)
    done = [(run.verb, run.status) for run in workspace.history()][::-1]
    assert done[:2] == [("ingest", "done"), ("refresh", "new")]
    refresh = workspace.history()[-2]
    assert refresh.refresh_id == workspace.runs()[-1].refresh_id
    assert refresh.timings["total"] > 0
    assert len(refresh.timings) > 3
    assert [entry.action for entry in workspace.audit()][:2] == ["ingest", "refresh"]
    assert {check.status for check in workspace.doctor()} == {"ok"}


def test_model_releases_are_those_of_the_file(path: Path, population: Population) -> None:
    releases = Workspace(path).model_releases()
    with population.model_releases.open(encoding="utf-8", newline="") as stream:
        expected = {row["model"] for row in csv.DictReader(stream)}
    assert set(releases["model"]) == expected
    assert releases["released_at"].is_monotonic_increasing
    assert str(releases["released_at"].dtype) == "datetime64[us, UTC]"
    assert Workspace(path / "none").model_releases().empty


def test_an_earlier_as_of_is_a_snapshot_of_its_own(capsys: pytest.CaptureFixture[str], path: Path) -> None:
    current = listed(capsys, path, "clusters")[0]["refresh_id"]
    (row,) = listed(capsys, path, "refresh", "--as-of", "2026-01-20T12:00:00Z", "--window", "10d")
    assert row["status"] == "new"
    rows = listed(capsys, path, "lineage")
    assert {entry["parent_refresh_id"] for entry in rows if entry["event"] != "new"} <= {current}
    assert listed(capsys, path, "clusters", "--refresh", str(current))[0]["refresh_id"] == current
    code, _, err = run(capsys, path, "refresh", "--as-of", "2020-01-01T00:00:00Z")
    assert code == 2
    assert "no event" in err
    assert run(capsys, path, "refresh", "--window", "7 days")[0] == 2
    assert Workspace(path).history()[0].status == "failed"


def test_a_file_with_every_kind_of_trouble(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text(ROWS, encoding="utf-8")
    workspace = tmp_path / "w"
    expected = {"file_name": "mine.csv", "read": 5, "accepted": 2, "duplicate": 1, "quarantined": 2}
    (row,) = listed(capsys, workspace, "ingest", str(tmp_path / "mine.csv"), "--preview")
    assert {name: row[name] for name in expected} == expected
    assert not workspace.exists()
    code, _, err = run(capsys, workspace, "ingest", str(tmp_path / "mine.csv"))
    assert code == 0
    assert "event_time.naive 1" in err
    assert not any(value in err for value in ("alice", "198.51.100.7", "not-an-address", "carol"))
    assert run(capsys, workspace, "clusters")[0] == 11
    (row,) = listed(capsys, workspace, "refresh")
    assert (row["status"], row["clusters"]) == ("new", 0)
    assert listed(capsys, workspace, "clusters") == []
    assert [entry["account_id"] for entry in listed(capsys, workspace, "lookup", "198.51.100.7")] == ["alice", "bob"]


def test_a_refused_file_ends_with_10_and_the_others_are_in(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "good.csv").write_text(ROWS, encoding="utf-8")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 this is not parquet")
    workspace = tmp_path / "w"
    code, out, err = run(
        capsys, workspace, "ingest", str(tmp_path / "good.csv"), str(tmp_path / "bad.parquet"), "--format", "json"
    )
    assert code == 10
    rows = {row["file_name"]: row for row in json.loads(out)}
    assert rows["good.csv"]["accepted"] == 2
    assert rows["bad.parquet"]["refused"]
    assert "bad.parquet" in err
    assert Workspace(workspace).history()[0].status == "refused"


def test_refresh_before_any_ingest_ends_with_11(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(capsys, tmp_path / "w", "refresh")[0] == 11
    assert not (tmp_path / "w").exists()


def test_a_wrong_setting_ends_with_12(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / "linkage.toml").write_text("[snapshots]\nkeep = 1\n", encoding="utf-8")
    (tmp_path / "mine.csv").write_text(ROWS, encoding="utf-8")
    code, _, err = run(capsys, tmp_path / "w", "ingest", str(tmp_path / "mine.csv"))
    assert code == 12
    assert "snapshots.keep" in err
    assert run(capsys, tmp_path / "w", "doctor")[0] == 12


def test_of_two_refreshes_at_once_exactly_one_runs(path: Path, population: Population, tmp_path: Path) -> None:
    assert main(["--workspace", str(tmp_path / "w"), "ingest", str(population.events)]) == 0
    command = [sys.executable, "-m", "linkage", "--workspace", str(tmp_path / "w"), "refresh", "--format", "json"]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    answers = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    status = sorted(json.loads(out)[0]["status"] for out, _ in answers)
    # One that starts after the first has ended finds nothing new.
    assert status.count("new") == 1
    assert set(status) <= {"busy", "new", "unchanged"}
    assert len(Workspace(tmp_path / "w").runs()) == 1
