"""Child processes and what they cost: every step is a process of its own, so that its peak memory is its own."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

#: The repository: commands run there, so that the code beside these files is the code that is measured.
ROOT = Path(__file__).resolve().parents[1]
LINKAGE = (sys.executable, "-m", "linkage")


@dataclass(frozen=True, slots=True)
class Cost:
    """Wall-clock seconds, CPU seconds (user and system) and peak resident memory (MiB) of a process."""

    wall: float
    cpu: float
    mebibytes: float


def median(costs: Sequence[Cost]) -> Cost:
    """Median of each figure over several runs."""
    return Cost(
        statistics.median(cost.wall for cost in costs),
        statistics.median(cost.cpu for cost in costs),
        statistics.median(cost.mebibytes for cost in costs),
    )


def run(*command: str | Path) -> tuple[str, Cost]:
    """Standard output and cost of a command; ends the benchmark with the command's own words when it fails."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen([str(part) for part in command], stdout=output, stderr=errors, cwd=ROOT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        cost = Cost(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
        output.seek(0)
        errors.seek(0)
        if process.returncode != 0:
            sys.exit(f"{' '.join(map(str, command))} ended with {process.returncode}:\n{errors.read().decode()}")
        return output.read().decode(), cost


def linkage(workspace: Path, *arguments: str | Path) -> tuple[str, Cost]:
    """Output and cost of ``linkage --workspace WORKSPACE …``."""
    return run(*LINKAGE, "--workspace", workspace, *arguments)


def generate(scenario: str, size: str, seed: int, days: int, folder: Path) -> Cost:
    """Write a made-up population to ``folder``; what that cost."""
    _, cost = run(
        *(sys.executable, "-m", "linkage.synthetic", scenario, "--output", folder),
        *("--size", size, "--seed", str(seed), "--days", str(days)),
    )
    return cost


def ingest(workspace: Path, population: Path) -> Cost:
    """Ingest a made-up population with all that came with it; what that cost."""
    _, cost = linkage(
        workspace,
        *("ingest", population / "events", "--accounts", population / "accounts.parquet"),
        *("--address-ranges", population / "address_ranges.csv"),
        *("--model-releases", population / "model_releases.csv"),
    )
    return cost


def say(text: str) -> None:
    """Progress, on standard error."""
    print(text, file=sys.stderr, flush=True)
