"""The part of the graph that a person looks at: some accounts, what they share, and what is not shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from linkage.errors import UsageError
from linkage.reading.frames import require_cluster, surrogate_of
from linkage.reading.masking import masked
from linkage.reading.source import Questions

if TYPE_CHECKING:
    import networkx

TABLES = ("accounts", "clusters", "identifiers", "members", "sightings")

#: Share of the nodes that go to accounts; the rest go to what ties them.
_ACCOUNTS = 2 / 3


def subgraph(
    questions: Questions, *, cluster: str | None, accounts: Sequence[str] | None, limit: int
) -> networkx.Graph:
    """Accounts and the identifiers that tie them, at most ``limit`` nodes, the surest and strongest first.

    Nodes are ``a:<surrogate>`` (``node_type`` account; account_id, cluster_id, membership, role) and
    ``i:<surrogate>`` (``node_type`` identifier; kind, label masked, degree, accounts_on, trust, bits, hub); an edge
    carries events, first_seen and last_seen. ``graph.graph["left_out"]`` counts the accounts and identifiers that are
    not shown, ``graph.graph["total"]`` all of them. Reads: TABLES.

    Raises:
        UsageError: not exactly one of ``cluster`` and ``accounts`` is given, or it is unknown, or ``limit`` < 2.
    """
    import networkx

    if (cluster is None) == (accounts is None):
        raise UsageError("a subgraph is of one cluster, or of accounts")
    if limit < 2:
        raise UsageError("a subgraph needs room for at least 2 nodes")
    if cluster is not None:
        require_cluster(questions, cluster)
        people = questions.rows("subgraph_cluster", {"cluster": cluster})
    else:
        surrogates = [surrogate_of(questions, account) for account in accounts or ()]
        people = questions.rows("subgraph_accounts", {"accounts": surrogates})
    everyone = [row["account"] for row in people]
    ties = questions.rows("subgraph_identifiers", {"accounts": everyone})
    room = max(1, min(len(people), limit - min(len(ties), limit - int(limit * _ACCOUNTS))))
    shown = people[:room]
    here = [row["account"] for row in shown]
    tied = {row["identifier"] for row in questions.rows("subgraph_identifiers", {"accounts": here})}
    drawn = [row for row in ties if row["identifier"] in tied][: limit - len(shown)]

    graph = networkx.Graph(
        refresh_id=questions.refresh_id,
        cluster_id=cluster,
        total={"accounts": len(people), "identifiers": len(ties)},
        left_out={"accounts": len(people) - len(shown), "identifiers": len(ties) - len(drawn)},
    )
    for row in shown:
        graph.add_node(
            f"a:{row['account']}",
            node_type="account",
            label=row["account_id"],
            account_id=row["account_id"],
            cluster_id=row["cluster_id"],
            membership=row["membership"],
            role=row["role"],
        )
    for row in drawn:
        value = row["value"]
        graph.add_node(
            f"i:{row['identifier']}",
            node_type="identifier",
            label=masked(row["kind"], value) if value is not None else f"purged:{row['identifier']}",
            kind=row["kind"],
            identifier_id=row["identifier"],
            accounts_on=row["accounts_on"],
            degree=row["degree"],
            trust=row["trust"],
            bits=row["bits"],
            hub=row["hub"],
        )
    chosen = {"accounts": here, "identifiers": [row["identifier"] for row in drawn]}
    for row in questions.rows("subgraph_edges", chosen):
        graph.add_edge(
            f"a:{row['account']}",
            f"i:{row['identifier']}",
            events=row["events"],
            first_seen=row["first_seen"],
            last_seen=row["last_seen"],
        )
    return graph
