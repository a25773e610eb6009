"""From renderings to calls: friends who read the same share a multicast, the others are pushed one by one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from lineform.lineapi.limits import MULTICAST_RECIPIENTS
from lineform.lineapi.routes import Route

PENDING = 50_000
"""How many friends may wait for another with the same rendering; it bounds the memory of a freeze."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """One friend of a send: the internal id for the ledger, the LINE id for the retry key."""

    id: int
    user_id: str


class Rendered(NamedTuple):
    """What one friend reads: what fills the frame of the messages, as it is recorded, and the messages' digest.

    A tuple, because a freeze makes one for each friend."""

    recipient: Recipient
    filling: bytes
    digest: bytes


@dataclass(frozen=True, slots=True)
class Group:
    """One call to be: everybody in it reads the messages of this filling."""

    route: Route
    recipients: tuple[Recipient, ...]
    filling: bytes
    digest: bytes


def grouped(rendered: Iterable[Rendered], size: int = MULTICAST_RECIPIENTS, pending: int = PENDING) -> Iterator[Group]:
    """Groups friends by equal renderings, at most `size` a call, holding at most `pending` friends back.

    Whoever stays alone with a rendering is pushed to; a push and a multicast cost the same quota.
    """
    waiting: dict[bytes, list[Rendered]] = {}
    held = 0
    for one in rendered:
        group = waiting.setdefault(one.filling, [])
        group.append(one)
        held += 1
        if len(group) == size:
            held -= size
            yield _group(waiting.pop(one.filling))
        elif held >= pending:
            yield from map(_group, waiting.values())
            waiting.clear()
            held = 0
    yield from map(_group, waiting.values())


def _group(made: Sequence[Rendered]) -> Group:
    people, filling, digest = tuple([one.recipient for one in made]), made[0].filling, made[0].digest
    return Group(Route.MULTICAST if len(people) > 1 else Route.PUSH, people, filling, digest)


def around(*, silent: bool, extra: bytes = b"") -> tuple[bytes, bytes]:
    """What a request's body without ``to`` has before its messages and behind them: ready JSON bytes. `extra` is
    further members, such as ``"limit":{...}``."""
    further = [b'"notificationDisabled":true'] if silent else []
    if extra:
        further.append(extra)
    return b'{"messages":', b"".join(b"," + one for one in further) + b"}"


def body_of(messages: bytes, *, silent: bool, extra: bytes = b"") -> bytes:
    """A request's body without ``to``: ready JSON bytes."""
    before, after = around(silent=silent, extra=extra)
    return before + messages + after


def addressed(body: bytes, route: Route, user_ids: Sequence[str]) -> bytes:
    """The body as it is sent: with ``to`` where the route has one. The same ids in the same order, the same bytes."""
    if route in {Route.BROADCAST, Route.NARROWCAST}:
        return body
    if route is not Route.PUSH:
        return b'{"to":[' + _strings(user_ids) + b"]," + body[1:]
    return b'{"to":' + _strings(user_ids[:1]) + b"," + body[1:]


def _strings(texts: Sequence[str]) -> bytes:
    """JSON strings in a row. LINE's ids need no escaping, and to look is ten times faster than to encode."""
    if "".join(texts).encode("utf-8", "replace").isalnum():
        return b'"' + '","'.join(texts).encode() + b'"'
    return ",".join(json.dumps(text) for text in texts).encode()
