"""Clients that could not be read stand in every format, and nothing calls them as declared."""

from __future__ import annotations

import json

import pytest

from lineform.errors import CredentialError, LineformError
from lineform.planning.plan import PlanFile
from lineform.report.markdown import COMMENT
from lineform.report.plan_markdown import plan_markdown
from lineform.report.plans import plan_json, plan_text
from lineform.report.ticks import tick_json, tick_markdown, tick_text
from support.plans import EMPTY, FILE, REPORT

FAILURES: dict[str, LineformError] = {
    "kawa": CredentialError("the environment variable KAWA is not set", hint="set it", code="E999")
}
NOBODY = PlanFile(EMPTY.made_at, EMPTY.options, ())


@pytest.mark.parametrize("file", [NOBODY, EMPTY, FILE], ids=["nobody", "empty", "changes"])
def test_a_plan_tells_who_could_not_be_read_and_never_that_there_is_nothing_to_do(file: PlanFile) -> None:
    text, markdown = plan_text(file, {}, {}, failures=FAILURES), plan_markdown(file, {}, {}, failures=FAILURES)
    assert "kawa\n  failed: E999 the environment variable KAWA is not set\n       → set it" in text
    assert "**kawa**: E999 the environment variable KAWA is not set → set it" in markdown
    for said in (text, markdown):
        assert "1 client failed" in said
        assert "othing to do" not in said
        assert "very account is as declared" not in said


def test_a_plan_of_the_other_clients_says_how_many_they_are() -> None:
    assert plan_text(NOBODY, {}, {}, failures=FAILURES).endswith("1 client failed; nothing was compared.")
    assert plan_text(EMPTY, {}, {}, failures=FAILURES).endswith("1 client failed; no changes at 1 other client.")
    assert "No changes: mori" in plan_markdown(EMPTY, {}, {}, failures=FAILURES)


def test_the_json_of_a_plan_is_not_empty_where_a_client_failed() -> None:
    data = json.loads(plan_json(EMPTY, {}, {}, failures=FAILURES))
    assert data["empty"] is False
    assert data["failures"] == [
        {
            "client": "kawa",
            "code": "E999",
            "message": "the environment variable KAWA is not set",
            "hint": "set it",
            "exit_code": 8,
        }
    ]
    assert json.loads(plan_json(EMPTY, {}, {}))["empty"] is True


def test_many_failures_leave_room_for_the_plan() -> None:
    failures: dict[str, LineformError] = {f"client-{number}": LineformError("no " * 500) for number in range(600)}
    text = plan_markdown(FILE, {}, {}, failures=failures)
    assert COMMENT.holds(text)
    assert "600 clients failed" in text
    assert "and 580 more clients" in text
    assert FILE.digest in text


def test_a_failure_cannot_call_anybody_or_break_the_page() -> None:
    said = plan_markdown(NOBODY, {}, {}, failures={"kawa": LineformError("@all <b>\nnext")})
    assert "@all" not in said
    assert "<b>" not in said
    assert "\nnext" not in said


def test_a_run_tells_who_failed_beside_the_others() -> None:
    text = tick_text([REPORT], failures=FAILURES)
    assert text.startswith(tick_text([REPORT]))
    assert "kawa\n  failed: E999" in text
    assert tick_text([], failures=FAILURES).startswith("kawa")
    assert json.loads(tick_json([REPORT], failures=FAILURES))["failures"][0]["client"] == "kawa"
    markdown = tick_markdown([], failures=FAILURES)
    assert markdown.startswith("### lineform run: 1 client failed\n")
    assert "**kawa**: E999" in markdown
    assert "nothing was due" not in markdown
