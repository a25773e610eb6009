"""A value that still holds an expression is judged later; everything around it is judged now."""

from __future__ import annotations

from typing import Any

import pytest

from lineform.lineapi import limits
from lineform.lineapi.check import check_message, check_messages, check_richmenu
from lineform.lineapi.findings import Reason
from support.line_messages import CAROUSEL, COLUMN, URI_ACTION, flex, message, templated_message

TEXT = {"type": "text", "text": "a"}


def _templated(text: str) -> bool:
    return "{{" in text


def _repeated(item: dict[str, Any]) -> tuple[str, ...] | None:
    return tuple(key for key in ("do", "else") if key in item) if "each" in item and "do" in item else None


def _reasons(value: object) -> list[Reason]:
    return [finding.reason for finding in check_message(value, templated=_templated, repeated=_repeated)]


@pytest.mark.parametrize(
    "value",
    [
        message("text", text="{{ friend.name }}" * 1000, emojis=[]),
        message("text", text="{{ a }}"),
        message("image", previewImageUrl="{{ item.image }}"),
        message("image", previewImageUrl="https://example.com/{{ item.image }}.png"),
        message("audio", duration="{{ item.seconds }}"),
        message("location", latitude="{{ shop.lat }}"),
        message("flex", contents="{{ card }}"),
        message("text", quickReply={"items": "{{ replies }}"}),
        message("text", sender="{{ sender }}"),
        message("coupon", deliveryTag="{{ run.tag }}"),
        flex({"type": "text", "text": "a", "color": "{{ colour }}", "size": "{{ s }}", "wrap": "{{ w }}"}),
        flex({"type": "{{ kind }}", "anything": 1}),
        templated_message({"type": "buttons", "title": "題", "text": "{{ t }}" + "あ" * 60, "actions": [URI_ACTION]}),
    ],
)
def test_an_expression_may_stand_for_any_value(value: dict[str, Any]) -> None:
    assert _reasons(value) == []
    assert check_message(value) != []


def test_what_is_wrong_beside_an_expression_is_still_told() -> None:
    wrong = message("location", title="{{ shop.name }}", latitude=91, longitud=1)
    assert sorted(_reasons(wrong)) == [Reason.TOO_BIG, Reason.UNKNOWN_KEY]


def test_a_heavy_bubble_is_told_only_where_nothing_of_it_may_change() -> None:
    heavy = {"type": "text", "text": "a" * limits.BUBBLE_BYTES}
    assert _reasons(flex(heavy)) == [Reason.TOO_HEAVY]
    assert _reasons(flex(heavy, {"type": "text", "text": "{{ a }}"})) == []
    assert _reasons(flex(heavy, {"each": "items", "do": TEXT})) == []


def test_a_repetition_stands_for_any_number_of_items() -> None:
    assert _reasons(flex({"each": "items", "as": "item", "do": TEXT})) == []
    columns = [{"each": "items", "do": COLUMN}]
    assert _reasons(templated_message({**CAROUSEL, "columns": columns})) == []
    two = {**COLUMN, "actions": [{"each": "items", "do": URI_ACTION}]}
    assert _reasons(templated_message({**CAROUSEL, "columns": [COLUMN, two]})) == []
    confirm = {"type": "confirm", "text": "a", "actions": [{"each": "items", "do": URI_ACTION}]}
    assert _reasons(templated_message(confirm)) == []


def test_what_is_repeated_is_judged_and_pointed_at() -> None:
    [finding] = check_message(flex({"each": "items", "do": {"type": "text"}}), repeated=_repeated)
    assert finding.property == "contents.body.contents[0].do.text"


def test_a_repetition_may_hold_several_items_and_others_for_an_empty_list() -> None:
    several = {"each": "items", "do": [TEXT, {"type": "text"}], "else": {"each": "more", "do": {"type": "txt"}}}
    found = check_message(flex(several), repeated=_repeated)
    assert [finding.property for finding in found] == [
        "contents.body.contents[0].do[1].text",
        "contents.body.contents[0].else.do.type",
    ]


def test_items_beside_a_repetition_count_against_the_limit() -> None:
    columns = [COLUMN] * 11 + [{"each": "items", "do": COLUMN}]
    assert _reasons(templated_message({**CAROUSEL, "columns": columns})) == [Reason.TOO_MANY]


def test_a_request_and_a_rich_menu_may_hold_expressions_too() -> None:
    assert check_messages("{{ messages }}", templated=_templated) == []
    assert check_messages([message("text", text="{{ a }}" * 2000, emojis=[])], templated=_templated) == []
    areas: list[Any] = []
    menu = {"size": "{{ size }}", "selected": "{{ open }}", "name": "{{ n }}", "chatBarText": "{{ bar_text }}"}
    assert check_richmenu({**menu, "areas": areas}, templated=_templated) == []
