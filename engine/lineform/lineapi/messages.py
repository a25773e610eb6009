"""Message objects: https://developers.line.biz/en/reference/messaging-api/#message-objects."""

from __future__ import annotations

import re
from typing import Final

from lineform.lineapi import flex, imagemap, limits
from lineform.lineapi.actions import ACTIONS, Place
from lineform.lineapi.findings import Reason
from lineform.lineapi.shapes import List, Num, Obj, Object, Shape, Str, Table, Union, Url, Walk, Way, integer, typed
from lineform.lineapi.templates import TEMPLATE

ALT_TEXT: Final = Str(max=limits.ALT_TEXT_UNITS, min=1, doc="What notifications and the chat list show.")
_QUOTE: Final = Str(doc="The quote token of the message to quote.")
_FETCHED: Final = Url(max=limits.URL_UNITS, doc="By https.")
_ID: Final = Str(min=1)

_LINE_ALONE: Final = re.compile(r"(?<![a-z])line(?![a-z])", re.IGNORECASE)


def _not_named_line(sender: Object, at: Way, walk: Walk) -> None:
    name = sender.get("name")
    if isinstance(name, str) and _LINE_ALONE.search(name):
        walk.report((at, "name"), Reason.FORBIDDEN_WORD, "holds the word 'LINE', which LINE refuses in a sender's name")


def _dollar_at_index(message: Object, at: Way, walk: Walk) -> None:
    text, emojis = message.get("text"), message.get("emojis")
    if not isinstance(text, str) or not isinstance(emojis, list | tuple) or walk.holds(text):
        return
    units = text.encode("utf-16-le", "surrogatepass")
    for number, emoji in enumerate(emojis):
        index = emoji.get("index") if isinstance(emoji, dict) else None
        if isinstance(index, int) and index >= 0 and units[2 * index : 2 * index + 2] != b"$\0":
            said = f"is {index}, but no '$' stands there in 'text' (counted in UTF-16 units from 0)"
            walk.report(((((at, "emojis"), number)), "index"), Reason.CONFLICT, said)


_BRACES: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


def _placeholders_are_defined(message: Object, at: Way, walk: Walk) -> None:
    text, substitution = message.get("text"), message.get("substitution", {})
    if not isinstance(text, str) or not isinstance(substitution, dict) or walk.holds(text):
        return
    for found in _BRACES.finditer(text):
        if found[0] in ("{", "}"):
            walk.report((at, "text"), Reason.CONFLICT, f"has a single '{found[0]}'; double it to show it as it is")
        elif found[1] is not None and found[1] not in substitution:
            said = f"names {{{found[1]}}}, which 'substitution' does not define; double the braces to show them"
            walk.report((at, "text"), Reason.CONFLICT, said, tuple(substitution))
    for kind, limit in (("mention", limits.TEXT_V2_MENTIONS), ("emoji", limits.TEXT_V2_EMOJIS)):
        names = {key for key, item in substitution.items() if isinstance(item, dict) and item.get("type") == kind}
        count = sum(found[1] in names for found in _BRACES.finditer(text))
        if count > limit:
            said = f"has {count} {kind}s; LINE allows {limit} here"
            walk.report((at, "text"), Reason.TOO_MANY, said, high=limit)


def _few_animations(_message: Object, at: Way, walk: Walk) -> None:
    if walk.animated > limits.FLEX_ANIMATED_IMAGES:
        text = f"has {walk.animated} animated images; LINE allows {limits.FLEX_ANIMATED_IMAGES} in a message"
        walk.report((at, "contents"), Reason.TOO_MANY, text, high=limits.FLEX_ANIMATED_IMAGES)


QUICK_REPLY: Final = Obj(
    "QuickReply",
    {
        "items": List(
            typed(
                "QuickReplyItem",
                "action",
                {"imageUrl": _FETCHED, "action": ACTIONS[Place.QUICK_REPLY]},
                ("action",),
                doc="a quick reply item",
            ),
            min=1,
            max=limits.QUICK_REPLY_ITEMS,
            noun="items",
        )
    },
    ("items",),
    doc="quick replies",
)
SENDER: Final = Obj(
    "Sender",
    {"name": Str(max=limits.SENDER_NAME_UNITS, doc="Shown instead of the account's name."), "iconUrl": _FETCHED},
    checks=(_not_named_line,),
    doc="a sender",
)
COMMON: Final[dict[str, Shape]] = {"quickReply": QUICK_REPLY, "sender": SENDER}
"""What every message may have: https://developers.line.biz/en/reference/messaging-api/#message-common-properties"""


def _message(name: str, kind: str, fields: dict[str, Shape], required: tuple[str, ...], **rest: object) -> Obj:
    return typed(name, kind, {**fields, **COMMON}, required, doc=f"a message of type {kind}", **rest)


