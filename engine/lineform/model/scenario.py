"""``kind: scenario``: what a friend is sent step by step, from the moment on in which something happened."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from lineform.model.actions import Actions, Messages, Track
from lineform.model.attributes import AttributeName
from lineform.model.audience import Condition
from lineform.model.base import ArmedSpec, Duration, Name, Part
from lineform.model.occasions import Occasions, Triggers
from lineform.model.schedule import LocalTime, SendWithin, local_time

_LENGTH = re.compile(r"(\d{1,5})\s*(mo|[mhdwy])")
END = "end"
"""The target of a `goto` that ends the scenario."""


def _length(value: Any) -> Any:
    if value == 0 and not isinstance(value, bool):
        return "0m"
    if isinstance(value, str) and (found := _LENGTH.fullmatch(value.strip())):
        return f"{int(found[1])}{found[2]}"
    raise ValueError("is not a length: write 0, or a whole number and a unit: 45m, 2h, 3d, 1w, 1mo (month) or 1y")


Length = Annotated[
    str,
    BeforeValidator(_length),
    WithJsonSchema(
        {
            "anyOf": [{"const": 0}, {"type": "string", "pattern": r"^\d{1,5}(mo|[mhdwy])$"}],
            "examples": ["45m", "2h", "3d", "1mo"],
        }
    ),
]
"""Minutes, hours, days, weeks, calendar months or years. ``1mo`` after 31 January is the last day of February."""

WallTime = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["10:00"])]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class BeforeDate(Part):
    """``{attribute: booking_at, by: 1d}``: so long before a date of the friend's, or of the event that began it;
    without either, before the date that began the scenario."""

    attribute: AttributeName | None = None
    """An attribute of type date, or a text such as 2026-12-10T14:00."""
    field: AttributeName | None = None
    """The same as a field of the event with which the scenario began."""
    by: Length
    """Counted in days, it is said on that day alone ("tomorrow"); in hours, weeks or months, at the latest before the
    date itself. Whom a limit, quiet hours or a late run keep beyond that is not sent it."""

    @model_validator(mode="after")
    def _one(self) -> BeforeDate:
        if self.attribute is not None and self.field is not None:
            raise ValueError("takes one of attribute and field")
        return self


def _before(value: Any) -> Any:
    return {"by": _length(value)} if not isinstance(value, dict | BeforeDate) else value


Before = Annotated[BeforeDate, BeforeValidator(_before, json_schema_input_type=BeforeDate | Length)]
"""``1d``: before the date that began the scenario; or a mapping."""


def _until(value: Any) -> Any:
    if isinstance(value, datetime):
        return value
    if isinstance(value, str) and "T" in value:
        return local_time(value)
    return _length(value)


Until = Annotated[datetime | str, BeforeValidator(_until, json_schema_input_type=LocalTime | Length)]


class Turn(Part):
    """What is done, and where it goes on."""

    then: Actions | None = None
    goto: Name | None = None
    """The step that comes next, a later one, or `end`. Without it, the next one in the file."""


class Arm(Turn):
    """One way of a branch: ``{if: …, then: […]}``, or ``{else: true, …}`` for everybody who is left."""

    if_: Condition | None = Field(default=None, alias="if")
    else_: Literal[True] | None = Field(default=None, alias="else")

    @model_validator(mode="after")
    def _one(self) -> Arm:
        if (self.if_ is None) == (self.else_ is None):
            raise ValueError("needs either 'if' with a condition or 'else: true'")
        return self


class Wait(Turn):
    """``{for: {event: purchase}, within: 7d, then: […], else: {goto: reminder}}``: waits for something to happen."""

    for_: Occasions = Field(alias="for")
    within: Duration
    """How long; 7d is 7 × 24 hours, from the step's time on; where the step sends something, from its sending on."""
    else_: Turn = Field(default=Turn(), alias="else")
    """Where it did not happen in this time."""


