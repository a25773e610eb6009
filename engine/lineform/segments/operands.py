"""How the values of a condition are read: by the declared type of their attribute, never by how they look."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from lineform.model.attributes import AttributeSpec
from lineform.model.origin import Path
from lineform.model.problem import did_you_mean
from lineform.segments.finding import Finding
from lineform.segments.predicate import AttributeType, Operand

_ALWAYS = ("is", "is_not", "known")
_ORDER = ("in", "not_in", "above", "at_least", "below", "at_most", "between")
COMPARISONS: Mapping[AttributeType, tuple[str, ...]] = {
    "text": (*_ALWAYS, "in", "not_in", "starts_with"),
    "number": (*_ALWAYS, *_ORDER),
    "date": (*_ALWAYS, *_ORDER),
    "bool": _ALWAYS,
    "enum": (*_ALWAYS, "in", "not_in"),
    "set": (*_ALWAYS, "in", "not_in", "all_of"),
}
"""The comparisons that mean something, by the attribute's type."""

LONGEST = 500
"""Characters of a text that a condition compares: of a longer value no store needs to look at more than one beyond."""
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_LARGEST = 1e15


class Misread(NamedTuple):
    """Why a value cannot be one of this attribute."""

    code: str
    message: str
    hint: str = ""

    def at(self, path: Path) -> Finding:
        return Finding(path, self.code, self.message, self.hint)


def number(value: float) -> float:
    """A number as every engine holds it: the nearest of 15 significant digits, which survive each database's own way
    of reading decimals. ValueError where it is not finite, or a thousand billions or more."""
    if not -_LARGEST < value < _LARGEST:  # which no NaN is either
        raise ValueError("a number of a thousand billions or more, or none at all")
    return float(value) if isinstance(value, int) else float(f"{value:.15g}")


def is_date(text: str) -> bool:
    """Whether this is a day of the calendar, as ``2026-12-31``."""
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def read_operand(name: str, spec: AttributeSpec, value: Any) -> Operand | Misread:
    """One written value, as the attribute's type reads it."""
    match spec.type:
        case "number":
            return _number(name, value)
        case "bool":
            if isinstance(value, bool):
                return value
            return Misread("E305", f"'{name}' is true or false, not {_shown(value)}")
        case "date":
            if isinstance(value, str) and is_date(value):
                return value
            return Misread("E305", f"'{name}' is a date, not {_shown(value)}", "write it as 2026-12-31")
        case "text":
            if isinstance(value, str):
                return value
            return Misread("E305", f"'{name}' is text, not {_shown(value)}", _quoted(value))
        case "enum" | "set":
            return _word(name, spec, value)


def _number(name: str, value: Any) -> Operand | Misread:
    if isinstance(value, bool) or not isinstance(value, int | float):
        hint = "write the number without quotes" if isinstance(value, str) and _looks_numeric(value) else ""
        return Misread("E305", f"'{name}' is a number, not {_shown(value)}", hint)
    try:
        return number(value)
    except (ValueError, OverflowError):
        return Misread("E305", f"{_shown(value)} is too large a number")


def _word(name: str, spec: AttributeSpec, value: Any) -> Operand | Misread:
    if not isinstance(value, str):
        return Misread("E305", f"'{name}' holds words, not {_shown(value)}", _quoted(value))
    if value not in spec.values:
        hint = did_you_mean(value, spec.values) or f"it is one of {', '.join(spec.values[:12])}"
        return Misread("E306", f"'{value}' is not one of the words of '{name}'", hint)
    return value


def _looks_numeric(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _quoted(value: Any) -> str:
    return "" if isinstance(value, str) else f'write it in quotes: "{_plain(value)}"'


def _shown(value: Any) -> str:
    return f"'{value}'" if isinstance(value, str) else _plain(value)


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
