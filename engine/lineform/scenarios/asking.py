"""A question as messages: the author's text, and the buttons by which it can be answered.

The buttons' data begins with `model.reply.RESERVED_DATA`, so that no reply can be declared for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from lineform.model.form import FormPhrases
from lineform.model.questions import QUICK_REPLIES, DateAnswer, Option, Question
from lineform.model.reply import RESERVED_DATA
from lineform.scenarios.answers import day_of

BACK, STOP, SKIP, DECIDE = "back", "stop", "skip", "decide"
"""What a button or a word does to a form."""
CHOSEN = "✓"
"""Stands before those of several answers that are chosen."""


@dataclass(frozen=True, slots=True)
class Tap:
    """A tap on a button of a form. `word` steers the form; else `value` answers `field`, or is a date where empty."""

    form: str
    field: str
    value: str = ""
    word: str = ""


def data_of(tap: Tap) -> str:
    """The data of a button: with names and values as long as may be declared, within LINE's 300 characters."""
    return f"{RESERVED_DATA}{tap.form}/{tap.field}/{tap.word}/{tap.value}"


def tap_of(data: str) -> Tap | None:
    """The tap that bears this data; None where it is none of a form's."""
    parts = data.removeprefix(RESERVED_DATA).split("/", 3) if data.startswith(RESERVED_DATA) else []
    return Tap(parts[0], parts[1], parts[3], parts[2]) if len(parts) == 4 else None


@dataclass(frozen=True, slots=True)
class Place:
    """Where in its form a question is asked."""

    form: str
    words: FormPhrases
    first: bool
    """Whether nothing comes before it."""
    picked: tuple[str, ...] = ()
    """Of several answers: those that are chosen so far."""


def asked(question: Question, place: Place, today: date) -> tuple[dict[str, Any], ...]:
    """The messages of a question; `ask` must be in LINE's own form already."""
    if question.shown == "buttons":
        return (_buttons(question, place, today),)
    messages: list[dict[str, Any]] = (
        [{"type": "text", "text": question.ask}] if isinstance(question.ask, str) else list(question.ask)
    )
    items = _quick(question, place, today)
    if items:
        messages[-1] = {**messages[-1], "quickReply": {"items": items}}
    return tuple(messages)


def _quick(question: Question, place: Place, today: date) -> list[dict[str, Any]]:
    answers = [*_answers(question, place), *_picker(question, place, today)]
    steering = [*_decide(question, place), *_skip(question, place), *_back(place), *_stop(place)]
    room = QUICK_REPLIES - len(answers)
    return [{"type": "action", "action": action} for action in (*answers, *steering[: max(room, 0)])]


def _buttons(question: Question, place: Place, today: date) -> dict[str, Any]:
    template = {"type": "buttons", "text": question.ask, "actions": _answers(question, place)}
    message: dict[str, Any] = {"type": "template", "altText": question.ask, "template": template}
    steering = [*_skip(question, place), *_back(place), *_stop(place)]
    message["quickReply"] = {"items": [{"type": "action", "action": action} for action in steering]}
    return message


def _tapped(label: str, place: Place, question: Question, *, value: str = "", word: str = "") -> dict[str, Any]:
    data = data_of(Tap(place.form, question.field, value, word))
    return {"type": "postback", "label": label, "data": data, "displayText": label}


def _answers(question: Question, place: Place) -> list[dict[str, Any]]:
    if question.yes_no is not None:
        both = (Option(value="yes", label=question.yes_no.yes), Option(value="no", label=question.yes_no.no))
        return [_tapped(one.label, place, question, value=one.value) for one in both]
    marked = ((f"{CHOSEN}{one.label}" if one.value in place.picked else one.label, one) for one in question.options)
    return [_tapped(label, place, question, value=one.value) for label, one in marked]


def _picker(question: Question, place: Place, today: date) -> list[dict[str, Any]]:
    """https://developers.line.biz/en/reference/messaging-api/#datetime-picker-action"""
    wanted = question.date
    if wanted is None:
        return []
    action = {"type": "datetimepicker", "label": wanted.button, "mode": "date"}
    bounds = {name: day.isoformat() for name, day in _bounds(wanted, today) if day is not None}
    return [{**action, "data": data_of(Tap(place.form, question.field)), **bounds}]


def _bounds(wanted: DateAnswer, today: date) -> Sequence[tuple[str, date | None]]:
    first, last = day_of(wanted.min, today), day_of(wanted.max, today)
    initial = day_of(wanted.initial, today)
    if initial is not None:
        initial = max(initial, first) if first is not None else initial
        initial = min(initial, last) if last is not None else initial
    return ("initial", initial), ("min", first), ("max", last)


def _word(label: str, place: Place, word: str) -> dict[str, Any]:
    return {"type": "postback", "label": label, "data": data_of(Tap(place.form, "", "", word)), "displayText": label}


def _decide(question: Question, place: Place) -> list[dict[str, Any]]:
    enough = question.choices is not None and len(place.picked) >= question.choices.at_least
    return [_word(place.words.decide, place, DECIDE)] if enough else []


def _skip(question: Question, place: Place) -> list[dict[str, Any]]:
    return [_word(place.words.skip, place, SKIP)] if question.optional else []


def _back(place: Place) -> list[dict[str, Any]]:
    return [] if place.first else [_word(place.words.back, place, BACK)]


def _stop(place: Place) -> list[dict[str, Any]]:
    return [_word(place.words.stop, place, STOP)]
