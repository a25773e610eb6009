"""What may be asked about one friend: the leaves of a condition, as people write them.

`lineform.segments` gives them their meaning; `lineform.model.audience` combines them.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from lineform.model.base import Duration, Part, duration_of, duration_text

Scalar = str | int | float | bool
Word = Annotated[str, Field(min_length=1)]
Words = Annotated[tuple[Word, ...], Field(strict=False, min_length=1)]
Years = Annotated[int, Field(ge=0, le=150)]
Amount = Annotated[int, Field(ge=0, le=1_000_000_000)]


class Comparing(Part):
    """Comparisons with one value, of which exactly one is written."""

    is_: Scalar | None = Field(default=None, alias="is")
    """Equal to this value; for a set, contains it."""
    is_not: Scalar | None = None
    """Known and different from this value; for a set, does not contain it."""
    in_: Annotated[tuple[Scalar, ...] | None, Field(strict=False, min_length=1)] = Field(default=None, alias="in")
    """One of these values; for a set, shares at least one of them."""
    not_in: Annotated[tuple[Scalar, ...] | None, Field(strict=False, min_length=1)] = None
    """Known and none of these values."""
    all_of: Annotated[tuple[Scalar, ...] | None, Field(strict=False, min_length=1)] = None
    """For a set: contains every one of these."""
    above: int | float | str | None = None
    at_least: int | float | str | None = None
    below: int | float | str | None = None
    at_most: int | float | str | None = None
    between: Annotated[tuple[int | float | str, int | float | str] | None, Field(strict=False)] = None
    """From the first to the second, both included."""
    starts_with: str | None = None
    """For text: begins with this."""
    known: bool | None = None
    """Whether the value is known at all."""

    def comparison(self) -> tuple[str, Any]:
        """The comparison's written name and its value."""
        field = next(name for name in Comparing.model_fields if name in self.model_fields_set)
        return field.rstrip("_"), getattr(self, field)  # `is` and `in` are words of Python's


def _one_comparison(part: Part, *, optional: bool = False) -> None:
    written = Comparing.model_fields.keys() & part.model_fields_set
    if len(written) > 1 or not (written or optional):
        raise ValueError("needs exactly one comparison, such as is, in, at_least or known")


class AttributeCondition(Comparing):
    """``{attribute: tier, in: [gold, platinum]}``: exactly one comparison over a declared attribute.

    A friend whose value is unknown satisfies none of them, and not their negation either: ``known: false`` finds those.
    Dates are written as text, ``2026-12-31``; the attribute's declared type decides how a value is read.
    """

    attribute: str
    """A declared attribute's name."""

    @model_validator(mode="after")
    def _one(self) -> AttributeCondition:
        _one_comparison(self)
        return self


class TagCondition(Part):
    """``{tag: regular}``: the friend has this declared tag."""

    tag: str


class AgeCondition(Part):
    """``{age_of: birthday, at_least: 20}``: the age in whole years on the day of the send.

    Whoever was born on 29 February is a year older on 28 February in common years.
    """

    age_of: str
    """A declared attribute that holds the date of birth."""
    is_: Years | None = Field(default=None, alias="is")
    above: Years | None = None
    at_least: Years | None = None
    below: Years | None = None
    at_most: Years | None = None
    between: Annotated[tuple[Years, Years] | None, Field(strict=False)] = None
    """From the first to the second, both included."""

    @model_validator(mode="after")
    def _one(self) -> AgeCondition:
        if len(self.model_fields_set) != 2:
            raise ValueError("needs exactly one comparison: is, above, at_least, below, at_most or between")
        return self

    def comparison(self) -> tuple[str, tuple[int, ...]]:
        """The comparison's written name and its years."""
        (field,) = self.model_fields_set - {"age_of"}
        value = getattr(self, field)
        return field.rstrip("_"), value if isinstance(value, tuple) else (value,)


class AnniversaryCondition(Part):
    """``{anniversary: birthday, in: today}``: the month and day of a date, on the client's calendar.

    29 February falls on 28 February in common years.
    """

    anniversary: str
    """A declared attribute that holds a date."""
    in_: Annotated[
        str | None,
        WithJsonSchema(
            {
                "type": "string",
                "pattern": r"^(today|tomorrow|this_month|next_month|next_[1-9]\d{0,2}_days)$",
                "examples": ["today", "this_month", "next_7_days"],
            }
        ),
    ] = Field(default=None, alias="in")
    """today, tomorrow, this_month, next_month, or next_7_days: the seven days that begin with today."""
    month: Annotated[int, Field(ge=1, le=12)] | None = None
    """Always this month, 1 to 12."""

    @model_validator(mode="after")
    def _one(self) -> AnniversaryCondition:
        if (self.in_ is None) == (self.month is None):
            raise ValueError("needs either 'in', such as today or this_month, or a 'month'")
        return self


_DAY = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d)?")


def _moment(value: Any) -> Any:
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            datetime.fromisoformat(value)
        except ValueError:
            raise ValueError("is no day of the calendar") from None
        return value
    try:
        return duration_of(value)
    except ValueError:
        raise ValueError(
            "is not a moment: write how long ago, such as 30d, or a local date, such as 2026-12-01"
        ) from None


Moment = Annotated[
    timedelta | str,
    BeforeValidator(_moment),
    PlainSerializer(lambda value: value if isinstance(value, str) else duration_text(value)),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^(\d{1,6}\s*[smhdw]|\d{4}-\d\d-\d\d(T\d\d:\d\d)?)$",
            "examples": ["30d", "2026-12-01", "2026-12-01T10:00"],
        }
    ),
]
"""So long before the moment of the send, or a local date or time."""


