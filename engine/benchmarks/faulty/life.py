"""A worker's process: it dies at a call of a port, or at any moment, and nothing of it goes on afterwards."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
from collections.abc import Coroutine
from typing import Any

LIVING: contextvars.ContextVar[Life | None] = contextvars.ContextVar("living", default=None)


BY_THE_CLOCK = frozenset({"lease_holder"})
"""Calls that are made as often as the machine is slow: a seed must not die at one of them."""


class Crash(BaseException):
    """The process is gone; nothing in the product may catch this."""


class Life:
    """One process. It dies at its call number `call` of a port (0: never), before or after it is made."""

    def __init__(self, call: int = 0, *, after: bool = False) -> None:
        self._call, self._after = call, after
        self._calls = 0
        self.dead = asyncio.Event()
        self.died = False
        self.tasks: set[asyncio.Task[Any]] = set()

    def before(self, name: str) -> bool:
        """Counts a call; whether the process dies after it."""
        if self.dead.is_set():
            raise Crash
        if name in BY_THE_CLOCK:
            return False
        self._calls += 1
        if self._calls == self._call and not self._after:
            self.die()
        return self._calls == self._call

    def die(self) -> None:
        """Ends the process here and now."""
        self.dead.set()
        self.died = True
        raise Crash

    async def live(self, work: Coroutine[Any, Any, Any], seconds: float | None = None) -> Any:
        """What `work` comes to; None where the process dies before, at the latest after so many seconds."""
        loop = asyncio.get_running_loop()
        context = contextvars.copy_context()
        context.run(LIVING.set, self)
        task = loop.create_task(work, context=context)
        end = loop.create_task(self.dead.wait())
        try:
            await asyncio.wait({task, end}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if task.done() and not self.dead.is_set():
                return task.result()
            self.dead.set()
            return None
        finally:
            end.cancel()
            await self._bury()

    async def _bury(self) -> None:
        """Whatever it was doing ends; its ports are dead, so nothing comes of it."""
        self.dead.set()
        while left := [task for task in self.tasks if not task.done()]:
            for task in left:
                task.cancel()
            await asyncio.wait(left)
        for task in self.tasks:
            if not task.cancelled():
                task.exception()


def task_factory(loop: Any, coro: Any, **options: Any) -> asyncio.Task[Any]:
    """Knows of each task whose process it belongs to."""
    task: asyncio.Task[Any] = asyncio.Task(coro, loop=loop, **options)
    context = options.get("context")
    life = LIVING.get() if context is None else context.get(LIVING)
    if life is not None:
        life.tasks.add(task)
    return task


class Mortal:
    """A port of a process that may die at any of its calls."""

    armed: Any

    def __init__(self, port: Any, life: Life) -> None:
        self._port, self._life = port, life

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not callable(found):
            return found
        return self._asynchronous(found) if inspect.iscoroutinefunction(found) else self._synchronous(found)

    def _synchronous(self, method: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            last = self._life.before(method.__name__)
            found = method(*args, **kwargs)
            if last:
                self._life.die()
            return found

        return call

    def _asynchronous(self, method: Any) -> Any:
        async def call(*args: Any, **kwargs: Any) -> Any:
            last = self._life.before(method.__name__)
            found = await method(*args, **kwargs)
            if last or self._life.dead.is_set():
                self._life.die()
            return found

        return call
