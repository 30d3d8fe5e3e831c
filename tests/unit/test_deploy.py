"""Samples of a deployment are what systemd, cron, Kubernetes and Compose take, and call verbs as they are."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from linkage import errors
from linkage.cli import parser

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "docs" / "how-to" / "deploy"
UNITS = sorted(path.name for path in DEPLOY.glob("*.service"))
YAML_ = YAML(typ="safe")
CRONJOB: dict[str, Any] = YAML_.load(DEPLOY / "cronjob.yaml")
COMPOSE: dict[str, Any] = YAML_.load(ROOT / "compose.yaml")


def unit(name: str) -> configparser.ConfigParser:
    """A unit whose keys stand once each, as those of the samples do."""
    found = configparser.ConfigParser(interpolation=None, strict=True, delimiters=("=",), comment_prefixes=("#",))
    found.optionxform = str  # type: ignore[assignment, method-assign]
    found.read(DEPLOY / name, encoding="utf-8")
    return found


def understood(words: list[str]) -> Any:
    """The arguments of `linkage …`, as the command line takes them."""
    return parser().parse_args(words)


@pytest.mark.parametrize("name", UNITS)
def test_a_service_calls_the_schedule_without_rights_it_does_not_need(name: str) -> None:
    service = unit(name)["Service"]
    command = shlex.split(service["ExecStart"])
    arguments = understood(command[1:])
    assert (arguments.run.__name__, str(arguments.every)) == ("run", "1:00:00")
    assert arguments.once == (service.get("Type") == "oneshot")
    assert service["User"] == "linkage"
    assert service["NoNewPrivileges"] == "yes"
    assert service["ProtectSystem"] == "strict"
    written = [arguments.workspace, *([str(Path(arguments.metrics).parent)] if arguments.metrics else [])]
    assert service["ReadWritePaths"].split() == written
    assert ("SECRET" not in service.get("Environment", "")) and service["EnvironmentFile"].startswith("-/")


def test_the_timer_makes_up_for_what_was_missed() -> None:
    timer = unit("linkage-refresh.timer")
    assert timer["Timer"]["Persistent"] == "true"
    assert timer["Timer"]["OnCalendar"] == "hourly"
    assert timer["Install"]["WantedBy"] == "timers.target"
    oneshot = unit("linkage-refresh.service")["Service"]
    assert (oneshot["SuccessExitStatus"], oneshot["Restart"]) == ("10", "on-failure")
    codes = {kind.exit_code for kind in vars(errors).values() if isinstance(kind, type)} - {10, 21, 22, 23}
    assert codes - {int(code) for code in oneshot["RestartPreventExitStatus"].split()} == {75}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here; the keys are tested above")
@pytest.mark.parametrize("name", [*UNITS, "linkage-refresh.timer"])
def test_systemd_takes_the_unit(name: str, tmp_path: Path) -> None:
    for path in DEPLOY.glob("linkage-*"):
        # The command is one that is installed here, which is all that is changed.
        text = re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", path.read_text(encoding="utf-8"))
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / name)], capture_output=True, text=True
    )  # fmt: skip
    ours = [line for line in done.stderr.splitlines() if "linkage" in line]
    assert done.returncode == 0, done.stderr
    assert ours == []


def test_the_crontab_has_a_user_and_a_command() -> None:
    lines = [line for line in (DEPLOY / "linkage.crontab").read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    (variable, job) = lines
    assert re.fullmatch(r"PATH=\S+", variable)
    *fields, user, command = job.split(maxsplit=6)
    assert re.fullmatch(r"[0-5]?\d", fields[0])
    assert fields[1:] == ["*"] * 4
    assert user == "linkage"
    assert "%" not in command
    words = shlex.split(command.split(" >>")[0])
    assert words[0] == "linkage"
    assert understood(words[1:]).once


def test_the_cronjob_is_one_at_a_time_without_root_and_read_only() -> None:
    spec = CRONJOB["spec"]
    assert (CRONJOB["apiVersion"], CRONJOB["kind"]) == ("batch/v1", "CronJob")
    assert re.fullmatch(r"[a-z0-9-]{1,52}", CRONJOB["metadata"]["name"])
    assert (spec["schedule"], spec["timeZone"]) == ("0 * * * *", "Etc/UTC")
    assert spec["concurrencyPolicy"] == "Forbid"
    # Below ten seconds a CronJob may never start: its controller looks every ten.
    assert 10 < spec["startingDeadlineSeconds"] < 3_600
    job = spec["jobTemplate"]["spec"]
    (rule,) = job["podFailurePolicy"]["rules"]
    assert rule["onExitCodes"]["values"] == [0, 75]
    pod = job["template"]["spec"]
    (container,) = pod["containers"]
    assert rule["onExitCodes"]["containerName"] == container["name"]
    assert pod["restartPolicy"] == "Never"
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["runAsUser"] > 0
    assert not pod["automountServiceAccountToken"]
    inside = container["securityContext"]
    assert inside["readOnlyRootFilesystem"]
    assert not inside["allowPrivilegeEscalation"]
    assert inside["capabilities"] == {"drop": ["ALL"]}
    arguments = understood(container["args"])
    assert arguments.once
    volumes = {volume["name"] for volume in pod["volumes"]}
    mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
    assert {mount["name"] for mount in mounts.values()} == volumes
    assert {path for path, mount in mounts.items() if not mount.get("readOnly")} == {arguments.workspace, "/tmp"}
    assert arguments.ingest == ["/exports"]
    assert "/exports" in mounts
    assert all("secretKeyRef" in entry["valueFrom"] for entry in container["env"] if "SECRET" in entry["name"])


@pytest.mark.parametrize("name", ["linkage", "schedule"])
def test_a_service_of_compose_is_read_only_and_without_rights(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"]
    assert service["tmpfs"] == ["/tmp"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service["user"].startswith("0")


def test_compose_runs_the_schedule() -> None:
    service = COMPOSE["services"]["schedule"]
    arguments = understood(service["command"])
    assert not arguments.once
    assert {volume.split(":")[1] for volume in service["volumes"]} == {"/workspace", *arguments.ingest}
    program = service["healthcheck"]["test"][-1]
    compile(program, "healthcheck", "exec")


def test_the_image_ends_without_root_and_writes_to_tmp_only() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    words = [line.split(maxsplit=1)[0] for line in lines if line and not line.startswith(("#", " "))]
    last = max(number for number, word in enumerate(words) if word == "USER")
    assert "RUN" not in words[last:]
    (user,) = [line for line in lines if line.startswith("USER ")]
    assert user.removeprefix("USER ") not in ("root", "0")
    assert "ENV HOME=/tmp NUMBA_CACHE_DIR=/tmp/numba" in lines
