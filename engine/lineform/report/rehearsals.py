"""Results of the workspace's own tests: text, JSON, JUnit."""

from __future__ import annotations

import json
from collections.abc import Iterable
from html import escape
from typing import Final

from lineform.errors import LineformError
from lineform.plural import plural
from lineform.report.failures import NONE, Failures, failed_count, failures_data, failures_text, sentence
from lineform.report.terminal import Painter, Style, printable
from lineform.sending.rehearsal import CaseResult, Rehearsal

FORMAT_VERSION: Final = 1


def rehearsals_text(results: Iterable[Rehearsal], *, failures: Failures = NONE, colour: bool = False) -> str:
    """Each test with its friends; of those that failed, why; then the clients of whom nothing could be tried. The last
    line counts."""
    found = list(results)
    paint = Painter(colour)
    lines = []
    for result in found:
        mark = paint("ok    ", Style.GREEN) if result.passed else paint("FAILED", Style.BOLD, Style.RED)
        lines.append(f"{mark} {result.client}: {paint(result.name, Style.BOLD)} ({result.campaign})")
        if result.why:
            lines.append(f"         {printable(result.why)}")
        for case in result.cases:
            lines += _case(case, paint)
    tally = "; ".join([_tally(found), *([failed_count(failures)] if failures else [])])
    return "\n".join([*lines, *failures_text(failures, paint), tally])


def _case(case: CaseResult, paint: Painter) -> list[str]:
    mark = paint("✓", Style.GREEN) if case.passed else paint("✗", Style.RED)
    return [f"    {mark} {case.name}", *(f"        {printable(line)}" for line in case.why)]


def _tally(results: list[Rehearsal]) -> str:
    if not results:
        return "no tests: write one with kind: test"
    cases = [case for result in results for case in result.cases]
    failed = sum(not case.passed for case in cases) + sum(bool(result.why) for result in results)
    passed = f"{plural(len(results), 'test')}, {plural(len(cases), 'friend')}"
    return f"{passed}: {plural(failed, 'failure')}" if failed else f"{passed}: all passed"


def rehearsals_json(results: Iterable[Rehearsal], *, failures: Failures = NONE) -> str:
    """Every test with its outcome, for programs."""
    found = list(results)
    value = {
        "format_version": FORMAT_VERSION,
        "passed": not failures and all(result.passed for result in found),
        "failures": failures_data(failures),
        "tests": [
            {
                "client": result.client,
                "name": result.name,
                "campaign": result.campaign,
                "passed": result.passed,
                "why": result.why,
                "friends": [{"name": c.name, "passed": c.passed, "why": list(c.why)} for c in result.cases],
            }
            for result in found
        ],
    }
    return json.dumps(value, ensure_ascii=False, indent=2)


def rehearsals_junit(results: Iterable[Rehearsal], *, failures: Failures = NONE) -> str:
    """A suite for each test, a case for each friend, as CI systems read it (https://github.com/testmoapp/junitxml). A
    client of whom nothing could be tried is an error."""
    found = list(results)
    suites = [*(_suite(result) for result in found), *(_untried(name, error) for name, error in failures.items())]
    tests = sum(_size(result) for result in found) + len(failures)
    lost = sum(_failures(result) for result in found)
    head = f'<testsuites name="lineform" tests="{tests}" failures="{lost}" errors="{len(failures)}">'
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *suites, "</testsuites>"])


def _suite(result: Rehearsal) -> str:
    name = _xml(f"{result.client}: {result.name}")
    head = f'  <testsuite name="{name}" tests="{_size(result)}" failures="{_failures(result)}" errors="0">'
    cases = [CaseResult(result.campaign, (result.why,)), *result.cases] if result.why else list(result.cases)
    return "\n".join([head, *(_junit_case(case, name) for case in cases), "  </testsuite>"])


def _untried(client: str, error: LineformError) -> str:
    name, said = _xml(client), _xml(sentence(error))
    head = (
        f'  <testsuite name="{name}" tests="1" failures="0" errors="1">\n    <testcase classname="{name}" name="files">'
    )
    case = f'      <error message="{said}">{_xml(error.hint)}</error>\n    </testcase>'
    return f"{head}\n{case}\n  </testsuite>"


def _junit_case(case: CaseResult, suite: str) -> str:
    head = f'    <testcase classname="{suite}" name="{_xml(case.name)}"'
    if case.passed:
        return f"{head}/>"
    said = _xml("\n".join(case.why))
    return f'{head}>\n      <failure message="{_xml(case.why[0])}">{said}</failure>\n    </testcase>'


def _size(result: Rehearsal) -> int:
    return len(result.cases) + bool(result.why)


def _failures(result: Rehearsal) -> int:
    return sum(not case.passed for case in result.cases) + bool(result.why)


def _xml(text: str) -> str:
    """XML 1.0 has no way to write most control characters and lone surrogates, not even escaped."""
    allowed = "".join(
        c if c in "\t\n" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff") else "\ufffd"
        for c in text
    )
    return escape(allowed, quote=True)
