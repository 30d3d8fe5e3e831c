"""Figures of a workspace in Prometheus' text format: counts, codes and times; labels are verbs, kinds and names of
receivers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from linkage.errors import NoSnapshot
from linkage.model.casework import RunEntry
from linkage.stores.outbox import Outbox
from linkage.workspace.home import Home

_Samples = Iterable[tuple[Mapping[str, str], float]]
_RECORDS = ("accepted", "set_aside", "late")


def text(home: Home, now: datetime) -> str:
    """All figures, as they are at ``now``."""
    return "".join(_family(*family) for family in _families(home, now))


def _families(home: Home, now: datetime) -> Iterator[tuple[str, str, str, _Samples]]:
    casework = home.casework_to_write()
    done = casework.last_tick()
    if done is not None:
        yield "schedule_interval_seconds", "gauge", "Interval of the schedule.", _one(done.every.total_seconds())
        yield "schedule_tick_timestamp_seconds", "gauge", "Tick that was done last.", _one(done.tick.timestamp())
        yield "schedule_tick_exit_code", "gauge", "How it ended; 0 is well.", _one(done.exit_code)
        yield "schedule_overdue", "gauge", "1 while a tick was not done in its interval.", _one(done.overdue(now))
    runs = casework.runs()
    newest: dict[str, RunEntry] = {run.verb: run for run in reversed(runs)}
    ended: Counter[tuple[str, ...]] = Counter((run.verb, run.status) for run in runs)
    yield "runs_total", "counter", "Runs by how they ended.", _labelled(("verb", "status"), ended)
    for name, help_, value in (
        ("run_timestamp_seconds", "End of the last run.", lambda run: run.finished_at.timestamp()),
        ("run_duration_seconds", "Duration of the last run.", lambda run: _seconds(run)),
        ("run_failed", "1 where the last run failed.", lambda run: float(run.failed)),
    ):
        yield name, "gauge", help_, [({"verb": verb}, value(run)) for verb, run in sorted(newest.items())]
    ingests = [run for run in runs if run.verb == "ingest"]
    records: dict[tuple[str, ...], int] = {
        (name,): sum(run.counts.get(name, 0) for run in ingests) for name in _RECORDS
    }
    yield (
        "records_total",
        "counter",
        "Records that were not in before, by what became of them; late ones are accepted, too.",
        _labelled(("outcome",), records),
    )
    last = newest.get("ingest")
    if last is not None and last.quarantine_share is not None:
        yield (
            "quarantine_share",
            "gauge",
            "Share in quarantine of what was new in the last ingest.",
            _one(last.quarantine_share),
        )
    latest = home.lake.view().latest_event_time
    if latest is not None:
        yield "latest_event_timestamp_seconds", "gauge", "Latest accepted event.", _one(latest.timestamp())
    try:
        run = home.snapshot(None).run
    except NoSnapshot:
        pass
    else:
        yield "as_of_timestamp_seconds", "gauge", "What the current refresh speaks about.", _one(run.as_of.timestamp())
        for name in ("accounts", "identifiers", "links", "clusters", "flagged_clusters", "flagged_accounts"):
            if name in run.counts:
                yield name, "gauge", f"{name.replace('_', ' ').capitalize()} of it.", _one(run.counts[name])
    outbox = Outbox(casework, home.name)
    kinds: Counter[tuple[str, ...]] = Counter((str(alert.kind),) for alert, _ in outbox.all())
    yield "alerts_total", "counter", "Alerts by kind.", _labelled(("kind",), kinds)
    ways: Counter[tuple[str, ...]] = Counter(
        (delivery.receiver, delivery.status.replace(" ", "_")) for delivery in outbox.deliveries()
    )
    yield "deliveries", "gauge", "Alerts on their way, by receiver.", _labelled(("receiver", "status"), ways)


def _seconds(run: RunEntry) -> float:
    return (run.finished_at - run.started_at).total_seconds()


def _one(value: float) -> _Samples:
    return [({}, float(value))]


def _labelled(names: tuple[str, ...], counts: Mapping[tuple[str, ...], int]) -> _Samples:
    """Samples of ``counts``, whose keys are values of the labels ``names``."""
    return [(dict(zip(names, key, strict=True)), float(count)) for key, count in sorted(counts.items())]


def _family(name: str, type_: str, help_: str, samples: _Samples) -> str:
    lines = [f"# HELP linkage_{name} {help_}", f"# TYPE linkage_{name} {type_}"]
    for labels, value in samples:
        inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        lines.append(f"linkage_{name}{{{inside}}} {value!r}" if inside else f"linkage_{name} {value!r}")
    return "\n".join(lines) + "\n" if len(lines) > 2 else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
