"""``python -m benchmarks.peers.environment``: make the environment of the peers, from its own lock file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.processes import say

FOLDER = Path(__file__).parent
LOCK = FOLDER / "requirements.lock"
VENV = FOLDER / ".venv"
PYTHON = VENV / "bin" / "python"


def present() -> bool:
    """Whether the environment is there, of the lock file as it is now."""
    made_from = VENV / LOCK.name
    return made_from.exists() and made_from.read_bytes() == LOCK.read_bytes()


def make() -> None:
    """Make the environment, or bring it up to date; nothing where it is."""
    if present():
        return
    say(f"making {VENV}")
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
    subprocess.run(
        [
            *(str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--require-hashes", "--requirement", str(LOCK)),
        ],
        check=True,
    )
    # Last, so that an installation that broke off does not pass for one.
    (VENV / LOCK.name).write_bytes(LOCK.read_bytes())


def version(package: str) -> str:
    """The locked version of ``package``."""
    for line in LOCK.read_text(encoding="utf-8").splitlines():
        name, _, rest = line.partition("==")
        if name == package:
            return rest.split()[0]
    raise LookupError(f"{LOCK.name} does not hold {package}")


if __name__ == "__main__":
    make()
