"""Setting a short label into a space: where lines may break, and how large the letters can be.

Japanese has no spaces between words, so any place between two graphemes may end a line except where the rules of
kinsoku forbid it (JIS X 4051: no closing bracket, comma, small kana or long vowel mark at a line's start, no opening
bracket at its end). Among the legal places those between two kinds of letters are the likelier ends of words, so they
are preferred. Pure: the width of a text is asked of a function.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import regex

_NEVER_FIRST = frozenset(
    "、。,.,.・:;:;!?!?‼⁇⁈⁉)])]}」』】〕〗〙〛〉》»”’…‥ー-‐–〜~々ゝゞヽヾぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶ%%‰℃"
)
_NEVER_LAST = frozenset("([([{「『【〔〖〘〚〈《«“‘¥¥$$£#")
_SUFFIXES = frozenset("日券様店者用的")  # in compounds these end a word more often than they begin one
_GRAPHEME = regex.compile(r"\X")
_LINE_HEIGHT = 1.22  # of the letters' size, from baseline to baseline

Measure = Callable[[str, int], float]
"""The width in pixels of one letter at a size. A line is as wide as its letters together: there is no kerning."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A label that fits: its lines, the size of its letters and the distance between baselines, all in pixels."""

    lines: tuple[str, ...]
    size: int
    line_height: int


def graphemes(words: str) -> list[str]:
    """What a reader calls letters."""
    return [match[0] for match in _GRAPHEME.finditer(words)]


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
    if before in "おご" and kinds[1] in ("cjk", "katakana"):  # an honorific belongs to its word: 「お誕生日」
        return 1.5
    if kinds == ("cjk", "cjk") and after in _SUFFIXES:
        return 1.0
    if kinds[0] == kinds[1]:
        return {"hiragana": 0.25, "katakana": 1.2}.get(kinds[0], 0.6)
    # Endings follow their stem in hiragana: 「お問い|合わせ」 breaks better than 「お問|い合わせ」.
    return 0.5 if kinds[1] == "hiragana" else 0.1


@dataclass(frozen=True, slots=True)
class Breaking:
    """A paragraph broken into lines. `hurt` is what its breaks cost, `cost` adds how uneven the lines are."""

    lines: tuple[str, ...]
    cost: float = 0.0
    hurt: float = 0.0


def wrap(words: str, width: float, size: int, measure: Measure) -> Breaking | None:
    """Break one paragraph into the fewest lines that are no wider than `width`, as even as can be; None if none
    fits.
    """
    letters = graphemes(words)
    widths = [measure(letter, size) for letter in letters]
    # ways[i] is the best breaking of what begins at letter i; they are found from the end backwards.
    ways: list[Breaking | None] = [None] * len(letters) + [Breaking(())]
    for start in range(len(letters) - 1, -1, -1):
        for end in range(start + 1, len(letters) + 1):
            room = 1 - sum(_trimmed(letters, widths, start, end)) / width
            if room < 0:
                break
            rest = ways[end]
            if rest is not None and (end == len(letters) or may_break(letters[end - 1], letters[end])):
                way = _begun_with("".join(letters[start:end]).strip(), room, rest, _hurt(letters, start, end))
                # Of two that are equally good the one with the longer first line stands.
                ways[start] = min(
                    filter(None, (way, ways[start])), key=lambda one: (len(one.lines), round(one.cost, 6))
                )
    return ways[0] if letters else Breaking(("",))


def _trimmed(letters: list[str], widths: list[float], start: int, end: int) -> list[float]:
    """The widths of a line's letters without the spaces at its ends."""
    while start < end and letters[start].isspace():
        start += 1
    while start < end and letters[end - 1].isspace():
        end -= 1
    return widths[start:end]


def line_width(line: str, size: int, measure: Measure) -> float:
    """How wide a line is."""
    return sum(measure(letter, size) for letter in graphemes(line))


def _begun_with(line: str, room: float, rest: Breaking, hurt: float) -> Breaking:
    return Breaking((line, *rest.lines), rest.cost + room * room + hurt, rest.hurt + hurt)


def _hurt(letters: list[str], start: int, end: int) -> float:
    """What the break after this line costs; a letter alone on its line costs more."""
    alone = 1.0 if end - start == 1 and len(letters) > 1 else 0.0
    return alone + (_break_cost(letters[end - 1], letters[end]) if end < len(letters) else 0.0)


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
        broken = _set_at(words, width, height, size, measure)
        if broken is not None:
            score = size * 0.94 ** (len(broken.lines) - 1) / (1 + 0.7 * broken.hurt)
            if best is None or score > best[0]:
                best = (score, Setting(broken.lines, size, round(size * _LINE_HEIGHT)))
        size = min(size - 1, int(size * 0.94))
    return None if best is None else best[1]


def _set_at(words: str, width: float, height: float, size: int, measure: Measure) -> Breaking | None:
    paragraphs = [wrap(paragraph.strip(), width, size, measure) for paragraph in words.split("\n")]
    fitting = [paragraph for paragraph in paragraphs if paragraph is not None]
    lines = tuple(line for paragraph in fitting for line in paragraph.lines)
    needed = size * (1 + _LINE_HEIGHT * (len(lines) - 1))
    if len(fitting) < len(paragraphs) or needed > height:
        return None
    return Breaking(lines, hurt=sum(paragraph.hurt for paragraph in fitting))
