from __future__ import annotations

import ipaddress

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from linkage.synthetic.tokens import V6, address_texts, hex_texts, mix, named, unit

WORDS = st.integers(0, 2**64 - 1)


@given(st.sets(WORDS, min_size=2, max_size=50), WORDS)
def test_different_words_stay_different(words: set[int], key: int) -> None:
    assert len(set(mix(np.array(sorted(words), dtype=np.uint64), key).tolist())) == len(words)


def test_neighbours_lose_their_order() -> None:
    mixed = mix(np.arange(20_000), 42)
    assert abs(np.corrcoef(np.arange(20_000), unit(mixed))[0, 1]) < 0.03
    assert abs(unit(mixed).mean() - 0.5) < 0.01


def test_hex_text_is_the_word_in_hexadecimal_and_null_where_asked() -> None:
    words = np.array([0, 1, 2**64 - 1, 0xDEADBEEF], dtype=np.uint64)
    assert hex_texts(words, "x_").to_pylist() == [f"x_{int(word):016x}" for word in words]
    texts = hex_texts(words, "", np.array([True, False, False, True]))
    texts.validate(full=True)
    assert texts.to_pylist() == [None, f"{1:016x}", "f" * 16, None]


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=20))
def test_a_plain_word_is_an_ipv4_address(words: list[int]) -> None:
    texts = address_texts(np.array(words, dtype=np.uint64), np.zeros(len(words), dtype=np.uint64))
    assert texts.to_pylist() == [str(ipaddress.IPv4Address(word)) for word in words]


@given(WORDS, WORDS)
def test_a_marked_word_is_a_canonical_ipv6_address(word: int, host: int) -> None:
    words = np.array([int(V6) | (word & (2**48 - 1)), 7], dtype=np.uint64)
    six, four = address_texts(words, np.array([host, host], dtype=np.uint64)).to_pylist()
    assert str(ipaddress.ip_address(six)) == six and six.startswith("2a02:")
    assert four == "0.0.0.7"


def test_a_negative_place_has_no_name() -> None:
    assert named(("a", "b"), np.array([1, -1, 0])) == pa.array(["b", None, "a"])
