"""Numbers to identifier texts, many at a time, so that the text says nothing about who or what made it.

Every account, event, card and template has a plain number inside the generator. What is written is a keyed bijection of
that number (the SplitMix64 finaliser, Steele, Lea and Flood 2014, doi 10.1145/2660193.2660195) in hexadecimal: equal
numbers give equal texts, and neither order nor neighbourhood survives.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_ROUND_1 = np.uint64(0xBF58476D1CE4E5B9)
_ROUND_2 = np.uint64(0x94D049BB133111EB)
#: The two hexadecimal digits of every byte, as one 16-bit word each.
_HEX = np.frombuffer("".join(f"{byte:02x}" for byte in range(256)).encode("ascii"), dtype=np.uint16)
_OCTETS = pa.array([str(octet) for octet in range(256)])
#: Set in an address word that stands for an IPv6 /64 instead of an IPv4 address.
V6 = np.uint64(1) << np.uint64(62)


def mix(values: npt.ArrayLike, key: int | np.uint64) -> Words:
    """Keyed bijection of 64-bit words."""
    with np.errstate(over="ignore"):
        word = np.asarray(values).astype(np.uint64) ^ np.uint64(key)
        word = word + _GOLDEN
        word = (word ^ (word >> np.uint64(30))) * _ROUND_1
        word = (word ^ (word >> np.uint64(27))) * _ROUND_2
        return np.asarray(word ^ (word >> np.uint64(31)), dtype=np.uint64)


def unit(words: Words) -> Floats:
    """Words as numbers in [0, 1)."""
    return (words >> np.uint64(11)).astype(np.float64) * 2.0**-53


def hex_texts(words: Words, prefix: str = "", null: Bools | None = None) -> pa.Array:
    """Sixteen hexadecimal digits per word after ``prefix``; null where ``null`` is true."""
    count = len(words)
    width = 16 + len(prefix)
    text = np.empty((count, width), dtype=np.uint8)
    text[:, : len(prefix)] = np.frombuffer(prefix.encode("ascii"), dtype=np.uint8)
    digits = _HEX[words.astype(">u8").view(np.uint8).reshape(count, 8)]
    text[:, len(prefix) :] = digits.view(np.uint8).reshape(count, 16)
    lengths = np.full(count, width, dtype=np.int32)
    if null is not None:
        text = text[~null]
        lengths[null] = 0
    offsets = np.zeros(count + 1, dtype=np.int32)
    np.cumsum(lengths, out=offsets[1:])
    validity = None if null is None else pa.py_buffer(np.packbits(~null, bitorder="little").tobytes())
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets.tobytes()), pa.py_buffer(text.tobytes()), validity)


def address_texts(addresses: Words, hosts: Words) -> pa.Array:
    """Addresses in canonical text.

    A word below 2^32 is an IPv4 address. A word with the bit ``V6`` set holds the third and fourth group of a /64 in
    its low 32 bits and the provider's group in the 16 bits above; ``hosts`` then holds the lower half. Every group
    has four digits without leading zeros, so that the full text is the canonical one.
    """
    six = (addresses & V6) != 0
    if not six.any():
        return _v4(addresses)
    four = _v4(np.where(six, np.uint64(0), addresses))
    places = np.flatnonzero(six)
    groups = [pa.array(np.full(len(places), "2a02"))]
    for word, shift in (
        (addresses, 32),
        (addresses, 16),
        (addresses, 0),
        (hosts, 48),
        (hosts, 32),
        (hosts, 16),
        (hosts, 0),
    ):
        group = ((word[places] >> np.uint64(shift)) & np.uint64(0xFFFF)) | np.uint64(0x1000)
        groups.append(_hex_groups(group))
    return pc.replace_with_mask(four, pa.array(six), pc.binary_join_element_wise(*groups, ":"))


def _v4(addresses: Words) -> pa.Array:
    distinct, places = np.unique(addresses, return_inverse=True)
    octets = [_OCTETS.take(pa.array((distinct >> np.uint64(shift)) & np.uint64(0xFF))) for shift in (24, 16, 8, 0)]
    return pc.binary_join_element_wise(*octets, ".").take(pa.array(places))


def _hex_groups(groups: Words) -> pa.Array:
    count = len(groups)
    digits = _HEX[groups.astype(">u2").view(np.uint8).reshape(count, 2)].view(np.uint8)
    offsets = np.arange(count + 1, dtype=np.int32) * 4
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets.tobytes()), pa.py_buffer(digits.tobytes()))


def named(names: tuple[str, ...], places: npt.NDArray[np.integer]) -> pa.Array:
    """The name at each place; null where the place is negative."""
    return pa.array(names, pa.string()).take(pa.array(np.maximum(places, 0), mask=places < 0))
