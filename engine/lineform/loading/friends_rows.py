"""One row about a friend, wherever it comes from: the same columns, the same types, the same refusals.

Columns are ``user_id`` (required), ``display_name``, ``language``, ``followed_at``, ``blocked``, ``tags``, ``untag``,
``route``, ``member_id``, and declared attributes by their names. An empty cell says nothing and changes nothing. A
problem never repeats what a cell holds: it is somebody's data, and messages end up in logs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from lineform.errors import LineformError
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
from lineform.model.problem import did_you_mean
from lineform.ports.friends import FriendRow
from lineform.segments.declared import Declared
from lineform.segments.tagging import RivalTags, tagging

COLUMNS = ("user_id", "display_name", "language", "followed_at", "blocked", "tags", "untag", "route", "member_id")
"""The columns that every account has."""
MOST_COLUMNS = 1_000
_REMEMBERED, _REMEMBERED_LENGTH = 4_096, 64
_UNSEEN: Any = object()
_USER_ID = re.compile(USER_ID_PATTERN)


class FriendsFileError(LineformError):
    """The source as a whole cannot be read: its encoding, its columns, a quote that never ends, a broken connection."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that is not imported. `row` is its number as a spreadsheet or an editor shows it."""

    row: int
    column: str
    reason: str
    hint: str = ""


Numbered = tuple[int, FriendRow | RefusedRow]
"""A row's number, and what it comes to. Numbers ascend; empty rows may be missing."""
RowReader = Callable[[int, Sequence[object]], FriendRow | RefusedRow]
"""Reads the cells of one row. They are texts as a CSV file holds them, or the values of a typed source."""


def known_columns(declared: Declared) -> tuple[str, ...]:
    """Every column that an import of this account may have."""
    return (*COLUMNS, *declared.attributes)


def check_columns(names: Sequence[str], declared: Declared) -> None:
    """Raises `FriendsFileError`, with everything that is wrong with the columns."""
    if len(names) > MOST_COLUMNS:
        raise FriendsFileError(f"there are {len(names):,} columns; {MOST_COLUMNS:,} are possible")
    known = known_columns(declared)
    problems = []
    for position, name in enumerate(names, 1):
        if not name:
            problems.append(f"column {position} has no name")
        elif name not in known:
            hint = did_you_mean(name, known)
            problems.append(f"unknown column '{name[:100]}'{f': {hint}' if hint else ''}")
        elif name in names[: position - 1]:
            problems.append(f"column '{name}' occurs twice")
    if "user_id" not in names:
        problems.append("there is no column 'user_id'")
    if problems:
        hint = f"columns are {', '.join(COLUMNS)} and declared attributes"
        raise FriendsFileError("; ".join(problems), hint=hint)


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    is_attribute: bool
    read: Callable[[str], Any]
    known: frozenset[str] | None
    """For a column of several words: those that may stand there."""
    remembers: bool
    """False for what differs from friend to friend."""
    seen: dict[str, Any] = field(default_factory=dict)
    """What cells meant before: the same few words, dates and numbers come again and again."""


