"""Files of codes: one a line, or a column of a CSV file. What is wrong with a line is told without its text."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from lineform.errors import UsageError

LONGEST = 100
"""Characters of a code."""
COLUMN = "code"


@dataclass(frozen=True, slots=True)
class RefusedCode:
    """A line that holds no code, and why."""

    line: int
    reason: str


def read_codes(file: Path, refuse: Callable[[RefusedCode], None]) -> Iterator[str]:
    """The codes of a file, streamed; empty lines are passed over, and `refuse` hears of what is no code.

    Raises UsageError where the file is no UTF-8 text, or is a CSV file without the column.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            lines = _column(text, file) if file.suffix.casefold() == ".csv" else enumerate(text, start=1)
            for number, written in lines:
                code = written.strip()
                if reason := _reason(code):
                    refuse(RefusedCode(number, reason))
                elif code:
                    yield code
    except UnicodeDecodeError:
        raise UsageError(f"{file.name} is not UTF-8 text", hint="save it as UTF-8") from None
    except csv.Error:
        raise UsageError(f"{file.name} cannot be read as CSV") from None


def _column(text: IO[str], file: Path) -> Iterator[tuple[int, str]]:
    rows = csv.DictReader(text)
    if COLUMN not in (rows.fieldnames or ()):
        raise UsageError(f"{file.name} has no column '{COLUMN}'", hint=f"name the column of the codes '{COLUMN}'")
    for row in rows:
        yield rows.line_num, row[COLUMN] or ""


def _reason(code: str) -> str:
    if len(code) > LONGEST:
        return f"longer than {LONGEST} characters"
    if not code.isprintable() or " " in code or "　" in code:
        return "a blank or a character that cannot be read inside of a code"
    return ""
