"""Addresses are written as :mod:`ipaddress` writes them, whichever way they take."""

from __future__ import annotations

import ipaddress

from hypothesis import example, given
from hypothesis import strategies as st

from linkage.ingest.addresses import canonical, context

#: Numbers of v6 addresses: any, and such with runs of zeros, in which the ways of writing them differ.
numbers = st.one_of(
    st.integers(0, 2**128 - 1),
    st.lists(st.sampled_from([0, 0, 0, 1, 0x0DB8, 0x2001, 0xFC00, 0xFE80, 0xFFFF]), min_size=8, max_size=8).map(
        lambda words: int.from_bytes(b"".join(word.to_bytes(2) for word in words))
    ),
)
texts = st.one_of(
    st.text(alphabet="0123456789abcdefABCDEF:.%/ \0", max_size=45),
    st.builds(str, st.ip_addresses()),
    st.builds(lambda address: address.exploded.upper(), st.ip_addresses(v=6)),
)


def plainly(text: str) -> str | None:
    """Canonical form by the standard library alone."""
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        address = ipaddress.IPv6Address(int(address))
        return str(address.ipv4_mapped or address)
    return str(address)


@given(texts)
@example("::1.2.3.4")
@example("2001:db8::1.2.3.4")
@example("::ffff:010.0.0.1")
@example("fe80::1%eth0")
@example("2001:db8::1\0")
def test_any_text_is_read_as_the_standard_library_reads_it(text: str) -> None:
    assert canonical(text) == plainly(text)


@given(numbers)
def test_networks_of_v6_addresses(number: int) -> None:
    address = ipaddress.IPv6Address(number)
    network, is_inside = context(str(address))
    assert network == str(ipaddress.IPv6Network((number, 48), strict=False))
    blocks = ("::/127", "100::/64", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8")
    assert is_inside == any(address in ipaddress.IPv6Network(block) for block in blocks)
