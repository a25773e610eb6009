"""Friends as JSON Lines: one object a line, its keys the columns of `friends_rows` (https://jsonlines.org).

null and absent keys say nothing. Tags and sets are lists of words; an empty list is a set that is known to be empty.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import IO, Any

from lineform.loading.friends_rows import (
    FriendsFileError,
    Numbered,
    RefusedRow,
    RowsReader,
    known_columns,
)
from lineform.model.problem import did_you_mean
from lineform.segments.declared import Declared

LONGEST_LINE = 4 * 1024 * 1024
"""Bytes."""
_SHAPES = 1_000
"""Different sets of keys whose readers are kept."""


class _Twice(ValueError):
    """A key occurs twice in an object."""


def read_jsonl(source: Path, declared: Declared, *, timezone: str = "Asia/Tokyo", start: int = 1) -> Iterator[Numbered]:
    """The objects of a file from line `start` on, in little memory. Raises `FriendsFileError` where the file cannot be
    read on; a line that is no such object is a refused row."""
    try:
        file = source.open("rb")
    except OSError as error:
        raise FriendsFileError(f"cannot read {source}: {error.strerror}") from None
    shapes = _Shapes(declared, timezone)
    with file:
        lines = ((number, line) for number, line in _lines(file) if number >= start)
        parsed = ((number, *shapes.parse(number, line)) for number, line in lines)
        # Neighbours have the same keys most of the time: they are read together.
        for reader, together in groupby(parsed, key=itemgetter(1)):
            if isinstance(reader, RefusedRow):
                yield from ((number, reader) for number, _, _ in together)
            else:
                yield from reader.read((number, values) for number, _, values in together)


def _lines(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers, without the empty ones."""
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise FriendsFileError(
                f"line {number} is longer than {LONGEST_LINE:,} bytes", hint="write each friend as one line"
            )
        if text := line.removeprefix(b"\xef\xbb\xbf").strip():
            yield number, text


class _Shapes:
    """Objects with their readers, of which there is one for each set of keys."""

    def __init__(self, declared: Declared, timezone: str) -> None:
        self._declared = declared
        self._timezone = timezone
        self._known = known_columns(declared)
        self._readers: dict[tuple[str, ...], RowsReader] = {}

    def parse(self, number: int, line: bytes) -> tuple[RowsReader | RefusedRow, tuple[Any, ...]]:
        """An object's reader and its values, or why it is none."""
        try:
            values = json.loads(line, parse_constant=_no_constant, object_pairs_hook=_once)
        except _Twice:
            return RefusedRow(number, "", "has a key twice"), ()
        except (ValueError, RecursionError):
            hint = 'write one object a line: {"user_id": "U…", …}'
            return RefusedRow(number, "", "is not JSON in UTF-8", hint), ()
        if not isinstance(values, dict):
            return RefusedRow(number, "", "is not an object", 'write one object a line: {"user_id": "U…", …}'), ()
        keys = tuple(values)
        reader = self._readers.get(keys)
        if reader is None:
            for key in keys:
                if key not in self._known:
                    return RefusedRow(number, key[:100], "is an unknown column", did_you_mean(key, self._known)), ()
            reader = RowsReader(keys, self._declared, self._timezone, clean=_exact)
            if len(self._readers) < _SHAPES:
                self._readers[keys] = reader
        return reader, tuple(values.values())


def _exact(text: str) -> str:
    """JSON's texts are what they are; one of blanks alone says nothing, as everywhere."""
    return text if text.strip() else ""


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise _Twice
    return values
