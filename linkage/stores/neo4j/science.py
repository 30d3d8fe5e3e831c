"""Community detection in a Neo4j server, by the open Graph Data Science library."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import numpy as np

from linkage.errors import StoreUnavailable
from linkage.leiden import renumbered

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from linkage.stores.neo4j.connection import Store, Transaction


class Science:
    """Leiden of Graph Data Science in ``store``: a :class:`linkage.leiden.Engine`.

    The links travel there and the parts come back; nothing of the server's own graph is read or written.

    Raises:
        StoreUnavailable: the server has no Graph Data Science.
    """

    def __init__(self, store: Store) -> None:
        ((there,),) = store.read(lambda transaction: transaction.values("science/there"))
        if not there:
            raise StoreUnavailable(
                "the Neo4j server has no Graph Data Science",
                hint='Install its plugin (`make neo4j` has it), or set engine = "native" under [communities].',
            )
        self._store = store

    def __call__(
        self,
        first: NDArray[np.int64],
        second: NDArray[np.int64],
        weight: NDArray[np.float64],
        nodes: int,
        seed: int,
    ) -> NDArray[np.int64]:
        """As :func:`linkage.leiden.partition`.

        Raises:
            StoreUnavailable: the server is gone, or the links do not fit into its memory or its time.
        """
        if len(first) == 0:
            return np.arange(nodes, dtype=np.int64)
        # Which node the library meets first decides ties: the order of the links must not.
        low, high = np.minimum(first, second), np.maximum(first, second)
        order = np.lexsort((high, low))
        links = {"first": low[order].tolist(), "second": high[order].tolist(), "weight": weight[order].tolist()}

        def detect(transaction: Transaction) -> list[list[int]]:
            # One transaction is one server, which a cluster would not promise for three; a name of its own each try.
            graph = f"linkage-{secrets.token_hex(8)}"
            transaction.values("science/project", graph=graph, **links)
            try:
                return transaction.values("science/leiden", graph=graph, seed=seed)
            finally:
                transaction.values("science/drop", graph=graph)

        found = np.array(self._store.read(detect), dtype=np.int64).reshape(-1, 2)
        part = np.arange(nodes, dtype=np.int64) + nodes + int(found[:, 1].max())
        part[found[:, 0]] = found[:, 1]
        return renumbered(part)
