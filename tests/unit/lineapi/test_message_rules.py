"""Rules that are no mere length: which fields belong together, what stands where, and how a finding points."""

from __future__ import annotations

from typing import Any

import pytest

from lineform.lineapi.check import check_message, check_messages, check_richmenu
from lineform.lineapi.findings import Finding, Reason
from lineform.lineapi.messages import MESSAGES as SHAPES
from support.line_messages import (
    CAROUSEL,
    COLUMN,
    CONFIRM,
    IMAGE_CAROUSEL,
    MESSAGES,
    URI_ACTION,
    message,
    rich_menu,
    templated_message,
)


def _said(found: list[Finding]) -> list[tuple[str, Reason]]:
    return [(finding.property, finding.reason) for finding in found]


def test_there_is_a_valid_example_of_every_type() -> None:
    assert MESSAGES.keys() == SHAPES.keys()


@pytest.mark.parametrize("kind", MESSAGES)
def test_a_valid_message_is_accepted(kind: str) -> None:
    assert check_message(MESSAGES[kind]) == []


@pytest.mark.parametrize("template", [CONFIRM, CAROUSEL, IMAGE_CAROUSEL], ids=lambda t: str(t["type"]))
def test_a_valid_template_is_accepted(template: dict[str, Any]) -> None:
    assert check_message(templated_message(template)) == []


@pytest.mark.parametrize("kind", MESSAGES)
def test_a_message_without_a_required_property_is_refused(kind: str) -> None:
    for key in SHAPES[kind].required:
        without = {k: v for k, v in MESSAGES[kind].items() if k != key}
        assert (key, Reason.MISSING) in _said(check_message(without))


@pytest.mark.parametrize("kind", MESSAGES)
def test_a_property_that_line_does_not_know_is_named_with_the_known_ones(kind: str) -> None:
    [finding] = check_message(message(kind, quickReplay={}))
    assert (finding.path, finding.reason) == (("quickReplay",), Reason.UNKNOWN_KEY)
    assert "quickReply" in finding.known


@pytest.mark.parametrize("value", [None, 3, "text", [], True])
def test_what_is_no_object_is_no_message(value: object) -> None:
    assert _said(check_message(value)) == [("", Reason.WRONG_TYPE)]


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        ("text", "text", 5),
        ("text", "emojis", {}),
        ("text", "sender", "Cony"),
        ("audio", "duration", "60000"),
        ("audio", "duration", 1.5),
        ("audio", "duration", True),
        ("location", "latitude", "38"),
        ("location", "latitude", float("nan")),
        ("image", "originalContentUrl", None),
        ("flex", "contents", []),
    ],
)
def test_a_value_of_another_type_is_refused(kind: str, key: str, value: object) -> None:
    assert _said(check_message(message(kind, **{key: value}))) == [(key, Reason.WRONG_TYPE)]


def test_an_unknown_type_is_told_with_the_known_ones() -> None:
    [finding] = check_message({"type": "txt"})
    assert (finding.property, finding.reason) == ("type", Reason.UNKNOWN_WORD)
    assert finding.known == tuple(SHAPES)


def test_paths_of_a_request_are_written_as_line_writes_them() -> None:
    broken = message("text", quickReply={"items": [{"type": "action", "action": {**URI_ACTION, "uri": "x"}}]})
    [finding] = check_messages([MESSAGES["text"], broken])
    assert finding.property == "messages[1].quickReply.items[0].action.uri"
    assert finding.path == ("messages", 1, "quickReply", "items", 0, "action", "uri")


def test_every_problem_of_a_message_is_reported_at_once() -> None:
    found = check_message({"type": "location", "title": "", "latitude": 91, "longitude": -181, "adress": "x"})
    assert sorted(_said(found)) == [
        ("address", Reason.MISSING),
        ("adress", Reason.UNKNOWN_KEY),
        ("latitude", Reason.TOO_BIG),
        ("longitude", Reason.TOO_SMALL),
        ("title", Reason.EMPTY),
    ]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://example.com/a.png", Reason.BAD_URL),
        ("https://", Reason.BAD_URL),
        ("ftp://example.com/a", Reason.BAD_URL),
        ("", Reason.BAD_URL),
        ("https://example.com/画像.png", Reason.URL_NOT_ENCODED),
        ("https://example.com/a b.png", Reason.URL_NOT_ENCODED),
        ("https://example.com/50%off.png", Reason.URL_NOT_ENCODED),
    ],
)
def test_an_image_needs_an_encoded_https_url(url: str, reason: Reason) -> None:
    assert _said(check_message(message("image", previewImageUrl=url))) == [("previewImageUrl", reason)]


def test_an_encoded_url_is_accepted_whatever_its_case() -> None:
    url = "HTTPS://example.com/%E5%86%AC?q=a%20b#c"
    assert check_message(message("image", previewImageUrl=url)) == []


