"""From a file's columns to the statements that make canonical rows of them.

Two projections. The first (`admit.sql`) types the columns, hashes prompts and drops card numbers, before anything can
spill to disk. The second (`stage.sql`) makes values canonical, digests the row and names the first rule it breaks.
Names in the statements come from the contract, or match KIND_NAME; values travel as parameters.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa

from linkage.ingest.columns import (
    CONTRACT_KINDS,
    DESCRIPTIONS,
    EVENT_TYPES,
    INTEGERS,
    SHORT,
    raw_column,
    source_column,
    staged_column,
)
from linkage.ingest.mapping import Mapping
from linkage.ingest.statements import quoted, render
from linkage.ingest.times import reading

#: Between the fields of what is digested.
_SEPARATOR = "chr(31)"
_LITERAL_TYPES = ", ".join(f"'{name}'" for name in EVENT_TYPES)


@dataclass(frozen=True, slots=True)
class Shape:
    """What decides the statements of a file: its layout, its columns with their types, and where values come from.

    ``types`` is contract column → Arrow type, ``sources`` their names in the file. ``lines``: the chunk holds JSON.
    ``extra``: configured kinds besides the contract's. ``stated_source``: the source is not read from a column.
    """

    mapping: Mapping
    types: dict[str, pa.DataType]
    sources: tuple[str, ...]
    lines: bool
    extra: tuple[str, ...]
    stated_source: bool

    def has(self, target: str) -> bool:
        """Whether the file has a column for ``target``."""
        return target in self.types


def admit(shape: Shape) -> str:
    """Statement of the first projection."""
    time = reading(shape.types["event_time"], shape.mapping.time)
    integers = [name for name in (*INTEGERS, "count") if shape.has(name)]
    texts = [name for name in shape.types if name not in integers and name != "event_time"]
    checked = [name for name in integers if not pa.types.is_integer(shape.types[name])]
    parts = {
        "relation": lines_relation(shape.types) if shape.lines else "chunk",
        "row_rule": "given._row_rule" if shape.lines else "CAST(NULL AS VARCHAR)",
        "texts": ",\n            ".join(
            [
                *(f"{_or_null(shape, name)} AS {quoted(_admitted(name))}" for name in texts),
                *(f"{_or_null(shape, name)} AS {quoted(name + '_given')}" for name in integers),
                f"{_or_null(shape, 'event_time')} AS given_time",
            ]
        ),
        "guarded": ",\n        ".join(_guarded(shape, texts)),
        "numbers": "".join(f"{_number(shape, name)} AS {quoted(name)},\n        " for name in integers)
        + "".join(f"{quoted(name + '_given')},\n        " for name in checked),
        "instant": time.instant,
        "local": time.local,
        "resolved": time.resolved,
        "zone_missing": "true" if time.zone is None else "false",
        "skipped": time.skipped,
        "kept": ",\n    ".join(quoted(name) for name in [*_guarded_names(shape, texts), *integers]),
        "number_rules": " ".join(_number_rules(integers, checked)) or "WHEN false THEN ''",
        "amiss": "".join(
            f",\n        CASE WHEN {quoted(name)} IS NULL THEN {quoted(name + '_given')} END" for name in checked
        ),
    }
    return render("admit", parts)


def lines_relation(targets: Iterable[str]) -> str:
    """A chunk of JSON lines as a relation with the columns ``targets``, in the order of the parameter $paths."""
    fields = [f"fields[{place}] AS {quoted(name)}" for place, name in enumerate(targets, start=1)]
    return render("json_lines", {"columns": ",\n        ".join(fields)})


def _or_null(shape: Shape, name: str) -> str:
    """The given value, or NULL where it is empty or the mapping says that it stands for none."""
    value = f"given.{quoted(name)}"
    kind = shape.types[name]
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        plain = f"nullif({value}, '')"
        return f"CASE WHEN NOT list_contains($nulls, {value}) THEN {plain} END" if _odd_nulls(shape) else plain
    if _odd_nulls(shape):
        return f"CASE WHEN NOT list_contains($nulls, CAST({value} AS VARCHAR)) THEN {value} END"
    return value


def _odd_nulls(shape: Shape) -> bool:
    return any(null for null in shape.mapping.nulls)


def _guarded_names(shape: Shape, texts: list[str]) -> list[str]:
    names = [_admitted(name) for name in texts if name not in ("prompt", "template_hash")]
    if shape.has("prompt") or shape.has("template_hash"):
        names.append("template_hash")
    return [*names, "card"]


def _guarded(shape: Shape, texts: list[str]) -> list[str]:
    """Text columns with card numbers dropped and prompts hashed."""
    columns = [quoted(_admitted(name)) for name in texts if name not in _GUARDED]
    if shape.mapping.layout == "long":
        kind = "coalesce(list_extract($kinds_to, list_position($kinds_from, kind)), kind)"
        card = f"coalesce({kind} = 'payment_instrument' AND is_card(identifier), false)"
        return [
            *columns,
            f"CASE WHEN {kind} IN ('prompt', 'template_hash') THEN 'prompt_template' ELSE {kind} END AS kind",
            f"CASE WHEN {card} THEN NULL WHEN {kind} = 'prompt' "
            "THEN keyed(prompt_template(identifier), $inner, $outer) ELSE identifier END AS identifier",
            f"{card} AS card",
        ]
    if shape.has("prompt"):
        hashed = "CASE WHEN prompt IS NOT NULL THEN keyed(prompt_template(prompt), $inner, $outer) END"
        columns.append(f"coalesce({'template_hash, ' if shape.has('template_hash') else ''}{hashed}) AS template_hash")
    elif shape.has("template_hash"):
        columns.append("template_hash")
    if shape.has("payment_instrument"):
        card = "coalesce(is_card(payment_instrument), false)"
        columns += [
            f"CASE WHEN NOT {card} THEN payment_instrument END AS payment_instrument",
            f"{card} AS card",
        ]
    else:
        columns.append("false AS card")
    return columns


#: Columns that do not leave the first projection as they came.
_GUARDED = ("prompt", "template_hash", "payment_instrument", "kind", "identifier")


def _admitted(name: str) -> str:
    """Name in `admitted`: a given source is not yet the row's source."""
    return "source_given" if name == "source" else raw_column(name)


