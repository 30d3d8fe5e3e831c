"""A workspace to look at: a million accounts of which one campaign has 25,000, refreshed twice.

The campaigns that were drawn, and as many of the benign groups as a queue may hold, are given to the refresh as its
communities: the search is not what is measured, and takes more than 20 GB in such a population. Who is a member of
them, what ties them, and what speaks for abuse is worked out as ever.

``python -m benchmarks.investigator_world WORKSPACE TRUTH`` refreshes so.
"""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pyarrow.compute as pc
import pyarrow.csv

from benchmarks.incremental import split
from benchmarks.processes import linkage, run, say
from linkage import Workspace
from linkage.communities import detect
from linkage.evidence import load

#: What is asked of the generator, so that a population of ten events an account holds one campaign that is found.
KNOBS = ("drip=4", "accounts_per_card=4", "accounts_per_address=6", "own_work=0.1", "gaps=0", "cover=1")
#: Members of the benign groups that are in the queue, and the share of those groups that is.
LEAST, MOST, SHARE = 5, 100, 0.25


def made(folder: Path, accounts: int, events: int, seed: int) -> Path:
    """The workspace in ``folder``, made where it is not there yet: all days but the last, then the last one.

    Of a folder that was left half-way what is done is kept, and the rest is made anew.
    """
    population, workspace = folder / "population", folder / "workspace"
    known = f"{accounts} accounts, {events} events, seed {seed}\n"
    done = folder / "made.txt"
    if done.exists():
        if done.read_text(encoding="utf-8") != known:
            sys.exit(f"{folder} holds {done.read_text(encoding='utf-8').strip()}: give another folder")
        return workspace
    for left in (population, workspace, folder / "before", folder / "last"):
        shutil.rmtree(left, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    say(f"generating {accounts:,} accounts and some {events:,} events")
    run(
        *(sys.executable, "-m", "linkage.synthetic", "mixed", "--output", population),
        *("--size", str(accounts), "--seed", str(seed), "--days", "90", "--events", str(events)),
        *(word for knob in KNOBS for word in ("--knob", knob)),
    )
    split(population / "events", folder)
    known_of = (
        *("--accounts", population / "accounts.parquet", "--address-ranges", population / "address_ranges.csv"),
        *("--model-releases", population / "model_releases.csv"),
    )
    for days, beside in (("before", known_of), ("last", ())):
        say(f"taking in and refreshing: {days}")
        linkage(workspace, "ingest", folder / days, *beside)
        run(sys.executable, "-m", "benchmarks.investigator_world", workspace, population / "truth.csv")
    shutil.rmtree(folder / "before")
    shutil.rmtree(folder / "last")
    done.write_text(known, encoding="utf-8")
    return workspace


def refreshed(path: Path, truth: Path) -> None:
    """Refresh a workspace, with the groups of ``truth`` as the communities of the data and of its rewired copies."""
    workspace, loaded = Workspace(path), load.load
    number: list[np.ndarray[tuple[int], np.dtype[np.int64]]] = []

    def remembered(*arguments: Any, **options: Any) -> load.Population:
        population = loaded(*arguments, **options)
        number.append(_groups(workspace, population.account, truth))
        return population

    with patch.object(load, "load", remembered), patch.object(detect, "communities", lambda *_: number[-1]):
        report = workspace.refresh()
    if report.refresh_id is None:
        sys.exit(f"the refresh did nothing: {report.status}")


def _groups(workspace: Workspace, account: Any, truth: Path) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Group of each account, by its number: −1 for those in none, and for most of those in a benign one."""
    drawn = pyarrow.csv.read_csv(truth).filter(pc.field("group_id") != "")
    size: Counter[str] = Counter(drawn["group_id"].to_pylist())
    taken: dict[str, int] = {}
    group_of: dict[str, int] = {}
    for row in drawn.select(["account_id", "group_id", "malicious"]).to_pylist():
        group = row["group_id"]
        # The ids are random: their order is a draw.
        if row["malicious"] or (LEAST <= size[group] <= MOST and int(group[-3:], 16) < SHARE * 0x1000):
            group_of[row["account_id"]] = taken.setdefault(group, len(taken))
    names = workspace.names(account.tolist())
    return np.array([group_of.get(names[each], -1) for each in account.tolist()], dtype=np.int64)


if __name__ == "__main__":
    refreshed(Path(sys.argv[1]), Path(sys.argv[2]))
