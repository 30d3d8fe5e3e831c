"""The tables of one cluster for a bundle: lists for people and records for a re-run, with numbers and names of its own.

Numbers of the workspace stay in it: they tell in what order accounts came, and would tie bundles together.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np

from linkage import engine
from linkage.bundles.contrary import contrary
from linkage.bundles.indicators import under_key
from linkage.bundles.numbers import FirstEvents, Numbers, replaced
from linkage.bundles.profiles import NETWORK, Names, Profile, told_outside
from linkage.ingest.columns import identifier_column
from linkage.model import given
from linkage.model.kinds import SCHEDULE
from linkage.model.tables import EVENTS

if TYPE_CHECKING:
    import duckdb
    import pyarrow

    from linkage.stores.lake import LakeView
    from linkage.stores.snapshots import Snapshot

#: Links of each member that a bundle lists.
MOST_LINKS = 10
#: Identifiers of each member that pictures, GraphML and STIX show.
MOST_USES = 3


class ClusterTables:
    """Tables of one cluster, with numbers and names of the bundle.

    ``connection`` holds the relations that :func:`linkage.bundles.gather.gather` makes.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        snapshot: Snapshot,
        view: LakeView,
        cluster: str,
        kinds: tuple[str, ...],
        profile: Profile,
        names: Names,
    ) -> None:
        import pyarrow

        self._connection, self._snapshot, self._view = connection, snapshot, view
        self._cluster, self._kinds, self._profile, self._names = cluster, kinds, profile, names
        # Of days that were aggregated elsewhere there are no events: then the daily sums go in, as for a partner.
        run = snapshot.run
        self._has_events = profile.events and not any(
            run.window_first <= day <= run.window_last for day in view.aggregated_days()
        )
        accounts = self._ask("accounts", {"cluster": cluster})
        accounts = replaced(
            accounts, "account_id", [names.of("account", value) for value in accounts["account_id"].to_pylist()]
        )
        # In canonical order of raw names, or of pseudonyms, which tells nothing of them.
        self._accounts = accounts.sort_by("account_id") if names.pseudonymous else accounts
        self._account = Numbers(self._accounts["account"].to_numpy())
        connection.register("wanted", pyarrow.table({"account": self._accounts["account"]}))
        connection.register("aside", self._aside())
        self._identifiers = self._named_identifiers()
        self._identifier = Numbers(self._identifiers["identifier"].to_numpy())
        self._events: pyarrow.Table | None = None

    def lists(self) -> dict[str, pyarrow.Table]:
        """Tables for people."""
        lists = {
            "contrary": self._contrary(),
            "evidence": self._evidence(),
            "sources": self._sources(),
            "kinds": self._of_cluster("cluster_kinds"),
            "lineage": self._of_cluster("lineage"),
            "terms": self._terms(),
            "timeline": self._of_cluster("timeline"),
        }
        if self._profile.records:
            return {**lists, "members": self._members(), "links": self._links()}
        return lists

    def named(self, accounts: Collection[int]) -> tuple[str, ...]:
        """Names in the bundle of these accounts (surrogate ids)."""
        numbers, names = (self._accounts[column].to_pylist() for column in ("account", "account_id"))
        return tuple(name for number, name in zip(numbers, names, strict=True) if number in accounts)

    def records(self) -> dict[str, pyarrow.Table]:
        """Tables for a re-run."""
        import pyarrow.parquet as parquet

        releases = self._connection.sql("SELECT model, released_at FROM model_releases ORDER BY ALL").to_arrow_table()
        accounts, domain, organization = self._known_of_accounts()
        null = parquet.ParquetFile(self._snapshot.path("null_maxima")).read()
        records = {
            "accounts": accounts,
            "identifiers": self._identifiers.set_column(
                0, "identifier", [np.arange(self._identifiers.num_rows)]
            ).drop_columns(["position"]),
            "model_releases": releases,
            "null_maxima": null,
            "baseline": self._baseline(domain, organization),
        }
        if self._snapshot.has("watched"):
            records["watched"] = self._watched()
        if self._snapshot.has("decided"):
            records["decided"] = self._decided()
        if self._snapshot.has("followed"):
            records["followed"] = self._followed()
        if self._has_events:
            return {**records, "events": self._kept_events(), "schedules": self._sightings((SCHEDULE,))}
        records["sightings"] = self._sightings(self._kinds)
        for name in ("activity", "usage"):
            table = self._ask(name, {})
            records[name] = self._coarse(replaced(table, "account", self._account.of(table["account"])))
        return records

    def _aside(self) -> pyarrow.Table:
        """Identifiers that are no evidence for the cluster."""
        import pyarrow

        if not self._snapshot.has("aside"):
            return pyarrow.table({"identifier": pyarrow.array([], pyarrow.int64())})
        return self._of_cluster("aside")

    def _sightings(self, kinds: tuple[str, ...]) -> pyarrow.Table:
        table = self._ask("sightings", {"kinds": list(kinds)})
        table = replaced(table, "account", self._account.of(table["account"]))
        return self._coarse(replaced(table, "identifier", self._identifier.of(table["identifier"])))

    def uses(self) -> pyarrow.Table:
        """Which members used which identifiers that the cluster shares, the strongest of each, by numbers here."""
        table = self._ask("uses", {"cluster": self._cluster, "most": MOST_USES})
        table = replaced(table, "account", self._account.of(table["account"]))
        table = replaced(table, "identifier", self._identifier.of(table["identifier"]))
        return table.sort_by([("account", "ascending"), ("identifier", "ascending")])

    def indicators(self, key: bytes) -> tuple[pyarrow.Table, int]:
        """Identifiers that hold the cluster together, under ``key``; and how many have no value to be known by."""
        import pyarrow.compute as compute

        table = self._of_cluster("cluster_identifiers")
        table = table.filter(compute.equal(table["role"], "evidence"))
        numbers = self._identifier.of(table["identifier"])
        table = table.append_column("pseudonym", self._identifiers["value"].take(numbers))
        found, left_out = under_key(table.append_column("raw", self._raw.take(numbers)), key)
        return self._coarse(found), left_out

    # --- lists --------------------------------------------------------------------------------------------------

    def _members(self) -> pyarrow.Table:
        table = self._ask("members", {"cluster": self._cluster})
        numbers = self._account.of(table["account"])
        table = replaced(table, "account", numbers)
        return self._coarse(table.add_column(1, "account_id", self._accounts["account_id"].take(numbers)))

    def _links(self) -> pyarrow.Table:
        import pyarrow

        table = self._ask("links", {"cluster": self._cluster, "most": MOST_LINKS})
        for side in ("account_a", "account_b"):
            table = replaced(table, side, self._account.of(table[side]))
        table = replaced(table, "rarest", self._identifier.of(table["rarest"]))
        events: list[Any] = [pyarrow.nulls(table.num_rows, pyarrow.int64())] * 2
        if self._has_events:
            columns = [identifier_column(kind) for kind in self._kinds]
            first = FirstEvents(self._kept_events(), columns, self._identifiers.num_rows, table["rarest"])
            events = [first.of(table[side], table["rarest"]) for side in ("account_a", "account_b")]
        for name, column in zip(("event_a", "event_b"), events, strict=True):
            table = table.append_column(name, column)
        return table

    def _evidence(self) -> pyarrow.Table:
        table = self._of_cluster("cluster_identifiers")
        numbers = self._identifier.of(table["identifier"])
        table = replaced(table, "identifier", numbers)
        return self._coarse(table.append_column("value", self._identifiers["value"].take(numbers)))

    def _sources(self) -> pyarrow.Table:
        import pyarrow

        files = [str(path) for path in self._view.files("ledger")]
        self._connection.read_parquet(files, union_by_name=True).create_view("ledger")
        table = self._ask("sources", {})
        if not self._profile.events:
            table = replaced(table, "file_name", pyarrow.array([""] * table.num_rows, pyarrow.string()))
        return table

    def _terms(self) -> pyarrow.Table:
        """Terms of the cluster; who reported or decided something is named only where the bundle stays in the house."""
        table = self._of_cluster("cluster_terms")
        if self._profile.events:
            return table
        return replaced(table, "sentence", [told_outside(text) for text in table["sentence"].to_pylist()])

    def _contrary(self) -> pyarrow.Table:
        out = self._of_cluster("left_out")
        if not self._profile.events:
            out = replaced(out, "reason", [told_outside(text) for text in out["reason"].to_pylist()])
        names = self._accounts["account_id"].take(self._account.of(out["account"])).to_pylist()
        return contrary(out, names, self._evidence(), self._of_cluster("cluster_terms"))

    # --- records ------------------------------------------------------------------------------------------------

    def _named_identifiers(self) -> pyarrow.Table:
        table = self._ask("identifiers", {"kinds": list(self._kinds)})
        if self._names.pseudonymous:
            known = zip(table["kind"].to_pylist(), table["value"].to_pylist(), strict=True)
            values = [self._names.of(kind, value) for kind, value in known]
            prefixes = [None if p is None else self._names.of(NETWORK, p) for p in table["prefix"].to_pylist()]
            table = replaced(replaced(table, "value", values), "prefix", prefixes)
            table = table.sort_by([("position", "ascending"), ("value", "ascending")])
        self._raw = table["raw"]
        return table.drop_columns(["raw"])

    def _known_of_accounts(self) -> tuple[pyarrow.Table, Numbers, Numbers]:
        """Accounts of the records; and which numbers stand for domains and organizations."""
        table = replaced(self._accounts, "account", np.arange(self._accounts.num_rows))
        numbered = []
        for name in ("email_domain", "organization"):
            # By first account, so that the order of the workspace does not show.
            column = table[name]
            numbers = Numbers(np.array(list(dict.fromkeys(column.drop_null().to_pylist())), dtype=np.int64))
            table = replaced(table, name, numbers.of(column))
            numbered.append(numbers)
        return self._coarse(table), numbered[0], numbered[1]

    def _watched(self) -> pyarrow.Table:
        """What was on watch lists, of the identifiers here; whose lists only where the bundle stays in the house."""
        import pyarrow.compute as compute

        table = self._snapshot.table("watched")
        table = replaced(table, "identifier", self._identifier.of(table["identifier"]))
        table = table.filter(compute.is_valid(table["identifier"]))
        if not self._profile.events:
            sources = sorted(set(table["source"].to_pylist()))
            numbers = [f"source {sources.index(name) + 1}" for name in table["source"].to_pylist()]
            table = replaced(table, "source", numbers)
        return self._coarse(table.sort_by([("identifier", "ascending"), ("source", "ascending")]))

    def _decided(self) -> pyarrow.Table:
        """Whom a verdict keeps in the cluster or out of it."""
        table = self._of_cluster("decided").select(["account", "stands"])
        return replaced(table, "account", self._account.of(table["account"])).sort_by("account")

    def _followed(self) -> pyarrow.Table:
        """Who here came to what was a confirmed case's own; which case only where the bundle stays in the house."""
        import pyarrow.compute as compute

        table = self._snapshot.table("followed")
        table = replaced(table, "account", self._account.of(table["account"]))
        table = replaced(table, "identifier", self._identifier.of(table["identifier"]))
        table = table.filter(compute.and_(compute.is_valid(table["account"]), compute.is_valid(table["identifier"])))
        if not self._profile.events:
            cases = list(dict.fromkeys(table.sort_by("identifier")["case_id"].to_pylist()))
            table = replaced(table, "case_id", [str(cases.index(case) + 1) for case in table["case_id"].to_pylist()])
        return self._coarse(table.sort_by([("identifier", "ascending"), ("account", "ascending")]))

    def _baseline(self, domain: Numbers, organization: Numbers) -> pyarrow.Table:
        import pyarrow
        import pyarrow.compute as compute

        table = self._snapshot.table("baseline")
        of = table["cluster_id"]
        table = table.filter(compute.or_kleene(compute.is_null(of), compute.equal(of, self._cluster)))
        rows = []
        for row in table.to_pylist():
            numbers = {
                given.DOMAIN: domain,
                given.ORGANIZATION: organization,
                given.FIRM_DOMAIN: domain,
                given.FIRM: organization,
                given.ALLOWED_ORGANIZATION: organization,
            }.get(row["measure"])
            if numbers is not None:
                row["number"] = numbers.get(row["number"])
                if row["number"] is None:  # of other clusters
                    continue
            rows.append(row)
        return pyarrow.Table.from_pylist(rows, schema=table.schema)

    def _kept_events(self) -> pyarrow.Table:
        """Events with numbers of the bundle; identifier columns are those of the kinds that were on."""
        if self._events is None:
            run = self._snapshot.run
            files = [str(path) for path in self._view.files("events", run.window_first, run.window_last)]
            stored = self._connection.read_parquet(files, union_by_name=True)
            present = [column for column in map(identifier_column, self._kinds) if column in stored.columns]
            stored.select(*EVENTS.names, *present).create_view("kept_events")
            table = self._ask("events", {"as_of": run.as_of.replace(tzinfo=None)})
            table = replaced(table, "account", self._account.of(table["account"]))
            for column in present:
                table = replaced(table, column, self._identifier.of(table[column]))
            self._events = table
        return self._events

    # --- inside -------------------------------------------------------------------------------------------------

    def _ask(self, name: str, parameters: dict[str, Any]) -> pyarrow.Table:
        return engine.arrow(self._connection, "linkage.bundles", name, parameters)

    def _of_cluster(self, name: str) -> pyarrow.Table:
        """Rows of a table of the snapshot that are about the cluster, in their order."""
        import pyarrow.compute as compute
        import pyarrow.parquet as parquet

        table = parquet.ParquetFile(self._snapshot.path(name)).read()
        return table.filter(compute.equal(table["cluster_id"], self._cluster)).drop_columns(["cluster_id"])

    def _coarse(self, table: pyarrow.Table) -> pyarrow.Table:
        """Times to the hour, where single exchanges are not to be told."""
        import pyarrow
        import pyarrow.compute as compute

        if self._profile.events:
            return table
        for field in table.schema:
            if pyarrow.types.is_timestamp(field.type):
                table = replaced(table, field.name, compute.floor_temporal(table[field.name], unit="hour"))
        return table
