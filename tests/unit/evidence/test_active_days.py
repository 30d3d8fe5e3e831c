"""Active days of an account on an identifier: distinct ones, in windows of any length and however often each comes."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from linkage import Workspace, engine
from linkage import window as windows
from linkage.evidence import load as evidence
from linkage.model.tables import DEFAULT_KINDS
from linkage.stores.lake import Lake

FIRST = date(2025, 1, 1)
ON = (0, 1, 63, 64, 65, 126)


@pytest.mark.parametrize("last", [127, 128, 400])
def test_days_are_counted_once_each(tmp_path: Path, last: int) -> None:
    workspace = Workspace(tmp_path / "w")
    # The second file comes late, so that a day lies in two.
    for number, days in enumerate([(*ON, last), (64, last)]):
        rows = [f"{FIRST + timedelta(days=day)}T{8 + number:02}:00:00Z,ann,198.51.100.1" for day in days]
        file = tmp_path / f"{number}.csv"
        file.write_text("\n".join(["event_time,account_id,ip_address", *rows, ""]), encoding="utf-8")
        workspace.ingest(file)
    view = Lake(workspace.path / "lake").view()
    with engine.connect() as connection:
        windows.relations(connection, view, windows.window(view, "all", None), DEFAULT_KINDS)
        evidence.load(connection, DEFAULT_KINDS, held=())
        merged = connection.execute("SELECT events, active_days FROM merged_sightings").fetchall()
    assert merged == [(len(ON) + 3, len(ON) + 1)]
