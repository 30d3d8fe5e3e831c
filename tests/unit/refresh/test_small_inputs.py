"""What a refresh makes of next to nothing, of kinds that were never configured, and of kinds that were."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from linkage import Workspace
from linkage.errors import NoSnapshot
from linkage.model.tables import SNAPSHOT_TABLES


def workspace(folder: Path, header: str, *rows: str, settings: str = "", mapping: str = "") -> Workspace:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "events.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    root = folder / "w"
    root.mkdir()
    if settings:
        (root / "linkage.toml").write_text(settings, encoding="utf-8")
    made = Workspace(root)
    chosen = None
    if mapping:
        chosen = folder / "mapping.toml"
        chosen.write_text(mapping, encoding="utf-8")
    report = made.ingest(folder / "events.csv", mapping=chosen)
    assert report.accepted == len(rows)
    return made


def empty(made: Workspace) -> None:
    """No cluster, and every table there."""
    assert len(made.clusters()) == len(made.members()) == 0
    snapshot = made.snapshot()
    for table in SNAPSHOT_TABLES:
        assert snapshot.table(table.name).column_names == list(table.names)


def test_one_event(tmp_path: Path) -> None:
    made = workspace(tmp_path, "event_time,account_id,ip_address", "2026-04-01T00:00:02Z,alice,198.51.100.7")
    assert made.refresh().status == "new"
    empty(made)
    assert made.snapshot().table("accounts").num_rows == 1


def test_events_without_any_identifier(tmp_path: Path) -> None:
    rows = [f"2026-04-0{day}T00:00:0{at}Z,user-{at},model-a" for day in range(1, 6) for at in range(6)]
    made = workspace(tmp_path, "event_time,account_id,model", *rows)
    assert made.refresh().status == "new"
    empty(made)
    assert made.snapshot().table("accounts").num_rows == 6


def test_a_pair_is_no_cluster(tmp_path: Path) -> None:
    rows = [f"2026-04-01T00:0{at}:00Z,user-{at % 2},fp_1" for at in range(6)]
    made = workspace(tmp_path, "event_time,account_id,payment_instrument", *rows)
    made.refresh()
    empty(made)
    assert made.snapshot().table("identifiers").num_rows == 1


def test_everybody_on_one_address(tmp_path: Path) -> None:
    rows = [f"2026-04-01T00:{at:02}:00Z,user-{at},198.51.100.7" for at in range(60)]
    made = workspace(tmp_path, "event_time,account_id,ip_address", *rows)
    made.refresh()
    empty(made)


def test_nothing_was_taken_in(tmp_path: Path) -> None:
    with pytest.raises(NoSnapshot):
        Workspace(tmp_path / "w").refresh()


def ring(kind: str) -> list[str]:
    """Twelve accounts on rotating tokens of one kind, among sixty pairs of others."""
    rows = []
    for at in range(12):
        for step in range(3):
            rows.append(f"2026-04-{1 + at % 9:02}T00:{at:02}:00Z,ring-{at:02},{kind}-{(at + step) % 6}")
    for pair in range(60):
        for who in "ab":
            rows.append(f"2026-04-05T01:{pair:02}:00Z,pair-{pair:02}{who},{kind}-of-{pair}")
    return rows


def test_a_kind_counts_once_it_is_configured(tmp_path: Path) -> None:
    header, rows = "event_time,account_id,device_id", ring("device")
    silent = workspace(tmp_path / "off", header, *rows)
    silent.refresh()
    assert "device_id" not in set(silent.snapshot().table("identifiers")["kind"].to_pylist())
    empty(silent)
    told = workspace(tmp_path / "on", header, *rows, settings='[[identifiers]]\nkind = "device_id"\n')
    told.refresh()
    assert set(told.snapshot().table("identifiers")["kind"].to_pylist()) == {"device_id"}
    members = set(told.members()["account_id"])
    assert {f"ring-{at:02}" for at in range(12)} <= members


def test_every_kind_of_a_long_file_is_on_and_may_have_a_prior_of_its_own(tmp_path: Path) -> None:
    rows = [
        json.dumps({"account_id": account, "kind": "badge", "identifier": badge, "event_time": time})
        for time, account, badge in (row.split(",") for row in ring("badge"))
    ]
    (tmp_path / "long.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (tmp_path / "mapping.toml").write_text('schema = "linkage.mapping/1"\nlayout = "long"\n', encoding="utf-8")
    made = Workspace(tmp_path / "w")
    made.path.mkdir()
    (made.path / "linkage.toml").write_text("[evidence.priors.badge]\ntrust = 0.8\nheld = true\n", encoding="utf-8")
    report = made.ingest(tmp_path / "long.jsonl", mapping=tmp_path / "mapping.toml")
    assert report.accepted == len(rows)
    made.refresh()
    assert set(made.snapshot().table("identifiers")["kind"].to_pylist()) == {"badge"}
    assert {f"ring-{at:02}" for at in range(12)} <= set(made.members()["account_id"])


def test_settings_change_the_snapshot_and_the_engines_do_not(tmp_path: Path) -> None:
    made = workspace(tmp_path, "event_time,account_id,payment_instrument", *ring("card"))
    first = made.refresh()
    (made.path / "linkage.toml").write_text("[engine]\nthreads = 1\n", encoding="utf-8")
    assert Workspace(made.path).refresh().status == "unchanged"
    (made.path / "linkage.toml").write_text("[membership]\nsmallest = 5\n", encoding="utf-8")
    second = Workspace(made.path).refresh()
    assert second.status == "new"
    assert second.refresh_id != first.refresh_id
