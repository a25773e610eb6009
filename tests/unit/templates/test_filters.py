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
