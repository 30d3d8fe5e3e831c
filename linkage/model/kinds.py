"""Identifier kinds in words for people."""

from __future__ import annotations

#: Derived kind: a schedule that accounts keep. Its identifiers are found by a refresh and have surrogate ids below 0.
#: A kind of the input begins with a letter, so that none can pass for it.
SCHEDULE = "_schedule"

_NOUNS = {
    SCHEDULE: "schedule",
    "ip_address": "address",
    "payment_instrument": "payment instrument",
    "prompt_template": "prompt template",
    "canary": "canary",
    "device_id": "device",
    "organization_id": "organization",
    "api_key_id": "API key",
    "session_id": "session",
    "end_user_id": "end user",
    "user_agent": "user agent",
    "email_hash": "e-mail address",
    "phone_hash": "phone number",
}


def noun(kind: str) -> str:
    """What one identifier of ``kind`` is called in a sentence."""
    return _NOUNS.get(kind, kind.replace("_", " "))


def schedule_name(identifier: int) -> str:
    """What the schedule with the surrogate id ``identifier`` is called: nobody gave it a value."""
    return f"schedule {-identifier}"


def a_noun(kind: str) -> str:
    """The noun with its article."""
    word = noun(kind)
    return f"{'an' if word[0].lower() in 'aeio' else 'a'} {word}"
