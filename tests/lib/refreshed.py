"""Workspaces over the tracked fixtures: taken in, refreshed, and listed as CSV."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from linkage import Workspace
from linkage.cli import main
from linkage.synthetic import generate

FIXTURES = Path(__file__).parents[2] / "fixtures"
LISTS = ("members", "clusters")


def events(name: str) -> pa.Table:
    """Every event of a fixture."""
    return pa.concat_tables(pq.read_table(path) for path in sorted((FIXTURES / name / "events").glob("*.parquet")))


def taken_in(root: Path, name: str, *paths: Path, settings: str = "") -> Workspace:
    """A workspace at ``root`` with the fixture's tables and ``paths`` (default: its events)."""
    root.mkdir(parents=True, exist_ok=True)
    if settings:
        (root / "linkage.toml").write_text(settings, encoding="utf-8")
    home = FIXTURES / name
    workspace = Workspace(root)
    report = workspace.ingest(
        *(paths or (home / "events",)),
        accounts=home / "accounts.parquet",
        address_ranges=home / "address_ranges.csv",
        model_releases=home / "model_releases.csv",
    )
    assert not report.refused
    assert report.accepted == report.read
    return workspace


def refreshed(factory: pytest.TempPathFactory, name: str) -> Workspace:
    """The fixture ``name``, refreshed over all of it; made once a session, and only to be read."""
    return _refreshed(factory.getbasetemp(), name)


@functools.cache
def _refreshed(base: Path, name: str) -> Workspace:
    workspace = taken_in(base / f"refreshed-{name}", name)
    assert workspace.refresh(window="all").status == "new"
    return workspace


def made_up(folder: Path, scenario: str, accounts: int, seed: int, days: int = 30) -> Workspace:
    """A made-up population of so many accounts, taken in and refreshed over all of it."""
    population = generate(scenario, accounts, seed, folder / "files", days=days)
    workspace = Workspace(folder / "workspace")
    report = workspace.ingest(
        population.events,
        accounts=population.accounts,
        address_ranges=population.address_ranges,
        model_releases=population.model_releases,
    )
    assert report.accepted == population.event_count
    workspace.refresh(window="all")
    return workspace


def in_parts(table: pa.Table, folder: Path, parts: int, seed: int) -> list[Path]:
    """The rows of ``table``, shuffled and dealt into so many files."""
    folder.mkdir(parents=True, exist_ok=True)
    order = np.random.default_rng(seed).permutation(table.num_rows)
    paths = []
    for number, rows in enumerate(np.array_split(order, parts)):
        path = folder / f"part-{number}.parquet"
        pq.write_table(table.take(pa.array(rows)), path)
        paths.append(path)
    return paths


def listed(workspace: Workspace, folder: Path) -> dict[str, bytes]:
    """``members`` and ``clusters`` as the command line writes them in CSV."""
    folder.mkdir(parents=True, exist_ok=True)
    out = {}
    for verb in LISTS:
        path = folder / f"{verb}.csv"
        assert main(["--workspace", str(workspace.path), verb, "--format", "csv", "--output", str(path)]) == 0
        out[verb] = path.read_bytes()
    return out


def groups(workspace: Workspace, refresh: str | None = None) -> set[frozenset[str]]:
    """Members of each cluster, by account id."""
    members = workspace.members(refresh=refresh)
    return {frozenset(rows) for _cluster, rows in members.groupby("cluster_id")["account_id"]}


def build(root: str, name: str, output: str, settings: str, *parts: str) -> None:
    """Take ``parts`` in one by one, refresh, and list into ``output``: what a process of its own runs."""
    paths: Sequence[Path] = [Path(part) for part in parts]
    workspace = taken_in(Path(root), name, paths[0], settings=settings)
    for path in paths[1:]:
        workspace.ingest(path)
    workspace.refresh(window="all")
    listed(workspace, Path(output))
