"""The main path: the lake's sightings → links → communities → scored, named and explained clusters.

Read :func:`refresh` first; each line is a stage, and each stage is a function of tables and its own settings. Nothing
here reads the clock, and nothing depends on the order in which events arrived.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from linkage import basis, detection, engine, leiden, looks
from linkage import window as windows
from linkage.communities import decisions
from linkage.errors import UsageError
from linkage.evidence import load as evidence
from linkage.findings import build as findings
from linkage.findings import naming
from linkage.findings.tables import Outcome
from linkage.judgement import Judgement
from linkage.model import tables
from linkage.model.allowed import Allowed
from linkage.model.decided import NOTHING_DECIDED, Decided
from linkage.model.progress import Progress, ProgressSink
from linkage.model.run import Basis, RunRecord
from linkage.model.watch import Watched, sources_of, watched_digest
from linkage.scoring import features, followers, watch_list

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow

    from linkage.communities.decisions import Group, Moved
    from linkage.config import Settings
    from linkage.detection import Found
    from linkage.evidence.incidence import Incidence
    from linkage.leiden import Engine
    from linkage.stores.lake import LakeView
    from linkage.stores.snapshots import Snapshot
    from linkage.window import Window

#: Part of every refresh id: a change of method gives a new snapshot even on the same events.
METHOD = "18"
#: End of the id of a refresh that was to be full; without it, that of the same refresh had nobody asked.
_ASKED = "-full"
_STEPS = 8
NOTHING_ALLOWED = Allowed()


@dataclass(frozen=True, slots=True)
class Result:
    """A finished refresh that is not stored yet."""

    run: RunRecord
    tables: dict[str, pyarrow.Table]


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The current snapshot already stands for this input."""

    refresh_id: str


def refresh(
    view: LakeView,
    earlier: Sequence[Snapshot],
    settings: Settings,
    as_of: datetime | None = None,
    window: str = "90d",
    progress: ProgressSink | None = None,
    allowed: Allowed = NOTHING_ALLOWED,
    watched: Sequence[Watched] = (),
    decided: Decided = NOTHING_DECIDED,
    *,
    full: bool = False,
    partition: Engine = leiden.partition,
) -> Result | Unchanged:
    """Find clusters in the window, or say that nothing changed since ``earlier[0]`` (snapshots, newest first).

    ``allowed``, ``watched`` and ``decided``: what people here declared benign, what others reported, and what verdicts
    of two people say.
    The null is that of ``earlier[0]`` where it may be (see :mod:`linkage.basis`) and no ``full`` refresh is asked for.
    ``partition`` makes the first partition of every graph of links.

    Raises:
        UsageError: the window or as_of is malformed, holds no accepted event, or cuts a day of aggregates.
        ConfigurationError: a kind that is on was not counted where days of the window were aggregated.
        TryAgain: disk or memory are full.
    """
    tell = _Steps(progress)
    chosen = windows.window(view, window, as_of)
    windows.check_kinds(view, chosen, settings.kinds)
    run = _record(view, chosen, settings, allowed, watched, decided, earlier[0].run if earlier else None, full)
    if earlier and _same_input(run, earlier[0].run) and (earlier[0].run.full or not full):
        return Unchanged(earlier[0].refresh_id)
    with engine.connect(memory_limit=settings.engine.memory_limit, threads=settings.engine.threads) as connection:
        tell("reading sightings")
        windows.relations(connection, view, chosen, run_kinds(view, settings))
        benign = windows.allowed_identifiers(connection, allowed)
        kinds = run_kinds(view, settings)
        held = tuple(kind for kind in kinds if settings.evidence.prior_of(kind).held)
        population = evidence.load(connection, kinds, benign, settings.seed, held=held)
        if population.incidence.accounts == 0:
            raise UsageError("no event was accepted in that window")
        tell("measuring accounts")
        measured = features.load(connection, chosen.as_of, benign)
        tell("linking")
        private = measured.values["private_work"]

        def search(incidence: Incidence) -> Found:
            return detection.search(incidence, private, settings, settings.seed, partition, population.incidence)

        found = search(population.incidence)
        tell("comparing with rewired data")
        if run.full:
            null = detection.null(
                population.incidence,
                population.alone,
                private,
                settings,
                tell.part,
                partition,
            )
        else:
            incidence = population.incidence
            null = detection.carried(earlier[0].table("null_maxima"), incidence.kinds, incidence.accounts, settings)
        tell("scoring")
        judgement = Judgement(
            population,
            measured,
            null,
            settings,
            allowed.organizations,
            watch_list.load(connection, sources_of(watched)),
            followers.load(connection, decided),
        )
        tell("looking again")
        first = judgement.of(found)
        found = looks.again(
            population.incidence,
            found,
            first.assessment.tier,
            search,
            lambda of, searches: judgement.tier(of, searches, first.baseline),
            private,
            settings,
        )
        groups = decisions.groups(decided, population.account)
        found = detection.decided(population.incidence, found, private, settings, groups)
        judged = judgement.of(found)
        tell("naming")
        founded = run.refresh_id.removesuffix(_ASKED)
        named = naming.name(connection, founded, population, found, earlier, settings, groups)
        tell("explaining")
        abuse, score = judged.assessment.abuse, judged.assessment.score
        order = np.lexsort((np.arange(found.clusters), -found.size, -abuse, -score))
        outcome = Outcome(
            population,
            measured,
            found,
            judged.terms,
            judged.assessment,
            detection.linkage_score(found),
            judged.q_value,
            judged.scheduled,
            named,
            order,
            settings.evidence.partners + 1,
            judged.baseline,
            allowed.organizations,
            judgement.listed,
            judgement.followed,
            groups,
        )
        made = findings.build(connection, outcome, null, settings, watched)
    counts: dict[str, int | float | str] = {
        "accounts": population.incidence.accounts,
        "identifiers": population.incidence.identifiers,
        "links": len(found.links.first),
        "clusters": found.clusters,
        "looked_again": int(found.aside is not None),
        "flagged_clusters": int((judged.assessment.tier == 1).sum()),
        "flagged_accounts": int(found.size[judged.assessment.tier == 1].sum()),
        "schedules": len(population.in_step.groups),
        "directions_silent": int(population.in_step.silent),
        "null_error": round(null.error, 6),
        "null_of": run.basis.refresh_id if run.basis is not None else run.refresh_id,
    }
    if decided.digest:
        counts |= _decided_counts(decided, groups, found.moved)
    return Result(_with_counts(run, counts), made)


