"""What goes to others and comes from them: `linkage bundle`, `linkage indicators` and `linkage key`."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections import Counter
from datetime import timedelta

from linkage.cli import show
from linkage.cli.log import say
from linkage.cli.output import Rows, chosen_format
from linkage.cli.progress import progress
from linkage.model.times import to_text
from linkage.workspace import Workspace

_SIGNED = {
    "signed": "signed",
    "unchanged": "your signature is there already",
    "replaced": "signed, in place of a signature that was under your name and not yours",
}
#: Records that were set aside, of which each is named.
_NAMED = 20


def bundle_export(arguments: Namespace) -> int:
    """Write an evidence bundle."""
    with progress() as sink:
        report = Workspace(arguments.workspace).bundles.export(
            arguments.subject,
            profile=arguments.profile,
            output=arguments.output,
            zipped=arguments.zipped,
            recipient=arguments.recipient,
            exchange_key=arguments.exchange_key,
            refresh=arguments.refresh,
            progress=sink,
        )
    print(report.path)
    say(f"{report.status}: {report.files} files, {report.bytes} bytes, signed with {report.fingerprint}")
    if report.indicators is not None:
        given, left_out = report.indicators
        without = f"; left out as found or purged here, so that nobody else can know them: {left_out}"
        say(f"indicators under the exchange key: {given}{without if left_out else ''}")
    if arguments.profile == "partner" and not arguments.recipient:
        say("no --recipient: whoever gets a bundle of this subject that names none can match its pseudonyms to these")
    for name in report.waits:
        say(f"{name} approved the case and has to sign too: linkage bundle sign {report.path}")
    return 0


def bundle_actions(arguments: Namespace) -> int:
    """List the accounts to suspend."""
    chosen_format(arguments.format, arguments.output)
    table = Workspace(arguments.workspace).bundles.actions(arguments.subject, refresh=arguments.refresh)
    return show.listed(table, arguments, empty="Nobody: not flagged, or no two people decided against the accounts.")


def bundle_sign(arguments: Namespace) -> int:
    """Sign a bundle of a case that one approved."""
    done = Workspace(arguments.workspace).bundles.sign(arguments.path)
    say(_SIGNED[done])
    return 0


def bundle_verify(arguments: Namespace) -> int:
    """Check an evidence bundle; ends with the exit code of what is wrong with it."""
    report = Workspace(arguments.workspace).bundles.verify(
        arguments.path, rerun=arguments.rerun, allowed_signers=arguments.allowed_signers
    )
    show.bundle(sys.stdout, report)
    if report.fault is not None:
        raise report.fault
    return 0


def key_new(arguments: Namespace) -> int:
    """Make a key, and print the line by which others trust it."""
    print(Workspace(arguments.workspace).bundles.new_key(), end="")
    return 0


def indicators_import(arguments: Namespace) -> int:
    """Put a partner's indicators on a watch list, and say what became of each record."""
    chosen_format(arguments.format, arguments.output)
    report = Workspace(arguments.workspace).indicators.import_(
        arguments.file, source=arguments.source, exchange_key=arguments.exchange_key, expires=arguments.expires
    )
    row = {
        "status": report.status, "source": report.source, "list_id": report.list_id, "read": report.read,
        "accepted": report.accepted, "duplicate": report.duplicate, "set_aside": len(report.refused),
        "matched": report.matched, "of_kinds_off": report.off,
    }  # fmt: skip
    show.listed(Rows.of([row]), arguments, empty="")
    for _number, rule, reason in report.refused[:_NAMED]:
        say(f"set aside: {reason} ({rule})")
    if len(report.refused) > _NAMED:
        rules = Counter(rule for _number, rule, _reason in report.refused)
        say(f"set aside in all: {', '.join(f'{rule} {count}' for rule, count in sorted(rules.items()))}")
    if report.ignored:
        say(f"holds no indicator: {', '.join(f'{what} {count}' for what, count in report.ignored)}")
    if report.off:
        say(f"{report.off} are of kinds that are off: they match nothing until [[identifiers]] turns them on")
    if report.status == "imported":
        say("the next refresh goes by it")
    elif arguments.expires is not None:
        end = "and has no end" if report.ends_at is None else f"ends at {to_text(report.ends_at)}"
        say(f"already there, {end}: an end that is no later changes nothing")
    return 0


def indicators_list(arguments: Namespace) -> int:
    """List the watch lists."""
    table = Workspace(arguments.workspace).indicators.list()
    code = show.listed(table, arguments, empty="No watch list.")
    lost = sorted({row["source"] for row in table.to_pylist() if not row["key_held"]})
    if lost:
        say(f"their exchange key is not in the workspace, so they match nothing: {', '.join(lost)}")
    return code


def indicators_matches(arguments: Namespace) -> int:
    """List what is on watch lists, and who used it."""
    matches = Workspace(arguments.workspace).indicators.matches(arguments.source, refresh=arguments.refresh)
    return show.listed(matches, arguments, empty="Nothing is on a watch list.")


def indicators_remove(arguments: Namespace) -> int:
    """Take a watch list off."""
    gone = Workspace(arguments.workspace).indicators.remove(arguments.name)
    for entry in gone:
        print(entry.list_id)
    say(f"{sum(entry.indicators for entry in gone)} indicators are forgotten; the next refresh goes without")
    return 0


def key_list(arguments: Namespace) -> int:
    """List the keys of pseudonyms and of exchange."""
    return show.listed(Workspace(arguments.workspace).keys.list(), arguments, empty="No key.")


def key_resolve(arguments: Namespace) -> int:
    """Say what pseudonyms stand for."""
    chosen_format(arguments.format, arguments.output)
    table = Workspace(arguments.workspace).keys.resolve(arguments.names, reason=arguments.reason)
    code = show.listed(table, arguments, empty="")
    missing = Counter(why for why in table["why"].to_pylist() if why is not None)
    for why, count in missing.items():
        say(f"{count} of {table.num_rows} not resolved: {why}")
    return code


def key_destroy(arguments: Namespace) -> int:
    """Destroy keys."""
    unused = None if arguments.unused_for is None else timedelta(days=arguments.unused_for)
    gone = Workspace(arguments.workspace).keys.destroy(arguments.key, reason=arguments.reason, unused_for=unused)
    for key_id in gone:
        print(key_id)
    say(f"destroyed: {len(gone)}; copies that somebody made of the folder keys are not known here")
    return 0
