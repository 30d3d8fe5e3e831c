"""A workspace's days lived through again: what is found when, with nothing of the workspace touched."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from linkage import Workspace
from linkage.cli import main
from linkage.errors import NoSnapshot, UsageError
from linkage.stores.files import sha256_of
from tests.lib.refreshed import FIXTURES, taken_in

NAME = "proxy_pool"
TRUTH = FIXTURES / NAME / "truth.csv"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return taken_in(tmp_path_factory.mktemp("replay") / "w", NAME)


def contents(root: Path) -> dict[str, str]:
    return {str(path.relative_to(root)): sha256_of(path) for path in sorted(root.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def frame(workspace: Workspace) -> pd.DataFrame:
    before = contents(workspace.path)
    frame = workspace.replay(TRUTH, step=7, window="all").to_frame()
    assert contents(workspace.path) == before, "nothing of the workspace is touched"
    return frame


def test_campaigns_are_found_and_most_of_what_they_do_comes_later(frame: pd.DataFrame) -> None:
    campaigns = frame[frame["malicious"]]
    assert len(campaigns) >= 2
    assert campaigns["accounts"].is_monotonic_decreasing
    largest = campaigns.iloc[0]
    assert largest["first_day"] <= largest["ready_day"]
    assert largest["flagged_day"] is not None
    assert 0 < largest["exchanges_before"] < largest["exchanges"]
    assert largest["share_after"] == pytest.approx(1 - largest["exchanges_before"] / largest["exchanges"])
    assert largest["cluster_ids"] == 1
    benign = frame[~frame["malicious"]]
    assert benign["group_kind"].is_unique
    assert benign["flagged_accounts"].sum() <= 0.05 * benign["accounts"].sum()


def test_the_last_day_says_what_a_refresh_of_everything_says(workspace: Workspace, tmp_path: Path) -> None:
    """Without the states of accounts, which nobody knew then: so they are left out of the other workspace as well."""
    accounts = pq.read_table(FIXTURES / NAME / "accounts.parquet").drop_columns(["status"])
    pq.write_table(accounts, tmp_path / "accounts.parquet")
    other = Workspace(tmp_path / "w")
    home = FIXTURES / NAME
    other.ingest(home / "events", accounts=tmp_path / "accounts.parquet", model_releases=home / "model_releases.csv")
    last = max(other._home.lake.view().days())
    assert other.refresh(as_of=datetime(last.year, last.month, last.day, 23, 59, 59, 999_999, UTC), window="all")
    frame = workspace.replay(TRUTH, first=last, window="all").to_frame()
    members = other.members()
    truth = pd.read_csv(TRUTH, dtype=str, keep_default_na=False)
    flagged = set(members.loc[members["flagged"], "account_id"])
    for row in frame[frame["malicious"]].itertuples():
        mine = set(truth.loc[truth["group_id"] == row.group_id, "account_id"])
        assert row.flagged_accounts == len(mine & flagged)
        assert (row.flagged_day == last) == (len(mine & flagged) * 2 > row.accounts)


def test_the_command_lists_it(workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    last = max(workspace._home.lake.view().days())
    command = ["--workspace", str(workspace.path), "evaluate", "--truth", str(TRUTH), "--replay", "--step", "30d"]
    output = tmp_path / "found.json"
    assert main([*command, "--replay-from", last.isoformat(), "--output", str(output)]) == 0
    rows = json.loads(output.read_text(encoding="utf-8"))
    assert {row["malicious"] for row in rows} == {True, False}
    assert {row["flagged_day"] for row in rows} <= {last.isoformat(), None}
    assert "linkage: living through the days again" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [["--step", "0d"], ["--step", "1h"], ["--step", "d"], ["--replay-from", "soon"]])
def test_what_is_no_step_or_day_is_refused(workspace: Workspace, wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--workspace", str(workspace.path), "evaluate", "--truth", str(TRUTH), "--replay", *wrong])
    assert ended.value.code == 2


def test_a_replay_takes_no_refresh(workspace: Workspace) -> None:
    command = ["--workspace", str(workspace.path), "evaluate", "--truth", str(TRUTH), "--replay", "--refresh", "r-1"]
    assert main(command) == UsageError.exit_code


def test_there_must_be_days(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(NoSnapshot):
        Workspace(tmp_path / "new").replay(TRUTH)
    with pytest.raises(UsageError):
        workspace.replay(TRUTH, first=date(2099, 1, 1))
