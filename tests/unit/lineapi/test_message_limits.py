"""Every length and count at its boundary: n is accepted, n + 1 is refused, in LINE's own units."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lineform.lineapi.actions import Place
from lineform.lineapi.check import check_action, check_message, check_messages, check_richmenu
from lineform.lineapi.findings import Finding, Reason
from support.line_messages import (
    AREA,
    CAROUSEL,
    COLUMN,
    CONFIRM,
    IMAGE_CAROUSEL,
    MESSAGES,
    URI_ACTION,
    flex,
    message,
    rich_menu,
    templated_message,
)

FAMILY = "👨‍👩‍👧‍👦"
APPLE = "🍎"

Text = Callable[[str], Any]
Many = Callable[[int], Any]


def _column(**changes: Any) -> dict[str, Any]:
    return {**CAROUSEL, "columns": [{**COLUMN, **changes}]}


def _buttons(**changes: Any) -> dict[str, Any]:
    return templated_message({"type": "buttons", "text": "a", "actions": [URI_ACTION], **changes})


def _map_action(**action: Any) -> dict[str, Any]:
    return message("imagemap", actions=[{"area": AREA, **action}])


UTF16: list[tuple[str, int, Text]] = [
    ("text", 5000, lambda t: message("text", text=t, emojis=[])),
    ("textV2", 5000, lambda t: message("textV2", text=t)),
    ("altText of flex", 1500, lambda t: message("flex", altText=t)),
    ("altText of template", 1500, lambda t: message("template", altText=t)),
    ("altText of imagemap", 1500, lambda t: message("imagemap", altText=t)),
    ("title of location", 100, lambda t: message("location", title=t)),
    ("address of location", 100, lambda t: message("location", address=t)),
    ("sender name", 20, lambda t: message("text", sender={"name": t})),
    ("imagemap text", 400, lambda t: _map_action(type="message", text=t)),
    ("imagemap clipboard", 1000, lambda t: _map_action(type="clipboard", clipboardText=t)),
]
GRAPHEMES: list[tuple[str, int, Text]] = [
    ("buttons text", 160, lambda t: _buttons(text=t)),
    ("buttons text beside a title", 60, lambda t: _buttons(text=t, title="題")),
    ("buttons text beside an image", 60, lambda t: _buttons(text=t, thumbnailImageUrl="https://example.com/a.png")),
    ("buttons title", 40, lambda t: _buttons(title=t)),
    ("confirm text", 240, lambda t: templated_message({**CONFIRM, "text": t})),
    ("carousel text", 120, lambda t: templated_message(_column(text=t))),
    ("carousel text beside a title", 60, lambda t: templated_message(_column(text=t, title="題"))),
    ("carousel title", 40, lambda t: templated_message(_column(title=t))),
    ("imagemap label", 100, lambda t: _map_action(type="message", text="a", label=t)),
]


def _with_quick_replies(count: int) -> dict[str, Any]:
    items = [{"type": "action", "action": URI_ACTION}] * count
    return message("text", quickReply={"items": items})


def _with_substitutions(count: int) -> dict[str, Any]:
    emoji = {"type": "emoji", "productId": "5ac1", "emojiId": "001"}
    return message("textV2", text="a", substitution={f"k{i}": emoji for i in range(count)})


def _repeating(kind: dict[str, Any], count: int) -> dict[str, Any]:
    return message("textV2", text="{k}" * count, substitution={"k": kind})


COUNTS: list[tuple[str, int, Many]] = [
    (
        "emojis",
        20,
        lambda n: message(
            "text", text="$" * n, emojis=[{"index": i, "productId": "a", "emojiId": "1"} for i in range(n)]
        ),
    ),
    ("substitutions", 100, _with_substitutions),
    ("emojis of textV2", 20, lambda n: _repeating({"type": "emoji", "productId": "a", "emojiId": "1"}, n)),
    ("mentions of textV2", 20, lambda n: _repeating({"type": "mention", "mentionee": {"type": "all"}}, n)),
    ("quick replies", 13, _with_quick_replies),
    ("imagemap actions", 50, lambda n: message("imagemap", actions=[{**MESSAGES["imagemap"]["actions"][0]}] * n)),
    ("buttons actions", 4, lambda n: _buttons(actions=[URI_ACTION] * n)),
    ("confirm actions", 2, lambda n: templated_message({**CONFIRM, "actions": [URI_ACTION] * n})),
    ("carousel columns", 10, lambda n: templated_message({**CAROUSEL, "columns": [COLUMN] * n})),
    ("carousel actions", 3, lambda n: templated_message(_column(actions=[URI_ACTION] * n))),
    (
        "image carousel columns",
        10,
        lambda n: templated_message({**IMAGE_CAROUSEL, "columns": IMAGE_CAROUSEL["columns"] * n}),
    ),
    (
        "Flex bubbles",
        12,
        lambda n: message("flex", contents={"type": "carousel", "contents": [MESSAGES["flex"]["contents"]] * n}),
    ),
    (
        "animated images",
        10,
        lambda n: flex(*[{"type": "image", "url": "https://example.com/a.png", "animated": True}] * n),
    ),
]


def _reasons(found: list[Finding]) -> set[Reason]:
    return {finding.reason for finding in found}


@pytest.mark.parametrize(("limit", "made"), [case[1:] for case in UTF16], ids=[case[0] for case in UTF16])
def test_a_length_in_utf16_units_is_accepted_up_to_its_limit(limit: int, made: Text) -> None:
    assert check_message(made("a" * limit)) == []
    assert check_message(made("漢" * limit)) == []
    assert check_message(made(APPLE * (limit // 2))) == []
    assert _reasons(check_message(made("a" * (limit + 1)))) == {Reason.TOO_LONG}
    assert _reasons(check_message(made(APPLE * (limit // 2) + "a"))) == {Reason.TOO_LONG}
    assert _reasons(check_message(made(""))) <= {Reason.EMPTY}


@pytest.mark.parametrize(("limit", "made"), [case[1:] for case in GRAPHEMES], ids=[case[0] for case in GRAPHEMES])
def test_a_length_in_graphemes_is_accepted_up_to_its_limit(limit: int, made: Text) -> None:
    assert check_message(made("あ" * limit)) == []
    assert check_message(made(FAMILY * limit)) == []
    [finding] = check_message(made("あ" * (limit + 1)))
    assert (finding.reason, finding.high) == (Reason.TOO_LONG, limit)
    [finding] = check_message(made(FAMILY * (limit + 1)))
    assert (finding.reason, finding.high) == (Reason.TOO_LONG, limit)
    assert f"is {limit + 1} characters" in finding.text


@pytest.mark.parametrize(("limit", "made"), [case[1:] for case in COUNTS], ids=[case[0] for case in COUNTS])
def test_a_list_is_accepted_up_to_its_limit(limit: int, made: Many) -> None:
    assert check_message(made(limit)) == []
    [finding] = check_message(made(limit + 1))
    assert (finding.reason, finding.high) == (Reason.TOO_MANY, limit)


@pytest.mark.parametrize("property_name", ["originalContentUrl", "previewImageUrl"])
def test_a_url_that_line_fetches_has_at_most_2000_characters(property_name: str) -> None:
    start = "https://example.com/"
    assert check_message(message("image", **{property_name: start + "a" * (2000 - len(start))})) == []
    [finding] = check_message(message("image", **{property_name: start + "a" * (2001 - len(start))}))
    assert finding.reason is Reason.TOO_LONG


@pytest.mark.parametrize(
    ("kind", "key", "limit"), [("video", "trackingId", 100), ("coupon", "deliveryTag", 30)], ids=["video", "coupon"]
)
def test_a_tag_is_accepted_up_to_its_limit_and_in_its_letters_only(kind: str, key: str, limit: int) -> None:
    assert check_message(message(kind, **{key: "a" * limit})) == []
    assert _reasons(check_message(message(kind, **{key: "a" * (limit + 1)}))) == {Reason.TOO_LONG}
    assert _reasons(check_message(message(kind, **{key: "冬"}))) == {Reason.BAD_FORMAT}


def test_a_request_holds_one_to_five_messages() -> None:
    one = MESSAGES["text"]
    assert check_messages([one] * 5) == []
    for wrong, reason in (([], Reason.TOO_FEW), ([one] * 6, Reason.TOO_MANY)):
        [finding] = check_messages(wrong)
        assert (finding.path, finding.reason, finding.low, finding.high) == (("messages",), reason, 1, 5)


ACTION_TEXTS: list[tuple[str, int, bool, Text]] = [
    ("postback data", 300, False, lambda t: {"type": "postback", "label": "a", "data": t}),
    ("displayText", 300, True, lambda t: {"type": "postback", "label": "a", "data": "", "displayText": t}),
    ("postback text", 300, True, lambda t: {"type": "postback", "label": "a", "data": "", "text": t}),
    (
        "fillInText",
        300,
        True,
        lambda t: {"type": "postback", "label": "a", "data": "", "inputOption": "openKeyboard", "fillInText": t},
    ),
    ("message text", 300, True, lambda t: {"type": "message", "label": "a", "text": t}),
    ("clipboardText", 1000, False, lambda t: {"type": "clipboard", "label": "a", "clipboardText": t}),
    ("datetimepicker data", 300, False, lambda t: {"type": "datetimepicker", "label": "a", "mode": "date", "data": t}),
]


@pytest.mark.parametrize(
    ("limit", "in_graphemes", "made"), [case[1:] for case in ACTION_TEXTS], ids=[case[0] for case in ACTION_TEXTS]
)
def test_a_text_of_an_action_is_accepted_up_to_its_limit(limit: int, in_graphemes: bool, made: Text) -> None:
    assert check_action(made("a" * limit), Place.TEMPLATE) == []
    assert _reasons(check_action(made("a" * (limit + 1)), Place.TEMPLATE)) == {Reason.TOO_LONG}
    families = check_action(made(FAMILY * limit), Place.TEMPLATE)
    assert _reasons(families) == (set() if in_graphemes else {Reason.TOO_LONG})


def test_a_uri_has_at_most_1000_characters() -> None:
    start = "https://example.com/"
    for length, expected in ((1000, set()), (1001, {Reason.TOO_LONG})):
        action = {"type": "uri", "label": "a", "uri": start + "a" * (length - len(start))}
        assert _reasons(check_action(action, Place.FLEX)) == expected


LABELS = {
    Place.TEMPLATE: 20,
    Place.IMAGE_CAROUSEL: 12,
    Place.RICH_MENU: 20,
    Place.QUICK_REPLY: 20,
    Place.FLEX_BUTTON: 40,
    Place.FLEX: 40,
    Place.FLEX_VIDEO: 40,
}


@pytest.mark.parametrize(("place", "limit"), LABELS.items(), ids=[place.name for place in LABELS])
def test_a_label_has_as_many_graphemes_as_its_place_allows(place: Place, limit: int) -> None:
    assert set(LABELS) == set(Place)
    assert check_action({**URI_ACTION, "label": FAMILY * limit}, place) == []
    assert _reasons(check_action({**URI_ACTION, "label": "あ" * (limit + 1)}, place)) == {Reason.TOO_LONG}


@pytest.mark.parametrize(("key", "limit"), [("name", 300), ("chatBarText", 14)])
def test_a_rich_menus_texts_are_counted_in_graphemes(key: str, limit: int) -> None:
    assert check_richmenu(rich_menu(**{key: FAMILY * limit})) == []
    assert _reasons(check_richmenu(rich_menu(**{key: "あ" * (limit + 1)}))) == {Reason.TOO_LONG}


def test_a_rich_menu_has_at_most_20_areas() -> None:
    area = rich_menu()["areas"][0]
    assert check_richmenu(rich_menu(areas=[area] * 20)) == []
    assert check_richmenu(rich_menu(areas=[])) == []
    assert _reasons(check_richmenu(rich_menu(areas=[area] * 21))) == {Reason.TOO_MANY}


@pytest.mark.parametrize(
    ("width", "height", "accepted"),
    [
        (800, 250, True),
        (2500, 250, True),
        (2500, 1724, True),
        (2500, 1725, False),
        (799, 250, False),
        (2501, 1686, False),
        (800, 249, False),
    ],
)
def test_a_rich_menu_has_a_size_that_line_allows(width: int, height: int, accepted: bool) -> None:
    found = check_richmenu(rich_menu(size={"width": width, "height": height}, areas=[]))
    assert (found == []) is accepted
