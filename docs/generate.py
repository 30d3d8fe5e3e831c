"""Write the pages under docs/reference that follow from the code, or check that they are in step.

``python docs/generate.py`` writes them, ``python docs/generate.py --check`` names those that differ and ends with 1.
"""

from __future__ import annotations

import argparse
import json
import sys
import types
import typing
from collections.abc import Iterable, Iterator
from pathlib import Path

import annotated_types
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from linkage import errors
from linkage.cli import parser
from linkage.config import KIND_PRIORS, KindPrior, Settings
from linkage.ingest.rules import FILE_RULES, ROW_RULES
from linkage.model.tables import IDENTIFIER_COLUMNS, LAKE_TABLES, OPTIONAL_TABLES, SNAPSHOT_TABLES, Table

REFERENCE = Path(__file__).resolve().parent / "reference"
NOTE = "<!-- Written by `make docs`; change the code instead. -->"


def pages() -> dict[str, str]:
    """File name → text of every generated page."""
    return {
        "commands.md": commands(),
        "exit-codes.md": exit_codes(),
        "ingest-rules.md": ingest_rules(),
        "settings.md": settings(),
        "tables.md": tables(),
    }


# --- commands -----------------------------------------------------------------------------------------------------


def commands() -> str:
    """Every verb with its arguments, as the command line itself declares them."""
    root = parser()
    lines = ["# Commands", "", NOTE, "", root.description or "", "", "```text", f"linkage {_usage(root)}", "```", ""]
    lines += _arguments(root)
    for path, verb, summary in _verbs(root, "linkage"):
        lines += [f"## `{path}`", ""]
        if verb.description or summary:
            lines += [(verb.description or summary).strip(), ""]
        lines += ["```text", f"{path} {_usage(verb)}".rstrip(), "```", ""]
        lines += _arguments(verb)
        if verb.epilog:
            lines += [verb.epilog.strip(), ""]
    return _text(lines)


def _verbs(above: argparse.ArgumentParser, path: str) -> Iterator[tuple[str, argparse.ArgumentParser, str]]:
    """Verbs below a parser, each with its words and its one-line help; a verb that has verbs stands before them."""
    for action in above._actions:
        if isinstance(action, argparse._SubParsersAction):
            summaries = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for name, verb in action.choices.items():
                yield f"{path} {name}", verb, summaries.get(name, "")
                yield from _verbs(verb, f"{path} {name}")


def _usage(verb: argparse.ArgumentParser) -> str:
    """Synopsis made here and not by argparse, whose layout differs between versions of Python."""
    one_of = {id(action): group for group in verb._mutually_exclusive_groups for action in group._group_actions}
    words = []
    for action in _shown(verb):
        group = one_of.get(id(action))
        if group is None:
            optional = (action.option_strings and not action.required) or action.nargs in ("?", "*")
            words.append(f"[{_word(action)}]" if optional else _word(action))
        elif action is group._group_actions[0]:
            choices = " | ".join(_word(choice) for choice in group._group_actions)
            words.append(f"({choices})" if group.required else f"[{choices}]")
    if verb._subparsers is not None:
        words.append("VERB …")
    return " ".join(words)


def _shown(verb: argparse.ArgumentParser) -> list[argparse.Action]:
    """Arguments as a reader looks for them: what to work on, what is special to the verb, what many verbs have."""
    shown = [
        action
        for action in verb._actions
        if not isinstance(action, argparse._HelpAction | argparse._SubParsersAction)
        and action.help != argparse.SUPPRESS
    ]
    return sorted(
        shown, key=lambda action: (bool(action.option_strings), action.dest in ("refresh", "format", "output"))
    )


def _word(action: argparse.Action) -> str:
    return " ".join(filter(None, [action.option_strings[-1] if action.option_strings else "", _value(action)]))


def _value(action: argparse.Action) -> str:
    if action.nargs == 0:
        return ""
    if isinstance(action.metavar, tuple):
        return " ".join(action.metavar)
    name = action.metavar or ("|".join(map(str, action.choices)) if action.choices else action.dest.upper())
    if isinstance(action.nargs, int):
        return " ".join([name] * action.nargs)
    return f"{name}…" if action.nargs in ("+", "*") else name