class Window(Part):
    """A part of the past: ``{within: 30d}``, ``{before: 30d}``, ``{from: 2026-10-01, before: 2026-11-01}``."""

    within: Duration | None = None
    """The time up to now: 60d is 60 × 24 hours."""
    from_: Moment | None = Field(default=None, alias="from")
    """At this moment or later: so long ago, or a local date (from its beginning)."""
    before: Moment | None = None
    """Earlier than this moment: so long ago, or a local date (its beginning)."""

    @model_validator(mode="after")
    def _one_beginning(self) -> Window:
        if self.within is not None and self.from_ is not None:
            raise ValueError("has two beginnings: write either 'within' or 'from'")
        return self

    @property
    def begins(self) -> timedelta | str | None:
        """Where the window begins; None where it is open."""
        return self.from_ if self.within is None else self.within


class When(Window):
    """A window that is written by itself."""

    @model_validator(mode="after")
    def _not_open(self) -> When:
        if not self.model_fields_set:
            raise ValueError("is empty: write within, from or before")
        return self


class FriendSinceCondition(Part):
    """``{friend_since: {within: 30d}}``: when the friend followed the account."""

    friend_since: When
    follow: Literal["latest", "first"] = "latest"
    """Of somebody who blocked the account and came back: the latest follow, or the first one."""


class LanguageCondition(Part):
    """``{language: ja}``: the language of the friend's LINE, as LINE tells it."""

    language: Word | Words
    """One language or several, such as ja, en or zh-TW."""


class RouteCondition(Part):
    """``{route: shop-poster}``: the declared entry route by which the friend came."""

    route: Word | Words
    """One declared route or several."""
    touch: Literal["first", "last"] = "first"
    """The route by which the friend came first, or the one used last."""


class MemberCondition(Part):
    """``{member: linked}``: whether the friend is linked to a member of the business."""

    member: Literal["linked", "unlinked"]


class Times(Part):
    """``{at_least: 3}``: exactly one comparison with a number of times."""

    is_: Amount | None = Field(default=None, alias="is")
    above: Amount | None = None
    at_least: Amount | None = None
    below: Amount | None = None
    at_most: Amount | None = None
    between: Annotated[tuple[Amount, Amount] | None, Field(strict=False)] = None
    """From the first to the second, both included."""

    @model_validator(mode="after")
    def _one(self) -> Times:
        if len(self.model_fields_set) != 1:
            raise ValueError("needs exactly one comparison: is, above, at_least, below, at_most or between")
        return self


class Total(Part):
    """``{field: amount, at_least: 10000}``: what a field of the events adds up to, compared to four decimals."""

    field: str
    """A field of the event that is a number. An event without it adds nothing; no event at all is 0."""
    above: int | float | None = None
    at_least: int | float | None = None
    below: int | float | None = None
    at_most: int | float | None = None
    between: Annotated[tuple[int | float, int | float] | None, Field(strict=False)] = None
    """From the first to the second, both included."""

    @model_validator(mode="after")
    def _one(self) -> Total:
        if len(self.model_fields_set) != 2:
            raise ValueError("needs exactly one comparison: above, at_least, below, at_most or between")
        return self


class FieldComparison(Comparing):
    """Exactly one comparison with a field of an event. An event whose field is unknown satisfies none of them."""

    @model_validator(mode="after")
    def _one(self) -> FieldComparison:
        _one_comparison(self)
        return self


class Happening(Window):
    """What every condition about events can say. Without count, sum, last or first it means: at least once."""

    count: Amount | Times | None = None
    """How often: a number, or a comparison such as {at_least: 3}. 0 means never."""
    last: When | None = None
    """When it happened last; nobody to whom it never happened is meant."""
    first: When | None = None
    """When it happened first; nobody to whom it never happened is meant."""

    @model_validator(mode="after")
    def _one_measure(self) -> Happening:
        measures = [name for name in ("count", "sum", "last", "first") if getattr(self, name, None) is not None]
        if len(measures) > 1:
            raise ValueError(f"asks for {' and '.join(measures)}: write one condition for each, below 'all'")
        return self


class EventCondition(Happening):
    """``{event: visit, within: 60d, count: 0}``: what a friend did, as declared events tell it.

    Nothing here is ever unknown: what was not recorded did not happen.
    """

    event: str
    """A declared event."""
    where: Annotated[dict[str, FieldComparison], Field(min_length=1)] | None = None
    """Only events whose fields are like this count: {item: {is: coffee}}."""
    sum: Total | None = None
    """What a field of these events adds up to."""


class ClickCondition(Happening):
    """``{click: coupon-page, within: 30d}``: the friend tapped this declared link."""

    click: str


class AnswerCondition(Happening, Comparing):
    """``{answer: survey, field: size, is: M}``: an answer to a declared form, or that there is one at all."""

    answer: str
    """A declared form."""
    field: str | None = None
    """The field of the form that was answered; any, where it is left out."""

    @property
    def compares(self) -> bool:
        """Whether it says how the field was answered."""
        return bool(Comparing.model_fields.keys() & self.model_fields_set)

    @model_validator(mode="after")
    def _one(self) -> AnswerCondition:
        _one_comparison(self, optional=True)
        if self.field is None and self.compares:
            raise ValueError("compares an answer, and so needs the 'field' that was answered")
        return self


LeafCondition = (
    AttributeCondition
    | TagCondition
    | AgeCondition
    | AnniversaryCondition
    | FriendSinceCondition
    | LanguageCondition
    | RouteCondition
    | MemberCondition
    | EventCondition
    | ClickCondition
    | AnswerCondition
)
