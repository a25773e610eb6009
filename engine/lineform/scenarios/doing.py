"""Actions, as an armed revision holds them and as effects on one friend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from lineform.model.actions import Action, SendAction
from lineform.scenarios.effect import Ask, Begin, Call, Effect, Give, Know, Leave, Record, Say, Show, Take
from lineform.segments.declared import Declared
from lineform.segments.friend import Friend, Value
from lineform.sending.given import Given
from lineform.sending.tracking import tracked
from lineform.sending.wording import line_form

NO_MENU = "none"
"""How an action says that the friend's own menu is taken away."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What decided that something is done: see `lineform.scenarios.effect`."""

    source: str
    key: str
    context: Mapping[str, Any]
    """What its messages read beside the friend: ``client``, ``values`` and ``event``."""
    answer: bool = False
    capped: str = "skip"
    given: Given = field(default_factory=Given)
    """The links and items that its messages read."""


def actions_to_wire(actions: Sequence[Action] | None, links: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """Actions as JSON; `links` are the declared addresses where taps on them are recorded. Raises NotAMessageError
    where a validated workspace has none."""
    return [
        {"send": messages_to_wire(one.send, links)} if isinstance(one, SendAction) else one.model_dump(mode="json")
        for one in actions or ()
    ]


def messages_to_wire(
    messages: Sequence[Mapping[str, Any]], links: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """Messages in LINE's own form."""
    made = [line_form(message) for message in messages]
    return tracked(made, links) if links else made


def messages_in(actions: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Every message that actions send, which `actions_to_wire` wrote."""
    return [message for action in actions for message in action.get("send", ())]


def effects_of(actions: Sequence[Mapping[str, Any]], decided: Decided) -> list[Effect]:
    """What follows from actions that `actions_to_wire` wrote, in their order, each with a key of its own."""
    out: list[Effect] = []
    for number, action in enumerate(actions):
        key = decided.key if number == 0 else f"{decided.key}.{number}"
        out.append(_effect(action, decided, key))
    return out


def foreseen(actions: Sequence[Mapping[str, Any]], friend: Friend, now: datetime, words: Declared) -> Friend:
    """The friend as they will be when these actions were done, as far as actions say it themselves. `words` tell which
    tags a tag takes away."""
    for action in actions:
        ((name, value),) = action.items()
        if name == "tag":
            tags = (friend.tags - words.rivals(value)) | {value}
            friend = replace(friend, tags=tags, tagged_at={**friend.tagged_at, value: now})
        elif name == "untag":
            friend = replace(friend, tags=friend.tags - {value})
        elif name == "set":
            told = {**friend.attributes, **{key: _value(one) for key, one in value.items()}}
            friend = replace(friend, attributes={key: one for key, one in told.items() if one is not None})
    return friend


def _effect(action: Mapping[str, Any], decided: Decided, key: str) -> Effect:
    ((name, value),) = action.items()
    source = decided.source
    match name:
        case "send":
            return Say(source, key, tuple(value), decided.context, decided.answer, decided.capped, given=decided.given)
        case "tag":
            return Give(source, key, value)
        case "untag":
            return Take(source, key, value)
        case "set":
            return Know(source, key, {name: _value(one) for name, one in value.items()})
        case "menu":
            return Show(source, key, "" if value == NO_MENU else value)
        case "start":
            return Begin(source, key, value)
        case "stop":
            return Leave(source, key, value)
        case "form":
            return Ask(source, key, value)
        case "record":
            fields = {name: one for name, raw in value["fields"].items() if (one := _value(raw)) is not None}
            return Record(source, key, value["event"], fields)
        case "call":
            return Call(source, key, value)
    raise ValueError(f"'{name}' is no action that this version knows")


def _value(value: Any) -> Value | None:
    return tuple(sorted(value)) if isinstance(value, list) else value
