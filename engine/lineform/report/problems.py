"""Problems as people and machines read them: every one of them, each with its place and what to do."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from lineform.model.codes import CODES, GUARDS
from lineform.model.origin import Origin
from lineform.model.problem import Problem, Severity
from lineform.plural import plural
from lineform.report.github import annotation
from lineform.report.markdown import SUMMARY, Limit, code, escaped, first_that_fits
from lineform.report.sarif import problems_sarif
from lineform.report.terminal import Painter, Style, printable, width

__all__ = ["problems_github", "problems_json", "problems_markdown", "problems_sarif", "problems_text", "tally"]

FORMAT_VERSION: Final = 1
ANNOTATIONS: Final = 10
"""GitHub shows ten annotations of one level for each step and drops the others without a word."""
_EXCERPT: Final = 100
"""Cells of an excerpt around its caret."""
_TAB: Final = "    "


def problems_text(problems: Iterable[Problem], *, colour: bool = False) -> str:
    """All problems with their excerpts, and a line that counts them. Without an end of line."""
    found = list(problems)
    paint = Painter(colour)
    blocks = [_block(problem, paint) for problem in found]
    return "\n\n".join([*blocks, tally(found)])


def tally(problems: Sequence[Problem]) -> str:
    """``2 errors and 1 warning in 2 files``."""
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    warnings = len(problems) - errors
    counts = [plural(n, word) for n, word in ((errors, "error"), (warnings, "warning")) if n]
    files = len({problem.origin.file for problem in problems})
    return f"{' and '.join(counts)} in {plural(files, 'file')}" if counts else "no problems"


def _block(problem: Problem, paint: Painter) -> str:
    tint = Style.RED if problem.severity is Severity.ERROR else Style.YELLOW
    subject = f" {problem.address}" if problem.address else ""
    warning = "" if problem.severity is Severity.ERROR else "warning: "
    head = paint(problem.code, Style.BOLD, tint) + paint(subject, Style.BOLD)
    client = f" (client {problem.client})" if problem.client else ""
    lines = [f"{head}: {warning}{printable(problem.message)}", f"  {paint(str(problem.origin), Style.CYAN)}{client}"]
    lines += _excerpt(problem, paint)
    lines += [f"    also written at {paint(str(origin), Style.CYAN)}" for origin in problem.written_by]
    if problem.hint:
        lines.append(f"    {paint('→', Style.GREEN)} {printable(problem.hint)}")
    return "\n".join(lines)


def _excerpt(problem: Problem, paint: Painter) -> list[str]:
    """The line and a caret under the column, which counts characters while a terminal counts cells."""
    if not problem.excerpt or not problem.origin.line:
        return []
    number = str(problem.origin.line)
    margin = " " * len(number)
    bar = paint("│", Style.DIM)
    shown, caret = _window(problem.excerpt, problem.origin.column)
    lines = [f"    {paint(number, Style.DIM)} {bar} {shown}"]
    if caret is not None:
        lines.append(f"    {margin} {bar} {' ' * caret}{paint('^', Style.BOLD, Style.RED)}")
    return lines


def _window(excerpt: str, column: int) -> tuple[str, int | None]:
    """The part of a line that is shown, and the caret's cell in it; a long line is cut around the caret."""
    text = "".join(_TAB if char == "\t" else printable(char) for char in excerpt)
    if column < 1 or column > len(excerpt) + 1:
        return _cut(text, 0), None
    before = "".join(_TAB if char == "\t" else printable(char) for char in excerpt[: column - 1])
    start = 0
    while width(before[start:]) > _EXCERPT * 2 // 3:
        start += 1
    lead = "…" if start else ""
    return lead + _cut(text, start), len(lead) + width(before[start:])


def _cut(text: str, start: int) -> str:
    end, cells = start, 0
    while end < len(text) and cells < _EXCERPT:
        cells += width(text[end])
        end += 1
    return text[start:end] + ("…" if end < len(text) else "")


def problems_json(problems: Iterable[Problem]) -> str:
    """One JSON object; keys only ever get more, and `format_version` rises when one changes its meaning."""
    found = list(problems)
    errors = sum(problem.severity is Severity.ERROR for problem in found)
    value = {
        "format_version": FORMAT_VERSION,
        "valid": not errors,
        "errors": errors,
        "warnings": len(found) - errors,
        "problems": [_data(problem) for problem in found],
    }
    return json.dumps(value, ensure_ascii=False, indent=2)


def _data(problem: Problem) -> dict[str, Any]:
    return {
        "code": problem.code,
        "title": CODES.get(problem.code) or GUARDS.get(problem.code, ""),
        "severity": problem.severity.value,
        "message": problem.message,
        "hint": problem.hint,
        "address": problem.address,
        "client": problem.client,
        **_place(problem.origin),
        "excerpt": problem.excerpt,
        "written_by": [_place(origin) for origin in problem.written_by],
    }


def _place(origin: Origin) -> dict[str, Any]:
    return {"file": origin.file, "line": origin.line, "column": origin.column}


def problems_github(problems: Iterable[Problem], *, folder: str = "") -> str:
    """Workflow commands for the first ten, errors before warnings, and then all of them as text for the log.

    `folder` is the workspace's place in the repository, without slashes at its ends.
    """
    found = list(problems)
    gravest = sorted(found, key=lambda problem: problem.severity is not Severity.ERROR)
    lines = [_annotation(problem, folder) for problem in gravest[:ANNOTATIONS]]
    return "\n".join([*lines, problems_text(found)])


def _annotation(problem: Problem, folder: str) -> str:
    subject = f"{problem.code} {problem.address}".strip()
    client = f" (client {problem.client})" if problem.client else ""
    message = f"{problem.message}{client}" + (f"\n{problem.hint}" if problem.hint else "")
    origin = problem.origin
    file = f"{folder}/{origin.file}" if folder else origin.file
    return annotation(problem.severity.value, message, subject, file=file, line=origin.line, column=origin.column)


def problems_markdown(problems: Iterable[Problem], *, limit: Limit = SUMMARY) -> str:
    """All problems as Markdown, for the summary of a step; cut, and saying so, where it would be too long."""
    found = list(problems)
    items = [_item(problem) for problem in found]
    head = f"### {tally(found)}\n\n"

    def text(count: int) -> str:
        rest = len(items) - count
        more = f"\n- … and {plural(rest, 'other')}: `lineform validate` shows them all" if rest else ""
        return head + "\n".join(items[:count]) + more + "\n"

    return first_that_fits(limit, text, len(items))


def _item(problem: Problem) -> str:
    warning = "" if problem.severity is Severity.ERROR else "warning: "
    subject = f" {code(problem.address)}" if problem.address else ""
    client = f" (client {escaped(problem.client)})" if problem.client else ""
    hint = f"  \n  {escaped(problem.hint)}" if problem.hint else ""
    place = code(str(problem.origin))
    return f"- **{escaped(problem.code)}**{subject}: {warning}{escaped(problem.message)} — {place}{client}{hint}"
