"""Files in, accepted events and daily sightings out; what breaks a rule is set aside with its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from linkage.ingest.report import FileReport, IngestReport

if TYPE_CHECKING:
    from linkage.config import Settings
    from linkage.ingest.mapping import Mapping
    from linkage.model.progress import Progress
    from linkage.stores.lake import Lake, LakeView

__all__ = ["FileReport", "IngestReport", "enable_kinds", "ingest"]


def ingest(
    paths: Iterable[str | Path],
    *,
    lake: Lake,
    settings: Settings,
    mapping: Mapping | Path | str | None = None,
    source: str | None = None,
    accounts: Path | str | None = None,
    address_ranges: Path | str | None = None,
    model_releases: Path | str | None = None,
    preview: bool = False,
    key: bytes,
    now: datetime,
    progress: Callable[[Progress], None] | None = None,
) -> IngestReport:
    """Take files into ``lake`` and report what became of every record.

    ``paths`` are files, folders and patterns of events, and folders of what was aggregated elsewhere; ``accounts``,
    ``address_ranges`` and ``model_releases`` name files of context. ``key`` is the workspace's key for template hashes
    and digests in the quarantine, ``now`` the clock (with a zone). With ``preview`` nothing is written. The caller
    holds the workspace's write lock.

    A file that is refused is named in the report and the others go in. Interrupted at any point, the lake holds what
    was committed before, and the same call again ends in the same state as an undisturbed one.

    Raises:
        ConfigurationError: the mapping or a configured identifier kind is wrong.
        TryAgain: the disk is full or memory does not suffice; what was committed before stands.
    """
    from linkage.ingest import discovery, session

    terms = session.terms(mapping, source, settings, key)
    context = {"accounts": accounts, "address_ranges": address_ranges, "model_releases": model_releases}
    found = discovery.discover(paths)
    with session.opened(lake, terms, now, progress, preview=preview) as opened:
        for candidate in found.candidates:
            opened.intake.take(candidate)
        for table, path in context.items():
            if path is not None:
                opened.context.take(table, path)
        view = opened.publish()
        aggregated: tuple[FileReport, ...] = ()
        for folder in found.aggregates:
            reports, view = opened.importer.take(folder, view)
            aggregated += reports
        return IngestReport(
            files=opened.intake.reports() + aggregated,
            context=tuple(opened.context.reports),
            rows=opened.intake.preview,
            ignored=found.ignored,
            preview=preview,
            version=view.version,
        )


def enable_kinds(*, lake: Lake, settings: Settings, now: datetime) -> LakeView:
    """Give kinds that the configuration has switched on since the last ingest their sightings of all past days."""
    from linkage.ingest import session

    terms = session.terms(None, None, settings, b"")
    with session.opened(lake, terms, now, None, preview=False) as opened:
        return opened.publish()
