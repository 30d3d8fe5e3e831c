"""Which engine finds communities is a setting; without its server a refresh changes nothing and says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from linkage.cli import main
from linkage.stores.neo4j.connection import Access
from tests.lib.refreshed import groups, taken_in

FIXTURE = "proxy_pool"
SETTINGS = '[communities]\nengine = "gds"\n'


def test_a_refresh_finds_the_same_groups_with_either_engine(
    tmp_path: Path, neo4j_access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    native = taken_in(tmp_path / "native", FIXTURE)
    native.refresh(window="all")
    science = taken_in(tmp_path / "gds", FIXTURE, settings=SETTINGS)
    monkeypatch.setenv("NEO4J_URI", neo4j_access.uri)
    monkeypatch.setenv("NEO4J_PASSWORD", neo4j_access.password)
    report = science.refresh(window="all")
    assert report.status == "new"
    assert science.refresh(window="all").status == "unchanged"
    found, expected = groups(science), groups(native)
    assert len(found & expected) >= 0.8 * len(expected)


def test_without_its_server_nothing_is_refreshed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = taken_in(tmp_path / "workspace", FIXTURE, settings=SETTINGS)
    monkeypatch.setenv("NEO4J_URI", "bolt://127.0.0.1:1")
    monkeypatch.setenv("NEO4J_PASSWORD", "any")
    assert main(["--workspace", str(workspace.path), "refresh", "--window", "all"]) == 13
    assert "127.0.0.1:1" in capsys.readouterr().err
    assert workspace.runs() == ()
