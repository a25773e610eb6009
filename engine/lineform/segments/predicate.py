"""The predicate that a segment's conditions become: typed, with references resolved, as plain data.

Three-valued on purpose: a comparison with an unknown value is unknown, `Not` of unknown is unknown, and only friends
for whom the whole is true are selected. So nobody is counted as "the other value" because nobody asked them yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

AttributeType = Literal["text", "number", "date", "bool", "enum", "set"]
Operand = str | int | float | bool
Comparison = Literal["is", "in", "above", "at_least", "below", "at_most", "between", "starts_with", "all_of", "known"]


@dataclass(frozen=True, slots=True)
class AttributeIs:
    """A comparison with an attribute. `operands` holds one value, or several for in, all_of and between.

    ``is_not`` and ``not_in`` are `Not` around ``is`` and ``in``; for a set, ``is`` and ``in`` mean "contains one of".
    ``known`` (operand True or False) is never unknown.
    """

    attribute: str
    type: AttributeType
    comparison: Comparison
    operands: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class HasTag:
    """Never unknown: a friend has a tag or has not."""

    tag: str


@dataclass(frozen=True, slots=True)
class All:
    """True where every part is. Empty only as `EVERYONE`."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Any:
    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Predicate


@dataclass(frozen=True, slots=True)
class Maybe:
    """True where the part is true or unknown: what an exclusion drops ("not known to be false")."""

    part: Predicate


Predicate = AttributeIs | HasTag | All | Any | Not | Maybe

EVERYONE = All(())
"""All friends who have not blocked the account; made only from the written word."""
