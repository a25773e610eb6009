"""A table of friends, as a spreadsheet or another system exports it: rows to import, and rows that cannot be.

The first line names the columns: ``user_id`` (required), ``display_name``, ``language``, ``followed_at``, ``blocked``,
``tags``, ``untag``, and declared attributes by their names. An empty cell says nothing and changes nothing. Several
tags or words of a set stand in one cell, separated by ``|`` or ``;``. A problem never repeats what a cell holds: it is
somebody's data, and messages end up in logs.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

from lineform.errors import LineformError
from lineform.lineapi.limits import USER_ID_PATTERN
from lineform.loading.csv_cells import LONGEST_TEXT, Unreadable, attribute_reader, flag, words
from lineform.model.problem import did_you_mean
from lineform.ports.store import FriendRow
from lineform.segments.declared import Declared

COLUMNS = ("user_id", "display_name", "language", "followed_at", "blocked", "tags", "untag")
"""The columns that every account has."""
MOST_COLUMNS = 1_000
_PEEK = 64 * 1024
_USER_ID = re.compile(USER_ID_PATTERN)


class FriendsFileError(LineformError):
    """The file as a whole cannot be read: its encoding, its first line, or a quote that never ends."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that is not imported. `row` is its number as a spreadsheet shows it, where the column names are row 1."""

    row: int
    column: str
    reason: str
    hint: str = ""


def read_friends(
    source: Path | IO[bytes] | IO[str], declared: Declared, *, encoding: str = "utf-8", timezone: str = "Asia/Tokyo"
) -> Iterator[FriendRow | RefusedRow]:
    """The rows of a CSV file, one after the other, in little memory. Times without an offset are in `timezone`.

    Raises `FriendsFileError`, at the first row or later, where the file cannot be read on.
    """
    with _text(source, encoding) as lines:
        rows = _records(lines)
        header = next(rows, None)
        if header is None:
            raise FriendsFileError("the file is empty", hint="its first line names the columns: user_id, tags, …")
        columns = _columns(header[1], declared)
        readers = _readers(columns, declared, ZoneInfo(timezone))
        for number, cells in rows:
            yield _friend(number, cells, readers)


@contextmanager
def _text(source: Path | IO[bytes] | IO[str], encoding: str) -> Iterator[IO[str]]:
    if isinstance(source, Path):
        try:
            opened = source.open("rb")
        except OSError as error:
            raise FriendsFileError(f"cannot read {source}: {error.strerror}") from None
        with opened, _text(opened, encoding) as lines:
            yield lines
    elif isinstance(source, io.TextIOBase):
        yield source
    else:
        yield _decoded(source, encoding)  # type: ignore[arg-type]


def _decoded(source: IO[bytes], encoding: str) -> IO[str]:
    """The text of a stream of bytes. Its start is looked at first: a wrong encoding is refused before any row."""
    buffered = io.BufferedReader(source, _PEEK) if isinstance(source, io.RawIOBase) else source
    start = buffered.read(_PEEK)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FriendsFileError("the file is UTF-16", hint="export it as 'CSV UTF-8'")
    codec = "utf-8-sig" if encoding.lower().replace("_", "-") in {"utf-8", "utf8"} else encoding
    try:
        # The last bytes may be half a character.
        start[: start.rfind(b"\n") + 1 or len(start)].decode(codec)
    except UnicodeDecodeError:
        raise _wrong_encoding(start, encoding) from None
    except LookupError:
        raise FriendsFileError(f"'{encoding}' is no encoding", hint="Excel in Japan writes cp932") from None
    return io.TextIOWrapper(io.BufferedReader(_Rejoined(start, buffered), _PEEK), encoding=codec, newline="")


class _Rejoined(io.RawIOBase):
    """A stream whose start was read already."""

    def __init__(self, start: bytes, rest: IO[bytes]) -> None:
        self._start = start
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._start[: len(buffer)] if self._start else self._rest.read(len(buffer))
        self._start = self._start[len(piece) :]
        buffer[: len(piece)] = piece
        return len(piece)


def _wrong_encoding(start: bytes, encoding: str) -> FriendsFileError:
    whole = start[: start.rfind(b"\n") + 1 or len(start)]
    try:
        whole.decode("cp932")
    except UnicodeDecodeError:
        return FriendsFileError(f"the file is not {encoding}", hint="export it as 'CSV UTF-8'")
    return FriendsFileError(
        f"the file is not {encoding}: it looks like Shift_JIS, as Excel in Japan writes it",
        hint="export it as 'CSV UTF-8', or say that its encoding is cp932",
    )


def _records(lines: IO[str]) -> Iterator[tuple[int, list[str]]]:
    """Rows with their numbers, without the empty ones."""
    reader = csv.reader(lines, strict=True)
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader, None)
        except csv.Error:
            raise FriendsFileError(
                f"row {number} is not CSV: a quote is not closed, or not doubled, or a cell is longer than "
                f"{csv.field_size_limit():,} characters",
                hint='write a quote inside of a quoted cell twice: "say ""hello"""',
            ) from None
        except UnicodeDecodeError as error:
            hint = "export it as 'CSV UTF-8', or name the file's encoding"
            raise FriendsFileError(f"row {number} or a later one is not {error.encoding}", hint=hint) from None
        if cells is None:
            return
        if cells:
            yield number, cells


def _columns(header: list[str], declared: Declared) -> list[str]:
    names = [cell.removeprefix("\ufeff").strip() for cell in header]
    if len(names) == 1 and (other := next((mark for mark in (";", "\t") if mark in names[0]), "")):
        shown = "tabs" if other == "\t" else "semicolons"
        raise FriendsFileError(f"the columns are separated by {shown}", hint="export it with commas")
    if len(names) > MOST_COLUMNS:
        raise FriendsFileError(f"the file has {len(names):,} columns; {MOST_COLUMNS:,} are possible")
    known = (*COLUMNS, *declared.attributes)
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
        hint = "columns are user_id, display_name, language, followed_at, blocked, tags, untag and declared attributes"
        raise FriendsFileError("; ".join(problems), hint=hint)
    return names


Reader = Callable[[str], Any]


def _readers(columns: list[str], declared: Declared, zone: ZoneInfo) -> list[tuple[str, bool, Reader]]:
    """For each column its name, whether it is an attribute, and what reads its cells."""
    own: Mapping[str, Reader] = {
        "user_id": _user_id,
        "display_name": _short,
        "language": _short,
        "followed_at": lambda cell: _moment(cell, zone),
        "blocked": flag,
        "tags": lambda cell: words(cell, declared.tags, "declared tags"),
        "untag": lambda cell: words(cell, declared.tags, "declared tags"),
    }
    return [
        (name, False, own[name]) if name in own else (name, True, attribute_reader(name, declared.attributes[name]))
        for name in columns
    ]


def _friend(number: int, cells: list[str], readers: list[tuple[str, bool, Reader]]) -> FriendRow | RefusedRow:
    if len(cells) != len(readers):
        return RefusedRow(number, "", f"has {len(cells)} cells, but there are {len(readers)} columns")
    values: dict[str, Any] = {}
    attributes: dict[str, Any] = {}
    for cell, (name, is_attribute, read) in zip(cells, readers, strict=True):
        text = cell.strip()
        if not text:
            continue
        try:
            (attributes if is_attribute else values)[name] = read(text)
        except Unreadable as problem:
            return RefusedRow(number, name, problem.reason, problem.hint)
    if "user_id" not in values:
        return RefusedRow(number, "user_id", "is empty")
    return FriendRow(attributes=attributes, **values)


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
