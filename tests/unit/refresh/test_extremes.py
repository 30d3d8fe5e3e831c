"""The largest numbers and the earliest times that the contract takes, from ingest to clusters."""

from __future__ import annotations

from pathlib import Path

import pytest

from linkage import Workspace
from linkage.cli import main
from tests.lib.lakes import csv_file

TIME = "2026-04-01T00:00:00Z"
MOST = 2**63 - 1


def test_the_largest_numbers_are_taken_and_summed(tmp_path: Path) -> None:
    """A few rows at the end of int64 must not stop the ingest of their day, or a refresh."""
    workspace = Workspace(tmp_path / "workspace")
    header = "event_time,account_id,ip_address,payment_instrument,input_tokens,output_tokens,latency_ms,cost_usd_micros"
    lines = [
        f"2026-04-{day:02}T00:00:0{second}Z,a{account},198.51.100.7,fp_1,{MOST},{MOST},{MOST},{cost}"
        for day in (1, 2, 3)
        for second in (1, 2, 3)
        for account in range(4)
        for cost in (MOST, -MOST - 1)[account % 2 :][:1]
    ]
    assert workspace.ingest(csv_file(tmp_path / "most.csv", header, *lines)).accepted == len(lines)
    (tmp_path / "long.toml").write_text('layout = "long"\n', encoding="utf-8")
    facts = [f"a{account},device,d1,{TIME},{MOST - second}" for account in range(4) for second in range(3)]
    path = csv_file(tmp_path / "facts.csv", "account_id,kind,identifier,event_time,count", *facts)
    assert workspace.ingest(path, mapping=tmp_path / "long.toml").accepted == len(facts)
    assert workspace.refresh().status == "new"
    facts_of = workspace.explain(account="a0").facts
    assert facts_of["events"] == 10**13 + 9
    assert facts_of["tokens"] == 6 * 10**13
    assert facts_of["cost_usd_micros"] == 3 * 10**13


def test_a_window_may_begin_before_the_calendar(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    lines = [f"{time},{account},198.51.100.7" for time in ("0001-01-02T00:00:00Z", TIME) for account in "abc"]
    workspace.ingest(csv_file(tmp_path / "old.csv", "event_time,account_id,ip_address", *lines))
    assert main(["--workspace", str(workspace.path), "refresh", "--as-of", "0001-01-02T00:00:01Z"]) == 0
    with pytest.raises(SystemExit, match="2"):
        main(["--workspace", str(workspace.path), "refresh", "--as-of", "0001-01-01T00:00:00+05:00"])
