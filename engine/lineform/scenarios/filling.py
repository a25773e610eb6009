"""A form filled in at once, on a page: the same questions, conditions and rules as in the chat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from lineform.model.questions import Question
from lineform.scenarios.answers import Read, Wrong, read_several, read_text
from lineform.scenarios.dialogue import Form, applying
from lineform.segments.friend import Friend, Value

Fields = Mapping[str, Value]
"""What came from a page: a text for each field, or several."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A page as far as it is filled in."""

    questions: tuple[Question, ...]
    """Those that apply to these answers."""
    answers: Mapping[str, Value | None]
    beside: Mapping[str, Value]
    wrong: Mapping[str, str]
    """By field: what is wrong with what was written, for the friend."""
    open: tuple[str, ...]
    """Fields that must be answered and are not."""


def texts_of(fields: Fields, field: str) -> tuple[str, ...]:
    """What was written in one field; nothing where it was left empty."""
    found = fields.get(field, ())
    several = found if isinstance(found, tuple) else (str(found),)
    return tuple(one for one in several if one.strip())


def fill(form: Form, fields: Fields, friend: Friend, now: datetime) -> Filled:
    """Reads a page's fields. An answer that is wrong counts as none for the conditions of later questions."""
    answers: dict[str, Value | None] = {}
    beside: dict[str, Value] = {}
    wrong: dict[str, str] = {}
    missing: list[str] = []
    done: set[str] = set()
    while (question := _next(form, answers, done, friend, now)) is not None:
        done.add(question.field)
        texts = texts_of(fields, question.field)
        if not texts:
            if question.choices is not None and question.choices.at_least == 0:
                answers[question.field] = ()
            elif question.optional:
                answers[question.field] = None
            else:
                missing.append(question.field)
            continue
        found = _read(question, texts, form, now)
        if isinstance(found, Wrong):
            wrong[question.field] = found.sentence
            continue
        answers[question.field] = found.value
        beside |= dict(found.beside)
    questions = tuple(one for one in applying(form, answers, friend, now))
    return Filled(questions, answers, beside, wrong, tuple(missing))


def _read(question: Question, texts: tuple[str, ...], form: Form, now: datetime) -> Read | Wrong:
    if question.choices is not None:
        return read_several(question.choices, texts)
    if question.yes_no is not None and texts[0] in {"yes", "no"}:
        label = question.yes_no.yes if texts[0] == "yes" else question.yes_no.no
        return read_text(question, label, form.today(now))
    return read_text(question, texts[0], form.today(now))


def _next(
    form: Form, answers: Mapping[str, Value | None], done: set[str], friend: Friend, now: datetime
) -> Question | None:
    return next((one for one in applying(form, answers, friend, now) if one.field not in done), None)
