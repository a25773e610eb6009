"""What the cells of one column about friends mean: each column's way to read is put together once for a whole file.

A column is read by one function of one cell. It is called a million times for a million rows, so what cells of few
different words and dates mean is remembered, and nothing about the column is asked again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from lineform.lineapi.limits import USER_ID_PATTERN
from lineform.loading.csv_cells import (
    LONGEST_TEXT,
    Unreadable,
    as_cell,
    attribute_reader,
    flag,
    listed,
    split_words,
    word,
)
from lineform.segments.declared import Declared
from lineform.segments.friend import LONGEST_ID

COLUMNS = ("user_id", "display_name", "language", "followed_at", "blocked", "tags", "untag", "route", "member_id")
"""The columns that every account has."""
Clean = Callable[[str], str]
"""A text of a source without what the source put around it."""
_REMEMBERED, _REMEMBERED_LENGTH = 4_096, 64
_USER_ID = re.compile(USER_ID_PATTERN)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a source. `read` gives what a cell means, None (of tags: no tags) where it says nothing; it raises
    `Unreadable`."""

    name: str
    is_attribute: bool
    read: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What a column's cells may hold, before it is known how its source writes them."""

    read: Callable[[str], Any]
    """The meaning of a text that is not empty."""
    is_plain: Callable[[str], object] | None = None
    """True of cells that mean what they are, whatever their source puts around others."""
    remembers: bool = True
    """False for what differs from friend to friend."""
    nothing: Any = None
    """What an empty cell means."""
    known: frozenset[str] | None = None
    """For a column of several words: those that may stand there."""
    words: str = ""
    """What these words are called."""


def column_of(name: str, declared: Declared, zone: ZoneInfo, clean: Clean, *, typed: bool) -> Column:
    """The column of this known name. The cells of a `typed` source are any values, those of others texts alone; times
    without an offset are in `zone`."""
    meaning = _meaning(name, declared, zone)
    read = _of_text(meaning, clean)
    return Column(name, name not in COLUMNS, _of_any(meaning, read) if typed else read)


def _meaning(name: str, declared: Declared, zone: ZoneInfo) -> _Meaning:
    match name:
        case "user_id":
            return _Meaning(_user_id, is_plain=_USER_ID.fullmatch, remembers=False)
        case "display_name":
            return _Meaning(_short, remembers=False)
        case "member_id":
            return _Meaning(partial(_short, most=LONGEST_ID), remembers=False)
        case "language":
            return _Meaning(_short)
        case "followed_at":
            return _Meaning(partial(_moment, zone=zone), remembers=False)
        case "blocked":
            return _Meaning(flag)
        case "tags" | "untag":
            several = partial(_words, known=declared.tags, what="declared tags")
            return _Meaning(several, nothing=(), known=declared.tags, words="declared tags")
        case "route":
            return _Meaning(partial(word, known=declared.routes, what="declared routes"))
    spec = declared.attributes[name]
    known = frozenset(spec.values) if spec.type == "set" else None
    read = attribute_reader(name, spec)
    return _Meaning(read, remembers=spec.type != "text", known=known, words=f"the words of '{name}'")


def _of_text(meaning: _Meaning, clean: Clean) -> Callable[[str], Any]:
    read, nothing, is_plain = meaning.read, meaning.nothing, meaning.is_plain

    def of_text(cell: str) -> Any:
        content = clean(cell) if cell else ""
        return read(content) if content else nothing

    if is_plain is not None:
        return lambda cell: cell if is_plain(cell) else of_text(cell)
    return _Memory(of_text).__getitem__ if meaning.remembers else of_text


def _of_any(meaning: _Meaning, of_text: Callable[[str], Any]) -> Callable[[object], Any]:
    def of_any(cell: object) -> Any:
        if cell is None:
            return meaning.nothing
        text = cell if type(cell) is str else as_cell(cell)
        if not isinstance(text, tuple):
            return of_text(text)
        if meaning.known is None:
            raise Unreadable("is a list, and one value belongs here")
        return listed(text, meaning.known, meaning.words)

    return of_any


class _Memory(dict[str, Any]):
    """What cells meant before: the same few words, dates and numbers come again and again. It does not grow for ever,
    and does not keep long texts."""

    def __init__(self, read: Callable[[str], Any]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, cell: str) -> Any:
        value = self._read(cell)
        if len(self) < _REMEMBERED and len(cell) <= _REMEMBERED_LENGTH:
            self[cell] = value
        return value


def _words(text: str, known: frozenset[str], what: str) -> tuple[str, ...]:
    return listed(split_words(text), known, what)


def _user_id(text: str) -> str:
    if not _USER_ID.fullmatch(text):
        raise Unreadable("is not a LINE user id", "it is a U and 32 digits or letters from a to f")
    return text


def _short(text: str, most: int = LONGEST_TEXT) -> str:
    if len(text) > most or "\x00" in text:
        raise Unreadable(f"is longer than {most:,} characters, or holds a NUL character")
    return text


def _moment(text: str, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text.replace("/", "-"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unreadable("is not a moment", "write it as 2026-12-01T10:00 or 2026-12-01T10:00+09:00") from None
