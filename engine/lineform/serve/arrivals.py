"""What comes in, as the inbox keeps it: pure, after it was found out who speaks.

https://developers.line.biz/en/reference/messaging-api/#request-body
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from lineform.ports.friends import EventRow
from lineform.ports.inbox import Arrival, Source
from lineform.scenarios.interpret import message_of, moment_of, sender_of
from lineform.scenarios.shop import ShopEvent

_LONGEST = 200


class NotAWebhook(Exception):
    """A body that LINE does not send, or sends to another bot."""


def arrivals_of(account: str, bot: str, body: bytes, now: datetime) -> list[Arrival]:
    """Every event, those of types that nobody knows included. Raises `NotAWebhook`."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise NotAWebhook("the body is no JSON") from None
    events = value.get("events") if isinstance(value, dict) else None
    if not isinstance(events, list):
        raise NotAWebhook("the body has no list of events")
    if value.get("destination") != bot:
        raise NotAWebhook("it is meant for another bot")
    return [_arrival(account, event, now) for event in events]


def key_hash(key: str) -> str:
    """What is kept of a key. A key is drawn from so many that nobody can try them: no slower hash is needed."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def shop_arrival(account: str, event: ShopEvent) -> Arrival:
    """The event as the inbox keeps it."""
    return Arrival(account, event.key, Source.SHOP, event.person, event.event, event.at, event.to_json())


def shop_rows(event: ShopEvent, members: Mapping[str, Sequence[str]]) -> list[EventRow]:
    """The event as it is recorded of each friend it is about: of a member, all those who are linked to them."""
    if event.user_id:
        return [EventRow(event.user_id, event.event, event.id, event.at, event.fields)]
    people = members.get(event.member_id, ())
    return [EventRow(one, event.event, event.id, event.at, event.fields, shared=True) for one in people]


def _arrival(account: str, event: Any, now: datetime) -> Arrival:
    # In ASCII: what a phone sends may be half of a surrogate pair, which no database takes as text.
    body = json.dumps(event, separators=(",", ":"))
    if not isinstance(event, dict):
        return Arrival(account, _own_id(body), Source.LINE, "", "", now, body)
    given, kind = event.get("webhookEventId"), event.get("type")
    known_by = given if isinstance(given, str) and _plain(given) else _own_id(body)
    kind = kind if isinstance(kind, str) and _plain(kind) else ""
    found = message_of(event)
    message = found if _plain(found) else ""
    return Arrival(account, known_by, Source.LINE, sender_of(event), kind, moment_of(event, now), body, message)


def _own_id(body: str) -> str:
    """For an event without an id: the same event is the same."""
    return f"sha256/{hashlib.sha256(body.encode()).hexdigest()}"


def _plain(text: str) -> bool:
    return 0 < len(text) <= _LONGEST and text.isascii() and text.isprintable()
