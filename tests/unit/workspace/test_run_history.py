"""What an ingest leaves in the run history: rows that came late, and the share in quarantine of what was new."""

from __future__ import annotations

from pathlib import Path

import pytest

from linkage import Workspace
from tests.lib.lakes import csv_file

HEADER = "event_time,account_id,ip_address"


def rows(*days: int) -> list[str]:
    return [f"2026-04-{day:02}T12:00:00Z,account-{day},198.51.100.7" for day in days]


def test_rows_for_days_behind_the_watermark_are_counted_as_late(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "w")
    offered = (
        ((1, 10, 20), 0),  # nothing was there to be late against
        ((17, 21), 0),  # the 17th is within 72 hours of the 20th
        ((2, 3, 16, 18, 22), 3),  # the latest is of the 21st by now
        ((22, 18, 16, 3, 2), 0),  # in already
    )
    for number, (days, late) in enumerate(offered):
        workspace.ingest(csv_file(tmp_path / f"{number}.csv", HEADER, *rows(*days)))
        counts = workspace.history()[0].counts
        assert (counts["late"], counts["late_days"]) == (late, late)
    (tmp_path / "w" / "linkage.toml").write_text("[ingest]\nlateness_hours = 999\n", encoding="utf-8")
    again = Workspace(tmp_path / "w")
    again.ingest(csv_file(tmp_path / "5.csv", HEADER, *rows(4)))
    assert again.history()[0].counts["late"] == 0


def test_files_that_are_in_do_not_hide_what_is_set_aside_of_a_new_one(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    csv_file(inbox / "good.csv", HEADER, *rows(*range(1, 29)))
    workspace = Workspace(tmp_path / "w")
    workspace.ingest(inbox)
    assert workspace.history()[0].quarantine_share == 0.0
    csv_file(inbox / "bad.csv", HEADER, *rows(29), "no time,account-1,198.51.100.7")
    workspace.ingest(inbox)
    assert workspace.history()[0].quarantine_share == pytest.approx(0.5)
    workspace.ingest(inbox)
    assert workspace.history()[0].quarantine_share is None
