"""One ingest under way: files are taken one after another, settled in steps, and published in batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from linkage.config import Settings
from linkage.ingest.columns import CONTRACT_KINDS, REQUIRED
from linkage.ingest.context import Context
from linkage.ingest.discovery import Candidate
from linkage.ingest.inspecting import Inspected, digest_of, identity_of, inspect
from linkage.ingest.keyed import Keyed
from linkage.ingest.ledger import Ledger, Line, Quarantined, origin_of, read_quarantine
from linkage.ingest.mapping import DEFAULT_SOURCE, Mapping
from linkage.ingest.masking import PREVIEW_ROWS, masked
from linkage.ingest.projection import Shape
from linkage.ingest.publishing import Batch, Publisher, Retraction, retractions
from linkage.ingest.reading import Chunk, chunks, columns_of
from linkage.ingest.report import FileReport
from linkage.ingest.rules import Refusal
from linkage.ingest.settling import days_in_hand, encode, identify, settle
from linkage.ingest.staging import Staging
from linkage.ingest.statements import execute, quoted
from linkage.model.progress import Progress
from linkage.stores.lake import LakeView

if TYPE_CHECKING:
    import duckdb

#: Rows that are settled together: what bounds memory.
UNIT_ROWS = 1_000_000

_FUTURE = "event_time.future"
_CONFLICTING = "conflicting_event_id"


@dataclass(slots=True)
class _Taken:
    """A file and what has become of its rows so far."""

    number: int
    name: str
    format: str | None
    path: str
    digest: str = ""
    origin: str = ""
    read: int = 0
    accepted: int = 0
    duplicate: int = 0
    retracted: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    dropped: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    refusal: Refusal | None = None
    on_record: Line | None = None
    unchanged: bool = False
    repeated: bool = False

    @property
    def quarantined(self) -> int:
        return self.rules.total()

    def report(self) -> FileReport:
        return FileReport(
            self.name,
            self.format,
            self.read,
            self.accepted,
            self.duplicate,
            self.quarantined,
            self.retracted,
            dict(sorted(self.rules.items())),
            self.dropped,
            self.absent,
            self.refusal.rule if self.refusal else None,
            self.refusal.reason if self.refusal else None,
            self.path,
        )


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms files are taken: mapping, source name (None: not stated), settings and key."""

    mapping: Mapping
    source: str | None
    settings: Settings
    keyed: Keyed

    @property
    def stated_source(self) -> str | None:
        """The source that holds for every row, if any."""
        return self.source or self.mapping.source or None


