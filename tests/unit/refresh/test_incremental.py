"""A refresh after more data takes the null over, finds what a full one finds, and says what it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from linkage import Workspace
from linkage.cli import main
from linkage.config import Settings
from linkage.model.allowed import Allowed
from linkage.refresh import Result, Unchanged, refresh
from linkage.scoring.significance import LEAST_SCALE
from linkage.stores.lake import LakeView
from linkage.stores.snapshots import Snapshot, Snapshots
from tests.lib.refreshed import taken_in

NAME = "proxy_pool"
#: Days at whose ends there is a refresh: the null of the first serves for a week.
FIRST = date(2026, 1, 22)
SETTINGS = Settings()
EACH_FULL = Settings.model_validate({"refresh": {"full_every": "0d"}})
#: Wide enough for the sightings of the fixture, which has but few days, to stay within.
PATIENT = Settings.model_validate({"refresh": {"full_change": 1.0}})
#: What the null has no part in.
WITHOUT_NULL = (
    "accounts", "identifiers", "sightings", "links", "cluster_identifiers", "cluster_kinds", "cluster_terms",
    "left_out", "account_bits", "timeline", "candidates", "baseline", "lineage",
)  # fmt: skip


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> LakeView:
    return taken_in(tmp_path_factory.mktemp("incremental") / "w", NAME)._home.lake.view()


def end_of(day: date) -> datetime:
    return datetime.combine(day, time.max, UTC)


def at(view: LakeView, day: date, earlier: Sequence[Snapshot], settings: Settings, full: bool = False) -> Result:
    found = refresh(view.until(day), earlier, settings, end_of(day), full=full)
    assert isinstance(found, Result)
    return found


def line(view: LakeView, folder: Path, settings: Settings, days: Sequence[int]) -> list[Snapshot]:
    """Snapshots at the ends of ``days`` after ``FIRST``, newest first."""
    snapshots = Snapshots(folder)
    for number in days:
        result = at(view, FIRST + timedelta(days=number), snapshots.ancestors(), settings)
        snapshots.publish(snapshots.write(result.run, result.tables).refresh_id)
    return snapshots.ancestors()


@pytest.fixture(scope="module")
def taken_over(view: LakeView, tmp_path_factory: pytest.TempPathFactory) -> list[Snapshot]:
    return line(view, tmp_path_factory.mktemp("line"), PATIENT, (0, 1, 2))


def test_the_null_is_fitted_once_and_taken_over(taken_over: list[Snapshot]) -> None:
    newest, middle, first = taken_over
    assert [snapshot.run.full for snapshot in taken_over] == [False, False, True]
    assert first.run.basis is not None
    assert first.run.basis.refresh_id == first.refresh_id
    assert newest.run.basis == middle.run.basis == first.run.basis
    for snapshot in (newest, middle):
        assert snapshot.table("null_maxima").equals(first.table("null_maxima"))


def test_all_else_is_what_a_full_refresh_finds(view: LakeView, taken_over: list[Snapshot]) -> None:
    newest, *earlier = taken_over
    full = at(view, FIRST + timedelta(days=2), earlier, PATIENT, full=True)
    assert full.run.full
    assert full.run.refresh_id == f"{newest.refresh_id}-full"
    order = [("cluster_id", "ascending"), ("account", "ascending")]
    assert newest.table("members").sort_by(order).equals(full.tables["members"].sort_by(order))
    for name in WITHOUT_NULL:
        mine, other = newest.table(name), full.tables[name]
        if "cluster_id" in mine.column_names:
            keys = [(column, "ascending") for column in mine.column_names if column != "sentence"]
            mine, other = mine.sort_by(keys), other.sort_by(keys)
        assert mine.equals(other.cast(mine.schema)), name
    mine, other = (table.sort_by("cluster_id") for table in (newest.table("clusters"), full.tables["clusters"]))
    assert mine["linkage_score"].equals(other["linkage_score"])
    # Five rewired copies of another day: as far as the error of the laws that each of them states.
    error = max(run.counts["null_error"] for run in (newest.run, full.run))
    q_value = np.stack([table["q_value"].to_numpy() for table in (mine, other)])
    # What chance brings as often as not is cut off at 1.
    told = (q_value < 0.5).all(axis=0)
    assert told.sum() >= 3
    laws = np.log(-np.log1p(-q_value[:, told]))
    assert np.abs(laws[0] - laws[1]).max() < 3 * error / LEAST_SCALE
    assert mine["flagged"].equals(other["flagged"])


def test_it_is_a_function_of_input_settings_and_parents(
    view: LakeView, taken_over: list[Snapshot], tmp_path: Path
) -> None:
    again = line(view, tmp_path, PATIENT, (0, 1, 2))
    assert [snapshot.run for snapshot in again] == [snapshot.run for snapshot in taken_over]


def test_nothing_new_is_nothing_to_do_unless_a_full_one_is_asked_for(
    view: LakeView, taken_over: list[Snapshot]
) -> None:
    day = FIRST + timedelta(days=2)
    assert refresh(view.until(day), taken_over, PATIENT, end_of(day)) == Unchanged(taken_over[0].refresh_id)
    full = at(view, day, taken_over, PATIENT, full=True)
    assert full.run.full
    earliest = taken_over[-1:]
    assert refresh(view.until(FIRST), earliest, PATIENT, end_of(FIRST), full=True) == Unchanged(earliest[0].refresh_id)


@pytest.mark.parametrize(
    ("days", "changed", "allowed", "full"),
    [
        (1, {}, Allowed(), False),
        (6, {}, Allowed(), False),
        (7, {}, Allowed(), True),
        (-1, {}, Allowed(), True),
        (1, {"refresh": {"full_change": 0.001}}, Allowed(), True),
        (1, {"scoring": {"replicates": 4}}, Allowed(), True),
        (1, {"identifiers": [{"kind": "device_id"}]}, Allowed(), True),
        (1, {"engine": {"threads": 1}}, Allowed(), False),
        (1, {}, Allowed(networks=("192.0.2.0/24",)), True),
    ],
)
def test_when_a_refresh_is_full(
    view: LakeView,
    tmp_path: Path,
    days: int,
    changed: dict[str, object],
    allowed: Allowed,
    full: bool,
) -> None:
    parents = line(view, tmp_path, PATIENT, (0,))
    settings = Settings.model_validate({"refresh": {"full_change": 1.0}} | changed)
    day = FIRST + timedelta(days=days)
    found = refresh(view.until(day), parents, settings, end_of(day), allowed=allowed)
    assert isinstance(found, Result)
    assert found.run.full is full


def test_every_refresh_is_full_where_the_settings_say_so(view: LakeView, tmp_path: Path) -> None:
    assert all(snapshot.run.full for snapshot in line(view, tmp_path, EACH_FULL, (0, 1)))


def test_another_window_is_another_null(view: LakeView, taken_over: list[Snapshot]) -> None:
    day = FIRST + timedelta(days=3)
    found = refresh(view.until(day), taken_over, PATIENT, end_of(day), window="20d")
    assert isinstance(found, Result)
    assert found.run.full


def test_a_snapshot_of_before_there_were_others_is_no_basis(view: LakeView, tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path)
    result = at(view, FIRST, (), PATIENT)
    old = snapshots.write(replace(result.run, basis=None), result.tables)
    assert old.run.full
    assert b"basis" not in (tmp_path / "snapshots" / old.refresh_id / "run.json").read_bytes()
    assert at(view, FIRST + timedelta(days=1), (old,), PATIENT).run.full


def test_the_command_says_whose_null_it_took_and_asks_for_a_full_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = taken_in(tmp_path / "w", NAME, settings="[refresh]\nfull_change = 1.0\n")
    first = workspace.refresh(as_of=end_of(FIRST)).refresh_id
    command = [
        "--workspace",
        str(workspace.path),
        "refresh",
        "--as-of",
        f"{FIRST + timedelta(days=1)}T23:59:59.999999Z",
    ]
    assert main(command) == 0
    assert f"compared with the rewired data of {first}; --full compares anew" in capsys.readouterr().err
    before = Workspace(workspace.path).snapshot().run
    assert not before.full
    assert main([*command, "--full"]) == 0
    assert "compared with" not in capsys.readouterr().err
    workspace = Workspace(workspace.path)
    run = workspace.snapshot().run
    assert (run.full, run.parent_refresh_id) == (True, before.refresh_id)
    assert set(pa.array(workspace.table("members")["cluster_id"]).to_pylist()) <= set(
        workspace.table("members", refresh=before.refresh_id)["cluster_id"].to_pylist()
    ), "a full refresh of the same days names nothing anew"


def test_a_bundle_of_an_incremental_refresh_is_computed_again_from_itself(tmp_path: Path) -> None:
    workspace = taken_in(tmp_path / "w", NAME, settings="[refresh]\nfull_change = 1.0\n")
    workspace.refresh(as_of=end_of(FIRST))
    workspace.refresh(as_of=end_of(FIRST + timedelta(days=1)))
    assert not workspace.snapshot().run.full
    workspace.bundles.new_key()
    cluster = str(workspace.clusters()["cluster_id"][0])
    path = workspace.bundles.export(cluster, profile="internal", output=tmp_path / "bundles").path
    report = workspace.bundles.verify(path, rerun=True)
    assert (report.rerun, report.fault) == ("agrees", None)
