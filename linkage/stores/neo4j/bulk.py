"""The first fill of an empty server of ours, while it is stopped: ``neo4j-admin database import``.

What is written is what a first publication would have written as generation 1, pointer included. Only the indexes are
missing: the next publication makes them, and finds everything else in place.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from linkage.errors import UsageError
from linkage.model.progress import Progress, ProgressSink
from linkage.stores.files import room_for
from linkage.stores.neo4j.cases import case_rows
from linkage.stores.neo4j.changes import Changes, graph
from linkage.stores.neo4j.graph import CLUSTER, MODEL, PARTS, Part
from linkage.stores.neo4j.publishing import refresh_properties

if TYPE_CHECKING:
    from linkage.config import EngineSettings
    from linkage.model.case import Case
    from linkage.stores.neo4j.local import LocalServer
    from linkage.stores.snapshots import Snapshot

#: Heap of neo4j-admin; what it needs besides is outside of it.
_MEMORY = "1g"


def fill(
    server: LocalServer,
    workspace: str,
    snapshot: Snapshot,
    cases: Iterable[Case],
    engine: EngineSettings,
    progress: ProgressSink | None,
) -> dict[str, int]:
    """Put the graph of ``snapshot`` and ``cases`` into the database of ``server``; returns the rows of each part.

    Raises:
        UsageError: the server was started before, so that its database is there already.
        StoreUnavailable: neo4j-admin failed.
        TryAgain: the disk is full.
    """
    if not server.empty:
        raise UsageError(
            "the server was started before, and only a new one can be filled this way",
            hint="Start it and run `linkage store publish` without --into, or name a new folder.",
        )

    def tell(stage: str, rows: int) -> None:
        if progress is not None:
            progress(Progress(stage, 0, rows, "rows"))

    folder, rows = server.home / "import", case_rows(cases)
    shutil.rmtree(folder, ignore_errors=True)
    try:
        with room_for("the files to import"), graph(snapshot, rows, engine) as found:
            counts = found.counts()
            tell("writing files to import", sum(counts.values()))
            folder.mkdir(parents=True)
            sources = [*_parts(folder, found), *_pointer(folder, workspace, snapshot, rows.digest, counts)]
        tell("importing", sum(counts.values()))
        server.admin(
            *("database", "import", "full", *sources, "--array-delimiter=U+001F", "--multiline-fields=true"),
            *(f"--report-file={server.home / 'logs' / 'import.report'}", "--overwrite-destination=true", "neo4j"),
            memory=_MEMORY,
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return counts


def _parts(folder: Path, found: Changes) -> list[str]:
    """Write every part; returns the options that import them."""
    earlier = Part("earlier_cluster", CLUSTER.label, CLUSTER.keys, "")
    options = []
    for part in (*PARTS, earlier):
        path = folder / f"{part.name}.csv"
        found.to_import(part.name).write_csv(str(path), header=True)
        options.append(f"--{'nodes' if part.is_node else 'relationships'}={part.label}={path}")
    return options


def _pointer(folder: Path, workspace: str, snapshot: Snapshot, casework: str, counts: dict[str, int]) -> list[str]:
    """Write the pointer and what it points at; returns the options that import them."""
    refresh = refresh_properties(snapshot, counts)
    current: dict[str, str | int | None] = {
        "name": "graph",
        "workspace": workspace,
        "model": MODEL,
        "casework": casework,
    }
    shown: dict[str, str | int | None] = {"generation": 1, "refresh_id": snapshot.refresh_id}
    nodes = (
        ("Current", {":ID(Current)": "graph", **_typed({**current, **shown})}),
        ("Refresh", {":ID(Refresh)": "refresh", **_typed({**refresh, **shown})}),
    )
    options = []
    for label, row in nodes:
        options.append(f"--nodes={label}={_one_row(folder / f'{label}.csv', row)}")
    ends = {":START_ID(Current)": "graph", ":END_ID(Refresh)": "refresh"}
    return [*options, f"--relationships=SERVES={_one_row(folder / 'SERVES.csv', ends)}"]


def _typed(properties: Mapping[str, str | int | None]) -> dict[str, str | int]:
    """Properties with the type in their names, as the header of an import has it."""
    types = {name: "long" if isinstance(value, int) else "string" for name, value in properties.items()}
    types["as_of"] = "datetime"
    return {f"{name}:{types[name]}": value for name, value in properties.items() if value is not None}


def _one_row(path: Path, row: Mapping[str, str | int]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(row))
        writer.writeheader()
        writer.writerow(row)
    return path
