"""One thing that is wrong with a condition."""

from __future__ import annotations

from dataclasses import dataclass

from lineform.errors import LineformError
from lineform.model.origin import Path, dotted


@dataclass(frozen=True, slots=True)
class Finding:
    """`path` leads from the resource's root to the value; `code` is listed in `lineform.model.codes`."""

    path: Path
    code: str
    message: str
    hint: str = ""


class ConditionError(LineformError):
    """A condition that has no meaning, met where conditions must have been checked before."""

    exit_code = 3

    def __init__(self, finding: Finding) -> None:
        place = f"{dotted(finding.path)}: " if finding.path else ""
        super().__init__(f"{place}{finding.message}", hint=finding.hint, code=finding.code)
        self.finding = finding
