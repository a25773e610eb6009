"""One row about a friend, wherever it comes from: the same columns, the same types, the same refusals.

Columns are ``user_id``, ``display_name``, ``language``, ``followed_at``, ``blocked``, ``tags``, ``untag``, ``route``,
``member_id``, and declared attributes by their names. A row without a user id is about the friends who are linked to
its member. An empty cell says nothing and changes nothing. A problem never repeats what a cell holds: it is somebody's
data, and messages end up in logs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache, partial
from itertools import islice, repeat
from operator import or_
from typing import Any
from zoneinfo import ZoneInfo

from lineform.errors import LineformError
from lineform.loading.csv_cells import Unreadable
from lineform.loading.friends_columns import COLUMNS, Clean, column_of
from lineform.model.problem import did_you_mean
from lineform.ports.friends import FriendRow
from lineform.segments.declared import Declared
from lineform.segments.tagging import RivalTags, tagging

MOST_COLUMNS = 1_000
PIECE = 100
"""Rows that are read at once. More are hardly faster, and one refused row costs more."""
AHEAD = timedelta(minutes=10)
"""So far in the future a moment may lie that is past: clocks differ."""
_REMEMBERED = 4_096
_FIELDS = [(name, FriendRow._field_defaults.get(name)) for name in FriendRow._fields]


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
Cells = Sequence[object]
"""The cells of one row: texts as a CSV file holds them, or the values of a typed source."""
NumberedCells = tuple[int, Cells]
Words = tuple[str, ...]


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
    if not {"user_id", "member_id"} & {*names}:
        problems.append("there is no column 'user_id' and none 'member_id'")
    if problems:
        hint = f"columns are {', '.join(COLUMNS)} and declared attributes"
        raise FriendsFileError("; ".join(problems), hint=hint)


def without_future(rows: Iterable[Numbered], now: datetime) -> Iterator[Numbered]:
    """The same, with those refused who are to have followed after `now`: a year that was mistyped would make them
    friends of no time at all."""
    latest = now + AHEAD
    for number, row in rows:
        if isinstance(row, FriendRow) and row.followed_at is not None and row.followed_at > latest:
            yield number, RefusedRow(number, "followed_at", "is in the future", "it is when the friend followed")
        else:
            yield number, row


class _Refused(Exception):
    """Some row is not imported, for this reason."""

    def __init__(self, column: str, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason
        self.hint = hint


class RowsReader:
    """Reads rows with known columns, a piece at a time and in it column by column, which takes half as long as row by
    row. A piece with a row that is refused is read again row by row: rows are refused one by one."""

    def __init__(
        self, columns: Iterable[str], declared: Declared, timezone: str, *, clean: Clean = str.strip, typed: bool = True
    ) -> None:
        """Times without an offset are in `timezone`. `clean` says what a text of this source is, without what the
        source put around it. A source that is not `typed` has texts alone."""
        zone = ZoneInfo(timezone)
        self._columns = [column_of(name, declared, zone, clean, typed=typed) for name in columns]
        self._ruled = any(declared.exclusive_group(tag) or declared.lasting(tag) for tag in declared.tags)
        # The same few tags come together again and again.
        self._tagging = lru_cache(_REMEMBERED)(partial(tagging, declared=declared))

    def read(self, rows: Iterable[NumberedCells]) -> Iterator[Numbered]:
        """What each row comes to. Where the source breaks off, what came before is given first."""
        for piece in _pieces(rows):
            numbers, cells = zip(*piece, strict=True)
            try:
                friends = self._friends(cells)
            except _Refused:
                yield from map(self._one, numbers, cells)
            else:
                yield from zip(numbers, friends, strict=True)

    def _one(self, number: int, cells: Cells) -> Numbered:
        try:
            (friend,) = self._friends((cells,))
        except _Refused as why:
            return number, RefusedRow(number, why.column, why.reason, why.hint)
        return number, friend

    def _friends(self, rows: Sequence[Cells]) -> list[FriendRow]:
        """The friends of all these rows; raises `_Refused` where one of them is none."""
        for cells in rows:
            if len(cells) != len(self._columns):
                raise _Refused("", f"has {len(cells)} cells, but there are {len(self._columns)} columns")
        fields: dict[str, Iterable[Any]] = {}
        attributes: dict[str, list[Any]] = {}
        for column, cells in zip(self._columns, zip(*rows, strict=True), strict=True):
            try:
                values = [*map(column.read, cells)]
            except Unreadable as problem:
                raise _Refused(column.name, problem.reason, problem.hint) from None
            (attributes if column.is_attribute else fields)[column.name] = values
        people = fields.get("user_id") or [None] * len(rows)
        if not all(people):
            members = fields.get("member_id") or [None] * len(rows)
            if not all(map(or_, map(bool, people), map(bool, members))):
                raise _Refused("user_id" if "user_id" in fields else "member_id", "is empty")
            fields["user_id"] = [user_id or "" for user_id in people]
        if self._ruled and "tags" in fields:
            fields |= self._rules(fields["tags"], fields.get("untag", repeat(())))
        if attributes:
            fields["attributes"] = _told(attributes)
        return [*map(FriendRow, *(fields.get(name, repeat(default)) for name, default in _FIELDS))]

    def _rules(self, tags: Iterable[Words], untag: Iterable[Words]) -> dict[str, list[Words]]:
        """What giving these tags comes to."""
        try:
            rules = [*map(self._tagging, tags, untag)]
        except RivalTags as rivals:
            hint = f"a friend has at most one tag of '{rivals.group}'"
            raise _Refused("tags", "holds two tags of one exclusive group", hint) from None
        return {name: [getattr(rule, name) for rule in rules] for name in ("tags", "untag", "renew")}


def _pieces(rows: Iterable[NumberedCells]) -> Iterator[list[NumberedCells]]:
    source = iter(rows)
    while True:
        piece: list[NumberedCells] = []
        try:
            piece.extend(islice(source, PIECE))
        except Exception:
            if piece:
                yield piece
            raise
        if not piece:
            return
        yield piece


def _told(columns: Mapping[str, Iterable[Any]]) -> list[dict[str, Any]]:
    """Each friend's attributes, without those of which the row says nothing."""
    names = tuple(columns)
    return [
        {name: value for name, value in zip(names, values, strict=True) if value is not None}
        for values in zip(*columns.values(), strict=True)
    ]


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
