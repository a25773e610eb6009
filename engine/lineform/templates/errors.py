"""What may go wrong in an expression, told without its file: the caller knows where it was written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lineform.errors import LineformError
from lineform.model.problem import did_you_mean


class TemplateError(LineformError):
    """An expression that cannot be understood or evaluated; `code` is a problem code."""

    exit_code = 3
    line = 0
    """Counted from 1, in the text that was parsed or rendered; 0 where that is not known."""
    further: tuple[TemplateError, ...] = ()
    """What else is wrong with the same text."""

    def at_line(self, line: int) -> TemplateError:
        """This error, found in that line."""
        self.line = line
        return self


class UnknownValue(TemplateError):
    """A name that has no value. At send time: this friend's value is unknown, so that the message cannot be made."""

    def __init__(self, path: str, *, hint: str = "") -> None:
        super().__init__(f"{path} is unknown", hint=hint, code="E022")
        self.path = path


def unknown(path: tuple[str, ...], scope: Mapping[str, Any]) -> UnknownValue:
    """The error for a path that has no value in this scope, with the nearest name that has one."""
    found: Any = scope
    for step in path:
        if not isinstance(found, Mapping):
            break
        if step not in found:
            near = did_you_mean(step, [key for key in found if isinstance(key, str)])
            return UnknownValue(".".join(path), hint=near)
        found = found[step]
    return UnknownValue(".".join(path))
