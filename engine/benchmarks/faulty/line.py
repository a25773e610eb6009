"""LINE in the same process: the offline account behind a wire on which requests and answers get lost.

A request that is on its way when its sender dies arrives all the same.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from lineform.line.exchange import Answer, Request
from lineform.line.wire import CUT, NoAnswer
from lineform.lineapi import errors
from lineform.sandbox import console, people
from lineform.sandbox.accounts import Account
from lineform.sandbox.answers import Call
from lineform.sandbox.api.table import ROUTES, enlist_workers
from lineform.sandbox.clock import SandboxClock
from lineform.sandbox.faults import Fault, Faults, Kind
from lineform.sandbox.gate import Gate
from lineform.sandbox.routing import Routes
from lineform.sandbox.state import State
from lineform.sandbox.world import World

TOKEN = "token"  # noqa: S105 - the offline account's
SENDING = r"/v2/bot/message/(push|multicast|broadcast|narrowcast)"
ANYTHING = r"/v2/bot/.*"
KINDS = {
    Kind.RATE_LIMIT: 3,
    Kind.MONTHLY_LIMIT: 1,
    Kind.ERROR_BEFORE: 3,
    Kind.ERROR_AFTER: 3,
    Kind.TIMEOUT_BEFORE: 2,
    Kind.TIMEOUT_AFTER: 2,
    Kind.CUT_BEFORE: 3,
    Kind.CUT_AFTER: 3,
}


class Line:
    """One account at LINE. `chance` is the probability that a call meets trouble."""

    def __init__(self, seed: str, now: Callable[[], float], bot: str, quota: int | None) -> None:
        self.random = Random(f"{seed}/line")
        self.state = State(None)
        self.world = World(self.state, SandboxClock(now), self.random.getrandbits(32))
        enlist_workers(self.world)
        self.faults = Faults()
        self.gate = Gate(self.world, Routes(ROUTES), self.faults, log=False)
        made = console.add_account(self.world, {"token": TOKEN, "bot_id": bot, "plan_limit": quota, "name": "line"})
        self.account: Account = self.world.account(1)
        assert made["bot_id"] == bot
        self.chance = 0.0
        self.full = 0
        """Sends that LINE refused because the month was used up, without our having made that up."""
        self.arrived: Counter[str] = Counter()

    def close(self) -> None:
        self.state.close()

    def add_friends(self, count: int, start: int = 0) -> list[str]:
        profiles = [{"displayName": f"F{start + number}"} for number in range(count)]
        return people.add_people(self.world, self.account, profiles, self.world.clock.now())

    def relate(self, user: str, relation: str) -> None:
        people.set_relation(self.world, self.account, user, relation, self.world.clock.now())

    def deliveries(self) -> list[dict[str, Any]]:
        return console.deliveries(self.world, self.account, None)

    def used(self) -> int:
        return self.state.number("select coalesce(sum(used), 0) from usage")

    def accepted(self) -> Counter[str]:
        """How often a send was accepted under each retry key."""
        return Counter(row["retry_key"] for row in self.state.all("select retry_key from sends"))

    async def answer(self, request: Request, url: str, headers: dict[str, str]) -> Answer:
        """The whole way there and back."""
        await asyncio.sleep(self.random.uniform(0.001, 0.5))
        split = urlsplit(url)
        call = Call(
            request.method,
            split.path,
            dict(parse_qsl(split.query, keep_blank_values=True)),
            {name.casefold(): value for name, value in headers.items()},
            request.body,
            self.world.clock.now(),
            self.world.uuid(),
        )
        self._arm()
        outcome = self.gate.pass_through(call)
        met = bool(self.faults.describe() and self.faults.describe()[0]["met"])
        self.faults.clear()
        if outcome.answer.status == 429 and not met and errors.MONTHLY_LIMIT in outcome.answer.body.decode():
            self.full += 1
        await asyncio.sleep(outcome.hold or self.random.uniform(0.001, 0.5))
        if outcome.cut:
            raise NoAnswer(CUT)
        told = dict(outcome.answer.headers)
        accepted = told.get("x-line-accepted-request-id", "")
        return Answer(outcome.answer.status, outcome.answer.body, call.request_id, accepted)

    def _arm(self) -> None:
        if self.random.random() < self.chance:
            kind = self.random.choices(list(KINDS), weights=list(KINDS.values()))[0]
            path = SENDING if kind is Kind.MONTHLY_LIMIT or self.random.random() < 0.8 else ANYTHING
            seconds = 30.0 if kind in {Kind.TIMEOUT_BEFORE, Kind.TIMEOUT_AFTER} else 0.0
            self.faults.arm(Fault(kind, path=path, seconds=seconds))


class LineWire:
    """The way of one process to LINE."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._headers = {"authorization": f"Bearer {TOKEN}"}

    async def exchange(self, request: Request, url: str, headers: dict[str, str], seconds: float) -> Answer:
        on_its_way = asyncio.get_running_loop().create_task(
            self._line.answer(request, url, {**self._headers, **headers}), context=contextvars.Context()
        )
        return await asyncio.shield(on_its_way)

    async def close(self) -> None:
        """Nothing is open."""
