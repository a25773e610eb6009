"""LINE's own demographic filter, as its reference writes it."""

from __future__ import annotations

from typing import Any

import pytest

from lineform.lineapi.demographics import AREAS
from lineform.model.audience import Demographic
from lineform.segments.demographic import check_demographic, demographic_filter


def spec(**fields: Any) -> Demographic:
    return Demographic.model_validate(fields)


def test_one_condition_stands_alone() -> None:
    assert demographic_filter(spec(gender=["female"])) == {"demographic": {"type": "gender", "oneOf": ["female"]}}


def test_several_conditions_all_hold() -> None:
    everything = spec(
        gender=["male", "female"], age={"from": 20, "until": 40}, app=["ios"], area=["jp_13"], friend_for={"from": 30}
    )
    assert demographic_filter(everything) == {
        "demographic": {
            "type": "operator",
            "and": [
                {"type": "gender", "oneOf": ["male", "female"]},
                {"type": "appType", "oneOf": ["ios"]},
                {"type": "area", "oneOf": ["jp_13"]},
                {"type": "age", "gte": "age_20", "lt": "age_40"},
                {"type": "subscriptionPeriod", "gte": "day_30"},
            ],
        }
    }
    assert check_demographic(everything) == []


@pytest.mark.parametrize(
    ("fields", "path", "code"),
    [
        ({"age": {"from": 21}}, ("age", "from"), "E308"),
        ({"age": {"until": 75}}, ("age", "until"), "E308"),
        ({"age": {"from": 40, "until": 40}}, ("age",), "E310"),
        ({"age": {}}, ("age",), "E308"),
        ({"friend_for": {"from": 14}}, ("friend_for", "from"), "E308"),
        ({"friend_for": {"from": 90, "until": 30}}, ("friend_for",), "E310"),
        ({"area": ["jp_13", "jp_48"]}, ("area", 1), "E308"),
    ],
)
def test_what_line_cannot_select_by_is_told(fields: dict[str, Any], path: tuple[Any, ...], code: str) -> None:
    (finding,) = check_demographic(spec(**fields), ("demographic",))
    assert (finding.path, finding.code) == (("demographic", *path), code)
    assert finding.hint


def test_japan_has_47_prefectures() -> None:
    assert sum(area.startswith("jp_") for area in AREAS) == 47
