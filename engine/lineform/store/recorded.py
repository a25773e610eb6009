"""Values as JSON columns hold them, and back."""

from __future__ import annotations

from typing import Any

from lineform.segments.friend import Value
from lineform.segments.operands import number


def recorded_value(value: Value) -> Any:
    """A friend's or an event's value as it is recorded. ValueError where no database can hold it."""
    if isinstance(value, str):
        return recorded_text(value)
    if isinstance(value, bool):
        return value
    if isinstance(value, tuple):
        return sorted({recorded_text(word) for word in value})
    exact = number(value)
    return value if isinstance(value, int) else exact


def recorded_text(text: str) -> str:
    """A text as it is recorded. ValueError where it holds a NUL character, which PostgreSQL refuses."""
    if "\x00" in text:
        raise ValueError("a text with a NUL character cannot be recorded")
    return text


def read_value(recorded: Any) -> Value:
    """What `recorded_value` recorded."""
    return tuple(recorded) if isinstance(recorded, list) else recorded
