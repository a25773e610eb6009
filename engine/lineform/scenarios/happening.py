"""What happened to one friend, in one form for everything that reacts to it: scenarios, replies, forms, menus.

A happening is a fact about the past. Where it came from (LINE's webhook, an import, a tapped link, an effect of an
earlier one) does not matter to whoever decides what follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from lineform.segments.friend import Value

TOKEN_LIVES: Final = timedelta(seconds=50)
"""After so long a reply token is taken to be dead, of the minute that LINE gives it."""


class What(StrEnum):
    """The kinds of happenings; the value stands in the store and in traces."""

    FOLLOW = "follow"
    """Became a friend, or came back. `fields` may hold ``unblocked`` (bool) and ``route`` (text)."""
    UNFOLLOW = "unfollow"
    """Blocked the account."""
    TEXT = "text"
    """Wrote `text`."""
    MESSAGE = "message"
    """Sent something else: `name` is LINE's message type (``image``, ``sticker``, ``location`` …)."""
    POSTBACK = "postback"
    """Tapped a button or a menu: `text` is the postback's data, `fields` its params."""
    EVENT = "event"
    """A declared event was recorded: `name` is its type, `fields` its fields. Clicks and answers are such events."""
    ITEM = "item"
    """Something happened to an item: `name` is the event's type, `text` that of the event by which the friend had
    favoured the item, `fields` the event's fields, ``item`` among them."""
    TAGGED = "tagged"
    """`name` is the tag that the friend did not have before."""
    UNTAGGED = "untagged"
    """`name` is the tag that was taken away."""
    ATTRIBUTE = "attribute"
    """`name` is the attribute whose value changed."""
    PAGE = "page"
    """Sent the page of the form `name`: `fields` are what was filled in, a text or several texts for each field."""
    FORM = "form"
    """Completed the form `name`."""
    ROUTE = "route"
    """Came by the entry route `name`. Of somebody who was no friend then, their first follow tells it."""
    MEMBER = "member"
    """Was linked to a member of the business."""
    MANUAL = "manual"
    """A person named this friend for the scenario `name`."""


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened to a friend (internal id) at a moment in UTC."""

    key: str
    """Unique for the account for ever, such as LINE's ``webhookEventId``: what makes a repetition harmless."""
    friend_id: int
    what: What
    at: datetime
    name: str = ""
    text: str = ""
    fields: Mapping[str, Value] = field(default_factory=dict)
    reply_token: str = field(default="", repr=False)
    """With which LINE takes one free answer, within a minute
    (https://developers.line.biz/en/reference/messaging-api/#send-reply-message); empty where there is none."""
    received_at: datetime | None = None
    """When our server had it: the token's minute begins here."""

    def waited(self, now: datetime) -> timedelta:
        """How long whoever did it has waited by now."""
        return now - (self.received_at or self.at)

    def answerable(self, now: datetime) -> bool:
        """Whether it has a reply token that lives still."""
        return bool(self.reply_token) and self.waited(now) < TOKEN_LIVES
