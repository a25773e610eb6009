"""Clients that could not be read or run, beside those that could: their names, what happened, what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from lineform.errors import LineformError
from lineform.plural import plural
from lineform.report.markdown import escaped
from lineform.report.terminal import Painter, Style, printable

Failures = Mapping[str, LineformError]
"""Why a client has no part in a report, by its name."""
NONE: Final[Failures] = MappingProxyType({})
_SHOWN: Final = 20
"""Failures of a Markdown document: they stand above everything else, and must leave room for it."""


def sentence(error: LineformError) -> str:
    """What happened, the code first."""
    return printable(f"{error.code} {error.message}".strip())


def failures_text(failures: Failures, paint: Painter) -> list[str]:
    """A block for each client: its name, the sentence, what to do."""
    return ["\n".join(_block(name, error, paint)) for name, error in failures.items()]


def _block(name: str, error: LineformError, paint: Painter) -> list[str]:
    lines = [paint(name, Style.BOLD), f"  {paint('failed', Style.BOLD, Style.RED)}: {sentence(error)}"]
    return [*lines, f"       {paint('→', Style.GREEN)} {printable(error.hint)}"] if error.hint else lines


def failures_markdown(failures: Failures) -> str:
    """A caution that names every client with its sentence; empty where none failed."""
    if not failures:
        return ""
    items = [
        f"> - **{escaped(name)}**: {escaped(sentence(error))}" + (f" → {escaped(error.hint)}" if error.hint else "")
        for name, error in list(failures.items())[:_SHOWN]
    ]
    more = [f"> - … and {plural(len(failures) - _SHOWN, 'more client')}"] if len(failures) > _SHOWN else []
    return "\n".join(["> [!CAUTION]", f"> {failed_count(failures)}:", ">", *items, *more])


def failures_data(failures: Failures) -> Sequence[Mapping[str, Any]]:
    """The failures as JSON values."""
    return [
        {
            "client": name,
            "code": error.code,
            "message": error.message,
            "hint": error.hint,
            "exit_code": error.exit_code,
        }
        for name, error in failures.items()
    ]


def failed_count(failures: Failures) -> str:
    """``2 clients failed``."""
    return f"{plural(len(failures), 'client')} failed"
