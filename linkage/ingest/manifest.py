"""What a cluster hands over: a folder of daily aggregates with raw values, and the manifest that says what is in it.

``linkage.spark`` writes such folders, and ``importing`` takes them in::

    OUTPUT/sightings/day=2026-04-01/*.parquet    and activity, usage, slots: the lake's tables, with names and
                                                 identifiers as text in the place of surrogate ids
    OUTPUT/files/*.parquet                       one row per source file: what became of its records
    OUTPUT/quarantine/*.parquet                  one row per record that broke a rule; no values
    OUTPUT/linkage-aggregates/*                  the manifest, JSON; written last, so a folder without it is unfinished
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from linkage.config import KIND_NAME
from linkage.ingest.columns import RESERVED_KINDS
from linkage.ingest.rules import Refusal
from linkage.model.tables import ACTIVITY, SIGHTINGS, SLOTS, USAGE

#: Folder of the manifest.
FOLDER = "linkage-aggregates"
_SCHEMA = "linkage.aggregates/1"
#: Tables by day, under the lake's names.
BY_DAY = (SIGHTINGS, ACTIVITY, USAGE, SLOTS)
FILES, QUARANTINE = "files", "quarantine"


@dataclass(frozen=True, slots=True)
class AggregatedDay:
    """One UTC day: accepted events, the latest of them, what adds up over them, and rows of each table."""

    day: date
    events: int
    last: datetime
    sums: tuple[int, ...]
    rows: dict[str, int]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a folder holds. ``kinds``: identifier kinds that were asked for. ``mapping``: digest of how it was read."""

    source: str
    mapping: str
    kinds: tuple[str, ...]
    files: int
    quarantined: int
    days: tuple[AggregatedDay, ...]

    def to_text(self) -> str:
        """One line of JSON."""
        days = [
            {
                "day": day.day.isoformat(),
                "events": day.events,
                "last": day.last.isoformat(),
                "sums": [str(number) for number in day.sums],
                "rows": day.rows,
            }
            for day in self.days
        ]
        kept: dict[str, Any] = {
            "schema": _SCHEMA,
            "source": self.source,
            "mapping": self.mapping,
            "kinds": list(self.kinds),
            "files": self.files,
            "quarantined": self.quarantined,
            "days": days,
        }
        return json.dumps(kept, sort_keys=True)


def is_aggregates(folder: Path) -> bool:
    """Whether ``folder`` holds aggregates, finished or not."""
    return (folder / FOLDER).is_dir() or all((folder / table.name).is_dir() for table in BY_DAY)


def read(folder: Path) -> Manifest:
    """The manifest in ``folder``.

    Raises:
        Refusal: there is none, or it is not one of this version.
    """
    parts = sorted(path for path in (folder / FOLDER).glob("*") if not path.name.startswith((".", "_")))
    try:
        text = "".join(path.read_text(encoding="utf-8") for path in parts)
        if not text:
            raise Refusal("aggregates.unfinished")
        kept = json.loads(text)
        if kept["schema"] != _SCHEMA:
            raise Refusal("aggregates.format")
        if not all(KIND_NAME.match(kind) and kind not in RESERVED_KINDS for kind in kept["kinds"]):
            raise Refusal("aggregates.damaged", "a kind has no name of a kind")
        if len(kept["source"]) > 256 or not kept["source"].isprintable():
            raise Refusal("aggregates.damaged", "the source has no name of a source")
        return Manifest(
            kept["source"],
            kept["mapping"],
            tuple(kept["kinds"]),
            kept["files"],
            kept["quarantined"],
            tuple(
                AggregatedDay(
                    date.fromisoformat(day["day"]),
                    day["events"],
                    datetime.fromisoformat(day["last"]),
                    tuple(int(number) for number in day["sums"]),
                    {table.name: day["rows"][table.name] for table in BY_DAY},
                )
                for day in kept["days"]
            ),
        )
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise Refusal("aggregates.damaged", "the manifest cannot be read") from fault
