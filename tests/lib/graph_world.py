"""Small graphs as a snapshot holds them: who used what, drawn by hand or at random, and the store that serves them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import networkx as nx
import pyarrow as pa
from hypothesis import strategies as st

from linkage.model.graph import Account, Identifier, Use
from linkage.model.tables import SNAPSHOT_TABLES
from linkage.stores.snapshots import Snapshot, Snapshots
from tests.lib.small_world import ARROW, run_record

KINDS = ("ip_address", "payment_instrument", "prompt_template")
START = datetime(2026, 3, 1, tzinfo=UTC)
CLUSTERS = ("c-aa", "c-bb")


@dataclass(frozen=True)
class GraphWorld:
    """(account, identifier) → events, the worth (trust, bits) of identifiers, and (cluster, membership) of accounts.

    What only one account used is a sighting, and no part of the graph.
    """

    uses: Mapping[tuple[int, int], int]
    worth: Mapping[int, tuple[float, float]] = field(default_factory=dict)
    members: Mapping[int, tuple[str, float]] = field(default_factory=dict)
    alone: Iterable[int] = ()

    @property
    def people(self) -> list[int]:
        return sorted({account for account, _ in self.uses} | set(self.alone) | set(self.members))

    @cached_property
    def on(self) -> dict[int, list[int]]:
        """Identifier of the graph → accounts on it."""
        found: dict[int, list[int]] = {}
        for account, identifier in sorted(self.uses):
            found.setdefault(identifier, []).append(account)
        return {identifier: found[identifier] for identifier in sorted(found) if len(found[identifier]) > 1}

    def account(self, number: int) -> Account:
        if number not in self.members:
            return Account(number)
        cluster, membership = self.members[number]
        return Account(number, cluster, membership, "core" if membership >= 0.75 else "periphery")

    def identifier(self, number: int) -> Identifier:
        trust, bits = self.worth.get(number, (0.5, 1.0))
        degree = len(self.on[number])
        return Identifier(number, KINDS[number % 3], degree, trust, bits, degree > 4)

    def use(self, account: int, identifier: int) -> Use:
        first = START + timedelta(days=account % 7, microseconds=identifier)
        return Use(account, identifier, self.uses[account, identifier], first, first + timedelta(days=9))

    def networkx(self) -> nx.Graph:
        """The graph, by definition."""
        graph = nx.Graph()
        graph.add_nodes_from(f"a:{account}" for account in self.people)
        for identifier, accounts in self.on.items():
            graph.add_edges_from((f"a:{account}", f"i:{identifier}") for account in accounts)
        return graph

    def tables(self) -> dict[str, pa.Table]:
        """The tables of a snapshot; those that no graph is read from are empty."""
        first, last = START.replace(tzinfo=None), (START + timedelta(days=20)).replace(tzinfo=None)
        rows: dict[str, list[dict[str, Any]]] = {table.name: [] for table in SNAPSHOT_TABLES}
        for account in self.people[::-1]:
            rows["accounts"].append(
                row(account=account, events=9, tokens=90, cost_usd_micros=900, active_days=3, first_seen=first,
                     last_seen=last)
            )  # fmt: skip
        for account, identifier in self.uses:
            use = self.use(account, identifier)
            rows["sightings"].append(
                row(account=account, identifier=identifier, kind=KINDS[identifier % 3], events=use.events, tokens=90,
                     active_days=3, first_seen=use.first_seen.replace(tzinfo=None),
                     last_seen=use.last_seen.replace(tzinfo=None))
            )  # fmt: skip
        for number in [*self.on][::-1]:
            one = self.identifier(number)
            rows["identifiers"].append(
                row(identifier=number, kind=one.kind, degree=one.degree, trust=one.trust, bits=one.bits, hub=one.hub,
                     note=None)
            )  # fmt: skip
        for account in self.members:
            one = self.account(account)
            rows["members"].append(
                row(cluster_id=one.cluster_id, account=account, membership=one.membership, role=one.role)
            )
        for rank, cluster in enumerate(sorted({cluster for cluster, _ in self.members.values()})):
            inside = {account for account, (of, _) in self.members.items() if of == cluster}
            rows["clusters"].append(
                row(cluster_id=cluster, size=len(inside), score=0.9 - rank / 10, linkage_score=6.0, abuse_score=1.0,
                     q_value=0.01, tier=2, flagged=False, events=9, tokens=90, cost_usd_micros=900, first_seen=first,
                     last_seen=last, kinds=[KINDS[0]], top_reasons=["by hand"], lineage="new")
            )  # fmt: skip
            rows["lineage"].append(
                row(cluster_id=cluster, event="new", parent_refresh_id=None, parent_cluster_id=None, overlap=None)
            )
            for number, accounts in self.on.items():
                here = inside.intersection(accounts)
                if len(here) > 1:
                    one = self.identifier(number)
                    rows["cluster_identifiers"].append(
                        row(cluster_id=cluster, identifier=number, kind=one.kind, members_on=len(here),
                             degree=one.degree, trust=one.trust, bits=one.bits, events=9, first_seen=first,
                             last_seen=last, role="discounted" if one.hub else "evidence")
                    )  # fmt: skip
        return {
            table.name: pa.Table.from_pylist(
                rows[table.name], schema=pa.schema([(column.name, ARROW[column.type]) for column in table.columns])
            )
            for table in SNAPSHOT_TABLES
        }

    def snapshot(self, root: Path, refresh_id: str = "r-000000000001") -> Snapshot:
        """A snapshot of this graph, written by the store of snapshots."""
        root.mkdir(parents=True, exist_ok=True)
        return Snapshots(root).write(run_record(refresh_id), self.tables())


def row(**values: Any) -> dict[str, Any]:
    """A row of a table."""
    return values


#: Exact in binary, so that sums and products of them are, too; few, so that there are ties.
_TRUST = st.sampled_from([1.0, 0.5, 0.25, 0.125])
_BITS = st.sampled_from([0.0, 0.5, 2.0, 8.0])


@st.composite
def graph_worlds(draw: st.DrawFn, accounts: int = 14, identifiers: int = 12) -> GraphWorld:
    """Graphs of up to so many accounts and identifiers, some of them shared by many."""
    # Numbers of accounts and identifiers are drawn from one sequence, and are not dense in a snapshot.
    people = draw(st.lists(st.integers(1, 99), min_size=2, max_size=accounts, unique=True))
    things = draw(st.lists(st.integers(100, 199), max_size=identifiers, unique=True))
    pairs = st.tuples(st.sampled_from(people), st.sampled_from(things)) if things else st.nothing()
    uses = draw(st.dictionaries(pairs, st.integers(1, 50), max_size=5 * len(people))) if things else {}
    worth = {number: (draw(_TRUST), draw(_BITS)) for number in things}
    members = draw(
        st.dictionaries(
            st.sampled_from(people), st.tuples(st.sampled_from(CLUSTERS), st.sampled_from([0.5, 0.75, 1.0]))
        )
    )
    return GraphWorld(uses, worth, members, people)