def _arguments(verb: argparse.ArgumentParser) -> list[str]:
    rows = []
    for action in _shown(verb):
        names = ", ".join(f"`{name}`" for name in action.option_strings) or f"`{_value(action)}`"
        value = f" `{_value(action)}`" if action.option_strings and _value(action) else ""
        text = (action.help or "").replace("%(default)s", str(action.default)).replace("%%", "%")
        rows.append((names + value, text))
    return _table(("argument", "meaning"), rows) if rows else []


# --- exit codes ---------------------------------------------------------------------------------------------------


def exit_codes() -> str:
    """Every error that the product raises on purpose, by exit code."""
    classes = [errors.LinkageError, *_below(errors.LinkageError)]
    rows: list[tuple[str, str, str, str]] = [("0", "", "Done.", "")]
    for kind in sorted(classes, key=lambda kind: kind.exit_code):
        summary = (kind.__doc__ or "").strip().splitlines()[0]
        rows.append((str(kind.exit_code), f"`{kind.__name__}`", summary, kind.default_hint))
    lines = [
        *("# Exit codes", "", NOTE, ""),
        "Every command ends with one of these. Python code that uses `linkage.Workspace` meets the classes of",
        "`linkage.errors`, which carry the same codes and hints.",
        "",
        *_table(("code", "error", "meaning", "what to do"), rows),
    ]
    return _text(lines)


def _below(kind: type[errors.LinkageError]) -> Iterator[type[errors.LinkageError]]:
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield child
            yield from _below(child)


# --- rules of ingest ----------------------------------------------------------------------------------------------


def ingest_rules() -> str:
    """Every rule by which a row is set aside or a file refused."""
    lines = [
        *("# Rules of ingest", "", NOTE, ""),
        "What the quarantine and the report of an ingest name. No rule quotes a value.",
        *("", "## A row goes to quarantine", ""),
        *_table(("rule", "when"), [(f"`{rule}`", sentence) for rule, sentence in ROW_RULES.items()]),
        *("## A file is refused", ""),
        *_table(("rule", "when"), [(f"`{rule}`", sentence) for rule, sentence in FILE_RULES.items()]),
    ]
    return _text(lines)


# --- settings -----------------------------------------------------------------------------------------------------


def settings() -> str:
    """Every key of linkage.toml with its type, default, bounds and meaning."""
    lines = [
        *("# Settings: `linkage.toml`", "", NOTE, ""),
        "The file lies in the workspace. Every key is optional, and a key that is not on this page is an error.",
        "`linkage doctor` checks the file.",
        "",
    ]
    sections: list[tuple[str, type[BaseModel]]] = []
    top = list(_settings_rows(Settings, "", sections))
    if top:
        lines += ["## At the top of the file", "", *_table(("key", "type", "default", "meaning"), top)]
    while sections:
        heading, model = sections.pop(0)
        rows = list(_settings_rows(model, heading.strip("[]"), sections))
        lines += [f"## `{heading}`", "", " ".join((model.__doc__ or "").split())]
        lines += ["", *_table(("key", "type", "default", "meaning"), rows)] if rows else [""]
        if model is KindPrior:
            names = tuple(KindPrior.model_fields)
            built_in = [
                (f"`{kind}`", *(_toml(getattr(prior, name)) for name in names)) for kind, prior in KIND_PRIORS.items()
            ]
            lines += ["NAME is an identifier kind. These have values of their own:", ""]
            lines += _table(("kind", *(f"`{name}`" for name in names)), built_in)
    return _text(lines)


