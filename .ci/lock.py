"""Write the lock files, or check that they are in step with pyproject.toml and the list of peers.

``python .ci/lock.py write`` resolves again, keeping every pin that still fits (``--upgrade`` lets all of them move).
``python .ci/lock.py check`` needs no network: it compares the digest of the dependency tables with the one recorded
in each lock file, and checks that every pin carries a hash and that no index address stands in the files.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = "# Written by `make lock` from pyproject.toml; digest of its dependency tables: sha256:"
PEERS_HEADER = "# Written by `make lock` from requirements.in; digest of that file: sha256:"
#: What linkage is measured against has an environment of its own, and a lock file apart.
PEERS, PEERS_LOCK = "benchmarks/peers/requirements.in", "benchmarks/peers/requirements.lock"

#: Optional dependencies that are locked everywhere, those that only tests need, and lock file → the group that is
#: resolved with them.
EXTRAS = ("neo4j", "pdf", "postgresql", "sign-in", "ui")
TESTED_EXTRAS = ("spark",)
LOCKS = {"requirements.lock": "build", "requirements-dev.lock": "dev"}


def inputs_digest() -> str:
    """SHA-256 over every table of pyproject.toml that decides what is installed."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = document["project"]
    inputs = {
        "build": document["build-system"]["requires"],
        "python": project["requires-python"],
        "dependencies": sorted(project["dependencies"]),
        "extras": project["optional-dependencies"],
        "groups": document["dependency-groups"],
    }
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def write(*, upgrade: bool) -> None:
    """Resolve every lock file for all supported versions of Python and processors at once."""
    for name, group in LOCKS.items():
        extras = EXTRAS if group == "build" else (*EXTRAS, *TESTED_EXTRAS)
        options = [*(part for extra in extras for part in ("--extra", extra)), "--group", group]
        if name != "requirements.lock":
            options += ["--constraints", "requirements.lock"]
        _resolve("pyproject.toml", name, options, upgrade=upgrade)
        (ROOT / name).write_text(f"{HEADER}{inputs_digest()}\n{_body(ROOT / name)}", encoding="utf-8")
    _resolve(PEERS, PEERS_LOCK, [], upgrade=upgrade)
    target = ROOT / PEERS_LOCK
    target.write_text(f"{PEERS_HEADER}{peers_digest()}\n{_body(target)}", encoding="utf-8")


def peers_digest() -> str:
    """SHA-256 of what the environment of the peers is made from."""
    return hashlib.sha256((ROOT / PEERS).read_bytes()).hexdigest()


def _resolve(source: str, target: str, options: list[str], *, upgrade: bool) -> None:
    command = [
        *("uv", "pip", "compile", source, "--quiet"),
        *("--universal", "--python-version", "3.11", "--fork-strategy", "fewest"),
        *("--generate-hashes", "--no-emit-index-url", "--no-header", *options),
        *("--output-file", target),
    ]
    if upgrade:
        command.append("--upgrade")
    subprocess.run(command, cwd=ROOT, check=True)


def check() -> list[str]:
    """Faults of the lock files, each in a sentence; empty when they are in step."""
    faults = []
    pins: dict[str, dict[str, str]] = {}
    headers = {name: f"{HEADER}{inputs_digest()}\n" for name in LOCKS}
    headers[PEERS_LOCK] = f"{PEERS_HEADER}{peers_digest()}\n"
    for name, header in headers.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        if not text.startswith(header):
            faults.append(f"{name} is not in step with what it is made from: run `make lock`")
        if re.search(r"https?://|^-", text, flags=re.MULTILINE):
            faults.append(f"{name} holds an address or an option of the installer")
        entries = re.findall(
            r"^([a-z0-9][a-z0-9._-]*)==([^\s;\\]+)([^\n]*)\n((?:    --hash=\S+[^\n]*\n)*)", text, re.MULTILINE
        )
        pins[name] = {package + marker: version for package, version, marker, _ in entries}
        faults += [f"{name}: {package} has no hash" for package, _, _, hashes in entries if not hashes]
    for package, version in pins["requirements.lock"].items():
        if pins["requirements-dev.lock"].get(package) != version:
            faults.append(f"the lock files differ in {package.split()[0]}")
    return faults


def _body(path: Path) -> str:
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith((HEADER, PEERS_HEADER)))


def main(arguments: list[str]) -> int:
    """Command line: ``write [--upgrade]`` or ``check``; 1 when a lock file is stale."""
    if arguments[:1] == ["write"]:
        write(upgrade="--upgrade" in arguments)
        return 0
    faults = check()
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
