"""Write the list of the Neo4j server's artifacts, or check that it is in step with its pom.

``python .ci/neo4j.py write`` resolves ``neo4j-server.pom.xml`` by Maven. ``python .ci/neo4j.py check`` needs neither
Maven nor a network: it compares the digest of the pom with the one that is recorded in the list.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
POM = ROOT / ".ci" / "neo4j-server.pom.xml"
LIST = ROOT / "linkage" / "stores" / "neo4j" / "server.artifacts"
HEADER = "# Written by `make lock` from .ci/neo4j-server.pom.xml; its digest: sha256:"


def pom_digest() -> str:
    """SHA-256 of the pom."""
    return hashlib.sha256(POM.read_bytes()).hexdigest()


def write() -> None:
    """Resolve: a line per jar, in the order of the class path, group:artifact:version[:classifier] and SHA-256."""
    with tempfile.TemporaryDirectory() as folder:
        # Once with the local repository named as it is, and once by a mark that shows where it ends.
        found = [_class_path(Path(folder) / str(number), *more) for number, more in enumerate(((), ("@",)))]
    lines = []
    for jar, marked in zip(*found, strict=True):
        *group, name, version, file = marked.removeprefix("@/").split("/")
        classifier = file.removeprefix(f"{name}-{version}").removesuffix(".jar").removeprefix("-")
        coordinates = ":".join((".".join(group), name, version, classifier)).rstrip(":")
        lines.append(f"{coordinates} {hashlib.sha256(Path(jar).read_bytes()).hexdigest()}")
    LIST.write_text("\n".join([HEADER + pom_digest(), *lines, ""]), encoding="utf-8")


def _class_path(target: Path, mark: str = "") -> list[str]:
    command = ["mvn", "--batch-mode", "--quiet", "--file", str(POM), "dependency:build-classpath"]
    if mark:
        command.append(f"-Dmdep.localRepoProperty={mark}")
    subprocess.run([*command, f"-Dmdep.outputFile={target}"], check=True)
    return target.read_text(encoding="utf-8").replace(os.sep, "/").split(os.pathsep)


def check() -> list[str]:
    """What is not in step."""
    first, *lines = LIST.read_text(encoding="utf-8").splitlines()
    faults = [] if first == HEADER + pom_digest() else [f"{LIST.name} is not of this pom: run `make lock`"]
    return faults + [f"{LIST.name}: {line} has no digest" for line in lines if len(line.partition(" ")[2]) != 64]


def main(arguments: list[str]) -> int:
    """Command line: ``write`` or ``check``."""
    if arguments == ["write"]:
        write()
        return 0
    faults = check()
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
