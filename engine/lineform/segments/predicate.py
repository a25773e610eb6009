"""The predicate that a segment's conditions become: typed, with references resolved, as plain data.

Three-valued on purpose: a comparison with an unknown value is unknown, `Not` of unknown is unknown, and only friends
for whom the whole is true are selected. So nobody is counted as "the other value" because nobody asked them yet.

What depends on the day of the send stays relative ("within 60 days", "a birthday today") until somebody asks at a
moment; the client's time zone is part of such a leaf, so that it means the same wherever it is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

AttributeType = Literal["text", "number", "date", "bool", "enum", "set"]
Indexed: TypeAlias = Mapping[str, AttributeType]
"""Attributes over which there is one index, in its order."""
Operand = str | int | float | bool
Comparison = Literal[
    "is", "in", "above", "at_least", "below", "at_most", "between", "starts_with", "all_of", "known", "month_day"
]
Point = int | datetime
"""A moment: so many seconds before the moment of asking, or (aware, in UTC) the same for ever."""


@dataclass(frozen=True, slots=True)
class AttributeIs:
    """A comparison with an attribute. `operands` holds one value, or several for in, all_of and between.

    ``is_not`` and ``not_in`` are `Not` around ``is`` and ``in``; for a set, ``is`` and ``in`` mean "contains one of".
    ``known`` (operand True or False) is never unknown. ``month_day`` is for dates, and its operands are like ``12-31``.
    """

    attribute: str
    type: AttributeType
    comparison: Comparison
    operands: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class HasTag:
    """Never unknown: a friend has a tag or has not. One that `lasts` so many seconds counts no longer than that."""

    tag: str
    lasts: int | None = None


@dataclass(frozen=True, slots=True)
class AgeIs:
    """A comparison with the age in whole years, from an attribute that holds the date of birth."""

    attribute: str
    comparison: Literal["is", "above", "at_least", "below", "at_most", "between"]
    years: tuple[int, ...]
    timezone: str


@dataclass(frozen=True, slots=True)
class Anniversary:
    """The month and day of an attribute that holds a date fall into a span of the calendar: ``today``, ``tomorrow``,
    ``this_month``, ``next_month``, ``next_<n>_days`` or ``month_<n>``."""

    attribute: str
    span: str
    timezone: str


@dataclass(frozen=True, slots=True)
class FriendSince:
    """The friend followed at `start` or later, and before `end`; never after the moment of asking."""

    start: Point | None
    end: Point | None
    follow: Literal["latest", "first"] = "latest"


@dataclass(frozen=True, slots=True)
class CameBy:
    """What LINE or an entry route tells of a friend is one of these words; unknown where nothing was told."""

    what: Literal["language", "first_route", "last_route"]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IsMember:
    """Linked to a member of the business. Never unknown."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many events there are."""

    comparison: Comparison
    operands: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """What a field of the events adds up to; an event without it adds nothing. Compared to four decimals: no two
    databases add fractions alike."""

    field: str
    comparison: Comparison
    operands: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """The first or the last of the events was at `start` or later, and before `end`; false where there is none."""

    which: Literal["first", "last"]
    start: Point | None
    end: Point | None


@dataclass(frozen=True, slots=True)
class Happened:
    """A measure of the friend's events of one type, at `start` or later and before `end`, whose fields are as `where`
    says. Never unknown: what was not recorded did not happen, and what lies after the moment of asking has not yet."""

    event: str
    where: tuple[FieldTest, ...]
    start: Point | None
    end: Point | None
    measure: Count | Sum | Edge


@dataclass(frozen=True, slots=True)
class All:
    """True where every part is. Empty only as `EVERYONE`."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """True where one of the parts is."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """True where the part is false; unknown stays unknown."""

    part: Predicate


@dataclass(frozen=True, slots=True)
class Maybe:
    """True where the part is true or unknown: what an exclusion drops ("not known to be false")."""

    part: Predicate


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A table of a source: its name, the column that says whom a row is about, and columns by what they hold."""

    table: str
    key: str
    columns: tuple[tuple[str, str], ...]
    event: str = ""
    """For a table of events: which. Empty for the one with a row a person."""
    at: str = ""
    """The column with an event's moment."""


@dataclass(frozen=True, slots=True)
class Source:
    """Tables that a company keeps elsewhere. `database` names the variable with its URL, or `parquet` a folder."""

    name: str
    database: str
    parquet: str
    people: Literal["user_id", "member_id"]
    timezone: str
    """On whose clocks a moment without a time zone is meant."""
    friends: SourceTable
    events: tuple[SourceTable, ...] = ()


@dataclass(frozen=True, slots=True)
class InSource:
    """What a source says of the friend: `part` as it is there. Unknown for people whom it does not know."""

    source: Source
    part: Predicate


FieldTest = AttributeIs | Not
"""A comparison with a field of an event, which is true only where the field is known, or its negation."""

Leaf = AttributeIs | HasTag | AgeIs | Anniversary | FriendSince | CameBy | IsMember | Happened
Predicate = Leaf | All | Any | Not | Maybe | InSource

EVERYONE = All(())
"""All friends who have not blocked the account; made only from the written word."""


def leaves(predicate: Predicate) -> Iterator[Leaf | InSource]:
    """The conditions that a predicate consists of; what a source is asked is one."""
    match predicate:
        case All(parts) | Any(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part) | Maybe(part):
            yield from leaves(part)
        case _:
            yield predicate
