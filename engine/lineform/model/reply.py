"""``kind: reply``: what answers a friend who writes, taps a button or taps the menu."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from lineform.model.actions import Actions, Track
from lineform.model.audience import Condition
from lineform.model.base import ArmedSpec, Duration, Part
from lineform.model.client import QuietHours
from lineform.model.schedule import Day

RESERVED_DATA = "lf:"
"""What the data of lineform's own buttons begins with."""
MOST_DATA = 300
"""Characters that LINE takes as the data of a postback
(https://developers.line.biz/en/reference/messaging-api/#postback-action)."""


def _own(value: str) -> str:
    if value.startswith(RESERVED_DATA):
        raise ValueError(f"begins with '{RESERVED_DATA}', as only lineform's own buttons do")
    return value


Words = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=200)], ...],
    Field(strict=False, min_length=1, max_length=100),
    BeforeValidator(
        lambda value: (value,) if isinstance(value, str) else value, json_schema_input_type=str | list[str]
    ),
]
"""A word, or several of which any will do."""
Data = Annotated[str, Field(min_length=1, max_length=MOST_DATA), AfterValidator(_own)]


class DataForm(Part):
    """A postback's data, as a text alone, or a part of it: ``{prefix: "coupon:"}``, or ``{params: {action: book}}``
    for ``action=book&…``."""

    whole: Data | None = None
    """The data."""
    prefix: Data | None = None
    """What the data begins with."""
    params: Annotated[dict[str, str], Field(min_length=1)] | None = None
    """Names and values that the data holds among others, written as in a web address."""

    @model_validator(mode="after")
    def _one(self) -> DataForm:
        if len([one for one in (self.whole, self.prefix, self.params) if one is not None]) != 1:
            raise ValueError("needs exactly one of whole, prefix and params")
        return self


PostbackData = Annotated[
    DataForm,
    BeforeValidator(
        lambda value: {"whole": value} if isinstance(value, str) else value, json_schema_input_type=str | DataForm
    ),
]


MessageType = Literal["image", "video", "audio", "file", "location", "sticker"]
TRIGGERS = ("keyword", "contains", "regex", "postback", "tap", "message")


class ReplyTrigger(Part):
    """What a reply answers: exactly one of keyword, contains, regex, postback, tap and message.

    Texts are compared without regard to case and to the width of characters (NFKC): ＬＩＮＥ, line and ﾗｲﾝ, ライン.
    """

    keyword: Words | None = None
    """The whole text, spaces around it left out."""
    contains: Words | None = None
    """A part of the text."""
    regex: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """A regular expression that is found anywhere in the text, whose characters have their normal width by then."""
    postback: PostbackData | None = None
    """The data of a postback, or a part of it."""
    tap: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}/[A-F][1-6]$")] | None = None
    """A tap on this cell of a rich menu: ``main/C1``. The cell must send a message or a postback."""
    message: Annotated[tuple[MessageType, ...], Field(strict=False, min_length=1)] | None = None
    """A message that is no text: ``[image, sticker]``."""

    @model_validator(mode="after")
    def _one(self) -> ReplyTrigger:
        if len([name for name in TRIGGERS if getattr(self, name) is not None]) != 1:
            raise ValueError("needs exactly one of " + ", ".join(TRIGGERS))
        return self


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_EVERY_DAY: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OpenHours = QuietHours
"""From a wall-clock time up to, not including, another one; over midnight where the second is the earlier."""


class Hours(Part):
    """When something is open. Hours over midnight belong to the day on which they begin."""

    open: OpenHours
    weekdays: Annotated[tuple[Weekday, ...], Field(strict=False, min_length=1)] = _EVERY_DAY
    holidays: Literal["open", "closed", "only"] = "open"
    """What Japan's public holidays are: days like others, closed, or the only days that are meant."""
    except_on: Annotated[tuple[Day, ...], Field(strict=False)] = ()
    """Days that are closed."""


def _hours(value: object) -> object:
    several = value if isinstance(value, list | tuple) else [value]
    return [{"open": one} if isinstance(one, str) else one for one in several]


OpenTimes = Annotated[
    tuple[Hours, ...],
    Field(strict=False, min_length=1, max_length=20),
    BeforeValidator(_hours, json_schema_input_type=OpenHours | Hours | list[OpenHours | Hours]),
]
"""``"10:00-19:00"``, a mapping with weekdays and holidays, or a list of either."""

DEFAULT_GAP = timedelta(hours=12)
"""How long a reply to anything keeps silent for a friend whom it has answered."""

DEFAULT_WITHIN = timedelta(minutes=15)
"""How long somebody who wrote is taken to wait for an answer."""


class ReplySpec(ArmedSpec):
    """A reply. It is sent with the reply token, which costs nothing. Of several that match, one answers: the lowest
    `order`, then the more exact trigger, then the name."""

    SEND_TIME: ClassVar[tuple[str, ...]] = ("do", "otherwise")

    kind: Literal["reply"]
    when: Literal["anything"] | Annotated[tuple[ReplyTrigger, ...], Field(strict=False, min_length=1, max_length=50)]
    """Any of these; or `anything` that no other reply answers, which is the default reply."""
    if_: Condition | None = Field(default=None, alias="if")
    """Only friends for whom this is true."""
    order: Annotated[int, Field(ge=0, le=1000)] = 100
    """The lower number is looked at first."""
    hours: OpenTimes | None = None
    """When `do` is done. Outside of it, `otherwise` is; without one, this reply does not answer."""
    do: Actions
    otherwise: Actions | None = None
    gap: Duration | None = None
    """For so long, a friend is not answered by this reply again. 12 hours where it answers anything, else none."""
    track: Track | None = None
    """Whether taps on declared links are recorded: who tapped, or only how often they were tapped."""
    within: Annotated[Duration, Field(gt=timedelta(), le=timedelta(days=1))] = DEFAULT_WITHIN
    """For so long after a friend wrote or tapped, the answer is sent, where it could not be sent at once: the server
    was down, or sending was halted. Later nobody waits for it, and it is left out; a day at most. Without a reply token
    that lives it is a push: it waits for the end of the quiet hours, and is left out where that is later than this, or
    where a limit about the friend forbids it."""
    allow_test_word: bool = False
    """Whether テスト is meant in these texts. Elsewhere on a production account it is refused."""

    @model_validator(mode="after")
    def _hours_for_otherwise(self) -> ReplySpec:
        if self.otherwise is not None and self.hours is None:
            raise ValueError("has 'otherwise' without 'hours': it would never be done")
        return self

    @property
    def quiet_for(self) -> timedelta:
        """The gap that holds."""
        if self.gap is not None:
            return self.gap
        return DEFAULT_GAP if self.when == "anything" else timedelta()
