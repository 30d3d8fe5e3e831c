"""The report: one list of blocks, from which the HTML and the PDF are made, so that both say the same."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib import resources
from typing import Any

from linkage.errors import ConfigurationError
from linkage.model.times import to_text


@dataclass(frozen=True, slots=True)
class Block:
    """A part of the report.

    ``kind``: title, mark (on every page), heading, text, points, table, picture or page (a new one). ``text``: a
    sentence or an SVG; ``rows``: points, or cells by row.
    """

    kind: str
    text: str = ""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()

    def words(self) -> list[str]:
        """Everything in it that is read."""
        text = [self.text] if self.kind not in ("picture", "page") else []
        return [*text, *self.columns, *(cell for row in self.rows for cell in row)]


def title(text: str) -> Block:
    """The report's title."""
    return Block("title", text)


def mark(text: str) -> Block:
    """With whom it may be shared: at the head and foot of every printed page, as TLP 2.0 asks."""
    return Block("mark", text)


def heading(text: str) -> Block:
    """Title of a section."""
    return Block("heading", text)


def text(sentence: str) -> Block:
    """A paragraph."""
    return Block("text", sentence)


def points(sentences: Sequence[str]) -> Block:
    """A list of sentences."""
    return Block("points", rows=tuple((sentence,) for sentence in sentences))


def picture(svg: str) -> Block:
    """A picture."""
    return Block("picture", svg)


def table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], file: str, most: int) -> list[Block]:
    """The first rows of the table at ``file``, each with its row there; and a sentence about those left out."""
    shown = tuple((f"{number}", *(cell(row[name]) for name in columns)) for number, row in enumerate(rows[:most], 1))
    blocks = [Block("table", columns=("row", *columns), rows=shown)] if shown else []
    if not rows:
        return [text(f"None. ({file} has no rows.)")]
    if len(rows) > most:
        return [*blocks, text(f"{len(rows) - most} more rows stand in {file}.")]
    return [*blocks, text(f"Rows of {file}.")]


#: Up to here each whole number has a float of its own.
_EXACT = 2**53


def cell(value: Any) -> str:
    """A value as the report shows it."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) < _EXACT
        return f"{value:,.0f}" if whole else f"{value:.4g}" if abs(value) < 1 else f"{value:,.2f}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, datetime):
        return to_text(value.replace(microsecond=0))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)


_STYLE = """
body { font: 11pt/1.5 sans-serif; color: #1f2430; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2rem; border-bottom: 1px solid #c9ced6; }
table { border-collapse: collapse; font-size: 8.5pt; width: 100%; } svg { max-width: 100%; height: auto; }
td, th { border: 1px solid #c9ced6; padding: 2px 5px; text-align: left; vertical-align: top; white-space: nowrap; }
td.wraps { white-space: normal; overflow-wrap: anywhere; } th { background: #eef1f5; } .mark { font-weight: bold; }
@media print { hr { break-after: page; visibility: hidden; } }
"""
#: Nothing is loaded, nothing runs.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def as_html(blocks: Sequence[Block], language: str = "en") -> bytes:
    """The report as one HTML file without JavaScript, which loads nothing."""
    body = "\n".join(_HTML[block.kind](block) for block in blocks)
    name = next((block.text for block in blocks if block.kind == "title"), "")
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{html.escape(name)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    ).encode()


def as_pdf(blocks: Sequence[Block]) -> bytes:
    """The report as PDF, by typst: offline, with its own fonts, without a date.

    Raises:
        ConfigurationError: typst is not installed.
    """
    try:
        import typst
    except ImportError as fault:
        raise ConfigurationError(
            "typst is not installed, and a bundle's report is also a PDF", hint="pip install 'linkage[pdf]'"
        ) from fault
    source = resources.files("linkage.bundles").joinpath("report.typ").read_bytes()
    data = [{"kind": block.kind, "text": block.text, "columns": block.columns, "rows": block.rows} for block in blocks]
    made = typst.compile(source, sys_inputs={"blocks": json.dumps(data)}, ignore_system_fonts=True)
    if not isinstance(made, bytes):
        raise ConfigurationError("typst made no PDF")
    return made


#: Characters of a figure or a name that stand in one line: half a figure can be taken for another.
_UNBROKEN = 32


def _html_cell(value: str) -> str:
    wraps = ' class="wraps"' if " " in value or len(value) > _UNBROKEN else ""
    return f"<td{wraps}>{html.escape(value)}</td>"


def _html_table(block: Block) -> str:
    head = "".join(f"<th>{html.escape(name)}</th>" for name in block.columns)
    rows = "".join("<tr>" + "".join(map(_html_cell, row)) + "</tr>\n" for row in block.rows)
    return f"<table>\n<tr>{head}</tr>\n{rows}</table>"


_HTML: dict[str, Callable[[Block], str]] = {
    "title": lambda block: f"<h1>{html.escape(block.text)}</h1>",
    "mark": lambda block: f'<p class="mark">{html.escape(block.text)}</p>',
    "heading": lambda block: f"<h2>{html.escape(block.text)}</h2>",
    "text": lambda block: f"<p>{html.escape(block.text)}</p>",
    "points": lambda block: "<ul>" + "".join(f"<li>{html.escape(row[0])}</li>" for row in block.rows) + "</ul>",
    "table": _html_table,
    "picture": lambda block: block.text,
    "page": lambda _block: "<hr>",
}
