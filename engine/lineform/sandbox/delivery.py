"""Webhooks as LINE delivers them: several events a post, signed, two seconds for an answer, again only where redelivery
is switched on, and then with the same ids.

https://developers.line.biz/en/docs/messaging-api/receiving-messages/. How often and after what time LINE delivers
again is not published; here it is after 10 seconds of the sandbox's clock, then 60, 300 and 900.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from lineform.lineapi import limits
from lineform.sandbox.accounts import Account
from lineform.sandbox.clock import iso
from lineform.sandbox.faults import Faults, Kind
from lineform.sandbox.world import World

PATIENCE: Final = 2.0
TOGETHER: Final = 100
"""Events in one post."""
AGAIN: Final = (10.0, 60.0, 300.0, 900.0)
PATH: Final = "webhook"
"""By which faults name a delivery."""
_LOOK: Final = 0.05


def endpoint_name(account: int) -> str:
    """Under which name an account's webhook address is remembered."""
    return f"webhook-{account}"


def endpoint_of(world: World, account: Account) -> str:
    """Where events of this account go; empty where nowhere."""
    return str(world.state.recall(endpoint_name(account.id)) or "") if account.settings.webhook_active else ""


def to_deliver(world: World, account: Account, event: int, now: float) -> None:
    """Notes that an event is to be delivered, where the account has a webhook."""
    if endpoint_of(world, account):
        world.state.run("insert into undelivered (event, account, due) values (?, ?, ?)", event, account.id, now)


@dataclass(frozen=True, slots=True)
class Post:
    """One request to a webhook."""

    account: Account
    address: str
    events: tuple[int, ...]
    bodies: tuple[dict[str, Any], ...]
    tries: int


@dataclass(frozen=True, slots=True)
class Heard:
    """What came back: a status, or 0 and why there is none."""

    status: int
    reason: str = ""

    @property
    def taken(self) -> bool:
        return 200 <= self.status < 300


@dataclass(slots=True)
class Delivery:
    """Delivers until it is cancelled. `transact` runs work on the world in one transaction."""

    world: World
    faults: Faults
    transact: Callable[[Callable[[], Any]], Any]
    _session: aiohttp.ClientSession | None = field(default=None, init=False)

    async def run(self) -> None:
        try:
            while True:
                posts = self.transact(self._due) if self._waits() else ()
                if posts:
                    await asyncio.gather(*(self._deliver(post) for post in posts))
                else:
                    await asyncio.sleep(_LOOK)
        finally:
            await self.close()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def tell(self, account: Account, address: str, events: Sequence[dict[str, Any]]) -> Heard:
        """One signed request."""
        body = json.dumps({"destination": account.bot_id, "events": list(events)}, ensure_ascii=False).encode()
        signed = base64.b64encode(hmac.digest(account.settings.channel_secret.encode(), body, "sha256")).decode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "LineBotWebhook/2.0",
            "x-line-signature": signed,
        }
        try:
            async with self._open().post(address, data=body, headers=headers, allow_redirects=False) as answer:
                await answer.content.read(4096)
                return Heard(answer.status)
        except TimeoutError:
            return Heard(0, "REQUEST_TIMEOUT")
        except (aiohttp.ClientConnectorError, aiohttp.InvalidURL):
            return Heard(0, "COULD_NOT_CONNECT")
        except (aiohttp.ClientError, OSError):
            return Heard(0, "UNCLASSIFIED")

    async def verify(self, account: Account, address: str) -> dict[str, Any]:
        """The answer to a webhook test: a post without events
        (https://developers.line.biz/en/reference/messaging-api/#test-webhook-endpoint)."""
        heard = await self.tell(account, address, ())
        reason = heard.reason or ("OK" if heard.taken else "ERROR_STATUS_CODE")
        return {
            "success": heard.taken,
            "timestamp": iso(self.world.clock.now()),
            "statusCode": heard.status,
            "reason": reason,
            "detail": str(heard.status or reason),
        }

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=PATIENCE), cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session

    def _waits(self) -> bool:
        return self.world.state.one("select 1 from undelivered where due<=?", self.world.clock.now()) is not None

    def _due(self) -> list[Post]:
        """What is to be delivered now, each account's events together, those of one try apart from those of another."""
        state, now = self.world.state, self.world.clock.now()
        rows = state.all(
            "select u.event, u.account, u.tries, e.event as body from undelivered u join events e on e.id=u.event"
            " where u.due<=? order by u.account, u.tries, u.event",
            now,
        )
        groups: dict[tuple[int, int], list[Any]] = {}
        for row in rows:
            group = groups.setdefault((row["account"], row["tries"]), [])
            if len(group) < TOGETHER:
                group.append(row)
        posts = []
        for (number, tries), group in groups.items():
            account = self.world.account(number)
            address = endpoint_of(self.world, account)
            if not address:
                state.run("delete from undelivered where account=?", number)
                continue
            bodies = tuple(_again(json.loads(row["body"]), tries) for row in group)
            posts.append(Post(account, address, tuple(row["event"] for row in group), bodies, tries))
        return posts

    async def _deliver(self, post: Post) -> None:
        fault = self.faults.meeting("POST", PATH, post.account.name)
        kind = None if fault is None else fault.kind
        bodies = list(post.bodies)
        if kind is Kind.WEBHOOK_SHUFFLED:
            bodies.reverse()
        if kind in {Kind.CUT_BEFORE, Kind.ERROR_BEFORE, Kind.TIMEOUT_BEFORE}:
            heard = Heard(0, "COULD_NOT_CONNECT")
        else:
            heard = await self.tell(post.account, post.address, bodies)
            if kind is Kind.WEBHOOK_TWICE:
                await self.tell(post.account, post.address, bodies)
            if kind in {Kind.CUT_AFTER, Kind.ERROR_AFTER, Kind.TIMEOUT_AFTER}:
                heard = Heard(0, "REQUEST_TIMEOUT")
        self.transact(lambda: self._settle(post, heard))

    def _settle(self, post: Post, heard: Heard) -> None:
        state, now = self.world.state, self.world.clock.now()
        again = post.account.settings.webhook_redelivery and post.tries < len(AGAIN)
        for number, body in zip(post.events, post.bodies, strict=True):
            if heard.taken or not again:
                state.run("delete from undelivered where event=?", number)
            else:
                state.run("update undelivered set tries=tries+1, due=? where event=?", now + AGAIN[post.tries], number)
            if heard.taken and post.tries and "replyToken" in body:
                self._renew(body, now)

    def _renew(self, event: dict[str, Any], now: float) -> None:
        """A reply token lives a minute from the delivery, and never longer than twenty from the event
        (https://developers.line.biz/en/reference/messaging-api/#send-reply-message-reply-token)."""
        latest = event["timestamp"] / 1000 + limits.REPLY_TOKEN_REDELIVERED_MINUTES * 60
        expires = min(now + limits.REPLY_TOKEN_SECONDS, latest)
        self.world.state.run("update reply_tokens set expires=? where token=?", expires, event["replyToken"])


def _again(event: dict[str, Any], tries: int) -> dict[str, Any]:
    return {**event, "deliveryContext": {"isRedelivery": True}} if tries else event
