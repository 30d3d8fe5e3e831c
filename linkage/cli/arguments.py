"""Every verb and its options. Nothing heavy is imported here: ``linkage --help`` is immediate."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

from linkage import __version__
from linkage.cli.log import FORMATS as LOG_FORMATS
from linkage.model.case import Status
from linkage.model.ticks import interval
from linkage.model.times import from_text
from linkage.model.verdict import REASONS, Verdict

if TYPE_CHECKING:
    Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

FORMATS = ("table", "json", "csv", "parquet")
_EPILOG = """exit codes: 0 done; 1 a fault of ours; 2 usage; 10 input refused; 11 no snapshot; 12 configuration;
13 graph store unreachable or refused; 20 stored data or bundle altered; 21 bundle unsigned or signer not trusted;
22 re-run differs; 23 bundle malformed; 75 try again (disk full, or another writer at work)"""


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Arguments of one command; ends the process with 2 when they are wrong."""
    return parser().parse_args(argv)


def parser() -> argparse.ArgumentParser:
    """The parser of the command ``linkage``."""
    root = argparse.ArgumentParser(
        prog="linkage",
        description="Find groups of accounts that are run by one operator, and explain them.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    root.add_argument("--version", action="version", version=f"linkage {__version__}")
    root.add_argument(
        "--workspace",
        metavar="DIR",
        default=os.environ.get("LINKAGE_WORKSPACE") or "workspace",
        help="folder with everything linkage keeps (also LINKAGE_WORKSPACE; default: ./workspace)",
    )
    root.add_argument(
        "--log-format", choices=LOG_FORMATS, default="text", help="lines on stderr: for people, or JSON (default: text)"
    )
    verbs = root.add_subparsers(title="verbs", metavar="VERB", required=True)
    _writing(verbs)
    _lists(verbs)
    _questions(verbs)
    _cases(verbs)
    _keeping(verbs)
    return root


def _verb(
    verbs: Verbs, name: str, help_: str, *, lists: bool = False, refresh: bool = False
) -> argparse.ArgumentParser:
    verb = verbs.add_parser(name, help=help_, description=help_[0].upper() + help_[1:] + ".", allow_abbrev=False)
    # Also after the verb; without a default, so that it does not undo the one before the verb.
    verb.add_argument("--workspace", metavar="DIR", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    verb.add_argument("--log-format", choices=LOG_FORMATS, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    verb.set_defaults(run=_lazily(name))
    if lists:
        _output(verb)
    if refresh:
        verb.add_argument("--refresh", metavar="ID", help="a kept refresh (default: the current one)")
    return verb


def _output(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--format", choices=FORMATS, help="default: table; with --output, by its ending")
    verb.add_argument("--output", metavar="FILE", help="write there instead of to stdout; Parquet needs it")


def _lazily(name: str, module: str = "verbs") -> Callable[[argparse.Namespace], int]:
    """The function of the verb, imported when it runs."""

    def run(arguments: argparse.Namespace) -> int:
        code: int = getattr(import_module(f"linkage.cli.{module}"), name)(arguments)
        return code

    return run


def _writing(verbs: Verbs) -> None:
    verb = _verb(verbs, "demo", "a made-up population from events to explained clusters, offline, in under a minute")
    verb.add_argument("--top", type=_count, default=3, metavar="N", help="clusters to explain (default: 3)")

    verb = _verb(verbs, "ingest", "validate, deduplicate and store events", lists=True)
    verb.add_argument(
        "paths", nargs="+", metavar="PATH", help="Parquet, CSV or JSONL, also gzip or zstd: files, folders, globs"
    )
    verb.add_argument("--mapping", metavar="FILE", help="how source columns map to the contract's")
    verb.add_argument("--source", metavar="NAME", help="name of the export the events come from")
    verb.add_argument("--accounts", metavar="FILE", help="what is known of accounts")
    verb.add_argument("--address-ranges", metavar="FILE", help="context of address ranges")
    verb.add_argument("--model-releases", metavar="FILE", help="when models became available")
    verb.add_argument("--preview", action="store_true", help="show what would be taken in, and store nothing")

    verb = _verb(
        verbs, "refresh", "find clusters anew and make them current; with nothing new, the old ones stand", lists=True
    )
    verb.add_argument("--as-of", type=_time, metavar="TIME", help="RFC 3339 (default: the latest accepted event)")
    verb.add_argument(
        "--window", default="90d", help="UTC days that end with as-of's day, as in 90d, or all (default: 90d)"
    )
    verb.add_argument(
        "--full", action="store_true", help="compare with rewired data anew, also where it is not yet due"
    )


def _lists(verbs: Verbs) -> None:
    _verb(verbs, "clusters", "clusters, highest score first", lists=True, refresh=True)

    verb = _verb(verbs, "members", "members of one cluster or of all", lists=True, refresh=True)
    verb.add_argument("cluster", nargs="?", metavar="CLUSTER", help="id of a cluster")

    verb = _verb(verbs, "lineage", "how clusters follow from those of the refresh before", lists=True, refresh=True)
    verb.add_argument("--from", dest="from_refresh", metavar="R", help="list every refresh after this one")
    verb.add_argument("--to", dest="to_refresh", metavar="R", help="up to this one (default: the current one)")


def _questions(verbs: Verbs) -> None:
    verb = _verb(
        verbs,
        "explain",
        "why a cluster is one, an account is in it, or two accounts are tied",
        lists=True,
        refresh=True,
    )
    what = verb.add_mutually_exclusive_group(required=True)
    what.add_argument("--cluster", metavar="C", help="id of a cluster")
    what.add_argument("--account", metavar="A", help="an account")
    what.add_argument("--pair", nargs=2, metavar=("A", "B"), help="two accounts")
    verb.add_argument("--reveal", metavar="REASON", help="show masked values; the reason goes into the audit")
    verb.add_argument("--top", type=_count, metavar="N", help="rows per section (default: 15 in tables, else all)")

    verb = _verb(verbs, "lookup", "accounts that touched an identifier, account or network", lists=True, refresh=True)
    verb.add_argument(
        "identifiers",
        nargs="+",
        metavar="IDENTIFIER",
        help="any identifier, an account, id:NUMBER, or a network in CIDR",
    )

    verb = _verb(verbs, "paths", "shortest chains of shared identifiers between two accounts", lists=True, refresh=True)
    verb.add_argument("accounts", nargs=2, metavar="ACCOUNT", help="an account")
    verb.add_argument("--top", type=_count, default=10, metavar="N", help="chains to list (default: 10)")
    verb.add_argument(
        "--degree-limit",
        type=_count,
        default=200,
        metavar="N",
        help="follow no identifier with more accounts than this (default: 200)",
    )

    verb = _verb(
        verbs, "evaluate", "measure the clusters against known truth, beside simpler methods", lists=True, refresh=True
    )
    verb.add_argument("--truth", required=True, metavar="FILE", help="account_id, group_id, group_kind, malicious")
    verb.add_argument("--no-baselines", dest="baselines", action="store_false", help="leave the simpler methods out")
    verb.add_argument(
        "--replay",
        action="store_true",
        help="refresh day by day apart from the workspace: when was each campaign found",
    )
    verb.add_argument(
        "--replay-from",
        type=_date,
        metavar="DATE",
        help="first day at whose end to refresh (default: the first there is)",
    )
    verb.add_argument("--step", type=_days, default=1, metavar="Nd", help="days between two refreshes (default: 1d)")


_REVISION = "the revision you looked at: refused if it has changed"


def _cases(verbs: Verbs) -> None:
    case = verbs.add_parser(
        "case",
        help="what people decide about clusters: one proposes a verdict, another approves it",
        description="What people decide about clusters: one person proposes a verdict about members that are frozen as "
        "they are, another one approves it. Whoever runs the command is who acts.",
        allow_abbrev=False,
    )
    actions = case.add_subparsers(title="actions", metavar="ACTION", required=True)

    def action(name: str, help_: str, subject: str | None = "CASE", **note: Any) -> argparse.ArgumentParser:
        verb = _verb(actions, name, help_, lists=True)
        verb.set_defaults(run=_lazily(f"case_{name}", "case_verbs"))
        if subject is not None:
            verb.add_argument("case", metavar=subject, help="id of a case" + (" or a cluster" * (subject != "CASE")))
            verb.add_argument("--revision", type=_count, metavar="N", help=_REVISION)
        if note:
            verb.add_argument("--note", metavar="TEXT", default="", **note)
        return verb

    def several(name: str, help_: str, subject: str = "CASE", **note: Any) -> argparse.ArgumentParser:
        verb = action(name, f"{help_}; of several, all or none", None, **note)
        what = "a case, or of a cluster without one" if subject != "CASE" else "a case, or of a bulk"
        verb.add_argument("cases", nargs="+", metavar=subject, help=f"id of {what}")
        verb.add_argument("--revision", type=_count, metavar="N", help=f"{_REVISION}; of one case")
        if subject == "CASE":
            verb.add_argument("--digest", metavar="HEX", help="of the cases you looked at: refused if one has changed")
        return verb

    verb = _verb(actions, "open", "open a case on a cluster", lists=True, refresh=True)
    verb.set_defaults(run=_lazily("case_open", "case_verbs"))
    verb.add_argument("cluster", metavar="CLUSTER", help="id of a cluster")
    verb.add_argument("--note", metavar="TEXT", default="", help="why")
    verb = action("list", "list the cases, the one changed last first", None)
    verb.add_argument("--status", choices=[str(status) for status in Status], help="only those that stand there")
    verb.add_argument("--assignee", metavar="PERSON", help="only those of this person")
    verb.add_argument("--bulk", metavar="ID", help="only those that this bulk act was done to; says their digest")
    action("show", "what was done to a case, by whom and when")
    verb = action("assign", "give a case to somebody")
    verb.add_argument("person", nargs="?", metavar="PERSON", help="default: yourself")
    verb.add_argument("--nobody", action="store_true", help="take it from whoever has it")
    verb = action("note", "add a note to a case")
    verb.add_argument("text", metavar="TEXT", help="the note")
    verb = several("propose", "propose a verdict about members, frozen as they are", "CASE|CLUSTER", help="why")
    verb.add_argument("--verdict", required=True, choices=[str(verdict) for verdict in Verdict], help="what it is")
    verb.add_argument(
        "--reason", required=True, action="append", metavar="CODE", dest="reasons", help="why, by code; may be repeated"
    )
    verb.add_argument("--exclude", action="append", default=[], metavar="ACCOUNT", help="a member that it is not about")
    verb.add_argument("--expires", type=_end, metavar="TIME", help="when the verdict ends (default: never)")
    verb.add_argument(
        "--allow", nargs=2, action="append", default=[], metavar=("KIND", "VALUE"),
        help="goes onto the allow-list with the approval; see `linkage allow add`",
    )  # fmt: skip
    verb.add_argument("--cluster", metavar="ID", help="which cluster, where the case is of several")
    verb.add_argument("--refresh", metavar="ID", help="freeze the members at this refresh (default: the current one)")
    verb.epilog = "Reasons: " + "; ".join(f"{verdict}: {', '.join(codes)}" for verdict, codes in REASONS.items()) + "."
    several("approve", "approve the verdict that another person proposed", help="what you looked at")
    several("return", "send a proposal back, or take your own back", required=True, help="what is missing")
    verb = several("reopen", "take a decided or closed case up again", required=True, help="why")
    verb.add_argument("--appeal", action="store_true", help="by those whom its verdict is about; of one case")
    several("close", "close a case that is decided, or that nothing came of", help="why")


def _keeping(verbs: Verbs) -> None:
    allow = verbs.add_parser(
        "allow",
        help="shared infrastructure and organizations known to be benign",
        description="Shared infrastructure and organizations known to be benign: with reason, author and expiry.",
        allow_abbrev=False,
    )
    actions = allow.add_subparsers(title="actions", metavar="ACTION", required=True)
    verb = _verb(actions, "add", "add an entry")
    verb.set_defaults(run=_lazily("allow_add"))
    verb.add_argument("kind", metavar="KIND", help="cidr, organization, or an identifier kind")
    verb.add_argument("value", metavar="VALUE", help="a network, the organization, or the identifier")
    verb.add_argument("--reason", required=True, help="why it is known to be benign")
    verb.add_argument("--expires", type=_end, metavar="TIME", help="a date, or RFC 3339 (default: never)")
    verb = _verb(actions, "remove", "remove an entry")
    verb.set_defaults(run=_lazily("allow_remove"))
    verb.add_argument("entry", metavar="ID", help="id of the entry")
    verb = _verb(actions, "list", "list the entries", lists=True)
    verb.set_defaults(run=_lazily("allow_list"))

    store = verbs.add_parser(
        "store",
        help="the graph in a Neo4j server",
        description="The graph in a Neo4j server: NEO4J_URI, NEO4J_USERNAME, NEO4J_PASSWORD, or [store.neo4j] of the "
        "settings.",
        allow_abbrev=False,
    )
    actions = store.add_subparsers(title="actions", metavar="ACTION", required=True)
    verb = _verb(
        actions, "publish", "bring the current snapshot there: only what changed, visible all at once", lists=True
    )
    verb.set_defaults(run=_lazily("store_publish"))
    verb.add_argument("--into", metavar="HOME", help="a new, stopped server of `make neo4j`: fill it by bulk import")
    verb = _verb(actions, "status", "whether the store shows the current snapshot, by counting", lists=True)
    verb.set_defaults(run=_lazily("store_status"))

    bundle = verbs.add_parser(
        "bundle",
        help="evidence bundles: a finding that a stranger can check and compute again",
        description="Evidence bundles: a finding with what it rests on, signed, to be checked and computed again "
        "without trust in whoever made it.",
        allow_abbrev=False,
    )
    actions = bundle.add_subparsers(title="actions", metavar="ACTION", required=True)
    verb = _verb(actions, "export", "write the bundle of a cluster or case, signed with your key", refresh=True)
    verb.set_defaults(run=_lazily("bundle_export"))
    verb.add_argument("subject", metavar="CLUSTER|CASE", help="id of a cluster, or of a case with a verdict")
    verb.add_argument(
        "--profile",
        required=True,
        choices=("internal", "partner", "public"),
        help="raw records; pseudonyms, and times to the hour; or figures alone",
    )
    verb.add_argument("--output", required=True, metavar="DIR", help="folder to write the bundle into")
    verb.add_argument("--zip", action="store_true", dest="zipped", help="one zip instead of a folder")
    verb.add_argument("--recipient", default="", metavar="NAME", help="whom a partner's pseudonyms are made for")
    verb.add_argument("--exchange-key", metavar="FILE", help="key that the recipient has too, to match indicators by")
    verb = _verb(actions, "verify", "check that a bundle is what was signed, by whom, and that it holds together")
    verb.set_defaults(run=_lazily("bundle_verify"))
    verb.add_argument("path", metavar="PATH", help="a bundle: a folder or a zip")
    verb.add_argument("--rerun", action="store_true", help="compute the finding again from the bundle alone")
    verb.add_argument("--allowed-signers", metavar="FILE", help="whom to trust (default: the workspace's own signers)")

    key = verbs.add_parser(
        "key", help="keys that bundles are signed with", description="Keys that bundles are signed with.",
        allow_abbrev=False,
    )  # fmt: skip
    actions = key.add_subparsers(title="actions", metavar="ACTION", required=True)
    verb = _verb(actions, "new", "make your key, and print the line by which others trust it")
    verb.set_defaults(run=_lazily("key_new"))

    verb = _verb(verbs, "schedule", "ingest and refresh at every tick, until it is stopped")
    verb.add_argument(
        "--every", type=_interval, default="1h", metavar="INTERVAL",
        help="ticks are its UTC multiples, as in 15m, 1h or 1d (default: 1h)",
    )  # fmt: skip
    verb.add_argument(
        "--ingest", nargs="+", action="extend", default=[], metavar="PATH", help="take these in before each refresh"
    )
    verb.add_argument("--mapping", metavar="FILE", help="how their columns map to the contract's")
    verb.add_argument("--source", metavar="NAME", help="name of the export that they come from")
    verb.add_argument("--window", default="90d", help="as for `linkage refresh` (default: 90d)")
    verb.add_argument(
        "--metrics", metavar="FILE", help="write figures in Prometheus' text format there, for a textfile collector"
    )
    verb.add_argument("--once", action="store_true", help="do the tick that is due, if one is, and end: for cron")

    verb = _verb(verbs, "purge", "forget the name of an account; its number stays, in what was found before as well")
    verb.add_argument("account", metavar="ACCOUNT", help="its name, or id:NUMBER")
    verb.add_argument("--reason", required=True, help="why; goes into the audit")

    verb = _verb(verbs, "doctor", "check settings, every stored byte, and the chain of records", lists=True)
    verb.add_argument("--migrate", action="store_true", help="bring the casework database up to this version first")

    verb = _verb(verbs, "backup", "write one file that the workspace can be restored from (it holds raw identifiers)")
    verb.add_argument("file", metavar="FILE", help="a new file")

    verb = _verb(verbs, "restore", "put a backup into an empty workspace, after every digest was checked")
    verb.add_argument("file", metavar="FILE", help="a backup")

    verb = _verb(verbs, "ui", "open the screen on this machine only")
    verb.add_argument("--port", type=_port, default=8501, help="port on 127.0.0.1 (default: 8501)")


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _interval(text: str) -> timedelta:
    try:
        return interval(text)
    except ValueError as fault:
        raise argparse.ArgumentTypeError(str(fault)) from fault


def _port(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 65_535:
        raise argparse.ArgumentTypeError("a port is 1 to 65535")
    return number


def _time(text: str) -> datetime:
    try:
        return from_text(text)
    except ValueError as fault:
        raise argparse.ArgumentTypeError("a time in RFC 3339, as in 2026-04-01T00:00:00Z") from fault


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as fault:
        raise argparse.ArgumentTypeError("a date, as in 2026-04-01") from fault


def _days(text: str) -> int:
    number, unit = text[:-1], text[-1:]
    if unit != "d" or not number.isdecimal() or int(number) < 1:
        raise argparse.ArgumentTypeError("a number of days, as in 1d")
    return int(number)


def _end(text: str) -> datetime:
    """A time, or a date, which means its first moment in UTC."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return _time(text)
