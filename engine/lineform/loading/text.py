"""Reads one file of the workspace as text, and refuses what cannot be one before it is read in full."""

from __future__ import annotations

import re
from pathlib import Path

from lineform.loading.excerpts import shown
from lineform.model.origin import Origin
from lineform.model.problem import Problem

SIZE_LIMIT = 1024 * 1024
_BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
# U+0085, U+2028 and U+2029 end a line for YAML 1.1 and not for 1.2, and nobody sees them: no parser may decide.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


class Unreadable(Exception):
    """The file is no text that can be parsed; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def read_bytes(path: Path, file: str, limit: int) -> bytes:
    """The file's bytes; raises `Unreadable` where there are more than `limit`, without reading more."""
    try:
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        reason = (error.strerror or "it cannot be opened").lower()
        raise Unreadable(Problem("E001", f"the file cannot be read: {reason}", Origin(file))) from error
    if len(data) > limit:
        message = f"the file is larger than {_size(limit)}"
        raise Unreadable(Problem("E002", message, Origin(file), hint="split it into several files"))
    return data


def _size(size: int) -> str:
    return f"{size // (1024 * 1024)} MiB" if size % (1024 * 1024) == 0 else f"{size:,} bytes"


def read_text(path: Path, file: str) -> str:
    """The file's text without a byte order mark; raises `Unreadable`."""
    return decode(read_bytes(path, file, SIZE_LIMIT), file)


def decode(data: bytes, file: str) -> str:
    """Bytes as text: UTF-8 and nothing else, no control characters."""
    if (other := _BOMS.get(data[:2])) is not None:
        raise Unreadable(Problem("E003", f"the file is {other}, not UTF-8", Origin(file), hint="save it as UTF-8"))
    try:
        text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        message = f"the file is not UTF-8: byte 0x{data[error.start]:02x} begins no character"
        hint = "save it as UTF-8 (Shift_JIS and EUC-JP are not read)"
        raise Unreadable(Problem("E003", message, place(file, before, len(before)), hint=hint)) from None
    if found := _FORBIDDEN.search(text):
        raise Unreadable(_forbidden(file, text, found.start()))
    return text


def _forbidden(file: str, text: str, at: int) -> Problem:
    name = f"U+{ord(text[at]):04X}"
    if text[at] == "\0":
        return Problem(
            "E003", "the file is binary: it holds a NUL byte", place(file, text, at), hint="name text files only"
        )
    message = f"the file holds the invisible character {name}"
    hint = f'remove it, or write it as "\\u{ord(text[at]):04x}" in double quotes'
    origin = place(file, text, at)
    return Problem("E003", message, origin, hint=hint, excerpt=shown(lines_of(text)[origin.line - 1]))


_BREAK = re.compile("\r\n|\r|\n")


def lines_of(text: str) -> list[str]:
    """The lines of a text as YAML counts them."""
    return _BREAK.split(text)


def place(file: str, text: str, index: int) -> Origin:
    """Line and column of a character of a text."""
    before = lines_of(text[:index])
    return Origin(file, len(before), len(before[-1]) + 1)


def line_place(file: str, text: str, line: int, word: str = "") -> tuple[Origin, str]:
    """The place of a template's line and the line as it may be shown: at `word`, or where its code begins. The file as
    a whole, and nothing shown, where `line` is 0."""
    lines = lines_of(text)
    if not 0 < line <= len(lines):
        return Origin(file), ""
    found = lines[line - 1]
    start = found.find(word) if word else -1
    if start < 0:
        start = next((index for mark in ("{%", "{{") if (index := found.find(mark)) >= 0), -1)
    return Origin(file, line, max(start, 0) + 1), shown(found)
