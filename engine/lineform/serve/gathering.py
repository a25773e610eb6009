"""Many webhooks, one transaction: what comes within a few milliseconds is made durable together, then all are answered.

A transaction that waits for the disk takes as long for one event as for a thousand. While one is under way, the next
ones gather by themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from lineform.ports.clock import Clock
from lineform.ports.inbox import Arrival
from lineform.run.options import Records

TOGETHER = 5_000
"""Events in one transaction, and those of the post that reaches it."""


class Overfull(Exception):
    """More waits than may wait: nothing of this was kept, and it has to come again."""


@dataclass(slots=True)
class _Post:
    arrivals: Sequence[Arrival]
    kept: asyncio.Future[int] = field(repr=False)


class Gatherer:
    """Keeps arrivals of all accounts. Used with ``async with``; leaving it keeps what still waits."""

    def __init__(self, records: Records, clock: Clock, *, pause: float, most: int) -> None:
        self._records = records
        self._clock = clock
        self._pause = pause
        self._most = most
        self._posts: list[_Post] = []
        self._waiting = 0
        self._came = asyncio.Event()
        self._ending = False
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._work(), name="gatherer")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ending = True
        self._came.set()
        if self._task is not None:
            await self._task

    async def keep(self, arrivals: Sequence[Arrival]) -> int:
        """Returns when they are on the disk; how many of them were new. Raises `Overfull`, or what the store raised:
        then none of them is kept."""
        if not arrivals:
            return 0
        if self._ending or self._waiting + len(arrivals) > self._most:
            raise Overfull
        post = _Post(arrivals, asyncio.get_running_loop().create_future())
        self._posts.append(post)
        self._waiting += len(arrivals)
        self._came.set()
        return await post.kept

    async def _work(self) -> None:
        while not self._ending or self._posts:
            await self._came.wait()
            self._came.clear()
            if not self._ending:
                await asyncio.sleep(self._pause)
            if posts := self._next():
                await self._keep(posts)

    def _next(self) -> list[_Post]:
        """The posts of one transaction, in the order in which they came."""
        taken, events = 0, 0
        while taken < len(self._posts) and events < TOGETHER:
            events += len(self._posts[taken].arrivals)
            taken += 1
        posts, self._posts = self._posts[:taken], self._posts[taken:]
        self._waiting -= events
        if self._posts:
            self._came.set()
        return posts

    async def _keep(self, posts: Sequence[_Post]) -> None:
        try:
            await self._store(posts)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told to whoever waits for an answer
            if len(posts) == 1:
                _fail(posts[0], error)
                return
            # One of them may be what the store refuses: the others are kept without it.
            for post in posts:
                await self._keep([post])

    async def _store(self, posts: Sequence[_Post]) -> None:
        every = [arrival for post in posts for arrival in post.arrivals]
        new = await self._records(self._records.store.receive, every, self._clock.now())
        repeated = len(every) - new
        for post in posts:
            if not post.kept.done():
                # Which of several posts repeated something is not known, and nobody needs it.
                count = len(post.arrivals) - min(repeated, len(post.arrivals))
                repeated -= len(post.arrivals) - count
                post.kept.set_result(count)


def _fail(post: _Post, error: Exception) -> None:
    if not post.kept.done():
        post.kept.set_exception(error)
