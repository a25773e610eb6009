"""Setting a short label into a space: where lines may break, and how large the letters can be.

Japanese has no spaces between words, so any place between two graphemes may end a line except where the rules of kinsoku
forbid it (JIS X 4051: no closing bracket, comma, small kana or long vowel mark at a line's start, no opening bracket at its
end). Among the legal places those between two kinds of letters are the likelier ends of words, so they are preferred.
Pure: the width of a text is asked of a function.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import regex

_NEVER_FIRST = frozenset(
    "、。,.,.・:;:;!?!?‼⁇⁈⁉)])]}」』】〕〗〙〛〉》»”’…‥ー-‐–〜~々ゝゞヽヾぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶ%%‰℃"
)
_NEVER_LAST = frozenset("([([{「『【〔〖〘〚〈《«“‘¥¥$$£#")
_GRAPHEME = regex.compile(r"\X")
_LINE_HEIGHT = 1.22  # of the letters' size, from baseline to baseline

Measure = Callable[[str, int], float]
"""The width in pixels of a text in letters of a size."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A label that fits: its lines, the size of its letters and the distance between baselines, all in pixels."""

    lines: tuple[str, ...]
    size: int
    line_height: int


def graphemes(words: str) -> list[str]:
    """What a reader calls letters."""
    return _GRAPHEME.findall(words)


def may_break(before: str, after: str) -> bool:
    """Whether a line may end between two graphemes."""
    if before.isspace() or after.isspace():
        return True
    if after[0] in _NEVER_FIRST or before[-1] in _NEVER_LAST:
        return False
    return not (_kind(before) == "latin" and _kind(after) == "latin")


def _kind(letter: str) -> str:
    first = letter[0]
    if first in "ー・":
        return "katakana"
    name = unicodedata.name(first, "")
    for kind in ("HIRAGANA", "KATAKANA", "CJK"):
        if name.startswith(kind):
            return kind.lower()
    return "latin" if first.isalnum() or first in "'&@/_+" else "other"


def _break_cost(before: str, after: str) -> float:
    """How much a break here hurts: nothing at a space, little where the kind of letters changes, much inside a word."""
    if before.isspace() or after.isspace() or before in "・、。!?」』)":
        return 0.0
    kinds = (_kind(before), _kind(after))
    if kinds[0] == kinds[1]:
        return 0.25 if kinds[0] == "hiragana" else 0.6
    # Endings follow their stem in hiragana: 「お問い|合わせ」 breaks better than 「お問|い合わせ」.
    return 0.5 if kinds[1] == "hiragana" or kinds == ("hiragana", "hiragana") else 0.1


def wrap(words: str, width: float, size: int, measure: Measure) -> tuple[tuple[str, ...], float] | None:
    """Break one paragraph into the fewest lines that are no wider than `width`, as even as can be.

    Returns the lines and the cost of their breaks, or None if no legal breaking fits.
    """
    letters = graphemes(words)
    if not letters:
        return (("",), 0.0)
    best: list[tuple[int, float, int] | None] = [None] * len(letters) + [(0, 0.0, len(letters))]
    for start in range(len(letters) - 1, -1, -1):
        for end in range(start + 1, len(letters) + 1):
            rest = best[end]
            line = "".join(letters[start:end]).strip()
            if measure(line, size) > width:
                break
            if rest is None or (end < len(letters) and not may_break(letters[end - 1], letters[end])):
                continue
            slack = 1 - measure(line, size) / width
            cost = rest[1] + slack * slack
            if end < len(letters):
                cost += _break_cost(letters[end - 1], letters[end])
            candidate = (rest[0] + 1, cost, end)
            if best[start] is None or candidate < best[start]:  # type: ignore[operator]
                best[start] = candidate
    return None if best[0] is None else _follow(letters, best)


def _follow(letters: list[str], best: Sequence[tuple[int, float, int] | None]) -> tuple[tuple[str, ...], float]:
    lines: list[str] = []
    hurt = 0.0
    at = 0
    while at < len(letters):
        step = best[at]
        assert step is not None  # noqa: S101 - every reachable start has a way on
        end = step[2]
        lines.append("".join(letters[at:end]).strip())
        if end < len(letters):
            hurt += _break_cost(letters[end - 1], letters[end])
        at = end
    return tuple(lines), hurt


def set_label(
    words: str, width: float, height: float, *, largest: int, smallest: int, measure: Measure
) -> Setting | None:
    """The best setting of a label in a space, or None if it fits at no size.

    Large letters are good, breaks inside words are bad, so a label may be set smaller to keep a word whole.
    """
    best: tuple[float, Setting] | None = None
    size = largest
    while size >= smallest:
        if best is not None and size <= best[0]:
            break
        setting = _set_at(words, width, height, size, measure)
        if setting is not None:
            lines, hurt = setting
            score = size * 0.94 ** (len(lines) - 1) / (1 + 0.7 * hurt)
            if best is None or score > best[0]:
                best = (score, Setting(lines, size, round(size * _LINE_HEIGHT)))
        size = min(size - 1, int(size * 0.94))
    return None if best is None else best[1]


def _set_at(
    words: str, width: float, height: float, size: int, measure: Measure
) -> tuple[tuple[str, ...], float] | None:
    lines: list[str] = []
    hurt = 0.0
    for paragraph in words.split("\n"):
        wrapped = wrap(paragraph.strip(), width, size, measure)
        if wrapped is None:
            return None
        lines += wrapped[0]
        hurt += wrapped[1]
    needed = size * (1 + _LINE_HEIGHT * (len(lines) - 1))
    return (tuple(lines), hurt) if needed <= height else None
