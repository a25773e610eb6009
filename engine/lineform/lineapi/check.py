"""Whether LINE would accept a message, an action or a rich menu, without asking it."""

from __future__ import annotations

from collections.abc import Callable

from lineform.lineapi.actions import ACTIONS, Place
from lineform.lineapi.findings import Finding, Reason
from lineform.lineapi.messages import MESSAGE, MESSAGE_LIST
from lineform.lineapi.richmenu import RICHMENU
from lineform.lineapi.shapes import Object, Shape, Walk

Templated = Callable[[str], bool]
"""Tells whether a text still holds a template expression: then any value may take its place, and nothing is said."""
Repeated = Callable[[Object], str | tuple[str, ...] | None]
"""Tells that a list's item stands for any number of items, and names the key or keys that hold them (one or a list)."""


def check_message(
    message: object,
    *,
    templated: Templated | None = None,
    repeated: Repeated | None = None,
    unfamiliar: bool = False,
) -> list[Finding]:
    """What is wrong with one message in LINE's own form; paths begin inside the message.

    `unfamiliar` asks for Flex properties that are not known here as well; LINE may know them, so they are no errors.
    """
    return _walk(MESSAGE, message, Walk(templated, repeated, unfamiliar))


def check_messages(
    messages: object,
    *,
    templated: Templated | None = None,
    repeated: Repeated | None = None,
    unfamiliar: bool = False,
) -> list[Finding]:
    """What is wrong with the messages of one request (one to five); paths begin with "messages", as LINE's do."""
    if not isinstance(messages, list | tuple):
        return [f.under("messages") for f in _walk(MESSAGE_LIST, messages, Walk(templated))]
    found = [
        finding.under("messages", index)
        for index, message in enumerate(messages)
        for finding in check_message(message, templated=templated, repeated=repeated, unfamiliar=unfamiliar)
    ]
    if not MESSAGE_LIST.min <= len(messages) <= (MESSAGE_LIST.max or 0):
        count = Walk()
        MESSAGE_LIST.count(len(messages), None, count)
        found = [f.under("messages") for f in count.findings] + found
    return found


def check_richmenu(menu: object, *, templated: Templated | None = None) -> list[Finding]:
    """What is wrong with a rich menu object."""
    return _walk(RICHMENU, menu, Walk(templated))


def check_action(action: object, place: Place, *, templated: Templated | None = None) -> list[Finding]:
    """What is wrong with an action that stands in `place`."""
    return _walk(ACTIONS[place], action, Walk(templated))


def _walk(shape: Shape, value: object, walk: Walk) -> list[Finding]:
    try:
        shape.check(value, None, walk)
    except RecursionError:
        return [Finding((), Reason.TOO_HEAVY, "is nested too deeply to be read; hundreds of boxes inside each other")]
    return walk.findings
