"""The records of a bundle → the relations of one connection that a refresh computes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from linkage import engine
from linkage.bundles.given import Given
from linkage.ingest import aggregate
from linkage.model import given as measures
from linkage.model.kinds import SCHEDULE
from linkage.scoring import watch_list

if TYPE_CHECKING:
    import duckdb
    import pyarrow
    from numpy.typing import NDArray

#: What is read of daily sightings and of usage: the sums that nobody asks for would be a fifth of the work.
_SIGHTINGS = ("day", "account", "kind", "identifier", "events", "tokens", "first_seen", "last_seen", "asn", "country")
_USAGE = ("day", "account", "model", "capability", "events")


def relations(
    connection: duckdb.DuckDBPyConnection, records: Mapping[str, pyarrow.Table], kinds: Sequence[str], told: Given
) -> None:
    """Make the relations that a refresh computes features from, for the accounts of the bundle.

    ``kinds``: identifier kinds that were on; ``told``: the table ``baseline``.
    """
    import pyarrow

    identifiers = records["identifiers"]
    if "events" in records:
        connection.register("events", records["events"])
        # Tables, and not views: each is read several times.
        of_events = tuple(kind for kind in kinds if kind != SCHEDULE)
        aggregate.sightings(connection, "events", of_events).select(*_SIGHTINGS).create("sightings")
        connection.register("schedule_sightings", records["schedules"])
        aggregate.activity(connection, "events").create("activity")
        aggregate.usage(connection, "events").select(*_USAGE).create("usage")
    else:
        for name in ("sightings", "activity", "usage"):
            connection.register(name, records[name])
        connection.register("schedule_sightings", records["sightings"].slice(0, 0))
    accounts = records["accounts"]
    connection.register(
        "account_position",
        pyarrow.table({"account": accounts["account"], "position": accounts["account"]}),
    )
    connection.register("accounts", accounts)
    connection.register("model_releases", records["model_releases"])
    connection.register(
        "identities",
        pyarrow.table({"kind": identifiers["kind"], "id": identifiers["identifier"], "prefix": identifiers["prefix"]}),
    )
    shared = pyarrow.array(graph_rows(identifiers))
    connection.register(
        "identifier_position",
        pyarrow.table(
            {"identifier": identifiers["identifier"].take(shared), "position": pyarrow.array(np.arange(len(shared)))}
        ),
    )
    models, ranks = told.items(measures.PRICE_RANK)
    connection.register(
        "model_prices",
        pyarrow.table({"model": pyarrow.array(models, pyarrow.string()), "price_rank": pyarrow.array(ranks)}),
    )
    engine.run(
        connection,
        "linkage.bundles",
        "merged_sightings",
        {"kinds": list(kinds), "allowed": list(allowed(records))},
    )


def listed(connection: duckdb.DuckDBPyConnection, records: Mapping[str, pyarrow.Table]) -> watch_list.Listed | None:
    """What was on watch lists, and which accounts of the bundle used it."""
    if "watched" not in records:
        return None
    table = records["watched"]
    sources: dict[int, list[str]] = {}
    for number, source in zip(table["identifier"].to_pylist(), table["source"].to_pylist(), strict=True):
        sources.setdefault(number, []).append(source)
    degree = dict(zip(table["identifier"].to_pylist(), table["accounts"].to_pylist(), strict=True))
    return watch_list.load(connection, sources, degree)


def graph_rows(identifiers: pyarrow.Table) -> NDArray[np.int64]:
    """Rows of the identifiers that the graph is made of, in canonical order."""
    return np.flatnonzero(identifiers["trust"].is_valid().to_numpy(zero_copy_only=False))


def allowed(records: Mapping[str, pyarrow.Table]) -> tuple[int, ...]:
    """Identifiers that were known to be benign."""
    identifiers = records["identifiers"]
    return tuple(identifiers.filter(identifiers["allowed"])["identifier"].to_pylist())
