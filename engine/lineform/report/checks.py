"""What a check found: fine, worth knowing, or in the way; one line each, and what to do."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from lineform.errors import LineformError
from lineform.plural import plural
from lineform.report.terminal import Painter, Style, padded, printable, width

FORMAT_VERSION: Final = 1


class Verdict(StrEnum):
    """How one check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


_TINTS: Final = {Verdict.OK: (Style.GREEN,), Verdict.WARN: (Style.YELLOW,), Verdict.FAIL: (Style.BOLD, Style.RED)}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `exit_code` is what a failure makes the command end with."""

    verdict: Verdict
    subject: str
    said: str
    todo: str = ""
    exit_code: int = 0


def failed(subject: str, error: LineformError) -> Check:
    """The check that this error ended."""
    code = f"{error.code}: " if error.code else ""
    return Check(Verdict.FAIL, subject, f"{code}{error.message}", error.hint, error.exit_code)


def checks_text(checks: Iterable[Check], *, colour: bool = False) -> str:
    """A line for each check, what to do below it, and a line that counts."""
    found = list(checks)
    paint = Painter(colour)
    column = max((width(check.subject) for check in found), default=0)
    lines = []
    for check in found:
        mark = paint(padded(check.verdict.value, 4), *_TINTS[check.verdict])
        lines.append(f"{mark}  {padded(check.subject, column)}  {printable(check.said)}")
        if check.todo:
            lines.append(f"      {' ' * column}  {paint('→', Style.GREEN)} {printable(check.todo)}")
    counts = {verdict: sum(check.verdict is verdict for check in found) for verdict in Verdict}
    rest = [plural(counts[v], w) for v, w in ((Verdict.FAIL, "failure"), (Verdict.WARN, "warning")) if counts[v]]
    lines.append(f"{plural(len(found), 'check')}: {', '.join(rest) or 'all fine'}")
    return "\n".join(lines)


def checks_json(checks: Iterable[Check]) -> str:
    """One JSON object; keys only ever get more."""
    found = [
        {"verdict": c.verdict.value, "subject": c.subject, "said": c.said, "todo": c.todo, "exit_code": c.exit_code}
        for c in checks
    ]
    return json.dumps({"format_version": FORMAT_VERSION, "checks": found}, ensure_ascii=False, indent=2)