_MENTION: Final = typed(
    "MentionSubstitutionObject",
    "mention",
    {
        "mentionee": Union(
            "mentionee",
            {
                "user": typed(
                    "UserMentionTarget",
                    "user",
                    {"userId": Str(pattern=re.compile(limits.USER_ID_PATTERN), form="a user id")},
                    ("userId",),
                ),
                "all": typed("AllMentionTarget", "all", {}),
            },
        )
    },
    ("mentionee",),
    doc="a mention",
)
_EMOJI_V2: Final = typed(
    "EmojiSubstitutionObject", "emoji", {"productId": _ID, "emojiId": _ID}, ("productId", "emojiId"), doc="an emoji"
)
_EMOJI: Final = Obj(
    "Emoji",
    {"index": integer(0, doc="Where its '$' stands in the text."), "productId": _ID, "emojiId": _ID},
    ("index", "productId", "emojiId"),
    doc="an emoji",
)

MESSAGES: Final[dict[str, Obj]] = {
    "text": _message(
        "TextMessage",
        "text",
        {
            "text": Str(max=limits.TEXT_UNITS, min=1),
            "emojis": List(_EMOJI, max=limits.TEXT_EMOJIS, noun="emojis"),
            "quoteToken": _QUOTE,
        },
        ("text",),
        checks=(_dollar_at_index,),
    ),
    "textV2": _message(
        "TextMessageV2",
        "textV2",
        {
            "text": Str(max=limits.TEXT_UNITS, min=1, doc="{name} is replaced by the substitution of that name."),
            "substitution": Table(
                Union("substitution", {"mention": _MENTION, "emoji": _EMOJI_V2}),
                re.compile(r"[0-9A-Za-z_]{1,20}"),
                "a name: 1 to 20 of A-Z, a-z, 0-9 and _",
                limits.TEXT_V2_SUBSTITUTIONS,
            ),
            "quoteToken": _QUOTE,
        },
        ("text",),
        checks=(_placeholders_are_defined,),
    ),
    "sticker": _message(
        "StickerMessage",
        "sticker",
        {"packageId": _ID, "stickerId": _ID, "quoteToken": _QUOTE},
        ("packageId", "stickerId"),
    ),
    "image": _message(
        "ImageMessage",
        "image",
        {"originalContentUrl": _FETCHED, "previewImageUrl": _FETCHED},
        ("originalContentUrl", "previewImageUrl"),
    ),
    "video": _message(
        "VideoMessage",
        "video",
        {
            "originalContentUrl": _FETCHED,
            "previewImageUrl": _FETCHED,
            "trackingId": Str(
                pattern=re.compile(r"[A-Za-z0-9\-.=,+*()%$&;:@{}!?<>\[\]]*"),
                form="made of A-Z, a-z, 0-9 and -.=,+*()%$&;:@{}!?<>[]",
                max=limits.TRACKING_ID_UNITS,
            ),
        },
        ("originalContentUrl", "previewImageUrl"),
    ),
    "audio": _message(
        "AudioMessage",
        "audio",
        {"originalContentUrl": _FETCHED, "duration": integer(0, doc="Milliseconds.")},
        ("originalContentUrl", "duration"),
    ),
    "location": _message(
        "LocationMessage",
        "location",
        {
            "title": Str(max=limits.LOCATION_UNITS, min=1),
            "address": Str(max=limits.LOCATION_UNITS, min=1),
            "latitude": Num(-90, 90),
            "longitude": Num(-180, 180),
        },
        ("title", "address", "latitude", "longitude"),
    ),
    "coupon": _message(
        "CouponMessage",
        "coupon",
        {
            "couponId": _ID,
            "deliveryTag": Str(
                pattern=re.compile(r"[A-Za-z0-9_]*"), form="made of A-Z, a-z, 0-9 and _", max=limits.DELIVERY_TAG_UNITS
            ),
        },
        ("couponId",),
    ),
    "imagemap": _message("ImagemapMessage", "imagemap", imagemap.FIELDS, imagemap.REQUIRED),
    "template": _message(
        "TemplateMessage", "template", {"altText": ALT_TEXT, "template": TEMPLATE}, ("altText", "template")
    ),
    "flex": _message(
        "FlexMessage",
        "flex",
        {"altText": ALT_TEXT, "contents": flex.CONTAINER},
        ("altText", "contents"),
        checks=(_few_animations,),
    ),
}
"""Every message type that LINE accepts."""

MESSAGE: Final = Union("message", {**MESSAGES})
MESSAGE_LIST: Final = List(MESSAGE, min=1, max=limits.MESSAGES_PER_REQUEST, noun="messages")
