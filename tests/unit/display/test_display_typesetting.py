"""Labels broken into lines by the rules of Japanese, and letters as large as fits."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineform.display.typesetting import graphemes, line_width, may_break, set_label, wrap

NEVER_FIRST = "、。」』)】ー・!?ゃッ々%"
NEVER_LAST = "「『(【"


def measure(words: str, size: int) -> float:
    """Full-width letters are as wide as they are high, others half."""
    return sum(size if unicodedata.east_asian_width(letter) in "WFA" else size / 2 for letter in words)


def lines(words: str, width: float, size: int = 10) -> tuple[str, ...] | None:
    broken = wrap(words, width, size, measure)
    return None if broken is None else broken.lines


labels = st.text(
    st.sampled_from("予約お問い合わせご相談クーポンABc12 " + NEVER_FIRST + NEVER_LAST), min_size=1, max_size=20
)


@given(labels, st.integers(20, 220))
@settings(deadline=None)
def test_no_line_begins_or_ends_with_what_may_not_stand_there(words: str, width: int) -> None:
    broken = lines(words.strip(), width)
    if broken is None:
        return
    pairs = list(pairwise(broken))
    inside = [(before, after) for before, after in pairs if before and after]
    kept = words.split()
    for before, after in inside:
        by_space = any(part.endswith(before[-1]) for part in kept) and any(part.startswith(after[0]) for part in kept)
        assert by_space or (after[0] not in NEVER_FIRST and before[-1] not in NEVER_LAST)
    assert all(measure(line, 10) <= width for line in broken)


@given(labels.map(lambda words: words.replace(" ", "")).filter(bool), st.integers(20, 220))
@settings(deadline=None)
def test_without_spaces_the_rules_hold_at_every_break_and_no_letter_is_lost(words: str, width: int) -> None:
    broken = lines(words, width)
    if broken is None:
        return
    assert "".join(broken) == words
    assert not [line for line in broken[1:] if line[0] in NEVER_FIRST]
    assert not [line for line in broken[:-1] if line[-1] in NEVER_LAST]


@pytest.mark.parametrize(
    ("words", "width", "expected"),
    [
        ("ご予約", 100, ("ご予約",)),
        ("お問い合わせ・ご相談", 70, ("お問い合わせ・", "ご相談")),
        ("スタイリスト紹介", 60, ("スタイリスト", "紹介")),
        ("お誕生日特典", 50, ("お誕生日", "特典")),
        ("Hair Studio 青葉", 60, ("Hair Studio", "青葉")),
        ("クーポン、特典", 40, ("クーポ", "ン、特典")),
        ("「予約」", 30, ("「予", "約」")),
    ],
)
def test_lines_break_where_a_reader_would_break_them(words: str, width: int, expected: tuple[str, ...]) -> None:
    assert lines(words, width) == expected


def test_words_in_latin_letters_are_never_torn() -> None:
    assert lines("INSTAGRAM", 30) is None


def test_a_combined_letter_is_one_letter() -> None:
    assert graphemes("が👨‍👩‍👧é") == ["が", "👨‍👩‍👧", "é"]
    assert lines("か\u3099か\u3099", 20) is not None


@pytest.mark.parametrize(
    ("before", "after", "allowed"),
    [("予", "約", True), ("ク", "ー", False), ("「", "予", False), ("a", "b", False), ("a", " ", True)],
)
def test_a_break_is_legal_or_not(before: str, after: str, *, allowed: bool) -> None:
    assert may_break(before, after) is allowed


@given(labels.filter(str.strip), st.integers(60, 400), st.integers(20, 200))
@settings(deadline=None)
def test_a_set_label_fits_its_space(words: str, width: int, height: int) -> None:
    setting = set_label(words, width, height, largest=60, smallest=8, measure=measure)
    if setting is None:
        return
    assert all(line_width(line, setting.size, measure) <= width for line in setting.lines)
    assert setting.size + setting.line_height * (len(setting.lines) - 1) <= height + len(setting.lines)
    assert 8 <= setting.size <= 60


def test_letters_are_the_largest_that_keep_the_words_whole() -> None:
    setting = set_label("クーポン", 200, 200, largest=60, smallest=8, measure=measure)
    assert setting is not None
    assert setting.lines == ("クーポン",)
    assert setting.size >= 48


def test_a_written_line_break_is_kept() -> None:
    setting = set_label("予約\n空き状況", 400, 200, largest=40, smallest=8, measure=measure)
    assert setting is not None
    assert setting.lines == ("予約", "空き状況")


def test_a_label_that_fits_at_no_size_has_no_setting() -> None:
    assert set_label("とても長い名前の項目です", 40, 20, largest=40, smallest=12, measure=measure) is None
