"""``kind: form``: questions that a friend answers one by one in the chat, or on one page inside LINE."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from lineform.model.actions import Actions, Track
from lineform.model.attributes import FormWords
from lineform.model.base import ArmedSpec, Duration, Part
from lineform.model.questions import Label, Question


class FormPhrases(Part):
    """The words by which a friend steers a form, and what is said about them."""

    back: Label = "戻る"
    """Asks the question before once more."""
    stop: Label = "やめる"
    """Ends the form. What was answered is kept for `keep`."""
    skip: Label = "スキップ"
    """Leaves an optional question open."""
    decide: Label = "決定"
    """Ends a choice of several answers."""
    stopped: Annotated[str, Field(min_length=1)] = "回答を中断しました。また続きからお答えいただけます。"
    resumed: Annotated[str, Field(min_length=1)] = "前回の続きからお伺いします。"

    @model_validator(mode="after")
    def _different(self) -> FormPhrases:
        words = (self.back, self.stop, self.skip, self.decide)
        if len(set(words)) < len(words):
            raise ValueError("has the same word twice")
        return self


class FormPage(Part):
    """The form as one page inside LINE, for long forms."""

    title: Annotated[str, Field(min_length=1, max_length=60)]
    send: Label = "送信する"
    """What the button says."""
    thanks: Annotated[str, Field(min_length=1, max_length=500)] = "ご回答ありがとうございました。"
    valid: Duration = timedelta(days=1)
    """For how long a friend's own link opens it."""


class FormSpec(ArmedSpec):
    """A form. Its answers become events, attributes and tags."""

    SEND_TIME: ClassVar[tuple[str, ...]] = ("questions", "done")

    kind: Literal["form"]
    questions: Annotated[tuple[Question, ...], Field(strict=False, min_length=1, max_length=50)]
    done: Actions | None = None
    """What follows when all is answered. Messages may read the answers: ``{{ event.name }}``."""
    save: Literal["end", "each"] = "end"
    """Whether answers become attributes and tags when all are given, or each at once."""
    idle: Duration = timedelta(days=1)
    """After so long without an answer, what a friend writes is no answer any more."""
    keep: Duration = timedelta(days=30)
    """For so long after the last answer, an unfinished form goes on where it was left."""
    interrupt: Literal["keyword", "never"] = "keyword"
    """Whether a reply's exact keyword comes before a free text as an answer. Other replies answer what is no answer."""
    words: FormPhrases = FormPhrases()
    page: FormPage | None = None
    track: Track | None = None
    """Whether taps on declared links are recorded: who tapped, or only how often they were tapped."""
    allow_test_word: bool = False
    """Whether テスト is meant in these texts. Elsewhere on a production account it is refused."""

    @model_validator(mode="after")
    def _fields_once(self) -> FormSpec:
        fields = [question.field for question in self.questions]
        if again := next((name for index, name in enumerate(fields) if name in fields[:index]), ""):
            raise ValueError(f"asks for '{again}' twice")
        if self.keep < self.idle:
            raise ValueError("keeps answers for a shorter time than it waits for them")
        return self

    @model_validator(mode="after")
    def _headings(self) -> FormSpec:
        for question in self.questions if self.page is not None else ():
            if not question.heading or "{{" in question.heading or "{%" in question.heading:
                raise ValueError(f"has a page, and '{question.field}' needs a 'title' for it: its text is not for all")
        return self

    def question(self, field: str) -> Question | None:
        """The question with this field."""
        return next((one for one in self.questions if one.field == field), None)

    @property
    def spoken(self) -> FormWords:
        """The words that this form declares: what conditions may ask about its answers."""
        return FormWords(fields={one.field: one.spec for one in self.questions}, description=self.description)
