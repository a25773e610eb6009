"""Problems as text, JSON, annotations, Markdown and SARIF."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from lineform.model.codes import CODES
from lineform.model.origin import Origin
from lineform.model.problem import Problem
from lineform.report.github import annotation
from lineform.report.markdown import Limit
from lineform.report.problems import problems_github, problems_json, problems_markdown, problems_text
from lineform.report.sarif import problems_sarif
from lineform.report.terminal import width
from support.problems import ALL, FILE, SEGMENT, TEXT

GOLDEN = Path(__file__).parents[2] / "golden" / "report"


def test_problems_on_a_terminal_look_like_this() -> None:
    assert problems_text(ALL) + "\n" == (GOLDEN / "problems.txt").read_text(encoding="utf-8")


def test_colour_changes_nothing_but_colour() -> None:
    coloured = problems_text(ALL, colour=True)
    assert "\x1b[1;31mE303\x1b[0m" in coloured
    assert "\x1b[1;33mE281\x1b[0m" in coloured
    for code in ("1;31", "1;33", "1", "2", "31", "32", "36", "0"):
        coloured = coloured.replace(f"\x1b[{code}m", "")
    assert coloured == problems_text(ALL)


@given(st.text(alphabet="ab予約ｶ🎁\t \u0301", min_size=1, max_size=300), st.data())
def test_the_caret_stands_under_its_column_in_cells(excerpt: str, data: st.DataObject) -> None:
    column = data.draw(st.integers(1, len(excerpt)))
    marked = f"{excerpt[: column - 1]}@{excerpt[column:]}"
    problem = replace(SEGMENT, origin=Origin("a.yaml", 3, column), excerpt=marked)
    line, caret = problems_text([problem]).split("\n")[2:4]
    assert width(line[: line.index("@")]) == caret.index("^")
    assert width(line) < 130


def test_an_excerpt_cannot_repaint_the_terminal() -> None:
    shown = problems_text([replace(SEGMENT, excerpt="a: \x1b[2J\u202e", message="bad \x1b]0;title\x07")])
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_the_json_holds_every_field() -> None:
    value = json.loads(problems_json(ALL))
    assert (value["format_version"], value["valid"], value["errors"], value["warnings"]) == (1, False, 2, 1)
    assert value["problems"][1] == {
        "code": "E281",
        "title": CODES["E281"],
        "severity": "warning",
        "message": "a text that still holds a part of an expression",
        "hint": "write {{ friend.name }}",
        "address": "campaign.fuyu",
        "client": "aoba",
        "file": "campaigns/冬.yaml",
        "line": 12,
        "column": 18,
        "excerpt": '  - text: "お客様さま、{{ friend.name }"',
        "written_by": [{"file": "clients/aoba.yaml", "line": 4, "column": 3}],
    }


def test_warnings_alone_leave_the_workspace_valid() -> None:
    assert json.loads(problems_json([TEXT]))["valid"] is True
    assert json.loads(problems_json([]))["valid"] is True


def test_the_first_ten_are_annotated_errors_first_and_all_are_printed() -> None:
    lines = problems_github([TEXT, *[SEGMENT] * 12], folder="shops").split("\n")
    commands = [line for line in lines if line.startswith("::")]
    place = "file=shops/campaigns/winter-sale.yaml,line=7,col=21,title=E303 campaign.winter-sale"
    assert commands == [f"::error {place}::unknown segment 'vip-lapset'%0Adid you mean 'vip-lapsed'?"] * 10
    assert sum(line.startswith("E303") for line in lines) == 12
    assert lines[-1] == "12 errors and 1 warning in 2 files"


def test_a_file_as_a_whole_is_annotated_without_a_line() -> None:
    assert problems_github([FILE]).startswith("::error file=lineform.yaml,title=E001::the file is no YAML\n")


def test_an_annotation_cannot_be_left_by_what_stands_in_it() -> None:
    text = annotation("error", "100%\n::error::x\r", "a:b,c%\n", file="a,b:c.yaml")
    assert text == "::error file=a%2Cb%3Ac.yaml,title=a%3Ab%2Cc%25%0A::100%25%0A::error::x%0D"


def test_no_printed_line_can_be_taken_for_a_command() -> None:
    evil = replace(SEGMENT, message="x\n::stop-commands::y", excerpt="::set-env", hint="z\r\n::error::", address="")
    lines = problems_github([evil]).split("\n")
    assert [line for line in lines[1:] if line.lstrip().startswith("::")] == []


def test_the_summary_holds_all_of_them_and_stays_text() -> None:
    text = problems_markdown([replace(SEGMENT, message="<b>*x* | @all #1 `y`")] * 30)
    assert text.count("\n- **E303** `campaign.winter-sale`") == 30
    assert "&lt;b&gt;\\*x\\* \\| @\u200ball #\u200b1 \\`y\\`" in text


def test_a_summary_that_is_too_long_is_cut_and_says_so() -> None:
    text = problems_markdown([SEGMENT] * 100, limit=Limit(3000, bytes=True))
    assert len(text.encode()) <= 3000
    shown = text.count("- **E303**")
    assert f"… and {100 - shown} others" in text
    assert shown > 10


def test_sarif_points_at_every_problem_with_a_rule() -> None:
    run = json.loads(problems_sarif(ALL, folder="shops"))["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert {rule["id"] for rule in rules} >= set(CODES)
    for problem, result in zip(ALL, run["results"], strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == problem.code
        assert result["level"] == problem.severity.value
    place = run["results"][1]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "shops/campaigns/%E5%86%AC.yaml"
    assert place["region"] == {"startLine": 12, "startColumn": 18}
    assert run["columnKind"] == "unicodeCodePoints"
    assert "region" not in run["results"][2]["locations"][0]["physicalLocation"]


def test_a_sarif_fingerprint_survives_moved_lines_and_tells_equals_apart() -> None:
    def prints(*problems: Problem) -> list[str]:
        run = json.loads(problems_sarif(problems))["runs"][0]
        return [result["partialFingerprints"]["lineform/v1"] for result in run["results"]]

    moved = replace(SEGMENT, origin=Origin(SEGMENT.origin.file, 99, 1))
    assert prints(SEGMENT) == prints(moved)
    assert len(set(prints(SEGMENT, SEGMENT, TEXT))) == 3
