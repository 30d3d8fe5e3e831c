"""The jars of a Neo4j server with open Graph Data Science: named in ``server.artifacts``, fetched by Maven, checked.

Asked for the server alone, Maven reads the description of each artifact and of all its parents, one after the other, to
find out what belongs to it, which takes longer than the jars. What belongs to it is in the list, so that several
threads fetch it, and its digests say that it is what was resolved.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from linkage.errors import ConfigurationError

#: Threads of Maven that fetch, a module each.
_THREADS = 8
_PLUGIN = (
    "<groupId>org.apache.maven.plugins</groupId><artifactId>maven-dependency-plugin</artifactId>"
    "<version>3.8.1</version>"
)
_POM = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>linkage</groupId><artifactId>{name}</artifactId><version>1</version><packaging>pom</packaging>
  {more}
</project>
"""
_COPY = """\
<build><plugins><plugin>
    {plugin}
    <executions><execution><phase>validate</phase><goals><goal>copy</goal></goals></execution></executions>
    <configuration>
      <outputDirectory>{folder}</outputDirectory>
      <artifactItems>{items}</artifactItems>
    </configuration>
  </plugin></plugins></build>"""


@dataclass(frozen=True, slots=True)
class Artifact:
    """One jar; ``classifier`` is empty for most."""

    group: str
    name: str
    version: str
    classifier: str
    sha256: str

    @property
    def file(self) -> str:
        """Its name, which no other has."""
        return "-".join(filter(None, (self.name, self.version, self.classifier))) + ".jar"

    @property
    def item(self) -> str:
        """As Maven has it."""
        parts = {"groupId": self.group, "artifactId": self.name, "version": self.version}
        if self.classifier:
            parts["classifier"] = self.classifier
        inside = "".join(f"<{name}>{value}</{name}>" for name, value in parts.items())
        return f"<artifactItem>{inside}</artifactItem>"


def artifacts() -> tuple[Artifact, ...]:
    """What ``server.artifacts`` names, in the order of the class path."""
    found = []
    for line in _listing().splitlines():
        if not line.startswith("#"):
            coordinates, _, digest = line.partition(" ")
            group, name, version, *classifier = coordinates.split(":")
            found.append(Artifact(group, name, version, "".join(classifier), digest))
    return tuple(found)


def kept(cache: Path | None = None) -> Path:
    """Folder of what is kept for this list of artifacts under ``cache``, by default one of the user."""
    top = cache or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "linkage-neo4j"
    return top / hashlib.sha256(_listing().encode("ascii")).hexdigest()[:16]


def fetched(cache: Path | None = None) -> dict[Artifact, Path]:
    """Every artifact and its jar under ``cache``; what is not there is fetched by Maven (140 MB, once).

    Raises:
        ConfigurationError: Java or Maven are missing, Maven cannot fetch, or a jar is not the one of the list.
    """
    jars = kept(cache) / "jars"
    found = {artifact: jars / artifact.file for artifact in artifacts()}
    if not all(jar.exists() for jar in found.values()):
        for program in ("java", "mvn"):
            if shutil.which(program) is None:
                raise ConfigurationError(
                    f"{program} is not installed", hint="On Debian: apt-get install openjdk-17-jre-headless maven."
                )
        _fetch(tuple(found), jars)
    return found


def _fetch(wanted: tuple[Artifact, ...], jars: Path) -> None:
    project = jars.parent / f"fetch-{secrets.token_hex(4)}"
    modules = [f"part{number}" for number in range(_THREADS)]
    project.mkdir(parents=True)
    within = "".join(f"<module>{module}</module>" for module in modules)
    (project / "pom.xml").write_text(_POM.format(name="server", more=f"<modules>{within}</modules>"), encoding="utf-8")
    for number, module in enumerate(modules):
        items = "".join(artifact.item for artifact in wanted[number::_THREADS])
        copy = _COPY.format(plugin=_PLUGIN, folder=project / "jars", items=items)
        (project / module).mkdir()
        (project / module / "pom.xml").write_text(_POM.format(name=module, more=copy), encoding="utf-8")
    log = project / "maven.log"
    with log.open("wb") as stream:
        done = subprocess.run(
            ["mvn", "--batch-mode", f"--threads={_THREADS}", "validate"],
            cwd=project,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode != 0:
        raise ConfigurationError("Maven cannot fetch the Neo4j server", hint=f"What it said is in {log}.")
    for artifact in wanted:
        jar = project / "jars" / artifact.file
        if hashlib.sha256(jar.read_bytes()).hexdigest() != artifact.sha256:
            raise ConfigurationError(
                f"{artifact.file} is not the jar that the list of the Neo4j server names",
                hint=f"Look at where Maven fetches from, remove {jar.parent.parent} and the jar from its repository.",
            )
    jars.mkdir(exist_ok=True)
    for artifact in wanted:
        # One by one: another process may have fetched them meanwhile, and run a server from them.
        (project / "jars" / artifact.file).replace(jars / artifact.file)
    shutil.rmtree(project)


def _listing() -> str:
    return resources.files("linkage.stores.neo4j").joinpath("server.artifacts").read_text(encoding="ascii")
