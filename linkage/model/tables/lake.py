"""Tables of the lake: written by ingest, read by refresh."""

from __future__ import annotations

from linkage.model.tables.table import Table
from linkage.model.tables.table import column as _c

#: Identifier columns of the event contract that are stored as surrogate ids. A column of another name becomes one
#: when ``[[identifiers]]`` of the configuration names it, or when it is a kind of a file in long layout.
IDENTIFIER_COLUMNS = (
    "ip_address",
    "payment_instrument",
    "prompt_template",
    "organization_id",
    "api_key_id",
    "session_id",
    "end_user_id",
    "device_id",
    "user_agent",
    "email_hash",
    "phone_hash",
    "canary",
)

#: Kinds that link accounts without any configuration.
DEFAULT_KINDS = ("ip_address", "payment_instrument", "prompt_template", "canary")

EVENTS = Table(
    "events",
    "One accepted event; partitioned by UTC day. Identifier columns follow, one BIGINT surrogate id per kind.",
    (
        _c("event_key", "UUID", "first 128 bits of SHA-256 over (source, event_id, UTC day)"),
        _c("digest", "UUID", "first 128 bits of SHA-256 over the canonical mapped row"),
        _c("source", "VARCHAR", "name of the export it came from"),
        _c("event_type", "VARCHAR", "request, login, signup, payment, key_created or other"),
        _c("event_time", "TIMESTAMP", "UTC"),
        _c("account", "BIGINT", "surrogate id of the account"),
        _c("events", "BIGINT", "how many events the row stands for (1, or `count` of the long layout)"),
        _c("asn", "BIGINT", "autonomous system of the address", null=True),
        _c("country", "VARCHAR", "ISO 3166 alpha-2 code of the address", null=True),
        _c("model", "VARCHAR", "model asked", null=True),
        _c("operation", "VARCHAR", "operation", null=True),
        _c("status", "VARCHAR", "outcome", null=True),
        _c("region", "VARCHAR", "serving region", null=True),
        _c("capability", "VARCHAR", "capability the exchange draws on", null=True),
        _c("input_tokens", "BIGINT", "tokens in", null=True),
        _c("output_tokens", "BIGINT", "tokens out", null=True),
        _c("latency_ms", "BIGINT", "latency, milliseconds", null=True),
        _c("cost_usd_micros", "BIGINT", "cost, millionths of a US dollar", null=True),
    ),
)

SIGHTINGS = Table(
    "sightings",
    "An account seen with an identifier on a UTC day.",
    (
        _c("day", "DATE", "UTC day"),
        _c("account", "BIGINT", "surrogate id of the account"),
        _c("kind", "VARCHAR", "identifier kind"),
        _c("identifier", "BIGINT", "surrogate id of the identifier"),
        _c("events", "BIGINT", "events that day"),
        _c("tokens", "BIGINT", "input + output tokens that day"),
        _c("first_seen", "TIMESTAMP", "first event that day"),
        _c("last_seen", "TIMESTAMP", "last event that day"),
        _c("asn", "BIGINT", "smallest autonomous system reported with the address", null=True),
        _c("country", "VARCHAR", "smallest country code reported with the address", null=True),
    ),
)

ACTIVITY = Table(
    "activity",
    "What an account did on a UTC day, whatever identifiers it used.",
    (
        _c("day", "DATE", "UTC day"),
        _c("account", "BIGINT", "surrogate id of the account"),
        _c("events", "BIGINT", "events that day"),
        _c("input_tokens", "BIGINT", "tokens in"),
        _c("output_tokens", "BIGINT", "tokens out"),
        _c("cost_usd_micros", "BIGINT", "cost"),
        _c("first_seen", "TIMESTAMP", "first event that day"),
        _c("last_seen", "TIMESTAMP", "last event that day"),
        _c("hours", "INTEGER", "bit h is set when the account was active in UTC hour h"),
    ),
)

USAGE = Table(
    "usage",
    "What an account drew on during a UTC day: one row per model and capability.",
    (
        _c("day", "DATE", "UTC day"),
        _c("account", "BIGINT", "surrogate id of the account"),
        _c("model", "VARCHAR", "model asked", null=True),
        _c("capability", "VARCHAR", "capability drawn on", null=True),
        _c("events", "BIGINT", "events"),
        _c("tokens", "BIGINT", "input + output tokens"),
        _c("cost_usd_micros", "BIGINT", "cost"),
    ),
)

