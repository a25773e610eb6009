"""What a plain scalar means in YAML 1.2's core schema, and where a person would be surprised by it.

https://yaml.org/spec/1.2.2/#103-core-schema. Where YAML 1.1, which most other tools read, says something else, the
author is asked for quotes: ``no`` is a word here and false there, ``0612`` a postcode to people, a number to parsers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_WORDS: dict[str, Any] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_INT = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NO_NUMBER = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_TRUTH_1_1 = frozenset(
    form for word in ("yes", "no", "on", "off", "y", "n") for form in (word, word.capitalize(), word.upper())
)
_UNDERSCORES = re.compile(r"[-+]?(?:0[xb]?)?[0-9a-fA-F]+(?:_[0-9a-fA-F_]*)+(?:\.[0-9_]*)?")
_BASE_SIXTY = re.compile(r"[-+]?[1-9][0-9]*(?::[0-5]?[0-9])+(?:\.[0-9]*)?")
_FIRST = frozenset("0123456789+-.~nNtTfFyYoO")
DIGITS = 15
"""More digits than JSON readers keep: an id, not a number."""


@dataclass(frozen=True, slots=True)
class Surprise:
    """A plain scalar that somebody would read otherwise. `fatal` where the author cannot have meant what is read."""

    message: str
    hint: str
    fatal: bool = True


def resolve(text: str) -> tuple[Any, Surprise | None]:
    """The value of a plain scalar, and what may surprise about it."""
    if text and text[0] not in _FIRST:
        return text, None
    if text in _WORDS:
        return _WORDS[text], None
    if text in _TRUTH_1_1:
        hint = f'write true or false, or "{text}" in quotes'
        return text, Surprise(f"'{text}' is a word here, and true or false to YAML 1.1", hint)
    if _INT.fullmatch(text):
        return _whole(text)
    if _FLOAT.fullmatch(text):
        return _fraction(text)
    if _OCTAL.fullmatch(text):
        return int(text, 0), None
    if _HEX.fullmatch(text):
        return (int(text, 0), None) if len(text) <= DIGITS else (text, _long(text))
    if _NO_NUMBER.fullmatch(text):
        return text, Surprise(
            f"'{text}' is no number that LINE could be given", f'write "{text}" in quotes if it is a text'
        )
    return text, _other_reading(text)


def _whole(text: str) -> tuple[Any, Surprise | None]:
    digits = text.lstrip("+-")
    if len(digits) > 1 and digits[0] == "0":
        return text, Surprise(f"{text} would lose its leading zero as a number", f'write "{text}" in quotes')
    if text[0] == "+":
        return text, Surprise(
            f"{text} would lose its plus sign as a number", f'write "{text}" in quotes, or no plus sign'
        )
    if len(digits) > DIGITS:
        return text, _long(text)
    return int(text), None


def _long(text: str) -> Surprise:
    return Surprise(
        f"{text[:20]}{'…' if len(text) > 20 else ''} has too many digits for a number", "write it in quotes"
    )


def _fraction(text: str) -> tuple[Any, Surprise | None]:
    value = float(text)
    if value in {float("inf"), float("-inf")}:
        return text, Surprise(f"'{text[:20]}' is too big a number", "write it in quotes if it is a text")
    if "e" in text.lower():
        hint = f'write "{text}" in quotes if it is a text'
        return value, Surprise(f"'{text}' is read as the number {value}", hint, fatal=False)
    return value, None


def _other_reading(text: str) -> Surprise | None:
    if _BASE_SIXTY.fullmatch(text):
        hint = f'write "{text}" in quotes'
        return Surprise(f"'{text}' is a text here, and a number of base 60 to YAML 1.1", hint, fatal=False)
    if _UNDERSCORES.fullmatch(text) and text.strip("_") == text and not text.isalpha():
        return Surprise(
            f"'{text}' is a text here, and a number to YAML 1.1", "write the digits without _, or use quotes"
        )
    return None
