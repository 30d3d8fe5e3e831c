"""Reads the Markdown pages of the repository: their fenced blocks, commands, links and code names.

A block may be introduced by a comment on the line before it: ``<!-- file: name -->`` (the block is the content of that
file) or ``<!-- not run: reason -->``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: Every page that a person reads, generated ones included.
PAGES = tuple(
    sorted(
        str(path.relative_to(ROOT))
        for path in (
            *ROOT.glob("*.md"),
            *ROOT.glob("docs/**/*.md"),
            *ROOT.glob("fixtures/**/README.md"),
            *ROOT.glob("benchmarks/*.md"),
        )
    )
)

_BLOCK = re.compile(
    r"(?:^<!-- (?P<note>[^\n]*?) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_INLINE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, the comment before it, its text, and the line it starts at."""

    language: str
    note: str
    text: str
    line: int

    @property
    def file(self) -> str | None:
        """Name of the file whose content this is."""
        return self.note.removeprefix("file: ") if self.note.startswith("file: ") else None

    @property
    def runs(self) -> bool:
        """Whether the block is meant to be executed."""
        return not self.note.startswith("not run")

    @property
    def commands(self) -> list[str]:
        """Commands of a console block, without the prompt."""
        if self.language != "console":
            return []
        return [line[2:] for line in self.text.splitlines() if line.startswith("$ ")]


def text(page: str) -> str:
    """Content of a page."""
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: str) -> list[Block]:
    """Fenced blocks of a page, in order."""
    content = text(page)
    return [
        Block(found["language"], found["note"] or "", found["text"], content[: found.start()].count("\n") + 1)
        for found in _BLOCK.finditer(content)
    ]


def prose(page: str) -> str:
    """A page without its fenced blocks."""
    return _BLOCK.sub("", text(page))


def links(page: str) -> list[str]:
    """Targets of the links of a page."""
    return _LINK.findall(prose(page))


def code_names(page: str) -> list[str]:
    """What stands in backticks in the prose of a page."""
    return _INLINE.findall(prose(page))


def anchors(page: str) -> set[str]:
    """Anchors of the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
