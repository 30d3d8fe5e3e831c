"""A server of our own: what it needs, and what it tells nobody."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from linkage.errors import ConfigurationError
from linkage.stores.neo4j.connection import Access
from linkage.stores.neo4j.local import LocalServer, class_path
from tests.lib import neo4j

ROOT = Path(__file__).resolve().parents[4]


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match="java is not installed") as fault:
        class_path(tmp_path / "cache")
    assert "apt-get install" in fault.value.hint


@pytest.mark.parametrize(("ci", "outcome"), [("true", "1 error"), ("", "1 skipped")])
def test_without_a_server_ci_fails_and_others_skip(
    ci: str, outcome: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"PATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "CI": ci, "NEO4J_URI": ""}.items():
        monkeypatch.setenv(name, value)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"{Path(__file__)}::test_procedures_of_gds_answer"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert outcome in done.stdout.splitlines()[-1], done.stdout
    assert "java is not installed" in done.stdout


def test_procedures_of_gds_answer(neo4j_access: Access) -> None:
    assert neo4j.run(neo4j_access, "RETURN gds.version() AS version")[0]["version"].startswith("2.")


def test_the_password_is_for_its_owner_and_listening_is_local(neo4j_server: LocalServer) -> None:
    mode = stat.S_IMODE((neo4j_server.home / "password").stat().st_mode)
    assert mode == 0o600
    assert neo4j_server.access.place.startswith("127.0.0.1:")
    settings = (neo4j_server.home / "conf" / "neo4j.conf").read_text(encoding="utf-8")
    assert {line.rpartition("=")[2].partition(":")[0] for line in settings.splitlines() if "_address" in line} == {
        "127.0.0.1"
    }
    assert neo4j_server.password not in settings
