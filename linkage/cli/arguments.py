"""Every verb and its options. Nothing heavy is imported here: ``linkage --help`` is immediate."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from linkage import __version__
from linkage.cli import case_arguments, values
from linkage.cli.log import FORMATS as LOG_FORMATS
from linkage.cli.verb import add_verb, lazily

if TYPE_CHECKING:
    from linkage.cli.verb import Verbs

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
    case_arguments.cases(verbs)
    _keeping(verbs)
    return root


def _writing(verbs: Verbs) -> None:
    verb = add_verb(verbs, "demo", "a made-up population from events to explained clusters, offline, in under a minute")
    verb.add_argument("--top", type=values.count, default=3, metavar="N", help="clusters to explain (default: 3)")

    verb = add_verb(verbs, "ingest", "validate, deduplicate and store events", lists=True)
    verb.add_argument(
        "paths", nargs="+", metavar="PATH", help="Parquet, CSV or JSONL, also gzip or zstd: files, folders, globs"
    )
    verb.add_argument("--mapping", metavar="FILE", help="how source columns map to the contract's")
    verb.add_argument("--source", metavar="NAME", help="name of the export the events come from")
    verb.add_argument("--accounts", metavar="FILE", help="what is known of accounts")
    verb.add_argument("--address-ranges", metavar="FILE", help="context of address ranges")
    verb.add_argument("--model-releases", metavar="FILE", help="when models became available")
    verb.add_argument("--preview", action="store_true", help="show what would be taken in, and store nothing")

    verb = add_verb(
        verbs, "refresh", "find clusters anew and make them current; with nothing new, the old ones stand", lists=True
    )
    verb.add_argument(
        "--as-of", type=values.moment, metavar="TIME", help="RFC 3339 (default: the latest accepted event)"
    )
    verb.add_argument(
        "--window", default="90d", help="UTC days that end with as-of's day, as in 90d, or all (default: 90d)"
    )
    verb.add_argument(
        "--full", action="store_true", help="compare with rewired data anew, also where it is not yet due"
    )


def _lists(verbs: Verbs) -> None:
    add_verb(verbs, "clusters", "clusters, highest score first", lists=True, refresh=True)

    verb = add_verb(verbs, "members", "members of one cluster or of all", lists=True, refresh=True)
    verb.add_argument("cluster", nargs="?", metavar="CLUSTER", help="id of a cluster")

    verb = add_verb(verbs, "lineage", "how clusters follow from those of the refresh before", lists=True, refresh=True)
    verb.add_argument("--from", dest="from_refresh", metavar="R", help="list every refresh after this one")
    verb.add_argument("--to", dest="to_refresh", metavar="R", help="up to this one (default: the current one)")


def _questions(verbs: Verbs) -> None:
    verb = add_verb(
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
    verb.add_argument(
        "--top", type=values.count, metavar="N", help="rows per section (default: 15 in tables, else all)"
    )

    verb = add_verb(
        verbs, "lookup", "accounts that touched an identifier, account or network", lists=True, refresh=True
    )
    verb.add_argument(
        "identifiers",
        nargs="+",
        metavar="IDENTIFIER",
        help="any identifier, an account, id:NUMBER, or a network in CIDR",
    )

    verb = add_verb(
        verbs, "paths", "shortest chains of shared identifiers between two accounts", lists=True, refresh=True
    )
    verb.add_argument("accounts", nargs=2, metavar="ACCOUNT", help="an account")
    verb.add_argument("--top", type=values.count, default=10, metavar="N", help="chains to list (default: 10)")
    verb.add_argument(
        "--degree-limit",
        type=values.count,
        default=200,
        metavar="N",
        help="follow no identifier with more accounts than this (default: 200)",
    )

    verb = add_verb(
        verbs, "lanes", "when members of a cluster begin to work, and how often in step", lists=True, refresh=True
    )
    verb.add_argument("cluster", metavar="CLUSTER", help="a cluster's id")
    verb.add_argument(
        "--account", action="append", metavar="ACCOUNT", help="this member only; may be given again (default: all)"
    )
    verb.add_argument("--first", type=values.day, metavar="DATE", help="from this UTC day (default: the busiest days)")
    verb.add_argument("--last", type=values.day, metavar="DATE", help="to this UTC day; 7 days in a row at most")
    verb.add_argument("--skip", type=values.number, default=0, metavar="N", help="go past the first N members")

    verb = add_verb(
        verbs, "evaluate", "measure the clusters against known truth, beside other methods", lists=True, refresh=True
    )
    verb.add_argument("--truth", required=True, metavar="FILE", help="account_id, group_id, group_kind, malicious")
    beside = verb.add_mutually_exclusive_group()
    beside.add_argument(
        "--baselines",
        type=values.names,
        default=True,
        metavar="METHODS",
        help="all, or some, with commas, of components, modularity, fellegi-sunter, evilcohort, pacheco, fraudar, "
        "synchrotrap, volume (default: all but pacheco and synchrotrap, which take longer); and limit, which is told "
        "the truth: what sharing could show at most",
    )
    beside.add_argument("--no-baselines", dest="baselines", action="store_false", help="leave the other methods out")
    verb.add_argument(
        "--replay",
        action="store_true",
        help="refresh day by day apart from the workspace: when was each campaign found",
    )
    verb.add_argument(
        "--replay-from",
        type=values.day,
        metavar="DATE",
        help="first day at whose end to refresh (default: the first there is)",
    )
    verb.add_argument(
        "--step", type=values.days, default=1, metavar="Nd", help="days between two refreshes (default: 1d)"
    )


def _keeping(verbs: Verbs) -> None:
    allow = verbs.add_parser(
        "allow",
        help="shared infrastructure and organizations known to be benign",
        description="Shared infrastructure and organizations known to be benign: with reason, author and expiry.",
        allow_abbrev=False,
    )
    actions = allow.add_subparsers(title="actions", metavar="ACTION", required=True)
    verb = add_verb(actions, "add", "add an entry")
    verb.set_defaults(run=lazily("allow_add"))
    verb.add_argument("kind", metavar="KIND", help="cidr, organization, or an identifier kind")
    verb.add_argument("value", metavar="VALUE", help="a network, the organization, or the identifier")
    verb.add_argument("--reason", required=True, help="why it is known to be benign")
    verb.add_argument("--expires", type=values.end, metavar="TIME", help="a date, or RFC 3339 (default: never)")
    verb = add_verb(actions, "remove", "remove an entry")
    verb.set_defaults(run=lazily("allow_remove"))
    verb.add_argument("entry", metavar="ID", help="id of the entry")
    verb = add_verb(actions, "list", "list the entries", lists=True)
    verb.set_defaults(run=lazily("allow_list"))

    store = verbs.add_parser(
        "store",
        help="the graph in a Neo4j server",
        description="The graph in a Neo4j server: NEO4J_URI, NEO4J_USERNAME, NEO4J_PASSWORD, or [store.neo4j] of the "
        "settings.",
        allow_abbrev=False,
    )
    actions = store.add_subparsers(title="actions", metavar="ACTION", required=True)
    verb = add_verb(
        actions, "publish", "bring the current snapshot there: only what changed, visible all at once", lists=True
    )
    verb.set_defaults(run=lazily("store_publish"))
    verb.add_argument("--into", metavar="HOME", help="a new, stopped server of `make neo4j`: fill it by bulk import")
    verb = add_verb(actions, "status", "whether the store shows the current snapshot, by counting", lists=True)
    verb.set_defaults(run=lazily("store_status"))

    bundle = verbs.add_parser(
        "bundle",
        help="evidence bundles: a finding that a stranger can check and compute again",
        description="Evidence bundles: a finding with what it rests on, signed, to be checked and computed again "
        "without trust in whoever made it.",
        allow_abbrev=False,
    )
    actions = bundle.add_subparsers(title="actions", metavar="ACTION", required=True)
    verb = add_verb(actions, "export", "write the bundle of a cluster or case, signed with your key", refresh=True)
    verb.set_defaults(run=lazily("bundle_export", "partner_verbs"))
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
    verb = add_verb(
        actions, "actions", "the action list alone: accounts to suspend, with reasons", lists=True, refresh=True
    )
    verb.set_defaults(run=lazily("bundle_actions", "partner_verbs"))
    verb.add_argument("subject", metavar="CLUSTER|CASE", help="id of a cluster, or of a case with a verdict")
    verb = add_verb(actions, "sign", "sign a bundle that another person exported, of a case that you approved")
    verb.set_defaults(run=lazily("bundle_sign", "partner_verbs"))
    verb.add_argument("path", metavar="PATH", help="a bundle: a folder or a zip")
    verb = add_verb(actions, "verify", "check that a bundle is what was signed, by whom, and that it holds together")
    verb.set_defaults(run=lazily("bundle_verify", "partner_verbs"))
    verb.add_argument("path", metavar="PATH", help="a bundle: a folder or a zip")
    verb.add_argument("--rerun", action="store_true", help="compute the finding again from the bundle alone")
    verb.add_argument("--allowed-signers", metavar="FILE", help="whom to trust (default: the workspace's own signers)")

    indicators = verbs.add_parser(
        "indicators",
        help="watch lists: what partners reported, as evidence for the next refresh",
        description="Watch lists: identifiers that partners reported, under a key that both hold, as evidence for the "
        "next refresh.",
        allow_abbrev=False,
    )
    actions = indicators.add_subparsers(title="actions", metavar="ACTION", required=True)
    verb = add_verb(actions, "import", "put a partner's indicators on a watch list", lists=True)
    verb.set_defaults(run=lazily("indicators_import", "partner_verbs"))
    verb.add_argument("file", metavar="FILE", help="indicators.csv or stix-2.1.json of a partner's bundle")
    verb.add_argument("--source", metavar="NAME", help="whose they are (default: who gave the others under this key)")
    verb.add_argument(
        "--exchange-key", metavar="FILE", help="the key that they are under (default: the one that the file names)"
    )
    verb.add_argument("--expires", type=values.end, metavar="TIME", help="when the list ends (default: never)")
    verb = add_verb(actions, "list", "watch lists, and how many of their indicators match", lists=True)
    verb.set_defaults(run=lazily("indicators_list", "partner_verbs"))
    verb = add_verb(
        actions, "matches", "identifiers that are on watch lists, and who used them", lists=True, refresh=True
    )
    verb.set_defaults(run=lazily("indicators_matches", "partner_verbs"))
    verb.add_argument("source", nargs="?", metavar="SOURCE", help="only of this source")
    verb = add_verb(actions, "remove", "take a watch list off, or every list of a source")
    verb.set_defaults(run=lazily("indicators_remove", "partner_verbs"))
    verb.add_argument("name", metavar="SOURCE|LIST", help="a source, or the id of one list")

    key = verbs.add_parser(
        "key", help="keys that bundles are signed with, and that give pseudonyms",
        description="Keys that bundles are signed with, that give pseudonyms, and that are shared with partners.",
        allow_abbrev=False,
    )  # fmt: skip
    actions = key.add_subparsers(title="actions", metavar="ACTION", required=True)
    verb = add_verb(actions, "new", "make your key, and print the line by which others trust it")
    verb.set_defaults(run=lazily("key_new", "partner_verbs"))
    verb = add_verb(actions, "list", "keys of pseudonyms and of exchange, and those that were destroyed", lists=True)
    verb.set_defaults(run=lazily("key_list", "partner_verbs"))
    verb = add_verb(actions, "resolve", "what pseudonyms of your bundles stand for", lists=True)
    verb.set_defaults(run=lazily("key_resolve", "partner_verbs"))
    verb.add_argument("names", nargs="+", metavar="PSEUDONYM", help="as in a partner's bundle")
    verb.add_argument("--reason", required=True, help="why; goes into the audit")
    verb = add_verb(actions, "destroy", "destroy keys of pseudonyms or of exchange: their names mean nothing any more")
    verb.set_defaults(run=lazily("key_destroy", "partner_verbs"))
    which = verb.add_mutually_exclusive_group(required=True)
    which.add_argument("key", nargs="?", metavar="KEY", help="id of the key")
    which.add_argument(
        "--unused-for",
        type=values.days,
        metavar="Nd",
        help="all of pseudonyms under which nothing was exported for so long",
    )
    verb.add_argument("--reason", required=True, help="why; goes into the audit")

    verb = add_verb(verbs, "schedule", "ingest and refresh at every tick, until it is stopped")
    verb.add_argument(
        "--every", type=values.ticks, default="1h", metavar="INTERVAL",
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

    verb = add_verb(verbs, "purge", "forget the name of an account; its number stays, in what was found before as well")
    verb.add_argument("account", metavar="ACCOUNT", help="its name, or id:NUMBER")
    verb.add_argument("--reason", required=True, help="why; goes into the audit")

    verb = add_verb(verbs, "doctor", "check settings, every stored byte, and the chain of records", lists=True)
    verb.add_argument(
        "--migrate",
        action="store_true",
        help="bring the casework up to this version first, and to the server that settings name",
    )

    verb = add_verb(
        verbs, "backup", "write one file that the workspace can be restored from (it holds raw identifiers)"
    )
    verb.add_argument("file", metavar="FILE", help="a new file")

    verb = add_verb(verbs, "restore", "put a backup into an empty workspace, after every digest was checked")
    verb.add_argument("file", metavar="FILE", help="a backup")

    verb = add_verb(verbs, "ui", "open the screen on this machine only")
    verb.add_argument("--port", type=values.port, default=8501, help="port on 127.0.0.1 (default: 8501)")
