"""Text for a terminal: colours where they are wanted, columns where characters are two cells wide."""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from typing import Final

_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS: Final = frozenset({"\u200d", "\ufe0e", "\ufe0f"})
"""Parts of emoji; of the invisible characters only these are left alone."""


class Style(StrEnum):
    """ANSI's numbers (ECMA-48, select graphic rendition)."""

    BOLD = "1"
    DIM = "2"
    RED = "31"
    GREEN = "32"
    YELLOW = "33"
    CYAN = "36"


class Painter:
    """Called with a text and its styles. Without colour it gives the text back."""

    def __init__(self, colour: bool) -> None:
        self._colour = colour

    def __call__(self, text: str, *styles: Style) -> str:
        if not self._colour or not styles or not text:
            return text
        return f"\x1b[{';'.join(styles)}m{text}\x1b[0m"


def printable(text: str) -> str:
    """Foreign text on one line: control and direction characters, which could repaint a terminal, are shown as �."""
    flat = text.replace("\r\n", " ").replace("\n", " ").replace("\t", " ")
    if flat.isascii() and flat.isprintable():
        return flat
    return "".join(
        "\ufffd" if char not in _JOINERS and unicodedata.category(char) in _HIDDEN else char for char in flat
    )


def width(text: str) -> int:
    """How many cells a terminal gives to `text`: two for full-width characters, none for combining ones."""
    return len(text) if text.isascii() else sum(_cells(char) for char in text)


def _cells(char: str) -> int:
    if char in _JOINERS or unicodedata.category(char) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def padded(text: str, cells: int) -> str:
    """`text` with blanks up to so many cells."""
    return text + " " * max(0, cells - width(text))


def clipped(text: str, cells: int) -> str:
    """`text` in at most so many cells, with … where something is left out."""
    if width(text) <= cells:
        return text
    kept, used = [], 1
    for char in text:
        used += _cells(char)
        if used > cells:
            break
        kept.append(char)
    return "".join(kept) + "…"
