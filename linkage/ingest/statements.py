"""Statements of this stage: named files with parts that are filled in from fixed names, never from data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import duckdb

from linkage import engine
from linkage.errors import LinkageError, TryAgain
from linkage.ingest.cards import CARD_PATTERN, REAL_PATTERN

_PACKAGE = "linkage.ingest"
#: A limit on the size of a file counts as a full disk.
_NO_ROOM = "File too large"
_NARROW = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) != "'")
_WIDE = "".join(chr(ord(character) + 0xFEE0) for character in _NARROW)


def render(name: str, parts: Mapping[str, str]) -> str:
    """Text of ``sql/name.sql``, without its comments, with each ``{part}`` replaced."""
    lines = engine.statement(_PACKAGE, name).splitlines(keepends=True)
    text = "".join(line for line in lines if not line.lstrip().startswith("--"))
    for part, value in parts.items():
        text = text.replace("{" + part + "}", value)
    return text


def quoted(name: str) -> str:
    """A column or table name for SQL. Names come from the contract or match KIND_NAME; others are a fault of ours."""
    if not name.replace("_", "").isalnum() or not name.isascii():
        raise LinkageError("a name for SQL holds other characters than letters, digits and _")
    return f'"{name}"'


def execute(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    parts: Mapping[str, str] | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> list[tuple[Any, ...]]:
    """Run a named statement to its end and return its rows; parameters that it does not mention are left out.

    Raises:
        TryAgain: no room on the disk, or not enough memory.
        LinkageError: the statement failed; names it, never its data.
    """
    return execute_text(connection, name, render(name, parts or {}), parameters)


def execute_text(
    connection: duckdb.DuckDBPyConnection, name: str, text: str, parameters: Mapping[str, Any] | None = None
) -> list[tuple[Any, ...]]:
    """Run a statement that was rendered before; else as ``execute``."""
    bound = {key: value for key, value in (parameters or {}).items() if re.search(rf"\${key}\b", text)}
    try:
        rows = (connection.execute(text, bound) if bound else connection.execute(text)).fetchall()
        engine.count(connection, name)
    except duckdb.Error as fault:
        raise translated(fault, name) from None
    return rows


def translated(fault: duckdb.Error, name: str) -> LinkageError:
    """An engine fault as an error of ours; the engine's text may quote data and is dropped."""
    if _NO_ROOM in str(fault):
        return TryAgain(f"no room on the disk while running {name}")
    return engine.translate(fault, f"{_PACKAGE}/sql/{name}.sql")


def create_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the shared expressions known to ``connection``."""
    parts = {
        "card": CARD_PATTERN,
        "real": REAL_PATTERN,
        "wide": _WIDE,
        "narrow": _NARROW,
    }
    for macro in render("macros", parts).split(";\n"):
        if macro.strip():
            connection.execute(macro)
