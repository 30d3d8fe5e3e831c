"""Indicators for a partner, under the key that both hold; and those that a partner gave, as CSV or STIX 2.1.

What a partner gave is read without trust, and every record is accounted for.

A file that does not hold together is refused whole. A record that breaks a rule is set aside with its number and the
rule, never silently; what holds no indicator at all (other objects, other columns) is counted as such.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from linkage.bundles.profiles import exchange_id, exchange_name
from linkage.config import KIND_NAME
from linkage.errors import InputRefused
from linkage.model.times import from_text
from linkage.model.watch import Indicator

if TYPE_CHECKING:
    import pyarrow

#: What a STIX indicator matches that names an identifier under an exchange key: an object that only we know.
PATTERN = "[x-linkage-exchange:kind = '{kind}' AND x-linkage-exchange:hmac_sha256 = '{name}']"
#: Name of the external reference that tells which exchange key that is.
KEY_REFERENCE = "linkage-exchange-key"
#: Bounds of a file. The indicators of a cluster of 25,000 accounts take some 3 MB.
MOST_BYTES, MOST_RECORDS = 64 << 20, 500_000
_PATTERN = re.compile(
    r"\[\s*x-linkage-exchange:kind\s*=\s*'([^']{1,80})'\s+AND\s+x-linkage-exchange:hmac_sha256\s*=\s*'([^']{1,80})'\s*\]\Z"
)
_NAME = re.compile(r"[0-9a-f]{64}\Z")
_KEY = re.compile(r"[0-9a-f]{16}\Z")
_NEEDED = ("kind", "exchange")
_KNOWN = (*_NEEDED, "pseudonym", "key_id", "first_seen", "last_seen")
_RULES = {
    "fields": "has another number of fields than the header",
    "kind": "is of no identifier kind: lower-case letters, digits and _",
    "exchange": "holds no HMAC-SHA256 in hex",
    "time": "states a time that is not RFC 3339 with Z or an offset, or ends before it begins",
    "pattern": "has a pattern that does not name an identifier under an exchange key (x-linkage-exchange)",
    "revoked": "was revoked by its source",
    "valid_until": "has an end of its own: import what ends together as a file, with --expires",
}


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file's records.

    ``refused``: (number from 1, rule, reason); ``ignored``: what holds no indicator, counted. ``key_id``: of the
    exchange key that the file says it is under; empty where it does not say.
    """

    indicators: tuple[Indicator, ...]
    key_id: str
    read: int
    refused: tuple[tuple[int, str, str], ...]
    ignored: tuple[tuple[str, int], ...]


class _Broken(Exception):
    """A record breaks the rule of this name."""


def under_key(evidence: pyarrow.Table, key: bytes) -> tuple[pyarrow.Table, int]:
    """The table ``indicators`` of a bundle, and how many rows of ``evidence`` are none.

    ``evidence``: kind, pseudonym, raw, first_seen, last_seen. Without a raw value an identifier is known to nobody
    else: a schedule that a refresh has found, or what was purged.
    """
    import pyarrow
    import pyarrow.compute as compute

    table = evidence.filter(compute.is_valid(evidence["raw"]))
    names = [exchange_name(key, *pair) for pair in zip(*(table[n].to_pylist() for n in ("kind", "raw")), strict=True)]
    made = {
        "kind": table["kind"],
        "pseudonym": table["pseudonym"],
        "exchange": pyarrow.array(names, pyarrow.string()),
        "key_id": pyarrow.array([exchange_id(key)] * len(names), pyarrow.string()),
        "first_seen": table["first_seen"],
        "last_seen": table["last_seen"],
    }
    return pyarrow.table(made), evidence.num_rows - table.num_rows


