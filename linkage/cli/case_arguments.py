"""The verbs about cases, and their options."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from linkage.cli import values
from linkage.cli.verb import add_verb, lazily
from linkage.model.case import Status
from linkage.model.verdict import REASONS, Verdict

if TYPE_CHECKING:
    from linkage.cli.verb import Verbs


_REVISION = "the revision you looked at: refused if it has changed"


def cases(verbs: Verbs) -> None:
    """Add the verb ``case`` and its actions."""
    case = verbs.add_parser(
        "case",
        help="what people decide about clusters: one proposes a verdict, another approves it",
        description="What people decide about clusters: one person proposes a verdict about members that are frozen as "
        "they are, another one approves it. Whoever runs the command is who acts.",
        allow_abbrev=False,
    )
    actions = case.add_subparsers(title="actions", metavar="ACTION", required=True)

    def action(name: str, help_: str, subject: str | None = "CASE", **note: Any) -> argparse.ArgumentParser:
        verb = add_verb(actions, name, help_, lists=True)
        verb.set_defaults(run=lazily(f"case_{name}", "case_verbs"))
        if subject is not None:
            verb.add_argument("case", metavar=subject, help="id of a case" + (" or a cluster" * (subject != "CASE")))
            verb.add_argument("--revision", type=values.count, metavar="N", help=_REVISION)
        if note:
            verb.add_argument("--note", metavar="TEXT", default="", **note)
        return verb

    def several(name: str, help_: str, subject: str = "CASE", **note: Any) -> argparse.ArgumentParser:
        verb = action(name, f"{help_}; of several, all or none", None, **note)
        what = "a case or a cluster; of several, of clusters" if subject != "CASE" else "a case, or of a bulk"
        verb.add_argument("cases", nargs="+", metavar=subject, help=f"id of {what}")
        verb.add_argument("--revision", type=values.count, metavar="N", help=f"{_REVISION}; of one case")
        if subject == "CASE":
            verb.add_argument("--digest", metavar="HEX", help="of the cases you looked at: refused if one has changed")
        return verb

    verb = add_verb(actions, "open", "open a case on a cluster", lists=True, refresh=True)
    verb.set_defaults(run=lazily("case_open", "case_verbs"))
    verb.add_argument("cluster", metavar="CLUSTER", help="id of a cluster")
    verb.add_argument("--note", metavar="TEXT", default="", help="why")
    verb = action("list", "list the cases, the one changed last first", None)
    verb.add_argument("--status", choices=[str(status) for status in Status], help="only those that stand there")
    verb.add_argument("--assignee", metavar="PERSON", help="only those of this person")
    verb.add_argument("--bulk", metavar="ID", help="only those that this bulk act was done to; says their digest")
    action("show", "what was done to a case, by whom and when")
    verb = add_verb(actions, "followers", "who came to what was a confirmed case's own", lists=True, refresh=True)
    verb.set_defaults(run=lazily("case_followers", "case_verbs"))
    verb.add_argument("case", nargs="?", metavar="CASE", help="id of a case (default: all)")
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
    verb.add_argument("--expires", type=values.end, metavar="TIME", help="when the verdict ends (default: never)")
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
