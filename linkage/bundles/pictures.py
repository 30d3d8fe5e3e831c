"""Pictures of the report as SVG: what the cluster did each day, and what holds it together. Plain lines and text."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from linkage.model.kinds import noun

_INK, _BARS, _LINE, _TIE = "#1f2430", "#3b6fb6", "#c2570c", "#9aa4b2"
_COLOURS = {"ip_address": "#2f8f5b", "payment_instrument": "#b5533c", "prompt_template": "#7a4fb0"}
_OTHER = "#6b7280"
#: Most that a picture shows, so that it can still be read.
MOST_ACCOUNTS, MOST_IDENTIFIERS = 40, 12


def timeline(days: Sequence[Mapping[str, Any]]) -> str:
    """Events a day as bars, and what the whole population's days would have them be as a line."""
    width, height, base, left = 720, 190, 160, 44
    most = max([1.0, *(max(float(day["events"]), float(day["expected_events"])) for day in days)])
    first = days[0]["day"] if days else None
    # By date: where days are left out, a gap shows.
    places = [(day["day"] - first).days for day in days]
    step = (width - left - 8) / (places[-1] + 1 if places else 1)
    parts = [_text(4, 16, f"{most:,.0f} events"), _text(4, base, "0")]
    lines: list[list[str]] = []
    for number, day in enumerate(days):
        at = left + places[number] * step
        tall = 140 * float(day["events"]) / most
        parts.append(_rect(at, base - tall, max(step - 1, 0.5), tall, _BARS))
        if number == 0 or places[number] > places[number - 1] + 1:
            lines.append([])
        lines[-1].append(f"{at + step / 2:.1f},{base - 140 * float(day['expected_events']) / most:.1f}")
    for points in lines:
        parts.append(f'<polyline points="{" ".join(points)}" fill="none" stroke="{_LINE}" stroke-width="1.5"/>')
    if days:
        parts.append(_text(left, base + 18, str(days[0]["day"])))
        parts.append(_text(width - 80, base + 18, str(days[-1]["day"])))
    return _svg(width, height, parts)


def graph(accounts: Sequence[str], identifiers: Sequence[tuple[str, str]], uses: Sequence[tuple[int, int]]) -> str:
    """Accounts on a circle around the identifiers (kind, name) that they used: places in both lists."""
    width, height = 720, 480
    inner, outer = _circle(len(identifiers), 110), _circle(len(accounts), 195)
    parts = []
    for account, identifier in uses:
        (x1, y1), (x2, y2) = outer[account], inner[identifier]
        parts.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{_TIE}" stroke-width="0.6"/>'
        )
    for x, y in outer:
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{_BARS}"/>')
    for (x, y), (kind, name) in zip(inner, identifiers, strict=True):
        parts.append(_rect(x - 5, y - 5, 10, 10, _COLOURS.get(kind, _OTHER)))
        parts.append(_text(x + 8, y + 4, name if len(name) <= 22 else name[:21] + "…"))
    return _svg(width, height, [*parts, *_legend(sorted({kind for kind, _ in identifiers}), height - 8)])


def _legend(kinds: Sequence[str], y: float) -> Iterator[str]:
    """What the marks of the graph stand for."""
    at = 12.0
    yield f'<circle cx="{at:.1f}" cy="{y - 4:.1f}" r="4" fill="{_BARS}"/>' + _text(at + 10, y, "account")
    at += 80
    for kind in kinds:
        yield _rect(at - 5, y - 9, 10, 10, _COLOURS.get(kind, _OTHER)) + _text(at + 10, y, noun(kind))
        at += 34 + 7 * len(noun(kind))


def _circle(count: int, radius: float) -> list[tuple[float, float]]:
    turn = 2 * math.pi / max(count, 1)
    return [(360 + 1.45 * radius * math.cos(n * turn), 228 + radius * math.sin(n * turn)) for n in range(count)]


def _rect(x: float, y: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'


def _text(x: float, y: float, text: str) -> str:
    """Text with a white rim, so that it can be read where lines cross it."""
    rim = 'stroke="#ffffff" stroke-width="3" stroke-linejoin="round" paint-order="stroke"'
    look = f'font-size="11" font-family="sans-serif" fill="{_INK}" {rim}'
    return f'<text x="{x:.1f}" y="{y:.1f}" {look}>{escape(text)}</text>'


def _svg(width: int, height: int, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        + "".join(parts)
        + "</svg>"
    )
