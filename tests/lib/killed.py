"""Processes that die at a step of their own choosing: what Python does to a file or folder under one root."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

_CHECKOUT = Path(__file__).resolve().parents[2]

#: Before the script, which finds ``root`` and ``words``. The process dies before it takes the last step.
_BEFORE = """
import os, signal, sys
checkout, root, last, *words = sys.argv[1:]
sys.path.insert(0, checkout)
steps = 0
def count(event, arguments):
    global steps
    if event in ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir") and str(arguments[0]).startswith(root):
        steps += 1
        if steps == int(last):
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(count)
"""


def run(script: str, root: Path, *words: object, dies_at: int = 0) -> subprocess.CompletedProcess[str]:
    """Run ``script`` as a process that gets SIGKILL at step ``dies_at``, or prints how many steps it took (0)."""
    command = [sys.executable, "-c", _BEFORE + script + "print(steps)\n", str(_CHECKOUT), str(root), str(dies_at)]
    return subprocess.run([*command, *map(str, words)], capture_output=True, text=True, check=False)


def died(done: subprocess.CompletedProcess[str], dies_at: int) -> bool:
    """Whether the process was killed at step ``dies_at``; False when it ended well with fewer steps.

    Steps of a run vary by some: a file at rest for less than a moment is verified again by the next who opens it.
    """
    if done.returncode == -signal.SIGKILL:
        return True
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < dies_at
    return False
