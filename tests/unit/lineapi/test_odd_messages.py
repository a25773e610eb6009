"""Whatever JSON comes in, the checks answer with findings that point inside it and never crash."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineform.lineapi.check import check_message, check_richmenu
from lineform.lineapi.findings import Path, Reason
from support.line_messages import CAROUSEL, CONFIRM, IMAGE_CAROUSEL, MESSAGES, flex, rich_menu, templated_message

ODD = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 3000) | st.floats() | st.text(max_size=4) | st.just("box"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "contents", "action", "text", "layout", "x"]), inner, max_size=4)
    ),
    max_leaves=8,
)
BASES: list[Any] = [
    *MESSAGES.values(),
    *(templated_message(template) for template in (CONFIRM, CAROUSEL, IMAGE_CAROUSEL)),
    flex({"type": "image", "url": "https://example.com/a.png", "aspectRatio": "1:1"}, hero={"type": "video"}),
]


def _places(value: object, at: Path = ()) -> list[Path]:
    inner: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [at, *(place for key, item in inner for place in _places(item, (*at, key)))]


def _with(value: Any, place: Path, new: object) -> Any:
    if not place:
        return new
    changed = copy.copy(value)
    changed[place[0]] = _with(value[place[0]], place[1:], new)
    return changed


@given(st.data(), st.sampled_from(BASES), ODD)
def test_one_odd_value_in_a_message_never_crashes_the_checks(data: st.DataObject, base: Any, odd: object) -> None:
    changed = _with(base, data.draw(st.sampled_from(_places(base))), odd)
    for finding in check_message(changed):
        _points_inside(changed, finding.path)


@given(st.data(), ODD)
def test_one_odd_value_in_a_rich_menu_never_crashes_the_checks(data: st.DataObject, odd: object) -> None:
    changed = _with(rich_menu(), data.draw(st.sampled_from(_places(rich_menu()))), odd)
    for finding in check_richmenu(changed):
        _points_inside(changed, finding.path)


def _points_inside(value: Any, path: Path) -> None:
    for step in path[:-1]:
        value = value[step]
    assert not path or isinstance(value, dict | list)


@pytest.mark.parametrize("depth", [50, 5000])
def test_boxes_nested_without_end_are_refused_and_a_few_are_not(depth: int) -> None:
    box: dict[str, Any] = {"type": "box", "layout": "vertical", "contents": []}
    for _ in range(depth):
        box = {"type": "box", "layout": "vertical", "contents": [box]}
    reasons = [finding.reason for finding in check_message(flex(box))]
    assert reasons == ([] if depth == 50 else [Reason.TOO_HEAVY])
