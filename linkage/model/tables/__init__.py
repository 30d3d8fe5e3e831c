"""The tables that cross a stage: their columns, types and meaning, in one place.

Types are DuckDB's names. ``account`` and ``identifier`` are surrogate ids of the workspace (BIGINT); the only
table that maps them to raw values is ``identities``. Times are microseconds, UTC, stored as TIMESTAMP.
"""

from __future__ import annotations

from linkage.model.tables.lake import (
    ACCOUNTS,
    ACTIVITY,
    ADDRESS_RANGES,
    DEFAULT_KINDS,
    EVENTS,
    IDENTIFIER_COLUMNS,
    IDENTITIES,
    LAKE_TABLES,
    LEDGER,
    MODEL_RELEASES,
    QUARANTINE,
    SIGHTINGS,
    SLOTS,
    USAGE,
)
from linkage.model.tables.snapshot import (
    ACCOUNT_BITS,
    ASIDE,
    BASELINE,
    CANDIDATES,
    CLUSTER_IDENTIFIERS,
    CLUSTER_KINDS,
    CLUSTER_TERMS,
    CLUSTERS,
    CROWDS,
    DECIDED,
    FOLLOWED,
    LEFT_OUT,
    LINEAGE,
    LINKS,
    MEMBERS,
    NULL_MAXIMA,
    OPTIONAL_TABLES,
    SNAPSHOT_ACCOUNTS,
    SNAPSHOT_IDENTIFIERS,
    SNAPSHOT_SIGHTINGS,
    SNAPSHOT_TABLES,
    TIMELINE,
    WATCHED,
)
from linkage.model.tables.table import Column, Table

#: Digits after the point that tables keep of a figure: enough to reproduce a sum, too few to show a rounding error.
DIGITS = 9

__all__ = [
    "ACCOUNTS",
    "ACCOUNT_BITS",
    "ACTIVITY",
    "ADDRESS_RANGES",
    "ASIDE",
    "BASELINE",
    "CANDIDATES",
    "CLUSTERS",
    "CLUSTER_IDENTIFIERS",
    "CLUSTER_KINDS",
    "CLUSTER_TERMS",
    "CROWDS",
    "DECIDED",
    "DEFAULT_KINDS",
    "DIGITS",
    "EVENTS",
    "FOLLOWED",
    "IDENTIFIER_COLUMNS",
    "IDENTITIES",
    "LAKE_TABLES",
    "LEDGER",
    "LEFT_OUT",
    "LINEAGE",
    "LINKS",
    "MEMBERS",
    "MODEL_RELEASES",
    "NULL_MAXIMA",
    "OPTIONAL_TABLES",
    "QUARANTINE",
    "SIGHTINGS",
    "SLOTS",
    "SNAPSHOT_ACCOUNTS",
    "SNAPSHOT_IDENTIFIERS",
    "SNAPSHOT_SIGHTINGS",
    "SNAPSHOT_TABLES",
    "TIMELINE",
    "USAGE",
    "WATCHED",
    "Column",
    "Table",
]
