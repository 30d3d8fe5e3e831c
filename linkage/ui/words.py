"""Figures, kinds and states in words: what every page prints the same way. Nothing here reads anything."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from linkage.model.kinds import SCHEDULE

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class KindWords:
    """How an identifier kind is shown: a noun, its plural, and a shape of the graph. Colour is never the only sign."""

    one: str
    many: str
    shape: str
    hue: str


#: Hues are names that the graph component and the charts resolve per theme, so that contrast holds in both.
KINDS: dict[str, KindWords] = {
    "ip_address": KindWords("address", "addresses", "diamond", "blue"),
    "payment_instrument": KindWords("card", "cards", "round-rectangle", "orange"),
    "prompt_template": KindWords("template", "templates", "hexagon", "green"),
    SCHEDULE: KindWords("schedule", "schedules", "pentagon", "red"),
    "canary": KindWords("canary", "canaries", "star", "red"),
    "device_id": KindWords("device", "devices", "triangle", "violet"),
    "organization_id": KindWords("organization", "organizations", "octagon", "violet"),
    "api_key_id": KindWords("API key", "API keys", "tag", "violet"),
    "user_agent": KindWords("user agent", "user agents", "rhomboid", "violet"),
    "email_hash": KindWords("e-mail hash", "e-mail hashes", "vee", "violet"),
    "phone_hash": KindWords("phone hash", "phone hashes", "heptagon", "violet"),
}

#: Tier → what it means, in the words of the queue.
TIERS: dict[int, str] = {1: "1 · flagged", 2: "2 · for a person", 3: "3 · linked only"}

TIER_MEANING: dict[int, str] = {
    1: "Linkage is validated, and the evidence of coordinated abuse passes the bar.",
    2: (
        "Linkage is validated; the evidence of abuse is near the bar, of one kind, or only in how things are shared, or"
        " members have a site or an organization of their own. A person decides."
    ),
    3: "Linked only. Linked is not abusive: a company, a class or a family is linked too.",
}

LINEAGE: dict[str, str] = {
    "new": "new",
    "continued": "continued",
    "grew": "grew ▲",
    "shrank": "shrank ▼",
    "merged": "merged",
    "split": "split off",
    "revived": "back again",
    "dissolved": "dissolved",
}

VERDICTS: dict[str, str] = {
    "confirmed": "Confirmed",
    "benign": "Benign",
    "reseller": "Reseller",
    "compromised": "Compromised",
    "inconclusive": "Inconclusive",
}

#: Status of a case → what it means for the reader, and the colour of its badge.
STATUSES: dict[str, tuple[str, str]] = {
    "open": ("somebody looks at it", "blue"),
    "proposed": ("a verdict waits for another person", "orange"),
    "returned": ("the verdict was sent back", "yellow"),
    "approved": ("two people decided", "green"),
    "reinstated": ("a verdict against the accounts was lifted", "green"),
    "closed": ("nothing is left to do", "gray"),
    "reopened": ("taken up again", "blue"),
    "appealed": ("taken up again, because those whom it is about object", "red"),
}

#: Shown for a figure that is not known.
NONE = "–"
#: Between a figure and its unit, which must not part at the end of a line.
_THIN = "\u00a0"


def kind_words(kind: str) -> KindWords:
    """Words of ``kind``; a kind that only a configuration knows keeps its own name."""
    known = KINDS.get(kind)
    if known is not None:
        return known
    name = kind.replace("_", " ")
    return KindWords(name, f"{name} values", "pentagon", "violet")


def identifier_label(kind: str, identifier: int) -> str:
    """Masked name of an identifier: its kind and its surrogate number, never its value."""
    return f"{kind_words(kind).one} #{identifier}"


def whole(value: Any) -> str:
    """A count with thousands separated: ``27,533``."""
    return NONE if _missing(value) else f"{int(value):,}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """A count with its noun: ``1 account``, ``25,000 accounts``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def short(value: Any) -> str:
    """A large count in three figures: ``1.24 M``."""
    if _missing(value):
        return NONE
    number = float(value)
    for size, unit in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= size:
            digits = ".3g" if abs(number) < 999.5 * size else ",.0f"
            return f"{number / size:{digits}}{_THIN}{unit}"
    return f"{number:,.0f}"


def share(part: float, of: float) -> str:
    """``part`` of ``of`` as whole per cent; never rounded to 100 or to 0 when it is not."""
    if of <= 0:
        return NONE
    percent = 100 * part / of
    if part > 0 and percent < 1:
        return f"< 1{_THIN}%"
    if part < of and percent > 99:
        return f"> 99{_THIN}%"
    return f"{percent:.0f}{_THIN}%"


def dollars(micros: Any) -> str:
    """Millionths of a US dollar as dollars."""
    if _missing(micros):
        return NONE
    amount = float(micros) / 1e6
    return f"${amount:,.0f}" if amount >= 1_000 else f"${amount:,.2f}"


def decimal(value: Any, digits: int = 2) -> str:
    """A plain decimal; – when unknown."""
    return NONE if _missing(value) else f"{float(value):,.{digits}f}"


def signed(value: Any, digits: int = 2) -> str:
    """A decimal with its sign, a real minus for the negative."""
    if _missing(value):
        return NONE
    return f"{float(value):+,.{digits}f}".replace("-", "−")


def split_points(reason: str) -> tuple[str, str]:
    """A top reason as its words and the points that stand before them, ``""`` where there are none."""
    points = _POINTS.match(reason)
    return (reason[points.end() :], points[1]) if points else (reason, "")


def probability(value: Any) -> str:
    """A p or q value: three figures, a bound where it would read as zero."""
    if _missing(value):
        return NONE
    number = float(value)
    if number < 0.001:
        return "< 0.001"
    return f"{number:.3f}".rstrip("0").rstrip(".") or "0"


def day(value: Any) -> str:
    """A day as YYYY-MM-DD."""
    if _missing(value):
        return NONE
    if isinstance(value, (date, datetime)):
        return f"{value:%Y-%m-%d}"
    return str(value)[:10]


def moment(value: Any) -> str:
    """A time to the minute, UTC."""
    return NONE if _missing(value) else f"{value:%Y-%m-%d %H:%M} UTC"


def kind_list(kinds: Iterable[str]) -> str:
    """Kinds as people call them: ``cards, templates``."""
    return ", ".join(kind_words(kind).many for kind in kinds)


def code_words(code: str) -> str:
    """A reason's code in words: ``no private work``."""
    return code.replace("_", " ")


def plain(text: str) -> str:
    """``text`` so that Markdown shows it letter by letter: names come from outside and may hold anything.

    What would become a link by itself is held together by a letter that has no width (U+2060) and no backslash stops.
    """
    line = _LINKS.sub(lambda found: f"{found[0]}\u2060", " ".join(str(text).split()))
    return "".join(f"\\{letter}" if letter in _MARKDOWN else letter for letter in line)


#: What stands before the words of an abuse term among the top reasons.
_POINTS = re.compile(r"([+\u2212-]\d+(?:\.\d+)?) ")
_MARKDOWN = frozenset("\\`*_{}[]()<>#+-.!|~$:&")
#: Where a link of its own begins: https://…, www.…, name@host.
_LINKS = re.compile(r":(?=//)|www(?=\.)|[^\s](?=@)", re.IGNORECASE)


def _missing(value: Any) -> bool:
    # pandas' NaT and NA are not numbers; both answer to comparison with themselves in their own way.
    if value is None:
        return True
    if isinstance(value, float):
        return math.isnan(value)
    return str(value) in {"NaT", "<NA>"}