class Intake:
    """Takes files into ``publisher``'s lake; without one (a preview) everything but the writing is done."""

    def __init__(
        self,
        staging: Staging,
        terms: Terms,
        view: LakeView,
        publisher: Publisher | None,
        progress: Callable[[Progress], None],
    ) -> None:
        self._staging = staging
        self._connection: duckdb.DuckDBPyConnection = staging.connection
        self._terms = terms
        self._mapping_digest = terms.mapping.digest(terms.source, terms.settings)
        self._view = view
        self._publisher = publisher
        self._progress = progress
        self._files: list[_Taken] = []
        self._ledger = Ledger.read(view.files("ledger"))
        self._entered = 0
        #: First accepted rows of a preview, masked.
        self.preview: tuple[dict[str, Any], ...] = ()
        self._batch = Batch()
        self._unit = 0
        self._mark = (0, 0)
        self._done = 0
        self._next_id = view.next_id
        self._long_kinds = set(view.long_kinds)
        execute(self._connection, "create_retracted")
        execute(self._connection, "create_identities")
        identities = [str(path) for path in view.files("identities")]
        if identities:
            execute(self._connection, "load_identities", parameters={"files": identities})

    def take(self, candidate: Candidate) -> None:
        """Take one file, or note why it is refused."""
        taken = _Taken(len(self._files), candidate.name, candidate.format, str(candidate.path))
        self._files.append(taken)
        self._mark = (self._unit, len(self._batch.settled))
        try:
            if candidate.refusal is not None:
                raise candidate.refusal
            self._take(candidate, taken)
        except Refusal as refusal:
            taken.refusal = refusal
            taken.read = refusal.read or taken.read
            self._undo(taken)
        self._done += taken.read
        self._progress(Progress("ingest", self._done, None, "rows"))
        if self._batch.rows + self._staging.rows >= self._terms.settings.ingest.batch_rows and self._publisher:
            self.publish()

    def identify(self, relation: str, columns: dict[str, str]) -> None:
        """Give the values in ``columns`` (column → kind) of ``relation`` surrogate ids."""
        self._next_id = identify(self._connection, relation, columns, self._next_id, self._unit + 1)

    def enter_context(self, context: Context) -> None:
        """Take what files of context leave on record into the next ``publish``."""
        kept = {row.key for row in read_quarantine(self._view.files("quarantine"))} if context.quarantine else set()
        self._batch.quarantine += [row for row in context.quarantine if row.key not in kept]
        for line in context.lines:
            before = self._ledger.lines.get(line.origin)
            said_nothing_new = before is not None and before.refused == line.refused and not line.accepted
            if not said_nothing_new:
                self._ledger.lines[line.origin] = line
                self._batch.ledger_changed = True

    @property
    def ledger(self) -> Ledger:
        """Every file on record."""
        return self._ledger

    @property
    def next_id(self) -> int:
        """The next free surrogate id."""
        return self._next_id

    def reports(self) -> tuple[FileReport, ...]:
        """What became of each file; final after ``publish``."""
        return tuple(taken.report() for taken in self._files)

    def _take(self, candidate: Candidate, taken: _Taken) -> None:
        identity = identity_of(candidate.path)
        taken.digest = digest_of(candidate)
        taken.origin = origin_of(taken.digest, self._mapping_digest)
        taken.repeated = any(other.origin == taken.origin and not other.refusal for other in self._files[:-1])
        taken.on_record = self._ledger.lines.get(taken.origin)
        if taken.on_record is not None and not taken.repeated and self._is_known(taken, taken.on_record):
            return
        file = inspect(candidate, taken.digest, identity)
        taken.read = file.records
        chosen = self._choose(file, taken)
        if self._staging.rows + file.records > UNIT_ROWS:
            # A file that takes several steps begins with a fresh one, so that it can be taken back alone.
            self._settle()
            self._mark = (self._unit, len(self._batch.settled))
        read = 0
        self._staging.keys.clear()
        for chunk in chunks(file, chosen, self._terms.keyed):
            read += chunk.rows.num_rows + len(chunk.broken)
            self._stage(chunk, chosen, taken, file)
            self._progress(Progress("ingest", self._done + read, None, "rows"))
        if read != file.records:
            raise Refusal("file.not_reconciled", f"{read} rows, {file.records} records", read=file.records)
        if identity_of(candidate.path) != identity:
            raise Refusal("file.changed", read=file.records)
        if file.format == "jsonl":
            taken.dropped += tuple(sorted(self._staging.keys - set(chosen.values())))

    def _is_known(self, taken: _Taken, line: Line) -> bool:
        """Whether the file is in already and would give nothing new; then its counts are taken from the ledger."""
        if line.refused is not None:
            return False
        if line.quarantined:
            kept = read_quarantine(self._view.files("quarantine"))
            taken.rules.update(row.rule for row in kept if row.file_digest == line.file_digest)
            if _FUTURE in taken.rules:
                # What was ahead of the clock then may be in the past by now.
                taken.rules.clear()
                return False
        taken.unchanged = True
        taken.read, taken.duplicate = line.read, line.read - line.quarantined
        return True

    def _choose(self, file: Inspected, taken: _Taken) -> dict[str, str]:
        """Contract column → source column for one file, noting what is dropped and what is absent."""
        mapping, settings = self._terms.mapping, self._terms.settings
        present = columns_of(file)
        chosen = mapping.assign(settings, present)
        taken.dropped = tuple(f"{mapping.columns[name]} (mapped to {name})" for name in mapping.without_use(settings))
        if present is None:
            return chosen
        absent = {target: name for target, name in chosen.items() if name not in present}
        for target in REQUIRED[mapping.layout]:
            if target not in chosen or target in absent:
                raise Refusal("file.missing_column", target, read=file.records)
        taken.absent = tuple(sorted(absent.values()))
        chosen = {target: name for target, name in chosen.items() if target not in absent}
        used = {*chosen.values(), *mapping.columns.values()}
        taken.dropped += tuple(name for name in present if name not in used)
        return chosen

    def _stage(self, chunk: Chunk, chosen: dict[str, str], taken: _Taken, file: Inspected) -> None:
        terms = self._terms
        lines = file.format == "jsonl"
        schema = chunk.rows.schema
        shape = Shape(
            terms.mapping,
            {target: pa.string() if lines else schema.field(target).type for target in chosen},
            tuple(chosen.values()),
            lines,
            tuple(kind for kind in terms.settings.kinds if kind not in CONTRACT_KINDS),
            terms.stated_source is not None,
        )
        self._staging.add(taken.number, terms.stated_source or DEFAULT_SOURCE, shape, chunk)
        elsewhere = self._view.aggregated_days()
        if elsewhere and not elsewhere.keys().isdisjoint(days_in_hand(self._connection, taken.number)):
            raise Refusal("file.day_aggregated", read=file.records)
        if terms.mapping.layout == "long":
            self._long_kinds |= set(self._staging.kinds.values())
        if self._staging.rows >= UNIT_ROWS and file.records > UNIT_ROWS:
            self._settle()

    def _settle(self) -> None:
        """Decide over the staged rows, give their values surrogate ids and lay them aside until ``publish``."""
        if not self._staging.rows:
            return
        days = set(days_in_hand(self._connection))
        earlier = [path for day in sorted(days) for path in self._view.files("events", day, day)]
        settled = settle(self._connection, earlier, self._batch.settled, self._terms.keyed)
        for number, count in settled.accepted.items():
            self._files[number].accepted += count
        for number, count in settled.duplicate.items():
            self._files[number].duplicate += count
        accepted = settled.accepted.total()
        if accepted:
            kinds = self._staging.kinds
            self._look(kinds)
            columns = {"account_id": "account", **kinds}
            self.identify("staged", columns)
            origins = {number: self._files[number].origin for number in settled.accepted}
            self._unit += 1
            table = f"settled_{self._unit}"
            encode(self._connection, self._staging.columns, kinds, origins, table)
            self._batch.settled.append(table)
            self._batch.rows += accepted
        self._staging.clear()

    def _look(self, kinds: dict[str, str]) -> None:
        """Keep the first rows for a preview."""
        missing = PREVIEW_ROWS - len(self.preview)
        if self._publisher is None and missing > 0:
            found = execute(self._connection, "preview_rows", parameters={"rows": missing})
            shown = ({kinds.get(name, name): value for name, value in row.items()} for (row,) in found)
            self.preview += tuple(masked(row, kinds.values()) for row in shown)

    def _undo(self, taken: _Taken) -> None:
        """Take back whatever came of a file before it was refused."""
        unit, tables = self._mark
        self._staging.discard(taken.number)
        for table in self._batch.settled[tables:]:
            execute(self._connection, "drop_relation", {"relation": quoted(table)})
        self._batch.settled[tables:] = []
        self._batch.rows -= taken.accepted
        execute(self._connection, "forget_retracted", parameters={"file": taken.number})
        if taken.accepted:
            execute(self._connection, "forget_identities", parameters={"unit": unit + 1})
        taken.accepted = taken.duplicate = 0
        taken.rules.clear()

    def publish(self) -> LakeView:
        """Settle what is staged and write it all; in a preview, only count."""
        self._settle()
        batch, self._batch = self._batch, Batch()
        displaced = retractions(self._connection, self._terms.keyed)
        self._count_quarantine(batch)
        for row in displaced:
            self._displace(row, batch)
        self._enter(batch)
        if self._publisher is None:
            return self._view
        kinds = {*self._terms.settings.kinds, *self._long_kinds}
        self._view = self._publisher.publish(batch, displaced, self._ledger, kinds, self._long_kinds, self._next_id)
        execute(self._connection, "create_set_aside")
        return self._view

    def _count_quarantine(self, batch: Batch) -> None:
        """Rows set aside, by rule; those of a file that is on record already stand in the quarantine as they are."""
        earlier: dict[int, set[tuple[str, int, str]]] = {}
        for taken in self._files[self._entered :]:
            if taken.on_record is not None and taken.on_record.quarantined and not taken.unchanged:
                kept = read_quarantine(self._view.files("quarantine"))
                earlier[taken.number] = {row.key for row in kept if row.file_digest == taken.digest}
        for number, row, rule, digest in execute(self._connection, "set_aside_rows"):
            taken = self._files[number]
            taken.rules[rule] += 1
            entry = Quarantined(taken.digest, taken.name, row, rule, digest)
            known = earlier.get(number, set())
            if entry.key in known:
                known.discard(entry.key)
            elif not taken.repeated:
                batch.quarantine.append(entry)
        for keys in earlier.values():
            batch.released |= {key for key in keys if key[2] == _FUTURE}

    def _displace(self, row: Retraction, batch: Batch) -> None:
        """An accepted row goes to the quarantine, whether its file came with this ingest or an earlier one."""
        self._files[row.cause].retracted += 1
        for taken in self._files:
            if taken.origin == row.origin and not taken.repeated and not taken.unchanged:
                taken.accepted -= 1
                taken.rules[_CONFLICTING] += 1
        if row.origin in self._ledger.lines:
            line = self._ledger.lines[row.origin]
            self._ledger.retract(row.origin, 1)
            batch.ledger_changed = True
            digest, name = line.file_digest, line.file_name
        else:
            taken = next(taken for taken in self._files if taken.origin == row.origin)
            digest, name = taken.digest, taken.name
        batch.quarantine.append(Quarantined(digest, name, row.row, _CONFLICTING, row.digest))

    def _enter(self, batch: Batch) -> None:
        """Put the files taken since the last batch on record."""
        for taken in self._files[self._entered :]:
            if not taken.digest or taken.repeated or taken.unchanged:
                continue
            before = taken.on_record.accepted if taken.on_record else 0
            quarantined = taken.quarantined
            line = Line(
                file_digest=taken.digest,
                file_name=taken.name,
                mapping_digest=self._mapping_digest,
                source=self._terms.stated_source or DEFAULT_SOURCE,
                format=taken.format or "",
                read=taken.read,
                accepted=before + taken.accepted,
                duplicate=0 if taken.refusal else taken.read - before - taken.accepted - quarantined,
                quarantined=quarantined,
                refused=taken.refusal.rule if taken.refusal else None,
                reason=taken.refusal.reason if taken.refusal else None,
            )
            before_line = self._ledger.lines.get(taken.origin)
            if line.refused is not None and before_line is not None and before_line.refused is None:
                # The same bytes were taken under another name, which said better what they are.
                continue
            if before_line != line:
                self._ledger.lines[taken.origin] = line
                batch.ledger_changed = True
        self._entered = len(self._files)
