"""All tables of a snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from linkage import engine
from linkage.findings import given, why
from linkage.findings import tables as describe
from linkage.model import tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb
    import pyarrow

    from linkage.config import Settings
    from linkage.findings.tables import Outcome
    from linkage.model.watch import Watched
    from linkage.scoring.significance import Null


def build(
    connection: duckdb.DuckDBPyConnection,
    outcome: Outcome,
    null: Null,
    settings: Settings,
    watched: Sequence[Watched] = (),
) -> dict[str, pyarrow.Table]:
    """Every table of ``linkage.model.tables.SNAPSHOT_TABLES`` by name, and of ``OPTIONAL_TABLES`` those with rows."""
    import pyarrow as pa

    label = outcome.found.label
    inside = np.flatnonzero(label >= 0)
    rows = pa.table(
        {
            "cluster_id": pa.array(outcome.ids[label[inside]], type=pa.string()),
            "account": pa.array(outcome.population.account[inside], type=pa.int64()),
        }
    )
    connection.register("member_rows", rows)
    kinds = outcome.population.incidence.kinds
    support = why.corroborating(outcome)
    corroborating = [[kinds[kind] for kind in np.flatnonzero(row)] for row in support]
    made = {
        "accounts": describe.accounts(tables.SNAPSHOT_ACCOUNTS, outcome),
        "identifiers": describe.identifiers(tables.SNAPSHOT_IDENTIFIERS, outcome),
        "sightings": engine.arrow(connection, "linkage.findings", "sightings"),
        "links": describe.links(tables.LINKS, outcome),
        "members": describe.members(tables.MEMBERS, outcome),
        "clusters": describe.clusters(tables.CLUSTERS, outcome, corroborating, why.reasons(outcome)),
        "lineage": describe.lineage(tables.LINEAGE, outcome.named.rows),
        "cluster_identifiers": why.cluster_identifiers(
            tables.CLUSTER_IDENTIFIERS, outcome, connection, settings.membership
        ),
        "cluster_kinds": why.cluster_kinds(tables.CLUSTER_KINDS, outcome),
        "cluster_terms": why.cluster_terms(tables.CLUSTER_TERMS, outcome),
        "left_out": why.left_out(tables.LEFT_OUT, outcome),
        "account_bits": why.account_bits(tables.ACCOUNT_BITS, outcome),
        "timeline": engine.arrow(connection, "linkage.findings", "timeline"),
        "null_maxima": describe.null_maxima(tables.NULL_MAXIMA, null, outcome.population.incidence.kinds),
        "candidates": given.candidates(tables.CANDIDATES, outcome),
        "baseline": given.baseline(tables.BASELINE, outcome, connection),
    }
    if outcome.listed is not None:
        made["watched"] = describe.watched(tables.WATCHED, outcome.listed, watched)
    crowds = engine.arrow(connection, "linkage.findings", "crowds", {"digits": tables.DIGITS})
    if crowds.num_rows:
        made["crowds"] = crowds
    if outcome.found.aside is not None:
        made["aside"] = given.aside(tables.ASIDE, outcome)
    if outcome.found.moved is not None:
        made["decided"] = describe.decided(tables.DECIDED, outcome)
    if outcome.followed is not None:
        made["followed"] = describe.followed(tables.FOLLOWED, outcome.followed, outcome.population.account)
    for table in tables.OPTIONAL_TABLES:
        if table.name in made:
            engine.check_columns(table, made[table.name].column_names)
    for table in tables.SNAPSHOT_TABLES:
        engine.check_columns(table, made[table.name].column_names)
    return made
