"""One valid message of every type that LINE accepts, small enough to read."""

from __future__ import annotations

import copy
from typing import Any

URI_ACTION = {"type": "uri", "label": "見る", "uri": "https://example.com/"}
AREA = {"x": 0, "y": 0, "width": 520, "height": 520}

MESSAGES: dict[str, dict[str, Any]] = {
    "text": {"type": "text", "text": "$ こんにちは", "emojis": [{"index": 0, "productId": "5ac1", "emojiId": "001"}]},
    "textV2": {
        "type": "textV2",
        "text": "{you} {{as it is}} {smile}",
        "substitution": {
            "you": {"type": "mention", "mentionee": {"type": "user", "userId": "U" + "0" * 32}},
            "smile": {"type": "emoji", "productId": "5ac1", "emojiId": "001"},
        },
    },
    "sticker": {"type": "sticker", "packageId": "446", "stickerId": "1988"},
    "image": {
        "type": "image",
        "originalContentUrl": "https://example.com/a.jpg",
        "previewImageUrl": "https://example.com/p.jpg",
    },
    "video": {
        "type": "video",
        "originalContentUrl": "https://example.com/a.mp4",
        "previewImageUrl": "https://example.com/p.jpg",
        "trackingId": "winter-1",
    },
    "audio": {"type": "audio", "originalContentUrl": "https://example.com/a.m4a", "duration": 60000},
    "location": {
        "type": "location",
        "title": "青葉サロン",
        "address": "仙台市青葉区",
        "latitude": 38.26,
        "longitude": 140.87,
    },
    "coupon": {"type": "coupon", "couponId": "01JYNW8JMQVFBNWF1APF8Z3FS7", "deliveryTag": "winter_2026"},
    "imagemap": {
        "type": "imagemap",
        "baseUrl": "https://example.com/map",
        "altText": "地図",
        "baseSize": {"width": 1040, "height": 585},
        "actions": [
            {"type": "uri", "linkUri": "https://example.com/", "area": AREA},
            {"type": "message", "label": "はい", "text": "はい", "area": AREA},
            {"type": "clipboard", "clipboardText": "3B48740B", "area": AREA},
        ],
        "video": {
            "originalContentUrl": "https://example.com/a.mp4",
            "previewImageUrl": "https://example.com/p.jpg",
            "area": AREA,
            "externalLink": {"linkUri": "https://example.com/more", "label": "続き"},
        },
    },
    "template": {
        "type": "template",
        "altText": "ご予約",
        "template": {"type": "buttons", "text": "ご予約はこちら", "actions": [URI_ACTION]},
    },
    "flex": {
        "type": "flex",
        "altText": "冬のセール",
        "contents": {
            "type": "bubble",
            "body": {
                "type": "box",
                "layout": "vertical",
                "contents": [{"type": "text", "text": "30% OFF", "size": "xl", "weight": "bold"}],
            },
        },
    },
}

CONFIRM: dict[str, Any] = {"type": "confirm", "text": "よろしいですか", "actions": [URI_ACTION, URI_ACTION]}
COLUMN: dict[str, Any] = {"text": "一番人気", "actions": [URI_ACTION]}
CAROUSEL: dict[str, Any] = {"type": "carousel", "columns": [COLUMN, COLUMN]}
IMAGE_CAROUSEL: dict[str, Any] = {
    "type": "image_carousel",
    "columns": [{"imageUrl": "https://example.com/a.png", "action": URI_ACTION}],
}
RICH_MENU: dict[str, Any] = {
    "size": {"width": 2500, "height": 1686},
    "selected": True,
    "name": "main",
    "chatBarText": "メニュー",
    "areas": [{"bounds": {"x": 0, "y": 0, "width": 2500, "height": 1686}, "action": URI_ACTION}],
}


def message(kind: str, **changes: Any) -> dict[str, Any]:
    """A valid message of a type, with some properties replaced."""
    return {**copy.deepcopy(MESSAGES[kind]), **changes}


def templated_message(template: dict[str, Any]) -> dict[str, Any]:
    """A template message around `template`."""
    return message("template", template=template)


def flex(*components: dict[str, Any], layout: str = "vertical", **bubble: Any) -> dict[str, Any]:
    """A Flex message whose one box holds `components`."""
    body = {"type": "box", "layout": layout, "contents": list(components)}
    return message("flex", contents={"type": "bubble", "body": body, **bubble})


def rich_menu(**changes: Any) -> dict[str, Any]:
    """A valid rich menu, with some properties replaced."""
    return {**copy.deepcopy(RICH_MENU), **changes}
