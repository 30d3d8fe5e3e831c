"""What one ingest needs open at the same time: the engine, a write to the lake (or a preview's scratch folder)."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from linkage import engine
from linkage.config import Settings
from linkage.errors import ConfigurationError
from linkage.ingest import mapping as mappings
from linkage.ingest.columns import check_kinds
from linkage.ingest.context import Context
from linkage.ingest.importing import Importer
from linkage.ingest.intake import Intake, Terms
from linkage.ingest.keyed import Keyed
from linkage.ingest.mapping import Mapping
from linkage.ingest.publishing import Publisher
from linkage.ingest.staging import Staging
from linkage.model.progress import Progress
from linkage.stores.files import room_for
from linkage.stores.lake import Lake, LakeView, Writing


@dataclass(frozen=True, slots=True)
class Opened:
    """An ingest that is ready to take files."""

    intake: Intake
    context: Context
    importer: Importer
    writing: Writing | None

    def publish(self) -> LakeView:
        """Settle everything that was taken and, unless this is a preview, commit it."""
        self.intake.enter_context(self.context)
        if self.writing is not None:
            self.context.write(self.writing)
        return self.intake.publish()


def terms(mapping: Mapping | Path | str | None, source: str | None, settings: Settings, key: bytes) -> Terms:
    """The terms of an ingest, checked.

    Raises:
        ConfigurationError: the mapping, the source name or a configured kind is wrong.
    """
    check_kinds(settings.kinds)
    if source is not None and (len(source) > 256 or not source.isprintable()):
        raise ConfigurationError("a source name has 256 characters at most and no control characters")
    if not isinstance(mapping, Mapping):
        mapping = mappings.load(None if mapping is None else Path(mapping))
    return Terms(mapping, source or None, settings, Keyed(key))


@contextmanager
def opened(
    lake: Lake, terms: Terms, now: datetime, progress: Callable[[Progress], None] | None, *, preview: bool
) -> Iterator[Opened]:
    """Open engine and lake; a preview writes to a folder of its own, which is gone afterwards."""
    with room_for("the lake"), ExitStack() as stack:
        writing = None if preview else stack.enter_context(lake.begin())
        if writing is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="linkage-preview-")))
        else:
            folder = writing.folder
        connection = stack.enter_context(
            engine.connect(
                memory_limit=terms.settings.engine.memory_limit,
                threads=terms.settings.engine.threads,
                spill_to=folder / "spill",
            )
        )
        staging = Staging(connection, terms.keyed, now.astimezone(UTC), terms.settings.ingest.future_tolerance_hours)
        publisher = Publisher(connection, writing) if writing is not None else None
        intake = Intake(staging, terms, lake.view(), publisher, progress or _silent)
        context = Context(connection, terms.keyed, lake.view(), terms.mapping.time.zone, intake.identify)
        importer = Importer(connection, intake, publisher, writing, terms.settings.kinds)
        yield Opened(intake, context, importer, writing)


def _silent(_: Progress) -> None:
    pass