SLOTS = Table(
    "slots",
    "When an account was active, on UTC days that were aggregated elsewhere; of other days the events say it.",
    (
        _c("day", "DATE", "UTC day"),
        _c("account", "BIGINT", "surrogate id of the account"),
        _c("slot", "BIGINT", "ten-minute slot with an event, counted from 1970"),
    ),
)

IDENTITIES = Table(
    "identities",
    "The one table that holds raw values. `kind` is an identifier kind, or 'account'.",
    (
        _c("kind", "VARCHAR", "identifier kind, or 'account'"),
        _c("id", "BIGINT", "surrogate id, unique over all kinds of the workspace"),
        _c("value", "VARCHAR", "canonical raw value"),
        _c("prefix", "VARCHAR", "addresses only: /24 of v4, /48 of v6, in CIDR", null=True),
        _c("private", "BOOLEAN", "addresses only: private, CGNAT, loopback, link-local or reserved", null=True),
    ),
)

ACCOUNTS = Table(
    "accounts",
    "What the provider knows of an account; the newest file stands. Its domain and organization are surrogate ids.",
    (
        _c("account", "BIGINT", "surrogate id of the account"),
        _c("created_at", "TIMESTAMP", "when the account was made", null=True),
        _c("email_domain", "BIGINT", "surrogate id, kind 'email_domain'", null=True),
        _c("organization", "BIGINT", "surrogate id, kind 'organization_id'", null=True),
        _c("tier", "VARCHAR", "price tier", null=True),
        _c("verified", "BOOLEAN", "identity or phone verified", null=True),
        _c("status", "VARCHAR", "active, closed, banned, …", null=True),
    ),
)

ADDRESS_RANGES = Table(
    "address_ranges",
    "Context of address ranges.",
    (
        _c("cidr", "VARCHAR", "canonical network"),
        _c("asn", "BIGINT", "autonomous system", null=True),
        _c("kind", "VARCHAR", "hosting, vpn, residential, mobile, campus, …", null=True),
    ),
)

MODEL_RELEASES = Table(
    "model_releases",
    "When a model became available.",
    (
        _c("model", "VARCHAR", "model name as in events"),
        _c("released_at", "TIMESTAMP", "UTC"),
    ),
)

LEDGER = Table(
    "ledger",
    "One row per source file that was ever offered.",
    (
        _c("file_digest", "VARCHAR", "SHA-256 of the file's bytes, hex"),
        _c("file_name", "VARCHAR", "base name of the file, for people; never a path"),
        _c("mapping_digest", "VARCHAR", "SHA-256 over mapping, source name and identifier settings"),
        _c("source", "VARCHAR", "name of the export"),
        _c("format", "VARCHAR", "parquet, csv or jsonl"),
        _c("read", "BIGINT", "records in the file, by a count that is independent of the reader"),
        _c("accepted", "BIGINT", "rows accepted"),
        _c("duplicate", "BIGINT", "rows that were in already"),
        _c("quarantined", "BIGINT", "rows set aside"),
        _c("refused", "VARCHAR", "rule by which the whole file was refused", null=True),
        _c("reason", "VARCHAR", "why it was refused, in a sentence", null=True),
    ),
)

QUARANTINE = Table(
    "quarantine",
    "One row per record that broke a rule; no values.",
    (
        _c("file_digest", "VARCHAR", "SHA-256 of the source file"),
        _c("file_name", "VARCHAR", "base name of the source file"),
        _c("row", "BIGINT", "record number in the file, from 1, the header not counted"),
        _c("rule", "VARCHAR", "rule id, e.g. event_time.naive"),
        _c("reason", "VARCHAR", "the rule in a sentence"),
        _c("digest", "VARCHAR", "keyed digest of the record; NULL for a refused card number", null=True),
    ),
)

LAKE_TABLES = (
    EVENTS,
    SIGHTINGS,
    ACTIVITY,
    USAGE,
    SLOTS,
    IDENTITIES,
    ACCOUNTS,
    ADDRESS_RANGES,
    MODEL_RELEASES,
    LEDGER,
    QUARANTINE,
)