@pytest.mark.parametrize("text", ["🍎$", "a$", "漢$"])
def test_an_emoji_index_counts_utf16_units(text: str) -> None:
    index = len(text.encode("utf-16-le")) // 2 - 1
    emoji = {"productId": "5ac1", "emojiId": "001"}
    assert check_message({"type": "text", "text": text, "emojis": [{**emoji, "index": index}]}) == []
    for wrong in (index - 1, index + 1):
        if wrong >= 0:
            found = check_message({"type": "text", "text": text, "emojis": [{**emoji, "index": wrong}]})
            assert _said(found) == [("emojis[0].index", Reason.CONFLICT)]


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        ("{{a}}", []),
        ("{smile}", []),
        ("{unknown}", [Reason.CONFLICT]),
        ("{", [Reason.CONFLICT]),
        ("a } b", [Reason.CONFLICT]),
        ("{}", [Reason.CONFLICT]),
    ],
)
def test_braces_of_text_v2_name_a_substitution_or_are_doubled(text: str, reasons: list[Reason]) -> None:
    smile = {"smile": {"type": "emoji", "productId": "5ac1", "emojiId": "001"}}
    found = check_message({"type": "textV2", "text": text, "substitution": smile})
    assert [finding.reason for finding in found] == reasons


@pytest.mark.parametrize("key", ["a" * 21, "a-b", "", "冬"])
def test_a_substitution_key_is_short_and_plain(key: str) -> None:
    found = check_message(
        {"type": "textV2", "text": "a", "substitution": {key: {"type": "mention", "mentionee": {"type": "all"}}}}
    )
    assert [finding.reason for finding in found] == [Reason.BAD_FORMAT]


@pytest.mark.parametrize(
    ("name", "refused"),
    [("LINE", True), ("line公式", True), ("My Line Shop", True), ("Online", False), ("Pauline", False)],
)
def test_a_sender_is_not_called_line(name: str, refused: bool) -> None:
    found = check_message(message("text", sender={"name": name}))
    assert _said(found) == ([("sender.name", Reason.FORBIDDEN_WORD)] if refused else [])


def test_a_confirm_template_has_exactly_two_actions() -> None:
    one = check_message(templated_message({**CONFIRM, "actions": [URI_ACTION]}))
    assert _said(one) == [("template.actions", Reason.TOO_FEW)]


def test_all_columns_of_a_carousel_have_the_same_number_of_actions() -> None:
    two = {**COLUMN, "actions": [URI_ACTION, URI_ACTION]}
    found = check_message(templated_message({**CAROUSEL, "columns": [COLUMN, two, COLUMN]}))
    assert _said(found) == [("template.columns[1].actions", Reason.CONFLICT)]


@pytest.mark.parametrize("key", ["title", "thumbnailImageUrl"])
def test_a_title_or_image_is_in_all_columns_or_in_none(key: str) -> None:
    decorated = {**COLUMN, key: "https://example.com/a.png"}
    for columns in ([COLUMN, decorated], [decorated, COLUMN]):
        found = check_message(templated_message({**CAROUSEL, "columns": columns}))
        assert _said(found) == [(f"template.columns[1].{key}", Reason.CONFLICT)]


def test_a_text_far_too_long_is_told_the_limit_that_holds_beside_a_title() -> None:
    template = {"type": "buttons", "title": "題", "text": "あ" * 161, "actions": [URI_ACTION]}
    [finding] = check_message(templated_message(template))
    assert (finding.reason, finding.high) == (Reason.TOO_LONG, 60)


def test_an_imagemap_is_1040_wide() -> None:
    found = check_message(message("imagemap", baseSize={"width": 1200, "height": 1}))
    assert _said(found) == [("baseSize.width", Reason.TOO_BIG)]


def test_a_postback_does_not_work_in_an_imagemap() -> None:
    found = check_message(message("imagemap", actions=[{"type": "postback", "data": "a"}]))
    assert _said(found) == [("actions[0].type", Reason.NOT_HERE)]


def test_a_valid_rich_menu_is_accepted() -> None:
    assert check_richmenu(rich_menu()) == []


@pytest.mark.parametrize("key", ["size", "selected", "name", "chatBarText", "areas"])
def test_a_rich_menu_needs_all_its_properties(key: str) -> None:
    assert _said(check_richmenu({k: v for k, v in rich_menu().items() if k != key})) == [(key, Reason.MISSING)]


def test_an_area_outside_the_menu_is_advised_against() -> None:
    area = {"bounds": {"x": 2000, "y": 0, "width": 501, "height": 1686}, "action": URI_ACTION}
    found = check_richmenu(rich_menu(areas=[area]))
    assert _said(found) == [("areas[0].bounds.width", Reason.OUTSIDE)]


def test_an_area_has_bounds_that_are_no_less_than_a_pixel() -> None:
    area = {"bounds": {"x": -1, "y": 0, "width": 0, "height": 1}, "action": URI_ACTION}
    found = check_richmenu(rich_menu(areas=[area]))
    assert _said(found) == [("areas[0].bounds.x", Reason.TOO_SMALL), ("areas[0].bounds.width", Reason.TOO_SMALL)]
