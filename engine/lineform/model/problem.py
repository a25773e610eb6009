"""A problem in what was written: what is wrong, where, and what to do. All of them are reported in one run."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from lineform.errors import LineformError
from lineform.model.origin import Origin
from lineform.plural import plural


class Severity(StrEnum):
    """Whether a problem stops everything, or is only told."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with the workspace.

    `code` is stable (``E023``) and listed in `lineform.model.codes`; `address` is the resource it belongs to
    (``campaign.winter-sale``, or empty for a file that is none); `client` is set where only that client sees it.
    `excerpt` is the line of the file it points at, without its end; the caret stands under `origin.column`.
    """

    code: str
    message: str
    origin: Origin
    address: str = ""
    client: str = ""
    hint: str = ""
    excerpt: str = ""
    severity: Severity = Severity.ERROR
    written_by: tuple[Origin, ...] = ()
    """Further places that took part: the layer that overrode the value, the first of two duplicates."""


class InvalidError(LineformError):
    """The workspace is not valid; carries every problem that was found."""

    exit_code = 3

    def __init__(self, problems: Iterable[Problem], *, hint: str = "") -> None:
        self.problems = tuple(problems)
        count = sum(p.severity is Severity.ERROR for p in self.problems)
        super().__init__(f"{plural(count, 'problem')} in the workspace", hint=hint)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint that names the nearest known word, or an empty string where none is near."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean '{near[0]}'?" if near else ""
