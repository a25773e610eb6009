"""A CSV file about friends, as a spreadsheet or another system exports it.

The first line names the columns of `friends_rows`. Several tags or words of a set stand in one cell, separated by ``|``
or ``;``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import dropwhile
from pathlib import Path
from typing import IO, Any

from lineform.loading.friends_rows import FriendsFileError, Numbered, RowsReader, check_columns, unprotected
from lineform.segments.declared import Declared

_PEEK = 64 * 1024


def read_csv(
    source: Path | IO[bytes] | IO[str],
    declared: Declared,
    *,
    encoding: str = "utf-8",
    timezone: str = "Asia/Tokyo",
    start: int = 1,
) -> Iterator[Numbered]:
    """The rows of a CSV file from row `start` on, one after the other, in little memory. Times without an offset are in
    `timezone`.

    Raises `FriendsFileError`, at the first row or later, where the file cannot be read on.
    """
    with _text(source, encoding) as lines:
        rows = _records(lines)
        header = next(rows, None)
        if header is None:
            raise FriendsFileError("the file is empty", hint="its first line names the columns: user_id, tags, …")
        reader = RowsReader(_columns(header[1], declared), declared, timezone, clean=unprotected, typed=False)
        yield from reader.read(dropwhile(lambda row: row[0] < start, rows))


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
    number = 0
    try:
        for number, cells in enumerate(csv.reader(lines, strict=True), 1):
            if cells:
                yield number, cells
    except csv.Error:
        raise FriendsFileError(
            f"row {number + 1} is not CSV: a quote is not closed, or not doubled, or a cell is longer than "
            f"{csv.field_size_limit():,} characters",
            hint='write a quote inside of a quoted cell twice: "say ""hello"""',
        ) from None
    except UnicodeDecodeError as error:
        hint = "export it as 'CSV UTF-8', or name the file's encoding"
        raise FriendsFileError(f"row {number + 1} or a later one is not {error.encoding}", hint=hint) from None


def _columns(header: list[str], declared: Declared) -> list[str]:
    names = [cell.removeprefix("\ufeff").strip() for cell in header]
    if len(names) == 1 and (other := next((mark for mark in (";", "\t") if mark in names[0]), "")):
        shown = "tabs" if other == "\t" else "semicolons"
        raise FriendsFileError(f"the columns are separated by {shown}", hint="export it with commas")
    check_columns(names, declared)
    return names
