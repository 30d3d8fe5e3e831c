"""The doctor: every stored byte, the settings and the chain of records, checked one by one."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import closing

from linkage import engine
from linkage.errors import ConfigurationError, LinkageError, SnapshotDamaged, StoreUnavailable
from linkage.model.access import Permission
from linkage.model.reports import Check
from linkage.model.tables import LAKE_TABLES, LEDGER
from linkage.model.times import to_text
from linkage.stores.files import Verifier
from linkage.workspace.casebook import Casebook
from linkage.workspace.home import Home, now

#: Less free space than this is worth a warning: a refresh spills to disk.
_ENOUGH_BYTES = 1 << 30


def examine(home: Home, *, migrate: bool) -> tuple[Check, ...]:
    """All checks, in a fixed order; none of them stops the others."""
    checks: list[Check] = []
    if migrate:
        checks.append(_guarded("migration", lambda: _migrate(home)))
    configuration = _guarded("configuration", lambda: _configuration(home))
    checks.append(configuration)
    checks.append(_guarded("workspace version", lambda: _version(home)))
    if not home.layout.exists:
        return tuple(checks)
    checks.append(_guarded("casework version", lambda: _casework_version(home)))
    checks.append(_guarded("secret key", lambda: _key(home)))
    checks.append(_guarded("lake", lambda: _lake(home)))
    checks.append(_guarded("ledger", lambda: _ledger(home)))
    checks.extend(_snapshots(home))
    checks.append(_guarded("current snapshot", lambda: _current(home)))
    checks.append(_guarded("audit chain", lambda: _audit(home)))
    checks.append(_guarded("watch lists", lambda: _watch_lists(home)))
    if configuration.status == "ok" and home.names_store:
        checks.append(_guarded("graph store", lambda: _store(home)))
    checks.extend(_schedule(home))
    checks.append(_guarded("free disk", lambda: _disk(home)))
    return tuple(checks)


def _guarded(name: str, check: Callable[[], Check]) -> Check:
    try:
        return check()
    except (ConfigurationError, SnapshotDamaged, StoreUnavailable) as fault:
        return Check(name, "fail", fault.message, fault.hint, fault.exit_code)
    except LinkageError as fault:
        return Check(name, "fail", fault.message, fault.hint, ConfigurationError.exit_code)


def _migrate(home: Home) -> Check:
    from linkage.workspace.casework_place import place, settle

    home.layout.check()
    home.require(Permission.MIGRATE)
    if (moved := settle(home, now())) is not None:
        return Check("migration", "ok", f"{home.layout.casework.name} was moved to {moved.name}")
    casework = place(home) if home.layout.exists else None
    if casework is None or not casework.exists:
        return Check("migration", "ok", "no casework database yet: nothing to migrate")
    applied = casework.migrate(now())
    if not applied:
        return Check("migration", "ok", "nothing to migrate")
    return Check("migration", "ok", f"{casework.name} is at version {applied[-1].version} now")


def _configuration(home: Home) -> Check:
    kinds = ", ".join(home.settings.kinds)
    where = "linkage.toml" if home.layout.settings.exists() else "defaults, there is no linkage.toml"
    return Check("configuration", "ok", f"{where}; kinds that link: {kinds}")


def _version(home: Home) -> Check:
    home.layout.check()
    if not home.layout.exists:
        return Check("workspace version", "warn", "there is no workspace here yet", "Run `linkage ingest PATH`.")
    return Check("workspace version", "ok", home.layout.version.read_text(encoding="ascii").strip())


def _casework_version(home: Home) -> Check:
    casework = home.casework()
    if casework is None:
        return Check("casework version", "warn", "no casework database", "The next command that writes makes one.")
    return Check("casework version", "ok", f"version {casework.version()}, {casework.name}")


def _key(home: Home) -> Check:
    fault = home.layout.key_fault()
    if fault is not None:
        advice = "Restore secret.key from a backup: hashes made with another key do not compare."
        return Check("secret key", "fail", fault, advice, ConfigurationError.exit_code)
    mode = stat.S_IMODE(home.layout.key.stat().st_mode)
    if mode & 0o077:
        advice = "chmod 600 secret.key"
        finding = f"secret.key can be read by others (mode {mode:04o})"
        return Check("secret key", "fail", finding, advice, ConfigurationError.exit_code)
    return Check("secret key", "ok", f"32 bytes, mode {mode:04o}")


def _lake(home: Home) -> Check:
    if not home.layout.lake.exists():
        return Check("lake", "warn", "nothing was ingested yet", "Run `linkage ingest PATH`.")
    view = home.lake.view()
    entries = [entry for table in LAKE_TABLES for entry in view.of(table.name)]
    for entry in entries:
        # A verifier of its own remembers nothing: every byte is read again.
        Verifier().check(view.root / entry.path, entry.sha256, f"lake/{entry.path}")
    return Check("lake", "ok", f"manifest {view.version}: {len(entries)} files, every byte as recorded")


def _ledger(home: Home) -> Check:
    paths = [str(path) for path in home.lake.view().files(LEDGER.name)] if home.layout.lake.exists() else []
    if not paths:
        return Check("ledger", "ok", "no source file yet")
    with closing(engine.connect(memory_limit=home.settings.engine.memory_limit, threads=1)) as connection:
        connection.read_parquet(paths, union_by_name=True, hive_partitioning=False).create_view("ledger")
        files, wrong = engine.run(connection, "linkage.reading", "ledger").fetchall()[0]
    if wrong:
        finding = f"{wrong} of {files} source files: read is not accepted + duplicate + quarantined"
        return Check("ledger", "fail", finding, "Restore a backup and ingest the files again.", 20)
    return Check("ledger", "ok", f"{files} source files: read = accepted + duplicate + quarantined")


def _watch_lists(home: Home) -> Check:
    """Whether the keys are there that partners' indicators are under."""
    from linkage.workspace.indicators import Indicators

    indicators = Indicators(home)
    at = now()
    lists = [entry for entry in indicators.entries() if entry.active(at)]
    lost = sorted({entry.source for entry in lists if not indicators.held(entry)})
    if lost:
        finding = f"the exchange key is gone, and nothing matches, of {', '.join(lost)}"
        return Check("watch lists", "warn", finding, "Import the list again with --exchange-key, or remove it.")
    if not lists:
        return Check("watch lists", "ok", "no active list")
    reported = sum(entry.indicators for entry in lists)
    return Check("watch lists", "ok", f"{len(lists)} active lists, {reported} indicators, every key is there")


