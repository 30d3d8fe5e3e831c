"""Hosts and addresses: what can be said of them before anybody is asked."""

from __future__ import annotations

import ipaddress
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator


def is_loopback(host: str) -> bool:
    """Whether ``host`` names this machine, and no resolver is asked."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _bare(value: str) -> str:
    parts = urlsplit(value)
    if parts.password is not None or "password" in dict(parse_qsl(parts.query)):
        raise ValueError("an address without a password")
    return value


#: An address that settings may show.
BareAddress = Annotated[str, AfterValidator(_bare)]
