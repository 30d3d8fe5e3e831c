"""What a workspace answers about its graph: the same from every store, whichever the settings name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import networkx

    from linkage.model.cluster_graph import ClusterGraph
    from linkage.model.graph import Account, Common, Hits, Identifier, Neighbourhood, Page, Paths
    from linkage.reading.names import Names
    from linkage.stores.graph import GraphReader
    from linkage.workspace.home import Home


class GraphQuestions:
    """The part of a Workspace that asks the graph. Accounts go by name, identifiers by surrogate id."""

    _home: Home

    def subgraph(
        self,
        cluster: str | None = None,
        accounts: Sequence[str] | None = None,
        refresh: str | None = None,
        limit: int = 300,
    ) -> networkx.Graph:
        """Accounts and what ties them, at most ``limit`` nodes; ``graph.graph["left_out"]`` counts the rest."""
        from linkage.reading import subgraph

        return self._home.asked(
            refresh,
            lambda graph, names: subgraph.subgraph(graph, names, cluster=cluster, accounts=accounts, limit=limit),
        )

    def neighbourhood(
        self,
        *,
        account: str | None = None,
        identifier: int | None = None,
        depth: int = 2,
        limit: int = 300,
        each: int = 25,
        refresh: str | None = None,
    ) -> Neighbourhood:
        """What lies around an account or an identifier, up to ``depth`` (1 or 2) uses away.

        At most ``each`` neighbours of a node are followed, and at most ``limit`` nodes are there; ``cuts`` says of
        which nodes not everything is shown, and how much there is.

        Raises:
            UsageError: not exactly one start is given, it is not in the graph, or a limit is out of range.
        """
        from linkage.reading import neighbourhood

        def question(graph: GraphReader, names: Names) -> Neighbourhood:
            start = None if account is None else names.account(account)
            found = neighbourhood.neighbourhood(
                graph, account=start, identifier=identifier, depth=depth, limit=limit, each=each
            )
            return replace(found, labels=names.labels([*_nodes(found.accounts), *_nodes(found.identifiers)]))

        return self._home.asked(refresh, question)

    def accounts_on(
        self, identifier: int, *, after: int | None = None, limit: int = 100, refresh: str | None = None
    ) -> Page:
        """Accounts on an identifier, a page at a time: ``limit`` of those whose surrogate id is above ``after``.

        Raises:
            UsageError: the identifier is not in the graph, or ``limit`` < 1.
        """
        from linkage.reading import neighbourhood

        def question(graph: GraphReader, names: Names) -> Page:
            found = neighbourhood.accounts_on(graph, identifier, after=after, limit=limit)
            return replace(found, labels=names.labels([found.identifier.node, *_nodes(found.accounts)]))

        return self._home.asked(refresh, question)

    def common(self, a: str, b: str, *, limit: int = 100, refresh: str | None = None) -> Common:
        """Identifiers that two accounts both used, worth most first, at most ``limit`` of them.

        Raises:
            UsageError: an account is not in the graph, both are the same, or ``limit`` < 1.
        """
        from linkage.reading import neighbourhood

        def question(graph: GraphReader, names: Names) -> Common:
            found = neighbourhood.common(graph, names.account(a), names.account(b), limit=limit)
            nodes = [*_nodes(found.accounts), *_nodes(shared[0] for shared in found.shared)]
            return replace(found, labels=names.labels(nodes))

        return self._home.asked(refresh, question)

    def paths(self, a: str, b: str, *, limit: int = 10, degree_limit: int = 200, refresh: str | None = None) -> Paths:
        """The shortest chains of shared identifiers between two accounts, over at most three identifiers.

        The most trusted chains come first. Identifiers with more than ``degree_limit`` accounts are not followed, and
        the answer says how many were met.

        Raises:
            UsageError: an account is not in the graph, both are the same, or a limit is below 1.
        """
        from linkage.reading import paths

        def question(graph: GraphReader, names: Names) -> Paths:
            found = paths.paths(graph, names.account(a), names.account(b), limit=limit, degree_limit=degree_limit)
            nodes = [node for path in found.paths for node in (*_nodes(path.accounts), *_nodes(path.identifiers))]
            return replace(found, labels=names.labels(nodes))

        return self._home.asked(refresh, question)

    def search(self, text: str, *, limit: int = 20, refresh: str | None = None) -> Hits:
        """Clusters by id, accounts by name and identifiers by value: exact, then from the start, then anywhere.

        Values of kinds that point at people are found whole only, and shown masked.

        Raises:
            UsageError: ``text`` has fewer than three letters, or ``limit`` < 1.
        """
        return self._home.asked(refresh, lambda graph, names: names.search(graph, text, limit))

    def cluster_graph(
        self, cluster: str, *, only: Collection[int] | None = None, refresh: str | None = None
    ) -> ClusterGraph:
        """A cluster drawn together: its strongest identifiers, and groups of accounts by which of those they touch.

        ``only``: identifiers (surrogate ids) that may be drawn; None for all.

        Raises:
            UsageError: there is no such cluster.
        """
        import pyarrow
        import pyarrow.compute as compute

        from linkage.reading import cluster_graph

        def question(graph: GraphReader) -> ClusterGraph:
            evidence = self._home.snapshot(graph.refresh_id).table("cluster_identifiers")
            own = evidence.filter(compute.equal(evidence.column("cluster_id"), cluster))
            if only is not None:
                allowed = pyarrow.array(sorted(only), own.schema.field("identifier").type)
                own = own.filter(compute.is_in(own.column("identifier"), value_set=allowed))
            return cluster_graph.cluster_graph(graph, cluster, own)

        return self._home.found(refresh, question)


def _nodes(found: Iterable[Account] | Iterable[Identifier]) -> list[str]:
    return [one.node for one in found]
