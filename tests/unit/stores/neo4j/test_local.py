"""A server of our own: what it needs, and what it tells nobody."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from linkage.errors import ConfigurationError
from linkage.stores.neo4j.artifacts import artifacts, fetched
from linkage.stores.neo4j.connection import Access
from linkage.stores.neo4j.local import LocalServer
from tests.lib import neo4j

ROOT = Path(__file__).resolve().parents[4]


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match="java is not installed") as fault:
        fetched(tmp_path / "cache")
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


def test_every_jar_is_named_once_with_its_digest() -> None:
    named = artifacts()
    assert (named[0].group, named[0].name) == ("org.neo4j", "neo4j")
    assert len({artifact.file for artifact in named}) == len(named) > 300
    assert all(re.fullmatch("[0-9a-f]{64}", artifact.sha256) for artifact in named)
    assert "netty-transport-native-epoll" in {artifact.name for artifact in named if artifact.classifier}


def test_a_jar_that_is_another_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    maven = tmp_path / "mvn"
    maven.write_text("#!/bin/sh\nmkdir jars\nfor name in " + " ".join(one.file for one in artifacts()))
    with maven.open("a", encoding="ascii") as stream:
        stream.write('; do echo other > "jars/$name"; done\n')
    maven.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(ConfigurationError, match=r"neo4j-5\S+jar is not the jar"):
        fetched(tmp_path / "cache")
    maven.write_text("#!/bin/sh\necho no way out\nexit 1\n", encoding="ascii")
    with pytest.raises(ConfigurationError, match="cannot fetch") as fault:
        fetched(tmp_path / "cache")
    assert "no way out" in Path(fault.value.hint.split()[-1].rstrip(".")).read_text(encoding="ascii")


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