def _number(shape: Shape, name: str) -> str:
    given = quoted(name + "_given")
    kind = shape.types[name]
    if pa.types.is_integer(kind):
        return given
    return f"whole_real({given})" if pa.types.is_floating(kind) else f"whole_text({given})"


def _number_rules(integers: list[str], checked: list[str]) -> Iterable[str]:
    for name in integers:
        if name in checked:
            yield f"WHEN {quoted(name + '_given')} IS NOT NULL AND {quoted(name)} IS NULL THEN '{name}.not_integer'"
        if name == "count":
            yield "WHEN count < 1 THEN 'count.not_positive'"
        elif INTEGERS[name]:
            yield f"WHEN {quoted(name)} < 0 THEN '{name}.negative'"


def kinds_of(shape: Shape, found: Iterable[str]) -> tuple[str, ...]:
    """Identifier kinds that the file can give: its columns, or in the long layout the kinds ``found`` in it."""
    if shape.mapping.layout == "long":
        return tuple(sorted(found))
    kinds = (*CONTRACT_KINDS, *shape.extra)
    return tuple(
        kind for kind in kinds if shape.has(source_column(kind)) or (kind == _TEMPLATE and shape.has("prompt"))
    )


_TEMPLATE = "prompt_template"


def staged_columns(shape: Shape, kinds: Iterable[str]) -> dict[str, str]:
    """Columns of the staged rows besides the fixed ones, with their types."""
    columns = {staged_column(kind): "VARCHAR" for kind in kinds}
    if shape.mapping.layout == "events":
        columns |= {name: "VARCHAR" for name in (*DESCRIPTIONS, "country") if shape.has(name)}
        columns |= {name: "BIGINT" for name in INTEGERS if shape.has(name)}
    return columns


def stage(shape: Shape, kinds: tuple[str, ...], admitted: str, *, odd_addresses: bool) -> str:
    """Statement of the second projection over ``admitted``, with a column for each of ``kinds``.

    Without ``odd_addresses`` every address is a plain dotted quad, which is canonical as it stands.
    """
    long = shape.mapping.layout == "long"
    value = _long_value if long else _wide_value
    columns = ["account_id", f"{'coalesce(count, 1)' if long and shape.has('count') else '1'} AS events"]
    columns.append(f"{_event_type(shape)} AS event_type")
    columns += [f"{value(kind)} AS {quoted(staged_column(kind))}" for kind in kinds]
    if not long:
        columns += [name for name in (*DESCRIPTIONS, *INTEGERS) if shape.has(name)]
        columns += ["upper(country) AS country"] if shape.has("country") else []
    ip = "CAST(NULL AS VARCHAR)"
    if long:
        ip = "CASE WHEN admitted.kind = 'ip_address' THEN admitted.identifier END"
    elif shape.has("ip_address"):
        ip = "admitted.ip_address"
    source = "admitted.source_given" if shape.has("source") and not shape.stated_source else "CAST(NULL AS VARCHAR)"
    fields = _long_fields(shape) if long else _wide_fields(shape)
    parts = {
        "too_long": "\n        ".join(_too_long(shape)),
        "layout_rules": "\n        ".join(_long_rules() if long else _wide_rules(shape)),
        "event_key": _event_key(shape),
        "columns": ",\n    ".join(columns),
        "text": _joined([*fields, f"concat({', '.join([*_further_fields(shape), 'amiss'])})"], _all_text(shape)),
        "source": f"coalesce({source}, $source)",
        "ip_given": ip,
        "ip_value": f"CASE WHEN quad({ip}) THEN {ip} ELSE addresses.canonical END" if odd_addresses else ip,
        "addresses": f"LEFT JOIN addresses ON addresses.given = {ip}" if odd_addresses else "",
        "admitted": admitted,
    }
    return render("stage", parts)


def ip_column(shape: Shape) -> str | None:
    """Where addresses stand in `admitted`, as an expression; None where the file has none."""
    if shape.mapping.layout == "long":
        return "CASE WHEN kind = 'ip_address' THEN identifier END"
    return "ip_address" if shape.has("ip_address") else None


