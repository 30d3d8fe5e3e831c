"""One file of the lake, as the manifest lists it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Aggregated:
    """What a day's file of ``slots`` stands for: ``events`` that were accepted elsewhere, of one ``source``.

    ``kinds``: identifier kinds whose sightings came with it, as far as its input had any.
    """

    source: str
    events: int
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One file that counts.

    ``sums`` are sums, modulo 2^128, over hashes of the file's rows: they say what rows it holds whatever their order,
    and those of several files add up. ``last`` is the latest event time in it. ``aggregated``, on every file of a day
    that was aggregated elsewhere, says of what.
    """

    table: str
    path: str
    sha256: str
    rows: int
    size: int
    day: date | None = None
    last: datetime | None = None
    sums: tuple[int, ...] = ()
    aggregated: Aggregated | None = None

    @property
    def events(self) -> int:
        """Accepted rows that it holds or stands for; 0 for a file of what was made from them."""
        if self.table == "slots" and self.aggregated is not None:
            return self.aggregated.events
        return self.rows if self.table == "events" else 0

    def to_json(self) -> dict[str, Any]:
        """As it stands in the manifest."""
        kept: dict[str, Any] = {
            "table": self.table,
            "path": self.path,
            "sha256": self.sha256,
            "rows": self.rows,
            "size": self.size,
            "day": self.day and self.day.isoformat(),
            "last": self.last and self.last.isoformat(),
            "sums": [str(number) for number in self.sums],
        }
        if self.aggregated is not None:
            kept["aggregated"] = asdict(self.aggregated)
        return kept

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Entry:
        """From the manifest."""
        aggregated = kept.get("aggregated")
        return cls(
            kept["table"],
            kept["path"],
            kept["sha256"],
            kept["rows"],
            kept["size"],
            kept["day"] and date.fromisoformat(kept["day"]),
            kept["last"] and datetime.fromisoformat(kept["last"]),
            tuple(int(number) for number in kept["sums"]),
            aggregated and Aggregated(aggregated["source"], aggregated["events"], tuple(aggregated["kinds"])),
        )
