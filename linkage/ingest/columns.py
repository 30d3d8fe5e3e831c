"""The contract's columns by role, and the names that identifier columns take in the lake."""

from __future__ import annotations

from linkage.errors import ConfigurationError
from linkage.model.tables import EVENTS, IDENTIFIER_COLUMNS

#: Columns of `linkage.event/1`, in the contract's order.
EVENT_COLUMNS = (
    "event_id",
    "source",
    "event_type",
    "event_time",
    "account_id",
    "ip_address",
    "payment_instrument",
    "template_hash",
    "prompt",
    "organization_id",
    "api_key_id",
    "session_id",
    "end_user_id",
    "device_id",
    "user_agent",
    "email_hash",
    "phone_hash",
    "asn",
    "country",
    "model",
    "operation",
    "status",
    "region",
    "capability",
    "canary",
    "input_tokens",
    "output_tokens",
    "latency_ms",
    "cost_usd_micros",
)

#: Columns of the long layout.
LONG_COLUMNS = ("account_id", "kind", "identifier", "event_time", "count")

#: Columns that a file must have.
REQUIRED = {
    "events": ("account_id", "event_time"),
    "long": ("account_id", "kind", "identifier", "event_time"),
}

EVENT_TYPES = ("request", "login", "signup", "payment", "key_created", "other")

#: Whole numbers; True: a negative one breaks the rule.
INTEGERS = {
    "asn": True,
    "input_tokens": True,
    "output_tokens": True,
    "latency_ms": True,
    "cost_usd_micros": False,
}

#: Text that describes an event and identifies nobody.
DESCRIPTIONS = ("model", "operation", "status", "region", "capability")

#: Text columns that may hold 256 characters at most.
SHORT = ("account_id", "event_id", "source", "payment_instrument", "template_hash")

#: Names that mean something else in the tables, so no identifier kind may take them.
RESERVED_KINDS = frozenset(
    {
        *("account", "account_id", "cost_usd_micros", "count", "day", "digest", "event_id", "event_key", "event_time"),
        *("event_type", "events", "identifier", "input_tokens", "kind", "latency_ms", "origin_file", "origin_row"),
        *("output_tokens", "row", "source", "template_hash"),
    }
)


def identifier_column(kind: str) -> str:
    """Name of the events column with the surrogate ids of ``kind``.

    The kind's own name; a kind that shares its name with a plain column of the events (a configured ``country``,
    say) gets a leading underscore, which no kind can have.
    """
    return f"_{kind}" if kind in EVENTS.names else kind


def raw_column(name: str) -> str:
    """Name of a contract column or of a kind while its raw values are on their way in.

    Other kinds than the contract's get a leading underscore, so that no name of ours can be one of theirs.
    """
    return name if name in EVENT_COLUMNS or name in LONG_COLUMNS else f"_{name}"


def staged_column(kind: str) -> str:
    """Name of the staged column with the raw values of ``kind``."""
    return kind if kind in CONTRACT_KINDS else f"_{kind}"


def check_kinds(kinds: tuple[str, ...]) -> None:
    """Raise ConfigurationError when a configured kind has a reserved name, or would keep prompts."""
    for kind in kinds:
        if kind == "prompt":
            raise ConfigurationError(
                "[[identifiers]] kind = 'prompt': prompts are hashed and kept nowhere",
                hint="Leave it out: their templates link accounts as the kind prompt_template, which is always on.",
            )
        if kind in RESERVED_KINDS:
            raise ConfigurationError(
                f"[[identifiers]] kind = {kind!r} is a reserved name",
                hint="Choose another name for the kind and map the column to it under [columns].",
            )


def source_column(kind: str) -> str:
    """Contract column from which ``kind`` is taken: `template_hash` for `prompt_template`, else its own name."""
    return "template_hash" if kind == "prompt_template" else kind


#: Kinds for which the contract has a column.
CONTRACT_KINDS = IDENTIFIER_COLUMNS
