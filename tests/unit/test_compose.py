"""compose.yaml is what Docker Compose takes, pinned, on loopback, and without a secret in it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from linkage.config import CaseworkSettings
from linkage.stores.casework_postgresql import access

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = YAML(typ="safe").load(ROOT / "compose.yaml")
SERVICES = sorted(COMPOSE["services"])


def test_the_schema_of_compose_holds() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_pinned_watched_and_reached_from_this_machine_only(service: str) -> None:
    found = COMPOSE["services"][service]
    assert re.fullmatch(r"[a-z0-9/]+:\d+\.\d+(\.\d+)?(-[a-z]+)?", found["image"])
    assert found["healthcheck"]["test"][0] == "CMD"
    assert all(port.startswith("127.0.0.1:") for port in found.get("ports", ()))
    assert found.get("network_mode") in (None, "host")


@pytest.mark.parametrize("service", SERVICES)
def test_secrets_are_files(service: str) -> None:
    found = COMPOSE["services"][service]
    for name, value in found["environment"].items():
        if re.search(r"PASSWORD|AUTH|SECRET|TOKEN", name):
            assert value.removeprefix("/run/secrets/") in found["secrets"]
    assert all(set(COMPOSE["secrets"][name]) == {"file"} for name in found["secrets"])
    assert "/secrets/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("service", ["linkage", "schedule"])
def test_the_casework_is_in_the_server_beside_it(service: str) -> None:
    found, server = COMPOSE["services"][service], COMPOSE["services"]["postgres"]
    given = {name: value for name, value in found["environment"].items() if name.startswith("LINKAGE_CASEWORK")}
    secret = given.pop("LINKAGE_CASEWORK_PASSWORD_FILE")
    place = access(CaseworkSettings(), {**given, "LINKAGE_CASEWORK_PASSWORD": "made up"})
    assert place is not None
    assert f"{place.host}:{place.port}:5432" in server["ports"]
    assert place.username == server["environment"]["POSTGRES_USER"]
    assert place.database == server["environment"]["POSTGRES_DB"]
    assert secret == server["environment"]["POSTGRES_PASSWORD_FILE"]
    assert secret.removeprefix("/run/secrets/") in found["secrets"]
    assert found["depends_on"]["postgres"] == {"condition": "service_healthy"}


def test_it_runs_the_versions_that_are_tested() -> None:
    pom = (ROOT / ".ci" / "neo4j-server.pom.xml").read_text(encoding="utf-8")
    (tested,) = re.findall(r"<artifactId>neo4j</artifactId><version>([\d.]+)</version>", pom)
    assert COMPOSE["services"]["neo4j"]["image"] == f"neo4j:{tested}-community"
    version = re.search(r'^version = "([^"]+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert version is not None
    assert COMPOSE["services"]["linkage"]["image"] == f"linkage:{version[1]}"
