"""Tables for people: aligned on a terminal, whole everywhere else."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from linkage.cli.output import Rows, cell, columns_of, emit, iterate
from linkage.model.times import to_text

if TYPE_CHECKING:
    from argparse import Namespace

    import pyarrow
    from rich.console import Console

    from linkage.model.explanation import Explanation
    from linkage.model.reports import BundleReport

_WHY_NOT = ", a public bundle holds no records"
#: Wider than any line: where nobody looks at a screen, nothing is wrapped or cut.
_UNBOUNDED = 1 << 16


@dataclass(frozen=True, slots=True)
class Field:
    """A column for people: ``name`` in the row, ``title`` above it; ``wraps`` where it may take several lines."""

    name: str
    title: str
    right: bool = False
    wraps: bool = False


CLUSTERS = (
    Field("rank", "#", right=True),
    Field("cluster_id", "cluster"),
    Field("tier", "tier", right=True),
    Field("flagged", "flag"),
    Field("size", "size", right=True),
    Field("score", "score", right=True),
    Field("q_value", "q", right=True),
    Field("kinds", "kinds", wraps=True),
    Field("events", "events", right=True),
    Field("lineage", "lineage"),
    Field("case_status", "case"),
    Field("watch_lists", "on the watch list of", wraps=True),
    Field("top_reason", "first reason", wraps=True),
)


def bundle(stream: IO[str], report: BundleReport) -> None:
    """What became of checking an evidence bundle: files, signers, re-run, and the verdict last."""
    stream.write(f"{report.name}: {report.files} files\n")
    for name, what in report.faults:
        stream.write(f"  {name}: {what}\n")
    for principal, fingerprint, counts in report.signers:
        stream.write(f"  {'signed by' if counts else 'not signed, or not trusted:'} {principal} {fingerprint}\n")
    if report.rerun != "not asked":
        stream.write(f"  computed again: {report.rerun}{_WHY_NOT if report.rerun == 'not possible' else ''}\n")
    for difference in report.differences:
        stream.write(f"    {difference}\n")
    stream.write("good: signed, whole, and in agreement with itself\n" if report.fault is None else "NOT good\n")


def console(stream: IO[str]) -> Console:
    """A console on ``stream``: as wide as the terminal, or unbounded where there is none."""
    from rich.console import Console

    terminal = stream.isatty()
    width = shutil.get_terminal_size((120, 40)).columns if terminal else _UNBOUNDED
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False, no_color=not terminal)


def draw(stream: IO[str], rows: Iterable[Mapping[str, Any]], fields: Sequence[Field], *, empty: str) -> None:
    """Draw ``rows``; ids are never cut. Where there is no row, say ``empty``."""
    from rich import box
    from rich.measure import Measurement
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for field in fields:
        table.add_column(
            field.title,
            justify="right" if field.right else "left",
            no_wrap=not field.wraps,
            overflow="fold",
        )
    found = False
    for row in rows:
        found = True
        table.add_row(*(Text(text_of(row.get(field.name))) for field in fields))
    screen = console(stream)
    if found:
        # A narrow terminal may break lines, but nothing is cut away.
        needed = Measurement.get(screen, screen.options.update(max_width=_UNBOUNDED), table).minimum
        screen.width = max(screen.width, needed)
        screen.print(table, crop=False)
    else:
        screen.print(empty)


def listed(rows: pyarrow.Table | Rows, arguments: Namespace, *, empty: str) -> int:
    """Write a listing in the form and to the place that the arguments ask for; the exit code. ``empty``: for people."""
    emit(rows, arguments.format, arguments.output, lambda stream: listing(stream, rows, empty=empty))
    return 0


def listing(stream: IO[str], rows: pyarrow.Table | Rows, *, empty: str) -> None:
    """Every column, as it is called; numbers to the right."""
    kept = list(iterate(rows))
    fields = [
        Field(
            name,
            name,
            right=any(isinstance(row[name], int | float) and not isinstance(row[name], bool) for row in kept),
            wraps=name in ("reason", "finding", "advice", "flagged_benign", "account_ids"),
        )
        for name in columns_of(rows)
    ]
    draw(stream, kept, fields, empty=empty)


def clusters(stream: IO[str], table: pyarrow.Table, reported: Mapping[str, Sequence[str]] | None = None) -> None:
    """The ranked list; ``reported``: by cluster, whose watch lists its members are on."""
    reported = reported or {}
    rows = [
        {
            **row,
            "rank": rank,
            "flagged": "FLAG" if row["flagged"] else "",
            "kinds": ", ".join(row["kinds"]),
            "top_reason": row["top_reasons"][0] if row["top_reasons"] else "",
            "watch_lists": ", ".join(reported.get(row["cluster_id"], ())),
        }
        for rank, row in enumerate(iterate(table), start=1)
    ]
    unused = {name for name in ("case_status", "watch_lists") if not any(row[name] for row in rows)}
    draw(stream, rows, [field for field in CLUSTERS if field.name not in unused], empty="No clusters.")


def explanation(stream: IO[str], subject: Explanation) -> None:
    """All sections that hold something."""
    from rich.text import Text

    screen = console(stream)
    screen.print(Text(headline(subject), style="bold"))
    for section in subject.sections:
        if not section.sentences and not section.rows:
            continue
        screen.print()
        screen.print(Text(section.title, style="bold"))
        for sentence in section.sentences:
            screen.print(Text(f"  {text_of(sentence)}"))
        if section.rows:
            fields = [
                Field(
                    column,
                    column.replace("_", " "),
                    right=all(isinstance(row[column], int | float) or row[column] is None for row in section.rows),
                    wraps=column in ("sentence", "reason", "note"),
                )
                for column in section.columns
                if column != "size" and any(row[column] is not None for row in section.rows)
            ]
            draw(stream, section.rows, fields, empty="")
        if section.left_out:
            screen.print(f"  … and {section.left_out} more of {section.total}: --top N, or --format json for all.")


def headline(subject: Explanation) -> str:
    """What is explained, and its main figures, in a line."""
    facts, at = subject.facts, f"refresh {subject.refresh_id}"
    if "cluster" in subject.subject:
        flag = "flagged" if facts["flagged"] else "not flagged"
        return (
            f"Cluster {subject.subject['cluster']}: rank {facts['rank']} of {facts['clusters']}, "
            f"{facts['size']} accounts, tier {facts['tier']}, {flag}; score {facts['score']:.3f} "
            f"(abuse {facts['abuse_score']:+.2f} points, linkage {facts['linkage_score']:.1f} bits, "
            f"q {facts['q_value']:.3g}); {at}"
        )
    if "account" in subject.subject:
        return f"Account {text_of(subject.subject['account'])}: {facts['events']} events in the window; {at}"
    first, second = subject.subject["pair"]
    return f"Accounts {text_of(first)} and {text_of(second)}: {facts['total_bits']:+.2f} bits; {at}"


def text_of(value: Any) -> str:
    """A value for people. Characters that steer a terminal or reorder text are written as escapes."""
    from datetime import datetime

    if isinstance(value, float):
        text = f"{value:.3g}" if 0 < abs(value) < 0.001 else f"{value:.3f}".rstrip("0").rstrip(".")
    elif isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, datetime):
        text = to_text(value.replace(microsecond=0))
    elif isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        text = ", ".join(value)
    else:
        text = cell(value)
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)
