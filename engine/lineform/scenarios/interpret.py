"""What one of LINE's webhook events says about a friend, and what happened to the friend by it.

The event is LINE's own JSON (https://developers.line.biz/en/reference/messaging-api/#webhook-event-objects). LINE adds
types and properties without notice, so nothing but what is read here has to be there: everything else says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from lineform.scenarios.happening import Happening, What
from lineform.segments.friend import Value

RELATIONS = ("follow", "unfollow")
"""The types of events that tell whether somebody is a friend."""
MESSAGE = "message"
"""The type of event that brings a message."""
UNSEND = "unsend"
"""The type of event that takes one back: it must not be seen or used any more
(https://developers.line.biz/en/docs/messaging-api/receiving-messages/#unsend-event)."""
LINKED = "accountLink"
"""The type of event that ends a linking of accounts."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 253_402_300_799_000  # milliseconds: the last second that a datetime holds
_LONGEST = 20_000
"""Characters of a text that are looked at: LINE's own limit for a message is 5,000."""


@dataclass(frozen=True, slots=True)
class Linked:
    """LINE's answer to a linking of accounts: https://developers.line.biz/en/docs/messaging-api/linking-accounts/."""

    nonce: str = field(repr=False)
    succeeded: bool


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an event comes to. `user_id` is empty where it is about nobody alone: a group, a channel."""

    user_id: str
    at: datetime
    what: What | None = None
    """None where nothing follows from it by itself."""
    name: str = ""
    text: str = ""
    fields: Mapping[str, Value] = field(default_factory=dict)
    reply_token: str = field(default="", repr=False)
    relation: bool | None = None
    """True for a follow, False for an unfollow."""
    linked: Linked | None = None

    def happening(self, key: str, friend_id: int, received_at: datetime) -> Happening | None:
        """What happened to this friend; None where nothing follows from it."""
        if self.what is None:
            return None
        return Happening(
            key, friend_id, self.what, self.at, self.name, self.text, self.fields, self.reply_token, received_at
        )


def moment_of(event: Mapping[str, Any], otherwise: datetime) -> datetime:
    """When it happened, by LINE's clock; `otherwise` where the event does not say it."""
    stamp = event.get("timestamp")
    if isinstance(stamp, bool) or not isinstance(stamp, int) or not 0 < stamp <= _LATEST:
        return otherwise
    return _EPOCH + timedelta(milliseconds=stamp)


def sender_of(event: Mapping[str, Any]) -> str:
    """The user id of whoever caused it; empty where LINE does not tell."""
    return _text(_object(event, "source"), "userId")


def message_of(event: Mapping[str, Any]) -> str:
    """The id of the message that an event brings or takes back; empty where it is about none."""
    match event.get("type"):
        case "message":
            return _text(_object(event, "message"), "id")
        case "unsend":
            return _text(_object(event, "unsend"), "messageId")
    return ""


def text_of(event: Mapping[str, Any]) -> str:
    """What a message says, where it is a text."""
    return _text(_object(event, "message"), "text")


def without_message(event: Mapping[str, Any]) -> dict[str, Any]:
    """The event that brought a message which was taken back: that there was one is all that is left of it."""
    return {**event, "message": {"id": message_of(event)}, UNSEND: True}


def interpret(event: Mapping[str, Any], received_at: datetime) -> Meaning:
    """What the event means. Where another system is at work on the chat (mode ``standby``) it is a fact about the
    friend, and nothing may follow from it; what happens in groups and rooms is neither."""
    at = moment_of(event, received_at)
    if _text(_object(event, "source"), "type") != "user":
        return Meaning("", at)
    user_id = sender_of(event)
    meaning = _meaning(event, user_id, at)
    if event.get("mode") == "standby":
        return Meaning(user_id, at, relation=meaning.relation)
    return meaning


def _meaning(event: Mapping[str, Any], user_id: str, at: datetime) -> Meaning:
    token = _text(event, "replyToken")
    match event.get("type"):
        case "follow":
            came_back = _object(event, "follow").get("isUnblocked") is True
            return Meaning(user_id, at, What.FOLLOW, fields={"unblocked": came_back}, reply_token=token, relation=True)
        case "unfollow":
            return Meaning(user_id, at, What.UNFOLLOW, relation=False)
        case "message":
            if UNSEND in event:
                return Meaning(user_id, at)
            return _message(_object(event, "message"), user_id, at, token)
        case "postback":
            postback = _object(event, "postback")
            return Meaning(
                user_id,
                at,
                What.POSTBACK,
                text=_text(postback, "data"),
                fields=_plain(_object(postback, "params")),
                reply_token=token,
            )
        case "accountLink":
            link = _object(event, "link")
            linked = Linked(_text(link, "nonce"), link.get("result") == "ok")
            return Meaning(user_id, at, reply_token=token, linked=linked)
    return Meaning(user_id, at)


def _message(message: Mapping[str, Any], user_id: str, at: datetime, token: str) -> Meaning:
    kind = _text(message, "type")
    if kind == "text":
        return Meaning(user_id, at, What.TEXT, text=_text(message, "text"), reply_token=token)
    return Meaning(user_id, at, What.MESSAGE, name=kind, fields=_plain(message), reply_token=token)


def _object(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _text(value: Mapping[str, Any], name: str) -> str:
    found = value.get(name)
    return recordable(found) if isinstance(found, str) else ""


def _plain(value: Mapping[str, Any]) -> dict[str, Value]:
    """The members that are single values, as they can be recorded."""
    return {
        recordable(name): recordable(one) if isinstance(one, str) else one
        for name, one in value.items()
        if isinstance(one, str | int | float | bool) and abs(one if isinstance(one, int | float) else 0) < 1e18
    }


def recordable(text: str, longest: int = _LONGEST) -> str:
    """A text of LINE's without what no database holds (NUL, half of a surrogate pair), and not longer than this."""
    short = text[:longest]
    if short.isascii() and "\x00" not in short:
        return short
    return short.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