def row_reader(
    columns: Iterable[str], declared: Declared, timezone: str, *, clean: Callable[[str], str] = str.strip
) -> RowReader:
    """What reads rows with these known columns; times without an offset are in `timezone`.

    `clean` says what a text of this source is, without what the source put around it.
    """
    zone = ZoneInfo(timezone)
    found = [_column(name, declared, zone) for name in columns]
    fields = tuple((column.name, column.is_attribute, column.seen, column) for column in found)
    ruled = any(declared.exclusive_group(tag) or declared.lasting(tag) for tag in declared.tags)

    def read(number: int, cells: Sequence[object]) -> FriendRow | RefusedRow:
        if len(cells) != len(fields):
            return RefusedRow(number, "", f"has {len(cells)} cells, but there are {len(fields)} columns")
        values: dict[str, Any] = {}
        attributes: dict[str, Any] = {}
        for cell, (name, is_attribute, seen, column) in zip(cells, fields, strict=True):
            value = seen.get(cell, _UNSEEN) if type(cell) is str else _UNSEEN
            if value is _UNSEEN:
                try:
                    value = _value(cell, column, clean)
                except Unreadable as problem:
                    return RefusedRow(number, name, problem.reason, problem.hint)
            if value is None:
                continue
            if is_attribute:
                attributes[name] = value
            else:
                values[name] = value
        if "user_id" not in values:
            return RefusedRow(number, "user_id", "is empty")
        if "tags" in values and ruled:
            try:
                rules = tagging(values["tags"], values.get("untag", ()), declared)
            except RivalTags as rivals:
                reason = "holds two tags of one exclusive group"
                return RefusedRow(number, "tags", reason, f"a friend has at most one tag of '{rivals.group}'")
            values |= {"tags": rules.tags, "untag": rules.untag, "renew": rules.renew}
        return FriendRow(attributes=attributes, **values)

    return read


def _column(name: str, declared: Declared, zone: ZoneInfo) -> _Column:
    match name:
        case "user_id":
            return _Column(name, False, _user_id, None, False)
        case "display_name":
            return _Column(name, False, _short, None, False)
        case "language":
            return _Column(name, False, _short, None, True)
        case "followed_at":
            return _Column(name, False, partial(_moment, zone=zone), None, True)
        case "blocked":
            return _Column(name, False, flag, None, True)
        case "tags" | "untag":
            return _Column(name, False, partial(_words, known=declared.tags, what="declared tags"), declared.tags, True)
        case "route":
            return _Column(name, False, partial(word, known=declared.routes, what="declared routes"), None, True)
        case "member_id":
            return _Column(name, False, _short, None, False)
    spec = declared.attributes[name]
    known = frozenset(spec.values) if spec.type == "set" else None
    return _Column(name, True, attribute_reader(name, spec), known, spec.type != "text")


def _value(cell: object, column: _Column, clean: Callable[[str], str]) -> Any:
    """What a cell means, None where it says nothing."""
    if cell is None:
        return None
    text = cell if type(cell) is str else as_cell(cell)
    if isinstance(text, tuple):
        if column.known is None:
            raise Unreadable("is a list, and one value belongs here")
        what = f"the words of '{column.name}'" if column.is_attribute else "declared tags"
        return listed(text, column.known, what)
    content = clean(text)
    value = column.read(content) if content else None
    if column.remembers and len(column.seen) < _REMEMBERED and len(text) <= _REMEMBERED_LENGTH:
        column.seen[text] = value
    return value


def _words(text: str, known: frozenset[str], what: str) -> tuple[str, ...]:
    return listed(split_words(text), known, what)


_PROTECTED = re.compile(r"'*(?:[=+\-@＝＋－＠\s]|.*\s\Z)", re.DOTALL)


def protected(text: str) -> str:
    """A text as a cell that no spreadsheet takes for a formula (https://owasp.org/www-community/attacks/CSV_Injection)
    and that `unprotected` gives back as it was, blanks at its ends included."""
    return f"'{text}" if _PROTECTED.match(text) else text


def unprotected(cell: str) -> str:
    """The text of a cell: without blanks around it, and without the apostrophe that `protected` puts before it."""
    if cell.startswith("'") and _PROTECTED.match(cell, 1):
        return cell[1:]
    return cell.strip()


def _user_id(text: str) -> str:
    if not _USER_ID.fullmatch(text):
        raise Unreadable("is not a LINE user id", "it is a U and 32 digits or letters from a to f")
    return text


def _short(text: str) -> str:
    if len(text) > LONGEST_TEXT or "\x00" in text:
        raise Unreadable(f"is longer than {LONGEST_TEXT:,} characters, or holds a NUL character")
    return text


def _moment(text: str, zone: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text.replace("/", "-"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unreadable("is not a moment", "write it as 2026-12-01T10:00 or 2026-12-01T10:00+09:00") from None
