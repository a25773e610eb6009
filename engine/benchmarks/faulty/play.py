"""A day of trouble, played: workers that tick and die, friends who come and go, and then a quiet time to end in."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from faulty.life import Life, Mortal, task_factory
from faulty.line import TOKEN, Line, LineWire
from faulty.loop import VirtualClock, VirtualLoop
from faulty.plan import START, Plan, arm, client_of
from lineform.errors import LineformError
from lineform.line.account import open_account
from lineform.model.project import Client
from lineform.ports.friends import FriendRow
from lineform.ports.line_account import LineFailure
from lineform.ports.store import Store
from lineform.run.halt import halt, resume
from lineform.run.options import TickOptions
from lineform.run.tick import tick
from lineform.wiring.pacing import StorePace

LEASE = timedelta(seconds=60)
ALL_DUE = 360.0
"""Seconds after which everything was due."""
CALM_TICKS = 40
CALM_PAUSE = 130.0
"""Seconds between ticks when the trouble is over: longer than a lease, so that a call of the dead is taken over."""


@dataclass
class Played:
    """What a run leaves to be judged."""

    plan: Plan
    client: Client
    line: Line
    store: Store
    users: dict[str, str] = field(default_factory=dict)
    """Every friend there ever was: user id to what happened, ``sure`` where nothing did."""
    deaths: int = 0
    ticks: int = 0
    trace: str = ""
    """What LINE saw, in short: the same for the same seed."""
    trouble: list[str] = field(default_factory=list)
    """Errors that should not have come."""


class Stage:
    """Everything that happens in one run."""

    def __init__(self, plan: Plan, store: Store, loop: VirtualLoop) -> None:
        self.plan, self.store, self.loop = plan, store, loop
        self.random = Random(f"{plan.seed}/play")
        self.client = client_of(plan)
        self.clock = VirtualClock(loop, START)
        self.line = Line(plan.seed, self.clock.epoch, self.client.spec.bot, plan.quota)
        self.played = Played(plan, self.client, self.line, store)
        self.names = 0

    async def play(self) -> None:
        self._people()
        arm(self.store, self.client)
        self.line.chance = self.plan.chance
        workers = [asyncio.create_task(self._worker(number)) for number in range(self.plan.workers)]
        others = [asyncio.create_task(self._churn())]
        if self.plan.halts:
            others.append(asyncio.create_task(self._switch()))
        await asyncio.gather(*workers, *others)
        self.line.chance = 0.0
        await asyncio.sleep(max(self.plan.pause, ALL_DUE - self.loop.time()))
        await self._calm()

    def _people(self) -> None:
        users = self.line.add_friends(self.plan.friends)
        rows = [
            FriendRow(
                user,
                f"F{number}",
                language=self.random.choice(("ja", "en")),
                attributes={"vip": self.random.random() < 0.8, "nick": f"n{number}"},
            )
            for number, user in enumerate(users)
        ]
        self.store.import_friends(self.client.name, rows, START)
        self.played.users.update(dict.fromkeys(users, "sure"))

    # --- workers

    async def _worker(self, number: int) -> None:
        clock = VirtualClock(self.loop, START)
        first = 60.0 if self.plan.together else self.random.choice((0.0, 58.0, 60.0, 90.0, 200.0))
        await asyncio.sleep(first + self.random.choice((0.0, 0.0, 0.5)))
        while self.loop.time() < self.plan.chaos:
            if self.plan.skew:
                clock.ahead = self.random.uniform(-self.plan.skew, self.plan.skew)
            life = Life()
            seconds = None
            if self.random.random() < self.plan.deaths:
                if self.random.random() < 0.6:
                    life = Life(self.random.randint(1, 70), after=self.random.random() < 0.5)
                else:
                    seconds = self.random.uniform(0.0, 40.0)
            await self._process(life, clock, seconds)
            await asyncio.sleep(self.random.choice((0.1, 20.0, 80.0, 80.0)))

    async def _process(self, life: Life, clock: VirtualClock, seconds: float | None) -> None:
        """One process: a tick."""
        self.played.ticks += 1
        await life.live(self._tick(life, clock), seconds)
        if life.dead.is_set() and (seconds is not None or life.died):
            self.played.deaths += 1

    async def _tick(self, life: Life, clock: VirtualClock) -> None:
        store = Mortal(self.store, life)
        if self.random.random() < 0.5:
            # In which order campaigns come is not promised: another worker may be at another one.
            store.armed = lambda account: list(reversed(Mortal(self.store, life).armed(account)))
        with self._account(store, life, clock) as account:
            self.names += 1
            options = TickOptions(
                worker=f"w{self.names}",
                lease=LEASE,
                patience=self.random.choice((0.0, 5.0, 90.0)),
                concurrency=self.random.choice((1, 2, 6)),
                chunk=2,
            )
            try:
                await tick(self.client, account, store, clock, options)
            except LineFailure:
                pass  # LINE could not be asked for the bot: this tick does nothing
            except LineformError as error:
                self.played.trouble.append(f"{type(error).__name__}: {error}")

    @contextlib.contextmanager
    def _account(self, store: Any, life: Life, clock: VirtualClock) -> Iterator[Any]:
        shared = StorePace(store, self.client.name, clock) if self.plan.shared_pace else None
        real = open_account(None, TOKEN, clock, wire=lambda _headers, _proxy: LineWire(self.line), shared=shared)
        try:
            yield Mortal(real, life)
        finally:
            if shared is not None:
                shared.close()

    async def _calm(self) -> None:
        """Ticks without trouble until nothing is left to do."""
        resume(self.store, self.client.name, "people", self.clock.now())
        for _ in range(CALM_TICKS):
            await self._process(Life(), self.clock, None)
            if not self.store.sends(self.client.name, unfinished=True):
                break
            await asyncio.sleep(CALM_PAUSE)

    # --- what people do meanwhile

    async def _churn(self) -> None:
        store, name, played = self.store, self.client.name, self.played
        for number in range(self.plan.churn):
            await asyncio.sleep(self.random.expovariate(self.plan.churn / min(300.0, self.plan.chaos)))
            known = sorted(played.users)
            user = self.random.choice(known)
            now = self.clock.now()
            match self.random.choice(("new", "block", "back", "vip", "name")):
                case "new":
                    (user,) = self.line.add_friends(1, 100 + number)
                    store.import_friends(name, [FriendRow(user, f"N{number}", attributes={"vip": True})], now)
                case "block":
                    self.line.relate(user, "blocked")
                    store.import_friends(name, [FriendRow(user, blocked=True)], now)
                case "back":
                    self.line.relate(user, "friend")
                    store.import_friends(name, [FriendRow(user, blocked=False)], now)
                case "vip":
                    store.import_friends(name, [FriendRow(user, attributes={"vip": self.random.random() < 0.5})], now)
                case "name":
                    store.import_friends(name, [FriendRow(user, f"renamed {number}")], now)
            played.users[user] = "changed"

    async def _switch(self) -> None:
        """Somebody halts the account for a while."""
        await asyncio.sleep(self.random.uniform(0.0, self.plan.chaos / 2))
        halt(self.store, self.client.name, "people", self.clock.now())
        await asyncio.sleep(self.random.uniform(0.0, self.plan.chaos / 2))
        resume(self.store, self.client.name, "people", self.clock.now())


def play(plan: Plan, store: Store) -> Played:
    """Plays one run to its end. Close its `line`."""
    loop = VirtualLoop(plan.seed)
    loop.set_task_factory(task_factory)
    stage = None
    try:
        asyncio.set_event_loop(loop)
        stage = Stage(plan, store, loop)
        loop.run_until_complete(stage.play())
    except BaseException:
        if stage is not None:
            stage.line.close()
        raise
    else:
        stage.played.trace = _trace(stage.line)
        return stage.played
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def _trace(line: Line) -> str:
    seen = [(one["user"], one["time"], one["retry_key"]) for one in line.deliveries()]
    return hashlib.blake2b(json.dumps(seen).encode(), digest_size=8).hexdigest()
