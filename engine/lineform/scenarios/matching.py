"""How a friend's text is compared with what was declared: width and case do not matter, and no pattern runs away.

A friend's text is as long as LINE allows and written by anybody; a pattern is written by an author, and one that
backtracks without end would stop the server for everybody. So patterns that can are refused when they are written, and
those that are left have a time limit.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

LONGEST: Final = 5_000
"""Characters of a text that are looked at: no text in LINE is longer
(https://developers.line.biz/en/reference/messaging-api/#text-message)."""
PATTERN_SECONDS: Final = 0.1
"""How long a pattern may take for one text."""
_MANY: Final = 20
"""Repetitions from which on something counts as repeated without end."""


def plain(text: str) -> str:
    """A text by which it is compared: characters of normal width (NFKC), without case, without spaces around it."""
    return unicodedata.normalize("NFKC", text[:LONGEST]).casefold().strip()


def normal(text: str) -> str:
    """A text as patterns see it: characters of normal width, with their case."""
    return unicodedata.normalize("NFKC", text[:LONGEST]).strip()


class PatternTooSlow(Exception):
    """A pattern did not end in time."""


@lru_cache(maxsize=1_024)
def _compiled(pattern: str) -> Any:
    """The pattern as the regex module reads it: unlike Python's own, it can be stopped."""
    # Costs 20 ms to import, and most texts never need it; it ships no types.
    import regex  # noqa: PLC0415

    return regex.compile(pattern, regex.IGNORECASE | regex.VERSION1)


def found_in(pattern: str, text: str) -> bool:
    """Whether a pattern is found anywhere in a text. Raises PatternTooSlow."""
    try:
        return _compiled(pattern).search(normal(text), timeout=PATTERN_SECONDS) is not None
    except TimeoutError as late:
        raise PatternTooSlow(pattern) from late


def is_whole(pattern: str, text: str) -> bool:
    """Whether a pattern is all of a text. Raises PatternTooSlow."""
    try:
        return _compiled(pattern).fullmatch(normal(text), timeout=PATTERN_SECONDS) is not None
    except TimeoutError as late:
        raise PatternTooSlow(pattern) from late


def pattern_fault(pattern: str) -> str:
    """Why a pattern cannot be used, as the end of a sentence; empty where it can."""
    try:
        compiled = _compiled(pattern)
    except Exception as wrong:  # noqa: BLE001 - the module raises its own error, and others for some patterns
        return f"is no regular expression: {getattr(wrong, 'msg', wrong)}"
    if strange := [one for one in pattern if unicodedata.normalize("NFKC", one) != one]:
        instead = unicodedata.normalize("NFKC", strange[0])
        return f"holds '{strange[0]}', which a text never does when it is compared: write '{instead}'"
    if endless := _endless(pattern):
        return endless
    return "matches every text" if compiled.search("", timeout=PATTERN_SECONDS) else ""


@dataclass(slots=True)
class _Group:
    """An open bracket: what stands in it so far."""

    repeats: bool = False
    chooses: bool = False


def _endless(pattern: str) -> str:
    """Repetitions inside of repetitions, choices inside of them, and references back: each can take longer than any
    text is worth."""
    groups = [_Group()]
    last: _Group | None = None  # the group that ended just now
    for piece in _pieces(pattern):
        ended, last = last, None
        match piece:
            case "(":
                groups.append(_Group())
            case ")" if len(groups) > 1:
                last = groups.pop()
                groups[-1].repeats |= last.repeats
                groups[-1].chooses |= last.chooses
            case "|":
                groups[-1].chooses = True
            case "*" if ended is not None and (ended.repeats or ended.chooses):
                what = "a repetition" if ended.repeats else "a choice"
                return f"repeats a group that holds {what}, which may take without end"
            case "*":
                groups[-1].repeats = True
            case "{}" if ended is not None and ended.repeats:
                return "repeats a group that holds a repetition, which may take without end"
            case "\\1":
                return "refers back to a group, which may take without end"
            case "?R":
                return "calls itself, which may take without end"
    return ""


_CHARACTER = re.compile(r"\\(?:[1-9]|g[<{]|[kK]<)|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?(?:R|\d+|&|P[>=])|.", re.DOTALL)
_TIMES = re.compile(r"\{(\d*)(?:(,)(\d*))?\}")


def _pieces(pattern: str) -> Iterator[str]:
    """A pattern as ``(``, ``)``, ``|``, ``*`` for what repeats without end, ``{}`` for what repeats a few times,
    references, and ``x`` for all else."""
    place = 0
    while place < len(pattern):
        if (times := _TIMES.match(pattern, place)) is not None:
            most = times[3] if times[2] else times[1]
            yield "*" if not most or int(most) > _MANY else "{}"
            place = times.end()
            continue
        found = _CHARACTER.match(pattern, place)
        if found is None:
            return
        piece = found[0]
        place = found.end()
        if piece in {"(", ")", "|"}:
            yield piece
        elif piece in {"*", "+"}:
            yield "*"
        elif piece.startswith(("(?R", "(?&", "(?P>")) or re.fullmatch(r"\(\?\d+", piece):
            yield "?R"
        elif piece.startswith("(?P=") or (piece[0] == "\\" and piece[1:2] in set("123456789gkK")):
            yield "\\1"
        else:
            yield "x"
