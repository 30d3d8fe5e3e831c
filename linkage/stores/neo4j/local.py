"""A Neo4j server of our own on this machine, without Docker: for trying out, for tests and for benchmarks.

Its jars are those of :mod:`linkage.stores.neo4j.artifacts`; Java 17 or newer runs them.
``python -m linkage.stores.neo4j.local HOME`` (``make neo4j``) starts one in the foreground.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from linkage.errors import LinkageError, StoreUnavailable
from linkage.stores.files import create_once
from linkage.stores.neo4j.artifacts import fetched, kept
from linkage.stores.neo4j.connection import Access, connect

#: As the official launcher gives them.
_OPENED = ("java.nio", "java.io", "sun.nio.ch")
_MAIN, _ADMIN = "org.neo4j.server.CommunityEntryPoint", "org.neo4j.cli.AdminTool"
#: Rounds of SHA-256 in the server's file of users.
_ROUNDS = 1024
_SETTINGS = """\
server.default_listen_address=127.0.0.1
server.bolt.listen_address=127.0.0.1:{bolt}
server.http.listen_address=127.0.0.1:{http}
server.http.enabled={browser}
server.memory.pagecache.size={pages}
db.tx_log.preallocate=false
db.tx_log.rotation.retention_policy=keep_none
dbms.security.procedures.unrestricted=gds.*
dbms.security.procedures.allowlist=gds.*
dbms.usage_report.enabled=false
{more}
"""


class LocalServer:
    """A server whose home is the folder ``home``; its password is made once and lies there, for its owner only.

    ``bolt`` and ``http`` are ports on 127.0.0.1; ``bolt`` None takes a free one, ``http`` None serves no Browser.
    A ``brief`` server is for a minute of tests: it is there sooner, and slower at long work.
    """

    def __init__(
        self,
        home: Path,
        *,
        bolt: int | None = None,
        http: int | None = None,
        memory: str = "512m",
        brief: bool = False,
    ) -> None:
        self.home = home.absolute()
        self.more = ""
        self._bolt = bolt if bolt is not None else _free_port()
        self._http = http
        self._memory = memory
        # Changes touch rows all over the store: what does not fit here is read from the disk again and again.
        self._pages = "128m" if brief else memory
        self._tuning = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1") if brief else ()
        # A brief server is killed before it could leave its classes behind.
        self._leaves_classes = not brief
        self._archiving: Path | None = None
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._jars = fetched()
        for folder in ("conf", "data/dbms", "logs", "plugins"):
            (self.home / folder).mkdir(parents=True, exist_ok=True)
        create_once(self.home / "password", secrets.token_urlsafe(24).encode("ascii"), mode=0o600)
        create_once(self.home / "data" / "dbms" / "auth.ini", self._user(), mode=0o600)
        for artifact, jar in self._jars.items():
            link = self.home / "plugins" / jar.name
            if artifact.group == "org.neo4j.gds" and not link.exists():
                link.unlink(missing_ok=True)
                link.symlink_to(jar)

    @property
    def password(self) -> str:
        """Password of the user ``neo4j``."""
        return (self.home / "password").read_text(encoding="ascii")

    @property
    def access(self) -> Access:
        """How to get in."""
        return Access(f"bolt://127.0.0.1:{self._bolt}", "neo4j", self.password)

    @property
    def empty(self) -> bool:
        """Whether the database was never started, so that rows may be put in without the server."""
        return not (self.home / "data" / "databases" / "neo4j").exists()

    def start(self) -> None:
        """Start the server, and return when it answers its first query.

        Raises:
            StoreUnavailable: it ended instead; its log is in ``home/logs``.
        """
        self._configure()
        options = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED]
        command = [
            *("java", f"-Xms{self._memory}", f"-Xmx{self._memory}", *self._tuning, *self._classes()),
            *(*options, "-Dio.netty.tryReflectionSetAccessible=true", "-cp", self._class_path(), _MAIN),
            *(f"--home-dir={self.home}", f"--config-dir={self.home / 'conf'}", "--console-mode"),
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if self._process.stdout is None:
            raise LinkageError("the server's output cannot be read")
        for line in self._process.stdout:
            if line.rstrip().endswith("Started."):
                break
        else:
            self.kill()
            raise StoreUnavailable("the Neo4j server did not start", hint="Its log is in the folder logs of its home.")
        # Nobody else reads what it says from here on, and a full pipe would hold it up.
        self._reader = threading.Thread(target=_read_to_the_end, args=(self._process.stdout,), daemon=True)
        self._reader.start()
        with connect(self.access) as store:
            store.ask("look")

    def stop(self) -> None:
        """End the server as its operator would; what was committed is on disk.

        The first time, Java then takes up to a minute more to write down the classes that it loaded.
        """
        archiving, self._archiving = self._archiving, None
        self._end(signal.SIGTERM)
        if archiving is not None and archiving.exists():
            archiving.replace(_loaded())

    def kill(self) -> None:
        """End the server from one moment to the next, as a failing machine would."""
        self._archiving = None
        self._end(signal.SIGKILL)

    def wait(self) -> None:
        """Until the server ends, by itself or by a signal."""
        if self._process is not None:
            self._process.wait()

    def admin(self, *arguments: str, memory: str | None = None) -> None:
        """Run ``neo4j-admin`` on the stopped server.

        Raises:
            StoreUnavailable: it failed.
        """
        self._configure()
        command = ["java", f"-Xmx{memory or self._memory}", "-XX:+UseParallelGC", "-cp", self._class_path(), _ADMIN]
        done = subprocess.run(
            [*command, *arguments],
            env={**os.environ, "NEO4J_HOME": str(self.home)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            (self.home / "logs" / "admin.log").write_text(done.stdout + done.stderr, encoding="utf-8")
            raise StoreUnavailable(
                f"neo4j-admin {' '.join(arguments[:3])} failed",
                hint="Its output is logs/admin.log in the server's home.",
            )

    # --- inside -------------------------------------------------------------------------------------------------

    def _class_path(self) -> str:
        return os.pathsep.join(map(str, self._jars.values()))

    def _classes(self) -> tuple[str, ...]:
        """Options that take the classes of an earlier server, or keep those of this one when it is stopped."""
        archive = _loaded()
        if archive.exists():
            return (f"-XX:SharedArchiveFile={archive}",)
        if not self._leaves_classes:
            return ()
        self._archiving = archive.with_suffix(f".{secrets.token_hex(4)}")
        return (f"-XX:ArchiveClassesAtExit={self._archiving}",)

    def _configure(self) -> None:
        browser = str(self._http is not None).lower()
        text = _SETTINGS.format(
            bolt=self._bolt, http=self._http or 0, browser=browser, pages=self._pages, more=self.more
        )
        (self.home / "conf" / "neo4j.conf").write_text(text, encoding="utf-8")

    def _user(self) -> bytes:
        """The server's file of users, written here: its own tool takes the password as an argument, for all to see."""
        salt = secrets.token_bytes(32)
        digest = salt + self.password.encode("ascii")
        for _ in range(_ROUNDS):
            digest = hashlib.sha256(digest).digest()
        return f"neo4j:SHA-256,{digest.hex()},{salt.hex()},{_ROUNDS}:\n".encode("ascii")

    def _end(self, with_: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(with_)
            process.wait()
            if self._reader is not None:
                self._reader.join()


def _read_to_the_end(stream: IO[str]) -> None:
    with stream:
        for _line in stream:
            pass


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _loaded() -> Path:
    """Where the classes that a server loads are kept for the next one, by the Java that loaded them.

    To find, read and check them one by one in 343 jars takes half of a start. Java itself looks whether an archive is
    of these jars, and does without where it is not.
    """
    java = Path(shutil.which("java") or "java").resolve()
    made = f"{java} {java.stat().st_mtime_ns if java.exists() else 0}"
    return kept() / f"classes-{hashlib.sha256(made.encode('utf-8')).hexdigest()[:16]}.jsa"


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line: start a server in the foreground, and say how to get in."""
    parser = argparse.ArgumentParser(description="A Neo4j server with Graph Data Science, on this machine only.")
    parser.add_argument("home", type=Path, help="folder of the server; made where there is none")
    parser.add_argument("--bolt", type=int, default=7687, help="port for drivers (default: 7687)")
    parser.add_argument("--http", type=int, default=7474, help="port for Neo4j Browser (default: 7474)")
    parser.add_argument("--memory", default="1g", help="heap of the server (default: 1g)")
    chosen = parser.parse_args(arguments)
    try:
        server = LocalServer(chosen.home, bolt=chosen.bolt, http=chosen.http, memory=chosen.memory)
        server.start()
    except LinkageError as fault:
        print(f"linkage: error: {fault.message}\nlinkage: hint: {fault.hint}", file=sys.stderr)  # noqa: T201
        return fault.exit_code
    password = server.home / "password"
    print(f"Neo4j Browser: http://127.0.0.1:{chosen.http}  user neo4j, password in {password}")  # noqa: T201
    print(f"For linkage:   export NEO4J_URI={server.access.uri} NEO4J_PASSWORD=$(cat {password})", flush=True)  # noqa: T201
    # As an interrupt: a handler that waited for the server itself would wait for the wait that it interrupts.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        server.wait()
    except KeyboardInterrupt:
        server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
