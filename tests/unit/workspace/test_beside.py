"""What other methods are given of a workspace, against its own events; and which of them are asked for."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from linkage import Workspace
from linkage.cli import main
from linkage.errors import UsageError
from linkage.evaluation import LIMITS, METHODS, Edges
from linkage.evaluation.baselines import QUICK
from linkage.workspace.beside import edges_of
from linkage.workspace.home import Home
from linkage.workspace.measuring import _methods
from tests.lib import lanes_world
from tests.lib.refreshed import FIXTURES, events, refreshed, taken_in

NAME = "proxy_pool"
TRUTH = FIXTURES / NAME / "truth.csv"
ROWS = events(NAME).to_pandas()


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return refreshed(tmp_path_factory, NAME)


def given(workspace: Workspace) -> Edges:
    return edges_of(Home(workspace.path, None), None)


def slots(rows: pd.DataFrame) -> pd.Series:
    return rows["event_time"].astype("datetime64[us, UTC]").astype("int64") // 600_000_000


def test_edges_are_who_used_what_how_often(workspace: Workspace) -> None:
    edges = given(workspace)
    assert set(edges.accounts) == set(ROWS["account_id"])
    assert edges.kinds == ["ip_address", "payment_instrument", "prompt_template"]
    for kind, column in (("payment_instrument", "payment_instrument"), ("prompt_template", "template_hash")):
        mine = edges.where(edges.kind == kind)
        counts = ROWS.groupby(["account_id", column]).size()
        assert mine.uses is not None
        assert sorted(mine.uses) == sorted(counts)
        by_account = pd.Series(mine.uses).groupby(np.array(edges.accounts, dtype=object)[mine.account]).sum()
        assert by_account.to_dict() == counts.groupby("account_id").sum().to_dict()
        assert sorted(np.unique(mine.identifier, return_counts=True)[1]) == sorted(
            ROWS.drop_duplicates(["account_id", column])[column].value_counts()
        )


def test_actions_are_those_of_the_events(workspace: Workspace) -> None:
    edges = given(workspace)
    assert edges.actions is not None
    names = np.array(edges.accounts, dtype=object)
    at_all = edges.actions(None)
    theirs = {*zip(ROWS["account_id"], slots(ROWS), strict=True)}
    assert len(at_all.slot) == len(theirs)
    assert {*zip(names[at_all.account], at_all.slot.tolist(), strict=True)} == theirs
    assert not at_all.identifier.any()
    cards = edges.actions("payment_instrument")
    rows = ROWS[ROWS["payment_instrument"].notna()]
    assert len(cards.slot) == len({*zip(rows["account_id"], slots(rows), rows["payment_instrument"], strict=True)})
    assert {*zip(names[cards.account], cards.slot.tolist(), strict=True)} == {
        *zip(rows["account_id"], slots(rows), strict=True)
    }
    # Their numbers are those of the edges.
    paid = {*zip(cards.account.tolist(), cards.identifier.tolist(), strict=True)}
    of_kind = edges.where(edges.kind == "payment_instrument")
    assert paid == {*zip(of_kind.account.tolist(), of_kind.identifier.tolist(), strict=True)}
    assert cards.days_left_out == 0


def test_what_came_after_the_refresh_is_no_part_of_it(tmp_path: Path) -> None:
    workspace = taken_in(tmp_path / "w", NAME)
    until = ROWS["event_time"].max() - timedelta(days=10)
    workspace.refresh(as_of=until.to_pydatetime(), window="all")
    edges = given(workspace)
    assert edges.actions is not None
    kept = ROWS[ROWS["event_time"] <= until]
    assert len(edges.actions(None).slot) == len({*zip(kept["account_id"], slots(kept), strict=True)})


def test_schedules_that_linkage_found_are_not_handed_on(tmp_path_factory: pytest.TempPathFactory) -> None:
    workspace = lanes_world.built(tmp_path_factory).workspace
    sightings = workspace.snapshot().table("sightings").to_pandas()
    assert "_schedule" in set(sightings["kind"])
    edges = given(workspace)
    assert set(edges.kinds) == set(sightings["kind"]) - {"_schedule"}
    assert len(edges.account) == int((sightings["kind"] != "_schedule").sum())


def test_the_command_line_measures_the_methods_that_are_asked_for(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    def methods(*options: str) -> list[str]:
        arguments = ["evaluate", "--truth", str(TRUTH), "--format", "csv", *options]
        assert main(["--workspace", str(workspace.path), *arguments]) == 0
        return [row["method"] for row in csv.DictReader(io.StringIO(capsys.readouterr().out))]

    assert methods("--no-baselines") == ["linkage"]
    assert methods("--baselines", "volume") == ["linkage", "volume rule"]
    both = methods("--baselines", "synchrotrap,fraudar")
    assert [name.partition(",")[0] for name in both] == ["linkage", "FRAUDAR", *["SynchroTrap"] * 4]
    usual, everything = methods(), methods("--baselines", "all")
    assert set(usual) < set(everything)
    assert {name.split(",")[0] for name in everything} - {name.split(",")[0] for name in usual} == {
        "Pacheco et al.",
        "SynchroTrap",
    }
    assert main(["--workspace", str(workspace.path), "evaluate", "--truth", str(TRUTH), "--baselines", "magic"]) == 2
    assert "no method 'magic'" in capsys.readouterr().err


def test_the_help_names_every_method(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    with pytest.raises(SystemExit):
        main(["evaluate", "--help"])
    told = capsys.readouterr().out
    assert f"{', '.join(METHODS)} (default: all but {' and '.join(sorted(METHODS.keys() - set(QUICK)))}" in told


def test_an_unknown_method_is_a_wrong_call(workspace: Workspace) -> None:
    with pytest.raises(UsageError, match="magic"):
        workspace.evaluate(TRUTH, baselines=["volume", "magic"])


def test_all_is_a_name_as_well() -> None:
    assert _methods("all") == tuple(METHODS)
    assert _methods("volume") == ("volume",)


def test_the_limit_is_measured_only_where_it_is_named() -> None:
    assert not LIMITS.keys() & (METHODS.keys() | set(QUICK))
    assert _methods("limit") == ("limit",)
    assert _methods(["limit", "all"]) == (*METHODS, "limit")