def _wide_value(kind: str) -> str:
    if kind in ("asn", "country"):
        return f"upper(CAST({kind} AS VARCHAR))"
    return "ip_value" if kind == "ip_address" else quoted(raw_column(source_column(kind)))


def _long_value(kind: str) -> str:
    return f"CASE WHEN kind = '{kind}' THEN {'ip_value' if kind == 'ip_address' else 'identifier'} END"


def _joined(fields: list[str], texts: list[str]) -> str:
    """``fields`` as one text that no other fields give: as JSON where one of ``texts`` holds the separator itself."""
    plain = f"concat({(', ' + _SEPARATOR + ', ').join(fields)})"
    as_json = f"CAST(json_array({', '.join(f'concat({field})' for field in fields)}) AS VARCHAR)"
    return f"CASE WHEN contains(concat({', '.join(texts)}), {_SEPARATOR}) THEN {as_json} ELSE {plain} END"


def _event_type(shape: Shape) -> str:
    return "coalesce(event_type, 'request')" if shape.has("event_type") else "'request'"


def _event_key(shape: Shape) -> str:
    own = "CAST(substr(content, 1, 32) AS UUID)"
    if not shape.has("event_id"):
        return own
    day = "CAST(CAST(event_time AS DATE) AS VARCHAR)"
    text = _joined(["source", "event_id", day], ["source", "event_id"])
    named = f"CAST(substr(sha256({text}), 1, 32) AS UUID)"
    return f"CASE WHEN event_id IS NULL THEN {own} ELSE {named} END"


def _too_long(shape: Shape) -> Iterable[str]:
    for name in SHORT:
        column = "source" if name == "source" else quoted(name)
        present = shape.has(name) or (name == "template_hash" and shape.has("prompt"))
        if present:
            # Bytes first: they are free to count, and characters are never more.
            yield f"WHEN strlen({column}) > 256 AND length({column}) > 256 THEN '{name}.too_long'"
    if shape.mapping.layout == "long":
        for kind, rule in (("payment_instrument", "payment_instrument"), ("prompt_template", "template_hash")):
            yield f"WHEN kind = '{kind}' AND length(identifier) > 256 THEN '{rule}.too_long'"


def _wide_rules(shape: Shape) -> Iterable[str]:
    if shape.has("event_type"):
        yield f"WHEN event_type NOT IN ({_LITERAL_TYPES}) THEN 'event_type.unknown'"
    if shape.has("country"):
        yield "WHEN NOT regexp_full_match(country, '[A-Za-z]{2}') THEN 'country.invalid'"


def _long_rules() -> Iterable[str]:
    yield "WHEN kind IS NULL THEN 'kind.missing'"
    yield "WHEN NOT regexp_full_match(kind, '[a-z][a-z0-9_]{0,62}') THEN 'kind.invalid'"
    yield "WHEN list_contains($reserved, kind) THEN 'kind.invalid'"
    yield "WHEN identifier IS NULL THEN 'identifier.missing'"


def _all_text(shape: Shape) -> list[str]:
    skipped = {"event_time", "count", "prompt", "source", *INTEGERS}
    names = [quoted(raw_column(name)) for name in shape.types if name not in skipped]
    if shape.has("prompt") and not shape.has("template_hash"):
        names.append("template_hash")
    return [*names, "source"]


def _wide_fields(shape: Shape) -> list[str]:
    """Fields of a row's digest that the contract has, in a fixed order."""
    special = {
        "event_type": _event_type(shape),
        "ip_address": "coalesce(ip_value, ip_given)",
        "country": "upper(country)",
    }
    fields = ["source", "epoch_us(event_time)", "account_id"]
    for name in _DIGESTED:
        present = shape.has(name) or name == "event_type" or (name == "template_hash" and shape.has("prompt"))
        fields.append(special.get(name, quoted(name)) if present else "''")
    return fields


def _further_fields(shape: Shape) -> Iterable[str]:
    """Configured kinds in a row's digest, by name: a kind that a row does not have leaves no trace."""
    for kind in sorted(shape.extra):
        if shape.has(kind) and kind not in _DIGESTED and shape.mapping.layout == "events":
            value = quoted(raw_column(kind))
            yield f"CASE WHEN {value} IS NOT NULL THEN concat({_SEPARATOR}, '{kind}=', {value}) END"


def _long_fields(shape: Shape) -> list[str]:
    count = "coalesce(count, 1)" if shape.has("count") else "1"
    value = "CASE WHEN kind = 'ip_address' THEN coalesce(ip_value, ip_given) ELSE identifier END"
    return ["'long'", "source", "epoch_us(event_time)", "account_id", "kind", value, count]


#: Contract columns in a row's digest, in order. A column that the contract gains goes to the end.
_DIGESTED = (
    "event_type",
    *(source_column(kind) for kind in CONTRACT_KINDS),
    "asn",
    "country",
    *DESCRIPTIONS,
    "input_tokens",
    "output_tokens",
    "latency_ms",
    "cost_usd_micros",
)
