"""What may be wrong with an object for LINE: where it is, why, and the sentence that says it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

Path = tuple[str | int, ...]
"""The way to a value: keys and list indexes from the root."""


class Reason(StrEnum):
    """Why a value is refused; problem codes and LINE's own wording both hang on these words."""

    MISSING = "missing"
    """A required property is not there."""
    EMPTY = "empty"
    """A text that must not be empty is."""
    TOO_LONG = "too-long"
    """More characters than LINE allows, in LINE's own way of counting."""
    TOO_MANY = "too-many"
    TOO_FEW = "too-few"
    TOO_BIG = "too-big"
    TOO_SMALL = "too-small"
    TOO_HEAVY = "too-heavy"
    """More bytes of JSON than LINE allows."""
    WRONG_TYPE = "wrong-type"
    """A number where a text belongs, a list where an object belongs, and the like."""
    UNKNOWN_KEY = "unknown-key"
    UNKNOWN_WORD = "unknown-word"
    """Not one of the words that LINE allows here; the type of a message, action or component included."""
    BAD_FORMAT = "bad-format"
    """A colour, size, date or id that is not written as LINE wants it."""
    BAD_URL = "bad-url"
    """No URL, or one of a scheme that is not allowed here."""
    URL_NOT_ENCODED = "url-not-encoded"
    """LINE asks for percent-encoding; what it answers otherwise is not documented."""
    NOT_HERE = "not-here"
    """Right elsewhere, but not allowed in this place."""
    CONFLICT = "conflict"
    """Two properties that exclude or contradict each other."""
    FORBIDDEN_WORD = "forbidden-word"
    OUTSIDE = "outside"
    """An area that leaves its picture; what LINE answers is not documented, no friend could tap it."""
    UNFAMILIAR = "unfamiliar"
    """A Flex property that this version does not know: passed on untouched, and only reported on request."""


OURS = frozenset({Reason.URL_NOT_ENCODED, Reason.OUTSIDE, Reason.UNFAMILIAR})
"""Reasons for which no page says that LINE refuses: advice to authors, who may have meant it."""

UNCONFIRMED = OURS | {Reason.UNKNOWN_KEY}
"""Reasons by which the offline account does not refuse. No page says that LINE minds an unknown property; to an author
it is an error all the same, as what was meant by it would not happen."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that LINE would refuse.

    `text` is the predicate of a sentence whose subject is the value ("is 161 characters; LINE allows 160 here").
    `known` are the words that would have been right, for a "did you mean". `low` and `high` are the limits that were
    broken, where there are any.
    """

    path: Path
    reason: Reason
    text: str
    known: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None

    def under(self, *prefix: str | int) -> Finding:
        """The same finding in an object that is itself inside another."""
        return replace(self, path=(*prefix, *self.path))

    @property
    def property(self) -> str:
        """The path as LINE writes it: ``messages[0].text``."""
        return property_path(self.path)


def property_path(path: Path) -> str:
    """A path in LINE's notation (https://developers.line.biz/en/reference/messaging-api/#error-responses)."""
    out = ""
    for part in path:
        if isinstance(part, int):
            out += f"[{part}]"
        else:
            out += f".{part}" if out else part
    return out
