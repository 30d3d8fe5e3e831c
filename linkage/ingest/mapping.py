"""Mapping files (`linkage.mapping/1`): how somebody else's columns become ours."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError, field_validator, model_validator

from linkage.config import KIND_NAME, Section, Settings
from linkage.errors import ConfigurationError
from linkage.ingest.columns import EVENT_COLUMNS, LONG_COLUMNS, RESERVED_KINDS

#: Source name of events for which nobody gave one.
DEFAULT_SOURCE = "default"


class TimeMapping(Section):
    """Where the time stands and how it is written."""

    column: Annotated[str | None, Field(description="source column of event_time")] = None
    unit: Annotated[
        Literal["rfc3339", "date", "s", "ms", "us", "ns"],
        Field(description="rfc3339 (also ISO 8601 with an offset), date (midnight in zone), or the unit of an epoch"),
    ] = "rfc3339"
    zone: Annotated[str | None, Field(description="IANA zone of times without an offset, and of dates")] = None

    @field_validator("zone")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                ZoneInfo(value)
            except (ZoneInfoNotFoundError, ValueError, OSError) as fault:
                raise ValueError("not a zone of the IANA time zone database") from fault
        return value


class Mapping(Section):
    """A mapping file; every part is optional and the defaults read a file in the contract's own columns."""

    schema_: Annotated[Literal["linkage.mapping/1"], Field(alias="schema")] = "linkage.mapping/1"
    layout: Literal["events", "long"] = "events"
    source: Annotated[str, Field(max_length=256, description="name of the export; empty: not stated")] = ""
    nulls: Annotated[tuple[str, ...], Field(description="texts that stand for no value")] = ("",)
    time: TimeMapping = TimeMapping()
    columns: Annotated[dict[str, str], Field(description="contract column = source column")] = {}
    kinds: Annotated[dict[str, str], Field(description="long layout: kind in the file = kind in linkage")] = {}

    @field_validator("source")
    @classmethod
    def _printable(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("a source name holds no control characters")
        return value

    @field_validator("kinds")
    @classmethod
    def _kind_names(cls, value: dict[str, str]) -> dict[str, str]:
        for kind in value.values():
            if not KIND_NAME.match(kind) or kind in RESERVED_KINDS:
                raise ValueError("a kind is lower-case letters, digits and _, starts with a letter and is not reserved")
        return value

    @model_validator(mode="after")
    def _one_time_column(self) -> Mapping:
        stated = self.columns.get("event_time")
        if stated is not None and self.time.column is not None and stated != self.time.column:
            raise ValueError("[time] column and [columns] event_time name different columns")
        if self.layout == "events" and self.kinds:
            raise ValueError("[kinds] belongs to layout = 'long'")
        return self

    def targets(self, settings: Settings) -> tuple[str, ...]:
        """Contract columns of the layout, and in layout ``events`` the configured kinds besides."""
        if self.layout == "long":
            return LONG_COLUMNS
        extra = tuple(kind for kind in settings.kinds if kind not in EVENT_COLUMNS and kind != "prompt_template")
        return EVENT_COLUMNS + extra

    def assign(self, settings: Settings, present: tuple[str, ...] | None) -> dict[str, str]:
        """Contract column → source column, for the columns of one file (``present``; None: not known beforehand).

        Stated columns first; then a source column that carries a contract column's name and is not taken already.
        """
        targets = self.targets(settings)
        chosen = {target: name for target, name in self.columns.items() if target in targets}
        if self.time.column is not None:
            chosen["event_time"] = self.time.column
        taken = set(self.columns.values()) | set(chosen.values())
        for target in targets:
            if target not in chosen and target not in taken and (present is None or target in present):
                chosen[target] = target
        return chosen

    def without_use(self, settings: Settings) -> tuple[str, ...]:
        """Names in ``[columns]`` that neither the contract nor ``[[identifiers]]`` knows: dropped, and said so."""
        return tuple(sorted(set(self.columns) - set(self.targets(settings))))

    def digest(self, source: str | None, settings: Settings) -> str:
        """SHA-256, hex, over everything besides a file's bytes that decides what its rows become."""
        parts = {
            "mapping": self.model_dump(mode="json", by_alias=True),
            "source": source,
            "kinds": [kind for kind in settings.kinds if kind not in EVENT_COLUMNS],
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def load(path: Path | None) -> Mapping:
    """The mapping of the TOML file at ``path``; without one, the contract's own columns.

    Raises:
        ConfigurationError: no such file, not TOML, an unknown key or a value out of range; names the key.
    """
    if path is None:
        return Mapping()
    try:
        return Mapping.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except OSError as fault:
        raise ConfigurationError(f"mapping {path.name}: cannot be read ({fault.strerror})", hint=_HINT) from fault
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise ConfigurationError(f"mapping {path.name}: not valid TOML: {fault}", hint=_HINT) from fault
    except ValidationError as fault:
        first = fault.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "file"
        raise ConfigurationError(f"mapping {path.name}: {where}: {first['msg']}", hint=_HINT) from fault


_HINT = "Mend the mapping file; docs/reference names every key."
