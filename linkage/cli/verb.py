"""What every verb of the command line has in common."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, TypeAlias

from linkage.cli.log import FORMATS as LOG_FORMATS

if TYPE_CHECKING:
    Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

FORMATS = ("table", "json", "csv", "parquet")


def add_verb(
    verbs: Verbs, name: str, help_: str, *, lists: bool = False, refresh: bool = False
) -> argparse.ArgumentParser:
    """A verb, run by the function of its name; with the options of one that ``lists``, or that reads a ``refresh``."""
    verb = verbs.add_parser(name, help=help_, description=help_[0].upper() + help_[1:] + ".", allow_abbrev=False)
    # Also after the verb; without a default, so that it does not undo the one before the verb.
    verb.add_argument("--workspace", metavar="DIR", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    verb.add_argument("--log-format", choices=LOG_FORMATS, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    verb.set_defaults(run=lazily(name))
    if lists:
        add_output(verb)
    if refresh:
        verb.add_argument("--refresh", metavar="ID", help="a kept refresh (default: the current one)")
    return verb


def add_output(verb: argparse.ArgumentParser) -> None:
    """Options of a verb that lists: in which form, and where to."""
    verb.add_argument("--format", choices=FORMATS, help="default: table; with --output, by its ending")
    verb.add_argument("--output", metavar="FILE", help="write there instead of to stdout; Parquet needs it")


def lazily(name: str, module: str = "verbs") -> Callable[[argparse.Namespace], int]:
    """The function of the verb, imported when it runs."""

    def run(arguments: argparse.Namespace) -> int:
        code: int = getattr(import_module(f"linkage.cli.{module}"), name)(arguments)
        return code

    return run