def parse(data: bytes) -> Parsed:
    """The indicators of a file, CSV or STIX by its first character.

    Raises:
        InputRefused: it is neither, does not hold together, is larger than any that is foreseen, or is under several
            keys. Nothing of it counts.
    """
    if len(data) > MOST_BYTES:
        raise _refused(f"it is larger than {MOST_BYTES >> 20} MiB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise _refused("it is not text in UTF-8") from fault
    if "\0" in text:
        raise _refused("it holds a character that no text has (NUL)")
    return _stix(text) if text.lstrip()[:1] in ("{", "[") else _comma_separated(text)


def _refused(why: str) -> InputRefused:
    return InputRefused(
        f"the file of indicators was refused whole: {why}",
        hint="Nothing of it was taken in. Ask its sender for the file again, or for indicators.csv of a bundle.",
    )


def _collected(records: Iterator[tuple[Indicator | str, str]], ignored: Mapping[str, int]) -> Parsed:
    """``records``: an indicator or the rule that it breaks, and the key that it says it is under, ``""`` for none."""
    kept: list[Indicator] = []
    refused: list[tuple[int, str, str]] = []
    read, key_id = 0, ""
    for found, under in records:
        read += 1
        if read > MOST_RECORDS:
            raise _refused(f"it holds more than {MOST_RECORDS:,} records")
        if under and not _KEY.match(under):
            raise _refused(f"record {read} names an exchange key as none is called")
        if under and key_id and under != key_id:
            raise _refused(f"record {read} was made under another exchange key than those before it")
        key_id = key_id or under
        if isinstance(found, Indicator):
            kept.append(found)
        else:
            refused.append((read, found, f"record {read} {_RULES[found]}"))
    if not read:
        raise _refused("it holds no indicator")
    return Parsed(tuple(kept), key_id, read, tuple(refused), tuple(sorted(ignored.items())))


def _indicator(kind: Any, name: Any, first: Any, last: Any) -> Indicator:
    if not isinstance(kind, str) or not KIND_NAME.match(kind):
        raise _Broken("kind")
    if not isinstance(name, str) or not _NAME.match(name.lower()):
        raise _Broken("exchange")
    try:
        begin, end = (None if text in (None, "") else from_text(text) for text in (first, last))
    except (TypeError, ValueError) as fault:
        raise _Broken("time") from fault
    if begin is not None and end is not None and end < begin:
        raise _Broken("time")
    return Indicator(kind, name.lower(), begin, end)


# --- CSV -------------------------------------------------------------------------------------------------------------


def _comma_separated(text: str) -> Parsed:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header = _next(reader)
    if header is None or not set(_NEEDED) <= set(header) or len(set(header)) < len(header):
        raise _refused(f"its first line is not a header with each of {' and '.join(_NEEDED)} once")
    others = len(set(header) - set(_KNOWN))
    return _collected(_rows(reader, header), {"columns of other names": others} if others else {})


def _rows(reader: Any, header: Sequence[str]) -> Iterator[tuple[Indicator | str, str]]:
    line = reader.line_num
    while (row := _next(reader)) is not None:
        if reader.line_num != line + 1:
            # A stray quote would swallow the rows up to the next one.
            raise _refused(f"a record runs over several lines, from line {line + 1} on")
        line = reader.line_num
        if len(row) != len(header):
            yield "fields", ""
            continue
        cells = dict(zip(header, row, strict=True))
        try:
            found = _indicator(cells["kind"], cells["exchange"], cells.get("first_seen"), cells.get("last_seen"))
        except _Broken as fault:
            yield str(fault), cells.get("key_id", "")
        else:
            yield found, cells.get("key_id", "")


def _next(reader: Any) -> list[str] | None:
    try:
        row: list[str] | None = next(reader, None)
    except csv.Error as fault:
        raise _refused(f"line {reader.line_num} is not CSV") from fault
    return row


# --- STIX ------------------------------------------------------------------------------------------------------------


def _stix(text: str) -> Parsed:
    try:
        bundle = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as fault:
        raise _refused("it is not JSON, names something twice, or is nested deeper than any STIX") from fault
    objects = bundle.get("objects") if isinstance(bundle, dict) else None
    if not isinstance(objects, list) or bundle.get("type") != "bundle":
        raise _refused("it is JSON, and not a STIX bundle with objects")
    if not all(isinstance(one, dict) and isinstance(one.get("type"), str) for one in objects):
        raise _refused("it holds something that is no STIX object")
    ignored: dict[str, int] = {}
    for one in objects:
        if one["type"] != "indicator":
            what = f"object {one['type']}" if KIND_NAME.match(one["type"].replace("-", "_")) else "object of no type"
            ignored[what] = ignored.get(what, 0) + 1
    return _collected(_patterns(objects), ignored)


def _patterns(objects: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Indicator | str, str]]:
    known = {one["id"]: one for one in objects if isinstance(one.get("id"), str)}
    indicated = {
        str(one.get("source_ref")): known.get(str(one.get("target_ref")), {})
        for one in objects
        if one["type"] == "relationship" and one.get("relationship_type") == "indicates"
    }
    for one in objects:
        if one["type"] != "indicator":
            continue
        try:
            yield _pattern(one, indicated.get(str(one.get("id")), {})), _key_of(one)
        except _Broken as fault:
            yield str(fault), ""


def _pattern(one: Mapping[str, Any], indicated: Mapping[str, Any]) -> Indicator:
    for rule in ("revoked", "valid_until"):
        if one.get(rule):
            raise _Broken(rule)
    found = _PATTERN.match(str(one.get("pattern")).strip())
    if found is None or one.get("pattern_type") != "stix":
        raise _Broken("pattern")
    return _indicator(
        found[1], found[2], indicated.get("first_seen", one.get("valid_from")), indicated.get("last_seen")
    )


def _key_of(one: Mapping[str, Any]) -> str:
    references = one.get("external_references")
    for reference in references if isinstance(references, list) else ():
        if isinstance(reference, dict) and reference.get("source_name") == KEY_REFERENCE:
            return str(reference.get("external_id"))
    return ""


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


def _no_number(_text: str) -> Any:
    raise ValueError