def _decided_counts(decided: Decided, groups: Sequence[Group], moved: Moved | None) -> dict[str, int]:
    """What decisions did in a refresh, for its record.

    Confirmed operators that are active, accounts that are in a cluster or out of one because of a decision, accounts
    that verdicts contradict each other about, and cases whose members could not be read.
    """
    out = int((moved.stands == decisions.APART).sum()) if moved is not None else 0
    return {
        "decided_operators": len(groups),
        "decided_in": len(moved.account) - out if moved is not None else 0,
        "decided_out": out,
        "decided_conflicts": decided.conflicts,
        "decided_unread": len(decided.unread),
    }


def run_kinds(view: LakeView, settings: Settings) -> tuple[str, ...]:
    """Identifier kinds that link accounts: configured, and every kind of a long file."""
    return tuple(sorted({*settings.kinds, *view.long_kinds}))


class _Steps:
    """Tells the sink which step has begun."""

    def __init__(self, sink: ProgressSink | None) -> None:
        self._sink = sink
        self._done = 0
        self._stage = ""

    def __call__(self, stage: str) -> None:
        self._stage = stage
        self._send(stage, self._done, _STEPS, "steps")
        self._done += 1

    def part(self, done: int) -> None:
        """Part ``done`` of the running step is finished."""
        self._send(self._stage, done, None, "replicates")

    def _send(self, stage: str, done: int, total: int | None, unit: str) -> None:
        if self._sink is not None:
            self._sink(Progress(stage, done, total, unit))


def _record(
    view: LakeView,
    chosen: Window,
    settings: Settings,
    allowed: Allowed,
    watched: Sequence[Watched],
    decided: Decided,
    parent: RunRecord | None,
    full: bool,
) -> RunRecord:
    """Everything that determines the result, and the id that follows from it."""
    kept = settings.model_dump(
        mode="json", exclude={"access", "alerts", "casework", "engine", "ingest", "snapshots", "store"}
    )
    settings_digest = _digest(kept)
    kinds, benign = list(run_kinds(view, settings)), windows.allowed_digest(view, allowed)
    input_ = [view.digest(chosen.first, chosen.last), chosen.as_of.isoformat(), kinds, benign]
    if watched:
        input_.append(watched_digest(watched))
    if decided.digest:
        input_.append(["decided", decided.digest])
    input_digest = _digest(input_)
    parent_id = parent.refresh_id if parent is not None else None
    identity = [METHOD, input_digest, settings_digest, chosen.text, parent_id]
    refresh_id = f"r-{_digest(identity)[:12]}{_ASKED if full else ''}"
    own = Basis(
        refresh_id,
        chosen.as_of,
        sum(entry.rows for entry in view.of(tables.SIGHTINGS.name, chosen.first, chosen.last)),
        _digest([METHOD, settings_digest, chosen.text, kinds, benign]),
    )
    return RunRecord(
        refresh_id=refresh_id,
        parent_refresh_id=parent_id,
        as_of=chosen.as_of,
        window=chosen.text,
        window_first=chosen.first,
        window_last=chosen.last,
        settings=kept,
        settings_digest=settings_digest,
        input_digest=input_digest,
        seed=settings.seed,
        counts={"method": METHOD},
        basis=own if full or parent is None else basis.chosen(own, parent.basis, settings.refresh),
    )


def _with_counts(run: RunRecord, counts: dict[str, int | float | str]) -> RunRecord:
    return replace(run, counts={**run.counts, **counts})


def _same_input(run: RunRecord, current: RunRecord) -> bool:
    return (run.input_digest, run.settings_digest, run.window, run.counts["method"]) == (
        current.input_digest,
        current.settings_digest,
        current.window,
        current.counts.get("method"),
    )


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode("utf-8")).hexdigest()
