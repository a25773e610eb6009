"""From renderings to calls: friends who read the same share a multicast, the others are pushed one by one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lineform.lineapi.limits import MULTICAST_RECIPIENTS
from lineform.lineapi.routes import Route

PENDING = 50_000
"""How many friends may wait for another with the same rendering; it bounds the memory of a freeze."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """One friend of a send: the internal id for the ledger, the LINE id for the retry key."""

    id: int
    user_id: str


@dataclass(frozen=True, slots=True)
class Group:
    """One call to be: everybody in it reads `messages`, a JSON list in UTF-8."""

    route: Route
    recipients: tuple[Recipient, ...]
    messages: bytes


def grouped(
    rendered: Iterable[tuple[Recipient, bytes]], size: int = MULTICAST_RECIPIENTS, pending: int = PENDING
) -> Iterator[Group]:
    """Groups friends by equal renderings, at most `size` a call, holding at most `pending` friends back.

    Whoever stays alone with a rendering is pushed to; a push and a multicast cost the same quota.
    """
    waiting: dict[bytes, list[Recipient]] = {}
    held = 0
    for recipient, messages in rendered:
        group = waiting.setdefault(messages, [])
        group.append(recipient)
        held += 1
        if len(group) == size:
            held -= size
            yield _group(waiting.pop(messages), messages)
        elif held >= pending:
            yield from (_group(people, body) for body, people in waiting.items())
            waiting.clear()
            held = 0
    yield from (_group(people, body) for body, people in waiting.items())


def _group(people: Sequence[Recipient], messages: bytes) -> Group:
    return Group(Route.MULTICAST if len(people) > 1 else Route.PUSH, tuple(people), messages)


def body_of(messages: bytes, *, silent: bool, extra: bytes = b"") -> bytes:
    """A request's body without ``to``: ready JSON bytes. `extra` is further members, such as ``"limit":{...}``."""
    parts = [b'"messages":' + messages]
    if silent:
        parts.append(b'"notificationDisabled":true')
    if extra:
        parts.append(extra)
    return b"{" + b",".join(parts) + b"}"


def addressed(body: bytes, route: Route, user_ids: Sequence[str]) -> bytes:
    """The body as it is sent: with ``to`` where the route has one. The same ids in the same order, the same bytes."""
    if route in {Route.BROADCAST, Route.NARROWCAST}:
        return body
    if route is not Route.PUSH:
        return b'{"to":[' + _strings(user_ids) + b"]," + body[1:]
    return b'{"to":' + _strings(user_ids[:1]) + b"," + body[1:]


def _strings(texts: Sequence[str]) -> bytes:
    """JSON strings in a row. LINE's ids need no escaping, and to look is ten times faster than to encode."""
    whole = "".join(texts)
    if whole.isascii() and whole.isalnum():
        return b'"' + '","'.join(texts).encode() + b'"'
    return ",".join(json.dumps(text) for text in texts).encode()
