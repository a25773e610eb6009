"""Jobs of one process, for a store that no other process shares."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from lineform.ports.clock import Clock
from lineform.ports.jobs import Do, Job, Task


class LocalJobs:
    """Implements `lineform.ports.jobs.Jobs` in memory: what is lost with the process is found by the next tick."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: dict[str, Job] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._changed = asyncio.Event()

    async def put(self, job: Job) -> None:
        """Has the job done when there is room for it."""
        self._waiting.setdefault(job.name, job)
        self._changed.set()

    async def work(self, clients: Sequence[str], do: Do, every: int, at_once: int, stop: asyncio.Event) -> None:
        """Does jobs, the longest waiting first, until `stop` is set. Raises what `do` raises."""
        beat = asyncio.create_task(self._beat(clients, every))
        ending = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                self._changed.clear()
                self._begin(do, at_once)
                changed = asyncio.create_task(self._changed.wait())
                await asyncio.wait({changed, ending, *self._running.values()}, return_when=asyncio.FIRST_COMPLETED)
                changed.cancel()
                self._forget_done()
            if self._running:
                await asyncio.wait(self._running.values())
            self._forget_done()
        finally:
            beat.cancel()
            ending.cancel()
            for task in self._running.values():
                task.cancel()
            await asyncio.gather(beat, ending, *self._running.values(), return_exceptions=True)

    async def _beat(self, clients: Sequence[str], every: int) -> None:
        while True:
            for client in clients:
                await self.put(Job(Task.TICK, client))
            await self._clock.sleep(every)

    def _begin(self, do: Do, at_once: int) -> None:
        for name, job in list(self._waiting.items()):
            if len(self._running) >= at_once:
                break
            if name not in self._running:
                del self._waiting[name]
                self._running[name] = asyncio.ensure_future(do(job))

    def _forget_done(self) -> None:
        for name, task in list(self._running.items()):
            if task.done():
                del self._running[name]
                task.result()