class Step(Part):
    """One step. Its time is counted from the beginning of the scenario, never from the step before, so that nothing
    drifts; `from: previous` says otherwise."""

    id: Name
    """By this name the step is known when the file changes."""
    after: Length = "0m"
    """How long after the beginning. With `at`, days, weeks, months and years are those of the calendar."""
    before: Before | None = None
    """Instead of `after`: so long before the date that began the scenario, or before another one. Where that was past
    when the scenario began or the date was told, or is past when the steps before it are through, the step is skipped.
    While an attribute's date is not known, it waits, at most until a step after it is due."""
    from_: Literal["start", "previous"] = Field(default="start", alias="from")
    """What `after` counts from: the beginning, or the moment of the step before."""
    at: WallTime | None = None
    """The time of day, on the client's clock: the next one; with `before`, the last one."""
    on: Annotated[tuple[Weekday, ...], Field(strict=False, min_length=1)] | None = None
    """Only on these days of the week: the first of them at that time or later; with `before`, the last of them at that
    time or earlier."""
    if_: Condition | None = Field(default=None, alias="if")
    """Friends for whom this is not true skip the step."""
    send: Messages | None = None
    do: Actions | None = None
    branch: Annotated[tuple[Arm, ...], Field(strict=False, min_length=2, max_length=20)] | None = None
    """The first way whose condition is true."""
    wait: Wait | None = None
    goto: Name | None = None
    """The step that comes next, a later one, or `end`. Without it, the next one in the file."""
    valid_until: Until | None = None
    """When the messages of this step are worth nothing any more, such as a coupon's last moment: a local time, or so
    long after the beginning. They are not sent later."""

    @model_validator(mode="after")
    def _something(self) -> Step:
        if not any((self.send, self.do, self.branch, self.wait)):
            raise ValueError("does nothing: it needs send, do, branch or wait")
        if self.before is not None and {"after", "from_"} & self.model_fields_set:
            raise ValueError("has two times: write either 'before' or 'after'")
        if self.branch and self.wait:
            raise ValueError("cannot branch and wait: make two steps of it")
        if self.goto and (self.branch or self.wait):
            raise ValueError("has 'goto' beside a branch or a wait, which say themselves where it goes on")
        return self


class ScenarioSpec(ArmedSpec):
    """A series of steps that each friend goes through in their own time."""

    SEND_TIME: ClassVar[tuple[str, ...]] = ("steps",)

    kind: Literal["scenario"]
    trigger: Triggers
    """What begins it: one of these. `follow` and `manual` may stand alone."""
    per: AttributeName | None = None
    """A field of the event that begins it, such as a booking's number: one course for each value, side by side."""
    if_: Condition | None = Field(default=None, alias="if")
    """Only friends for whom this is true when it begins."""
    exclude: Annotated[tuple[Condition, ...], Field(strict=False)] = ()
    """Friends for whom one of these is true, or may be, are not taken in and are sent nothing."""
    excluded: Literal["leave", "skip"] = "leave"
    """What becomes of friends in the middle of it for whom an exclusion begins to hold: they leave for good (for this
    year, where a date of every year begins it); or they skip steps as long as it holds, and go on with those after."""
    reentry: Literal["never", "when_over", "restart"] = "never"
    """Whether it begins again for somebody who was in it: never, when they are through, or at once, from the start."""
    reentry_after: Duration | None = None
    """For a re-entry: not within this time of the last beginning."""
    enroll: Literal["new", "existing", "both"] = "new"
    """Whom it takes in: friends to whom it happens after it was armed; those for whom it is true already, once, when
    it is armed; or both. Where what begins it is changed, such as its segment, this is asked once more: who was never
    in it is taken in, or, with `new`, left alone."""
    in_flight: Literal["keep", "move", "stop"] = "keep"
    """Friends in it when this file changes: they end what they began; they go on in the new version, from the step of
    the same id, or where it is gone, from the first step after those that they have been at; or they leave."""
    goal: Occasions | None = None
    """What it is for: whoever reaches it leaves. What a date of every year begins ends for this year only, and from its
    first step on: the year after it begins again."""
    exit_on: Occasions | None = None
    """What else ends it, in the same way."""
    steps: Annotated[tuple[Step, ...], Field(strict=False, min_length=1, max_length=100)]
    priority: Annotated[int, Field(ge=0, le=100)] = 50
    """Of several scenarios that would send to one friend at once, the highest comes first; limits hold the others."""
    capped: Literal["skip", "wait", "send"] = "wait"
    """Messages to a friend over `limits.per_friend`: left out; sent when they are free, for at most seven days; or sent
    all the same."""
    quiet_hours: Literal["wait", "send"] = "wait"
    """Whether `limits.quiet` holds for its messages."""
    if_late: Literal["send", "skip", "hold"] | SendWithin = SendWithin(within=timedelta(hours=12), otherwise="skip")
    """Messages of a step whose time was missed by more than 15 minutes, because nothing ran: of several at once, only
    the newest that still can be is sent in any case. `hold` stops the friend's course until a person lets it go on."""
    backfill: bool = False
    """Whether messages are made up for that were due while the scenario was disabled or not yet armed."""
    skip_if_unknown: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """Attributes without which a friend is not sent messages that read them: those skip the step."""
    track: Track | None = None
    """Whether taps on declared links are recorded: who tapped, or only how often those of each step were tapped."""
    silent: bool = False
    """Delivered without a notification sound."""
    allow_test_word: bool = False
    """Whether テスト is meant in these texts. Elsewhere on a production account it is refused."""
