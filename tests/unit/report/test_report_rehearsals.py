"""The workspace's own tests as text, JSON and JUnit."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from lineform.errors import BlockedError
from lineform.report.rehearsals import rehearsals_json, rehearsals_junit, rehearsals_text
from lineform.sending.rehearsal import CaseResult, Rehearsal

GOOD = Rehearsal("aoba", "winter", "campaign.winter-sale", (CaseResult("gold-member"),))
BAD = Rehearsal(
    "aoba",
    "lapsed",
    "campaign.lapsed",
    (CaseResult("regular"), CaseResult("new-friend", ("should receive nothing and receives", "  | こんにちは"))),
)
NOT_DUE = Rehearsal("mori", "late", "campaign.late", (), why="campaign.late is not due at 2026-12-01T10:00")


def test_failed_tests_say_why() -> None:
    assert rehearsals_text([GOOD, BAD, NOT_DUE]).split("\n") == [
        "ok     aoba: winter (campaign.winter-sale)",
        "    ✓ gold-member",
        "FAILED aoba: lapsed (campaign.lapsed)",
        "    ✓ regular",
        "    ✗ new-friend",
        "        should receive nothing and receives",
        "          | こんにちは",
        "FAILED mori: late (campaign.late)",
        "         campaign.late is not due at 2026-12-01T10:00",
        "3 tests, 3 friends: 2 failures",
    ]


def test_a_workspace_without_tests_is_told_how_to_write_one() -> None:
    assert rehearsals_text([]) == "no tests: write one with kind: test"


def test_passed_tests_are_counted() -> None:
    assert rehearsals_text([GOOD]).endswith("1 test, 1 friend: all passed")


def test_the_json_tells_each_friend() -> None:
    value = json.loads(rehearsals_json([GOOD, BAD]))
    assert value["passed"] is False
    assert [test["passed"] for test in value["tests"]] == [True, False]
    assert value["tests"][1]["friends"][1]["why"][0] == "should receive nothing and receives"


def read(xml: str) -> ET.Element:
    return ET.fromstring(xml.encode())  # noqa: S314 - what we wrote ourselves


def test_junit_counts_friends_and_keeps_the_reason() -> None:
    root = read(rehearsals_junit([GOOD, BAD, NOT_DUE]))
    assert root.attrib == {"name": "lineform", "tests": "4", "failures": "2", "errors": "0"}
    assert [suite.get("failures") for suite in root] == ["0", "1", "1"]
    failure = root.find(".//testcase[@name='new-friend']/failure")
    assert failure is not None
    assert failure.get("message") == "should receive nothing and receives"
    assert failure.text == "should receive nothing and receives\n  | こんにちは"


@given(st.text(), st.text(min_size=1))
def test_any_text_makes_well_formed_junit(name: str, why: str) -> None:
    result = Rehearsal("aoba", name, "campaign.x", (CaseResult(name, (why, why)),))
    assert read(rehearsals_junit([result])).get("failures") == "1"


BROKEN = {"kita": BlockedError("2 problems <in> the workspace", hint="mend its files")}


def test_a_client_whose_tests_cannot_be_run_is_no_success() -> None:
    assert rehearsals_text([GOOD], failures=BROKEN).split("\n")[2:] == [
        "kita",
        "  failed: 2 problems <in> the workspace",
        "       → mend its files",
        "1 test, 1 friend: all passed; 1 client failed",
    ]
    value = json.loads(rehearsals_json([GOOD], failures=BROKEN))
    assert (value["passed"], [one["client"] for one in value["failures"]]) == (False, ["kita"])
    root = read(rehearsals_junit([GOOD], failures=BROKEN))
    assert root.attrib == {"name": "lineform", "tests": "2", "failures": "0", "errors": "1"}
    suite = root[1]
    assert (suite.get("name"), suite.get("errors")) == ("kita", "1")
    error = suite[0][0]
    assert (error.tag, error.get("message"), error.text) == ("error", "2 problems <in> the workspace", "mend its files")
