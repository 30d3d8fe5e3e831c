"""Where figures are kept: CSV files that grow, and Markdown tables made from them."""

from __future__ import annotations

import csv
import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.processes import ROOT

RESULTS = ROOT / "benchmarks" / "results"

#: What decides which clusters are found, and beyond it what they cost. A change elsewhere leaves earlier figures valid.
FINDING = (
    *("basis.py", "config.py", "detection.py", "leiden.py", "refresh.py", "window.py"),
    *("communities", "evaluation", "evidence", "scoring", "synthetic"),
)
SPENDING = (*FINDING, "engine.py", "findings", "ingest", "stores", "workspace")


def last_change(parts: Sequence[str]) -> str:
    """The last commit that changed these parts of linkage; ``+`` when the working tree differs from it."""
    paths = [f"linkage/{name}" for name in parts]
    try:
        commit = _git("log", "-1", "--format=%h", "--abbrev=9", "--", *paths)
        return commit + ("+" if _git("status", "--porcelain", "--", *paths) else "") if commit else "unknown"
    except (OSError, subprocess.CalledProcessError):
        return "unknown"  # an unpacked archive: no history to name


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def stamp(parts: Sequence[str] = FINDING) -> dict[str, str]:
    """Date, version, commit and number of cores: what every figure carries."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "version": version("linkage"),
        "commit": last_change(parts),
        "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1),
    }


def read(path: Path) -> list[dict[str, str]]:
    """Rows of a results file; none where there is no such file yet."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """Replace a results file; columns are those of all rows, in order of appearance."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def put(path: Path, rows: Sequence[Mapping[str, object]], key: Sequence[str]) -> None:
    """Add rows to a results file in place of those with the same ``key`` columns."""
    new = {tuple(str(row[name]) for name in key) for row in rows}
    kept = [row for row in read(path) if tuple(row[name] for name in key) not in new]
    write(path, [*kept, *rows])


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; figures (columns after the first) stand right."""
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def save(path: Path, text: str) -> None:
    """Write a page and print it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n", encoding="utf-8")
    print(text)
