"""The questions of a form: what is asked, which answers are taken, and where they are kept."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from lineform.model.attributes import AttributeName, AttributeSpec, TagName
from lineform.model.base import Part
from lineform.model.conditions import Comparing
from lineform.model.prefectures import PREFECTURES

QUICK_REPLIES = 13
"""Buttons that LINE shows above the keyboard (https://developers.line.biz/en/reference/messaging-api/#quick-reply)."""
BUTTONS = 4
"""Buttons of a buttons template (https://developers.line.biz/en/reference/messaging-api/#buttons)."""
LONGEST_TEXT = 1_000
"""Characters of an answer at most."""

LONGEST_LABEL = 20
Label = Annotated[str, Field(min_length=1, max_length=LONGEST_LABEL)]
"""What a button says: LINE takes 20 characters."""


class Option(Part):
    """One answer that may be chosen."""

    value: Annotated[str, Field(min_length=1, max_length=90)]
    """What is recorded."""
    label: Label
    """What the button says."""
    tag: TagName | None = None
    """The tag of those who choose it; whoever chooses another loses it."""


def _option(value: Any) -> Any:
    return {"value": value, "label": value} if isinstance(value, str) else value


def _distinct(options: tuple[Option, ...]) -> tuple[Option, ...]:
    for what in ("value", "label"):
        words = [getattr(one, what) for one in options]
        if len(set(words)) < len(words):
            raise ValueError(f"has the same {what} twice")
    return options


Options = Annotated[
    tuple[Annotated[Option, BeforeValidator(_option, json_schema_input_type=Label | Option)], ...],
    Field(strict=False, min_length=2),
    AfterValidator(_distinct),
]
"""Answers in the order in which they are shown: a text alone, or ``{value: female, label: 女性, tag: ladies}``."""


class Several(Part):
    """``{of: [肉, 魚], at_least: 1}``: several answers, tapped one after another."""

    of: Annotated[Options, Field(max_length=QUICK_REPLIES - 1)]
    """At most 12: the thirteenth button says that these are all."""
    at_least: Annotated[int, Field(ge=0)] = 1
    at_most: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _possible(self) -> Several:
        if long := next((one.label for one in self.of if len(one.label) == LONGEST_LABEL), ""):
            raise ValueError(
                f"has the label '{long}' of {LONGEST_LABEL} characters; a chosen one bears a mark, so write 19"
            )
        if self.at_least > len(self.of):
            raise ValueError(f"asks for at least {self.at_least} of {len(self.of)} answers")
        if self.at_most is not None and self.at_most < self.at_least:
            raise ValueError("has an at_most below its at_least")
        return self


def _day(value: str) -> str:
    if value != "today":
        date.fromisoformat(value)
    return value


AnyDay = Annotated[
    str, Field(pattern=r"^(today|\d{4}-\d\d-\d\d)$", examples=["1926-01-01", "today"]), AfterValidator(_day)
]


class DateAnswer(Part):
    """A day, by LINE's date picker or as text."""

    min: AnyDay | None = None
    max: AnyDay | None = None
    initial: AnyDay | None = None
    """The day that the picker shows first."""
    button: Label = "日付を選ぶ"


class TextAnswer(Part):
    """A text that the friend writes."""

    shape: Literal["any", "kana", "email", "phone"] = "any"
    """kana: a reading, kept in full-width katakana. email: an address. phone: a number in Japan, kept as digits."""
    pattern: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """A regular expression that the whole text must match, its characters of normal width."""
    at_least: Annotated[int, Field(ge=1, le=LONGEST_TEXT)] = 1
    """Characters."""
    at_most: Annotated[int, Field(ge=1, le=LONGEST_TEXT)] = 200

    @model_validator(mode="after")
    def _possible(self) -> TextAnswer:
        if self.at_most < self.at_least:
            raise ValueError("has an at_most below its at_least")
        return self


class NumberAnswer(Part):
    """A number."""

    min: int | float | None = None
    max: int | float | None = None
    whole: bool = True
    """Whether it has no decimals."""

    @model_validator(mode="after")
    def _possible(self) -> NumberAnswer:
        if self.min is not None and self.max is not None and self.max < self.min:
            raise ValueError("has a max below its min")
        return self


class PostcodeAnswer(Part):
    """A postcode, of which the prefecture is recorded; whoever writes a prefecture instead is understood."""

    code_to: AttributeName | None = None
    """A text attribute that keeps the seven digits as well."""


class YesNo(Part):
    """Yes or no."""

    yes: Label = "はい"
    no: Label = "いいえ"
    tag: TagName | None = None
    """The tag of those who say yes; whoever says no loses it."""


class Given(Comparing):
    """``{field: gender, is: female}``: an earlier answer of this form; exactly one comparison."""

    field: AttributeName

    @model_validator(mode="after")
    def _one(self) -> Given:
        if len(Comparing.model_fields.keys() & self.model_fields_set) != 1:
            raise ValueError("needs exactly one comparison, such as is, in, at_least or known")
        return self


Asked = Annotated[tuple[dict[str, Any], ...], Field(min_length=1, max_length=3, strict=False)]
"""Messages in LINE's own form or the short one; what may have to be said before them takes two of LINE's five."""

ANSWERS = ("choice", "choices", "date", "text", "number", "postcode", "yes_no")


class Question(Part):
    """One question: exactly one of choice, choices, date, text, number, postcode and yes_no."""

    field: AttributeName
    """What the answer is called: in conditions, in the answer's event, and under `event` in later messages."""
    ask: Annotated[str, Field(min_length=1)] | Asked
    """The question: a text, or up to three messages of which the last bears the buttons."""
    title: str = ""
    """The question on a page; without it, its text in the chat."""
    choice: Annotated[Options, Field(max_length=QUICK_REPLIES)] | None = None
    choices: Several | None = None
    date: DateAnswer | None = None
    text: TextAnswer | None = None
    number: NumberAnswer | None = None
    postcode: PostcodeAnswer | None = None
    yes_no: YesNo | None = None
    shown: Literal["quick", "buttons"] = "quick"
    """How a choice is shown: above the keyboard, or as a message with up to four buttons that stays."""
    to: AttributeName | None = None
    """The attribute that the answer becomes."""
    if_: Annotated[tuple[Given, ...], Field(strict=False, min_length=1)] | Given | None = Field(
        default=None, alias="if"
    )
    """Only asked where these earlier answers are so, all of them."""
    optional: bool = False
    """Whether it may be skipped."""
    skip_if_known: bool = False
    """Not asked where the attribute in `to` is known."""
    retry: str = ""
    """What is said where an answer cannot be taken; without it, a sentence that tells what is asked for."""

    @model_validator(mode="after")
    def _one_answer(self) -> Question:
        if len([name for name in ANSWERS if getattr(self, name) is not None]) != 1:
            raise ValueError("needs exactly one of " + ", ".join(ANSWERS))
        if self.shown == "buttons" and not (self.choice or self.yes_no):
            raise ValueError("can be shown as buttons only where one of several answers is chosen")
        if self.shown == "buttons" and self.choice is not None and len(self.choice) > BUTTONS:
            raise ValueError(f"has {len(self.choice)} answers, and a message holds {BUTTONS} buttons")
        if self.shown == "buttons" and not isinstance(self.ask, str):
            raise ValueError("is shown as buttons, and so needs a text in 'ask'")
        if self.skip_if_known and self.to is None:
            raise ValueError("has 'skip_if_known' without 'to': nothing says what is to be known")
        return self

    @property
    def heading(self) -> str:
        """The question on a page."""
        if self.title:
            return self.title
        asked = self.ask if isinstance(self.ask, str) else self.ask[-1].get("text")
        return asked if isinstance(asked, str) else ""

    @property
    def kind(self) -> str:
        """Which of the seven it is."""
        return next(name for name in ANSWERS if getattr(self, name) is not None)

    @property
    def conditions(self) -> tuple[Given, ...]:
        """Those of `if`, as a list."""
        return () if self.if_ is None else (self.if_,) if isinstance(self.if_, Given) else self.if_

    @property
    def options(self) -> tuple[Option, ...]:
        """The answers that may be chosen; empty where they are written."""
        return self.choice or (self.choices.of if self.choices is not None else ())

    @property
    def code_to(self) -> AttributeName | None:
        """The attribute that keeps the postcode as well, where one is asked for."""
        return None if self.postcode is None else self.postcode.code_to

    @property
    def spec(self) -> AttributeSpec:
        """The type of the answers."""
        values = tuple(one.value for one in self.options)
        match self.kind:
            case "choice":
                return AttributeSpec(type="enum", values=values)
            case "choices":
                return AttributeSpec(type="set", values=values)
            case "postcode":
                return AttributeSpec(type="enum", values=PREFECTURES)
            case "yes_no":
                return AttributeSpec(type="bool")
            case "date":
                return AttributeSpec(type="date")
            case "number":
                return AttributeSpec(type="number")
            case _:
                return AttributeSpec(type="text")
