"""LINE as a book in memory: what it took, what friends read, and the trouble that it makes."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

from lineform.lineapi.routes import Route
from lineform.planning.live import Bot, Quota
from lineform.ports.line_account import Accepted, OutcomeUnknown, RateLimited
from lineform.wiring.clock import SettableClock

TROUBLE = 0.02
"""Calls that meet trouble."""


@dataclass
class Book:
    """LINE: what it took and what friends read, and the trouble that it makes."""

    random: Random
    clock: SettableClock
    users: dict[str, int]
    reads: dict[int, list[tuple[float, str, bool]]] = field(default_factory=lambda: defaultdict(list))
    """By friend: when, what, and whether it was an answer."""
    keys: set[UUID] = field(default_factory=set)
    tokens: set[str] = field(default_factory=set)
    blocked: set[str] = field(default_factory=set)
    calls: int = 0
    lost_answers: int = 0
    """Answers of which the caller learned nothing."""

    async def bot(self) -> Bot:
        return Bot("U" + "0" * 32, "@shop", "shop")

    async def quota(self) -> Quota:
        return Quota(None, 0)

    async def validate_messages(self, route: Route, messages: Any) -> None:
        """LINE has nothing against them."""

    async def send(self, route: Route, body: bytes, retry_key: UUID, wanted: Any = None) -> Accepted:
        self.calls += 1
        trouble = self.random.random()
        if trouble < TROUBLE / 4:
            raise RateLimited("The API rate limit has been exceeded. Try again later.", status=429)
        if trouble < TROUBLE / 2:
            raise OutcomeUnknown("no answer")
        already = retry_key in self.keys
        if not already:
            self.keys.add(retry_key)
            sent = json.loads(body)
            to = sent["to"]
            for user in [to] if isinstance(to, str) else to:
                self._read(user, sent["messages"], answer=False)
        if trouble < TROUBLE:
            raise OutcomeUnknown("the answer was lost")
        return Accepted("request", "request", already)

    async def reply(self, body: bytes, token: str) -> Accepted:
        self.calls += 1
        trouble = self.random.random()
        if trouble < TROUBLE / 2:
            self.lost_answers += 1
            raise OutcomeUnknown("no answer")
        assert token not in self.tokens, "a token was used twice"
        self.tokens.add(token)
        self._read(token.partition("/")[0], json.loads(body)["messages"], answer=True)
        if trouble < TROUBLE:
            self.lost_answers += 1
            raise OutcomeUnknown("the answer was lost")
        return Accepted("request", "request")

    async def close(self) -> None:
        """Nothing is open."""

    def _read(self, user: str, messages: Any, *, answer: bool) -> None:
        if user not in self.blocked:
            at = self.clock.now().timestamp()
            self.reads[self.users[user]].extend((at, message["text"], answer) for message in messages)
