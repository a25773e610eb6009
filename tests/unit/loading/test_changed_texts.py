# ruff: noqa: E501 - messages are easier to read in long lines
"""Checking only what a client changed never lets a message through that the whole check would refuse."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lineform.lineapi.author import check_author_message
from lineform.loading.changed import surely_right
from lineform.model.origin import Path

MESSAGES: list[tuple[dict[str, Any], list[Path]]] = [
    ({"text": "a"}, [("text",)]),
    ({"type": "text", "text": "a", "quickReply": {"items": [{"type": "action", "action": {"type": "message", "label": "a", "text": "b"}}]}},
     [("text",), ("quickReply", "items", 0, "action", "label"), ("quickReply", "items", 0, "type")]),
    ({"flex": {"type": "bubble", "size": "mega", "body": {"type": "box", "layout": "vertical", "contents": [
        {"type": "text", "text": "x", "color": "#00B900"}, {"type": "image", "url": "https://example.com/a.png"},
        {"each": "friend.tags", "do": {"type": "text", "text": "y"}}]}}, "altText": "x"},
     [("altText",), ("flex", "size"), ("flex", "type"), ("flex", "body", "contents", 0, "text"), ("flex", "body", "contents", 0, "color"),
      ("flex", "body", "contents", 1, "url"), ("flex", "body", "contents", 2, "do", "text"), ("flex", "body", "layout")]),
    ({"sticker": {"packageId": "1", "stickerId": "2"}}, [("sticker", "packageId"), ("sticker", "stickerId")]),
    ({"template": {"type": "confirm", "text": "t", "actions": [{"type": "uri", "label": "a", "uri": "https://example.com"},
                                                               {"type": "message", "label": "b", "text": "c"}]}, "altText": "x"},
     [("template", "text"), ("template", "actions", 0, "uri"), ("template", "actions", 1, "label"), ("template", "type")]),
]  # fmt: skip
VALUES = st.sampled_from(
    ["", "a", "あ" * 25, "x" * 200, "x" * 6000, "#fff", "#FFFFFF", "https://example.com/x", "http://a", "kilo", "bubble", "box", "{{ a }}", "1", "12a"]
)  # fmt: skip


def repeated(node: Any) -> str | None:
    return "do" if "each" in node and "do" in node else None


@given(st.sampled_from(MESSAGES), st.data())
def test_what_is_called_right_is_right(case: tuple[dict[str, Any], list[Path]], data: st.DataObject) -> None:
    original, places = case
    changed = data.draw(st.lists(st.sampled_from(places), min_size=1, unique=True))
    message = copy.deepcopy(original)
    for *way, last in changed:
        target: Any = message
        for step in way:
            target = target[step]
        target[last] = data.draw(VALUES)
    right = not check_author_message(message, templated=lambda t: "{{" in t, repeated=repeated)
    if surely_right(message, changed, lambda t: "{{" in t, repeated):
        assert right


def test_unchanged_messages_are_called_right() -> None:
    for message, places in MESSAGES:
        assert not check_author_message(message, repeated=repeated)
        assert surely_right(message, places[:1], lambda _: False, repeated)
