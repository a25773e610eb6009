"""Two ways in which LINE counts a text, and neither is Python's ``len``.

Most properties are counted in UTF-16 code units (an emoji outside the BMP is 2); labels, postback texts, template texts
and a rich menu's name and bar text are counted in grapheme clusters (a family emoji is 1). Source:
https://developers.line.biz/en/docs/messaging-api/text-character-count/
"""

from __future__ import annotations

import re
from enum import StrEnum


class Unit(StrEnum):
    """What one "character" of a limit is."""

    UTF16 = "UTF-16 units"
    GRAPHEME = "characters as people see them"


# Only code points that never join a neighbour into one grapheme: printable ASCII and line feed (a carriage return joins
# the line feed after it), Latin-1, kana without the combining voice marks, CJK, full-width forms without the half-width
# voice marks. The test holds this list against the regex module's own \X.
_NEVER_JOINS = re.compile(
    "[\t\n\x20-\x7e\xa1-\xac\xae-\xff\u2010-\u2027\u3000-\u3029\u3041-\u3096\u30a1-\u30fe\u4e00-\u9fff\uff01-\uff9d]*"
)


def utf16_units(text: str) -> int:
    """The length of `text` in UTF-16 code units."""
    if text.isascii():
        return len(text)
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def graphemes(text: str) -> int:
    """The length of `text` in grapheme clusters (Unicode's extended ones)."""
    if _NEVER_JOINS.fullmatch(text):
        return len(text)
    return len(_clusters(text))


def length(text: str, unit: Unit) -> int:
    """The length of `text` as LINE counts it where `unit` applies."""
    return utf16_units(text) if unit is Unit.UTF16 else graphemes(text)


def _clusters(text: str) -> list[str]:
    # Costs 20 ms to import, and most texts never need it; it ships no types.
    import regex  # noqa: PLC0415

    found: list[str] = regex.findall(r"\X", text)
    return found
