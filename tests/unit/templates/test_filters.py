"""The filters, each on the texts that marketing needs."""

from __future__ import annotations

import pytest

from lineform.templates.errors import TemplateError
from lineform.templates.scalars import scalar


@pytest.mark.parametrize(
    ("expression", "value", "expected"),
    [
        ("date('%-m月%-d日')", "2026-01-05", "1月5日"),
        ("date('%m/%d(%a)')", "2026-12-25", "12/25(金)"),
        ("date('%Y年 %p%-I時%M分')", "2026-12-25T15:05", "2026年 午後3時05分"),
        ("date('100%%')", "2026-12-25", "100%"),
        ("date", "2026-12-25", "12月25日"),
        ("add_days(7) | date('%-m/%-d')", "2026-12-28", "1/4"),
        ("comma", 1234567, "1,234,567"),
        ("yen", 1234.5, "1,235円"),
        ("round", 2.5, 3),
        ("round(1)", 0.25, 0.3),
        ("truncate(4)", "あいうえお", "あいう…"),
        ("upper", "abc", "ABC"),
        ("replace('a', 'b')", "banana", "bbnbnb"),
        ("join('、')", ["赤", "青"], "赤、青"),
        ("first", ["赤", "青"], "赤"),
        ("last", ["赤", "青"], "青"),
        ("int", "12", 12),
        ("string", 30, "30"),
        ("default('x', true)", "", "x"),
        ("default('x')", "", ""),
        ("length", "あい", 2),
    ],
)
def test_a_filter_makes(expression: str, value: object, expected: object) -> None:
    assert scalar("{{ friend.x | " + expression + " }}").value({"friend": {"x": value}}) == expected


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("date", "Christmas"),
        ("date('%q')", "2026-12-25"),
        ("comma", "12"),
        ("comma", True),
        ("join", "abc"),
        ("first", []),
        ("int", "twelve"),
        ("round(99)", 1.5),
        ("replace('', 'x')", "abc"),
        ("replace('a', 'x' | replace('x', 'y'))", 3),
        ("add_days(99999999)", "2026-12-25"),
        ("items", "abc"),
    ],
)
def test_a_filter_refuses(expression: str, value: object) -> None:
    with pytest.raises(TemplateError) as caught:
        scalar("{{ friend.x | " + expression + " }}").value({"friend": {"x": value}})
    assert caught.value.code == "E027"


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("run.date | add_days('x') | date", "add_days('x') needs a whole number of days"),
        ("run.date | date('%Q')", "date('%Q') cannot write a date with %Q"),
        ("run.date | date(7)", "date(7) needs a form in quotes"),
        ("friend.x | default('x') | date", "date is given 'x', which is not a date such as 2026-12-31"),
        ("friend.x | default('-') | string | comma", "comma is given '-', which is not a number"),
        ("friend.x | default | date", "date is given '', which is not a date such as 2026-12-31"),
        ("friend.x | replace('', 'x')", "replace('', 'x') cannot replace an empty text"),
        ("friend.x | replace('a', 1)", "replace('a', 1) needs two texts"),
        ("friend.x | truncate('5')", "truncate('5') needs a whole number of characters"),
        ("friend.x | truncate", "truncate cannot be called so"),
        ("friend.x | comma(2)", "comma(2) cannot be called so"),
        ("friend.x | date(from='%Y')", "date(from='%Y') cannot be called so"),
        ("friend.x | join(1)", "join(1) needs a text to put between the items"),
        ("friend.x | round(digits=11)", "round(digits=11) rounds to 0 to 10 digits"),
    ],
)
def test_what_no_friends_value_can_mend_is_told_before_there_is_one(expression: str, said: str) -> None:
    with pytest.raises(TemplateError) as caught:
        scalar("{{ " + expression + " }}")
    assert (caught.value.code, caught.value.message, caught.value.further) == ("E027", said, ())


@pytest.mark.parametrize(
    "expression",
    [
        "friend.x | default('2026-12-31') | date",
        "friend.x | default(0) | comma",
        "friend.x | add_days(friend.y) | date('%-m/%-d 100%')",
        "friend.x | default(friend.y) | date",
        "friend.x | default('a', true) | upper | truncate(3, '')",
        "friend.x | round(digits=2)",
        "friend.x | join",
    ],
)
def test_what_may_be_right_for_somebody_is_not(expression: str) -> None:
    scalar("{{ " + expression + " }}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ friend.x }}さま {{ friend.y | date }}", "{{ friend.y | date }}: date is given what is not a date"),
        ("{{ friend.y | add_days(friend.y) }}", "{{ friend.y | add_days(friend.y) }}: add_days needs a whole number"),
        ("{{ friend.list }}さま", "{{ friend.list }} is a list, which cannot stand inside a text"),
        ("{{ friend.none }}", "{{ friend.none }} is empty (null)"),
        (
            "{% if friend.x %}{{ 1 / 0 * friend.z }}{% endif %}",
            "{% if friend.x %}{{ 1 / 0 * friend.z }}{% endif %} divides",
        ),
        ("あ{{ friend.x | comma }}" + "い" * 200, "{{ friend.x | comma }}: comma is given what is not a number"),
    ],
)
def test_an_error_names_the_expression_and_no_value_of_a_friend(text: str, said: str) -> None:
    friend = {"x": "秘密", "y": "太郎", "z": 1, "list": ["a"], "none": None}
    with pytest.raises(TemplateError) as caught:
        scalar(text).value({"friend": friend})
    assert caught.value.message.startswith(said)
    assert "太郎" not in caught.value.message
    assert "秘密" not in caught.value.message
