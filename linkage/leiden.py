"""The one interface to community detection: Leiden over an edge list, reproducible for a seed.

Traag, Waltman and van Eck 2019, doi 10.1038/s41598-019-41695-z; the implementation is graspologic-native's (MIT).
Whoever partitions whole graphs takes an :class:`Engine`, of which :func:`partition` is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Engine(Protocol):
    """Whatever answers as :func:`partition` does: the same parameters, the same numbering, a seed that decides."""

    def __call__(
        self,
        first: NDArray[np.int64],
        second: NDArray[np.int64],
        weight: NDArray[np.float64],
        nodes: int,
        seed: int,
    ) -> NDArray[np.int64]:
        """Part of each node."""
        ...


def partition(
    first: NDArray[np.int64], second: NDArray[np.int64], weight: NDArray[np.float64], nodes: int, seed: int
) -> NDArray[np.int64]:
    """Part of each of ``nodes`` nodes that maximizes modularity; parts are numbered by their first node.

    ``first``, ``second``, ``weight`` give each undirected edge once, without self-loops. A node without an edge is a
    part of its own.
    """
    import graspologic_native
    from scipy.sparse import coo_matrix

    if len(first) == 0:
        return np.arange(nodes, dtype=np.int64)
    # Half of the nodes may have no edge, and would be moved, refined and counted with the others.
    linked = np.zeros(nodes, dtype=np.bool_)
    linked[first] = linked[second] = True
    place = np.cumsum(linked) - 1
    first, second, count = place[first], place[second], int(place[-1]) + 1
    both = coo_matrix(
        (np.concatenate([weight, weight]), (np.concatenate([first, second]), np.concatenate([second, first]))),
        shape=(count, count),
    ).tocsr()
    _quality, found = graspologic_native.leiden_csr(
        both.indptr.astype(np.int64), both.indices.astype(np.int32), both.data.astype(np.float64), count, seed=seed
    )
    of_linked = np.arange(count, dtype=np.int64) + count
    of_linked[np.fromiter(found.keys(), np.int64, len(found))] = np.fromiter(found.values(), np.int64, len(found))
    part = np.arange(nodes, dtype=np.int64) + nodes
    part[linked] = of_linked
    return renumbered(part)


def renumbered(part: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same parts numbered 0, 1, … in the order in which they first appear."""
    _values, first_at, inverse = np.unique(part, return_index=True, return_inverse=True)
    rank = np.empty(len(first_at), np.int64)
    rank[np.argsort(first_at, kind="stable")] = np.arange(len(first_at))
    return np.asarray(rank[inverse])
