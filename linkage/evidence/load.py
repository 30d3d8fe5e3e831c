"""Sightings of the window → the account–identifier graph in canonical order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from linkage import engine
from linkage.evidence import incidence as graph
from linkage.evidence import synchrony
from linkage.evidence.incidence import Alone
from linkage.model.kinds import SCHEDULE

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb
    from numpy.typing import NDArray

    from linkage.evidence.incidence import Incidence
    from linkage.evidence.synchrony import InStep

#: Days of which distinct ones are counted in two whole numbers.
_SHORT = 128


@dataclass(frozen=True, slots=True)
class Population:
    """The graph of the window and the surrogate ids of its positions.

    ``account`` (N), ``identifier`` (M): surrogate ids, by canonical position. ``in_step``: who keeps which schedule.
    ``alone``: what a single account used, of kinds of which an account holds few.
    """

    incidence: Incidence
    account: NDArray[np.int64]
    identifier: NDArray[np.int64]
    in_step: InStep
    alone: Alone

    @property
    def by_chance(self) -> NDArray[np.float64]:
        """Probability that habits bring about as much as each identifier ties (M): of schedules, else 1."""
        out = np.ones(len(self.identifier))
        schedule = self.identifier < 0
        out[schedule] = np.array([1.0, *self.in_step.by_chance])[-self.identifier[schedule]]
        return out


def load(
    connection: duckdb.DuckDBPyConnection,
    kinds: tuple[str, ...],
    allowed: tuple[int, ...] = (),
    seed: int = 1,
    *,
    held: tuple[str, ...],
) -> Population:
    """Read relations ``activity``, ``sightings``, ``slots`` and ``identities``, without ``allowed`` identifiers.

    ``held``: kinds of which an account holds few.

    Leaves the temporary tables ``account_position``, ``merged_sightings`` and ``identifier_position`` behind for later
    stages. Identifiers on a single account link nobody and are not part of the graph.
    """
    package = "linkage.evidence"
    engine.run(connection, package, "account_position")
    in_step = synchrony.find(connection, seed)
    if in_step.groups:
        kinds = (*kinds, SCHEDULE)
    first, days = engine.run(connection, package, "days").fetchall()[0]
    engine.run(connection, package, "active_days_short" if days < _SHORT else "active_days_long")
    engine.run(
        connection,
        package,
        "merged_sightings",
        {"kinds": list(kinds), "allowed": list(allowed), "first": first, "days": days},
    )
    engine.run(connection, package, "identifier_position")
    accounts = connection.execute("SELECT account, events FROM account_position ORDER BY position").fetchnumpy()
    account = accounts["account"]
    found = connection.execute("SELECT identifier, kind FROM identifier_position ORDER BY position").fetchnumpy()
    edges = engine.run(connection, package, "edges").fetchnumpy()
    alone = engine.run(connection, package, "alone", {"kinds": list(held)}).fetchnumpy()
    names = tuple(sorted(kinds))
    number = {name: at for at, name in enumerate(names)}
    kind = np.array([number[str(name)] for name in found["kind"]], dtype=np.int8)
    return Population(
        incidence=graph.build(
            len(account),
            names,
            kind,
            edges["account"].astype(np.int64),
            edges["identifier"].astype(np.int64),
            edges["first_day"].astype(np.int64),
            edges["last_day"].astype(np.int64),
            edges["events"].astype(np.int64),
            accounts["events"].astype(np.float64),
            _operators(edges, len(kind)),
        ),
        account=np.asarray(account, dtype=np.int64),
        identifier=np.asarray(found["identifier"], dtype=np.int64),
        in_step=in_step,
        alone=Alone(
            np.array([number[str(name)] for name in alone["kind"]], dtype=np.int8),
            alone["account"].astype(np.int64),
            alone["first_day"].astype(np.int64),
            alone["last_day"].astype(np.int64),
            alone["events"].astype(np.int64),
        ),
    )


def _operators(edges: Mapping[str, NDArray[Any]], identifiers: int) -> NDArray[np.int64]:
    """Operator of the network of each address (M), numbered from 0: the smallest AS number that is told of it.

    −1 where none is, and of what is no address. A network that stands for an unknown operator would be wrong: carriers
    have many, and dual stack makes two of one.
    """
    number = np.ma.asarray(edges["asn"])
    told = np.flatnonzero(~np.ma.getmaskarray(number))
    none = np.iinfo(np.int64).max
    least = np.full(identifiers, none)
    np.minimum.at(least, edges["identifier"][told].astype(np.int64), np.ma.getdata(number)[told].astype(np.int64))
    known = least < none
    operator = np.full(identifiers, -1, np.int64)
    operator[known] = np.unique(least[known], return_inverse=True)[1]
    return operator
