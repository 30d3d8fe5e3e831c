"""What the workspace's verbs hand back besides tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from linkage.errors import LinkageError


@dataclass(frozen=True, slots=True)
class RefreshReport:
    """How a refresh ended.

    ``status``: ``new`` (a snapshot was written and is current), ``unchanged`` (nothing new: ``refresh_id`` is the
    snapshot that stands) or ``busy`` (another refresh runs; nothing was done). Where the settings name a graph store,
    ``published`` says how the snapshot got there, or ``unpublished`` why it did not: the snapshot is current all the
    same. ``unmatched``: sources whose watch lists could not be matched, because their exchange key is gone. ``unread``:
    cases whose verdict could not be gone by, because the snapshot that it was made at cannot be read.
    """

    status: Literal["new", "unchanged", "busy"]
    refresh_id: str | None
    counts: Mapping[str, Any]
    seconds: float
    published: PublishReport | None = None
    unpublished: LinkageError | None = None
    unmatched: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """One finding of the doctor; ``advice`` says what to do, ``exit_code`` counts when ``status`` is fail."""

    name: str
    status: Literal["ok", "warn", "fail"]
    finding: str
    advice: str = ""
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What a backup holds: number of files, their bytes, and the SHA-256 of the backup's manifest."""

    files: int
    bytes: int
    manifest_digest: str


@dataclass(frozen=True, slots=True)
class PurgeReport:
    """An account that was purged, by its surrogate id, and how many internal bundles the workspace ever made: those,
    and backups, may hold the name still.
    """

    account: int
    internal_bundles: int


@dataclass(frozen=True, slots=True)
class PublishReport:
    """How a publication ended.

    ``status``: ``published``, or ``unchanged`` (the store served this refresh already). ``rows``: what travelled;
    ``counts``: rows of each part of the graph that was published, none where it was there already.
    """

    status: Literal["published", "unchanged"]
    refresh_id: str
    generation: int
    rows: int
    counts: Mapping[str, int]
    seconds: float


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """Whether the graph store shows what CURRENT names, and the cases as they are.

    ``served``, ``publishing``: refreshes that its readers get, and that is on its way; ``casework``: digests of the
    cases that they get, and of those that there are; ``counts``: part of the graph → (rows in the store, rows here).
    """

    refresh_id: str
    served: str | None
    casework: tuple[str | None, str]
    generation: int
    publishing: str | None
    counts: Mapping[str, tuple[int, int]]

    @property
    def in_step(self) -> bool:
        """Whether refresh, cases and counts agree, and nothing is under way."""
        agree = all(stored == expected for stored, expected in (self.casework, *self.counts.values()))
        return self.served == self.refresh_id and self.publishing is None and agree


@dataclass(frozen=True, slots=True)
class ExportReport:
    """A bundle that was written: its name, the folder or zip at ``path``, files and their bytes, and the signer's key.

    ``status``: ``written``, or ``unchanged`` (the very same bundle was there). ``waits``: who has to sign it besides.
    ``indicators``: how many it holds under an exchange key, and how many identifiers are left out there because nobody
    else can know them; None without such a key.
    """

    status: Literal["written", "unchanged"]
    name: str
    path: Path
    files: int
    bytes: int
    fingerprint: str
    waits: tuple[str, ...] = ()
    indicators: tuple[int, int] | None = None


#: What became of a further signature: ``unchanged`` where that very one was there, ``replaced`` where another one was.
Signed = Literal["signed", "unchanged", "replaced"]


@dataclass(frozen=True, slots=True)
class BundleReport:
    """What became of checking a bundle.

    ``signers``: (name, fingerprint, whether the signature counts) of everybody who must sign. ``faults``: (file, what
    is wrong with it). ``rerun``: ``not asked``, ``agrees``, ``differs`` (see ``differences``) or ``not possible``.
    ``fault`` is None where all is well; a bundle is never called good without its signatures having been checked.
    """

    name: str
    profile: str
    files: int
    signers: tuple[tuple[str, str, bool], ...]
    faults: tuple[tuple[str, str], ...]
    rerun: Literal["not asked", "agrees", "differs", "not possible"] = "not asked"
    differences: tuple[str, ...] = ()
    fault: LinkageError | None = None


class Frame(Protocol):
    """What can be had as a pandas frame."""

    def to_frame(self) -> Any:
        """The pandas frame."""


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What the demo did: the population's size, the refresh, its measured quality, the files of the snapshot that were
    verified, and the evidence bundle of the first cluster, exported, verified and computed again.
    """

    accounts: int
    events: int
    refresh_id: str
    evaluation: Frame
    files: int
    exported: ExportReport
    verified: BundleReport
