"""Accepted sends and what each friend received of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lineform.sandbox.accounts import Account
from lineform.sandbox.answers import Call
from lineform.sandbox.world import World


@dataclass(frozen=True, slots=True)
class Send:
    """One accepted request: how it came, and the message objects as they came."""

    account: int
    kind: str
    time: float
    path: str
    request_id: str
    retry_key: str | None
    messages: list[Any]
    silent: bool

    @classmethod
    def of(cls, account: Account, call: Call, kind: str, body: dict[str, Any]) -> Send:
        return cls(
            account=account.id,
            kind=kind,
            time=call.now,
            path=call.path,
            request_id=call.request_id,
            retry_key=call.headers.get("x-line-retry-key"),
            messages=body["messages"],
            silent=bool(body.get("notificationDisabled", False)),
        )


def deliver(world: World, send: Send, users: Iterable[str]) -> int:
    """Put the send into the chats of `users`; how many they were."""
    people = list(users)
    number = _record(world, send, len(people))
    sql = "insert into deliveries (account, user, send, time) values (?, ?, ?, ?)"
    world.state.many(sql, ((send.account, user, number, send.time) for user in people))
    return len(people)


def deliver_to_friends(world: World, send: Send) -> int:
    """Delivers a send to every friend who does not block the account; gives their number."""
    number = _record(world, send, 0)
    count = world.state.run(
        "insert into deliveries (account, user, send, time) select account, user, ?, ? from people"
        " where account=? and relation='friend' order by seq",
        *(number, send.time, send.account),
    )
    world.state.run("update sends set counted=? where id=?", count, number)
    return count


def _record(world: World, send: Send, count: int) -> int:
    return world.state.insert(
        "insert into sends (account, kind, time, path, request_id, retry_key, messages, silent, counted)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *(send.account, send.kind, send.time, send.path, send.request_id, send.retry_key),
        *(json.dumps(send.messages, ensure_ascii=False), int(send.silent), count),
    )


def sent_messages(world: World, messages: list[Any]) -> list[dict[str, str]]:
    """The ids of a push or reply; a quote token only for what can be quoted.

    https://developers.line.biz/en/docs/messaging-api/get-quote-tokens/
    """
    quotable = {"text", "textV2", "sticker", "image", "video", "template", "flex", "imagemap"}
    answer = []
    for message in messages:
        entry = {"id": str(500_000_000_000_000_000 + world.random.getrandbits(56))}
        if message.get("type") in quotable:
            entry["quoteToken"] = world.hex(48)
        answer.append(entry)
    return answer
