"""The part of the graph that a person looks at: some accounts, what they share, and what is not shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from linkage.errors import UsageError
from linkage.model.graph import account_attributes, add_uses, identifier_attributes
from linkage.reading.neighbourhood import require_members

if TYPE_CHECKING:
    import networkx

    from linkage.reading.names import Names
    from linkage.stores.graph import GraphReader

#: Share of the nodes that go to accounts; the rest go to what ties them.
_ACCOUNTS = 2 / 3


def subgraph(
    graph: GraphReader, names: Names, *, cluster: str | None, accounts: Sequence[str] | None, limit: int
) -> networkx.Graph:
    """Accounts and the identifiers that tie them, at most ``limit`` nodes, the surest and strongest first.

    Nodes are ``a:<surrogate>`` (``node_type`` account; account_id, cluster_id, membership, role) and
    ``i:<surrogate>`` (``node_type`` identifier; kind, label masked, degree, accounts_on of those shown, trust, bits,
    hub); an edge carries events, first_seen and last_seen. ``graph.graph["left_out"]`` counts the accounts and
    identifiers that are not shown, ``graph.graph["total"]`` all of them.

    Raises:
        UsageError: not exactly one of ``cluster`` and ``accounts`` is given, or it is unknown, or ``limit`` < 2.
    """
    import networkx

    if (cluster is None) == (accounts is None):
        raise UsageError("a subgraph is of one cluster, or of accounts")
    if limit < 2:
        raise UsageError("a subgraph needs room for at least 2 nodes")
    if cluster is not None:
        people = require_members(graph, cluster)
    else:
        people = graph.accounts([names.account(account) for account in accounts or ()])
        people.sort(key=lambda one: (one.membership is None, -(one.membership or 0.0), one.account))
    ties = graph.shared([one.account for one in people], 0).total
    shown = people[: max(1, limit - min(ties, limit - int(limit * _ACCOUNTS)))]
    here = [one.account for one in shown]
    drawn = graph.shared(here, limit - len(shown)).identifiers

    labels = names.labels([*(one.node for one in shown), *(tie.node for tie, _ in drawn)])
    found = networkx.Graph(
        refresh_id=graph.refresh_id,
        cluster_id=cluster,
        total={"accounts": len(people), "identifiers": ties},
        left_out={"accounts": len(people) - len(shown), "identifiers": ties - len(drawn)},
    )
    for one in shown:
        found.add_node(one.node, **account_attributes(one, labels))
    for tie, accounts_on in drawn:
        found.add_node(tie.node, **identifier_attributes(tie, labels), accounts_on=accounts_on)
    add_uses(found, graph.between(here, [tie.identifier for tie, _ in drawn]))
    return found
