"""What a cell of a table means, by the declared type of its column. Nothing is guessed from how a cell looks."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from lineform.model.attributes import AttributeSpec
from lineform.model.problem import did_you_mean
from lineform.segments.friend import Value
from lineform.segments.operands import is_date, number

LONGEST_TEXT = 10_000
"""Characters in one cell."""
_FLAGS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_NUMBER = re.compile(r"[+-]?[0-9]{1,400}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,3})?")
_WHOLE = re.compile(r"[+-]?[0-9]{1,15}")
_SLASHED = re.compile(r"([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})")
_SEPARATORS = re.compile(r"(?<!\\)[|;]")


class Unreadable(Exception):
    """A cell does not hold what its column declares."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


def attribute_reader(name: str, spec: AttributeSpec) -> Callable[[str], Value]:
    """What reads the cells of this attribute's column; it raises `Unreadable`."""
    match spec.type:
        case "number":
            return _number
        case "date":
            return _date
        case "bool":
            return flag
        case "enum":
            return lambda cell: word(cell, spec.values, f"the words of '{name}'")
        case "set":
            return lambda cell: words(cell, spec.values, f"the words of '{name}'")
        case "text":
            return _text


def flag(cell: str) -> bool:
    """True or false, as exports write them."""
    try:
        return _FLAGS[cell.lower()]
    except KeyError:
        raise Unreadable("is neither true nor false", "write true or false") from None


def word(cell: str, known: Collection[str], what: str) -> str:
    """One of the known words."""
    if cell not in known:
        raise Unreadable(f"is not one of {what}", did_you_mean(cell, known))
    return cell


def words(cell: str, known: Collection[str], what: str) -> tuple[str, ...]:
    """Several of the known words, sorted, each once."""
    return listed(split_words(cell), known, what)


def split_words(cell: str) -> list[str]:
    """The words of one cell. A separator inside of a word is written with a backslash before it."""
    parts = (part.strip().replace("\\|", "|").replace("\\;", ";") for part in _SEPARATORS.split(cell))
    return [part for part in parts if part]


def join_words(several: Iterable[str]) -> str:
    """One cell that `split_words` takes apart again. No word at all is a separator alone: known to be none."""
    return "|".join(one.replace("|", "\\|").replace(";", "\\;") for one in several) or "|"


def listed(found: Iterable[str], known: Collection[str], what: str) -> tuple[str, ...]:
    """The words, sorted, each once; raises `Unreadable` where one of them is not known."""
    several = set(found)
    for one in several:
        if one not in known:
            raise Unreadable(f"holds a word that is not one of {what}", did_you_mean(one, known))
    return tuple(sorted(several))


def as_cell(value: object) -> str | tuple[str, ...]:
    """A value of a typed source (JSON, Parquet, a database) as the text that a CSV file would hold, so that all sources
    mean the same; a list as its words. Raises `Unreadable` for what no cell can hold."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | UUID():
            return str(value)
        case float() | Decimal():
            return _plain_number(value)
        case datetime():
            midnight = value.tzinfo is None and value.hour == value.minute == value.second == value.microsecond == 0
            return value.date().isoformat() if midnight else value.isoformat()
        case date():
            return value.isoformat()
        case list() | tuple() | set() | frozenset():
            if not all(isinstance(one, str) for one in value):
                raise Unreadable("is a list of something else than texts")
            return tuple(value)
        case bytes() | bytearray() | memoryview():
            raise Unreadable("is binary data")
    raise Unreadable("is no single value: neither a text, a number, a date, true or false, nor a list of words")


def _plain_number(value: float | Decimal) -> str:
    if not math.isfinite(value):
        raise Unreadable("is not a number")
    if value == int(value):
        return str(int(value))
    return repr(value) if isinstance(value, float) else format(value, "f")


def _number(cell: str) -> int | float:
    if not _NUMBER.fullmatch(cell):
        hint = "write it without separators and units" if re.search(r"[0-9]", cell) else ""
        raise Unreadable("is not a number", hint)
    try:
        if _WHOLE.fullmatch(cell):
            return int(cell)
        value = number(float(cell))
    except ValueError:
        raise Unreadable("is too large a number") from None
    # Friends read what is stored: 3.0, as tools write whole numbers in a column with gaps, is 3.
    return int(value) if value.is_integer() else value


def _date(cell: str) -> str:
    if slashed := _SLASHED.fullmatch(cell):  # as Excel in Japan writes dates: year, month, day
        cell = f"{slashed[1]}-{int(slashed[2]):02}-{int(slashed[3]):02}"
    if not is_date(cell):
        raise Unreadable("is not a date", "write it as 2026-12-31")
    return cell


def _text(cell: str) -> str:
    if len(cell) > LONGEST_TEXT or "\x00" in cell:
        raise Unreadable(f"is longer than {LONGEST_TEXT:,} characters, or holds a NUL character")
    return cell
