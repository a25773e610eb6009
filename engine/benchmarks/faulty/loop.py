"""An event loop that waits for nothing: its time is virtual, its order of work is drawn from a seed.

Every await is a place where another worker may come first, so whatever is ready is shuffled. Threads would make a seed
worthless: what goes to an executor is done in the loop itself, each executor's work in its own order, as its one thread
would do it.
"""

from __future__ import annotations

import asyncio
import selectors
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any


class Stuck(RuntimeError):
    """Everybody waits for somebody else."""


class _Nothing(selectors.SelectSelector):
    """No input ever comes; a wait moves the virtual time on."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise Stuck("nothing is ready and nothing will be")
        self.now += max(0.0, timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """`seed` decides what comes first."""

    def __init__(self, seed: str) -> None:
        self._nothing = _Nothing()
        super().__init__(self._nothing)
        self._random = Random(seed)
        self._lines: dict[Any, deque[Callable[[], None]]] = {}
        self.set_exception_handler(lambda _loop, _context: None)  # the dead leave failures behind that nobody asks for

    def time(self) -> float:
        return self._nothing.now

    def _run_once(self) -> None:
        ready = self._ready  # type: ignore[attr-defined] # asyncio's own queue of what is ready
        if len(ready) > 1:
            mixed = list(ready)
            self._random.shuffle(mixed)
            ready.clear()
            ready.extend(mixed)
        super()._run_once()  # type: ignore[misc]

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:  # type: ignore[override]
        future = self.create_future()
        line = self._lines.setdefault(executor, deque())

        def work() -> None:
            try:
                found = func(*args)
            except BaseException as error:  # noqa: BLE001 - an executor hands on whatever was raised
                if not future.cancelled():
                    future.set_exception(error)
            else:
                if not future.cancelled():
                    future.set_result(found)

        def next_in_line() -> None:
            line.popleft()()

        line.append(work)
        self.call_soon(next_in_line)
        return future


class VirtualClock:
    """A machine's clock: the loop's time since `start`, `ahead` of the others by some seconds."""

    def __init__(self, loop: VirtualLoop, start: datetime) -> None:
        self._loop = loop
        self._start = start
        self.ahead = 0.0

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._loop.time() + self.ahead)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def epoch(self) -> float:
        return self._start.astimezone(UTC).timestamp() + self._loop.time()
