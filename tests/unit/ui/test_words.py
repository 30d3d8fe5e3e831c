from __future__ import annotations

import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from linkage.ui import words


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1_000, "1 k"),
        (12_345, "12.3 k"),
        (999_700, "1,000 k"),
        (1_240_000, "1.24 M"),
        (3.2e9, "3.2 B"),
    ],
)
def test_a_large_count_is_shown_in_three_figures(number: float, text: str) -> None:
    assert words.short(number).replace("\u00a0", " ") == text


@pytest.mark.parametrize(
    ("part", "of", "text"),
    [(0, 10, "0 %"), (1, 1_000, "< 1 %"), (999, 1_000, "> 99 %"), (10, 10, "100 %"), (1, 0, "–"), (23, 25, "92 %")],
)
def test_a_share_is_never_rounded_to_all_or_nothing(part: int, of: int, text: str) -> None:
    assert words.share(part, of).replace("\u00a0", " ") == text


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NaT, pd.NA])
def test_what_is_not_known_is_a_dash(missing: object) -> None:
    shown = (
        words.whole,
        words.short,
        words.dollars,
        words.decimal,
        words.signed,
        words.probability,
        words.day,
        words.moment,
    )
    assert [show(missing) for show in shown] == ["–"] * len(shown)


def test_figures_keep_sign_and_bounds() -> None:
    assert words.signed(-1.25, 1) == "−1.2"
    assert words.signed(3) == "+3.00"
    assert words.probability(0.00001) == "< 0.001"
    assert words.probability(0.05) == "0.05"
    assert words.dollars(61_260_000) == "$61.26"
    assert words.dollars(7_007_000_000) == "$7,007"


def test_an_identifier_is_named_by_kind_and_number_only() -> None:
    assert words.identifier_label("payment_instrument", 42) == "card #42"
    assert words.identifier_label("dungeon_key", 7) == "dungeon key #7"


@pytest.mark.parametrize("text", ["https://example.com/a", "HTTP://example.com", "www.example.com", "a@example.com"])
def test_text_from_outside_becomes_no_link(text: str) -> None:
    shown = words.plain(text).replace("\\", "")
    assert shown.replace("\u2060", "") == text
    assert not re.search(r"://|www\.|\w@", shown, re.IGNORECASE)


@given(st.text(min_size=1))
def test_text_from_outside_makes_no_markup(text: str) -> None:
    page = MarkdownIt("commonmark").enable("strikethrough").render("a " + words.plain(text) + " b")
    assert page.startswith("<p>a ")
    assert page.count("<") == 2
