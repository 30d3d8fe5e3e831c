"""Every scenario, refreshed and published: the server holds the snapshot's rows, and answers as the embedded store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from linkage import Workspace
from linkage.errors import StoreUnavailable
from linkage.stores.neo4j.connection import Access
from linkage.synthetic import SCENARIOS
from tests.lib import neo4j
from tests.lib.refreshed import made_up

pytestmark = pytest.mark.long

ACCOUNTS, SEED = 2_000, 41
#: How many of each are asked about.
CLUSTERS, PAIRS, STARTS = 8, 20, 10
SERVED = '[store]\nreader = "neo4j"\n'


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_scenario_reads_the_same_from_either_store(
    scenario: str, neo4j_empty: Access, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEO4J_URI", neo4j_empty.uri)
    monkeypatch.setenv("NEO4J_USERNAME", neo4j_empty.username)
    monkeypatch.setenv("NEO4J_PASSWORD", neo4j_empty.password)
    workspace = made_up(tmp_path, scenario, ACCOUNTS, SEED)
    embedded = list(answers(workspace))
    workspace.store.publish()
    held, wanted = neo4j.stored(neo4j_empty), neo4j.expected(workspace.snapshot())
    for part, rows in wanted.items():
        assert held[part] == rows, part
    assert all(wanted[part] for part in ("account", "used", "identifier"))
    (workspace.path / "linkage.toml").write_text(SERVED, encoding="utf-8")
    served = Workspace(workspace.path)
    assert list(answers(served)) == embedded
    monkeypatch.setenv("NEO4J_URI", "bolt://127.0.0.1:1")
    with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1:1"):
        Workspace(workspace.path).search("abc")
    neo4j.empty(neo4j_empty)


def answers(workspace: Workspace) -> Iterator[object]:
    """Drawings of clusters, neighbourhoods of accounts and of identifiers, paths, common identifiers, searches."""
    chance = np.random.default_rng(SEED)
    members = workspace.members()
    for cluster in workspace.clusters()["cluster_id"][:CLUSTERS]:
        yield workspace.cluster_graph(cluster)
        yield workspace.search(cluster)
    for account in chance.choice(members["account_id"], min(STARTS, len(members)), replace=False):
        yield workspace.neighbourhood(account=account)
        yield workspace.search(account)
    for identifier in identifiers(workspace, chance):
        yield workspace.neighbourhood(identifier=identifier, depth=1)
        yield workspace.accounts_on(identifier)
    for a, b in pairs(members, chance):
        yield workspace.paths(a, b)
        yield workspace.common(a, b)


def identifiers(workspace: Workspace, chance: np.random.Generator) -> list[int]:
    """The largest of the graph, and some others."""
    table = workspace.snapshot().table("identifiers").to_pandas()
    table = table[table["degree"] > 1].sort_values(["degree", "identifier"], ascending=False)["identifier"]
    rest = chance.choice(table[STARTS // 2 :], STARTS // 2, replace=False)
    return [int(one) for one in (*table[: STARTS // 2], *rest)]


def pairs(members: pd.DataFrame, chance: np.random.Generator) -> list[tuple[str, str]]:
    """Of two members of one cluster, and of any two."""
    found = []
    for _, inside in members.groupby("cluster_id", sort=True):
        found.append(tuple(inside["account_id"][:2]))
    found = found[: PAIRS // 2]
    found += [tuple(chance.choice(members["account_id"], 2, replace=False)) for _ in range(PAIRS // 2)]
    return found
