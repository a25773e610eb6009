"""What may go wrong in an expression, told without a place: the caller knows where it was written."""

from __future__ import annotations

from lineform.errors import LineformError


class TemplateError(LineformError):
    """An expression that cannot be understood or evaluated; `code` is a problem code."""

    exit_code = 3


class UnknownValue(TemplateError):
    """A name that has no value. At send time: this friend's value is unknown, so that the message cannot be made."""

    def __init__(self, path: str, *, hint: str = "") -> None:
        super().__init__(f"{path} is unknown", hint=hint, code="E022")
        self.path = path
