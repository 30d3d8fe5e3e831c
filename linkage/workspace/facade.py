"""Workspace: the one object that the command line and the pages know."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from linkage.errors import UsageError
from linkage.model.access import Permission
from linkage.model.progress import ProgressSink
from linkage.model.reports import DemoReport, RefreshReport
from linkage.workspace import writing
from linkage.workspace.graph import GraphQuestions
from linkage.workspace.home import Home
from linkage.workspace.lanes import LaneQuestions
from linkage.workspace.measuring import Measurements
from linkage.workspace.upkeep import Upkeep

if TYPE_CHECKING:
    import pandas
    import pyarrow

    from linkage.config import AccessSettings, Settings
    from linkage.ingest.report import IngestReport
    from linkage.model.access import Role
    from linkage.model.explanation import Explanation
    from linkage.model.run import RunRecord
    from linkage.model.what_if import WhatIf
    from linkage.reading.lookup import Found
    from linkage.stores.snapshots import Snapshot
    from linkage.workspace.allow import AllowList
    from linkage.workspace.bulk import BulkActs
    from linkage.workspace.bundles import Bundles
    from linkage.workspace.casebook import Casebook
    from linkage.workspace.indicators import Indicators
    from linkage.workspace.keyring import Keyring
    from linkage.workspace.store import GraphStore

PathLike = str | os.PathLike[str]


class Workspace(GraphQuestions, LaneQuestions, Measurements, Upkeep):
    """A folder with everything that linkage knows: events, snapshots, casework.

    Nothing is read before a method needs it, and only ``ingest``, ``refresh``, ``demo``, cases, the allow-list and
    reveals write. Reading never waits for a refresh. Frames are pandas, with exactly the contract's columns.
    ``actor`` is who is written into the audit, and whose role counts; the user of the operating system unless given.
    Whoever gives another name answers for having made sure of it.
    """

    def __init__(self, path: PathLike = "workspace", *, actor: str | None = None) -> None:
        self.path = Path(path)
        self._home = Home(self.path, actor)

    def acting_as(self, actor: str) -> Workspace:
        """The same workspace for another person, whose name the caller has made sure of."""
        other = Workspace(self.path, actor=actor)
        other._home = self._home.acting_as(actor)
        return other

    # --- verbs that write ---------------------------------------------------------------------------------------

    def ingest(
        self,
        *paths: PathLike,
        mapping: PathLike | None = None,
        source: str | None = None,
        accounts: PathLike | None = None,
        address_ranges: PathLike | None = None,
        model_releases: PathLike | None = None,
        preview: bool = False,
        progress: ProgressSink | None = None,
    ) -> IngestReport:
        """Validate, deduplicate and store events; the same file twice changes nothing.

        A file that is refused is named in the report (``report.refused``); the others are in.

        Raises:
            TryAgain: another writer is at work, or the disk is full.
            ConfigurationError: settings or mapping are wrong.
            UsageError: a path does not exist.
        """
        return writing.ingest(
            self._home,
            [Path(path) for path in paths],
            writing.Sources(_path(mapping), _path(accounts), _path(address_ranges), _path(model_releases)),
            source=source,
            preview=preview,
            progress=progress,
        )

    def refresh(
        self,
        as_of: datetime | None = None,
        window: str = "90d",
        progress: ProgressSink | None = None,
        *,
        full: bool = False,
    ) -> RefreshReport:
        """Find clusters anew and make the snapshot current; with nothing new the old one stands.

        ``as_of`` defaults to the latest accepted event time; ``window`` is ``Nd``, the N UTC days that end with
        as_of's day, or ``all``. A ``full`` refresh fits the null anew, which the others take over for as long as
        ``[refresh]`` of the settings says. A second refresh at the same time does nothing and says so (status
        ``busy``). Where the settings name a graph store, the snapshot is published there too; if that fails, the
        report says why.

        Raises:
            UsageError: ``window`` or ``as_of`` is malformed.
            NoSnapshot: nothing was ingested yet.
            TryAgain: an ingest or a backup is at work, or disk or memory are full.
        """
        return writing.refresh(self._home, as_of, window, progress, full=full)

    def demo(self, progress: ProgressSink | None = None) -> DemoReport:
        """Make up a small labelled population, ingest it, refresh, verify the snapshot, and measure it.

        Everything stays inside the workspace and nothing is fetched; a second demo changes nothing.

        Raises:
            UsageError: the workspace holds other events, which the made-up ones must not mix with.
            TryAgain: another writer is at work, or the disk is full.
        """
        from linkage.workspace import demo

        return demo.demo(self, self._home.layout, progress)

    # --- lists --------------------------------------------------------------------------------------------------

    def clusters(self, refresh: str | None = None) -> pandas.DataFrame:
        """Clusters, highest score first."""
        return _frame(self.table("clusters", refresh=refresh))

    def members(self, cluster: str | None = None, refresh: str | None = None) -> pandas.DataFrame:
        """Members of ``cluster``, or of all: clusters by rank, surest members first."""
        return _frame(self.table("members", cluster=cluster, refresh=refresh))

    def lineage(
        self, from_refresh: str | None = None, to_refresh: str | None = None, refresh: str | None = None
    ) -> pandas.DataFrame:
        """How clusters follow from those of the parent refresh; step by step from one refresh to a later one."""
        return _frame(self.lineage_table(from_refresh, to_refresh if to_refresh is not None else refresh))

    def lookup(self, *identifiers: str, refresh: str | None = None) -> pandas.DataFrame:
        """Accounts that touched each identifier, account or network, and how each of them stands."""
        return _frame(self.find(identifiers, refresh=refresh).table())

    def table(
        self, name: Literal["clusters", "members"], *, cluster: str | None = None, refresh: str | None = None
    ) -> pyarrow.Table:
        """``clusters`` or ``members`` as Arrow, for readers that do without pandas.

        Raises:
            NoSnapshot: nothing was refreshed yet, or the refresh is not kept.
            UsageError: there is no such cluster.
        """
        from linkage.reading import frames

        if name == "members":
            with self._home.ask(refresh, ("clusters", "members")) as questions:
                return frames.members(questions, cluster)
        status = {cluster_id: str(case.status) for cluster_id, case in self.case.by_cluster().items()}
        with self._home.ask(refresh, ("clusters",)) as questions:
            return frames.clusters(questions, status)

    def lineage_table(self, from_refresh: str | None = None, to_refresh: str | None = None) -> pyarrow.Table:
        """Lineage as Arrow: of ``to_refresh`` (default: current), or of every refresh after ``from_refresh`` up to it.

        Raises:
            UnknownRefresh: a refresh on the way is not kept.
            UsageError: ``to_refresh`` does not descend from ``from_refresh``.
        """
        import pyarrow

        from linkage.reading import frames

        last = self._home.snapshot(to_refresh)
        chain = [last] if from_refresh is None else self._home.chain(self._home.snapshot(from_refresh), last)
        tables = []
        for snapshot in chain:
            with self._home.ask(snapshot.refresh_id, ("lineage",)) as questions:
                tables.append(frames.lineage(questions))
        if tables:
            return pyarrow.concat_tables(tables)
        with self._home.ask(last.refresh_id, ("lineage",)) as questions:
            return frames.lineage(questions).slice(0, 0)

    def followers(self, case: str | None = None, refresh: str | None = None) -> pandas.DataFrame:
        """Accounts that came to what was a confirmed case's own after people had looked; of all cases, or one."""
        return _frame(self.case.followers(case, refresh))

    def find(self, identifiers: Sequence[str], *, refresh: str | None = None) -> Found:
        """``lookup`` as rows, with a note for each identifier that has no row."""
        from linkage.reading import lookup

        with self._home.ask(refresh, lookup.TABLES) as questions:
            return lookup.lookup(questions, identifiers)

    def model_releases(self) -> pandas.DataFrame:
        """``model`` and ``released_at`` (UTC) of the models whose release was ingested, earliest first."""
        from linkage.reading import context

        return _frame(context.model_releases(self._home.lake_files("model_releases")))

    # --- why ----------------------------------------------------------------------------------------------------

    def explain(
        self,
        *,
        account: str | None = None,
        cluster: str | None = None,
        pair: tuple[str, str] | None = None,
        refresh: str | None = None,
        reveal: str | None = None,
        limit: int | None = None,
    ) -> Explanation:
        """Why a cluster is one, why an account is in it, or what ties two accounts.

        Identifier values that point at people are masked unless ``reveal`` gives a reason, which goes into the audit.
        ``limit`` cuts every section to its first rows, and the section says so.

        Raises:
            UsageError: not exactly one of the three is asked for, or it is unknown.
            NoSnapshot: nothing was refreshed yet, or the refresh is not kept.
        """
        if sum(asked is not None for asked in (account, cluster, pair)) != 1:
            raise UsageError("explain takes one of: an account, a cluster, a pair of accounts")
        from linkage.reading import explain

        if reveal is not None:
            subject = cluster if cluster is not None else "account" if account is not None else "pair"
            self._home.audit_reveal(reveal, subject, {})
        view = explain.View(reveal=reveal is not None, limit=limit)
        if cluster is not None:
            with self._home.ask(refresh, explain.CLUSTER_TABLES) as questions:
                return explain.explain_cluster(questions, cluster, view)
        if account is not None:
            with self._home.ask(refresh, explain.ACCOUNT_TABLES) as questions:
                return explain.explain_account(questions, account, view)
        first, second = pair if pair is not None else ("", "")
        with self._home.ask(refresh, explain.PAIR_TABLES) as questions:
            return explain.explain_pair(questions, first, second, view)

    def what_if(
        self,
        cluster: str,
        *,
        kinds: Sequence[str] = (),
        identifiers: Sequence[int] = (),
        networks: Sequence[str] = (),
        threshold: float = 0.0,
        refresh: str | None = None,
    ) -> WhatIf:
        """What would be left of ``cluster`` without these kinds, identifiers (surrogate ids) and networks (CIDR).

        ``threshold``: bits that an account needs to stay. Nothing is changed.

        Raises:
            UsageError: there is no such cluster, a kind ties nobody in it, or a network is none.
        """
        from linkage.reading import what_if

        ties = self._home.ties(refresh, cluster)
        addresses = ties.evidence[ties.evidence_kind == "ip_address"].tolist()
        found = what_if.inside(networks, addresses, self._home.values)
        dropped = {*identifiers, *(number for inside in found.values() for number in inside)}
        return ties.without(kinds, dropped, threshold, {name: len(inside) for name, inside in found.items()})

    def reveal(self, identifiers: Sequence[int], reason: str) -> dict[int, str]:
        """Values behind surrogate ids, for ``reason``, which goes into the audit; purged ones are left out."""
        self._home.audit_reveal(reason, "identifiers", {"ids": sorted(identifiers)})
        return self._home.values(identifiers)

    def picture_taken(self, cluster: str, refresh: str, nodes: int) -> None:
        """Write down, before it happens, that an image of a cluster's graph of so many nodes leaves the screen.

        Raises:
            NotAllowed: the actor is a viewer.
        """
        self._home.require(Permission.EXPORT)
        self._home.audit("picture.download", cluster, {"refresh_id": refresh, "nodes": nodes})

    def names(self, accounts: Sequence[int]) -> dict[int, str]:
        """Account ids behind surrogate ids; a purged one shows as ``purged:<surrogate>``."""
        from linkage.reading.source import ask

        wanted = sorted({int(account) for account in accounts})
        with ask(None, self._home.identities(), self.settings.engine, ()) as questions:
            rows = questions.rows("names", {"ids": wanted})
        return {account: f"purged:{account}" for account in wanted} | {row["id"]: row["value"] for row in rows}

    # --- state --------------------------------------------------------------------------------------------------

    @property
    def settings(self) -> Settings:
        """Settings of ``linkage.toml``, read once."""
        return self._home.settings

    @property
    def access(self) -> AccessSettings:
        """Who may do what: ``[access]`` of the settings, with its roles as they are now."""
        return self._home.access

    @property
    def alert(self) -> str | None:
        """Why the snapshot that was served last is not the newest one; None when it is."""
        return self._home.snapshots.alert

    def snapshot(self, refresh: str | None = None) -> Snapshot:
        """The snapshot of ``refresh``, or the current one; every file verified.

        Raises:
            NoSnapshot: nothing was refreshed yet, or the refresh is not kept.
            SnapshotDamaged: a file differs from its recorded digest, and no older snapshot can stand in.
        """
        return self._home.snapshot(refresh)

    def runs(self) -> tuple[RunRecord, ...]:
        """Records of the refreshes that are kept, newest first."""
        return self._home.snapshots.all()

    @cached_property
    def allow(self) -> AllowList:
        """The allow-list: ``add``, ``remove``, ``list``."""
        from linkage.workspace.allow import AllowList

        return AllowList(self._home)

    @cached_property
    def case(self) -> Casebook:
        """Cases: ``open``, ``list``, ``show``, ``assign``, ``note``, ``propose``, ``approve``, ``return_``, …"""
        from linkage.workspace.casebook import Casebook

        return Casebook(self._home)

    @cached_property
    def bulk(self) -> BulkActs:
        """Acts on several cases at once: ``propose``, ``approve``, ``return_``, ``reopen``, ``close``, ``assign``."""
        from linkage.workspace.bulk import BulkActs

        return BulkActs(self._home)

    @cached_property
    def indicators(self) -> Indicators:
        """Watch lists of partners: ``import_``, ``list``, ``remove``, ``matches``."""
        from linkage.workspace.indicators import Indicators

        return Indicators(self._home)

    @cached_property
    def keys(self) -> Keyring:
        """Keys of pseudonyms and of exchange: ``list``, ``destroy``, ``resolve``."""
        from linkage.workspace.keyring import Keyring

        return Keyring(self._home)

    @property
    def actor(self) -> str:
        """Who is written into the audit."""
        return self._home.actor

    @property
    def role(self) -> Role:
        """What the actor may do here; in local mode, without roles in the settings, everything."""
        return self._home.role

    @cached_property
    def store(self) -> GraphStore:
        """The graph store: ``publish``, ``status``."""
        from linkage.workspace.store import GraphStore

        return GraphStore(self._home)

    @cached_property
    def bundles(self) -> Bundles:
        """Evidence bundles: ``export``, ``verify``, ``new_key``."""
        from linkage.workspace.bundles import Bundles

        return Bundles(self._home)


def _frame(table: pyarrow.Table) -> pandas.DataFrame:
    """``table`` as pandas, its lists as lists."""
    import pyarrow

    frame: pandas.DataFrame = table.to_pandas()
    for field in table.schema:
        if pyarrow.types.is_list(field.type):
            frame[field.name] = table.column(field.name).to_pylist()
    return frame


def _path(path: PathLike | None) -> Path | None:
    return Path(path) if path is not None else None