def _snapshots(home: Home) -> Iterator[Check]:
    damaged = home.snapshots.damaged()
    for refresh_id, what in damaged:
        advice = "Refresh again, or restore a backup; readers are given another snapshot meanwhile."
        yield Check(f"snapshot {refresh_id}", "fail", what, advice, SnapshotDamaged.exit_code)
    whole = [run.refresh_id for run in home.snapshots.all()]
    good = len(set(whole) - {refresh_id for refresh_id, _ in damaged})
    yield Check("snapshots", "ok", f"{good} whole, every byte as recorded")


def _current(home: Home) -> Check:
    snapshot = home.snapshots.current()
    if snapshot is None:
        return Check("current snapshot", "warn", "nothing was refreshed yet", "Run `linkage refresh`.")
    alert = home.snapshots.alert
    if alert is not None:
        return Check(
            "current snapshot", "fail", alert, "Refresh again, or restore a backup.", SnapshotDamaged.exit_code
        )
    return Check("current snapshot", "ok", snapshot.refresh_id)


def audit_fault(home: Home) -> str | None:
    """What is wrong with the audit chain, compared with what snapshots and cases saw of it; None when it is whole.

    Raises:
        SnapshotDamaged: the chain is gone, and snapshots saw one.
    """
    witnesses = {f"snapshot {run.refresh_id}": (run.audit_head, run.audit_length) for run in home.snapshots.all()}
    casework, cases = home.casework(), home.cases()
    if casework is None or cases is None:
        if any(length for _, length in witnesses.values()):
            raise SnapshotDamaged("the casework is gone, and snapshots recorded an audit chain")
        return None
    return casework.audit_fault(witnesses) or cases.fault()


def _audit(home: Home) -> Check:
    fault = audit_fault(home)
    if fault is not None:
        advice = "Someone changed the casework database by hand: compare with a backup."
        return Check("audit chain", "fail", fault, advice, SnapshotDamaged.exit_code)
    casework = home.casework()
    if casework is None:
        return Check("audit chain", "ok", "no entry yet")
    return Check("audit chain", "ok", f"{casework.audit_head()[1]} entries, unbroken")


def _store(home: Home) -> Check:
    current = home.snapshots.current_id()
    from linkage.stores.neo4j.cases import case_rows

    with home.publisher() as publisher:
        served = publisher.served()
    advice = "Run `linkage store publish`; `linkage store status` counts what is there."
    if served is None or served.refresh_id is None:
        return Check("graph store", "warn", "reached; nothing was published yet", advice)
    if served.refresh_id != current:
        return Check("graph store", "warn", f"reached; serves {served.refresh_id}, which is not current", advice)
    if served.publishing is not None:
        return Check("graph store", "warn", f"serves {current}; a publication was begun and not ended", advice)
    if served.casework != case_rows(Casebook(home).list()).digest:
        return Check("graph store", "warn", f"serves {current}; cases have changed since it was published", advice)
    return Check("graph store", "ok", f"serves {current}, generation {served.generation}")


def _schedule(home: Home) -> Iterator[Check]:
    """Whether the schedule keeps up and its alerts arrive; nothing where there never was a schedule."""
    from linkage.stores.outbox import Outbox

    try:
        casework = home.casework()
        done = casework.last_tick() if casework is not None else None
        ways = Outbox(casework, "").deliveries() if casework is not None else ()
    except LinkageError:
        return  # "casework version" has said so
    if done is not None:
        finding = f"tick of {to_text(done.tick)} ended with {done.exit_code}"
        if done.overdue(now()):
            advice = "Start `linkage schedule` again; its log says why it stopped."
            yield Check("schedule", "warn", f"{finding}; overdue since {to_text(done.tick + done.every)}", advice)
        else:
            yield Check("schedule", "ok", finding)
    if ways:
        lost = sum(way.status == "given up" for way in ways)
        waiting = sum(way.status == "waiting" for way in ways)
        finding = f"{len(ways)} deliveries, {waiting} on their way, {lost} given up"
        advice = "Look at the receivers; the page Runs lists what they did not get." if lost else ""
        yield Check("alerts", "warn" if lost else "ok", finding, advice)


def _disk(home: Home) -> Check:
    free = shutil.disk_usage(home.layout.root).free
    finding = f"{free / (1 << 30):.1f} GiB free"
    if free < _ENOUGH_BYTES:
        return Check("free disk", "warn", finding, "Free space before the next refresh: it spills to disk.")
    return Check("free disk", "ok", finding)
