"""Messages as they stand in a chat: every type that LINE accepts, with its sender and its quick replies.

The types are those of https://developers.line.biz/en/reference/messaging-api/#message-objects. What is unknown or
malformed becomes a labelled box: a preview that fails hides the very message that should be looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from lineform.display.actions import action_label, tappable
from lineform.display.flex import flex_html
from lineform.display.flex_parts import unknown_html
from lineform.display.markup import (
    Html,
    a_mapping,
    a_string,
    div,
    element,
    joined,
    objects,
    picture,
    picture_address,
    span,
    web_address,
)
from lineform.display.templates import imagemap_html, template_html
from lineform.display.words import text_html, text_v2_html

_WEEKDAYS = "月火水木金土日"


@dataclass(frozen=True, slots=True)
class ChatEntry:
    """One line of a chat: a message of the account or of the friend, or a note between them (a follow, a menu switch).

    `at` is shown as it is, so it should be in the reader's time zone.
    """

    at: datetime
    message: Mapping[str, Any] = field(default_factory=dict)
    by: Literal["account", "friend", "note"] = "account"
    note: str = ""


def message_html(message: Mapping[str, Any]) -> Html:
    """One message of the account, with sender and quick replies."""
    return joined([_bubble_row(message), _quick_replies(message)])


def conversation_html(entries: Iterable[ChatEntry], *, name: str = "") -> Html:
    """A chat in the order given. Only the last message shows its quick replies, as on the phone. `name` is the
    account's.
    """
    lines = list(entries)
    parts: list[str] = []
    day: date | None = None
    for line in lines:
        if line.at.date() != day:
            day = line.at.date()
            parts.append(span("lf-day", f"{day:%Y/%m/%d}({_WEEKDAYS[day.weekday()]})"))
        parts.append(_line(line, name))
    last = next((line for line in reversed(lines) if line.by != "note"), None)
    if last is not None and last.by == "account":
        parts.append(_quick_replies(last.message))
    return div("lf-chat", *parts)


def _line(line: ChatEntry, name: str) -> Html:
    if line.by == "note":
        return div("lf-note", f"{line.at:%H:%M} {line.note}")
    return _bubble_row(line.message, at=f"{line.at:%H:%M}", mine=line.by == "friend", name=name)


def _bubble_row(message: Mapping[str, Any], *, at: str = "", mine: bool = False, name: str = "") -> Html:
    row = div("lf-row", div("lf-content", content_html(message)), *([span("lf-time", at)] if at else []))
    if mine:
        return div("lf-message lf-mine", row)
    sender = a_mapping(a_mapping(message).get("sender"))
    shown = a_string(sender.get("name")) or name
    face = picture(sender.get("iconUrl")) if picture_address(sender.get("iconUrl")) else span("", shown[:1] or "●")
    heading = [div("lf-name", shown)] if shown else []
    return div("lf-message", div("lf-face", face), element("div", {"class": "lf-content"}, *heading, row))


def _quick_replies(message: Mapping[str, Any]) -> Html:
    items = objects(a_mapping(a_mapping(message).get("quickReply")).get("items"))
    if not items:
        return Html("")
    buttons = []
    for item in items:
        icon = [span("lf-quickicon", picture(item["imageUrl"], label=" "))] if item.get("imageUrl") else []
        buttons.append(tappable(item.get("action"), "", *icon, action_label(item.get("action")) or "(no action)"))
    return div("lf-quick", *buttons)


def content_html(message: object) -> Html:
    """The message's own content: no face, no name, no quick replies."""
    known = a_mapping(message)
    match known.get("type"):
        case "text":
            return div("lf-bubble", text_html(known))
        case "textV2":
            return div("lf-bubble", text_v2_html(known))
        case "sticker":
            number = f"{a_string(known.get('packageId'))} / {a_string(known.get('stickerId'))}"
            return div("lf-sticker", element("b", None, "☺"), span("", "sticker"), span("", number))
        case "image":
            return _media(known, ())
        case "video":
            return _media(known, (span("lf-play", "▶\ufe0e"),))
        case "audio":
            return _audio(known)
        case "location":
            return _location(known)
        case "imagemap":
            return imagemap_html(known)
        case "template":
            return template_html(a_mapping(known.get("template")))
        case "flex":
            return flex_html(known.get("contents"))
        case "coupon":
            return _coupon(known)
        case None:
            return unknown_html("a message without a type")
        case other:
            return unknown_html(f"unknown message type {a_string(other)}")


def _media(message: Mapping[str, Any], signs: tuple[Html, ...]) -> Html:
    face = picture(message.get("previewImageUrl"))
    address = web_address(message.get("originalContentUrl"))
    if not address:
        return div("lf-media", face, *signs)
    return element("a", {"class": "lf-media", "href": address, "rel": "noopener noreferrer"}, face, *signs)


def _audio(message: Mapping[str, Any]) -> Html:
    duration = message.get("duration")
    known = isinstance(duration, int | float) and not isinstance(duration, bool) and 0 <= duration < 1e12
    seconds = round(duration / 1000) if known and duration is not None else None
    length = "–:––" if seconds is None else f"{seconds // 60}:{seconds % 60:02d}"
    return div("lf-bubble", div("lf-audio", span("", "▶\ufe0e"), span("lf-wave"), span("", length)))


def _location(message: Mapping[str, Any]) -> Html:
    place = f"{a_string(message.get('latitude'))}, {a_string(message.get('longitude'))}"
    words = [element("b", None, a_string(message.get("title"))), element("p", None, a_string(message.get("address")))]
    return div("lf-location", div("lf-map", span("lf-pin")), div("lf-words", *words, element("small", None, place)))


def _coupon(message: Mapping[str, Any]) -> Html:
    tag = a_string(message.get("deliveryTag"))
    words = [element("b", None, a_string(message.get("couponId")) or "(no coupon)")]
    if tag:
        words.append(element("small", None, f"delivery tag {tag}"))
    return div("lf-coupon", div("lf-ribbon", "クーポン / coupon"), div("lf-words", *words))
