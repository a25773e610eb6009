"""A client, its store and its account at the offline LINE, with one clock that only the test moves."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from lineform.line.account import HttpLineAccount, open_account
from lineform.model.base import Spec
from lineform.model.client import Limits, PricePlan
from lineform.model.project import Client
from lineform.planning.arming import revisions_of
from lineform.ports.friends import FriendRow
from lineform.ports.ledger import Revision, Send
from lineform.ports.store import Store
from lineform.run.options import TickOptions
from lineform.run.outcome import TickReport
from lineform.run.tick import Also, tick
from lineform.sandbox.control import Control
from lineform.store.open import open_store
from lineform.wiring.clock import SettableClock
from support.declared_clients import client
from support.stores import new_file

DUE = datetime(2026, 12, 1, 1, tzinfo=UTC)
"""Ten o'clock in Japan, when the campaigns of these tests are due."""
ARMED = DUE - timedelta(days=1)
_numbers = itertools.count(1)
T = TypeVar("T")


class Crash(BaseException):
    """The machine goes down; nothing in the product may catch this."""


class Dying:
    """A port whose process dies before or after one of its calls; they are counted over all that share `count`."""

    def __init__(self, port: Any, count: list[int], at: int, *, after: bool) -> None:
        self._port, self._count, self._at, self._after = port, count, at, after

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not callable(found) or name == "close":
            return found
        if asyncio.iscoroutinefunction(found):
            return self._asynchronous(found)
        return self._synchronous(found)

    def _turn(self) -> bool:
        self._count[0] += 1
        return self._count[0] == self._at

    def _synchronous(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            dies = self._turn()
            if dies and not self._after:
                raise Crash
            found = method(*args, **kwargs)
            if dies:
                raise Crash
            return found

        return call

    def _asynchronous(self, method: Callable[..., Any]) -> Callable[..., Any]:
        async def call(*args: Any, **kwargs: Any) -> Any:
            dies = self._turn()
            if dies and not self._after:
                raise Crash
            found = await method(*args, **kwargs)
            if dies:
                raise Crash
            return found

        return call


class Scene:
    """One client with `specs` at its own account of the offline LINE at `origin`."""

    def __init__(
        self,
        origin: str,
        folder: Path,
        *specs: Spec,
        friends: Sequence[Mapping[str, Any]] | int = 3,
        limits: Limits | None = None,
        plan: PricePlan | None = None,
        url: str = "",
        **settings: Any,
    ) -> None:
        number = next(_numbers)
        self.origin, self.token = origin, f"token-{number}"
        self.control = Control(origin)
        self.bot = f"U{number:032x}"
        self.account: str = self.control.add_account(
            **{"token": self.token, "bot_id": self.bot, "plan_limit": 5000, **settings}
        )["name"]
        rows = [{"displayName": f"F{index}"} for index in range(friends)] if isinstance(friends, int) else friends
        self.users = self.control.add_friends(self.account, [dict(row) for row in rows])
        self.url = url or new_file(folder / f"{number}.db")
        # Who is first in a rollout goes by the client's name: the same one in whatever order tests run.
        name = f"salon{number}" if url else "salon"
        self.client: Client = replace(client(*specs, name=name, bot=self.bot), limits=limits or Limits(), plan=plan)
        self.clock = SettableClock(ARMED)
        self.move(ARMED)
        with open_store(self.url) as store:
            store.migrate()
            names = [str(row["displayName"]) for row in rows]
            imported = [FriendRow(user, name) for user, name in zip(self.users, names, strict=True)]
            store.import_friends(self.client.name, imported, ARMED)
        self.arm()

    def move(self, moment: datetime) -> None:
        """Both clocks stand at `moment`."""
        self.clock.set(moment)
        self.control.set_clock(moment)

    def arm(self, at: datetime = ARMED) -> None:
        with open_store(self.url) as store:
            for address, found in revisions_of(self.client).items():
                store.arm(self.client.name, Revision(address, found.digest, at, found.body))

    def declare(self, spec: Spec) -> None:
        """Another version of one of its resources from now on; `arm` arms it."""
        known = client(spec, name=self.client.name, bot=self.bot)
        self.client = replace(self.client, resources={**self.client.resources, **known.resources})

    def limit(self, limits: Mapping[str, Any]) -> None:
        """Other limits from now on."""
        self.client = replace(self.client, limits=Limits.model_validate(limits))

    def with_store(self, use: Callable[[Store], T]) -> T:
        with open_store(self.url) as store:
            return use(store)

    async def ticking(
        self,
        wrap: Callable[[Any], Any] = lambda port: port,
        *,
        token: str = "",
        also: Sequence[Also] = (),
        **options: Any,
    ) -> TickReport:
        """One tick of a process of its own: its own store and its own connections."""
        account = open_account(self.origin, token or self.token, self.clock, pinned=self.client.spec.bot)
        try:
            with open_store(self.url) as store:
                how = TickOptions(**{"concurrency": 4, **options})
                return await tick(self.client, wrap(account), wrap(store), self.clock, how, also)
        finally:
            await account.close()

    def tick(self, wrap: Callable[[Any], Any] = lambda port: port, **options: Any) -> TickReport:
        return asyncio.run(self.ticking(wrap, **options))

    def received(self) -> Counter[str]:
        """How many requests reached each friend."""
        return Counter(one["user"] for one in self.control.deliveries(self.account))

    def texts(self) -> dict[str, list[str]]:
        """The texts that each friend reads, in order."""
        found: dict[str, list[str]] = {}
        for one in self.control.deliveries(self.account):
            found.setdefault(one["user"], []).extend(message["text"] for message in one["messages"])
        return found

    def calls(self) -> list[dict[str, Any]]:
        """Requests of this account that would send, in order."""
        sends = ("push", "multicast", "broadcast", "narrowcast")
        return [
            one
            for one in self.control.requests()
            if one["account"] in {self.account, self.bot}
            and one["path"].endswith(sends)
            and "validate" not in one["path"]
            and "progress" not in one["path"]
        ]

    def sends(self) -> list[Send]:
        return list(self.with_store(lambda store: store.sends(self.client.name)))

    def once_each(self) -> bool:
        """Whether every friend received exactly one request."""
        return self.received() == Counter(self.users)


Scenes = Callable[..., Scene]
"""Makes a client with these specs at an account of its own."""


def opened(scene: Scene) -> HttpLineAccount:
    return open_account(scene.origin, scene.token, scene.clock, pinned=scene.client.spec.bot)
