"""The rules by which a row is set aside or a file refused: an id and a sentence each.

The sentence says what the rule asks for and never holds a value.
"""

from __future__ import annotations

#: Rules that set a row aside.
ROW_RULES: dict[str, str] = {
    "payment_instrument.card_number": "looks like a card number (known issuer range, valid Luhn sum); send a token",
    "account_id.missing": "account_id is empty",
    "account_id.control_characters": "account_id holds a control character",
    "account_id.too_long": "account_id is longer than 256 characters",
    "event_time.missing": "event_time is empty",
    "event_time.naive": "event_time has no offset and the mapping states no zone",
    "event_time.invalid": "event_time is not a time in the declared unit",
    "event_time.nonexistent": "event_time is a local time that clocks skipped in the mapping's zone",
    "event_time.future": "event_time is ahead of the clock by more than the tolerance",
    "event_id.too_long": "event_id is longer than 256 characters",
    "event_type.unknown": "event_type is none of request, login, signup, payment, key_created, other",
    "source.too_long": "source is longer than 256 characters",
    "ip_address.invalid": "ip_address is not an IPv4 or IPv6 address",
    "payment_instrument.too_long": "payment_instrument is longer than 256 characters",
    "template_hash.too_long": "template_hash is longer than 256 characters",
    "asn.not_integer": "asn is not a whole number",
    "asn.negative": "asn is negative",
    "country.invalid": "country is not two letters",
    "input_tokens.not_integer": "input_tokens is not a whole number",
    "input_tokens.negative": "input_tokens is negative",
    "output_tokens.not_integer": "output_tokens is not a whole number",
    "output_tokens.negative": "output_tokens is negative",
    "latency_ms.not_integer": "latency_ms is not a whole number",
    "latency_ms.negative": "latency_ms is negative",
    "cost_usd_micros.not_integer": "cost_usd_micros is not a whole number",
    "count.not_integer": "count is not a whole number",
    "count.not_positive": "count is below 1",
    "kind.missing": "kind is empty",
    "kind.invalid": "kind is not lower-case letters, digits and _ starting with a letter, or is a reserved name",
    "identifier.missing": "identifier is empty",
    "row.control_characters": "a text column of context holds a control character",
    "row.nested_value": "a mapped column holds an object or a list",
    "row.invalid_json": "the line is not valid JSON",
    "row.repeated_key": "the object gives one name two values",
    "row.not_an_object": "the line is JSON, but not an object",
    "row.columns": "the row has another number of columns than the header",
    "conflicting_event_id": "the event_id stands for another event of the same source and UTC day",
    "accounts.conflicting": "the same file gives the account other values elsewhere",
    "created_at.invalid": "created_at is not a time with an offset, or a date",
    "verified.invalid": "verified is neither true nor false",
    "cidr.invalid": "cidr is not a network",
    "cidr.conflicting": "the same file gives the network other values elsewhere",
    "model.missing": "model is empty",
    "model.conflicting": "the same file gives the model another release time elsewhere",
    "released_at.invalid": "released_at is not a time with an offset, or a date",
}

#: Rules that refuse a whole file.
FILE_RULES: dict[str, str] = {
    "file.missing": "there is no such file or folder, or the pattern matches nothing",
    "file.unreadable": "the file cannot be read",
    "file.unknown_format": "the name ends in none of .parquet, .csv, .jsonl, .ndjson, .json (optionally .gz or .zst)",
    "file.wrong_content": "the content is not what the name says",
    "file.empty": "the file holds nothing",
    "file.truncated": "the file is cut off or damaged",
    "file.encoding": "the text is not UTF-8",
    "file.nul": "the text holds a NUL byte",
    "file.quote": "a quote is misplaced or never closed (RFC 4180)",
    "file.duplicate_column": "two columns have the same name",
    "file.missing_column": "a column that is needed is not there",
    "file.column_type": "a mapped column has a type that holds no single value",
    "file.too_many_kinds": "the file holds more than 64 identifier kinds",
    "file.not_reconciled": "the rows that were read differ from an independent count of the records",
    "file.changed": "the file was changed while it was read",
    "file.day_aggregated": "a row is of a UTC day that was taken in as aggregates, so duplicates could not be told",
    "aggregates.unfinished": "the run that aggregates the events has not ended, or was interrupted",
    "aggregates.format": "the aggregates were written by another version of linkage",
    "aggregates.damaged": "the aggregates differ from what their manifest says",
    "aggregates.card_number": "the aggregates hold what looks like a card number",
    "aggregates.kinds": "identifier kinds that are on were not aggregated",
    "aggregates.fewer_events": "a UTC day has fewer events than are in of it from this source: the run missed some",
    "aggregates.day_taken": "events of a UTC day of these aggregates are in already, so duplicates could not be told",
}


class Refusal(Exception):
    """A whole file is refused; caught where files are taken one by one and reported with the file's name."""

    def __init__(self, rule: str, detail: str = "", *, read: int = 0) -> None:
        sentence = FILE_RULES[rule]
        super().__init__(f"{sentence}: {detail}" if detail else sentence)
        self.rule = rule
        self.reason = str(self)
        self.read = read
