"""Messages as they are armed, in LINE's own form, those included that are repeated as a whole; and what they say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lineform.lineapi.author import to_line
from lineform.templates.errors import TemplateError
from lineform.templates.send import BLOCKS, as_written, is_each


def line_form(message: Mapping[str, Any]) -> dict[str, Any]:
    """A message, or a repetition of messages. Raises NotAMessageError."""
    if not is_each(message):
        return to_line(dict(message)).line
    blocks = {key: [line_form(one) for one in _listed(message[key])] for key in BLOCKS if key in message}
    return {**message, **blocks}


def spoken(message: Mapping[str, Any]) -> str:
    """What a person reads of a message where only text can be shown: its text, else its alternative text, else its
    type in brackets."""
    for key in ("text", "altText", "title"):
        if isinstance(message.get(key), str):
            return str(message[key])
    return f"[{message.get('type')}]"


def all_spoken(messages: Iterable[Mapping[str, Any]], context: Mapping[str, Any]) -> Iterator[str]:
    """The same of every message, with what `context` knows put in and all that differs for each friend as it is
    written; of one that is repeated, once."""
    for message in messages:
        if is_each(message):
            yield from all_spoken(_listed(message["do"]), context)
            continue
        text = spoken(message)
        try:
            yield as_written(text, context)
        except TemplateError:
            yield text  # a guard says what is wrong with it


def _listed(block: Any) -> list[Any]:
    return list(block) if isinstance(block, list | tuple) else [block]