def _settings_rows(
    model: type[BaseModel], path: str, sections: list[tuple[str, type[BaseModel]]]
) -> Iterator[tuple[str, str, str, str]]:
    """Rows of the plain fields of a section; the sections below it are added to ``sections``."""
    for name, field in model.model_fields.items():
        below = f"{path}.{name}" if path else name
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            sections.append((f"[{below}]", inner))
            continue
        items = [item for item in typing.get_args(inner) if isinstance(item, type) and issubclass(item, BaseModel)]
        if items and typing.get_origin(inner) in (tuple, list):
            sections.append((f"[[{below}]]", items[0]))
            continue
        if items and typing.get_origin(inner) is dict:
            sections.append((f"[{below}.NAME]", items[0]))
            continue
        if items and typing.get_origin(inner) in (typing.Union, types.UnionType):
            # A section that is on when the file has it.
            sections.append((f"[{below}]", items[0]))
            continue
        yield f"`{name}`", _type(inner), _default(field), (field.description or "") + _bounds(field)


_TYPES: dict[object, str] = {str: "text", int: "whole number", float: "number", bool: "true or false"}


def _type(annotation: object) -> str:
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        return " or ".join("unset" if part is type(None) else _type(part) for part in typing.get_args(annotation))
    if origin is typing.Literal:
        return ", ".join(f"`{value}`" for value in typing.get_args(annotation))
    if origin in (tuple, list, frozenset, set):
        parts = [part for part in typing.get_args(annotation) if part is not Ellipsis]
        return "list of " + " and ".join(dict.fromkeys(_type(part) for part in parts))
    if origin is typing.Annotated:
        return _type(typing.get_args(annotation)[0])
    if origin is not None:
        return "table of " + " → ".join(_type(part) for part in typing.get_args(annotation))
    return _TYPES.get(annotation, getattr(annotation, "__name__", str(annotation)))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    return _toml(field.get_default(call_default_factory=True))


def _toml(value: object) -> str:
    """A value as it is written in the file."""
    if value is None:
        return "unset"
    return f"`{json.dumps(value)}`" if isinstance(value, str | bool | int | float) else f"`{value}`"


def _bounds(field: FieldInfo) -> str:
    signs = {annotated_types.Ge: ("≥", "ge"), annotated_types.Gt: (">", "gt")}
    signs |= {annotated_types.Le: ("≤", "le"), annotated_types.Lt: ("<", "lt")}
    words = [
        f"{sign} {getattr(bound, attribute)}"
        for bound in field.metadata
        for kind, (sign, attribute) in signs.items()
        if isinstance(bound, kind)
    ]
    return f" ({', '.join(words)})" if words else ""


# --- tables -------------------------------------------------------------------------------------------------------


def tables() -> str:
    """Every table of the lake and of a snapshot."""
    lines = [
        *("# Tables", "", NOTE, ""),
        "A workspace holds Parquet files, besides its database of cases. `account` and `identifier` are surrogate",
        "ids; `identities` is the one table that maps them to raw values. Times are microseconds, UTC.",
        "",
        "Identifier columns of events: " + ", ".join(f"`{name}`" for name in IDENTIFIER_COLUMNS) + ".",
        "",
    ]
    for title, group in (
        ("The lake: `lake/`", LAKE_TABLES),
        ("A snapshot: `snapshots/<refresh_id>/`", (*SNAPSHOT_TABLES, *OPTIONAL_TABLES)),
    ):
        lines += [f"## {title}", ""]
        for table in group:
            lines += _one_table(table)
    return _text(lines)


def _one_table(table: Table) -> list[str]:
    rows = [(f"`{c.name}`", c.type + (", may be null" if c.null else ""), c.meaning) for c in table.columns]
    return [f"### `{table.name}`", "", table.meaning, "", *_table(("column", "type", "meaning"), rows)]


# --- text ---------------------------------------------------------------------------------------------------------


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in row) + " |" for row in rows]
    return [*lines, ""]


def _text(lines: list[str]) -> str:
    return "\n".join(lines).rstrip() + "\n"


def main(arguments: list[str]) -> int:
    """Write the pages, or with ``--check`` name those that are not in step; 1 when there are any."""
    stale = []
    for name, text in pages().items():
        path = REFERENCE / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if "--check" not in arguments:
            REFERENCE.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for name in stale:
        print(f"docs/reference/{name}: " + ("not in step, run `make docs`" if "--check" in arguments else "written"))
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
