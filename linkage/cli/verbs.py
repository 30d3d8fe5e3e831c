"""What each verb does: one call of the Workspace, and its answer written out."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linkage.cli import log, show
from linkage.cli.log import say
from linkage.cli.output import Rows, chosen_format, emit, emit_text, plain
from linkage.cli.progress import progress
from linkage.errors import InputRefused, UsageError
from linkage.workspace import Workspace

if TYPE_CHECKING:
    import pyarrow

    from linkage.ingest.report import IngestReport
    from linkage.model.reports import Frame

#: Rows of a section of an explanation, in a table for people.
_ROWS = 15
#: Clusters that the demo lists.
_RANKED = 15


def ingest(arguments: Namespace) -> int:
    """Take files in, and say per file what became of it."""
    chosen_format(arguments.format, arguments.output)
    with progress() as sink:
        report = Workspace(arguments.workspace).ingest(
            *arguments.paths,
            mapping=arguments.mapping,
            source=arguments.source,
            accounts=arguments.accounts,
            address_ranges=arguments.address_ranges,
            model_releases=arguments.model_releases,
            preview=arguments.preview,
            progress=sink,
        )
    show.listed(_files(report), arguments, empty="No files.")
    if report.ignored:
        say(f"left alone, by ending, leading . or _, or as a workspace: {', '.join(report.ignored)}")
    if report.dropped_columns:
        say(f"columns that nothing maps, dropped: {', '.join(report.dropped_columns)}")
    absent = sorted({name for file in report.files for name in file.absent_columns})
    if absent:
        say(f"columns that the mapping names and a file lacks: {', '.join(absent)}")
    for file in (*report.files, *report.context):
        if file.refused is not None:
            say(f"refused: {file.path}: {file.reason} ({file.refused})")
        elif file.quarantined:
            rules = ", ".join(f"{rule} {count}" for rule, count in sorted(file.rules.items()))
            say(f"in quarantine: {file.path}: {rules}")
    if report.rows and chosen_format(arguments.format, arguments.output) == "table":
        show.listing(sys.stdout, Rows.of(report.rows), empty="")
    if report.refused:
        raise InputRefused("at least one file was refused; the others are in")
    return 0


def refresh(arguments: Namespace) -> int:
    """Find clusters anew."""
    chosen_format(arguments.format, arguments.output)
    with progress() as sink:
        report = Workspace(arguments.workspace).refresh(arguments.as_of, arguments.window, sink, full=arguments.full)
    if report.status == "busy":
        say("another refresh is running; nothing was done")
    elif report.status == "unchanged":
        say("nothing new: the snapshot stands")
    elif report.counts["null_of"] != report.refresh_id:
        say(f"compared with the rewired data of {report.counts['null_of']}; --full compares anew")
    if report.counts.get("directions_silent"):
        say("accounts in step were looked for two by two only: habits explain too little of when these accounts begin")
    if report.unmatched:
        say(f"not matched, because the exchange key is gone: the watch lists of {', '.join(report.unmatched)}")
    if report.unread:
        say(f"not gone by, because the snapshots that they were made at are unreadable: {', '.join(report.unread)}")
    row = {"status": report.status, "refresh_id": report.refresh_id, **report.counts}
    show.listed(Rows.of([row]), arguments, empty="")
    if report.published is not None:
        say(f"published to the graph store: {report.published.rows} rows travelled")
    if report.unpublished is not None:
        say("the snapshot is current here; it did not get into the graph store")
        raise report.unpublished
    return 0


def clusters(arguments: Namespace) -> int:
    """The ranked list."""
    chosen_format(arguments.format, arguments.output)
    workspace = Workspace(arguments.workspace)
    table = workspace.table("clusters", refresh=arguments.refresh)
    _alert(workspace)
    people = chosen_format(arguments.format, arguments.output) == "table"
    reported = workspace.indicators.by_cluster(arguments.refresh) if people else {}
    emit(table, arguments.format, arguments.output, lambda stream: show.clusters(stream, table, reported))
    return 0


def members(arguments: Namespace) -> int:
    """Members of one cluster or of all."""
    chosen_format(arguments.format, arguments.output)
    workspace = Workspace(arguments.workspace)
    table = workspace.table("members", cluster=arguments.cluster, refresh=arguments.refresh)
    _alert(workspace)
    return show.listed(table, arguments, empty="No members.")


def lineage(arguments: Namespace) -> int:
    """How clusters follow from earlier ones."""
    chosen_format(arguments.format, arguments.output)
    workspace = Workspace(arguments.workspace)
    last = arguments.to_refresh if arguments.to_refresh is not None else arguments.refresh
    table = workspace.lineage_table(arguments.from_refresh, last)
    _alert(workspace)
    return show.listed(table, arguments, empty="No lineage.")


def lookup(arguments: Namespace) -> int:
    """Who touched an identifier."""
    chosen_format(arguments.format, arguments.output)
    workspace = Workspace(arguments.workspace)
    found = workspace.find(arguments.identifiers, refresh=arguments.refresh)
    _alert(workspace)
    for line in found.notes:
        say(line)
    return show.listed(Rows(found.columns, found.rows), arguments, empty="Nobody.")


def explain(arguments: Namespace) -> int:
    """Why."""
    format_ = chosen_format(arguments.format, arguments.output)
    workspace = Workspace(arguments.workspace)
    limit = arguments.top if arguments.top is not None or format_ != "table" else _ROWS
    explanation = workspace.explain(
        account=arguments.account,
        cluster=arguments.cluster,
        pair=tuple(arguments.pair) if arguments.pair is not None else None,
        refresh=arguments.refresh,
        reveal=arguments.reveal,
        limit=limit,
    )
    _alert(workspace)
    if format_ == "json":
        import json

        text = json.dumps(plain(explanation.to_dict()), ensure_ascii=False, indent=1, allow_nan=False)
        emit_text(lambda stream: stream.write(text + "\n"), arguments.output)
        return 0
    listing = Rows.of(
        {"section": section.name, **row} for section in explanation.sections for row in _explained(section)
    )
    emit(listing, format_, arguments.output, lambda stream: show.explanation(stream, explanation))
    return 0


def paths(arguments: Namespace) -> int:
    """Shortest chains between two accounts, a row a step."""
    chosen_format(arguments.format, arguments.output)
    workspace = Workspace(arguments.workspace)
    found = workspace.paths(
        *arguments.accounts, limit=arguments.top, degree_limit=arguments.degree_limit, refresh=arguments.refresh
    )
    _alert(workspace)
    say(str(found))
    return show.listed(Rows(found.columns, tuple(found.rows())), arguments, empty="No chain.")


def lanes(arguments: Namespace) -> int:
    """When members of a cluster begin to work, a row each."""
    chosen_format(arguments.format, arguments.output)
    workspace = Workspace(arguments.workspace)
    found = workspace.lanes(
        arguments.cluster,
        accounts=arguments.account,
        first=arguments.first,
        last=arguments.last,
        skip=arguments.skip,
        refresh=arguments.refresh,
    )
    _alert(workspace)
    say(str(found))
    return show.listed(_measured(found), arguments, empty="No member.")


def evaluate(arguments: Namespace) -> int:
    """Clusters against truth; or when, day by day, each campaign was found."""
    chosen_format(arguments.format, arguments.output)
    workspace = Workspace(arguments.workspace)
    if arguments.replay:
        if arguments.refresh is not None:
            raise UsageError("a replay makes refreshes of its own: it takes no --refresh")
        with progress() as sink:
            replay = workspace.replay(arguments.truth, first=arguments.replay_from, step=arguments.step, progress=sink)
        return show.listed(_measured(replay), arguments, empty="Nothing was measured.")
    evaluation = workspace.evaluate(arguments.truth, refresh=arguments.refresh, baselines=arguments.baselines)
    _alert(workspace)
    return show.listed(_measured(evaluation), arguments, empty="Nothing was measured.")


def allow_add(arguments: Namespace) -> int:
    """Add to the allow-list."""
    allow = Workspace(arguments.workspace).allow
    entry = allow.add(arguments.kind, arguments.value, reason=arguments.reason, expires=arguments.expires)
    print(entry.entry_id)
    return 0


def allow_remove(arguments: Namespace) -> int:
    """Remove from the allow-list."""
    Workspace(arguments.workspace).allow.remove(arguments.entry)
    return 0


def allow_list(arguments: Namespace) -> int:
    """List the allow-list."""
    return show.listed(Workspace(arguments.workspace).allow.list(), arguments, empty="The allow-list is empty.")


def store_publish(arguments: Namespace) -> int:
    """Publish to the graph store."""
    chosen_format(arguments.format, arguments.output)
    store = Workspace(arguments.workspace).store
    row: dict[str, Any]
    with progress() as sink:
        if arguments.into is not None:
            row = {"status": "filled", **store.fill(arguments.into, sink)}
        else:
            report = store.publish(sink)
            row = {"status": report.status, "refresh_id": report.refresh_id, "rows": report.rows, **report.counts}
    return show.listed(Rows.of([row]), arguments, empty="")


def store_status(arguments: Namespace) -> int:
    """Compare the graph store with the current snapshot."""
    chosen_format(arguments.format, arguments.output)
    status = Workspace(arguments.workspace).store.status()
    parts: dict[str, tuple[Any, Any]] = {
        "refresh": (status.served, status.refresh_id),
        "casework": status.casework,
        **status.counts,
    }
    rows = Rows.of(
        {"part": part, "store": has, "workspace": should, "agree": has == should}
        for part, (has, should) in parts.items()
    )
    show.listed(rows, arguments, empty="")
    if status.publishing is not None:
        say(f"refresh {status.publishing} is on its way, or its publication was interrupted")
    say("in step" if status.in_step else "not in step: run `linkage store publish`")
    return 0


def schedule(arguments: Namespace) -> int:
    """Ingest and refresh at every tick, until a signal says to stop."""
    import signal

    from linkage.workspace.clock import WallClock

    clock = WallClock()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: clock.stop())
    return Workspace(arguments.workspace).schedule(
        arguments.every,
        ingest=arguments.ingest,
        mapping=arguments.mapping,
        source=arguments.source,
        window=arguments.window,
        metrics=arguments.metrics,
        once=arguments.once,
        clock=clock,
        notes=log.note,
        options=("--log-format", arguments.log_format),
    )


def purge(arguments: Namespace) -> int:
    """Forget the name of an account."""
    report = Workspace(arguments.workspace).purge(arguments.account, reason=arguments.reason)
    print(f"purged:{report.account}")
    say("backups that were made before hold the name still")
    if report.internal_bundles:
        say(f"so may {report.internal_bundles} internal bundles that were exported; the audit lists them")
    return 0


def doctor(arguments: Namespace) -> int:
    """Check everything; ends with the exit code of the first check that failed."""
    chosen_format(arguments.format, arguments.output)
    checks = Workspace(arguments.workspace).doctor(migrate=arguments.migrate)
    rows = [
        {"check": check.name, "status": check.status, "finding": check.finding, "advice": check.advice}
        for check in checks
    ]
    show.listed(Rows.of(rows), arguments, empty="")
    failed = [check for check in checks if check.status == "fail"]
    for check in failed:
        say(f"{check.name}: {check.finding}. {check.advice}")
    return failed[0].exit_code if failed else 0


def backup(arguments: Namespace) -> int:
    """Write a backup."""
    report = Workspace(arguments.workspace).backup(arguments.file)
    print(f"{report.files} files, {report.bytes} bytes, manifest {report.manifest_digest}")
    return 0


def restore(arguments: Namespace) -> int:
    """Restore a backup."""
    report = Workspace(arguments.workspace).restore(arguments.file)
    print(f"{report.files} files, {report.bytes} bytes, manifest {report.manifest_digest}")
    return 0


def demo(arguments: Namespace) -> int:
    """The whole way on a made-up population."""
    workspace = Workspace(arguments.workspace)
    with progress() as sink:
        report = workspace.demo(progress=sink)
    table = workspace.table("clusters", refresh=report.refresh_id)
    print(f"{report.accounts} made-up accounts, {report.events} events; refresh {report.refresh_id}\n")
    show.clusters(sys.stdout, table.slice(0, _RANKED))
    if table.num_rows > _RANKED:
        print(f"  … and {table.num_rows - _RANKED} more: linkage clusters")
    for cluster in table.column("cluster_id").to_pylist()[: arguments.top]:
        print()
        show.explanation(sys.stdout, workspace.explain(cluster=cluster, refresh=report.refresh_id, limit=3))
    print("\nAgainst the truth that the generator wrote down:")
    show.listing(sys.stdout, _measured(report.evaluation), empty="Nothing was measured.")
    print(f"\nEvery file of the snapshot has its recorded SHA-256 ({report.files} files).")
    print(f"\nThe evidence bundle of the first cluster is in {report.exported.path}")
    show.bundle(sys.stdout, report.verified)
    place = arguments.workspace if " " not in arguments.workspace else f'"{arguments.workspace}"'
    print(f"To look at it in a browser: linkage --workspace {place} ui")
    if report.verified.fault is not None:
        raise report.verified.fault
    return 0


def ui(arguments: Namespace) -> int:
    """Serve the screen until it is stopped."""
    from linkage.ui.serve import serve

    serve(Path(arguments.workspace).absolute(), port=arguments.port, open_browser=False)
    return 0


# --- writing out ---------------------------------------------------------------------------------------------------


def _files(report: IngestReport) -> Rows:
    """What became of each file."""
    columns = ("file_name", "format", "read", "accepted", "duplicate", "quarantined", "retracted", "refused", "reason")
    files = (*report.files, *report.context)
    return Rows(columns, tuple({name: getattr(file, name) for name in columns} for file in files))


def _explained(section: Any) -> list[dict[str, Any]]:
    """A section as rows: its sentences, then its rows."""
    return [{"sentence": sentence} for sentence in section.sentences] + [dict(row) for row in section.rows]


def _measured(evaluation: Frame) -> pyarrow.Table:
    import pyarrow

    return pyarrow.Table.from_pandas(evaluation.to_frame(), preserve_index=False)


def _alert(workspace: Workspace) -> None:
    if workspace.alert is not None:
        say(workspace.alert, level="warning")
