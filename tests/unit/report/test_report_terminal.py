"""Cells, columns and what must not reach a terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineform.plural import plural
from lineform.report.terminal import Painter, Style, clipped, padded, printable, width


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("", 0),
        ("abc", 3),
        ("予約", 4),
        ("ｶﾅ", 2),
        ("ＡＢ", 4),
        ("が", 2),
        ("か\u3099", 2),
        ("e\u0301", 1),
        ("🎁", 2),
        ("❤\ufe0f", 1),
    ],
)
def test_full_width_characters_take_two_cells_and_combining_ones_none(text: str, cells: int) -> None:
    assert width(text) == cells


@given(st.text(), st.integers(1, 50))
def test_clipped_text_fits_and_keeps_its_beginning(text: str, cells: int) -> None:
    short = clipped(text, cells)
    assert width(short) <= cells
    assert short == text or text.startswith(short.removesuffix("…"))


@given(st.text(max_size=20))
def test_padded_text_fills_its_column(text: str) -> None:
    assert width(padded(text, 50)) == 50


@given(st.text())
def test_printable_text_is_one_line_that_cannot_move_the_cursor(text: str) -> None:
    shown = printable(text)
    assert not [char for char in shown if unicodedata.category(char) in {"Cc", "Zl", "Zp"}]
    assert not set(shown) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u200e\u200f")


def test_emoji_that_are_joined_stay_joined() -> None:
    assert printable("👨\u200d👩\u200d👧 ❤\ufe0f") == "👨\u200d👩\u200d👧 ❤\ufe0f"


def test_without_colour_no_escape_is_written() -> None:
    assert Painter(False)("x", Style.RED, Style.BOLD) == "x"
    assert Painter(True)("x", Style.BOLD, Style.RED) == "\x1b[1;31mx\x1b[0m"
    assert Painter(True)("", Style.RED) == ""


def test_counted_words_are_in_the_right_number() -> None:
    assert [plural(1, "menu"), plural(1200, "menu"), plural(0, "reply", "replies")] == [
        "1 menu",
        "1,200 menus",
        "0 replies",
    ]
