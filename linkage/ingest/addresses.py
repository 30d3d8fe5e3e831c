"""Addresses in canonical form. Plain dotted quads are canonical already and never come here."""

from __future__ import annotations

import ipaddress
import socket
from functools import lru_cache


@lru_cache(maxsize=1 << 18)
def canonical(text: str) -> str | None:
    """Canonical form of an IPv4 or IPv6 address; None where ``text`` is none.

    v4 in v6 is unwrapped, an interface (`%eth0`) is dropped, v6 is written as RFC 5952 has it.

    >>> canonical("::ffff:192.0.2.1"), canonical("2001:DB8:0::1"), canonical("010.0.0.1")
    ('192.0.2.1', '2001:db8::1', None)
    """
    packed = _packed(text)
    if packed is not None:
        return _written(packed)
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None:
        address = ipaddress.IPv6Address(int(address))
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(address)


def canonical_network(text: str) -> str | None:
    """Canonical form of a network in CIDR (host bits dropped, v4 in v6 unwrapped); None where ``text`` is none.

    >>> canonical_network("198.51.100.7/24"), canonical_network("::ffff:198.51.100.7/120"), canonical_network("x")
    ('198.51.100.0/24', '198.51.100.0/24', None)
    """
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None
    mapped = network.network_address.ipv4_mapped if isinstance(network, ipaddress.IPv6Network) else None
    if mapped is not None and network.prefixlen >= _MAPPED_BITS:
        network = ipaddress.IPv4Network((mapped, network.prefixlen - _MAPPED_BITS))
    return str(network)


#: What stands before a v4 address in a v6 one, bits.
_MAPPED_BITS = 96


#: Private, shared (CGNAT, RFC 6598), loopback, link-local, multicast and reserved space, from the IANA registries of
#: special-purpose addresses. Documentation and benchmarking networks are left out: examples use them for public ones.
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.168.0.0/16", "224.0.0.0/3"),
        *("::/127", "100::/64", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"),
    )
)


_NOT_PUBLIC_V6 = tuple(
    (int(block.network_address), int(block.broadcast_address)) for block in _NOT_PUBLIC if block.version == 6
)


def context(text: str) -> tuple[str, bool]:
    """Network of a canonical address (/24 of v4, /48 of v6) and whether it is private or otherwise not public.

    >>> context("100.64.3.9")
    ('100.64.3.0/24', True)
    >>> context("2001:db8:1:2::3")
    ('2001:db8:1::/48', False)
    """
    packed = _packed(text)
    if packed is not None:
        number = int.from_bytes(packed)
        return f"{_written(packed[:6] + bytes(10))}/48", any(low <= number <= high for low, high in _NOT_PUBLIC_V6)
    address = ipaddress.ip_address(text)
    network = ipaddress.ip_network((address, 24 if address.version == 4 else 48), strict=False)
    return str(network), any(address in block for block in _NOT_PUBLIC if block.version == address.version)


def _packed(text: str) -> bytes | None:
    """The 16 bytes of a plain v6 address; None for whatever :mod:`ipaddress` has to look at.

    That module takes tens of microseconds an address, and a provider's day has a million of them. What holds a v4
    address is left to it: the two write such addresses differently.
    """
    try:
        packed = socket.inet_pton(socket.AF_INET6, text)
    except (OSError, ValueError):
        return None
    return packed if any(packed[:10]) else None


def _written(packed: bytes) -> str:
    """An address of `_packed` as RFC 5952 has it."""
    return socket.inet_ntop(socket.AF_INET6, packed)
