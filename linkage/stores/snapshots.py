"""Snapshots: what a refresh found, in a folder that never changes, and CURRENT, which names the one that is served.

A snapshot is written into a temporary folder, synced, and renamed; then CURRENT is replaced. Killed anywhere, the old
snapshot stays current. Every file's SHA-256 stands in ``run.json`` and is checked before the file is first read;
``run.json`` carries its own digest.

Readers take no lock, so a snapshot may go while it is read. It goes as a whole: where the folder is gone, the refresh
is no longer kept; where a file is gone from its folder, the snapshot is damaged.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from linkage.errors import LinkageError, SnapshotDamaged, TryAgain, UnknownRefresh
from linkage.model.run import RunRecord
from linkage.model.tables import OPTIONAL_TABLES, SNAPSHOT_TABLES
from linkage.stores.files import Verifier, room_for, sha256_of, sync_file, sync_folder, write_atomically
from linkage.stores.record import parse, render

if TYPE_CHECKING:
    import pyarrow

#: Names of refreshes become names of folders.
_REFRESH_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,79}\Z")
_NAMES = tuple(table.name for table in SNAPSHOT_TABLES)
_OPTIONAL = tuple(table.name for table in OPTIONAL_TABLES)
#: How often a reader follows CURRENT when what it named is gone before it is opened.
_FOLLOWED = 5


class Snapshot:
    """One refresh, read-only. Its files were verified when it was opened; what was not read then is gone once the
    snapshot is no longer kept.
    """

    def __init__(self, folder: Path, run: RunRecord, verifier: Verifier) -> None:
        self.refresh_id = run.refresh_id
        self.run = run
        self._folder = folder
        self._verifier = verifier
        self._tables: dict[str, pyarrow.Table] = {}

    def has(self, name: str) -> bool:
        """Whether there is a table ``name``: some are there only where they hold a row."""
        return f"{name}.parquet" in self.run.files

    def path(self, name: str) -> Path:
        """Parquet file of the table ``name``, verified.

        Raises:
            UnknownRefresh: the snapshot is no longer kept.
            SnapshotDamaged: the file is missing or differs from its recorded digest.
        """
        file = f"{name}.parquet"
        expected = self.run.files.get(file)
        if expected is None:
            raise SnapshotDamaged(f"snapshot {self.refresh_id} records no table {name}")
        path = self._folder / file
        with _kept(self._folder):
            self._verifier.check(path, expected, f"snapshot {self.refresh_id}: {file}")
        return path

    def table(self, name: str) -> pyarrow.Table:
        """The table ``name`` as Arrow, kept in memory for the next call.

        Raises:
            UnknownRefresh: the snapshot is no longer kept, and this table was not read before.
            SnapshotDamaged: the file is missing or differs from its recorded digest.
        """
        if name not in self._tables:
            import pyarrow.parquet as parquet

            with _kept(self._folder):
                self._tables[name] = parquet.read_table(self.path(name), partitioning=None)
        return self._tables[name]

    def verify(self) -> None:
        """Check every file that is recorded against its digest.

        Raises:
            UnknownRefresh: the snapshot is no longer kept.
            SnapshotDamaged: names the first file that differs.
        """
        names = sorted(file.removesuffix(".parquet") for file in self.run.files)
        if all(self._verifier.knows(self._folder / file, digest) for file, digest in self.run.files.items()):
            # Threads cost more than to look at the time of each file.
            list(map(self.path, names))
            return
        with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
            list(pool.map(self.path, names))


class Snapshots:
    """The snapshots of a workspace.

    ``alert`` is None, or says in a sentence why the snapshot that ``current`` returned last is not the one that
    CURRENT names.
    """

    def __init__(self, root: Path) -> None:
        self._folder = root / "snapshots"
        self._current = root / "CURRENT"
        self._verifier = Verifier(root / ".verified.json")
        self._open: dict[str, Snapshot] = {}
        self.alert: str | None = None

    # --- reading ------------------------------------------------------------------------------------------------

    def current_id(self) -> str | None:
        """The refresh id that CURRENT holds; None where there is no CURRENT."""
        try:
            text = self._current.read_text(encoding="ascii", errors="replace").strip()
        except FileNotFoundError:
            return None
        return text

    def current(self) -> Snapshot | None:
        """The snapshot to serve; None when nothing was published yet.

        A writer may publish others and prune the one that CURRENT named before it is open: then the one that CURRENT
        names by now is served. When a file of the current one is damaged, the newest other one whose files are all
        good is served, and ``alert`` says so.

        Raises:
            SnapshotDamaged: snapshots were published and none of them is whole.
            TryAgain: CURRENT went on to another snapshot each time that one was opened.
        """
        self.alert = None
        named = self.current_id()
        for _ in range(_FOLLOWED):
            if named is None:
                return None
            try:
                return self.get(named)
            except (SnapshotDamaged, UnknownRefresh) as fault:
                damage = fault
            opened, named = named, self.current_id()
            if named == opened:
                return self._instead_of(opened, damage)
        raise TryAgain(
            f"{_FOLLOWED} snapshots in a row were superseded and gone before they were open",
            hint="Run the same command again while no refresh is at work.",
        )

    def get(self, refresh_id: str) -> Snapshot:
        """The snapshot of ``refresh_id``, every file verified.

        Raises:
            UnknownRefresh: there is none of this id.
            SnapshotDamaged: a file is missing or differs from its recorded digest.
        """
        folder = self._folder_of(refresh_id)
        if folder is None:
            raise UnknownRefresh(f"refresh {_shown(refresh_id)} is not kept")
        run = self._read(folder)
        known = self._open.get(refresh_id)
        snapshot = known if known is not None and known.run == run else Snapshot(folder, run, self._verifier)
        snapshot.verify()
        self._verifier.save()
        self._open[refresh_id] = snapshot
        return snapshot

    def ancestors(self) -> list[Snapshot]:
        """The current snapshot, its parent, and so on, as far as they are kept and whole; empty before the first."""
        found: list[Snapshot] = []
        step = None
        # Where none is whole, a refresh begins anew: it is the way out.
        with contextlib.suppress(SnapshotDamaged):
            step = self.current()
        while step is not None:
            found.append(step)
            parent, step = step.run.parent_refresh_id, None
            if parent is not None and parent not in {snapshot.refresh_id for snapshot in found}:
                with contextlib.suppress(UnknownRefresh, SnapshotDamaged):
                    step = self.get(parent)
        return found

    def all(self) -> tuple[RunRecord, ...]:
        """Records of the snapshots that are kept, newest first; damaged records are left out (see ``unreadable``)."""
        records = []
        for folder in self._folders():
            with contextlib.suppress(SnapshotDamaged, UnknownRefresh):
                records.append(self._read(folder))
        return tuple(sorted(records, key=lambda run: (-run.number, run.refresh_id)))

    def unreadable(self) -> tuple[str, ...]:
        """Refresh ids of the snapshots whose records are damaged."""
        return tuple(refresh_id for refresh_id, _ in self._faults(self._read))

    def damaged(self) -> tuple[tuple[str, str], ...]:
        """(refresh id, what is wrong) of every snapshot that is not whole; reads every byte of every snapshot."""
        return self._faults(lambda folder: Snapshot(folder, self._read(folder), Verifier()).verify())

    # --- writing: under the workspace's write lock -----------------------------------------------------------------

    def write(self, run: RunRecord, tables: Mapping[str, pyarrow.Table]) -> Snapshot:
        """Write a snapshot of ``tables`` (one per snapshot table, and optional ones); it is not current yet.

        Writing the same refresh again leaves the good snapshot as it is, and replaces a damaged one.

        Raises:
            TryAgain: the disk is full; nothing is left over.
            LinkageError: a table is missing, unknown or has other columns than its specification.
        """
        if not _REFRESH_ID.match(run.refresh_id):
            raise LinkageError("a refresh id is lower-case letters, digits and -")
        tables = conform(tables)
        with room_for("a snapshot"):
            self._folder.mkdir(parents=True, exist_ok=True)
            self.sweep()
            target = self._folder / run.refresh_id
            if target.exists():
                with contextlib.suppress(SnapshotDamaged):
                    return self.get(run.refresh_id)
                target.rename(self._folder / f".damaged-{run.refresh_id}")
            temporary = self._folder / f".writing-{run.refresh_id}"
            temporary.mkdir()
            try:
                self._fill(temporary, run, tables)
                temporary.rename(target)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
            sync_folder(self._folder)
            self.sweep()
        return self.get(run.refresh_id)

    def publish(self, refresh_id: str) -> None:
        """Make ``refresh_id`` the snapshot that readers get.

        Raises:
            UnknownRefresh: there is none of this id.
            TryAgain: the disk is full; the old one stays current.
        """
        if self._folder_of(refresh_id) is None:
            raise UnknownRefresh(f"refresh {_shown(refresh_id)} is not kept")
        write_atomically(self._current, f"{refresh_id}\n".encode("ascii"))

    def prune(self, keep: int, referred: Collection[str]) -> tuple[str, ...]:
        """Remove snapshots but the newest ``keep``, the current one and those in ``referred``; returns what went."""
        records = self.all()
        stays = {run.refresh_id for run in records[:keep]} | set(referred) | {self.current_id()}
        gone = tuple(run.refresh_id for run in records if run.refresh_id not in stays)
        for refresh_id in gone:
            # Renamed first: a reader finds a snapshot whole or not at all, and can tell that from damage.
            (self._folder / refresh_id).rename(self._folder / f".pruned-{refresh_id}")
            self._open.pop(refresh_id, None)
        self.sweep()
        return gone

    def sweep(self) -> None:
        """Remove what a killed writer left behind."""
        if self._folder.exists():
            for leftover in self._folder.iterdir():
                if leftover.name.startswith("."):
                    shutil.rmtree(leftover)

    # --- inside -------------------------------------------------------------------------------------------------

    def _instead_of(self, refresh_id: str, damage: LinkageError) -> Snapshot:
        for run in self.all():
            if run.refresh_id != refresh_id:
                with contextlib.suppress(SnapshotDamaged, UnknownRefresh):
                    good = self.get(run.refresh_id)
                    self.alert = f"{damage.message}; refresh {good.refresh_id} is served in its place"
                    return good
        raise SnapshotDamaged(f"{damage.message}; no other snapshot is whole") from damage

    def _faults(self, check: Callable[[Path], object]) -> tuple[tuple[str, str], ...]:
        """(refresh id, what is wrong) of the snapshots that fail ``check``; one that is pruned meanwhile is none."""
        found = []
        for folder in self._folders():
            try:
                check(folder)
            except UnknownRefresh:
                continue
            except SnapshotDamaged as fault:
                found.append((folder.name, fault.message))
        return tuple(found)

    def _folders(self) -> list[Path]:
        if not self._folder.exists():
            return []
        return sorted(folder for folder in self._folder.iterdir() if _REFRESH_ID.match(folder.name))

    def _folder_of(self, refresh_id: str) -> Path | None:
        if not _REFRESH_ID.match(refresh_id):
            return None
        folder = self._folder / refresh_id
        return folder if folder.is_dir() else None

    def _fill(self, folder: Path, run: RunRecord, tables: Mapping[str, pyarrow.Table]) -> None:
        import pyarrow.parquet as parquet

        files = {}
        for name in tables:
            path = folder / f"{name}.parquet"
            # Row groups are small enough for a reader to skip most of a table by its statistics.
            parquet.write_table(tables[name], path, compression="zstd", row_group_size=100_000)
            sync_file(path)
            files[path.name] = sha256_of(path)
        number = 1 + max((kept.number for kept in self.all()), default=0)
        record = folder / "run.json"
        record.write_bytes(render(replace(run, files=files, number=number)))
        sync_file(record)
        sync_folder(folder)

    def _read(self, folder: Path) -> RunRecord:
        where = f"snapshot {folder.name}: run.json"
        with _kept(folder):
            try:
                data = (folder / "run.json").read_bytes()
            except OSError as fault:
                raise SnapshotDamaged(f"{where} cannot be read") from fault
        try:
            run = parse(data)
        except (ValueError, TypeError, KeyError, AttributeError) as fault:
            raise SnapshotDamaged(f"{where} is not a record of a refresh") from fault
        if render(run) != data or run.refresh_id != folder.name:
            raise SnapshotDamaged(f"{where} differs from its recorded SHA-256")
        return run


def conform(tables: Mapping[str, pyarrow.Table]) -> dict[str, pyarrow.Table]:
    """``tables`` in exactly the types of their specifications.

    Raises:
        LinkageError: a table is missing or unknown, has other columns, a value that its type cannot hold, or a NULL
            where none may stand; names table and column.
    """
    import pyarrow

    missing, unknown = sorted(set(_NAMES) - set(tables)), sorted(set(tables) - {*_NAMES, *_OPTIONAL})
    if missing or unknown:
        raise LinkageError(f"a snapshot lacks the tables {missing} or has unknown ones {unknown}")
    types = {
        "BIGINT": pyarrow.int64(),
        "INTEGER": pyarrow.int32(),
        "DOUBLE": pyarrow.float64(),
        "BOOLEAN": pyarrow.bool_(),
        "VARCHAR": pyarrow.string(),
        "VARCHAR[]": pyarrow.list_(pyarrow.string()),
        "TIMESTAMP": pyarrow.timestamp("us"),
        "DATE": pyarrow.date32(),
    }
    conformed = {}
    for spec in (*SNAPSHOT_TABLES, *OPTIONAL_TABLES):
        if spec.name not in tables:
            continue
        given = tables[spec.name]
        if list(given.column_names) != list(spec.names):
            raise LinkageError(f"table {spec.name}: expected columns {list(spec.names)}, got {given.column_names}")
        arrays = []
        for column in spec.columns:
            values = given.column(column.name)
            if values.null_count and not column.null:
                raise LinkageError(f"table {spec.name}: {column.name} holds a NULL")
            try:
                arrays.append(values.cast(types[column.type]))
            except pyarrow.ArrowInvalid as fault:
                raise LinkageError(f"table {spec.name}: {column.name} is not {column.type}") from fault
        # Without metadata: what a library notes about itself must not change the bytes.
        schema = pyarrow.schema([(column.name, types[column.type]) for column in spec.columns])
        conformed[spec.name] = pyarrow.Table.from_arrays(arrays, schema=schema)
    return conformed


@contextlib.contextmanager
def _kept(folder: Path) -> Iterator[None]:
    """While a snapshot is read: what is missing because all of ``folder`` is gone is no damage.

    Raises:
        UnknownRefresh: the snapshot was pruned meanwhile.
    """
    try:
        yield
    except (SnapshotDamaged, FileNotFoundError) as fault:
        if folder.is_dir():
            raise
        raise UnknownRefresh(f"refresh {folder.name} is no longer kept") from fault


def _shown(refresh_id: str) -> str:
    """An id that came from outside, fit for a message."""
    return refresh_id if _REFRESH_ID.match(refresh_id) else "of that name"
