"""What becomes of a message that a friend took back: what it answered is not known any more, and not answered yet.

LINE asks that such a message is neither seen nor used from then on
(https://developers.line.biz/en/docs/messaging-api/receiving-messages/#unsend-event). What the message brought about
stays: a tag that was given, a message that was sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from lineform.scenarios.dialogue import Dialogue, Form
from lineform.segments.friend import ANSWER, Event, Friend, Value


@dataclass(frozen=True, slots=True)
class Unsent:
    """Messages that were taken back, by their ids, and events in the inbox that bring some of them only now."""

    message_ids: tuple[str, ...]
    numbers: tuple[int, ...] = ()


NOTHING_UNSENT = Unsent(())


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What is to be forgotten of one friend."""

    events: tuple[str, ...] = ()
    """Ids of recorded answers."""
    texts: tuple[str, ...] = ()
    """What was answered, as far as it is text."""
    attributes: tuple[str, ...] = ()
    """Those that still hold what was answered."""
    dialogues: Mapping[str, Dialogue] = field(default_factory=dict)
    """By form, without the answers."""


def taken_back(key: str, friend: Friend, dialogues: Mapping[str, Dialogue], forms: Mapping[str, Form]) -> TakenBack:
    """What a message told, by the key of its happening. `friend` needs their events."""
    told = [one for one in friend.events or () if one.type == ANSWER and f"/{key}/" in f"/{one.id}/"]
    attributes = [name for event in told for name in _saved(event, friend, forms)]
    changed: dict[str, Dialogue] = {}
    for name, dialogue in dialogues.items():
        if gone := {one for one, by in dialogue.heard.items() if by == key}:
            changed[name] = _without(dialogue, gone, forms.get(name))
    values = (event.fields.get("value") for event in told)
    texts = tuple(value for value in values if isinstance(value, str))
    return TakenBack(tuple(one.id for one in told), texts, tuple(dict.fromkeys(attributes)), changed)


def _saved(event: Event, friend: Friend, forms: Mapping[str, Form]) -> list[str]:
    """The attributes that an answer was saved as, where they are still what it said."""
    form = forms.get(str(event.fields.get("form", "")))
    question = None if form is None else form.question(str(event.fields.get("field", "")))
    if question is None:
        return []
    value: Value | None = event.fields.get("value")
    found = [question.to] if question.to is not None and friend.attributes.get(question.to) == value else []
    if found and question.code_to is not None:
        found.append(question.code_to)
    return found


def _without(dialogue: Dialogue, gone: set[str], form: Form | None) -> Dialogue:
    beside = dict(dialogue.beside)
    for name in gone:
        question = None if form is None else form.question(name)
        if question is not None and question.code_to is not None:
            beside.pop(question.code_to, None)
    return replace(
        dialogue,
        answers={name: value for name, value in dialogue.answers.items() if name not in gone},
        heard={name: by for name, by in dialogue.heard.items() if name not in gone},
        beside=beside,
        picked=() if dialogue.at in gone else dialogue.picked,
        undecided={name: chosen for name, chosen in dialogue.undecided.items() if name not in gone},
    )
