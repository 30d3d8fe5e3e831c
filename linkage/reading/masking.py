"""What of an identifier's value may be seen without a reason."""

from __future__ import annotations

import ipaddress

#: Kinds that point at a person or a purse. Their values are hidden until a reveal, which is audited.
MASKED_KINDS = frozenset(
    {
        "ip_address",
        "payment_instrument",
        "email_hash",
        "phone_hash",
        "device_id",
        "end_user_id",
        "api_key_id",
        "session_id",
    }
)


def masked(kind: str, value: str) -> str:
    """``value`` as it may be shown: addresses as their network, other masked kinds as their last four characters.

    >>> masked("ip_address", "198.51.100.7")
    '198.51.100.•'
    >>> masked("payment_instrument", "tok_8731_4242")
    '•••4242'
    """
    if kind not in MASKED_KINDS:
        return value
    if kind == "ip_address":
        try:
            address = ipaddress.ip_address(value)
        except ValueError:
            return "•••"
        if address.version == 4:
            return value.rpartition(".")[0] + ".•"
        return str(ipaddress.ip_network((int(address) >> 80 << 80, 48)).network_address) + "•"
    return "•••" + (value[-4:] if len(value) >= 8 else "")
